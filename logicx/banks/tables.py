"""Tables: columns of a CSV or Parquet file, and the concepts made of them."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, FileError, OptionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

KINDS = ("category", "boolean", "quantiles")
TRUE = frozenset({"true", "1", "yes", "t", "y"})
FALSE = frozenset({"false", "0", "no", "f", "n"})
MISSING = frozenset({"", "na", "nan", "null", "none"})
MAX_VALUES = 1000
"""Most different values of a category column: more are taken for a mistake."""


@dataclass(frozen=True)
class Column:
    """How a column becomes concepts.

    Args:
        kind: `category` (a concept per value, `color:red`), `boolean` (one concept, the column's
            name) or `quantiles` (`age:q1`, `age:q2`, ... of nearly equal size).
        bins: Number of quantile bins.
    """

    kind: str
    bins: int = 4

    def __post_init__(self) -> None:
        """Refuse a kind or a number of bins that means nothing."""
        if self.kind not in KINDS:
            raise OptionError(f"column kind {self.kind!r} is not one of {', '.join(KINDS)}")
        if type(self.bins) is not int or not 2 <= self.bins <= 100:
            raise OptionError(f"a column is cut into 2 to 100 quantile bins, not {self.bins!r}")


def read_table(path: Path, has_header: bool = True, form: str = "") -> dict[str, list[Any]]:
    """The columns of a `.csv`, `.tsv` or `.parquet` file.

    Args:
        path: The file. In a .tsv, quotation marks are ordinary characters.
        has_header: Whether the first line names the columns; else they are `1`, `2`, ...
        form: What the file is, where its name does not say, such as `.tsv`.

    Raises:
        FileError: The file is missing, is no table, or has rows of different length.
    """
    suffix = form or path.suffix.lower()
    if not os.path.isfile(path):
        raise FileError(f"no file {path}")
    if suffix == ".parquet":
        return _read_parquet(path)
    if suffix not in (".csv", ".tsv"):
        raise FileError(f"{path} is no table: its name must end in .csv, .tsv or .parquet")
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            reader = (
                csv.reader(opened, delimiter="\t", quoting=csv.QUOTE_NONE)
                if suffix == ".tsv"
                else csv.reader(opened, strict=True)
            )
            rows = [(reader.line_num, row) for row in reader]
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error
    except csv.Error as error:
        raise FileError(f"{path}, line {reader.line_num}: {error}") from error
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from error
    while rows and not rows[0][1]:  # blank lines at the start and the end are no rows
        rows.pop(0)
    while rows and not rows[-1][1]:
        rows.pop()
    if not rows:
        raise FileError(f"{path} is empty")
    first = rows[0][1]
    if len(first) == 1:  # a blank line is a row whose one field is empty
        rows = [(line, row or [""]) for line, row in rows]
    else:
        rows = [(line, row) for line, row in rows if row]
    header = first if has_header else [str(i + 1) for i in range(len(first))]
    doubled = {name for name in header if header.count(name) > 1}
    if doubled:
        raise FileError(f"{path} names the column {sorted(doubled)[0]!r} twice")
    body = rows[1:] if has_header else rows
    ragged = [(line, len(row)) for line, row in body if len(row) != len(header)]
    if ragged:
        line, n = ragged[0]
        raise FileError(
            f"{path}, line {line}: {n} fields where the first line has {len(header)}"
            + (f" (and {len(ragged) - 1} more such lines)" if len(ragged) > 1 else ""),
            hint="a field that holds the separator must be in quotes",
        )
    return {name: [row[i] for _, row in body] for i, name in enumerate(header)}


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, which end at line feeds and carriage returns only.

    Raises:
        FileError: It cannot be read, or is not UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise FileError(f"no file {path}") from None
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from error
    return lines if lines[-1] else lines[:-1]


def _not_utf8(path: Path, error: UnicodeDecodeError) -> FileError:
    text = path.read_bytes()  # a decoder that reads in pieces counts from its own piece
    try:
        text.decode("utf-8-sig")
    except UnicodeDecodeError as found:
        error = found
    line = text.count(b"\n", 0, error.start) + 1
    return FileError(f"{path} is not UTF-8 text (byte {error.start}), see line {line:,}")


def _read_parquet(path: Path) -> dict[str, list[Any]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise FileError(
            f"{path}: reading Parquet needs pyarrow", hint='pip install "logicx[tables]"'
        ) from error
    try:
        table = parquet.read_table(path)
        return {name: table.column(name).to_pylist() for name in table.column_names}
    except (ArrowException, OSError, ValueError, OverflowError) as error:  # dates out of range, ...
        raise FileError(f"{path} is no readable Parquet file ({error})") from error


def concepts_of_columns(
    table: Mapping[str, Sequence[Any]], columns: Mapping[str, Column]
) -> tuple[list[str], list[str], NDArray[np.bool_], dict[str, Any]]:
    """Names, categories and masks of the concepts that the columns make, and what was cut where.

    Shape: masks are `bool[n_concepts, n_rows]`; a missing value belongs to no concept.

    Raises:
        DataError: A column is missing, or its values are not of its kind.
    """
    names: list[str] = []
    categories: list[str] = []
    masks: list[NDArray[np.bool_]] = []
    edges: dict[str, Any] = {}
    known = {str(key): key for key in table}
    n_rows = max((len(values) for values in table.values()), default=0)
    for name, column in columns.items():
        if name not in known:
            hint = did_you_mean(str(name), known) or f"it has: {', '.join([*known][:20])}"
            raise DataError(f"the table has no column {name!r}", hint=hint)
        values = list(table[known[name]])
        if len(values) != n_rows:
            raise DataError(f"column {name!r} has {len(values):,} of the table's {n_rows:,} rows")
        if column.kind == "boolean":
            found = {name: _booleans(name, values)}
        elif column.kind == "category":
            found = categories_of(name, values, ":")
        else:
            found, edges[name] = _quantiles(name, values, column.bins)
        names += found
        categories += [name] * len(found)
        masks += found.values()
    stacked = np.array(masks, dtype=bool) if masks else np.zeros((0, n_rows), bool)
    return names, categories, stacked, edges


def categories_of(name: str, values: Sequence[Any], joint: str) -> dict[str, NDArray[np.bool_]]:
    """One mask per value of a column, in order of the values."""
    texts = np.array([_text(value) for value in values], dtype=object)
    kinds = sorted({one for one in texts.tolist() if one.casefold() not in MISSING})
    if len(kinds) > MAX_VALUES:
        raise DataError(
            f"column {name!r} has {len(kinds):,} different values, more than {MAX_VALUES:,}",
            hint="cut numbers into bins: kind = 'quantiles'",
        )
    return {f"{name}{joint}{one}": np.asarray(texts == one, dtype=bool) for one in kinds}


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    return " ".join(str(value).split())


def _booleans(name: str, values: Sequence[Any]) -> NDArray[np.bool_]:
    texts = [_text(value).casefold() for value in values]
    for row, text in enumerate(texts):
        if text not in TRUE | FALSE | MISSING:
            raise DataError(
                f"column {name!r}, row {row + 1}: {values[row]!r} is neither true nor false"
            )
    return np.array([text in TRUE for text in texts], dtype=bool)


def numbers(name: str, values: Sequence[Any]) -> NDArray[np.float64]:
    """A column as numbers, missing values as NaN."""
    found = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        text = _text(value)
        if text.casefold() not in MISSING:
            try:
                found[row] = float(text)
            except ValueError:
                raise DataError(
                    f"column {name!r}, row {row + 1}: {value!r} is not a number"
                ) from None
    return found


def _quantiles(
    name: str, values: Sequence[Any], bins: int
) -> tuple[dict[str, NDArray[np.bool_]], list[float]]:
    found = numbers(name, values)
    present = ~np.isnan(found)
    if not present.any():
        raise DataError(f"column {name!r} holds no number")
    if (np.abs(found[present]) > np.finfo(np.float64).max / 4).any():
        raise DataError(f"column {name!r} holds infinity or a number too large to interpolate")
    edges = np.quantile(found[present], np.arange(1, bins) / bins)
    where = np.searchsorted(edges, found, side="left")
    masks = {f"{name}:q{i + 1}": present & (where == i) for i in range(bins)}
    return masks, [float(edge) for edge in edges]
