"""Thresholds: when an activation counts as firing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, OptionError
from logicx.numerals import real

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = {"positive": 0, "quantile": 1, "value": 1, "ranges": 1}
"""Kinds of thresholds and how many numbers each takes."""


@dataclass(frozen=True)
class Range:
    """A unit is on where `low < activation <= high`."""

    low: float
    high: float = np.inf

    def mask(self, activations: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Where the unit is on."""
        low, high = np.float64(self.low), np.float64(self.high)  # floats would round to their dtype
        above: NDArray[np.bool_] = activations > low
        return above if high == np.inf else above & (activations <= high)

    def __str__(self) -> str:
        """Such as `> 0.5`."""
        return f"> {self.low:.6g}" + ("" if self.high == np.inf else f", <= {self.high:.6g}")


@dataclass(frozen=True)
class Threshold:
    """How the activations of a unit are made binary.

    - `positive`: on where the activation is above 0 (units after a ReLU).
    - `quantile(q)`: on where it lies above the (1 - q)-quantile of all cells of that unit, found
      exactly (`numpy.quantile`, linear interpolation). Cells that equal the cut-off are off, so
      with ties fewer than q of the cells may be on. Mu and Andreas use 0.005 for images.
    - `value(x)`: on where it is above x.
    - `ranges(k)`: the positive activations are cut into k clusters (one-dimensional k-means,
      started at quantiles; for a cluster that runs empty, the widest is halved); each cluster is a
      unit of its own, `483#1` the lowest. The clusters touch: each ends midway between two centres.
      A unit with fewer different positive activations than k has a range for each, the lowest
      first, and the others are never on.

    Units that are maps over images are upsampled to a bank's cells. Their quantiles and ranges are
    those of the maps as recorded, as NetDissect takes them; `quantile(q)@upsampled` is the quantile
    of all upsampled values.

    Args:
        kind: One of the four.
        number: q, x or k.
        of_what: `maps` or `upsampled`: what a quantile is taken of.
    """

    kind: str = "positive"
    number: float = 0.0
    of_what: str = "maps"

    def __post_init__(self) -> None:
        """Refuse a kind or a number that means nothing."""
        if self.kind not in KINDS:
            raise OptionError(f"threshold {self.kind!r} is not one of {', '.join(KINDS)}")
        if not np.isfinite(self.number):
            raise OptionError(f"a threshold of {self.number} means nothing")
        if self.of_what not in ("maps", "upsampled"):
            raise OptionError(f"a threshold is of maps or upsampled, not of {self.of_what!r}")
        if self.of_what == "upsampled" and self.kind != "quantile":
            raise OptionError(f"only a quantile is found @upsampled, not {self.kind}")
        if self.kind == "quantile" and not 0 < self.number < 1:
            raise OptionError(f"quantile takes a share between 0 and 1, not {self.number:g}")
        if self.kind == "ranges" and (self.number != int(self.number) or self.number < 1):
            raise OptionError(f"ranges takes a whole number from 1, not {self.number:g}")

    @staticmethod
    def of(text: str | Threshold) -> Threshold:
        """The threshold that a text names, such as `quantile(0.005)` or `quantile:0.005`."""
        if isinstance(text, Threshold):
            return text
        found = re.fullmatch(
            r"\s*([a-z]+)\s*(?:[(:]\s*([^()@\s]+?)\s*\)?)?\s*(?:@\s*([a-z]+)\s*)?", str(text)
        )
        kind = found[1] if found else ""
        if found is None or kind not in KINDS or (found[2] is not None) != bool(KINDS[kind]):
            raise OptionError(
                f"threshold {text!r} is not known",
                hint="use positive, quantile(0.005), value(1.5) or ranges(3); of maps also "
                "quantile(0.005)@upsampled",
            )
        try:
            number = real(found[2] or "0")
        except ValueError as error:
            raise OptionError(f"threshold {text!r}: {error}") from None
        return Threshold(kind, number, found[3] or "maps")

    def ranges(self, activations: NDArray[np.floating]) -> list[Range]:
        """The range, or ranges, of one unit's activations, `float[n_cells]`."""
        if self.of_what == "upsampled":
            raise DataError(
                f"the threshold {self} is for maps over images, which can be upsampled",
                hint="leave @upsampled away, or record maps: logicx probe",
            )
        if self.kind in ("positive", "value"):
            return [Range(self.number)]
        try:
            with np.errstate(over="raise", invalid="raise"):
                if self.kind == "ranges":
                    values = activations.astype(np.float64)
                    return _clusters(values[values > 0], int(self.number))
                return [Range(_top(activations, self.number))]
        except FloatingPointError as error:
            raise DataError(f"activations are too large for {self} ({error})") from error

    def __str__(self) -> str:
        """As it is written: `quantile(0.005)`."""
        number = f"({str(float(self.number)).removesuffix('.0')})" if KINDS[self.kind] else ""
        return f"{self.kind}{number}" + ("@upsampled" if self.of_what == "upsampled" else "")


