"""From a layer's output to cells: what is kept, and whether it is what it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from logicx.bits import as_booleans
from logicx.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.probing.hooks import Output
    from logicx.probing.partfile import PartFile
    from logicx.universe import Universe

Lengths = tuple[int, ...] | None
"""Tokens of each document, or None where each cell is a row."""


def cells_of(
    output: Output, mask: Any, number: int, batch_first: bool
) -> tuple[NDArray[np.floating], tuple[int, ...] | None]:
    """The activations of a batch's cells, and how many tokens each document has.

    Other geometry, such as the maps of a convolution, has its place here.

    Args:
        output: What the layer gave.
        mask: Which tokens are real, for an output with tokens.
        number: Of the batch, for errors.
        batch_first: Whether documents are the first axis, or tokens.

    Shape: `float[batch, units]`, or `float[batch, tokens, units]` -> `float[n_cells, units]`.

    Raises:
        DataError: The output is no activations of rows or tokens, or the mask does not fit.
    """
    values = output.values
    is_dense = isinstance(values, Tensor) and not values.is_nested and not values.is_sparse
    if not is_dense or not values.is_floating_point():
        what = str(values.dtype) if is_dense else type(values).__name__
        raise DataError(
            f"the layer gives {what}, not activations",
            hint="name a layer that gives floats in a dense tensor, or a tuple with one first",
        )
    if values.dtype not in (torch.float32, torch.float64):
        values = values.float()  # NumPy has no bfloat16
    shape = list(values.shape)
    if values.ndim == 2:
        if mask is not None:
            raise DataError(
                f"batch {number:,} has a mask of tokens, but the layer's output has none: {shape}",
                hint="leave the mask away, or name a layer before the tokens are joined",
            )
        rows: NDArray[np.floating] = values.numpy()
        return rows, None
    if values.ndim != 3:
        raise DataError(
            f"the layer's output must be [batch, units] or [batch, tokens, units], not {shape}",
            hint="maps of a convolution are not recorded: name a layer after they are pooled"
            if values.ndim == 4
            else "name another layer",
        )
    if output.lengths is not None:
        batch_first = True  # as packed sequences are padded
        mask = torch.arange(shape[1]) < output.lengths[:, None] if mask is None else mask
    if mask is None:
        raise DataError(
            f"the layer gives tokens, {shape}, but batch {number:,} does not say which are real",
            hint="give Batch(inputs, mask) with mask: bool[batch, tokens], false at padding; "
            "where nothing is padded, all true",
        )
    if not batch_first:
        values = values.transpose(0, 1)
    real = as_booleans(mask, f"the mask of batch {number:,}", 2)
    expected = tuple(values.shape[:2])
    if real.shape != expected:
        is_turned = real.shape == expected[::-1] and batch_first
        raise DataError(
            f"the mask of batch {number:,} is {list(real.shape)}, but must be {list(expected)} "
            f"for the layer's output {shape}",
            hint="it has a row for each document and a column for each token"
            + ("; if tokens are the output's first axis: batch_first=False" if is_turned else ""),
        )
    return values.numpy()[real], tuple(real.sum(axis=1).tolist())


def as_kept(rows: NDArray[np.floating], file: PartFile) -> NDArray[np.floating]:
    """The rows of the next batch in the type that is kept.

    Raises:
        DataError: There is NaN or infinity, or a number that is too large for the type.
    """
    dtype = np.dtype(file.header["dtype"])
    with np.errstate(over="ignore"):
        kept = rows.astype(dtype)
    bad = ~np.isfinite(kept)
    if bad.any():
        bad = bad if np.isfinite(rows).all() else ~np.isfinite(rows)
        cell, unit = np.argwhere(bad)[0].tolist()
        value = rows[cell, unit]
        what = f"unit {unit} has the activation {value:g} at cell {file.n_cells + cell:,}"
        where = f"{what} (batch {len(file.kept):,})"
        if not np.isfinite(value):
            hint = "see what the model does on this batch; what was recorded before it stays"
            raise DataError(where, hint=hint)
        raise DataError(
            f"{where}, too large for {dtype}",
            hint="record as float32: dtype=float32" if dtype == np.float16 else "scale it down",
        )
    return kept


def check_places(
    universe: Universe | None, file: PartFile, rows: NDArray[np.floating], lengths: Lengths
) -> None:
    """Raise a `DataError` unless the next batch goes with those on file and with the universe."""
    number = len(file.kept)
    if file.kept and (lengths is None) != (file.kept[0].lengths is None):
        now, before = ("rows", "tokens") if lengths is None else ("tokens", "rows")
        raise DataError(f"the layer gives {now} in batch {number:,}, but {before} before it")
    if file.kept and rows.shape[1] != file.n_units:
        raise DataError(
            f"the layer gives {rows.shape[1]:,} units in batch {number:,}, but {file.n_units:,} "
            "before it",
            hint="name a layer whose last axis is of one size",
        )
    if universe is None:
        return
    hint = "record the data the bank was compiled from, in its order"
    if universe.kind not in (("rows", "pairs") if lengths is None else ("tokens",)):
        what = "rows" if lengths is None else "tokens"
        raise DataError(f"the layer gives {what}, but the universe has {universe}", hint=hint)
    if lengths is not None:
        first = file.n_documents
        stated = np.diff(universe.offsets[first : first + len(lengths) + 1]).tolist()
        for i, (n, expected) in enumerate(zip(lengths, stated, strict=False)):
            if n != expected:
                raise DataError(
                    f"document {first + i:,} (batch {number:,}) has {n:,} real tokens, but the "
                    f"universe has {expected:,} there",
                    hint=hint,
                )
    n_cells = file.n_cells + len(rows)
    if n_cells > universe.n_cells:
        raise DataError(
            f"with batch {number:,} there are {n_cells:,} cells, but the universe has {universe}",
            hint=hint,
        )
