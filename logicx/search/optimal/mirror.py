"""The other half of the space: formulas that hold where no concept does.

Any tree of OR, AND and NOT is one by `f OR g`, `f AND g`, `f AND NOT g`, or the complement of such
a one, of the same atoms (see `shapes.signed`). And a complement scores against a unit what the
formula itself scores against the cells where the unit does not fire, by an objective that is
mirrored: its false positives are the unit's cells that the complement misses. That objective grows
with tp and falls with fp as the first one does, and is a ratio of sums where that is one. So both
halves are proven by the same passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from logicx.scoring.objectives import Ratio, Sum

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from logicx.scoring.objectives import Directions, Objective, Values


@dataclass(frozen=True)
class Mirrored:
    """What the complement of a formula scores, from the formula's counts against the other cells.

    Args:
        goal: The objective of the complement.
    """

    goal: Objective

    @property
    def name(self) -> str:
        """How it is called."""
        return f"{self.goal.name} of the complement"

    @property
    def directions(self) -> Directions | None:
        """As those of the objective."""
        found: Directions | None = getattr(self.goal, "directions", None)
        return None if found is None else (-found[1], -found[0])

    def score(self, tp: Values, fp: Values, n_on: int, n_cells: int) -> NDArray[np.float64]:
        """Scores of complements; `n_on` cells are those where the unit itself does not fire."""
        return self.goal.score((n_cells - n_on) - fp, n_on - tp, n_cells - n_on, n_cells)

    @property
    def ratio(self) -> Callable[[int, int], Ratio] | None:
        """The same as an exact ratio, from the last two; None where the objective has none."""
        make: Callable[[int, int], Ratio] | None = getattr(self.goal, "ratio", None)
        if make is None:
            return None

        def mirror(n_on: int, n_cells: int) -> Ratio:
            upper, lower = make(n_cells - n_on, n_cells)
            sums = (
                Sum.of(-one.fp, -one.tp, one.at(n_cells - n_on, n_on)) for one in (upper, lower)
            )
            return Ratio(*sums)

        return mirror
