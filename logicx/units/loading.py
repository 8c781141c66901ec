"""Units from files, whatever their format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.arrays import read_arrays, texts
from logicx.banks.tables import categories_of, numbers, read_table
from logicx.errors import DataError, FileError, in_file
from logicx.units.units import Units

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from logicx.units.thresholds import Threshold

SUFFIXES = (".units", ".csv", ".tsv", ".parquet", ".npy", ".npz", ".safetensors")


def open_units(
    path: str | Path,
    threshold: str | Threshold | None = None,
    *,
    unit_axis: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Units:
    """The units of a file.

    - `.units`: as they were saved; recorded activations are cut by the threshold, each unit when it
      is first used.
    - `.csv`, `.tsv`, `.parquet`: without a threshold, one unit per value of each column, such as
      `pred=entailment`; with one, each column holds the activations of a unit.
    - `.npy`, `.npz` (the array `activations`, or the only one; `names` if there), `.safetensors`
      (likewise): activations, cut by the threshold; boolean arrays are masks.

    Args:
        path: The file.
        threshold: See `Threshold`; for activations the default is `positive`.
        unit_axis: 0 for arrays `[n_units, n_cells]`, 1 for `[n_cells, n_units]`.
        progress: Called with units done and units in all.

    Raises:
        FileError: The file cannot be read.
        DataError: Its values are no activations.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not os.path.exists(path):
        raise FileError(f"no file {path}")
    if suffix == ".units":
        return Units.open(path, threshold)
    if suffix in (".csv", ".tsv", ".parquet"):
        return _from_table(path, threshold, progress)
    if suffix not in SUFFIXES:
        raise FileError(f"{path} holds no units: its name must end in {', '.join(SUFFIXES)}")
    arrays = read_arrays(path)
    names = arrays.pop("names", None)
    array = arrays.get("activations", next(iter(arrays.values())) if len(arrays) == 1 else None)
    if array is None:
        held = ", ".join(arrays) or "nothing"
        raise DataError(f"{path} holds {held}, but no array called activations")
    named = None if names is None else texts(names, "names")
    if array.dtype == bool:
        if threshold is not None:
            raise DataError(f"{path} holds masks", hint="leave threshold away")
        return Units.from_masks(array.T if unit_axis else array, named)
    return Units.from_activations(
        array, threshold or "positive", names=named, unit_axis=unit_axis, progress=progress
    )


def _from_table(
    path: Path, threshold: str | Threshold | None, progress: Callable[[int, int], None] | None
) -> Units:
    table = read_table(path)
    n_rows = len(next(iter(table.values()), ()))
    if not n_rows:
        raise DataError(f"{path} has no {'rows' if table else 'columns'}")
    if threshold is not None:
        with in_file(path, "leave threshold away where columns hold labels"):
            columns = np.array([numbers(name, values) for name, values in table.items()])
        return Units.from_activations(columns, threshold, names=list(table), progress=progress)
    names: list[str] = []
    masks: list[NDArray[np.bool_]] = []
    for name, values in table.items():
        with in_file(path, "to read numbers as activations, set a threshold, such as positive"):
            found = categories_of(name, values, "=")
        names += found
        masks += found.values()
    stacked = np.array(masks, dtype=bool).reshape(len(masks), n_rows)
    return Units.from_masks(stacked, names)
