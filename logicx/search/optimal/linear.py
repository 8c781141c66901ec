"""A score above t is a linear inequality: `gain·tp - loss·fp > threshold`, in whole numbers.

For a ratio of sums (see `logicx.scoring.objectives.Ratio`) that follows by multiplying out;
multiplied by the common denominator all three are integers. They are kept as floats small enough
for every sum in a proof to be exact, so that comparisons need no tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, lcm
from typing import TYPE_CHECKING

from logicx.errors import OptionError

if TYPE_CHECKING:
    from fractions import Fraction

    from logicx.scoring.objectives import Objective, Ratio

EXACT = 2**53
"""Below this, floats hold every whole number."""

TERMS = 16
"""More than the number of weights that any one bound adds up."""


@dataclass(frozen=True)
class Weights:
    """What cells are worth at one bar: a formula's worth is `gain·tp - loss·fp`.

    Args:
        gain: Worth of a cell where the unit fires, from 1.
        loss: Cost of a cell where it does not, from 0.
        threshold: A formula scores above the bar exactly if it is worth more than this.
    """

    gain: int
    loss: int
    threshold: int

    def worth(self, tp: int, fp: int) -> int:
        """The worth of a formula of these counts."""
        return self.gain * tp - self.loss * fp


def ratio_of(goal: Objective, n_on: int, n_cells: int) -> Ratio | None:
    """The exact ratio that an objective is, or None where it is at least monotone.

    Raises:
        OptionError: It states neither a ratio nor that it grows with tp and shrinks with fp.
    """
    make = getattr(goal, "ratio", None)
    if make is not None:
        ratio: Ratio = make(n_on, n_cells)
        return ratio
    directions = getattr(goal, "directions", None)
    if directions is None:
        lacking = ["ratio of sums of tp and fp", "directions"]
    else:
        lacking = ["growth with tp"] if directions[0] != 1 else []
        lacking += ["fall with fp"] if directions[1] != -1 else []
    if lacking:
        raise OptionError(
            f"no proof for objective {goal.name!r}: it states no {' and no '.join(lacking)}",
            hint="give it directions=(1, -1) if it never falls with tp and never rises with fp; "
            "or strategy='beam'",
        )
    return None


def weights_above(ratio: Ratio, bar: Fraction, n_on: int, n_cells: int) -> Weights:
    """What cells are worth when only formulas that score above a bar count.

    Raises:
        OptionError: The numbers are too large for exact arithmetic.
    """
    upper, lower = ratio
    gain = upper.tp - bar * lower.tp
    loss = bar * lower.fp - upper.fp
    threshold = bar * lower.rest - upper.rest
    scale = lcm(gain.denominator, loss.denominator, threshold.denominator)
    whole = [int(one * scale) for one in (gain, loss, threshold)]
    shared = gcd(*whole) or 1
    weights = Weights(*(one // shared for one in whole))
    if not weights.gain:  # cells on are worth 1 in all, less than the cost of a single cell off
        most = n_on + 1
        weights = Weights(1, weights.loss * most, weights.threshold * most + n_on)
    return checked(weights, n_on, n_cells)


def checked(weights: Weights, n_on: int, n_cells: int) -> Weights:
    """The weights, if all sums of them stay exact.

    Raises:
        OptionError: They do not.
    """
    assert weights.gain > 0
    assert weights.loss >= 0
    largest = max(weights.gain * n_on, weights.loss * (n_cells - n_on), abs(weights.threshold))
    if largest * TERMS >= EXACT:
        raise OptionError(
            f"{n_cells:,} cells are too many for an exact proof by this objective",
            hint="give fbeta a beta of fewer digits, or use strategy='beam'",
        )
    return weights
