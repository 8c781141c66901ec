"""No heuristic: whatever it is, every candidate is visited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.universe import Universe
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.space import FormulaNode, FormulaSpace
    from logicx.search.formulas.steps import Step


@dataclass(frozen=True)
class NoHeuristic:
    """Expects everything of everything."""

    name: str = "none"
    doc: str = "every candidate is scored"
    is_admissible: bool = True
    needs_mask: bool = False

    def check(self, universe: Universe, goal: Objective, steps: Sequence[Step]) -> None:
        """Anything will do."""

    def against(self, space: FormulaSpace, mask: NDArray[np.bool_] | None) -> _Anything:
        """Its estimates for one unit."""
        return _Anything((space.engine.bank.n_concepts, len(space.steps)))


@dataclass(frozen=True)
class _Anything:
    shape: tuple[int, int]

    def estimate(self, node: FormulaNode) -> NDArray[np.float64]:
        return np.full(self.shape, np.inf)
