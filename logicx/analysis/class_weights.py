"""How much each unit speaks for each class: the weights of the layer that follows the units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logicx.banks.arrays import read_arrays
from logicx.banks.tablefiles import read_table
from logicx.banks.values import numbers
from logicx.errors import DataError, FileError, in_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.units.units import Units

UNIT = "unit"
"""The column of a table of weights that names units."""
ARRAYS = (".npy", ".npz", ".safetensors")
TABLES = (".csv", ".tsv", ".parquet")


class ClassWeights(NamedTuple):
    """A weight for each unit and class.

    Args:
        classes: Names of the classes.
        values: The weights.
        notes: What a person should know of how they were read.

    Shape: `values: float64[n_units, n_classes]`.
    """

    classes: tuple[str, ...]
    values: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    def of(self, number: int) -> dict[str, float]:
        """The weights of the unit of this number, by class."""
        return dict(zip(self.classes, self.values[number].tolist(), strict=True))


def read_class_weights(
    path: str | Path, units: Units, classes: Sequence[str] | None = None
) -> ClassWeights:
    """The weights of a file, one row for each unit.

    - `.csv`, `.tsv`, `.parquet`: a column for each class, a row for each unit, in their order or
      named in a column `unit`.
    - `.npy`, `.npz`, `.safetensors`: the array `weights` or `weight`, or the only one with two
      axes: `[n_classes, n_units]` as torch keeps them, or `[n_units, n_classes]`.

    Args:
        path: The file.
        units: The units; those that ranges made of one share its weights.
        classes: Names of the classes, for arrays; by default `class 0` and so on.

    Raises:
        FileError: The file cannot be read.
        DataError: Its shape is not that of the units, or it holds what is no finite number.
    """
    path = Path(path)
    own = [_recorded(units, name) for name in units.names]
    recorded = list(dict.fromkeys(own))
    suffix = path.suffix.lower()
    if suffix in TABLES:
        if classes is not None:
            raise DataError(f"{path} names its classes itself", hint="leave classes away")
        found = _of_table(path, recorded)
    elif suffix in ARRAYS:
        found = _of_array(path, len(recorded), classes)
    else:
        raise FileError(
            f"{path} holds no weights: its name must end in {', '.join((*TABLES, *ARRAYS))}"
        )
    if not np.isfinite(found.values).all():
        row, column = np.argwhere(~np.isfinite(found.values))[0]
        raise DataError(
            f"{path}: the weight of unit {recorded[row]!r} for {found.classes[column]!r} "
            "is missing or no finite number"
        )
    place = {name: i for i, name in enumerate(recorded)}
    return found._replace(values=found.values[[place[name] for name in own]])


def _recorded(units: Units, name: str) -> str:
    """The unit that was recorded, of which `ranges` may have made several."""
    return name.rpartition("#")[0] if units.threshold.startswith("ranges") else name


def _of_table(path: Path, recorded: Sequence[str]) -> ClassWeights:
    table = read_table(path)
    named = table.pop(UNIT, None)
    columns = table.data(path)
    if not columns:
        raise DataError(f"{path} has no column for a class")
    with in_file(path, "a table of weights holds a number for each unit and class"):
        values = np.array([numbers(name, rows) for name, rows in columns.items()], np.float64).T
    if named is None:
        if len(values) != len(recorded):
            raise DataError(
                f"{path} has {len(values):,} rows of weights, but there are "
                f"{len(recorded):,} units",
                hint=f"give a row for each unit in their order, or name them in a column {UNIT!r}",
            )
        return ClassWeights(tuple(columns), values)
    rows = {str(name): i for i, name in enumerate(named)}
    if len(rows) < len(named):
        doubled = next(str(one) for i, one in enumerate(named) if rows[str(one)] != i)
        raise DataError(f"{path} gives the weights of unit {doubled!r} twice")
    missing = [name for name in recorded if name not in rows]
    if missing:
        raise DataError(
            f"{path} has no weights of unit {missing[0]!r}"
            + (f" and of {len(missing) - 1:,} others" if len(missing) > 1 else ""),
            hint=f"its column {UNIT!r} must name every unit: logicx units units=FILE",
        )
    return ClassWeights(tuple(columns), values[[rows[name] for name in recorded]])


def _of_array(path: Path, n_units: int, classes: Sequence[str] | None) -> ClassWeights:
    arrays = read_arrays(path)
    flat = {name: one for name, one in arrays.items() if one.ndim == 2 and one.dtype.kind in "fiu"}
    array = flat.get("weights", flat.get("weight"))
    if array is None and len(flat) == 1:
        array = next(iter(flat.values()))
    if array is None:
        shapes = ", ".join(f"{name or 'one'} {one.shape}" for name, one in arrays.items())
        raise DataError(
            f"{path} does not hold one array of weights with 2 axes, but {shapes or 'nothing'}",
            hint="call it weights",
        )
    notes: tuple[str, ...] = ()
    if array.shape == (n_units, n_units) and n_units > 1:
        notes = (
            f"{path} holds weights of shape {list(array.shape)}: they are taken as [classes, "
            f"units], as torch keeps them; a table with a column {UNIT!r} leaves no doubt",
        )
    if array.shape[1] == n_units:
        array = array.T
    if len(array) != n_units:
        raise DataError(
            f"{path} holds weights of shape {array.shape}, but there are {n_units:,} units",
            hint="it must be [n_classes, n_units], as torch keeps it, or [n_units, n_classes]",
        )
    n_classes = array.shape[1]
    if classes is None:
        classes = [f"class {i}" for i in range(n_classes)]
    if len(classes) != n_classes or len(set(classes)) != n_classes:
        raise DataError(
            f"{path} holds weights for {n_classes:,} classes, not for: {', '.join(classes)}",
            hint="name each class once, in the order of the array",
        )
    return ClassWeights(tuple(classes), np.asarray(array, np.float64), notes)
