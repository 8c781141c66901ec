"""Thresholds: when an activation counts as firing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from logicx.errors import DataError, OptionError, did_you_mean
from logicx.language.numerals import real
from logicx.parts import Kind
from logicx.parts.written import number_text, word_and_number
from logicx.units.cuts import Range, clusters, top
from logicx.units.rules import Rule, check_part, ranges_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["THRESHOLD_KIND", "Range", "Threshold", "threshold"]

F = TypeVar("F", bound="Callable[..., Any]")

THRESHOLD_KIND: Kind[Rule] = Kind(
    "threshold", builtins=["logicx.units.thresholds"], check=check_part
)
"""All rules by which units are cut, by name."""


def threshold(
    name: str,
    *,
    number: str = "",
    example: float | None = None,
    ranges: int | str = 1,
    check: Callable[[float], None] | None = None,
) -> Callable[[F], F]:
    """Register the decorated function as a threshold; its docstring is the documentation.

    It is given the activations of one unit at all cells that count, `float64[n_cells]`, not to be
    written to, and its number if it has one. It gives where the unit is on: `(low, high)` for
    `low < activation <= high`, or a list of these where it makes several units of one. Units that
    are maps over images are given as they were recorded.

    Args:
        name: A word in lower case, such as `otsu`.
        number: What its number is called, if it takes one, as in `above-mean(2)`.
        example: A number that means something, if it takes one.
        ranges: How many ranges each unit has, from 1; or the name of the number, which then says
            how many. Of several, each is a unit of its own, `483#1` the first.
        check: Raises an `OptionError` for a number that means nothing.

    Raises:
        PluginError: The function gives something else on some made-up units, or the name is none.
        OptionError: Another has this name.

    Example:
        >>> with THRESHOLD_KIND.scope():
        ...     @threshold("above-mean", number="times", example=2)
        ...     def above_mean(activations, times):
        ...         "On where the activation is above so many times the mean."
        ...         return times * activations.mean(), float("inf")
        ...     str(Threshold.of("above-mean:2"))
        'above-mean(2)'
    """

    def register(function: F) -> F:
        doc = " ".join((function.__doc__ or "").split())
        THRESHOLD_KIND.register(Rule(name, doc, function, number, example, ranges, check))
        return function

    return register


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

    Others are registered by `logicx.threshold`; they are cut by what was recorded, also maps.

    Args:
        kind: One of these, or of those that were registered.
        number: q, x or k.
        of_what: `maps` or `upsampled`: what a quantile is taken of.
    """

    kind: str = "positive"
    number: float = 0.0
    of_what: str = "maps"

    def __post_init__(self) -> None:
        """Refuse a kind or a number that means nothing."""
        found = THRESHOLD_KIND.find(self.kind) if isinstance(self.kind, str) else None
        if found is None:
            known = ", ".join(THRESHOLD_KIND.table())
            missing = THRESHOLD_KIND.missing()
            raise OptionError(f"threshold {self.kind!r} is not one of {known}{missing}")
        if not np.isfinite(self.number):
            raise OptionError(f"a threshold of {self.number} means nothing")
        if self.of_what not in ("maps", "upsampled"):
            raise OptionError(f"a threshold is of maps or upsampled, not of {self.of_what!r}")
        if self.of_what == "upsampled" and self.kind != "quantile":
            raise OptionError(f"only a quantile is found @upsampled, not {self.kind}")
        found.part.check_number(self.number, found.owner)

    @staticmethod
    def of(text: str | Threshold) -> Threshold:
        """The threshold that a text names, such as `quantile(0.005)` or `quantile:0.005`."""
        if isinstance(text, Threshold):
            return text
        head, at, of_what = str(text).partition("@")
        kind, number = word_and_number(head)
        found = THRESHOLD_KIND.find(kind)
        if found is None or (number is not None) != bool(found.part.number):
            known = THRESHOLD_KIND.table()
            usages = ", ".join(one.usage for one in known.values())
            near = did_you_mean(kind, known) if found is None else f"such as {found.part.usage}"
            raise OptionError(
                f"threshold {text!r} is not known{THRESHOLD_KIND.missing()}",
                hint=near or f"use one of: {usages}; of maps also quantile(0.005)@upsampled",
            )
        try:
            value = real(number or "0")
        except ValueError as error:
            raise OptionError(f"threshold {text!r}: {error}") from None
        return Threshold(kind, value, of_what.strip() if at else "maps")

    @property
    def rule(self) -> Rule:
        """The rule that it names."""
        return THRESHOLD_KIND.get(self.kind)

    @property
    def n_ranges(self) -> int:
        """How many ranges each unit has."""
        return self.rule.n_ranges(self.number)

    def names(self, unit: str) -> list[str]:
        """What the ranges of a unit are called: `483#1` and so on, or `483` where it has one."""
        if self.rule.ranges == 1:
            return [unit]
        return [f"{unit}#{k + 1}" for k in range(self.n_ranges)]

    @property
    def identity(self) -> dict[str, str]:
        """By what it is known again: its text, and whose rule it is unless it is built in."""
        return {"threshold": str(self), **(THRESHOLD_KIND.identity(self.rule) or {})}

    def ranges(self, activations: NDArray[np.floating]) -> list[Range]:
        """The range, or ranges, of one unit's activations, `float[n_cells]`.

        Raises:
            DataError: It is for maps, or the activations are too large for it.
            PluginError: The rule is somebody's own, and fails or gives no ranges.
        """
        if self.of_what == "upsampled":
            raise DataError(
                f"the threshold {self} is for maps over images, which can be upsampled",
                hint="leave @upsampled away, or record maps: logicx probe",
            )
        owner = THRESHOLD_KIND.owner(self.rule)
        if not owner.is_builtin:
            return ranges_by(self.rule, self.number, activations, owner)
        try:
            with np.errstate(over="raise", invalid="raise"):
                numbers = [self.number] if self.rule.number else []
                found: list[Range] = self.rule.function(activations, *numbers)
        except FloatingPointError as error:
            raise DataError(f"activations are too large for {self} ({error})") from error
        return found

    def __str__(self) -> str:
        """As it is written: `quantile(0.005)`."""
        number = f"({number_text(self.number)})" if self.rule.number else ""
        return f"{self.kind}{number}" + ("@upsampled" if self.of_what == "upsampled" else "")


def _share(number: float) -> None:
    if not 0 < number < 1:
        raise OptionError(f"quantile takes a share between 0 and 1, not {number:g}")


@threshold("positive")
def _positive(activations: NDArray[np.floating]) -> list[Range]:
    """On where the activation is above 0."""
    return [Range(0.0)]


@threshold("quantile", number="q", example=0.005, check=_share)
def _quantile(activations: NDArray[np.floating], q: float) -> list[Range]:
    """On where the activation lies above the (1 - q)-quantile of all cells of that unit."""
    return [Range(top(activations, q))]


@threshold("value", number="x", example=1.5)
def _value(activations: NDArray[np.floating], x: float) -> list[Range]:
    """On where the activation is above x."""
    return [Range(x)]


@threshold("ranges", number="k", example=3, ranges="k")
def _ranges(activations: NDArray[np.floating], k: float) -> list[Range]:
    """The positive activations cut into k clusters, each a unit of its own."""
    values = activations.astype(np.float64)
    return clusters(values[values > 0], int(k))
