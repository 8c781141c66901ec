"""Concepts of tokens: a token is a cell, with its word, tag, place and neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from logicx.bank import ConceptBank
from logicx.celltexts import CellTexts
from logicx.errors import OptionError
from logicx.signatures import Incidence, SignatureBuilder
from logicx.text.annotating import SENTENCE, annotate
from logicx.text.families import most_common, stop_words
from logicx.text.reading import read_documents
from logicx.text.settings import DocumentSettings
from logicx.universe import Universe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from logicx.text.annotating import Annotated

PLACES = ((1, "first"), (2, "second"), (3, "third"), (5, "4-5"), (10, "6-10"), (20, "11-20"))
"""The last number of each bin of places, from 1, and what the bin is called."""
FARTHER = "21+"
LAST = "last"


@dataclass(frozen=True)
class TokenSettings(DocumentSettings):
    """Which concepts are made of tokens; see also `DocumentSettings`.

    Args:
        families: As of texts, and `pos` (place), `prev` and `next` (the words beside the token).
        sentences: Whether place and neighbours are those within a sentence, as the pipeline's
            parser divides documents, in place of the whole document.
    """

    families: tuple[str, ...] = ("word", "pos", "prev", "next")
    sentences: bool = False

    KIND: ClassVar[str] = "tokens"
    FAMILIES: ClassVar[tuple[str, ...]] = (*DocumentSettings.FAMILIES, "pos", "prev", "next")

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
    names: list[str] = []
    categories: list[str] = []
    columns: list[list[int]] = []
    stop = stop_words(settings)
    for family in settings.families:
        values = _values(documents, family)
        if family == "pos":
            found = {*values}
            kept = [one for one in (*(place for _, place in PLACES), FARTHER) if one in found]
        else:
            kept = most_common(values, family, settings, stop)
        columns.append(_numbers(values, kept, len(names)))
        if family == "pos":
            kept.append(LAST)
            is_last = chain.from_iterable(_is_last(one) for one in documents)
            columns.append([len(names) + len(kept) - 1 if one else -1 for one in is_last])
        names += [f"{family}:{value}" for value in kept]
        categories += [family] * len(kept)
    lengths = [len(one["token"]) for one in documents]
    builder = SignatureBuilder(len(names))
    builder.add(_incidence(columns, sum(lengths)))
    tokens = list(chain.from_iterable(one["token"] for one in documents))
    return ConceptBank(
        name,
        names,
        categories,
        Universe.tokens(np.cumsum([0, *lengths])),
        builder.finish(),
        source={**(source or {}), **annotation.source},
        texts=CellTexts.of(tokens) if settings.keep_text else None,
    )


def _values(documents: Sequence[Annotated], family: str) -> list[str]:
    """The value of every token of all documents."""
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
