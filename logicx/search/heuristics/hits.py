"""The estimates `cfh` and `areas`: how many hits a formula may have, whatever it costs in misses.

Source: `cfh` and `areas` of Clustered Compositional Explanations (La Rosa et al. 2023, published
code), as the ablations of its `mmesh`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from logicx.search.heuristics.groups import Groups
from logicx.search.heuristics.roles import AND, OR, check_published

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.universe import Universe
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.space import FormulaNode, FormulaSpace
    from logicx.search.formulas.steps import Step


@dataclass(frozen=True)
class Hits:
    """Hits in each group at most, over the unit's cells that they leave.

    Args:
        name: What it is called.
        doc: What it does.
        is_admissible: Whether no estimate is below the truth.
        uses_areas: Whether OR and AND go by areas (`areas`), not by hits (`cfh`).
        caps_and: Whether an AND has at most as many hits as the unit has cells.
    """

    name: str
    doc: str
    is_admissible: bool
    uses_areas: bool
    caps_and: bool = True
    needs_mask: bool = True

    def check(self, universe: Universe, goal: Objective, steps: Sequence[Step]) -> None:
        """Refuse all but IoU and the three published steps."""
        check_published(self.name, goal, steps)

    def against(self, space: FormulaSpace, mask: NDArray[np.bool_] | None) -> _Hitting:
        """Its estimates for one unit."""
        return _Hitting(self, space, mask)


class _Hitting:
    def __init__(self, rule: Hits, space: FormulaSpace, mask: NDArray[np.bool_] | None) -> None:
        self._rule, self._space = rule, space
        self._groups = Groups.of(space.engine.bank)
        self._on = self._groups.on(space.engine.bank, space.engine.on, mask)
        self._n = np.bincount(self._groups.group, self._on, minlength=self._groups.n).astype(
            np.int64
        )
        self._hits = self._groups.by_entry(self._on)

    def estimate(self, node: FormulaNode) -> NDArray[np.float64]:
        groups, rule = self._groups, self._rule
        at = groups.entry_group
        i_f, i_c, n = groups.by_group(self._on, node.mask), self._hits, self._n
        base, a, b = i_f, i_f[at], i_c
        if rule.uses_areas:
            a_f = groups.by_group(groups.cells, node.mask)
            base, a, b = np.minimum(n, a_f), a_f[at], groups.area
        cap = n[at]
        hits = np.empty((groups.n_concepts, len(self._space.steps)), np.int64)
        for k, step in enumerate(self._space.steps):
            if step.table == OR:
                gained = np.minimum(cap, a + b) - base[at]
                hits[:, k] = base.sum() + groups.by_concept(gained)
            elif step.table == AND:
                shared = np.minimum(a, b)
                hits[:, k] = groups.by_concept(np.minimum(cap, shared) if rule.caps_and else shared)
            else:
                lost = i_f[at] - np.minimum(i_f[at], cap - i_c)
                hits[:, k] = i_f.sum() - groups.by_concept(lost)
        return over_rest(hits, self._space.engine.n_on)


def over_rest(hits: NDArray[np.int64], n_on: int) -> NDArray[np.float64]:
    """`hits / (n_on - hits)`; infinite where nothing is left, and negative beyond."""
    rest = (n_on - hits).astype(np.float64)
    return np.divide(hits, rest, out=np.where(hits > 0, np.inf, 0.0), where=rest != 0)
