"""Objectives: what makes a formula a good description of a unit.

An objective scores counts. In all of them the formula predicts the unit: precision is the share of
the formula's cells at which the unit fires, recall the share of the unit's cells that the formula
covers. 0/0 is 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from logicx.errors import OptionError, did_you_mean
from logicx.numerals import real

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from logicx.scoring.counts import Counts

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

    def score(self, tp: Values, fp: Values, n_on: int, n_cells: int) -> NDArray[np.float64]:
        """Scores of formulas against one unit; see `Objective.score`."""
        return np.asarray(self.formula(tp, fp, n_on, n_cells), dtype=np.float64)


def _ratio(a: Values, b: Values) -> Values:
    """`a / b`, and 0 where b is 0."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    shape = np.broadcast_shapes(a.shape, b.shape)
    return np.divide(a, b, out=np.zeros(shape), where=b != 0)


@dataclass(frozen=True)
class IoU:
    """The formula of intersection over union.

    Args:
        epsilon: What is added to the union; some published tools do.
        is_single: Whether it is computed in float32, as some published tools do. Then different
            ratios may come out equal.
    """

    epsilon: float = 0.0
    is_single: bool = False

    def __call__(self, tp: Values, fp: Values, n_on: int, _: int) -> Values:
        """Its value at some counts."""
        union = fp + n_on
        if self.is_single:
            tp, union = np.asarray(tp, np.float32), np.asarray(union, np.float32)
        if self.epsilon:
            union = union + self.epsilon
        return np.divide(tp, union) if n_on else _ratio(tp, union)


def _mcc(tp: Values, fp: Values, n_on: int, n_cells: int) -> Values:
    fn, n_formula = n_on - tp, tp + fp
    tn = n_cells - n_formula - fn
    product = np.asarray(tp, np.float64) * tn - np.asarray(fp, np.float64) * fn
    sides = np.sqrt(np.asarray(n_formula, np.float64)) * np.sqrt(n_cells - n_formula)
    return _ratio(product, sides * np.sqrt(float(n_on)) * np.sqrt(float(n_cells - n_on)))


@dataclass(frozen=True)
class FBeta:
    """The formula of F-beta.

    Args:
        beta_squared: The square of beta.
    """

    beta_squared: float

    def __call__(self, tp: Values, fp: Values, n_on: int, _: int) -> Values:
        """Its value at some counts."""
        b = self.beta_squared
        return _ratio((1 + b) * tp, tp + fp + b * n_on)


def fbeta(beta: float) -> CountObjective:
    """The F-measure that weighs recall `beta` times as much as precision."""
    b = beta * beta
    if not (beta > 0 and 0 < b < np.inf):
        raise OptionError(f"beta must be a positive number of moderate size, not {beta:g}")
    exact = Fraction(str(float(beta))) ** 2
    return CountObjective(
        f"fbeta({beta:g})",
        FBeta(b),
        f"harmonic mean of precision and recall, recall weighed {beta:g} times",
        lambda n_on, _: Ratio(Sum.of(1 + exact, 0, 0), Sum.of(1, 1, exact * n_on)),
        (1, -1),
    )


