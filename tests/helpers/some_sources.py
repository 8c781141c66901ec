"""Sources of one's own, for tests; each is registered when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from logicx import ConceptBank
from logicx.errors import FileError
from logicx.sources.source import FunctionSource


@dataclass(frozen=True)
class LineSettings:
    """Settings of `lines`."""

    first: int = 0
    upper: bool = False


def words_of(path):
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise FileError(f"{path} is no text: {error}") from error
    if not any(rows):
        raise FileError(f"{path} holds no word")
    return rows


def bank_of(rows, names, **told):
    masks = [[name in row for row in rows] for name in names]
    return ConceptBank.from_masks(masks, names, **told)


def lines(path, settings, *, name, source, progress):
    """A text file: a cell for each line, a concept for each word."""
    rows = words_of(path)[settings.first :]
    bank = bank_of(rows, sorted({word for row in rows for word in row}), name=name)
    if progress:
        progress(len(rows), len(rows))
    bank.source = {"n_lines": len(rows)}
    return bank


def source_of(function, **changed):
    """`lines`, by another function or with other facts."""
    stated = {"name": "lines", "doc": "words by line", "settings": LineSettings, "is_folder": False}
    stated |= changed
    return FunctionSource(function=function, **stated)
