"""Decomposed IoU: cells of exactly one concept are counted, cells of several are bounded.

At a cell that holds one concept alone, whether a formula holds is known from its atoms; where
several hold, hits and misses of `f op c` are bounded by those of f and c, which are exact here.

Source: "Guaranteed Optimal Compositional Explanations for Neurons" (2026, published code), its
composition for one step, in totals (`sum`) and by sample. Tables of disjoint concepts are not used.
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
class DecomposedIoU:
    """Upper bounds by cells that hold one concept, and cells that hold several.

    Args:
        name: What it is called.
        doc: What it does.
        is_by_group: Whether sums go by group, not over all cells at once.
    """

    name: str
    doc: str
    is_by_group: bool
    is_admissible: bool = True

    @property
    def needs_mask(self) -> bool:
        """Whether groups are told apart."""
        return self.is_by_group

    def check(self, universe: Universe, goal: Objective, steps: Sequence[Step]) -> None:
        """Refuse all but IoU and the three published steps."""
        check_published(self.name, goal, steps)

    def against(self, space: FormulaSpace, mask: NDArray[np.bool_] | None) -> _Decomposing:
        """Its estimates for one unit."""
        return _Decomposing(self, space, mask)


class _Decomposing:
    def __init__(
        self, rule: DecomposedIoU, space: FormulaSpace, mask: NDArray[np.bool_] | None
    ) -> None:
        self._space = space
        bank, on = space.engine.bank, space.engine.on
        self._groups = groups = Groups.of(bank, is_one=not rule.is_by_group)
        degree = np.diff(bank.concepts_of.indptr)
        self._alone = np.flatnonzero(degree == 1)
        self._alone_concept, _ = bank.concepts_of.gather(self._alone)
        self._alone_on, self._alone_off = on[self._alone], (bank.size - on)[self._alone]
        is_common = (degree > 1)[groups.signature]
        hits = groups.on(bank, on, mask)
        self._sides = [
            _Side.of(groups, weights * is_common) for weights in (hits, groups.cells - hits)
        ]

    def estimate(self, node: FormulaNode) -> NDArray[np.float64]:
        engine = self._space.engine
        holds = node.mask[self._alone]
        inside = [
            one.by_group(self._groups, node.mask) for one in self._sides
        ]  # of hits, of misses
        found = np.empty((engine.bank.n_concepts, len(self._space.steps)))
        for k, step in enumerate(self._space.steps):
            hits, misses = self._sides
            tp = hits.most(self._groups, step, inside[0])
            fp = misses.least(self._groups, step, inside[1])
            tp += self._unique(step, self._alone_on, holds)
            fp += self._unique(step, self._alone_off, holds)
            found[:, k] = self._space.objective.score(tp, fp, engine.n_on, engine.n_cells)
        return found

    def _unique(
        self, step: Step, weights: NDArray[np.int64], holds: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Cells of one concept alone at which `f op c` holds, exactly, for each c.

        The published composition takes it that f never holds at the cells of c alone, which is so
        only where c is not in f.
        """
        apart, shared = np.zeros((2, self._space.engine.bank.n_concepts), np.int64)
        apart[self._alone_concept] = np.where(holds, 0, weights)
        shared[self._alone_concept] = np.where(holds, weights, 0)
        f = int(weights[holds].sum())
        if step.table == OR:
            return f + apart
        return shared if step.table == AND else f - shared


@dataclass(frozen=True)
class _Side:
    """Hits, or misses, at cells of several concepts.

    Shape: `parts: int64[n_parts]`, `entries: int64[n_entries]`, `room: int64[n_groups]`.
    """

    parts: NDArray[np.int64]
    entries: NDArray[np.int64]
    room: NDArray[np.int64]

    @staticmethod
    def of(groups: Groups, parts: NDArray[np.int64]) -> _Side:
        everything = np.ones(groups.n_signatures, bool)
        return _Side(parts, groups.by_entry(parts), groups.by_group(parts, everything))

    def by_group(self, groups: Groups, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        return groups.by_group(self.parts, mask)

    def most(self, groups: Groups, step: Step, f: NDArray[np.int64]) -> NDArray[np.int64]:
        """At most so many for each concept, with so many of the formula in each group."""
        at = groups.entry_group
        a, b, room = f[at], self.entries, self.room[at]
        if step.table == AND:
            return groups.by_concept(np.minimum(a, b))
        most = np.minimum(a + b, room) if step.table == OR else np.minimum(a, room - b)
        return int(f.sum()) + groups.by_concept(most - a)

    def least(self, groups: Groups, step: Step, f: NDArray[np.int64]) -> NDArray[np.int64]:
        """At least so many for each concept."""
        at = groups.entry_group
        a, b, room = f[at], self.entries, self.room[at]
        if step.table == AND:
            return groups.by_concept(np.maximum(0, a + b - room))
        least = np.maximum(a, b) if step.table == OR else np.maximum(0, a - b)
        return int(f.sum()) + groups.by_concept(least - a)
