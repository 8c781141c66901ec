"""From a layer's output to cells: what is kept, and whether it is what it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from logicx.banks.containers import as_booleans
from logicx.errors import DataError, OptionError
from logicx.probe.layouts import AXES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.banks.universe import Universe
    from logicx.probe.hooks import Output
    from logicx.probe.partfile import PartFile


class Patches(NamedTuple):
    """How the tokens of a vision transformer lie in an image.

    Args:
        height: Rows of patches.
        width: Patches in a row.
        skip: Tokens before the patches, such as [CLS].
    """

    height: int
    width: int
    skip: int = 0

    @staticmethod
    def of(grid: tuple[int, int] | None, skip: int) -> Patches | None:
        """The patches that are asked for, or None.

        Raises:
            OptionError: Their numbers mean nothing.
        """
        if grid is None:
            if skip:
                raise OptionError("skip_tokens means nothing without a grid", hint="set grid=14x14")
            return None
        if len(grid) != 2 or min(*grid, 1) < 1 or skip < 0:
            raise OptionError(
                f"a grid has a height and a width from 1, and skips tokens from 0, not {grid}, "
                f"{skip}",
                hint="such as grid=14x14 skip_tokens=1 for 14 x 14 patches after [CLS]",
            )
        return Patches(int(grid[0]), int(grid[1]), int(skip))


class Cells(NamedTuple):
    """The cells of a batch.

    Args:
        rows: Their activations, `float[n_cells, units]`.
        lengths: Where cells are tokens, how many each document has.
        map: Where cells are places of maps, height and width of a map; images one after the other,
            each row by row.
    """

    rows: NDArray[np.floating]
    lengths: tuple[int, ...] | None = None
    map: tuple[int, int] | None = None

    @property
    def kind(self) -> str:
        """What the layer gives."""
        return kind_of(self.lengths, self.map)


def kind_of(lengths: tuple[int, ...] | None, map_: tuple[int, int] | None) -> str:
    """Whether cells are rows, tokens or places of maps."""
    if map_ is not None:
        return "maps"
    return "rows" if lengths is None else "tokens"


def cells_of(
    output: Output, mask: Any, number: int, layout: str, patches: Patches | None = None
) -> Cells:
    """The activations of a batch's cells.

    Args:
        output: What the layer gave.
        mask: Which tokens are real, for an output with tokens.
        number: Of the batch, for errors.
        layout: What the axes of an output of three or four are; see `logicx.probe.layouts`.
        patches: How tokens lie in an image, if they are patches.

    Shape: `float[batch, units]`, or as the layout says.

    Raises:
        DataError: The output is no activations of rows, tokens or maps, or the mask does not fit.
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
    if values.ndim in (3, 4) and len(layout) != values.ndim:
        raise DataError(
            f"the layer gives {shape} in batch {number:,}, but the layout {layout} has "
            f"{len(layout)} axes: {AXES[layout]}",
            hint="set another layout, or name another layer",
        )
    if layout in ("bthd", "bhtd") and values.ndim == 4:
        values = (values if layout == "bthd" else values.movedim(1, 2)).flatten(2)
        layout = "btd"
    is_map = values.ndim == 4
    if is_map and patches is not None and not patches.skip:
        at = shape[2:] if layout == "nchw" else shape[1:3]
        if at == list(patches[:2]):
            patches = None
    is_flat = values.ndim == 2 or is_map
    if is_flat and (mask is not None or patches is not None):
        what = "a mask of tokens" if mask is not None else "a grid for its tokens"
        raise DataError(
            f"batch {number:,} has {what}, but the layer's output has none: {shape}",
            hint="leave it away, or name a layer before the tokens are joined",
        )
    if values.ndim == 2:
        return Cells(values.numpy())
    if is_map:
        return _places_of(values.movedim(1, 3) if layout == "nchw" else values, number)
    if values.ndim != 3:
        raise DataError(
            "the layer's output must be [batch, units], [batch, tokens, units] or "
            f"[batch, units, height, width], not {shape}",
            hint="name another layer",
        )
    if output.lengths is not None:
        layout = "btd"  # as packed sequences are padded
    if layout != "btd":
        values = values.movedim(1, 2) if layout == "bdt" else values.transpose(0, 1)
    if patches is not None:
        return _patches_of(values, mask, number, patches)
    if output.lengths is not None:
        mask = torch.arange(shape[1]) < output.lengths[:, None] if mask is None else mask
    if mask is None:
        raise DataError(
            f"the layer gives tokens, {shape}, but batch {number:,} does not say which are real",
            hint="give Batch(inputs, mask) with mask: bool[batch, tokens], false at padding; "
            "where nothing is padded, all true; patches of a vision transformer need a grid, such "
            "as grid=14x14",
        )
    real = as_booleans(mask, f"the mask of batch {number:,}", 2)
    expected = tuple(values.shape[:2])
    if real.shape != expected:
        is_turned = real.shape == expected[::-1] and layout == "btd"
        raise DataError(
            f"the mask of batch {number:,} is {list(real.shape)}, but must be {list(expected)} "
            f"for the layer's output {shape}",
            hint="it has a row for each document and a column for each token"
            + ("; if tokens are the output's first axis: batch_first=False" if is_turned else ""),
        )
    return Cells(values.numpy()[real], tuple(real.sum(axis=1).tolist()))


