"""What a bank shows to the functions of operators: its names, and nothing that can be written to.

It fits `logicx.language.vocabulary.Vocabulary`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray


class Rows(Mapping[str, "tuple[str, ...]"]):
    """A table that relates concepts, read-only.

    Args:
        rows: From a concept to related ones.
    """

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        """Look at the rows; they are copied one at a time, when they are asked for."""
        self.__rows = rows

    def __getitem__(self, name: str) -> tuple[str, ...]:
        """The concepts that are related to one."""
        return tuple(self.__rows[name])

    def __iter__(self) -> Iterator[str]:
        """The concepts that have a row."""
        return iter(self.__rows)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.__rows)


class BankVocabulary:
    """Names of a bank, and what relates them.

    Args:
        name: Name of the bank.
        names: All concept names.
        categories: Category of each concept.
        relations: Tables by name, such as `NEIGHBORS`.
        counts: Gives at how many cells each concept holds, when that is asked for.
    """

    def __init__(
        self,
        name: str,
        names: tuple[str, ...],
        categories: tuple[str, ...],
        relations: Mapping[str, Mapping[str, Sequence[str]]],
        counts: Callable[[], NDArray[np.int64]],
    ) -> None:
        """Take the parts over."""
        self._name, self._names, self._categories = name, names, categories
        self._relations = MappingProxyType({k: Rows(rows) for k, rows in relations.items()})
        self._counts = counts

    @property
    def name(self) -> str:
        """Name of the bank."""
        return self._name

    @property
    def names(self) -> tuple[str, ...]:
        """All concept names."""
        return self._names

    @property
    def categories(self) -> tuple[str, ...]:
        """Category of each concept."""
        return self._categories

    @property
    def relations(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Tables by name; each from a concept to related ones."""
        return self._relations

    @property
    def counts(self) -> tuple[int, ...]:
        """At how many cells each concept holds."""
        return tuple(self._counts().tolist())
