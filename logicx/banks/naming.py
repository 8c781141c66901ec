"""What names of concepts, categories and tables that relate concepts must be like."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from logicx.banks.containers import as_names
from logicx.errors import DataError, UnknownConcept, did_you_mean, is_plain_text
from logicx.language.lookalikes import lookalike_of
from logicx.language.spelling import alike, escaped, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Relations = dict[str, dict[str, list[str]]]


def one_spelling(name: Any) -> Any:
    """A name in one spelling; what is no text is left for the checks."""
    return tidy(name) if isinstance(name, str) else name


def tidied(names: object, what: str) -> tuple[str, ...]:
    """Names in one spelling, without blanks at their ends; what is no text is left for the checks.

    Raises:
        DataError: It is no list, or two different names look the same.
    """
    given = as_names(names, what)
    found = tuple(map(one_spelling, given))
    texts = {one for one in given if isinstance(one, str)}
    if len({one for one in found if isinstance(one, str)}) < len(texts):
        raise look_alike(f"the list of {what}", texts)
    return found


class Lookup:
    """Places of names, which are found in any spelling."""

    def __init__(self, names: Sequence[str]) -> None:
        """Number the names; of equal ones the first counts."""
        self._numbers: dict[str, int] = {}
        for i, name in enumerate(names):
            self._numbers.setdefault(name, i)

    def find(self, name: object) -> int | None:
        """Place of the name that looks so, or None."""
        if not isinstance(name, str):
            return None
        found = self._numbers.get(name)
        return self._numbers.get(tidy(name)) if found is None else found


def suggestion(name: str, names: Sequence[str], where: str) -> str:
    """What may be meant by a name that is no concept's.

    Args:
        name: What was asked for.
        names: The names that there are.
        where: The bank, as the command that lists them takes it.
    """
    known = set(names)
    like = lookalike_of(name, names)
    if like:
        return like
    words = name.split(" ")
    for i in range(1, len(words)):
        left, right = " ".join(words[:i]), " ".join(words[i:])
        if left in known and right in known:
            return f"{left!r} and {right!r} are concepts: is an operator missing between them?"
    listing = f"list them: logicx concepts '{name[:3]}*'{where}"
    ending = [one for one in names if one.endswith(f":{name}")][:3]
    near = f"did you mean: {', '.join(ending)}?" if ending else did_you_mean(name, names)
    return "    ".join(one for one in (near, listing) if one)


def tidied_relations(relations: Mapping[str, Mapping[str, Sequence[str]]]) -> Relations:
    """Tables that relate concepts, with names in one spelling.

    Raises:
        DataError: A table has rows for two names that look the same.
    """
    found: Relations = {}
    for table, rows in relations.items():
        found[table] = {tidy(name): [tidy(one) for one in others] for name, others in rows.items()}
        if len(found[table]) < len(rows):
            raise look_alike(f"the table {table}", rows)
    return found


def look_alike(what: str, names: Iterable[str]) -> DataError:
    """The error for two names that look the same."""
    one, other = alike(sorted(names)) or ("", "")
    return DataError(
        f"{what} has two names that look the same: {one!r} and {other!r} "
        f"('{escaped(one)}' and '{escaped(other)}')",
        hint="they differ by Unicode form, blanks or characters that are not seen: keep one",
    )


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


class NamedConcepts:
    """The concepts of a bank by name."""

    name: str
    names: tuple[str, ...]
    source: dict[str, Any]
    _stored: Any

    @property
    def n_concepts(self) -> int:
        """Number of concepts."""
        return len(self.names)

    @cached_property
    def _lookup(self) -> Lookup:
        return Lookup(self.names)

    def __contains__(self, name: object) -> bool:
        """Whether it has a concept of that name, in whatever Unicode form it is given."""
        return self._lookup.find(name) is not None

    def number(self, name: str) -> int:
        """Number of the concept of that name, in whatever Unicode form it is given.

        Raises:
            UnknownConcept: There is none; the error suggests near names.
        """
        found = self._lookup.find(name)
        if found is None:
            where = self._stored and "demo" not in self.source
            raise UnknownConcept(
                f"no concept {name!r} in bank {self.name!r} ({self.n_concepts:,} concepts)",
                hint=suggestion(name, self.names, f" bank={self._stored.path}" if where else ""),
            )
        return found
