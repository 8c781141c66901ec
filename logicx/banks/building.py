"""What a bank is built of, checked: names, relations, and the concepts of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.cellmap import INVALID, GroupMap
from logicx.banks.containers import as_booleans
from logicx.banks.packing import Packer, by_appearance
from logicx.banks.signatures import GroupCells, Incidence, SignatureBuilder, Signatures
from logicx.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from logicx.banks.universe import Universe


def signatures_of_masks(
    masks: NDArray[np.bool_], valid: Any, bits_at_once: int
) -> tuple[Signatures, int]:
    """Signatures of `bool[n_concepts, n_cells]`, and the number of cells."""
    n_concepts, n_cells = masks.shape
    labelled = None if valid is None else as_booleans(valid, "valid", 1)
    if labelled is not None and len(labelled) != n_cells:
        raise DataError(f"valid has {len(labelled):,} cells, the masks have {n_cells:,}")
    builder = SignatureBuilder(n_concepts)
    step = max(1, bits_at_once // max(1, n_concepts))
    for start in range(0, n_cells, step):
        part = slice(start, start + step)
        cells = Incidence.of_masks(masks[:, part])
        builder.add(cells, None if labelled is None else labelled[part])
    return builder.finish(), n_cells


def signatures_of_sparse(cells: Any, n_concepts: int, valid: Any) -> tuple[Signatures, int]:
    """Signatures of sparse matrices of consecutive cells, one or several, and their cells."""
    chunks: Iterable[Any] = [cells] if hasattr(cells, "indptr") else cells
    labelled = None if valid is None else as_booleans(valid, "valid", 1)
    builder = SignatureBuilder(n_concepts)
    n_cells = 0
    for chunk in chunks:
        part = _rows_of(chunk, n_concepts, n_cells)
        first, n_cells = n_cells, n_cells + part.n_rows
        if labelled is not None and len(labelled) < n_cells:
            break
        builder.add(part, None if labelled is None else labelled[first:n_cells])
    if labelled is not None and len(labelled) != n_cells:
        least = "at least " if len(labelled) < n_cells else ""
        raise DataError(f"valid has {len(labelled):,} cells, the matrix has {least}{n_cells:,}")
    return builder.finish(), n_cells


def _rows_of(chunk: Any, n_concepts: int, n_before: int) -> Incidence:
    """The rows of a sparse matrix, checked."""
    shape = getattr(chunk, "shape", None)
    if not hasattr(chunk, "indptr") or getattr(chunk, "format", "csr") != "csr":
        raise DataError(
            f"cells must be sparse rows with indptr and indices, not {type(chunk).__name__}",
            hint="with SciPy: scipy.sparse.csr_array(masks.T)",
        )
    if shape is not None and shape[1] != n_concepts:
        raise DataError(f"{n_concepts:,} names but the matrix has {shape[1]:,} columns")
    part, disordered = _checked(chunk.indptr, chunk.indices, n_concepts)
    if disordered is not None:
        raise DataError(
            f"the concepts of cell {n_before + disordered:,} are not ascending and distinct",
            hint="with SciPy: matrix.sum_duplicates()",
        )
    if not np.all(getattr(chunk, "data", True)):
        raise DataError("the matrix stores zeros", hint="with SciPy: matrix.eliminate_zeros()")
    return part


def _checked(
    starts: Any, entries: Any, n_concepts: int, where: str = ""
) -> tuple[Incidence, int | None]:
    """Rows of concepts, and the first that is not ascending and distinct."""
    indptr = np.asarray(starts, np.int64)
    indices = np.asarray(entries)
    lengths = np.diff(indptr)
    if not len(indptr) or indptr[0] or (lengths < 0).any() or indptr[-1] != len(indices):
        raise DataError(
            f"{where}indptr must begin at 0, never fall, and end at the number of indices"
        )
    if len(indices) and not 0 <= indices.min() <= indices.max() < n_concepts:
        raise DataError(f"{where}indices must lie from 0 to {n_concepts - 1}, one for each name")
    rises = np.ones(len(indices), bool)
    rises[1:] = indices[1:] > indices[:-1]
    rises[indptr[:-1][lengths > 0]] = True
    disordered = None
    if not rises.all():
        disordered = int(np.searchsorted(indptr, int(np.argmin(rises)), side="right")) - 1
    return Incidence(indptr, indices.astype(np.int32, copy=False)), disordered


def signatures_of_groups(
    groups: Iterable[GroupCells], n_concepts: int, universe: Universe | None
) -> Signatures:
    """Signatures of groups of cells that come one by one."""
    builder = GroupBuilder(n_concepts, universe)
    for group in groups:
        builder.add_group(group)
    return builder.finish()


class GroupBuilder:
    """Signatures of groups of cells, in one pass: only a group's distinct sets are filed.

    Args:
        n_concepts: Number of concepts.
        universe: The cells, where they are known beforehand.
        keys: As of `SignatureBuilder`.

    Cost: one or two bytes a cell, and what `SignatureBuilder` takes for the sets.
    """

    def __init__(
        self,
        n_concepts: int,
        universe: Universe | None = None,
        keys: NDArray[np.uint64] | None = None,
    ) -> None:
        """Start with no group."""
        self._n_concepts, self._universe = n_concepts, universe
        self._n_groups = 0
        self.sets = SignatureBuilder(n_concepts, keys)
        self._packer = Packer()
        self._is_valid = [np.zeros(0, bool)]
        self._counts = [np.zeros(0, np.int64)]

    def add_group(self, group: GroupCells) -> None:
        """Take the next group.

        Raises:
            DataError: Shapes or values do not fit.
        """
        sets, codes = self._codes(group)
        order, numbers = by_appearance(codes, sets.n_rows + 1)
        is_valid = order < sets.n_rows
        self.sets.add(sets.rows(order[is_valid]))
        self._is_valid.append(is_valid)
        self._counts.append(np.bincount(numbers, minlength=len(order))[is_valid])
        self._packer.add(numbers, len(order))
        self._n_groups += 1

    def finish(self) -> Signatures:
        """All signatures of the groups so far."""
        found = self.sets.finish()
        is_valid = np.concatenate(self._is_valid)
        table = np.full(len(is_valid), INVALID, np.int32)
        table[is_valid] = found.of_cell
        counts = np.concatenate(self._counts)
        size = np.bincount(found.of_cell, counts, minlength=len(found.size)).astype(np.int64)
        return Signatures(size, found.concepts, GroupMap(table, *self._packer.finish()))

    def _codes(self, group: GroupCells) -> tuple[Incidence, NDArray[np.integer]]:
        """The group's sets, and of each cell the first such set, or their number where invalid."""
        what = f"group {self._n_groups:,}"
        rows, n_concepts = group.sets, self._n_concepts
        sets, disordered = _checked(rows.indptr, rows.indices, n_concepts, f"{what}: ")
        if disordered is not None:
            raise DataError(
                f"{what}: the concepts of its set {disordered:,} are not ascending and distinct"
            )
        codes = np.asarray(group.numbers).reshape(-1)
        if codes.dtype.kind not in "iu":
            raise DataError(f"{what}: numbers of sets must be integers, not {codes.dtype}")
        self._check_size(what, len(codes))
        valid = None if group.valid is None else as_booleans(group.valid, "valid", 1)
        if valid is not None and len(valid) != len(codes):
            raise DataError(f"{what} has {len(codes):,} cells, its valid has {len(valid):,}")
        n = sets.n_rows
        counted = codes if valid is None else codes[valid]
        if len(counted) and not 0 <= counted.min() <= counted.max() < n:
            raise DataError(f"{what}: numbers of its {n:,} sets must lie from 0 to {n - 1:,}")
        if valid is not None and len(counted) < len(codes):
            codes = np.where(valid, codes, np.int64(n))
        first = np.append(self.sets.first_alike(sets), n)
        return sets, codes if (first == np.arange(n + 1)).all() else first[codes]

    def _check_size(self, what: str, n_cells: int) -> None:
        universe = self._universe
        if universe is None or universe.kind not in ("pixels", "tokens"):
            return
        if self._n_groups == universe.n_groups:
            raise DataError(f"there are more groups than in a universe of {universe}")
        cells = universe.cells_of(self._n_groups)
        if n_cells != cells.stop - cells.start:
            raise DataError(f"{what} has {n_cells:,} cells in a universe of {universe}")
