"""Signatures: the sets of concepts that hold at cells, each kept once.

A Boolean formula cannot tell two cells with the same concepts apart, so a bank keeps one row per
signature, with the number of its cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

INVALID = -1
"""Signature number of a cell without labels: nothing counts there."""


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

    def transposed(self, n_columns: int) -> Incidence:
        """The same pairs with rows and columns exchanged."""
        order = np.argsort(self.indices, kind="stable")
        rows = np.repeat(np.arange(self.n_rows, dtype=np.int32), np.diff(self.indptr))
        counts = np.bincount(self.indices, minlength=n_columns)
        return Incidence(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), rows[order])

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
        return Incidence(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), indices)

    @staticmethod
    def of_masks(masks: NDArray[np.bool_]) -> Incidence:
        """Concepts of each cell from `bool[n_concepts, n_cells]`."""
        cells, concepts = np.nonzero(masks.T)
        counts = np.bincount(cells, minlength=masks.shape[1])
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Incidence(indptr, concepts.astype(np.int32))


@dataclass(frozen=True)
class Signatures:
    """All signatures of a universe.

    Shape:
        size: `int64[n_signatures]`, cells of each.
        concepts: the concepts of each signature.
        of_cell: `int32[n_cells]`, the signature of each cell, or `INVALID`.
    """

    size: NDArray[np.int64]
    concepts: Incidence
    of_cell: NDArray[np.int32]


class SignatureBuilder:
    """Signatures of cells that arrive in chunks, in one pass.

    Within a chunk, cells are grouped by a 64-bit key, the XOR of one random key per concept
    (Zobrist hashing). The key only proposes: every cell is compared with its group's first cell,
    and one that differs is filed by its own list of concepts, so a collision costs time and never
    truth. Signatures are numbered in order of first appearance.

    Args:
        n_concepts: Number of concepts.
        keys: One key per concept, `uint64[n_concepts]`; by default drawn with a fixed seed.
    """

    def __init__(self, n_concepts: int, keys: NDArray[np.uint64] | None = None) -> None:
        """Start with no cell."""
        if keys is None:
            keys = np.random.default_rng(20).integers(0, 2**64, n_concepts, dtype=np.uint64)
        self._keys = keys
        self._number: dict[bytes, int] = {}
        self._of_cell: list[NDArray[np.int32]] = []
        self.n_collisions = 0

    def add(self, cells: Incidence, valid: NDArray[np.bool_] | None = None) -> None:
        """File the next cells.

        Args:
            cells: Concepts of each cell.
            valid: Which of these cells count, `bool[cells.n_rows]`; by default all.
        """
        of_cell = np.full(cells.n_rows, INVALID, np.int32)
        if valid is None:
            of_cell[:] = self._file(cells)
        else:
            of_cell[valid] = self._file(cells.rows(np.flatnonzero(valid)))
        self._of_cell.append(of_cell)

    def finish(self) -> Signatures:
        """All signatures of the cells filed so far."""
        of_cell = np.concatenate([np.zeros(0, np.int32), *self._of_cell])
        lists = [np.frombuffer(one, np.int32) for one in self._number]
        indptr = np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64)
        indices = np.concatenate([np.zeros(0, np.int32), *lists])
        size = np.bincount(of_cell[of_cell != INVALID], minlength=len(lists)).astype(np.int64)
        return Signatures(size, Incidence(indptr, indices), of_cell)

    def _file(self, cells: Incidence) -> NDArray[np.int32]:
        """Signature number of each cell; new signatures are numbered on the way."""
        indptr, concepts = cells
        running = np.concatenate(
            [np.zeros(1, np.uint64), np.bitwise_xor.accumulate(self._keys[concepts])]
        )
        _, first, group = np.unique(
            running[indptr[1:]] ^ running[indptr[:-1]], return_index=True, return_inverse=True
        )
        alone = np.flatnonzero(_differ(cells, first[group]))
        self.n_collisions += len(alone)
        number = {}
        for cell in sorted({*first.tolist(), *alone.tolist()}):
            listed = concepts[indptr[cell] : indptr[cell + 1]].tobytes()
            number[cell] = self._number.setdefault(listed, len(self._number))
        found = np.array([number[cell] for cell in first.tolist()], np.int32)[group]
        found[alone] = [number[cell] for cell in alone.tolist()]
        return found


def _differ(cells: Incidence, others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each cell's concepts are not those of the cell in `others`."""
    lengths = np.diff(cells.indptr)
    differs: NDArray[np.bool_] = lengths != lengths[others]
    same_length = np.flatnonzero(~differs)
    mine, counts = cells.gather(same_length)
    theirs, _ = cells.gather(others[same_length])
    differs[np.repeat(same_length, counts)[mine != theirs]] = True
    return differs
