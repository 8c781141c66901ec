"""A beam search by an engine: all of them find the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.engines.layout import (
    CARRIED,
    CONCEPT,
    ON,
    PARENT,
    SIZE,
    STEP,
    Levels,
    Rules,
    compiled_kind,
)
from logicx.errors import OptionError
from logicx.search.formulas import FormulaNode
from logicx.search.space import Kept, SearchResult

if TYPE_CHECKING:
    from logicx.objectives import Objective
    from logicx.search.beam import Beam, Dedupe
    from logicx.search.formulas import FormulaSpace


def why_not_compiled(goal: Objective, dedupe: Dedupe) -> str:
    """Why the compiled search cannot do this, or nothing."""
    if compiled_kind(goal) is None:
        return f"the objective {goal.name} is not compiled"
    if dedupe == "form":
        return "dedupe by form is not compiled"
    return ""


def search_compiled(
    beam: Beam, space: FormulaSpace, all_slots: bool = False
) -> SearchResult[FormulaNode]:
    """What `beam.search(space)` finds, compiled.

    Args:
        beam: The strategy.
        space: The space; its engine is a `NumbaEngine`.
        all_slots: Whether to return whole beams, not only the best of each length.

    Raises:
        OptionError: This search is not compiled; see `why_not_compiled`.
    """
    from logicx.engines.numba_engine import NumbaEngine

    kind = compiled_kind(space.objective)
    if kind is None or beam.dedupe == "form":
        raise OptionError(why_not_compiled(space.objective, beam.dedupe))
    assert isinstance(space.engine, NumbaEngine)
    drops_equals = beam.dedupe == "meaning"
    may_add = np.zeros(space.engine.bank.n_concepts, bool)
    may_add[space.operands] = True
    steps = space.steps
    rules = Rules(
        *kind,
        steps=np.array([[one.all, one.f, one.c, one.both] for one in steps], np.int64),
        tables=_full_words([*(one.table for one in steps), (False, True, False, True)]),
        one_sided=np.array([one.is_one_sided for one in steps]),
        added=np.array([space.added(one) for one in steps], np.int64),
        factors=space.factors(2 * beam.length + 1),
        may_add=may_add,
        drops_equals=drops_equals,
        expands_once=drops_equals and space.penalty == 1,
    )
    found = space.engine.beam(beam.width, beam.length, rules)
    tell = _Nodes(space, found.levels)
    n_slots = beam.width if all_slots else 1
    levels = [tell.level(level, n_slots) for level in range(found.n_filled)]
    levels += [levels[-1]] * (beam.length - found.n_filled)
    return SearchResult(levels, found.n_scored)


class _Nodes:
    """Formulas of compiled beams, each made once and only when asked for."""

    def __init__(self, space: FormulaSpace, levels: Levels) -> None:
        self._space = space
        self._scores = levels.scores
        self._n_kept = levels.n_kept.tolist()
        self._parts = levels.parts
        self._made: dict[tuple[int, int], FormulaNode] = {}

    def level(self, level: int, n_slots: int) -> list[Kept[FormulaNode]]:
        """The best so many of a level."""
        n = min(n_slots, self._n_kept[level])
        return [Kept(float(self._scores[level, i]), self._node(level, i)) for i in range(n)]

    def _node(self, level: int, slot: int) -> FormulaNode:
        part = self._parts[level, slot].tolist()
        while part[STEP] == CARRIED:
            level, slot = level - 1, part[PARENT]
            part = self._parts[level, slot].tolist()
        node = self._made.get((level, slot))
        if node is None:
            parent = self._node(level - 1, part[PARENT]) if level else None
            step = self._space.steps[part[STEP]] if level else None
            size, n_both = part[SIZE], part[ON]
            node = FormulaNode(self._space, parent, step, part[CONCEPT], size, n_both)
            self._made[level, slot] = node
        return node


def _full_words(tables: list[tuple[bool, bool, bool, bool]]) -> np.ndarray:
    return np.where(np.array(tables), np.uint64(2**64 - 1), np.uint64(0))