def _top(values: NDArray[np.floating], share: float) -> float:
    """The (1 - share)-quantile, as `numpy.quantile` finds it in float64, without a copy in it."""
    if not len(values):
        return np.inf
    place, between = rank_of(share, len(values))
    pair = [place, min(place + 1, len(values) - 1)]
    if values.dtype == np.float16:
        return between_two(_of_ranks(values, pair), between)
    return between_two(np.partition(values, pair)[pair], between)


def _of_ranks(values: NDArray[np.float16], ranks: list[int]) -> NDArray[np.float16]:
    """The values at some places of the ascending order, by counting each of the 65,536 there are.

    Bit patterns ascend with the value from zero up, and descend below it.
    """
    counts = np.bincount(values.view(np.uint16), minlength=1 << 16)
    patterns = np.concatenate([np.arange(0xFFFF, 0x7FFF, -1), np.arange(0x8000)])
    places = np.searchsorted(np.cumsum(counts[patterns]), ranks, side="right")
    return np.asarray(patterns[places].astype(np.uint16).view(np.float16))


def rank_of(share: float, n: int) -> tuple[int, float]:
    """Below which of n ascending values the (1 - share)-quantile lies, and how far up the next."""
    place = (n - 1) * (1 - share)
    return int(np.floor(place)), float(place - np.floor(place))


def between_two(pair: NDArray[Any], share: float) -> float:
    """The value so far up from the first of two to the second, as `numpy.quantile` rounds it."""
    return float(np.quantile(pair.astype(np.float64), share))


def _clusters(values: NDArray[np.float64], k: int) -> list[Range]:
    """Ranges of k clusters of positive values, lowest first (Lloyd's algorithm)."""
    values = np.sort(values)
    n_different = len(np.unique(values))
    if n_different < k:
        some = _clusters(values, n_different) if n_different else []
        return some + [Range(np.inf)] * (k - n_different)
    ends = np.round(np.arange(1, k) / k * len(values)).astype(int)
    edges = values[ends - 1]
    for _ in range(1000):
        cuts = _filled(values, edges, k)
        means = np.add.reduceat(values, cuts[:-1]) / np.diff(cuts)
        centers = np.clip(means, values[cuts[:-1]], values[cuts[1:] - 1])
        edges = np.minimum((centers[:-1] + centers[1:]) / 2, np.nextafter(centers[1:], 0))
        if np.array_equal(np.searchsorted(values, edges, side="right"), cuts[1:-1]):
            break
    else:
        edges = values[cuts[1:-1] - 1]
    limits = [0.0, *edges.tolist(), np.inf]
    return [Range(low, high) for low, high in pairwise(limits)]


def _filled(values: NDArray[np.float64], edges: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Where each of k clusters begins, and the end; for an empty one, the widest is halved."""
    while True:
        inner = np.searchsorted(values, edges, side="right")
        cuts = np.unique([0, *inner.tolist(), len(values)])
        low, high = values[cuts[:-1]], values[cuts[1:] - 1]
        if len(low) == k:
            return cuts
        widest = np.argmax(high - low)
        half = low[widest] + (high[widest] - low[widest]) / 2
        edges = np.append(high[:-1], min(half, np.nextafter(high[widest], 0)))
