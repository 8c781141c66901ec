"""What names of concepts, categories and tables that relate concepts must be like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.errors import DataError, is_plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

Relations = dict[str, dict[str, list[str]]]


def check_relations(relations: Relations, names: Sequence[str]) -> None:
    """Raise a `DataError` where a table names no concept."""
    known = set(names)
    for table, rows in relations.items():
        for name, others in rows.items():
            unknown = [one for one in (name, *others) if one not in known]
            if unknown:
                raise DataError(f"the table {table} names no concept: {unknown[0]!r}")


def check_names(names: Sequence[str], categories: Sequence[str]) -> None:
    """Raise a `DataError` at the first name or category that cannot be one."""
    if len(categories) != len(names):
        raise DataError(f"{len(names):,} names but {len(categories):,} categories")
    for category in categories:
        if not is_plain_text(category):
            raise DataError(f"a category must be printable text, not {category!r}")
    seen: set[str] = set()
    for i, name in enumerate(names):
        if not name or not is_plain_text(name):
            raise DataError(f"concept {i} has no printable name: {name!r}")
        if name in seen:
            raise DataError(f"the concept name {name!r} is given twice")
        seen.add(name)
