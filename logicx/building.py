"""What a bank is built of, checked: names, relations, and the concepts of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.bits import as_booleans
from logicx.errors import DataError
from logicx.signatures import Incidence, SignatureBuilder, Signatures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


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
    indptr = np.asarray(chunk.indptr, np.int64)
    indices = np.asarray(chunk.indices)
    lengths = np.diff(indptr)
    if not len(indptr) or indptr[0] or (lengths < 0).any() or indptr[-1] != len(indices):
        raise DataError("indptr must begin at 0, never fall, and end at the number of indices")
    if len(indices) and not 0 <= indices.min() <= indices.max() < n_concepts:
        raise DataError(f"indices must lie from 0 to {n_concepts - 1}, one for each name")
    rises = np.ones(len(indices), bool)
    rises[1:] = indices[1:] > indices[:-1]
    rises[indptr[:-1][lengths > 0]] = True
    if not rises.all():
        row = int(np.searchsorted(indptr, int(np.argmin(rises)), side="right")) - 1
        raise DataError(
            f"the concepts of cell {n_before + row:,} are not ascending and distinct",
            hint="with SciPy: matrix.sum_duplicates()",
        )
    if not np.all(getattr(chunk, "data", True)):
        raise DataError("the matrix stores zeros", hint="with SciPy: matrix.eliminate_zeros()")
    return Incidence(indptr, indices.astype(np.int32, copy=False))
