"""Columns of tables, and the concepts made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from logicx.banks.tablefiles import read_lines as read_lines
from logicx.banks.tablefiles import read_table as read_table
from logicx.banks.values import is_missing, numbers, text_of
from logicx.errors import DataError, OptionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

KINDS = ("category", "boolean", "quantiles")
TRUE = frozenset({"true", "1", "1.0", "yes", "t", "y"})
FALSE = frozenset({"false", "0", "0.0", "no", "f", "n"})
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


class TableConcepts(NamedTuple):
    """The concepts that columns make.

    Shape: `masks: bool[n_concepts, n_rows]`; a missing value belongs to no concept.

    Args:
        names: What they are called.
        categories: The column of each.
        masks: Where they hold.
        edges: Where the columns of numbers were cut.
        notes: How many values are missing.
    """

    names: list[str]
    categories: list[str]
    masks: NDArray[np.bool_]
    edges: dict[str, Any]
    notes: tuple[str, ...]


def concepts_of_columns(
    table: Mapping[str, Sequence[Any]], columns: Mapping[str, Column]
) -> TableConcepts:
    """The concepts that the columns make.

    Raises:
        DataError: A column is missing, or its values are not of its kind.
    """
    names: list[str] = []
    categories: list[str] = []
    masks: list[NDArray[np.bool_]] = []
    edges: dict[str, Any] = {}
    notes: list[str] = []
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
        missing = [text for text in map(text_of, values) if is_missing(text)]
        if missing:
            notes.append(
                f"column {name!r}: {len(missing):,} of {n_rows:,} values are missing "
                f"({shown_texts(missing)}) and belong to no concept"
            )
    stacked = np.array(masks, dtype=bool) if masks else np.zeros((0, n_rows), bool)
    return TableConcepts(names, categories, stacked, edges, tuple(notes))


def shown_texts(texts: Iterable[str]) -> str:
    """The different texts among some, as a note shows them; nothing is `empty`."""
    kinds = [one or "empty" for one in dict.fromkeys(texts)]
    return ", ".join(kinds[:5]) + (", ..." if len(kinds) > 5 else "")


def categories_of(name: str, values: Sequence[Any], joint: str) -> dict[str, NDArray[np.bool_]]:
    """One mask per value of a column, in order of the values."""
    texts = np.array([text_of(value) for value in values], dtype=object)
    kinds = sorted({one for one in texts.tolist() if not is_missing(one)})
    if len(kinds) > MAX_VALUES:
        raise DataError(
            f"column {name!r} has {len(kinds):,} different values, more than {MAX_VALUES:,}",
            hint="cut numbers into bins: kind = 'quantiles'",
        )
    return {f"{name}{joint}{one}": np.asarray(texts == one, dtype=bool) for one in kinds}


def _booleans(name: str, values: Sequence[Any]) -> NDArray[np.bool_]:
    texts = [text_of(value).casefold() for value in values]
    for row, text in enumerate(texts):
        if text not in TRUE | FALSE and not is_missing(text_of(values[row])):
            raise DataError(
                f"column {name!r}, row {row + 1}: {values[row]!r} is neither true nor false"
            )
    return np.array([text in TRUE for text in texts], dtype=bool)


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
