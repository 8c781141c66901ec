"""Two formulas joined into one: what adding an atom at a time never reaches.

`(A AND B) OR (C AND D)` is no chain: each of its halves must be there before they are joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, permutations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logicx.search.formulas.space import FormulaNode
from logicx.search.formulas.steps import count_each

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from logicx.banks.bits import Words
    from logicx.language.formula import Formula
    from logicx.search.formulas.space import FormulaSpace
    from logicx.search.formulas.steps import Step


@dataclass(eq=False)
class JoinedNode(FormulaNode):
    """Two formulas joined by a step.

    Args:
        other: The second one; `parent` is the first, `concept` means nothing.
    """

    other: FormulaNode | None = None

    @cached_property
    def _halves(self) -> tuple[FormulaNode, FormulaNode, Step]:
        assert self.parent is not None
        assert self.other is not None
        assert self.step is not None
        return self.parent, self.other, self.step

    @cached_property
    def length(self) -> int:
        """Number of atoms."""
        f, g, _ = self._halves
        return f.length + g.length

    @cached_property
    def n_nots(self) -> int:
        """How many NOTs it has."""
        f, g, step = self._halves
        return f.n_nots + g.n_nots + step.is_negated

    @cached_property
    def n_nodes(self) -> int:
        """Number of atoms and of NOTs."""
        f, g, step = self._halves
        return f.n_nodes + g.n_nodes + step.is_negated

    @cached_property
    def concepts(self) -> frozenset[int]:
        """Numbers of its concepts."""
        f, g, _ = self._halves
        return f.concepts | g.concepts

    @cached_property
    def order(self) -> tuple[str, tuple[Hashable, ...]]:
        """The operator and both halves, sorted."""
        f, g, step = self._halves
        return step.keyword, tuple(sorted([f.order, (g.order, step.is_negated)], key=repr))

    @cached_property
    def words(self) -> Words:
        """Its packed bits over signatures."""
        f, g, step = self._halves
        return step.combine(f.words, g.words, self.space.full)

    @cached_property
    def formula(self) -> Formula:
        """The formula itself."""
        f, g, step = self._halves
        return step.formula(f.formula, g.formula)

    def _is_made_as(self, other: FormulaNode) -> bool:
        return False


class _Scored(NamedTuple):
    """Joined formulas with their scores."""

    scores: NDArray[np.float64]
    of: Joins

    def node(self, i: int) -> JoinedNode:
        """The i-th of them."""
        return self.of.node(i)


class Joins:
    """Pairs of formulas that have so many atoms together, joined by every step.

    In order of pair, then step.

    Args:
        space: Where they live.
        nodes: The formulas, of two atoms or more.
        length: How many atoms a joined formula has.
        steps: How they are joined.
    """

    def __init__(
        self,
        space: FormulaSpace,
        nodes: Sequence[FormulaNode],
        length: int,
        steps: Sequence[Step],
    ) -> None:
        """Choose the pairs; nothing is counted yet."""
        self._space, self._nodes = space, nodes
        made = []
        lengths = [node.length for node in nodes]
        symmetric = [k for k, step in enumerate(steps) if step.f == step.c]
        others = [k for k, step in enumerate(steps) if step.f != step.c]
        for pairs, which in ((combinations, symmetric), (permutations, others)):
            for i, j in pairs(range(len(nodes)), 2):
                if lengths[i] + lengths[j] == length:
                    made += [(i, j, k) for k in which]
        self._made = np.array(sorted(made), np.int64).reshape(-1, 3)
        self._steps = steps

    @property
    def n_scored(self) -> int:
        """How many there are."""
        return len(self._made)

    def above(self, floor: float, repeats: bool = True) -> _Scored:
        """All of them, scored."""
        space = self._space
        engine, (_, _, step) = space.engine, self._made.T
        sizes, both = self.counts
        scores = space.objective.score(both, sizes - both, engine.n_on, engine.n_cells)
        if space.penalty != 1:
            lengths = [
                self.node(i).n_nodes if space.penalizes_not else self.node(i).length
                for i in range(len(step))
            ]
            scores = scores * space.factors(max(lengths, default=1))[np.array(lengths, int) - 1]
        if space.min_support:
            scores = np.where(sizes >= space.min_support, scores, -np.inf)
        return _Scored(np.asarray(scores, np.float64), self)

    @cached_property
    def counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cells where each holds, and where the unit fires besides."""
        engine, (i, j, step) = self._space.engine, self._made.T
        weights = np.stack([engine.bank.size, engine.on], axis=1)
        n, meet = len(self._nodes), np.zeros((2, len(self._nodes), len(self._nodes)), np.int64)
        holds = np.array([node.mask for node in self._nodes]).reshape(n, engine.bank.n_signatures)
        for at in np.unique(i).tolist():
            within, partners = np.flatnonzero(holds[at]), np.unique(j[i == at])
            meet[:, at, partners] = (holds[np.ix_(partners, within)] @ weights[within]).T
        found = []
        for which, own in enumerate(("size", "n_both")):
            everything = (engine.n_cells, engine.n_on)[which]
            alone = np.array([getattr(node, own) for node in self._nodes], np.int64)
            meets = meet[which, i, j]
            found.append(count_each(self._steps, step, everything, alone[i], alone[j], meets))
        return found[0], found[1]

    def node(self, i: int) -> JoinedNode:
        """The i-th of them."""
        first, second, step = self._made[i].tolist()
        size, n_both = (int(one[i]) for one in self.counts)
        nodes = self._nodes
        return JoinedNode(
            self._space, nodes[first], self._steps[step], -1, size, n_both, False, nodes[second]
        )
