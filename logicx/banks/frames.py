"""Data frames: columns by name, from pandas, polars, pyarrow, or what speaks their protocols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from typing import Any

from logicx.errors import DataError

_SHOWN = 3
"""Labels of rows that a note names."""


def columns_of(table: Any) -> dict[str, Any] | None:
    """The columns of a frame, as it holds them; None where it is no frame.

    pandas and polars are asked for each column; others through Arrow's PyCapsule protocol or the
    dataframe interchange protocol, which need pyarrow.

    Raises:
        DataError: A name is given twice, or pyarrow is missing.
    """
    if getattr(table, "is_nested", False):
        raise DataError(
            "a nested tensor has no one shape", hint="pad it, or join its parts: torch.cat"
        )
    if not hasattr(table, "shape") and hasattr(table, "collect_schema"):
        raise DataError("a lazy frame holds no data yet", hint="collect it first: frame.collect()")
    if hasattr(table, "column_names") and hasattr(table, "column"):
        names, column = list(table.column_names), table.column
    elif hasattr(table, "columns") and hasattr(table, "__getitem__") and hasattr(table, "shape"):
        names, column = list(table.columns), table.__getitem__
    elif hasattr(table, "__arrow_c_stream__") and not hasattr(table, "__array__"):
        return columns_of(_by_arrow(table, is_stream=True))
    elif hasattr(table, "__dataframe__"):
        return columns_of(_by_arrow(table, is_stream=False))
    else:
        return None
    doubled = [name for name, n in Counter(map(str, names)).items() if n > 1]
    if doubled:
        raise DataError(f"the table names the column {doubled[0]!r} twice")
    return {str(name): column(name) for name in names}


def named_columns(values: Any) -> dict[str, Any] | None:
    """Columns by name, where values have names: a frame, a series, a mapping, a list of series.

    Raises:
        DataError: See `columns_of`.
    """
    if isinstance(values, Mapping):
        _refuse_doubled(values)
        return {str(name): column for name, column in values.items()}
    if _is_series(values):
        return None if values.name in (None, "") else {str(values.name): values}
    if isinstance(values, (list, tuple)) and values and all(map(_is_series, values)):
        names = [one.name for one in values]
        if all(name not in (None, "") for name in names):
            _refuse_doubled(names)
            return {str(one.name): one for one in values}
        return None
    return columns_of(values)


def table_columns(table: Any) -> dict[str, list[Any]]:
    """The columns of a frame or a mapping as lists of single values.

    Raises:
        DataError: It is neither, or a column is no list of single values.
    """
    columns = named_columns(table)
    if columns is None:
        raise DataError(
            f"a table is a data frame or a mapping of columns, not {type(table).__name__}",
            hint='such as {"color": ["red", "blue"]}',
        )
    return {name: _values(name, column) for name, column in columns.items()}


def row_labels(values: Any) -> tuple[str, ...]:
    """A note on rows of pandas whose numbers are in disorder, as after shuffling or sorting.

    Rows are cells in the order in which they lie; labels of rows are not looked at.

    Raises:
        DataError: Columns are series whose rows have other labels each.
    """
    parts = values.values() if isinstance(values, Mapping) else values
    several = isinstance(values, (Mapping, list, tuple)) and all(map(_is_series, parts))
    found = [_index_of(one) for one in (parts if several else [values])]
    labels = [one for one in found if one is not None]
    if len(labels) > 1 and not all(labels[0].equals(one) for one in labels[1:]):
        raise DataError(
            "the columns are series whose rows have different labels",
            hint="pandas.DataFrame joins them by label, reset_index(drop=True) takes them by place",
        )
    if not labels or labels[0].is_monotonic_increasing or labels[0].dtype.kind not in "iu":
        return ()
    shown = ", ".join(map(str, labels[0][:_SHOWN]))
    return (
        f"the rows are numbered {shown}, ... : they are taken in the order in which they lie, not "
        "by number (frame.sort_index() sorts them)",
    )


def _index_of(values: Any) -> Any:
    index = getattr(values, "index", None)
    return index if hasattr(index, "is_monotonic_increasing") else None


def _values(name: str, column: Any) -> list[Any]:
    if isinstance(column, (str, bytes, Mapping, Set)):
        raise DataError(f"column {name!r} must be a list of values, not a {type(column).__name__}")
    if getattr(column, "ndim", 1) != 1 or (hasattr(column, "detach") and column.dim() != 1):
        raise DataError(f"column {name!r} must have one axis, not shape {tuple(column.shape)}")
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, method):
            return list(getattr(column, method)())
    try:
        return list(column)
    except TypeError:
        raise DataError(
            f"column {name!r} must be a list of values, not {type(column).__name__}"
        ) from None


def _is_series(values: Any) -> bool:
    """Whether it is a column that may have a name, such as a series of pandas or polars."""
    return (
        hasattr(values, "name")
        and hasattr(values, "to_list")
        and len(getattr(values, "shape", ())) == 1
    )


def _refuse_doubled(names: Any) -> None:
    doubled = [name for name, n in Counter(map(str, names)).items() if n > 1]
    if doubled:
        raise DataError(f"the table names the column {doubled[0]!r} twice")


def _by_arrow(table: Any, is_stream: bool) -> Any:
    try:
        import pyarrow
        from pyarrow import interchange
    except ImportError as error:
        raise DataError(
            f"a {type(table).__name__} is read by pyarrow", hint='pip install "logicx[tables]"'
        ) from error
    try:
        return pyarrow.table(table) if is_stream else interchange.from_dataframe(table)
    except Exception as error:  # whatever the other library raises
        raise DataError(f"a {type(table).__name__} cannot be read as a table: {error}") from error
