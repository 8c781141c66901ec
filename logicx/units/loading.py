"""Units from files, whatever their format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from logicx.banks.arrays import read_activations, texts
from logicx.banks.tablefiles import SUFFIXES as TABLES
from logicx.banks.tablefiles import read_table, suffix_of
from logicx.errors import DataError, FileError
from logicx.units.columns import Missing, units_of_columns
from logicx.units.units import Units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logicx.units.thresholds import Threshold

SUFFIXES = (".units", *TABLES, ".npy", ".npz", ".safetensors")


def open_units(
    path: str | Path,
    threshold: str | Threshold | None = None,
    *,
    unit_axis: int | None = None,
    layout: str | None = None,
    header: bool | None = None,
    quotes: bool | None = None,
    missing: Missing | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Units:
    """The units of a file.

    - `.units`: as they were saved; recorded activations are cut by the threshold, each unit when it
      is first used.
    - `.csv`, `.tsv`, `.parquet`: without a threshold, one unit per value of each column, such as
      `pred=entailment`; with one, each column holds the activations of a unit. A column that only
      numbers the rows, such as the index that pandas writes, is left out, with a note.
    - `.npy`, `.npz` (the array `activations`, or the only one; `names` if there; or a sparse matrix
      as SciPy saves it), `.safetensors` (likewise): activations, cut by the threshold; boolean
      arrays are masks.

    Args:
        path: The file; a .csv or .tsv may be packed by gzip.
        threshold: See `Threshold`; for activations the default is `positive`.
        unit_axis: 0 for arrays `[n_units, n_cells]`, 1 for `[n_cells, n_units]`; by default 0.
        layout: Of an array with three or four axes what they are, such as `nchw` or `btd`; see
            `Units.from_activations`.
        header: Whether the first line of a .csv or .tsv names the columns; by default it does, and
            one that looks like data is refused.
        quotes: Whether quotation marks in a .csv or .tsv stand around fields; by default they do in
            a .csv, and belong to the text in a .tsv.
        missing: What becomes of missing values in a table (empty, `NA`, `NaN`, `null`, `none`; of
            labels also `-`, and `-1` beside whole numbers from 0 or names): `invalid`, the cell
            counts nowhere for that unit; `off`, it counts as not firing; `label`, what stands there
            is a label like others. The default is `invalid`, with a note.
        progress: Called with units done and units in all.

    Raises:
        FileError: The file cannot be read.
        DataError: Its values are no activations.
    """
    path = Path(path)
    suffix = suffix_of(path)
    if not os.path.exists(path):
        raise FileError(f"no file {path}")
    if suffix in TABLES:
        _refuse(path, {"layout": layout}, "arrays, and it is a table")
        if unit_axis == 0:
            raise DataError(
                f"{path} is a table, of which the units are the columns",
                hint="unit_axis=0 is for arrays; of a table that is turned, save an .npy",
            )
        table = read_table(
            path, has_header=header is not False, is_sure=header is not None, quotes=quotes
        )
        return units_of_columns(table, path, threshold, missing, progress)
    of_tables = {"header": header, "quotes": quotes, "missing": missing}
    _refuse(path, of_tables, "tables, and it is none")
    if suffix == ".units":
        _refuse(path, {"layout": layout}, "arrays, and it holds units")
        return Units.open(path, threshold)
    if suffix not in SUFFIXES:
        raise FileError(f"{path} holds no units: its name must end in {', '.join(SUFFIXES)}")
    array, names = read_activations(path)
    named = None if names is None else texts(names, "names")
    if array.dtype == bool:
        if threshold is not None:
            raise DataError(f"{path} holds masks", hint="leave threshold away")
        return Units.from_masks(array, named, unit_axis=unit_axis, layout=layout)
    return Units.from_activations(
        array,
        threshold or "positive",
        names=named,
        unit_axis=unit_axis,
        layout=layout,
        progress=progress,
    )


def _refuse(path: Path, options: Mapping[str, object], why: str) -> None:
    """Refuse options that mean nothing for a file."""
    for name, value in options.items():
        if value is not None:
            raise DataError(f"{path}: {name} is for {why}", hint=f"leave {name} away")