def _places_of(values: Tensor, number: int) -> Cells:
    """Cells of `float[batch, h, w, units]`."""
    _, height, width, n_units = values.shape
    if not height or not width:
        raise DataError(f"the layer gives empty maps in batch {number:,}: {height} x {width}")
    return Cells(values.reshape(-1, n_units).numpy(), map=(height, width))


def _patches_of(values: Tensor, mask: Any, number: int, patches: Patches) -> Cells:
    """Cells of `float[batch, tokens, units]`, whose tokens are patches of images."""
    n_tokens = patches.skip + patches.height * patches.width
    if values.shape[1] != n_tokens:
        raise DataError(
            f"the layer gives {values.shape[1]:,} tokens in batch {number:,}, but a grid of "
            f"{patches.height} x {patches.width} after {patches.skip} is {n_tokens:,}",
            hint="set grid to the patches of an image, and skip_tokens to what comes before them",
        )
    if mask is not None and not as_booleans(mask, f"the mask of batch {number:,}", 2).all():
        raise DataError(f"batch {number:,} has a mask with padding, but images have none")
    shape = (len(values), patches.height, patches.width, values.shape[2])
    return _places_of(values[:, patches.skip :].reshape(shape), number)


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


def check_places(universe: Universe | None, file: PartFile, cells: Cells) -> None:
    """Raise a `DataError` unless the next batch goes with those on file and with the universe."""
    number = len(file.kept)
    n_units = cells.rows.shape[1]
    if file.kept:
        before = kind_of(file.kept[0].lengths, file.kept[0].map)
        if cells.kind != before:
            raise DataError(
                f"the layer gives {cells.kind} in batch {number:,}, but {before} before it"
            )
        if cells.map != file.kept[0].map:
            now, then = ("{} x {}".format(*one) for one in (cells.map, file.kept[0].map) if one)
            raise DataError(
                f"the layer gives maps of {now} in batch {number:,}, but of {then} before it",
                hint="give the model images of one size: resize or crop them",
            )
        if n_units != file.n_units:
            raise DataError(
                f"the layer gives {n_units:,} units in batch {number:,}, but {file.n_units:,} "
                "before it",
                hint="name a layer whose units are of one number",
            )
    if universe is not None:
        _check_universe(universe, file, cells)


def _check_universe(universe: Universe, file: PartFile, cells: Cells) -> None:
    """Raise a `DataError` unless the next batch has the universe's next cells, or its images."""
    number = len(file.kept)
    hint = "record the data the bank was compiled from, in its order"
    kinds = {"rows": ("rows", "pairs"), "tokens": ("tokens",), "maps": ("pixels",)}
    if universe.kind not in kinds[cells.kind]:
        if universe.kind == "pixels":
            hint = "name a layer that gives [batch, units, height, width], such as a convolution; "
            hint += "or, of a vision transformer, set grid=14x14"
        raise DataError(f"the layer gives {cells.kind}, but the universe has {universe}", hint=hint)
    if cells.lengths is not None:
        first = file.n_documents
        stated = np.diff(universe.offsets[first : first + len(cells.lengths) + 1]).tolist()
        for i, (n, expected) in enumerate(zip(cells.lengths, stated, strict=False)):
            if n != expected:
                raise DataError(
                    f"document {first + i:,} (batch {number:,}) has {n:,} real tokens, but the "
                    f"universe has {expected:,} there",
                    hint=f"{hint}; special tokens, such as [CLS], are real in both or in neither",
                )
    n_each = 1 if cells.map is None else cells.map[0] * cells.map[1]
    n_given = (file.n_cells + len(cells.rows)) // n_each
    n_stated = universe.n_cells if cells.map is None else universe.n_groups
    if n_given > n_stated:
        what = "cells" if cells.map is None else "images"
        raise DataError(
            f"with batch {number:,} there are {n_given:,} {what}, but the universe has {universe}",
            hint=hint,
        )
