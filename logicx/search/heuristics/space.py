"""The space of formulas as a guided beam sees it: estimated first, counted when visited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.search.formulas.space import FormulaNode, FormulaSpace
from logicx.search.formulas.steps import count_each
from logicx.search.heuristics import checked
from logicx.search.heuristics.checks import Checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from logicx.search.heuristics.roles import Heuristic

CHUNK = 1 << 22
"""About how many signatures of visited concepts are looked up at once."""


class GuidedFormulas(FormulaSpace):
    """All formulas that grow by one atom at a time, with estimates of a heuristic.

    Args:
        heuristic: What estimates.
        mask: Cells at which the unit fires, where the heuristic needs them.
        args: As of `FormulaSpace`.
        options: As of `FormulaSpace`.

    Attributes:
        foreign: The heuristic, where it did not come with logicx and is watched.
    """

    def __init__(
        self, heuristic: Heuristic, mask: NDArray[np.bool_] | None, *args: Any, **options: Any
    ) -> None:
        """Take the parts over."""
        super().__init__(*args, **options)
        guide = checked(heuristic)
        self.foreign = guide if isinstance(guide, Checked) else None
        self._estimator = guide.against(self, mask)
        self._estimates: dict[FormulaNode, NDArray[np.float64]] = {}

    def estimate(self, nodes: Sequence[FormulaNode]) -> _Estimated:
        """Every step from every one of these formulas with every operand.

        Formulas that stayed in the beam are not estimated anew.
        """
        known = self._estimates
        self._estimates = {
            node: known[node] if node in known else self._estimator.estimate(node)[self.operands]
            for node in nodes
        }
        estimates = np.array([self._estimates[node] for node in nodes])
        if self.penalty != 1:
            estimates *= self.penalties(nodes)
        if self.refuses_some:
            estimates[self.refused(nodes)] = -np.inf
        masks = np.array([node.mask for node in nodes])
        return _Estimated(estimates.reshape(-1), self, nodes, masks)


class _Estimated(NamedTuple):
    """All expansions of some formulas; `masks` are those of the formulas, over signatures."""

    estimates: NDArray[np.float64]
    space: GuidedFormulas
    parents: Sequence[FormulaNode]
    masks: NDArray[np.bool_]

    def visit(self, which: NDArray[np.int64]) -> _Visited:
        """Count some of them, and score them.

        Cost: the signatures of the concept of each, looked up in the formula's.
        """
        space, engine = self.space, self.space.engine
        places, step = np.divmod(which, len(space.steps))
        pairs, pair_of = np.unique(places, return_inverse=True)
        slots, operands = np.divmod(pairs, len(space.operands))
        concepts = space.operands[operands]
        both, both_on = self._together(slots, concepts)[:, pair_of]
        slot, concept = slots[pair_of], concepts[pair_of]
        of_nodes = np.array([(node.size, node.n_both) for node in self.parents], np.int64)
        f, f_on = of_nodes[slot].T
        c, c_on = engine.bank.count[concept], engine.on_count[concept]
        size = count_each(space.steps, step, engine.n_cells, f, c, both)
        n_both = count_each(space.steps, step, engine.n_on, f_on, c_on, both_on)
        scores = space.objective.score(n_both, size - n_both, engine.n_on, engine.n_cells)
        if space.penalty != 1:
            scores = scores * space.penalties(self.parents)[slot, 0, step]
        scores[size < space.min_support] = -np.inf
        if space.foreign is not None:
            space.foreign.check_admissible(self.estimates[which], scores)
        return _Visited(scores, self, slot, concept, step, size, n_both)

    def _together(self, slots: NDArray[np.int64], concepts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Cells of formula and concept, and those of them at which the unit fires.

        Shape: `int64[n], int64[n] -> int64[2, n]`.
        """
        engine = self.space.engine
        found = np.zeros((2, len(concepts)), np.int64)
        starts = engine.bank.signatures_of.indptr
        for part in _chunks(starts[concepts + 1] - starts[concepts]):
            signatures, lengths = engine.bank.signatures_of.gather(concepts[part])
            pairs = np.repeat(np.arange(part.start, part.stop), lengths)
            holds = self.masks[slots[pairs], signatures]
            pairs, signatures = pairs[holds], signatures[holds]
            for row, weights in zip(found, (engine.bank.size, engine.on), strict=True):
                sums = np.bincount(pairs, weights[signatures], minlength=len(concepts))
                row += sums.astype(np.int64)
        return found


class _Visited(NamedTuple):
    """Expansions that were counted and scored."""

    scores: NDArray[np.float64]
    of: _Estimated
    slot: NDArray[np.int64]
    concept: NDArray[np.int64]
    step: NDArray[np.int64]
    size: NDArray[np.int64]
    n_both: NDArray[np.int64]

    def node(self, i: int) -> FormulaNode:
        """The i-th of them."""
        parent, step = self.of.parents[self.slot[i]], self.of.space.steps[self.step[i]]
        size, n_both = int(self.size[i]), int(self.n_both[i])
        return FormulaNode(self.of.space, parent, step, int(self.concept[i]), size, n_both)


def _chunks(lengths: NDArray[np.int64]) -> Iterator[slice]:
    """Slices of about `CHUNK` in sum."""
    ends = np.cumsum(lengths)
    start = 0
    while start < len(ends):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + CHUNK, side="right")))
        yield slice(start, stop)
        start = stop
