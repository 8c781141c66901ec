"""A score above a floor as a linear inequality in two counts, in floats, with room for rounding.

Where an objective is a ratio of sums of the counts (see `logicx.scoring.objectives.Ratio`), most
formulas can be told not to score above a floor without a division.
`logicx.search.optimal.linear` has the same in whole numbers, for proofs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.engines.layout import compiled_kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.steps import Step

    Floats = NDArray[np.float64]

ROUNDING = 2.0**-40
"""More than what is rounded of a line and of a score, as a share of its largest terms: about ten
roundings of at most 2^-53 each."""


class Line(NamedTuple):
    """What formulas are worth, `on·(cells on) + all·(cells)`, and how much more they need.

    Worth less than `-rest`, a formula does not score above the floor, whatever is rounded.

    Args:
        on: Worth of a cell at which the unit fires, beyond that of any cell.
        all: Worth of a cell; below 0 where cells at which it does not fire cost.
        rest: What is added to the worth of a formula.
        everything: Worth of all cells.
    """

    on: float
    all: float
    rest: float
    everything: float

    def worth(self, cells_on: Any, cells: Any) -> Any:
        """The worth of some cells."""
        return self.on * cells_on + self.all * cells

    def is_reached(self, step: Step, f: Floats, c: Floats, both: Floats) -> NDArray[np.bool_]:
        """Whether formulas that a step makes are worth enough.

        Args:
            step: The step.
            f: What the formulas are worth.
            c: What the concepts are worth.
            both: What they are worth together.
        """
        least = -(step.all * self.everything + step.f * f + self.rest)
        if step.both in (1, -1):  # most steps: one pass less
            added = both if not step.c else both + c if step.c == step.both else both - c
            return added > least if step.both == 1 else added < -least
        return step.c * c + step.both * both > least


class Lines:
    """The lines of an objective against one unit.

    Args:
        goal: The objective.
        n_on: Cells where the unit fires.
        n_cells: All valid cells.
    """

    def __init__(self, goal: Objective, n_on: int, n_cells: int) -> None:
        """Look whether it has lines: it is a known ratio, of which the rounding is known too."""
        ratio = getattr(goal, "ratio", None)
        self._n_on, self._n_cells = n_on, n_cells
        self._sums = None
        if ratio is not None and compiled_kind(goal):
            self._sums = [[float(one) for one in part] for part in ratio(n_on, n_cells)]

    def above(self, floor: float) -> Line | None:
        """The line of a floor, or None where there is none."""
        if self._sums is None or not np.isfinite(floor):
            return None
        upper, lower = self._sums
        tp, fp, rest = (a - floor * b for a, b in zip(upper, lower, strict=True))
        sizes = [abs(a) + abs(floor * b) for a, b in zip(upper, lower, strict=True)]
        room = ROUNDING * (8 * (sizes[0] + sizes[1]) * self._n_cells + sizes[2])
        on, all_ = tp - fp, fp
        return Line(on, all_, rest + room, on * self._n_on + all_ * self._n_cells)
