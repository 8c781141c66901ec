"""Cell maps: which signature holds at each cell of a universe.

Rows, pairs and tokens keep one number a cell. An image has few signatures of its own, so pixels
keep a table of those for each image and, for each cell, a number of 8 or 16 bits into it: a quarter
of the room, mapped from the bank's file in blocks that are read and checked when first asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.packing import Packer, by_appearance, local_dtype, padded, starts_of, widths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from logicx.banks.universe import Universe

INVALID = -1
"""Signature number of a cell without labels: nothing counts there."""

RUN_CELLS = 1 << 20
"""About how many cells of images are looked up at once."""

CHUNK_CELLS = 1 << 22
"""About how many cells are sorted into parts at once."""


class Parts(NamedTuple):
    """Signatures within groups, and the number of cells of each.

    Of a `FlatMap`, one part may be there several times, with some of its cells each.

    Shape: `int64[n_parts]` each.
    """

    group: NDArray[np.int64]
    signature: NDArray[np.int64]
    n_cells: NDArray[np.int64]


class CellMap(ABC):
    """Which signature holds at each cell; `INVALID` (-1) where a cell is not labelled."""

    @property
    @abstractmethod
    def n_cells(self) -> int:
        """Number of cells."""

    @abstractmethod
    def of_group(self, group: int) -> NDArray[np.int32]:
        """Signature of each cell of a row, pair, document or image: `int32[n_cells of it]`."""

    @abstractmethod
    def table_of(self, group: int) -> tuple[NDArray[np.int32], NDArray[np.integer]]:
        """The group's own signatures, and which of them holds at each of its cells.

        The signatures are distinct; `INVALID` is one of them where there are such cells. So
        `signatures[numbers]` is `of_group(group)`. Of images both are views of what is kept, which
        may be mapped: not to be written to.

        Shape: `-> (int32[n_local], uint8 | uint16 | int32[n_cells of the group])`.
        """

    @abstractmethod
    def at(self, cells: NDArray[np.integer]) -> NDArray[np.int32]:
        """Signature of each of some cells: `int[n] -> int32[n]`."""

    @abstractmethod
    def whole(self) -> NDArray[np.int32]:
        """Signature of every cell, `int32[n_cells]`.

        Cost: four bytes a cell, which for 22,000 images of 112 x 112 cells is a gigabyte.
        """

    @abstractmethod
    def cells(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The cells at which some signatures hold: `bool[n_signatures] -> bool[n_cells]`."""

    @abstractmethod
    def on_counts(self, cells: NDArray[np.bool_], n_signatures: int) -> NDArray[np.int64]:
        """How many of some cells have each signature: `bool[n_cells] -> int64[n_signatures]`."""

    @abstractmethod
    def parts(self, cells: NDArray[np.bool_] | None = None) -> Parts:
        """The parts in which some cells lie, in no stated order; those without labels in none.

        Args:
            cells: The cells, `bool[n_cells]`; by default all.
        """

    @abstractmethod
    def over(self, universe: Universe) -> CellMap:
        """The same map, kept as suits this universe, which has as many cells."""

    @abstractmethod
    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a bank's file holds of it, by name."""


