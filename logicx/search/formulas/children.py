"""All one-step expansions of some formulas, scored: all of them, or those that can exceed a floor.

What can exceed a floor is found by a line (see `logicx.search.formulas.lines`), and only that is
scored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, Generic, NamedTuple

import numpy as np

from logicx.engines.layout import compiled_kind
from logicx.search.formulas.growth import Growth, N
from logicx.search.formulas.steps import count_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.engines.numpy_engine import Rows
    from logicx.search.formulas.lines import Line
    from logicx.search.formulas.steps import Step

    Floats = NDArray[np.float64]


FEW = 500
"""So many expansions are scored in less time than it takes to look which are repeats."""


class Counted(NamedTuple):
    """Numbers of cells, whole numbers of whatever type.

    Shape: `f: [n, 1]`, of the formulas; `c: [n_operands]`, of the concepts;
    `both: [n, n_operands]`.
    """

    f: NDArray[Any]
    c: NDArray[Any]
    both: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Scored(Generic[N]):
    """Some of the expansions, by their numbers in order of enumeration."""

    scores: Floats
    numbers: NDArray[np.int64]
    of: Children[N]

    def node(self, i: int) -> N:
        """The i-th of them."""
        return self.of.node(int(self.numbers[i]))


class Children(Generic[N]):
    """All expansions of some formulas, in order of formula, then concept, then step.

    Args:
        space: Where they live.
        parents: The formulas.
        rows: The counts of each with every concept.
        looks_ahead: Whether those are passed over, where that is possible, that do not score above
            the floor; it costs more than it saves if most do.
        steps: How they are expanded; by default as the space says.
    """

    def __init__(
        self,
        space: Growth[N],
        parents: Sequence[N],
        rows: Sequence[Rows],
        looks_ahead: bool,
        steps: Sequence[Step] | None = None,
    ) -> None:
        """Take the parts over; nothing is scored yet."""
        self.space = space
        self.parents = parents
        self.rows = rows
        self.looks_ahead = looks_ahead
        self._engine = space.engine
        self._steps = space.steps if steps is None else steps
        self._shape = len(parents), len(space.operands), len(self._steps)

    @cached_property
    def n_scored(self) -> int:
        """How many of them are not refused."""
        refused = self._refused
        return prod(self._shape) - (0 if refused is None else int(refused.sum()))

    def above(self, floor: float, repeats: bool = True) -> Scored[N]:
        """Those that score above the floor; or more of them, but none is left out.

        Args:
            floor: The floor.
            repeats: Whether those count that are known to denote the same as their parent.
        """
        is_possible = self.looks_ahead and self._refused is None and self.space.penalty == 1
        line = self.space.lines.above(floor) if is_possible else None
        return self._all(repeats) if line is None else self._beyond(line, repeats)

    def _all(self, repeats: bool) -> Scored[N]:
        engine, (f, c, both), (f_on, c_on, both_on) = self._engine, self._cells, self._cells_on
        scores = np.empty(self._shape)
        for k, step in enumerate(self._steps):
            size = step.count(engine.n_cells, f, c, both)
            scores[..., k] = self._scores(size, step.count(engine.n_on, f_on, c_on, both_on))
            if step.is_one_sided and not repeats:
                scores[..., k][size == f] = -np.inf
        if self.space.penalty != 1:
            scores *= self.space.penalties(self.parents, self._steps)
        if self._refused is not None:
            scores[self._refused] = -np.inf
        return Scored(scores.reshape(-1), np.arange(scores.size), self)

    def _beyond(self, line: Line, repeats: bool) -> Scored[N]:
        """Those that reach a line: their places are found first, and only they are scored."""
        engine, steps = self._engine, self._steps
        f, c, both = self._cells
        f_on, c_on, both_on = self._cells_on
        f_worth, c_worth = line.worth(f_on, f), line.worth(c_on, c)
        both_worth = line.worth(both_on, both)
        found = []
        for k, step in enumerate(steps):
            reached = line.is_reached(step, f_worth, c_worth, both_worth)
            if step.is_one_sided and not repeats and np.count_nonzero(reached) > FEW:
                reached &= step.count(engine.n_cells, f, c, both) != f
            found.append(np.flatnonzero(reached) * len(steps) + k)
        numbers = np.sort(np.concatenate(found))
        places, which = np.divmod(numbers, len(steps))
        slot, at = np.divmod(places, self._shape[1])
        f, f_on = f[slot, 0], f_on[slot, 0]
        size = count_each(steps, which, engine.n_cells, f, c[at], both[slot, at])
        tp = count_each(steps, which, engine.n_on, f_on, c_on[at], both_on[slot, at])
        scores = self._scores(size, tp)
        if not repeats:
            scores[np.array([one.is_one_sided for one in steps])[which] & (size == f)] = -np.inf
        return Scored(scores, numbers, self)

    def _scores(self, size: NDArray[Any], tp: NDArray[Any]) -> Floats:
        """Scores without the penalty."""
        n_on, n_cells, least = self._engine.n_on, self._engine.n_cells, self.space.min_support
        scores = self.space.objective.score(tp, size - tp, n_on, n_cells)
        return np.where(size < least, -np.inf, scores) if least else scores

    def node(self, number: int) -> N:
        """The expansion of a number."""
        place, k = divmod(number, len(self._steps))
        slot, operand = divmod(place, len(self.space.operands))
        concept = int(self.space.operands[operand])
        return self.space.child(self.parents[slot], self.rows[slot], concept, self._steps[k])

    # ---- counts

    @cached_property
    def _refused(self) -> NDArray[np.bool_] | None:
        return self.space.refused(self.parents) if self.space.refuses_some else None

    @cached_property
    def _cells(self) -> Counted:
        sizes, rows = [one.size for one in self.parents], [one.all for one in self.rows]
        return self._counted(sizes, self._engine.bank.count, rows)

    @cached_property
    def _cells_on(self) -> Counted:
        sizes, rows = [one.n_both for one in self.parents], [one.on for one in self.rows]
        return self._counted(sizes, self._engine.on_count, rows)

    def _counted(
        self, sizes: list[int], count: NDArray[np.int64], rows: list[NDArray[Any]]
    ) -> Counted:
        # Counts are below 2^53, and divided as floats in any case: converted once, not thrice.
        kind = np.float64 if compiled_kind(self.space.objective) else np.int64
        operands = self.space.operands
        which: Any = slice(None) if len(operands) == len(count) else operands
        f = np.array(sizes, kind)[:, None]
        return Counted(f, count[which].astype(kind), np.array([one[which] for one in rows], kind))
