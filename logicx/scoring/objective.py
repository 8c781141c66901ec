"""What an objective is: a score of counts, and what it may state besides.

In all of them the formula predicts the unit: precision is the share of the formula's cells at which
the unit fires, recall the share of the unit's cells that the formula covers. 0/0 is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Values = Any
"""A number, or an array of numbers of any shape."""

Directions = tuple[Literal[-1, 0, 1], Literal[-1, 0, 1]]
"""How a score changes as tp grows, and as fp does: 1 never falls, -1 never rises, 0 stays."""


class Objective(Protocol):
    """A score of counts, larger is better."""

    @property
    def name(self) -> str:
        """How it is written, such as `fbeta(0.5)`."""
        ...

    def score(self, tp: Values, fp: Values, n_on: int, n_cells: int) -> NDArray[np.float64]:
        """Scores of formulas against one unit.

        Args:
            tp: Cells where formula and unit both hold.
            fp: Cells where only the formula holds.
            n_on: Cells where the unit fires.
            n_cells: All valid cells.

        Shape: `tp, fp: int64[...] -> float64[...]`.
        """
        ...


class Sum(NamedTuple):
    """The number `tp·(true positives) + fp·(false positives) + rest`, exactly."""

    tp: Fraction
    fp: Fraction
    rest: Fraction

    @staticmethod
    def of(tp: int | Fraction, fp: int | Fraction, rest: int | Fraction) -> Sum:
        """A sum of whole numbers or fractions."""
        return Sum(Fraction(tp), Fraction(fp), Fraction(rest))

    def at(self, tp: int, fp: int) -> Fraction:
        """Its value for a formula of these counts."""
        return self.tp * tp + self.fp * fp + self.rest


class Ratio(NamedTuple):
    """A score that is a ratio of two sums, and 0 where the lower one is 0.

    The lower sum is never negative, and the ratio grows with tp and does not with fp. So "better
    than t" is a linear inequality in tp and fp, on which proofs of optimality rest.
    """

    upper: Sum
    lower: Sum

    def at(self, tp: int, fp: int) -> Fraction:
        """The exact score of a formula of these counts."""
        below = self.lower.at(tp, fp)
        return self.upper.at(tp, fp) / below if below else Fraction(0)


@dataclass(frozen=True)
class CountObjective:
    """An objective by its formula.

    Args:
        name: How it is written.
        formula: Scores from tp, fp, cells where the unit fires, and all cells.
        doc: What it measures.
        ratio: The same as an exact ratio, from the last two; None where it is no such ratio.
        directions: Whether the exact score grows or shrinks with tp while fp stays, and with fp
            while tp stays, for all tp from 0 to the cells where the unit fires and all fp from 0 to
            the others, the points where the formula gives 0/0 included; None where nothing is
            stated. `bounds` rests on them.
    """

    name: str
    formula: Callable[[Values, Values, int, int], Values]
    doc: str
    ratio: Callable[[int, int], Ratio] | None = None
    directions: Directions | None = None

    @property
    def written_in(self) -> str:
        """The module of its formula, by which it is known whose it is."""
        return str(getattr(getattr(self.formula, "func", self.formula), "__module__", ""))

    def score(self, tp: Values, fp: Values, n_on: int, n_cells: int) -> NDArray[np.float64]:
        """Scores of formulas against one unit; see `Objective.score`."""
        return np.asarray(self.formula(tp, fp, n_on, n_cells), dtype=np.float64)


@dataclass(frozen=True)
class Family:
    """Objectives of one name that take a number, such as `fbeta(0.5)`.

    Args:
        name: The name before the number.
        doc: What they measure.
        number: What the number is called.
        function: Makes one of the number; an `OptionError` says which numbers mean nothing.
        examples: Some numbers that mean something.
        written_in: The module in which they were written.
        made_of: The function that a decorator made them of, if one did.
    """

    name: str
    doc: str
    number: str
    function: Callable[[float], Objective]
    examples: tuple[float, ...]
    written_in: str
    made_of: Any = None

    @property
    def usage(self) -> str:
        """Such as `fbeta(beta)`."""
        return f"{self.name}({self.number})"