@dataclass(frozen=True, eq=False)
class FlatMap(CellMap):
    """One number a cell, for cells that are rows, pairs or tokens.

    Args:
        of_cell: Signature of each cell, `int32[n_cells]`.
        universe: The cells; without it each is its own group.
    """

    of_cell: NDArray[np.int32]
    universe: Universe | None = None

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.of_cell)

    def of_group(self, group: int) -> NDArray[np.int32]:
        """A view of its cells."""
        cells = self.universe.cells_of(group) if self.universe else slice(group, group + 1)
        return self.of_cell[cells]

    def table_of(self, group: int) -> tuple[NDArray[np.int32], NDArray[np.integer]]:
        """Found by sorting the group's cells."""
        signatures, numbers = np.unique(self.of_group(group), return_inverse=True)
        return signatures, numbers.reshape(-1).astype(local_dtype(len(signatures)))

    def at(self, cells: NDArray[np.integer]) -> NDArray[np.int32]:
        """Looked up."""
        found: NDArray[np.int32] = self.of_cell[cells]
        return found

    def whole(self) -> NDArray[np.int32]:
        """What is kept."""
        return self.of_cell

    def cells(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Looked up; the last place is for invalid cells."""
        return np.asarray(np.append(mask, False)[self.of_cell])

    def on_counts(self, cells: NDArray[np.bool_], n_signatures: int) -> NDArray[np.int64]:
        """Binned."""
        signatures = self.of_cell[cells]
        signatures = signatures[signatures != INVALID]
        return np.bincount(signatures, minlength=n_signatures).astype(np.int64)

    def parts(self, cells: NDArray[np.bool_] | None = None) -> Parts:
        """Found by sorting, some millions of cells at a time."""
        groups, signatures, counts = ([np.zeros(0, np.int64)] for _ in range(3))
        for first in range(0, self.n_cells, CHUNK_CELLS):
            chunk = slice(first, first + CHUNK_CELLS)
            chosen = self.of_cell[chunk] != INVALID
            if cells is not None:
                chosen &= cells[chunk]
            places = np.flatnonzero(chosen) + first
            group = self.universe.groups_of(places) if self.universe else places
            n = int(self.of_cell[chunk].max(initial=0)) + 1
            found, number = np.unique(group * n + self.of_cell[places], return_counts=True)
            groups.append(found // n)
            signatures.append(found % n)
            counts.append(number)
        return Parts(*map(np.concatenate, (groups, signatures, counts)))

    def over(self, universe: Universe) -> CellMap:
        """Itself, or for images a `GroupMap`."""
        if universe.kind != "pixels":
            return FlatMap(self.of_cell, universe)
        table: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
        packer = Packer()
        for image in range(universe.n_groups):
            own, codes = np.unique(self.of_cell[universe.cells_of(image)], return_inverse=True)
            order, numbers = by_appearance(codes.reshape(-1), len(own))
            table.append(own[order])
            packer.add(numbers, len(order))
        return GroupMap(np.concatenate(table), *packer.finish())

    def tensors(self) -> dict[str, NDArray[Any]]:
        """One tensor."""
        return {"of_cell": self.of_cell}


class GroupMap(CellMap):
    """A table of signatures for each group, and small numbers into it for its cells.

    A table lists its signatures by their first appearance in the group, so that equal maps are kept
    alike.

    Args:
        table: The tables of all groups.
        starts: Where each group's cells begin, and the number of cells.
        indptr: Where each group's table begins, and the length of all.
        block_starts: The first group of each block, and the number of groups.
        block: The local numbers of the groups of a block, one group after the other, each from a
            multiple of four bytes on.

    Shape: `starts, indptr: int64[n_groups + 1]`, `table: int32[n]`, `block(k): uint8[n_bytes]`.

    Cost: of a map on file, the first use of a block reads and hashes it (8 MB).
    """

    def __init__(
        self,
        table: NDArray[np.int32],
        starts: NDArray[np.int64],
        indptr: NDArray[np.int64],
        block_starts: NDArray[np.int64],
        block: Callable[[int], NDArray[np.uint8]],
    ) -> None:
        """Take the parts over and find where each group's numbers lie."""
        self._table, self._starts, self._indptr = table, starts, indptr
        self._block_starts, self._block = block_starts, block
        self._width = widths(np.diff(indptr))
        self._bytes = starts_of(padded(self._width * np.diff(starts)))

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return int(self._starts[-1])

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self._starts) - 1

    def of_group(self, group: int) -> NDArray[np.int32]:
        """Looked up in the group's table."""
        signatures, numbers = self.table_of(group)
        found: NDArray[np.int32] = signatures[numbers]
        return found

    def table_of(self, group: int) -> tuple[NDArray[np.int32], NDArray[np.integer]]:
        """Views of what is kept, by first appearance in the group."""
        if not 0 <= group < self.n_groups:
            raise IndexError(f"group {group:,} of {self.n_groups:,}")
        block = int(np.searchsorted(self._block_starts, group, side="right")) - 1
        signatures = self._table[self._indptr[group] : self._indptr[group + 1]]
        dtype = local_dtype(len(signatures))
        first = int(self._bytes[group] - self._bytes[self._block_starts[block]])
        n_bytes = int(self._starts[group + 1] - self._starts[group]) * dtype.itemsize
        return signatures, self._block(block)[first : first + n_bytes].view(dtype)

    def at(self, cells: NDArray[np.integer]) -> NDArray[np.int32]:
        """Looked up in the tables, in any order of cells."""
        order = np.argsort(cells, kind="stable")
        ascending = np.asarray(cells, np.int64)[order]
        if len(cells) and not 0 <= ascending[0] <= ascending[-1] < self.n_cells:
            raise IndexError(f"cells must lie from 0 to {self.n_cells - 1:,}")
        found = np.empty(len(cells), np.int32)
        for run in self._runs():
            ends = np.searchsorted(ascending, self._starts[[run.start, run.stop]])
            some = slice(*ends.tolist())
            if some.stop > some.start:
                table = self._table[self._indptr[run.start] : self._indptr[run.stop]]
                found[order[some]] = table[self._entries(run, ascending[some])]
        return found

    def whole(self) -> NDArray[np.int32]:
        """Made anew each time."""
        found = np.empty(self.n_cells, np.int32)
        for cells, signatures, numbers in self._groups():
            found[cells] = signatures[numbers]
        return found

    def cells(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Looked up group by group; the last place is for invalid cells."""
        holds = np.append(mask, False)[self._table]
        found = np.empty(self.n_cells, bool)
        for group, (cells, _, numbers) in enumerate(self._groups()):
            found[cells] = holds[self._indptr[group] : self._indptr[group + 1]][numbers]
        return found

    def on_counts(self, cells: NDArray[np.bool_], n_signatures: int) -> NDArray[np.int64]:
        """Summed over parts."""
        _, signatures, counts = self.parts(cells)
        return np.bincount(signatures, counts, minlength=n_signatures).astype(np.int64)

    def parts(self, cells: NDArray[np.bool_] | None = None) -> Parts:
        """Of all cells counted group by group; of some, by looking each up."""
        counts = np.zeros(len(self._table), np.int64)
        if cells is None:
            ends = self._indptr.tolist()
            for group, (_, signatures, numbers) in enumerate(self._groups()):
                own = np.bincount(numbers, minlength=len(signatures))
                counts[ends[group] : ends[group + 1]] = own
        else:
            for run in self._runs():
                first, last = self._starts[[run.start, run.stop]].tolist()
                entries = self._entries(run, np.flatnonzero(cells[first:last]) + first)
                begin, end = self._indptr[[run.start, run.stop]].tolist()
                counts[begin:end] = np.bincount(entries, minlength=end - begin)
        kept = np.flatnonzero((counts > 0) & (self._table != INVALID))
        groups = np.searchsorted(self._indptr, kept, side="right") - 1
        return Parts(groups, self._table[kept].astype(np.int64), counts[kept])

    def over(self, universe: Universe) -> CellMap:
        """Itself for images of these sizes, else a `FlatMap`."""
        sizes = np.diff(self._starts)
        if universe.kind == "pixels" and universe.n_groups == self.n_groups:
            n_each = universe.shape[1] * universe.shape[2]
            if (sizes == n_each).all():
                return self
        return FlatMap(self.whole()).over(universe)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Tables, and one tensor of bytes for each block."""
        blocks = range(len(self._block_starts) - 1)
        return {
            "cell_table": self._table,
            "cell_table_indptr": self._indptr,
            "cell_block_starts": self._block_starts,
            **{block_name(k): self._block(k) for k in blocks},
        }

    def packed(self, groups: NDArray[np.int64]) -> Iterator[tuple[NDArray[Any], ...]]:
        """Some groups, which ascend, block by block, as compiled functions read them.

        Yields:
            The groups of a block; its bytes, where each group's numbers begin in it, how many bytes
            each has; where the groups' tables begin and end, and all tables.
        """
        ends = np.searchsorted(groups, self._block_starts)
        for k in np.flatnonzero(np.diff(ends)).tolist():
            own = groups[ends[k] : ends[k + 1]]
            starts = self._bytes[own] - self._bytes[self._block_starts[k]]
            tables = self._indptr[own], self._indptr[own + 1], self._table
            yield own, self._block(k), starts, self._width[own], *tables

    def _groups(self) -> Iterator[tuple[slice, NDArray[np.int32], NDArray[np.integer]]]:
        """Cells, table and local numbers of each group."""
        starts = self._starts.tolist()
        for group in range(self.n_groups):
            yield slice(starts[group], starts[group + 1]), *self.table_of(group)

    def _runs(self) -> Iterator[slice]:
        """Consecutive groups of one block, of not many more than `RUN_CELLS` cells."""
        for first, last in pairwise(self._block_starts.tolist()):
            starts = self._starts[first : last + 1]
            steps = np.flatnonzero(np.diff(starts[:-1] // RUN_CELLS)) + 1
            for one in pairwise([first, *(first + steps).tolist(), last]):
                yield slice(*one)

    def _entries(self, run: slice, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place among the tables of a run of groups of the entry of each of some cells.

        The cells ascend, and lie in these groups. Nothing is looked up where there are none.
        """
        ends = np.searchsorted(cells, self._starts[run.start : run.stop + 1])
        n_of = np.diff(ends)
        found = np.repeat(self._indptr[run] - self._indptr[run.start], n_of)
        block = int(np.searchsorted(self._block_starts, run.start, side="right")) - 1
        first = self._bytes[self._block_starts[block]]
        width = self._width[run]
        for n_bytes, dtype in ((1, "u1"), (2, "<u2"), (4, "<i4")):
            of_width = np.where(width == n_bytes, n_of, 0)
            n = int(of_width.sum())
            if n:
                which = slice(None) if n == len(cells) else np.repeat(width == n_bytes, n_of)
                begin = (self._bytes[run] - first) // n_bytes - self._starts[run]
                places = cells[which] + np.repeat(begin, of_width)
                found[which] += self._block(block).view(dtype)[places]
        return found


def block_name(block: int) -> str:
    """Name of the tensor of a block."""
    return f"cells.{block}"
