"""Concepts of sentence pairs: the words of premise and hypothesis, and their overlap.

Source: Mu and Andreas 2020, section 3 (NLI).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.bank import ConceptBank
from logicx.errors import DataError, FileError, OptionError
from logicx.signatures import Incidence, SignatureBuilder
from logicx.tables import read_lines, read_table
from logicx.universe import Universe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Sides = tuple[str, str]


@dataclass(frozen=True)
class PairSettings:
    """Which concepts are made of sentence pairs.

    Args:
        format: `lines` (premise and hypothesis on alternate lines) or `table` (a file whose name
            ends in .csv, .tsv or .parquet).
        premise: Column of the premise: its name, or its number from 1 in a file without header.
        hypothesis: Column of the hypothesis.
        tokenizer: `whitespace`, or `spacy` for the rules of spaCy's blank pipeline.
        language: Language of the blank pipeline.
        lowercase: Whether words are lower-cased.
        most_common: How many of the most common words of all sentences become concepts, for
            premise and hypothesis each.
        stop_words: Words that are left out before the most common are taken.
        sides: What premise and hypothesis are called in names, as in `pre:man`, `hyp:man`.
        overlap: Shares in percent: `overlap-25%` holds where the unique words of the two sentences
            have an intersection over union above 25 %.
    """

    format: str = "lines"
    premise: str | int = "premise"
    hypothesis: str | int = "hypothesis"
    tokenizer: str = "whitespace"
    language: str = "en"
    lowercase: bool = True
    most_common: int = 2000
    stop_words: tuple[str, ...] = ()
    sides: Sides = ("pre", "hyp")
    overlap: tuple[int, ...] = (0, 25, 50, 75)

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        if self.format not in ("lines", "table"):
            raise OptionError(f"format is lines or table, not {self.format!r}")
        if self.tokenizer not in ("whitespace", "spacy"):
            raise OptionError(f"tokenizer is whitespace or spacy, not {self.tokenizer!r}")
        if self.most_common < 0:
            raise OptionError(f"most_common must be 0 or more, not {self.most_common}")
        if len(self.sides) != 2 or len(set(self.sides)) != 2 or not all(self.sides):
            raise OptionError(f"sides are two different words, not {list(self.sides)}")
        if any(not 0 <= share < 100 for share in self.overlap):
            raise OptionError(f"overlap lists percentages from 0 to 99, not {list(self.overlap)}")


def compile_pairs(
    path: Path,
    settings: PairSettings,
    *,
    name: str = "pairs",
    source: dict[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ConceptBank:
    """The bank of a file of sentence pairs.

    Raises:
        FileError: The file cannot be read as pairs.
        DataError: It holds no pair, or a sentence without a word.
    """
    pairs = read_pairs(path, settings)
    if not pairs:
        raise DataError(f"{path} holds no sentence pair")
    split = _tokenizer(settings)
    tokens = [(split(premise), split(hypothesis)) for premise, hypothesis in pairs]
    for i, (premise, hypothesis) in enumerate(tokens):
        if not premise or not hypothesis:
            side = "premise" if not premise else "hypothesis"
            raise DataError(f"{path}: the {side} of pair {i + 1:,} is empty")
    words = _most_common(tokens, settings)
    names = [f"{side}:{word}" for side in settings.sides for word in words]
    categories = [side for side in settings.sides for _ in words]
    names += [f"overlap-{share}%" for share in settings.overlap]
    categories += ["overlap"] * len(settings.overlap)
    number = {word: i for i, word in enumerate(words)}
    rows: list[list[int]] = []
    for i, (premise, hypothesis) in enumerate(tokens):
        pre, hyp = set(premise), set(hypothesis)
        found = [number[word] for word in pre if word in number]
        found += [number[word] + len(words) for word in hyp if word in number]
        shared, union = len(pre & hyp), len(pre | hyp)
        found += [
            2 * len(words) + k
            for k, share in enumerate(settings.overlap)
            if 100 * shared > share * union
        ]
        rows.append(sorted(found))
        if progress and i % 1000 == 999:
            progress(i + 1, len(tokens))
    builder = SignatureBuilder(len(names))
    builder.add(_incidence(rows))
    universe = Universe.pairs(len(rows))
    return ConceptBank(name, names, categories, universe, builder.finish(), source=source)


def read_pairs(path: Path, settings: PairSettings) -> list[tuple[str, str]]:
    """Premise and hypothesis of every pair, in the order of the file."""
    if settings.format == "table":
        has_header = isinstance(settings.premise, str)
        table = read_table(path, has_header=has_header)
        columns = []
        for column in (settings.premise, settings.hypothesis):
            if str(column) not in table:
                known = ", ".join(table)
                raise FileError(f"{path} has no column {column!r}", hint=f"it has: {known}")
            columns.append([str(one or "") for one in table[str(column)]])
        return list(zip(*columns, strict=True))
    if path.suffix.lower() in (".csv", ".tsv", ".parquet"):
        raise FileError(f"{path} is a table", hint="set format = 'table' in [pairs] of the recipe")
    lines = read_lines(path)
    if len(lines) % 2:
        raise FileError(
            f"{path} has {len(lines):,} lines, an odd number",
            hint="format = 'lines' means premise and hypothesis on alternate lines",
        )
    return list(zip(lines[0::2], lines[1::2], strict=True))


def _tokenizer(settings: PairSettings) -> Callable[[str], list[str]]:
    def whitespace(text: str) -> list[str]:
        return (text.lower() if settings.lowercase else text).split()

    if settings.tokenizer == "whitespace":
        return whitespace
    try:
        import spacy
    except ImportError as error:
        raise DataError("tokenizer = 'spacy' needs spaCy", hint='pip install "logicx[text]"') from (
            error
        )
    try:
        blank = spacy.blank(settings.language)
    except (ImportError, AttributeError) as error:  # AttributeError: a helper module of its own
        raise DataError(f"spaCy has no language {settings.language!r}") from error

    def by_rules(text: str) -> list[str]:
        found = (
            token.lower_ if settings.lowercase else token.text for token in blank.tokenizer(text)
        )
        return [word for word in found if word.strip()]

    return by_rules


def _most_common(
    tokens: Sequence[tuple[list[str], list[str]]], settings: PairSettings
) -> list[str]:
    """The most common words, ties in order of first appearance."""
    counts = Counter(chain.from_iterable(chain.from_iterable(tokens)))
    for word in settings.stop_words:
        counts.pop(word.lower() if settings.lowercase else word, None)
    return [word for word, _ in counts.most_common(settings.most_common)]


def _incidence(rows: Sequence[Sequence[int]]) -> Incidence:
    indptr = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)
    return Incidence(indptr, np.fromiter(chain.from_iterable(rows), np.int32, int(indptr[-1])))
