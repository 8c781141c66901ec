"""What a rewrite may read of a bank: a protocol, so that anything that has it will do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@runtime_checkable
class Vocabulary(Protocol):
    """What the function of a rewrite, and `proposes`, are given of a bank; all of it read-only.

    `bank.vocabulary` is one. Tests and tools may bring their own.

    Example:
        >>> from logicx import ConceptBank, Vocabulary
        >>> bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 0, 0]], ["water", "blue"])
        >>> isinstance(bank.vocabulary, Vocabulary), bank.vocabulary.counts
        (True, (2, 1))
    """

    @property
    def name(self) -> str:
        """Name of the bank, for messages."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """All concept names, in the bank's order and spelling."""
        ...

    @property
    def categories(self) -> Sequence[str]:
        """Category of each concept, beside its name; empty where it has none."""
        ...

    @property
    def relations(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Tables by name, such as `NEIGHBORS`: from a concept to related concepts."""
        ...

    @property
    def counts(self) -> Sequence[int]:
        """At how many cells each concept holds; of a bank on file, without reading its cells."""
        ...
