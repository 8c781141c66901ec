"""Where activations are cut: above a value, or within a range; quantiles and clusters of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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


def top(values: NDArray[np.floating], share: float) -> float:
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


def clusters(values: NDArray[np.float64], k: int) -> list[Range]:
    """Ranges of k clusters of positive values, lowest first (Lloyd's algorithm)."""
    values = np.sort(values)
    n_different = len(np.unique(values))
    if n_different < k:
        some = clusters(values, n_different) if n_different else []
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
