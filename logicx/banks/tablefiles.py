"""Tables on file: the columns of CSV, TSV and Parquet, and what in them is no data."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logicx.banks.strict_json import strict_json
from logicx.errors import FileError
from logicx.language.numerals import is_number, is_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SUFFIXES = (".csv", ".tsv", ".parquet")
FIELD_LIMIT = (1 << 31) - 1
"""Longest field of a CSV file, in characters: what fits in a C long anywhere."""
_GZIP = b"\x1f\x8b"
_SHOWN = 3
_SEPARATORS = {",": "commas", "\t": "tabs"}


class Table(dict[str, list[Any]]):
    """Columns by name.

    Attributes:
        index: Columns that only number the rows, such as the index that pandas writes.
        notes: What a person should know of how the file was read.
    """

    def __init__(self, columns: Iterable[tuple[str, list[Any]]]) -> None:
        """Take the columns over."""
        super().__init__(columns)
        self.index: tuple[str, ...] = ()
        self.notes: list[str] = []

    def data(self, path: Path) -> dict[str, list[Any]]:
        """All columns but those that only number the rows; a note says which these are.

        Raises:
            FileError: A column has no name.
        """
        if self.index:
            self.notes.append(
                f"{path}: the column {', '.join(map(repr, self.index))} is taken as the index of "
                "the rows and left out"
            )
        found = {name: values for name, values in self.items() if name not in self.index}
        if any(not name.strip() for name in found):
            place = [*self].index(next(name for name in found if not name.strip())) + 1
            raise FileError(
                f"{path}: column {place} has no name",
                hint="write a name into the first line, or remove the column",
            )
        return found


def suffix_of(path: Path) -> str:
    """The ending that says what a file is, in small letters: `.csv` also of `x.CSV.gz`."""
    name = path.name.lower()
    return Path(name.removesuffix(".gz")).suffix


def read_table(
    path: Path,
    has_header: bool = True,
    form: str = "",
    *,
    is_sure: bool = False,
    quotes: bool | None = None,
) -> Table:
    """The columns of a `.csv`, `.tsv` or `.parquet` file; text may be packed by gzip.

    Args:
        path: The file.
        has_header: Whether the first line names the columns; else they are `1`, `2`, ...
        form: What the file is, where its name does not say, such as `.tsv`.
        is_sure: Whether it is known that the first line is a header, although it looks like data.
        quotes: Whether quotation marks stand around fields; by default they do in a .csv, and
            belong to the text in a .tsv.

    Raises:
        FileError: The file is missing, is no table, has rows of different length, or its first line
            looks like data.
    """
    suffix = form or suffix_of(path)
    if not os.path.isfile(path):
        raise FileError(f"no file {path}")
    if suffix == ".parquet":
        if quotes is not None:
            raise FileError(f"{path}: quotes is for text, and it is none", hint="leave quotes away")
        return _read_parquet(path)
    if suffix not in SUFFIXES:
        raise FileError(f"{path} is no table: its name must end in .csv, .tsv or .parquet")
    is_tabbed = suffix == ".tsv"
    has_quotes = not is_tabbed if quotes is None else quotes
    rows = _rows(path, is_tabbed, has_quotes)
    while rows and not rows[0][1]:  # blank lines at the start and the end are no rows
        rows.pop(0)
    while rows and not rows[-1][1]:
        rows.pop()
    if not rows:
        raise FileError(f"{path} is empty")
    first = rows[0][1]
    if not is_sure:
        _refuse_other_separator(path, [row for _, row in rows], "\t" if is_tabbed else ",")
    if len(first) == 1:  # a blank line is a row whose one field is empty
        rows = [(line, row or [""]) for line, row in rows]
    else:
        rows = [(line, row) for line, row in rows if row]
    header = first if has_header else [str(i + 1) for i in range(len(first))]
    _refuse_doubled(path, header)
    body = rows[1:] if has_header else rows
    ragged = [(line, len(row)) for line, row in body if len(row) != len(header)]
    if ragged:
        line, n = ragged[0]
        raise FileError(
            f"{path}, line {line}: {n} fields where the first line has {len(header)}"
            + (f" (and {len(ragged) - 1} more such lines)" if len(ragged) > 1 else ""),
            hint="a field that holds the separator must be in quotes"
            + ("" if has_quotes else ", and quotes=true says that they are no text"),
        )
    columns = [list(one) for one in zip(*(row for _, row in body), strict=True)]
    table = Table(zip(header, columns or [[] for _ in header], strict=True))
    if has_header:
        if _numbers_rows(header[0], table[header[0]]):
            table.index = (header[0],)
        if not is_sure:
            _check_header(path, table)
    if is_tabbed and quotes is None:
        table.notes += _quoted(path, table)
    return table


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, which end at line feeds and carriage returns only.

    Raises:
        FileError: It cannot be read, or is not UTF-8.
    """
    text = read_text(path).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def read_text(path: Path) -> str:
    """The text of a file, packed by gzip or not.

    Raises:
        FileError: It cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
        if data[:2] == _GZIP:
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise FileError(f"no file {path}") from None
    except (EOFError, ValueError) as error:
        raise FileError(f"cannot read {path}: {error}") from error
    except OSError as error:  # a damaged gzip file is one, too
        raise FileError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # zlib.error has no base of its own
        raise FileError(f"{path} is damaged ({error})") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"{path} is not UTF-8 text (byte {error.start}), see line {line:,}",
            hint=_other_encoding(data),
        ) from error


def _other_encoding(data: bytes) -> str:
    """How to make text UTF-8, where its bytes say what it is now."""
    for mark, name in (
        (b"\xff\xfe\0\0", "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ):
        if data.startswith(mark):
            return f"it is {name}: iconv -f {name} -t UTF-8 OLD > NEW, or save it as UTF-8"
    return "save it as UTF-8; of a file in Latin-1: iconv -f LATIN1 -t UTF-8 OLD > NEW"


def _rows(path: Path, is_tabbed: bool, has_quotes: bool) -> list[tuple[int, list[str]]]:
    """The rows, each with the number of its last line."""
    text = io.StringIO(read_text(path), newline="")
    limit = csv.field_size_limit(FIELD_LIMIT)
    try:
        reader = csv.reader(
            text,
            delimiter="\t" if is_tabbed else ",",
            quoting=csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE,
            strict=has_quotes,
        )
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise FileError(f"{path}, line {reader.line_num}: {error}") from error
    finally:
        csv.field_size_limit(limit)


def _refuse_other_separator(path: Path, rows: Sequence[Sequence[str]], separator: str) -> None:
    """Raise a `FileError` where a table has one column, which holds those of another separator."""
    first = rows[0][0]
    if len(rows[0]) > 1:
        return
    for other, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (",", "commas")):
        n = first.count(other)
        fields = [separator.join(row).count(other) for row in rows if row]
        is_stated = first.casefold() == f"sep={other}"
        ours = _SEPARATORS[separator]
        also = "as .csv with commas" if separator == "\t" else "as .tsv with tabs"
        if other != separator and (is_stated or (n and all(one == n for one in fields))):
            raise FileError(
                f"{path}: {name} seem to separate its columns, not {ours}",
                hint=f"save it with {ours}, or {also}; if it has one column, header=true or "
                "header=false says so",
            )


def _refuse_doubled(path: Path, header: Sequence[str]) -> None:
    doubled = [name for name, n in Counter(header).items() if n > 1]
    if doubled:
        raise FileError(f"{path} names the column {min(doubled)!r} twice")


def _numbers_rows(name: str, values: Sequence[str]) -> bool:
    """Whether the first column only numbers the rows: it has no name, and whole numbers once each.

    So pandas and R write the index of a table; read and written again it is `Unnamed: 0`.
    """
    is_nameless = not name.strip() or name.startswith("Unnamed: 0")
    return (
        is_nameless
        and bool(values)
        and all(map(is_whole, values))
        and len(set(values)) == len(values)
    )


def _check_header(path: Path, table: Table) -> None:
    """Raise a `FileError` where the first line looks like data.

    It does where a name is a number with a fraction, or where each name is a number or a value of
    its own column. Numbers in order, 0 1 2 ... or 1 2 3 ..., are names: so pandas writes them.
    """
    named = {name: values for name, values in table.items() if name not in table.index}
    if not any(named.values()):
        return
    numbers = [name for name in named if is_number(name)]
    broken = [name for name in numbers if not is_whole(name)]
    alike = [name for name, values in named.items() if name in values]
    if numbers and not broken and len(numbers) == len(named):
        first = numbers[0]
        in_order = first in ("0", "1") and numbers == [
            str(int(first) + i) for i in range(len(numbers))
        ]
        is_told = not all(is_whole(one) for values in named.values() for one in values)
        if in_order and (is_told or len(numbers) > 2):
            return
        if is_told and len(set(numbers)) == len(numbers):
            shown = ", ".join(numbers[:_SHOWN]) + (", ..." if len(numbers) > _SHOWN else "")
            table.notes.append(f"{path}: the first line, {shown}, is taken as names of columns")
            return
    elif not broken and len({*numbers, *alike}) < len(named):
        return
    why = (
        f"it holds {(broken or numbers)[0]!r}, a number"
        if numbers
        else f"{alike[0]!r} is also a value further down"
    )
    raise FileError(
        f"{path}: the first line should name the columns, but looks like data: {why}",
        hint="say which it is: header=true or header=false (Python: header=True, header=False)",
    )


def _quoted(path: Path, table: Table) -> list[str]:
    """A note on fields in quotation marks, which in a .tsv are ordinary characters."""
    fields = chain(table, *table.values())
    n = sum(len(one) > 1 and one[0] == one[-1] == '"' for one in fields)
    if not n:
        return []
    return [
        f"{path}: {n:,} fields stand in quotation marks, which belong to the text in a .tsv; "
        "where they should not: quotes=true, or save it as .csv"
    ]


def _read_parquet(path: Path) -> Table:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise FileError(
            f"{path}: reading Parquet needs pyarrow", hint='pip install "logicx[tables]"'
        ) from error
    try:
        read = parquet.ParquetFile(path).read()
        doubled = [name for name, n in Counter(read.column_names).items() if n > 1]
        if doubled:
            raise ValueError(f"it names the column {doubled[0]!r} twice")
        table = Table((name, read.column(name).to_pylist()) for name in read.column_names)
    except (ArrowException, OSError, ValueError, OverflowError) as error:  # dates out of range, ...
        raise FileError(f"{path} is no readable Parquet file ({error})") from error
    stated = {
        key: strict_json(value.decode("utf-8", "replace"), f"{path}, metadata {key.decode()}")
        for key, value in (read.schema.metadata or {}).items()
        if key in (b"pandas", b"huggingface")
    }
    of_pandas = stated.get(b"pandas")
    index = of_pandas.get("index_columns", ()) if isinstance(of_pandas, dict) else ()
    table.index = tuple(one for one in index if isinstance(one, str) and one in table)
    _name_classes(path, table, stated.get(b"huggingface", {}))
    return table


def _name_classes(path: Path, table: Table, stated: Any) -> None:
    """Put names in place of the numbers of classes, where Hugging Face's `datasets` states them.

    It writes -1 where a label is missing.
    """
    features = stated.get("info", {}).get("features", {}) if isinstance(stated, dict) else {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        names = feature.get("names") if isinstance(feature, dict) else None
        if column not in table or not isinstance(names, list):
            continue
        if feature.get("_type") != "ClassLabel" or not all(type(one) is str for one in names):
            continue
        values = table[column]
        if any(one is not None and type(one) is not int for one in values):
            continue
        beyond = [one for one in values if one is not None and not -1 <= one < len(names)]
        if beyond:
            raise FileError(
                f"{path}: column {column!r} holds the class {beyond[0]}, but has only "
                f"{len(names):,} names of classes"
            )
        table[column] = [None if one is None or one < 0 else names[one] for one in values]
        table.notes.append(f"{path}: the classes of column {column!r} have the names on file")
