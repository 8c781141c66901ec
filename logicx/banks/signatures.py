"""Signatures: the sets of concepts that hold at cells, each kept once.

A Boolean formula cannot tell two cells with the same concepts apart, so a bank keeps one row per
signature, with the number of its cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.cellmap import INVALID as INVALID
from logicx.banks.cellmap import CellMap, FlatMap
from logicx.banks.packing import starts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

STEP = 1 << 21
"""Entries of an incidence that are worked on at once: about 100 MB."""

SUMMED = 1 << 18
"""Entries that are summed at once: about 10 MB."""


class Incidence(NamedTuple):
    """Which concepts hold at which cells (or signatures), as compressed sparse rows.

    Shape: `indptr: int64[n_rows + 1]`, `indices: int32[n]`, ascending and distinct in each row.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.indptr) - 1

    def pieces(self, n_entries: int) -> Iterator[slice]:
        """Rows in order, at most so many entries or rows at a time, but one row at least."""
        first = 0
        while first < self.n_rows:
            room = np.searchsorted(self.indptr, self.indptr[first] + n_entries, side="right") - 1
            stop = max(first + 1, min(int(room), first + n_entries, self.n_rows))
            yield slice(first, stop)
            first = stop

    def part(self, rows: slice) -> Incidence:
        """The incidence of consecutive rows; the entries are not copied."""
        ends = self.indptr[rows.start : rows.stop + 1]
        return Incidence(ends - ends[0], self.indices[ends[0] : ends[-1]])

    def transposed(self, n_columns: int) -> Incidence:
        """The same pairs with rows and columns exchanged.

        Cost: what it returns, and a few times `STEP` entries besides.
        """
        total = np.zeros(n_columns, np.int64)
        for rows in self.pieces(STEP):
            total += np.bincount(self.part(rows).indices, minlength=n_columns)
        turned = Incidence(starts_of(total), np.empty(len(self.indices), np.int32))
        free = turned.indptr[:-1].copy()
        for rows in self.pieces(STEP):
            indptr, columns = self.part(rows)
            small = columns.astype(np.uint16) if n_columns <= 1 << 16 else columns
            order = np.argsort(small, kind="stable")  # numbers of 16 bits are sorted by radix
            counts = np.bincount(columns, minlength=n_columns)
            places = np.arange(len(columns)) + np.repeat(free - starts_of(counts)[:-1], counts)
            numbers = np.repeat(np.arange(rows.start, rows.stop, dtype=np.int32), np.diff(indptr))
            turned.indices[places] = numbers[order]
            free += counts
        return turned

    def sums(
        self,
        rows: NDArray[np.integer],
        weights: NDArray[Any],
        n_columns: int,
        lines: NDArray[np.integer] | None = None,
        n_lines: int = 1,
    ) -> NDArray[np.float64]:
        """Weights of some rows summed by column, for each of several lines.

        Args:
            rows: The rows.
            weights: The weight of each.
            n_columns: Number of columns.
            lines: To which line of the result each row adds; by default there is one.
            n_lines: Number of lines.

        Shape: `-> float64[n_lines, n_columns]`; sums of integers are exact below 2^53.

        Cost: the entries of those rows; memory for `SUMMED` of them at a time.
        """
        lengths = self.indptr[np.asarray(rows) + 1] - self.indptr[rows]
        chosen = Incidence(starts_of(lengths), self.indices)  # only for the sizes of its pieces
        total: Any = None
        for piece in chosen.pieces(SUMMED):
            keys, counts = self.gather(rows[piece])
            if lines is not None and n_lines > 1:
                keys = np.repeat(lines[piece] * n_columns, counts) + keys
            sums = np.bincount(keys, np.repeat(weights[piece], counts), n_lines * n_columns)
            total = sums if total is None else total + sums
        if total is None:
            total = np.zeros(n_lines * n_columns)
        return np.asarray(total, np.float64).reshape(n_lines, n_columns)

    def gather(self, rows: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The entries of some rows, one after the other, and how many each row has."""
        starts = self.indptr[rows]
        lengths = self.indptr[np.asarray(rows) + 1] - starts
        ends = np.cumsum(lengths)
        places = np.arange(ends[-1] if len(ends) else 0)
        places += np.repeat(starts - (ends - lengths), lengths)
        return self.indices[places], lengths

    def rows(self, which: NDArray[np.integer]) -> Incidence:
        """The incidence of some rows only."""
        indices, lengths = self.gather(which)
        return Incidence(starts_of(lengths), indices)

    @staticmethod
    def of_masks(masks: NDArray[np.bool_]) -> Incidence:
        """Concepts of each cell from `bool[n_concepts, n_cells]`."""
        cells, concepts = np.nonzero(masks.T)
        counts = np.bincount(cells, minlength=masks.shape[1])
        return Incidence(starts_of(counts), concepts.astype(np.int32))

    @staticmethod
    def joined(parts: Sequence[Incidence]) -> Incidence:
        """The rows of several, one after the other."""
        lengths = [np.diff(one.indptr) for one in parts]
        indices = [np.zeros(0, np.int32), *(one.indices for one in parts)]
        return Incidence(starts_of(np.concatenate([[], *lengths])), np.concatenate(indices))


class GroupCells(NamedTuple):
    """Cells of one group (image), by the distinct sets of concepts that hold there.

    Args:
        sets: Concepts of each set, ascending and distinct. A set may hold at no cell, or be there
            twice.
        numbers: Which set holds at each cell of the group, `int[n_cells of it]`.
        valid: Cells that count, `bool[n_cells of it]`; by default all.

    Example:
        An image of two cells of water, one of them blue, and one cell of neither:

        >>> sets = Incidence(np.array([0, 1, 3, 3]), np.array([0, 0, 1], np.int32))
        >>> image = GroupCells(sets, np.array([0, 1, 2], np.uint8))
    """

    sets: Incidence
    numbers: NDArray[np.integer]
    valid: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Signatures:
    """All signatures of a universe.

    Shape:
        size: `int64[n_signatures]`, cells of each.
        concepts: the concepts of each signature.
        cells: the signature of each cell, or `INVALID`.
    """

    size: NDArray[np.int64]
    concepts: Incidence
    cells: CellMap

    @property
    def of_cell(self) -> NDArray[np.int32]:
        """The signature of every cell, or `INVALID`: `int32[n_cells]`."""
        return self.cells.whole()


class SignatureBuilder:
    """Signatures of cells that arrive in chunks, in one pass.

    Cells are grouped by a 64-bit key, the XOR of one random key per concept (Zobrist hashing). The
    key only proposes: every cell is compared with the first cell of its key, and one that differs
    is filed by its own list of concepts, so a collision costs time and never truth. Signatures are
    numbered in order of first appearance.

    Args:
        n_concepts: Number of concepts.
        keys: One key per concept, `uint64[n_concepts]`; by default drawn with a fixed seed.

    Cost: the signatures twice, four bytes a cell, and a few times `STEP` entries.
    """

    def __init__(self, n_concepts: int, keys: NDArray[np.uint64] | None = None) -> None:
        """Start with no cell."""
        if keys is None:
            keys = np.random.default_rng(20).integers(0, 2**64, n_concepts, dtype=np.uint64)
        self._keys = keys
        self._waiting: list[tuple[Incidence, NDArray[np.bool_] | None]] = []
        self._n_waiting = 0
        self._of_cell: list[NDArray[np.int32]] = []
        self._signatures = Incidence(np.zeros(1, np.int64), np.zeros(0, np.int32))
        # The first signature of each key, by ascending key; any others by their concepts.
        self._known = np.zeros(0, np.uint64)
        self._first = np.zeros(0, np.int32)
        self._others: dict[bytes, int] = {}
        self.n_collisions = 0

    def add(self, cells: Incidence, valid: NDArray[np.bool_] | None = None) -> None:
        """Take the next cells; they are filed as soon as there are enough of them.

        Args:
            cells: Concepts of each cell.
            valid: Which of these cells count, `bool[cells.n_rows]`; by default all.
        """
        for rows in cells.pieces(STEP):
            part = cells.part(rows)
            self._waiting.append((part, None if valid is None else valid[rows]))
            self._n_waiting += len(part.indices) + part.n_rows
            if self._n_waiting >= STEP:
                self._file_waiting()

    def finish(self) -> Signatures:
        """All signatures of the cells so far."""
        self._file_waiting()
        size = np.zeros(self._signatures.n_rows, np.int64)
        for part in self._of_cell:
            size += np.bincount(part[part != INVALID], minlength=len(size))
        of_cell = np.concatenate([np.zeros(0, np.int32), *self._of_cell])
        return Signatures(size, self._signatures, FlatMap(of_cell))

    def _file_waiting(self) -> None:
        cells = Incidence.joined([one for one, _ in self._waiting])
        valid = [np.ones(one.n_rows, bool) if mask is None else mask for one, mask in self._waiting]
        self._waiting, self._n_waiting = [], 0
        is_valid = np.concatenate([np.zeros(0, bool), *valid])
        of_cell = np.full(cells.n_rows, INVALID, np.int32)
        if not is_valid.all():
            cells = cells.rows(np.flatnonzero(is_valid))
        of_cell[is_valid] = self._file(cells)
        self._of_cell.append(of_cell)

    def _file(self, cells: Incidence) -> NDArray[np.int32]:
        """Signature number of each cell; new signatures are numbered on the way."""
        keys, leader, group = np.unique(
            self._keys_of(cells), return_index=True, return_inverse=True
        )
        place = np.searchsorted(self._known, keys)
        is_known = np.append(self._known, np.uint64(0))[place] == keys
        is_known &= place < len(self._known)
        # Every cell is compared with the first of its key: a known signature, or a cell of these.
        known = np.flatnonzero(is_known)
        number = np.full(len(keys), INVALID, np.int32)
        number[known] = self._first[place[known]]
        differs = np.zeros(cells.n_rows, bool)
        old = np.flatnonzero(is_known[group])
        differs[old] = _differ(cells.rows(old), self._signatures, number[group[old]])
        new = np.flatnonzero(~is_known[group] & (leader[group] != np.arange(cells.n_rows)))
        differs[new] = _differ(cells.rows(new), cells, leader[group[new]])
        odd = np.flatnonzero(differs)
        self.n_collisions += len(odd)
        new_leaders = leader[~is_known]
        odd_first = self._first_of_odd(cells, odd)
        firsts = np.sort(np.concatenate([new_leaders, list(odd_first.values())]).astype(np.int64))
        n_before = self._signatures.n_rows
        number[~is_known] = n_before + np.searchsorted(firsts, new_leaders)
        for listed, cell in odd_first.items():
            self._others[listed] = n_before + int(np.searchsorted(firsts, cell))
        found = number[group]
        found[odd] = [self._others[_listed(cells, cell)] for cell in odd.tolist()]
        if len(firsts):
            self._signatures = Incidence.joined([self._signatures, cells.rows(firsts)])
            self._known = np.insert(self._known, place[~is_known], keys[~is_known])
            self._first = np.insert(self._first, place[~is_known], number[~is_known])
        return found

    def first_alike(self, rows: Incidence) -> NDArray[np.int64]:
        """The first row with the same concepts as each row, often itself: `int64[n_rows]`."""
        if len(np.unique(self._keys_of(rows))) == rows.n_rows:
            return np.arange(rows.n_rows)
        first: dict[bytes, int] = {}
        found = [first.setdefault(_listed(rows, i), i) for i in range(rows.n_rows)]
        return np.array(found, np.int64)

    def _keys_of(self, cells: Incidence) -> NDArray[np.uint64]:
        running = np.concatenate(
            [np.zeros(1, np.uint64), np.bitwise_xor.accumulate(self._keys[cells.indices])]
        )
        keys: NDArray[np.uint64] = running[cells.indptr[1:]] ^ running[cells.indptr[:-1]]
        return keys

    def _first_of_odd(self, cells: Incidence, odd: NDArray[np.int64]) -> dict[bytes, int]:
        """Of cells that differ from the first of their key, the first of each new signature."""
        first: dict[bytes, int] = {}
        for cell in odd.tolist():
            listed = _listed(cells, cell)
            if listed not in self._others:
                first.setdefault(listed, cell)
        return first


def _listed(cells: Incidence, cell: int) -> bytes:
    return cells.indices[cells.indptr[cell] : cells.indptr[cell + 1]].tobytes()


def _differ(a: Incidence, b: Incidence, rows: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether each row of `a` is not that row of `b` which `rows` names for it."""
    lengths = np.diff(a.indptr)
    differs: NDArray[np.bool_] = lengths != b.indptr[rows + 1] - b.indptr[rows]
    same_length = np.flatnonzero(~differs)
    mine, counts = a.gather(same_length)
    theirs, _ = b.gather(rows[same_length])
    differs[np.repeat(same_length, counts)[mine != theirs]] = True
    return differs
