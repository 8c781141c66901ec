"""Concepts of tokens: a token is a cell, with its word, tag, place and neighbours.

Where tokens are pieces of words, as a language model cuts them, a piece has all that its word has;
only `piece` is its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.banks.celltexts import CellTexts
from logicx.banks.signatures import Incidence, SignatureBuilder
from logicx.banks.universe import Universe
from logicx.errors import OptionError
from logicx.sources.text.annotating import SENTENCE, annotate
from logicx.sources.text.families import most_common, stop_words
from logicx.sources.text.reading import read_documents
from logicx.sources.text.settings import DocumentSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from logicx.sources.text.annotating import Annotated
    from logicx.sources.text.reading import Documents

T = TypeVar("T")

PLACES = ((1, "first"), (2, "second"), (3, "third"), (5, "4-5"), (10, "6-10"), (20, "11-20"))
"""The last number of each bin of places, from 1, and what the bin is called."""
FARTHER = "21+"
LAST = "last"


@dataclass(frozen=True)
class TokenSettings(DocumentSettings):
    """Which concepts are made of tokens; see also `DocumentSettings`.

    Args:
        families: As of texts, and `piece` (the token itself, where it is a piece of a word), `pos`
            (place), `prev` and `next` (the words beside the token).
        sentences: Whether place and neighbours are those within a sentence, as the pipeline's
            parser divides documents, in place of the whole document.
    """

    families: tuple[str, ...] = ("word", "pos", "prev", "next")
    sentences: bool = False

    KIND: ClassVar[str] = "tokens"
    FAMILIES: ClassVar[tuple[str, ...]] = (
        *DocumentSettings.FAMILIES,
        "piece",
        "pos",
        "prev",
        "next",
    )

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        super().__post_init__()
        if self.sentences and not {"pos", "prev", "next"} & {*self.families}:
            raise OptionError("sentences = true matters to pos, prev and next only")


def compile_tokens(
    path: Path,
    settings: TokenSettings,
    *,
    name: str = "tokens",
    source: dict[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ConceptBank:
    """The bank of a file of documents, whose tokens are the cells.

    Raises:
        FileError: The file cannot be read as documents.
        DataError: It holds none, or one without a token; or spaCy is missing.
    """
    texts = read_documents(path, settings)
    wanted = [*settings.families, *([SENTENCE] if settings.sentences else [])]
    annotation = annotate(texts, wanted, settings, progress)
    documents = annotation.documents
    tokens, lengths, word_of = _cells(texts, documents)
    names: list[str] = []
    categories: list[str] = []
    columns: list[list[int]] = []
    stop = stop_words(settings)
    with_cell = sorted({*(word_of or ())} - {-1})  # other words are only context
    for family in settings.families:
        if family == "piece":
            values = counted = [settings.form(one) for one in tokens]
        else:
            of_words = _values(documents, family)
            values = _spread(of_words, "", word_of)
            counted = of_words if word_of is None else [of_words[k] for k in with_cell]
        if family == "pos":
            found = {*values}
            kept = [one for one in (*(place for _, place in PLACES), FARTHER) if one in found]
        else:
            kept = most_common(counted, family, settings, stop)
        columns.append(_numbers(values, kept, len(names)))
        if family == "pos":
            kept.append(LAST)
            is_last = _spread(chain.from_iterable(map(_is_last, documents)), False, word_of)
            columns.append([len(names) + len(kept) - 1 if one else -1 for one in is_last])
        names += [f"{family}:{value}" for value in kept]
        categories += [family] * len(kept)
    builder = SignatureBuilder(len(names))
    builder.add(_incidence(columns, len(tokens)))
    bank = ConceptBank(
        name,
        names,
        categories,
        Universe.tokens(np.cumsum([0, *lengths])),
        builder.finish(),
        source={**(source or {}), **annotation.source},
        texts=CellTexts.of(tokens) if settings.keep_text else None,
    )
    bank.notes += annotation.notes
    return bank


def _cells(
    texts: Documents, documents: Sequence[Annotated]
) -> tuple[list[str], list[int], list[int] | None]:
    """All tokens, how many each document has, and the words they are of, -1 for none.

    Words are counted through all documents. They are None where tokens are words.
    """
    if not texts.pieces:
        tokens = list(chain.from_iterable(one["token"] for one in documents))
        return tokens, [len(one["token"]) for one in documents], None
    tokens = list(chain.from_iterable(one.tokens for one in texts.pieces))
    word_of: list[int] = []
    first = 0
    for pieces, document in zip(texts.pieces, documents, strict=True):
        word_of += [first + k if k >= 0 else -1 for k in pieces.word_of]
        first += len(document["token"])
    return tokens, [len(one.tokens) for one in texts.pieces], word_of


def _spread(of_words: Iterable[T], none: T, word_of: Sequence[int] | None) -> list[T]:
    """What each token has, from what each word has."""
    values = [*of_words]
    return values if word_of is None else [values[k] if k >= 0 else none for k in word_of]


def _values(documents: Sequence[Annotated], family: str) -> list[str]:
    """The value of every word of all documents."""
    if family == "pos":
        return [_place(k) for one in documents for part in _parts(one) for k in range(len(part))]
    if family in ("prev", "next"):
        found: list[str] = []
        for document in documents:
            for part in _parts(document):
                words = document["word"][part.start : part.stop]
                found += ["", *words[:-1]] if family == "prev" else [*words[1:], ""]
        return found
    return list(chain.from_iterable(one[family] for one in documents))


def _parts(document: Annotated) -> Iterator[range]:
    """The tokens of each sentence, or of the whole document where sentences do not matter."""
    n = len(document["token"])
    starts = [k for k, one in enumerate(document.get(SENTENCE, ())) if one and k]
    for first, end in zip([0, *starts], [*starts, n], strict=True):
        yield range(first, end)


def _place(k: int) -> str:
    return next((place for last, place in PLACES if k < last), FARTHER)


def _is_last(document: Annotated) -> Iterator[bool]:
    for part in _parts(document):
        yield from (k == part.stop - 1 for k in part)


def _numbers(values: Sequence[str], kept: Sequence[str], first: int) -> list[int]:
    number = {value: first + i for i, value in enumerate(kept)}
    return [number.get(value, -1) for value in values]


def _incidence(columns: Sequence[Sequence[int]], n_tokens: int) -> Incidence:
    """Concepts of each token from one column per family, -1 for none; numbers rise by family."""
    table = np.array(columns, np.int32).reshape(len(columns), n_tokens).T
    holds = table >= 0
    indptr = np.concatenate([[0], np.cumsum(holds.sum(axis=1))]).astype(np.int64)
    return Incidence(indptr, table[holds])
