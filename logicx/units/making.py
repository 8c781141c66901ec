"""Masks of units from arrays and columns, with the cells at which each unit is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.bits import Words, n_words, pack
from logicx.banks.containers import as_booleans, as_names, masked
from logicx.banks.frames import named_columns, row_labels
from logicx.banks.naming import look_alike
from logicx.errors import DataError, is_plain_text
from logicx.language.numerals import MOST_EXACT
from logicx.language.spelling import tidy
from logicx.units.activations import ranges_of
from logicx.units.axes import turned
from logicx.units.forms import CellMasks, Validity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from logicx.banks.universe import Universe
    from logicx.units.thresholds import Threshold


class Rows(NamedTuple):
    """Values of units, one row each, and where they are known.

    Args:
        values: An array, or one array for each unit.
        known: For each unit the cells at which it is known; None where that is all.
        names: Names of the units, if the values have any.
        n_cells: Number of cells.
        universe: The cells, where the layout of an array says what they are.
        note: What the axes of an array were taken for, where that could be doubted.

    Shape: each row may have several axes, all of cells, in order.
    """

    values: Sequence[NDArray[Any]] | NDArray[Any]
    known: Sequence[NDArray[np.bool_] | None]
    names: list[str] | None
    n_cells: int
    universe: Universe | None = None
    note: str = ""


class Made(NamedTuple):
    """Units that are cut: names, masks, and where each was cut."""

    names: list[str]
    held: CellMasks
    cut: list[str]


def rows_of(values: Any, what: str, unit_axis: int | None, layout: str | None = None) -> Rows:
    """The values of units: of a frame, series or mapping the columns, of an array its rows.

    Args:
        values: What was given.
        what: What to call it in errors.
        unit_axis: 0 where an array is `[n_units, n_cells]`, 1 where `[n_cells, n_units]`; by
            default 0, and 1 of a frame.
        layout: What the axes of an array with more are; see `axes.LAYOUTS`.

    Raises:
        DataError: It has other axes, or what is missing cannot be told.
    """
    if unit_axis not in (None, 0, 1):
        raise DataError(f"unit_axis is 0 or 1, not {unit_axis}")
    columns = None if unit_axis == 0 and hasattr(values, "columns") else named_columns(values)
    if columns is not None:
        if layout is not None:
            raise DataError(f"layout is for arrays, and {what} are columns", hint="leave it away")
        read = [masked(one, f"{what}, column {name!r}") for name, one in columns.items()]
        lengths = {array.shape for array, _ in read}
        if len(lengths) > 1 or any(len(one) != 1 for one in lengths):
            raise DataError(f"{what}: columns have the shapes {sorted(lengths)}")
        n_cells = lengths.pop()[0] if lengths else 0
        note = "".join(row_labels(values))
        return Rows(
            [one for one, _ in read], [one for _, one in read], list(columns), n_cells, note=note
        )
    array, present = masked(values, what)
    found = turned(array, what, unit_axis, layout)
    n_units, *cells = found.values.shape
    known: list[NDArray[np.bool_] | None] = [None] * n_units
    if present is not None:
        known = [one.reshape(-1) for one in turned(present, what, unit_axis, layout).values]
    return Rows(found.values, known, None, math.prod(cells), found.universe, found.note)


def masks_of(rows: Rows) -> CellMasks:
    """Masks that are given as such.

    Raises:
        DataError: Values are neither true nor false.
    """
    words: list[Words] = []
    for row, known in zip(rows.values, rows.known, strict=True):
        mask = as_booleans(np.asarray(row).reshape(-1), "unit masks", 1)
        words.append(pack(mask if known is None else mask & known))
    return _held(words, rows.known, rows.n_cells)


def cut_rows(
    rows: Rows,
    names: Sequence[str],
    rule: Threshold,
    counting: NDArray[np.bool_] | None,
    progress: Callable[[int, int], None] | None,
) -> Made:
    """Activations cut by a threshold, one unit at a time.

    Args:
        rows: The activations.
        names: Names of the units.
        rule: The threshold.
        counting: Cells that count for it; by default all.
        progress: Called with units done and units in all.

    Raises:
        DataError: They are no numbers, or NaN or infinity is among them.
    """
    found: list[str] = []
    words, cut = [], []
    known_of: list[NDArray[np.bool_] | None] = []
    for i, name in enumerate(names):
        row, known = np.asarray(rows.values[i]).reshape(-1), rows.known[i]
        _check_exact(name, row)
        counted = counting
        if known is not None:
            row = np.where(known, row, 0)
            counted = known if counting is None else known & counting
        found += rule.names(name)
        for one in ranges_of(name, row, rule, counted):
            mask = one.mask(row)
            words.append(pack(mask if known is None else mask & known))
            known_of.append(known)
            cut.append(str(one))
        if progress:
            progress(i + 1, len(names))
    return Made(found, _held(words, known_of, rows.n_cells), cut)


def check_numbers(rows: Rows) -> None:
    """Raise a `DataError` unless all values are numbers."""
    arrays = [rows.values] if isinstance(rows.values, np.ndarray) else rows.values
    for array in arrays:
        if array.dtype.kind not in "fiu":
            raise DataError(
                f"activations must be numbers with 2 axes, not {array.dtype} of shape {array.shape}"
            )


def as_mask_of_cells(valid: Any, n_cells: int) -> NDArray[np.bool_] | None:
    """The cells that count for a threshold.

    Raises:
        DataError: There are more or fewer.
    """
    counting = None if valid is None else as_booleans(valid, "valid", 1)
    if counting is not None and len(counting) != n_cells:
        raise DataError(f"valid has {len(counting):,} cells, the activations have {n_cells:,}")
    return counting


def unit_names(names: Any, own: Sequence[str] | None, n: int) -> list[str]:
    """Names of units as given, else as their values have them, else their numbers.

    Raises:
        DataError: There are more or fewer; or they are no names, or look the same.
    """
    if names is None:
        names = own
    if names is None:
        return [str(i) for i in range(n)]
    given = as_names(names, "names")
    if len(given) != n:
        raise DataError(f"{n:,} units but {len(given):,} names")
    for one in given:
        if isinstance(one, (bool, np.bool_)) or not isinstance(one, (str, int, np.integer)):
            raise DataError(f"a unit's name must be printable text, not {one!r}")
    texts = [str(one) for one in given]
    found = [tidy(one) for one in texts]
    if len(set(found)) < len(set(texts)):
        raise look_alike("the list of names", set(texts))
    return found


def check_unit_names(names: Sequence[str]) -> None:
    """Raise a `DataError` at the first name that cannot be one, or is given twice."""
    seen: set[str] = set()
    for name in names:
        if not is_plain_text(name):
            raise DataError(f"a unit's name must be printable text, not {name!r}")
        if name in seen:
            raise DataError(f"the unit name {name!r} is given twice")
        seen.add(name)


def universe_of(rows: Rows, universe: Universe | None) -> Universe | None:
    """The cells of some values: those that the caller names, else those that their layout says.

    Raises:
        DataError: They are not as many as the caller names.
        UniverseError: The layout says other images or documents than the caller.
    """
    if universe is None:
        return rows.universe
    if universe.n_cells != rows.n_cells:
        raise DataError(f"{rows.n_cells:,} cells were given for a universe of {universe}")
    if rows.universe is not None and universe.kind in ("tokens", "pixels"):
        universe.check_same(rows.universe, "the universe", "the array")
    return universe


def _held(
    words: Sequence[Words], known: Sequence[NDArray[np.bool_] | None], n_cells: int
) -> CellMasks:
    packed = np.array(words, np.uint64).reshape(len(words), n_words(n_cells))
    return CellMasks(packed, n_cells, Validity.of(known, n_cells))


def _check_exact(name: str, row: NDArray[Any]) -> None:
    """Refuse whole numbers that a threshold, which is a float, could not tell apart."""
    if row.dtype.kind in "iu" and row.dtype.itemsize == 8 and len(row):
        low, high = int(row.min()), int(row.max())
        if max(high, -low) > MOST_EXACT:
            raise DataError(
                f"unit {name!r} has the activation {high if high > MOST_EXACT else low}, more than "
                "numbers with a point keep exactly",
                hint="are these ids, not activations? else convert them to floats",
            )
