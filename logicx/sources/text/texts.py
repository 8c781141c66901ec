"""Concepts of single texts: a text is a cell, in which its words, tags and so on hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logicx.banks.bank import ConceptBank
from logicx.banks.celltexts import CellTexts
from logicx.banks.signatures import SignatureBuilder
from logicx.banks.universe import Universe
from logicx.sources.text.annotating import annotate
from logicx.sources.text.families import Vocabulary, check_distinct, incidence
from logicx.sources.text.reading import read_documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from logicx.sources.text.settings import DocumentSettings


def compile_texts(
    path: Path,
    settings: DocumentSettings,
    *,
    name: str = "texts",
    source: dict[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ConceptBank:
    """The bank of a file of texts, each a cell.

    Raises:
        FileError: The file cannot be read as texts.
        DataError: It holds no text, or a text without a word; or spaCy is missing.
    """
    texts = read_documents(path, settings)
    annotation = annotate(texts, settings.families, settings, progress)
    vocabulary = Vocabulary.of(annotation.documents, settings.families, settings)
    check_distinct(vocabulary.names)
    builder = SignatureBuilder(len(vocabulary.names))
    builder.add(incidence(vocabulary.held(annotation.documents)))
    bank = ConceptBank(
        name,
        vocabulary.names,
        vocabulary.families,
        Universe.rows(len(texts.texts)),
        builder.finish(),
        source={**(source or {}), **annotation.source},
        texts=CellTexts.of(texts.shown()) if settings.keep_text else None,
    )
    bank.notes += annotation.notes
    return bank
