"""The best formula by truth tables on no concept, one or two; see `threes` for three.

Cells at which the unit fires are worth something, others cost (see
`logicx.search.optimal.linear`), so that a formula scores above a bar exactly if it is worth more
than a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from logicx.engines.numpy_engine import NumpyEngine
from logicx.search.optimal.linear import weights_above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.scoring.objectives import Objective, Ratio
    from logicx.search.optimal.limits import Limits
    from logicx.search.optimal.linear import Weights
    from logicx.search.optimal.tables import Table
    from logicx.units.firing import Firing

AT_ONCE = 64
"""Concepts whose rows of counts are made at once."""


@dataclass
class Best:
    """The best formula so far, by its exact score."""

    score: Fraction
    tp: int
    fp: int
    table: Table
    concepts: tuple[int, ...]

    @property
    def rank(self) -> tuple[int, int]:
        """What decides between equals: fewer NOTs, then fewer atoms."""
        return -self.table.n_nots, -self.table.n_atoms


class Search:
    """What a search has found, and how it tries single concepts and pairs."""

    def __init__(self, bank: ConceptBank, firing: Firing, goal: Objective, limits: Limits) -> None:
        """Take the parts over; nothing is searched yet."""
        self.bank, self.firing, self.limits = bank, firing, limits
        self.engine = NumpyEngine(bank, firing)
        self.n_on, self.n_cells = firing.n_on, bank.n_valid
        self.ratio: Ratio = goal.ratio(self.n_on, self.n_cells)  # type: ignore[attr-defined]
        self.n_scored = self.n_better = 0
        self.best: Best | None = None

    def small(self, tables: Sequence[Table]) -> None:
        """Try all tables of at most two variables."""
        self._constants([one for one in tables if one.n_variables == 0])
        self._singles([one for one in tables if one.n_variables == 1])
        self._pairs([one for one in tables if one.n_variables == 2])

    @property
    def weights(self) -> Weights:
        """What cells are worth when only formulas that score above the best count."""
        assert self.best is not None
        return weights_above(self.ratio, self.best.score, self.n_on, self.n_cells)

    def offer(self, table: Table, concepts: tuple[int, ...], size: int, tp: int) -> bool:
        """Take a formula if it is better than the best; whether it scores more."""
        new = Best(self.ratio.at(tp, size - tp), tp, size - tp, table, concepts)
        old = self.best
        is_more = old is None or new.score > old.score
        self.n_better += is_more
        if is_more or (old is not None and new.score == old.score and new.rank > old.rank):
            self.best = new
        return is_more

    def _constants(self, tables: list[Table]) -> None:
        """Tables that hold everywhere or nowhere."""
        for one in tables:
            size, tp = (self.n_cells, self.n_on) if one.truth[0] else (0, 0)
            self.offer(one, (0,), size, tp)

    def _singles(self, tables: list[Table]) -> None:
        """All concepts."""
        sizes, both = self.bank.count, self.engine.on_count
        for one in tables:
            c, x = one.factors
            size, tp = c * self.n_cells + x * sizes, c * self.n_on + x * both
            self.sweep(one, size, tp, _single)

    def sweep(
        self,
        table: Table,
        size: NDArray[np.int64],
        tp: NDArray[np.int64],
        concepts: Callable[[int], tuple[int, ...]],
    ) -> None:
        """Offer the best of many results of one table until none is better than the best."""
        self.n_scored += len(size)
        if not len(size):
            return
        if self.best is None:
            self.offer(table, concepts(0), int(size[0]), int(tp[0]))
        while True:
            weights = self.weights
            worth = weights.gain * tp - weights.loss * (size - tp)
            i = int(np.argmax(worth))
            if worth[i] < weights.threshold:
                return
            if not self.offer(table, concepts(i), int(size[i]), int(tp[i])):
                return

    def _pairs(self, tables: list[Table]) -> None:
        """All pairs of concepts."""
        if not tables:
            return
        for x, alls, ons in self.rows():
            after = slice(x + 1, None)
            sizes, both = self.bank.count, self.engine.on_count
            for one in tables:
                c, a, b, meet = one.factors
                size = c * self.n_cells + a * sizes[x] + b * sizes[after] + meet * alls[after]
                tp = c * self.n_on + a * both[x] + b * both[after] + meet * ons[after]
                self.sweep(one, size, tp, partial(_pair, x))

    def rows(self) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
        """Each concept, the cells that it shares with every one, and those of them that are on."""
        n = self.bank.n_concepts
        for start in range(0, n, AT_ONCE):
            self.limits.check()
            some = list(range(start, min(start + AT_ONCE, n)))
            for x, (alls, ons) in zip(some, self.engine.atom_rows(some), strict=True):
                yield x, np.asarray(alls, np.int64), np.rint(ons).astype(np.int64)


def _pair(x: int, i: int) -> tuple[int, ...]:
    return x, x + 1 + i


def _single(i: int) -> tuple[int, ...]:
    return (i,)
