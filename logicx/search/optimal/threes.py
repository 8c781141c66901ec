"""The best of many truth tables over all triples of concepts, without looking at most of them.

Cells at which the unit fires are worth something, others cost, so that a formula scores above a bar
exactly if it is worth more than a threshold.

Two things keep triples few. A concept makes a difference at its own cells only: with nothing in its
place what is left is a table of the other two. So what its cells can add or take away must make up
for what the best of those lacks, or it is passed over. And three concepts tell eight sets of cells
apart: where those that are worth something do not reach the threshold together, no table does.
Both hold at any bar below the optimum, so each concept is done with once, at the bar of its turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bits import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.search.optimal.linear import Weights
    from logicx.search.optimal.pairs import Search
    from logicx.search.optimal.tables import Table

    Floats = NDArray[np.float64]

FIRST = 32
"""So many pairs are tried with every third concept first: the better the bar, the fewer remain."""

BLOCK = 1 << 19
"""Triples that are looked at together."""


class Triples:
    """Triples of one search.

    Args:
        search: The search, whose best formula is the bar.
        tables: Tables of three variables, in every order of them.
    """

    def __init__(self, search: Search, tables: Sequence[Table]) -> None:
        """Take the parts over."""
        self._search, self._tables = search, tables
        self._truth = np.array([one.truth for one in tables], np.float64)
        self._size = search.bank.size
        self._on = search.firing.dense()
        self._without = [_without(one) for one in tables]
        self._cases = sorted({case for row in self._without for case, _, _ in row})

    def run(self) -> None:
        """Find the best."""
        most, pairs = self._without_one()
        n_better = self._search.n_better
        for pair in pairs:
            self._search.limits.check()
            self._around(pair)
        if self._search.n_better > n_better:
            most, _ = self._without_one()
        self._all(self._kept(most))

    def _worth(self, weights: Weights, sizes: Any, on: Any) -> Any:
        """What some cells are worth."""
        return (weights.gain + weights.loss) * on - weights.loss * sizes

    def _without_one(self) -> tuple[dict[tuple[bool, ...], float], list[tuple[int, int]]]:
        """The most that each table without one of its variables is worth, and the best pairs."""
        search = self._search
        weights = search.weights
        alone = self._worth(weights, search.bank.count, search.engine.on_count).astype(float)
        everything = float(self._worth(weights, search.n_cells, search.n_on))
        cases = np.array(self._cases, np.float64)
        most, pairs = np.full(len(cases), -np.inf), []
        for x, alls, ons in search.rows():
            if x + 1 == search.bank.n_concepts:
                break
            meet = self._worth(weights, alls[x + 1 :], ons[x + 1 :]).astype(float)
            y = alone[x + 1 :]
            worth = cases @ np.array(
                [everything - alone[x] - y + meet, alone[x] - meet, y - meet, meet]
            )
            most = np.maximum(most, worth.max(axis=1))
            best = worth.max(axis=0)
            i = int(best.argmax())
            pairs.append((float(best[i]), x, x + 1 + i))
        pairs.sort(reverse=True)
        return dict(zip(self._cases, most.tolist(), strict=True)), [
            (x, y) for _, x, y in pairs[:FIRST]
        ]

    def _around(self, pair: tuple[int, int]) -> None:
        """Try a pair with every third concept."""
        bank = self._search.bank
        others = np.array([i for i in range(bank.n_concepts) if i not in pair])
        x, y = (unpack(bank.words_of(one), bank.n_signatures) for one in pair)
        engine = self._search.engine
        some = np.array([pack(x), pack(y), pack(x & y)])
        rows = engine.child_rows(some, np.zeros_like(some), [None] * 3)
        alls = np.array([one.all for one in rows])[:, others]
        ons = np.rint(np.array([one.on for one in rows]))[:, others]
        while True:
            weights = self._search.weights
            worth_x, worth_y, xy = (
                float(self._worth(weights, self._size[one].sum(), self._on[one].sum()))
                for one in (x, y, x & y)
            )
            z = self._worth(weights, bank.count[others], engine.on_count[others])
            xz, yz, xyz = self._worth(weights, alls, ons)
            cells = self._eight(weights, worth_x, worth_y, xy, z, xz, yz, xyz)
            if not self._offer(cells, lambda i: (*pair, int(others[i]))):
                return

    def _eight(self, weights: Weights, x: Any, y: Any, xy: Any, z: Any, xz: Any, yz: Any, xyz: Any
               ) -> Floats:  # fmt: skip
        """Worth of the eight sets of cells that three concepts tell apart, `[8, ...]`."""
        everything = float(self._worth(weights, self._search.n_cells, self._search.n_on))
        only_z = z - xz - yz + xyz
        parts = (
            *(everything - x - y + xy - only_z, x - xy - xz + xyz, y - xy - yz + xyz, xy - xyz),
            *(only_z, xz - xyz, yz - xyz, xyz),
        )
        return np.array(np.broadcast_arrays(*parts), np.float64)

    def _offer(self, cells: Floats, concepts: Any) -> bool:
        """Offer the best of some triples, if it scores more than the best formula."""
        search = self._search
        search.n_scored += len(self._tables) * cells.shape[1]
        if not cells.shape[1]:
            return False
        worth = self._truth @ cells
        k, i = np.unravel_index(int(worth.argmax()), worth.shape)
        if worth[k, i] <= search.weights.threshold:
            return False
        table, found = self._tables[int(k)], concepts(int(i))
        words = [search.bank.words_of(one) for one in found]
        held = [unpack(one, search.bank.n_signatures) for one in words]
        row = sum(one.astype(np.int64) << i for i, one in enumerate(held))
        holds = np.array(table.truth)[row]
        return search.offer(table, found, int(self._size[holds].sum()), int(self._on[holds].sum()))

    def _kept(self, most: dict[tuple[bool, ...], float]) -> NDArray[np.int64]:
        """Concepts that can make enough of a difference, those of few signatures first.

        Args:
            most: As `_without_one` says, at the bar in force.
        """
        search = self._search
        weights, bank = search.weights, search.bank
        adds = weights.gain * search.engine.on_count
        saves = weights.loss * (bank.count - search.engine.on_count)
        is_kept = np.zeros(bank.n_concepts, bool)
        for case, can_add, can_save in {one for row in self._without for one in row}:
            is_kept |= can_add * adds + can_save * saves > weights.threshold - most[case]
        kept = np.flatnonzero(is_kept)
        counts = np.array([np.bitwise_count(bank.words_of(int(i))).sum() for i in kept], np.int64)
        return kept[np.argsort(counts, kind="stable")]

    def _all(self, kept: NDArray[np.int64]) -> None:
        """Try all triples of some concepts."""
        bank, engine, limits = self._search.bank, self._search.engine, self._search.limits
        n = len(kept)
        if n < 3:
            return
        rows = [engine.atom_rows([int(one)])[0] for one in kept]
        alls = np.array([np.asarray(one.all)[kept] for one in rows], np.float64)
        ons = np.array([np.rint(one.on)[kept] for one in rows], np.float64)
        words = np.array([bank.words_of(int(one)) for one in kept])
        for x in range(n - 2):
            within = np.flatnonzero(unpack(words[x], bank.n_signatures))
            rest = unpack(words[x + 1 :], bank.n_signatures)[:, within].astype(np.float64)
            height = max(1, BLOCK // len(rest))
            for start in range(0, len(rest) - 1, height):
                limits.check()
                limits.n_passes += 1
                while self._block(kept, alls, ons, x, within, rest, slice(start, start + height)):
                    pass

    def _block(
        self,
        kept: NDArray[np.int64],
        alls: Floats,
        ons: Floats,
        x: int,
        within: NDArray[np.int64],
        rest: Floats,
        ys: slice,
    ) -> bool:
        """Try one concept with some second ones and all thirds; whether a better one was found."""
        weights = self._search.weights
        worth = self._worth(weights, alls, ons)
        signatures = self._worth(weights, self._size[within], self._on[within]).astype(float)
        own = np.diagonal(worth)
        first = x + 1 + (ys.start or 0)
        xyz = (rest[ys] * signatures) @ rest[(ys.start or 0) :].T
        y, z = own[first : first + len(xyz), None], own[first:]
        xy, xz = worth[x, first : first + len(xyz), None], worth[x, first:]
        yz = worth[first : first + len(xyz), first:]
        cells = self._eight(weights, own[x], y, xy, z, xz, yz, xyz)
        reach = np.maximum(cells, 0).sum(axis=0)
        i, j = np.nonzero(np.triu(reach > weights.threshold, 1))
        if not len(i):
            return False
        return self._offer(
            cells[:, i, j],
            lambda at: tuple(kept[[x, first + int(i[at]), first + int(j[at])]].tolist()),
        )


def _without(table: Table) -> list[tuple[tuple[bool, ...], bool, bool]]:
    """Each variable: the table where it does not hold; whether it can add cells, and take."""
    found = []
    for i in range(3):
        rows = [r for r in range(8) if not r >> i & 1]
        off = tuple(table.truth[r] for r in rows)
        on = tuple(table.truth[r | 1 << i] for r in rows)
        adds = any(b and not a for a, b in zip(off, on, strict=True))
        takes = any(a and not b for a, b in zip(off, on, strict=True))
        found.append((off, adds, takes))
    return found
