"""Families of concepts: the most common values that tokens have, and what they are called."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.signatures import Incidence
from logicx.errors import DataError
from logicx.sources.text.annotating import blank_pipeline, import_spacy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logicx.sources.text.annotating import Annotated
    from logicx.sources.text.settings import TextSettings

COMPEXP_STOP_WORDS = ("a", "an", "the", "of", ".", ",")
"""Source: Mu and Andreas' code, which leaves these out of the most common words."""

WORDY = ("word", "form", "lemma", "piece", "prev", "next")
"""Families whose values are words, so that stop words are left out of them."""


def concept_name(family: str, value: str, lowercase: bool) -> str:
    """What a concept is called within a document: `man`, `NN`, `lemma:walk`, `tag:.`.

    Words stand alone. Tags do where they cannot be mistaken for words: words are lower-cased and
    the tag has a capital. All others have their family before them.
    """
    is_plain = family == "word" or (family == "tag" and lowercase and re.search("[A-Z]", value))
    return value if is_plain else f"{family}:{value}"


def stop_words(settings: TextSettings) -> set[str]:
    """The words that become no concepts, lower-cased if words are."""
    if settings.stop_words == "compexp":
        return set(COMPEXP_STOP_WORDS)
    if settings.stop_words == "spacy":
        other = "or give a list: stop_words = ['a', 'the']"
        spacy = import_spacy("stop_words = 'spacy' needs spaCy", other)
        blank = blank_pipeline(spacy, settings.language)
        return {settings.fold(one) for one in blank.Defaults.stop_words}
    return {settings.fold(one) for one in settings.stop_words}


def most_common(
    values: Iterable[str], family: str, settings: TextSettings, stop: set[str]
) -> list[str]:
    """The most common values of a family, ties in order of first appearance."""
    counts = Counter(values)
    counts.pop("", None)
    if family in WORDY:
        for value in [one for one in counts if settings.fold(one) in stop]:
            del counts[value]
    return [value for value, _ in counts.most_common(settings.limit(family))]


@dataclass(frozen=True)
class Vocabulary:
    """The values that become concepts, family after family.

    Args:
        names: What the concepts are called.
        families: Family of each.
        numbers: For each family, the concept of each value.
    """

    names: list[str]
    families: list[str]
    numbers: dict[str, dict[str, int]]

    @staticmethod
    def of(
        documents: Sequence[Annotated], families: Sequence[str], settings: TextSettings
    ) -> Vocabulary:
        """The vocabulary of some documents."""
        names: list[str] = []
        kinds: list[str] = []
        numbers: dict[str, dict[str, int]] = {}
        stop = stop_words(settings)
        for family in families:
            values = chain.from_iterable(document[family] for document in documents)
            kept = most_common(values, family, settings, stop)
            numbers[family] = {value: len(names) + i for i, value in enumerate(kept)}
            names += [concept_name(family, value, settings.lowercase) for value in kept]
            kinds += [family] * len(kept)
        return Vocabulary(names, kinds, numbers)

    def held(self, documents: Sequence[Annotated]) -> list[list[int]]:
        """The concepts that hold in each document, ascending."""
        known: dict[int, list[int]] = {}  # equal documents are one object
        for document in documents:
            if id(document) not in known:
                known[id(document)] = sorted(
                    number[value]
                    for family, number in self.numbers.items()
                    for value in set(document[family])
                    if value in number
                )
        return [known[id(document)] for document in documents]


def check_distinct(names: Sequence[str]) -> None:
    """Raise a `DataError` where a word is written as another family's concept is named."""
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise DataError(
            f"two concepts would be called {twice[0]!r}",
            hint="if a word is written so, add it to stop_words",
        )


def incidence(rows: Sequence[Sequence[int]]) -> Incidence:
    """Ascending concepts of each cell as compressed rows."""
    indptr = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
    return Incidence(indptr, np.fromiter(chain.from_iterable(rows), np.int32, int(indptr[-1])))
