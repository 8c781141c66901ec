"""Formulas over literals: any concept may have NOT before it, also the first.

The first lane of a search (see `logicx.search.lanes`) is the space without that; the second one
begins with `NOT c`, and its steps are those of the space, each with and without NOT.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.language.formula import Apply, fold
from logicx.search.formulas.children import Children
from logicx.search.formulas.joins import Joins
from logicx.search.formulas.moved import results
from logicx.search.formulas.space import FormulaNode, FormulaSpace
from logicx.search.formulas.steps import Step, rebuilt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from logicx.search.formulas.moves import Move
    from logicx.search.space import Expansions


class _Negated(NamedTuple):
    """All single concepts with NOT before them."""

    scores: NDArray[np.float64]
    space: LiteralSpace

    def node(self, i: int) -> FormulaNode:
        space = self.space
        engine, concept = space.engine, int(space.operands[i])
        size = engine.n_cells - int(engine.bank.count[concept])
        n_both = engine.n_on - int(engine.on_count[concept])
        return FormulaNode(space, None, None, concept, size, n_both, is_negated=True)


class LiteralSpace(FormulaSpace):
    """All formulas that grow by one literal at a time, and such as are joined in pairs.

    Args:
        parts: As of `FormulaSpace`.
        negates: Whether the second lane has literals.
        joins: Whether it has formulas joined from two of either lane.
        moves: Other ways to make its formulas of those of either lane.
    """

    def __init__(
        self, *parts: Any, negates: bool = True, joins: bool = False, moves: Sequence[Move] = ()
    ) -> None:
        """Take the parts over."""
        super().__init__(*parts)
        self.negates, self.joins, self.moves = negates, joins, moves

    @property
    def grows_later(self) -> bool:
        """Whether what is too short to be joined or moved now may be later."""
        return self.joins or bool(self.moves)

    @cached_property
    def crossing(self) -> tuple[Step, ...]:
        """The steps that the first lane lacks: its own, with and without NOT."""
        return crossing(self.steps) if self.negates else ()

    def other_atoms(self) -> _Negated:
        """All single concepts with NOT before them."""
        engine, operands = self.engine, self.operands if self.negates else self.operands[:0]
        sizes = engine.n_cells - engine.bank.count[operands]
        both = engine.n_on - engine.on_count[operands]
        scores = self.objective.score(both, sizes - both, engine.n_on, engine.n_cells)
        if self.min_support:
            scores = np.where(sizes >= self.min_support, scores, -np.inf)
        return _Negated(scores, self)

    def expand_lanes(
        self,
        nodes: Sequence[FormulaNode],
        new: Sequence[FormulaNode],
        others: Sequence[FormulaNode],
        known: Sequence[FormulaNode],
        length: int,
        at_once: bool = False,
    ) -> tuple[list[Children[FormulaNode]], Iterable[Expansions[FormulaNode]]]:
        """One-step expansions for either lane; see `LanedSpace`."""
        self._rows = self._rows_of([*dict.fromkeys([*nodes, *new, *others])])
        first = self.children(nodes, at_once) if nodes and self.steps else []
        second: list[Expansions[FormulaNode]] = []
        if new and self.crossing:
            second.append(self._part(new, self.crossing))
        if others and (self.steps or self.crossing):
            second.append(self._part(others, (*self.steps, *self.crossing)))
        if self.joins:
            pool = [node for node in known if 1 < node.length < length - 1]
            second.append(Joins(self, pool, length, (*self.steps, *self.crossing)))
        moved = (results(self, one, known, length) for one in self.moves)
        return first, chain(second, chain.from_iterable(moved))

    def rank(self, node: FormulaNode) -> tuple[int, ...]:
        """Of formulas that score the same, that with fewer NOTs comes first, then the shorter."""
        return node.n_nots, node.length

    def _part(self, nodes: Sequence[FormulaNode], steps: Sequence[Step]) -> Children[FormulaNode]:
        rows = [self._rows[node] for node in nodes]
        return Children(self, nodes, rows, looks_ahead=True, steps=steps)


def crossing(steps: Sequence[Step]) -> tuple[Step, ...]:
    """What these steps are with NOT after them, or without, as far as it is not among them."""
    return tuple(one for one in map(_toggled, steps) if one not in steps)


def _toggled(step: Step) -> Step:
    """The same step with NOT after it, or without, where it has one."""
    ff, ft, tf, tt = map(int, step.table)
    all_, f, c, both = ft, tt - ft, ff - ft, ft - ff - tt + tf
    if step.template is None:
        return replace(step, is_negated=not step.is_negated, all=all_, f=f, c=c, both=both)
    template = fold(
        step.template,
        lambda node: node if node.name == "f" else Apply("NOT", (node,)),
        rebuilt,
    )
    return replace(step, template=template, all=all_, f=f, c=c, both=both)