OBJECTIVES: dict[str, CountObjective] = {
    one.name: one
    for one in (
        CountObjective(
            "iou",
            IoU(),
            "intersection over union: tp / (tp + fp + fn)",
            lambda n_on, _: Ratio(Sum.of(1, 0, 0), Sum.of(0, 1, n_on)),
            (1, -1),
        ),
        CountObjective(
            "precision",
            lambda tp, fp, n_on, _: _ratio(tp, tp + fp),
            "tp / (tp + fp)",
            lambda n_on, _: Ratio(Sum.of(1, 0, 0), Sum.of(1, 1, 0)),
            (1, -1),
        ),
        CountObjective(
            "recall",
            lambda tp, fp, n_on, _: _ratio(tp, n_on),
            "tp / (tp + fn)",
            lambda n_on, _: Ratio(Sum.of(1, 0, 0), Sum.of(0, 0, n_on)),
            (1, 0),
        ),
        CountObjective(
            "dice",
            lambda tp, fp, n_on, _: _ratio(2 * tp, tp + fp + n_on),
            "2 tp / (2 tp + fp + fn), the same as fbeta(1)",
            lambda n_on, _: Ratio(Sum.of(2, 0, 0), Sum.of(1, 1, n_on)),
            (1, -1),
        ),
        CountObjective("mcc", _mcc, "Matthews correlation coefficient", directions=(1, -1)),
        CountObjective(
            "accuracy",
            lambda tp, fp, n_on, n: _ratio(n - fp - (n_on - tp), n),
            "(tp + tn) / all cells",
            lambda n_on, n: Ratio(Sum.of(1, -1, n - n_on), Sum.of(0, 0, n)),
            (1, -1),
        ),
    )
}


def objective(spec: str | Objective) -> Objective:
    """The objective that a text names: `iou`, `mcc`, `fbeta(0.5)`, ...

    Raises:
        OptionError: There is none of that name.

    Example:
        >>> objective("fbeta(2)").score(2, 1, 4, 10).item()
        0.5263157894736842
    """
    if not isinstance(spec, str):
        if not (hasattr(spec, "score") and hasattr(spec, "name")):
            raise OptionError(f"an objective is a name or has name and score, not {spec!r}")
        return spec
    if spec in OBJECTIVES:
        return OBJECTIVES[spec]
    found = re.fullmatch(r"fbeta[(:]([0-9.eE+-]+)\)?", spec)
    if found:
        try:
            return fbeta(real(found[1]))
        except ValueError as error:
            if isinstance(error, OptionError):
                raise
    known = [*OBJECTIVES, "fbeta(b)"]
    raise OptionError(
        f"no objective {spec!r}",
        hint=did_you_mean(spec, known) or f"use one of: {', '.join(known)}",
    )


def score_counts(spec: str | Objective, counts: Counts) -> float:
    """The score of one formula's counts."""
    n_on = counts.tp + counts.fn
    return float(objective(spec).score(counts.tp, counts.fp, n_on, counts.n_cells))


def bounds(
    goal: Objective,
    tp_low: Values,
    tp_high: Values,
    fp_low: Values,
    fp_high: Values,
    n_on: int,
    n_cells: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the largest score of formulas whose counts lie within limits.

    Both are scores at corners of the box, which the objective's `directions` name. `fbeta(b)` and
    `mcc` round, so that scores within the box may pass them in the last digits; the others do not.

    Args:
        goal: An objective that states its directions.
        tp_low: Least cells where formula and unit both hold.
        tp_high: Most of them, up to `n_on`.
        fp_low: Least cells where only the formula holds.
        fp_high: Most of them, up to `n_cells - n_on`.
        n_on: Cells where the unit fires.
        n_cells: All valid cells.

    Shape: the limits broadcast: `int64[...] -> float64[...], float64[...]`.

    Raises:
        OptionError: The objective states no directions.

    Example:
        >>> low, high = bounds(objective("iou"), 1, [2, 3], 0, 1, 4, 10)
        >>> low.tolist(), high.tolist()
        ([0.2, 0.2], [0.5, 0.75])
    """
    directions: Directions | None = getattr(goal, "directions", None)
    if directions is None:
        raise OptionError(
            f"objective {goal.name!r} states no directions, so nothing bounds it",
            hint="give it directions=(1, -1) if it never falls with tp and never rises with fp",
        )
    tp_low, tp_high, fp_low, fp_high = np.broadcast_arrays(tp_low, tp_high, fp_low, fp_high)
    tp = (tp_low, tp_high) if directions[0] >= 0 else (tp_high, tp_low)
    fp = (fp_low, fp_high) if directions[1] >= 0 else (fp_high, fp_low)
    low, high = (goal.score(tp[i], fp[i], n_on, n_cells) for i in (0, 1))
    return low, high
