"""Sentence pairs with labels, as numbers of words."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from model import LABELS
from torch import Tensor

from logicx.banks.tables import read_lines
from logicx.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

PADDING, UNKNOWN = "<padding>", "<unknown>"
COLUMNS = ("sentence1", "sentence2", "gold_label")
"""Of SNLI's own files."""


class Pair(NamedTuple):
    """Tokens of premise and hypothesis as they are written, and the label's number, or -1."""

    premise: list[str]
    hypothesis: list[str]
    label: int


def read_pairs(path: Path) -> list[Pair]:
    """Pairs of a file, by its name's end.

    - `.tsv`: premise, hypothesis and label, without a header;
    - `.txt` and `.jsonl`: as SNLI publishes them;
    - `.tok`: tokens with blanks between, premise and hypothesis on alternate lines, no labels.

    Raises:
        LogicxError: The file cannot be read, lacks a column, or holds no pair or an empty sentence;
            the error says where.
    """
    split = str.split if path.suffix == ".tok" else tokenizer()
    pairs = []
    for number, (premise, hypothesis, label) in enumerate(_rows(path), 1):
        tokens = split(premise), split(hypothesis)
        for side, found in zip(("premise", "hypothesis"), tokens, strict=True):
            if not found:
                raise DataError(f"{path}: the {side} of pair {number:,} is empty")
        pairs.append(Pair(*tokens, LABELS.index(label) if label in LABELS else -1))
    if not pairs:
        raise DataError(f"{path} holds no pairs")
    return pairs


def write_tokens(path: Path, pairs: Iterable[Pair]) -> None:
    """Write the pairs as a `.tok` file, so that network and bank see the same tokens."""
    lines = (" ".join(side) for one in pairs for side in (one.premise, one.hypothesis))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    lines = read_lines(path)
    if path.suffix == ".tok":
        if len(lines) % 2:
            raise DataError(f"{path} has {len(lines):,} lines: the last premise has no hypothesis")
        for premise, hypothesis in zip(lines[::2], lines[1::2], strict=True):
            yield premise, hypothesis, ""
    elif path.suffix == ".jsonl":
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}, line {number:,} is no JSON: {error}") from error
            yield _named(path, row if isinstance(row, dict) else {}, number)
    elif path.suffix == ".txt":
        head, *rest = (line.split("\t") for line in lines or [""])
        for number, fields in enumerate(rest, 2):
            yield _named(path, dict(zip(head, fields, strict=False)), number)
    elif path.suffix == ".tsv":
        for number, line in enumerate(lines, 1):
            fields = line.split("\t")
            if len(fields) != 3:
                raise DataError(
                    f"{path}, line {number:,} has {len(fields)} columns",
                    hint="premise, hypothesis and label, with tabs between",
                )
            yield fields[0], fields[1], fields[2]
    else:
        raise DataError(f"{path} holds no pairs: its name must end in .tsv, .txt, .jsonl or .tok")


def _named(path: Path, row: dict[str, str], number: int) -> tuple[str, str, str]:
    for name in COLUMNS:
        if name not in row:
            raise DataError(
                f"{path}, line {number:,} has no {name}",
                hint=f"SNLI's files have the columns {', '.join(COLUMNS)}",
            )
    return row[COLUMNS[0]], row[COLUMNS[1]], row[COLUMNS[2]]


def tokenizer() -> Callable[[str], list[str]]:
    """Tokens by the rules of spaCy's blank English pipeline."""
    import spacy

    rules = spacy.blank("en").tokenizer
    return lambda text: [token.text for token in rules(" ".join(text.split()))]


def vocabulary(pairs: Sequence[Pair], fewest: int = 2) -> list[str]:
    """Padding, unknown, and the lower-cased words that are common enough, the commonest first."""
    tokens = chain.from_iterable(chain(one.premise, one.hypothesis) for one in pairs)
    counts = Counter(token.lower() for token in tokens)
    return [PADDING, UNKNOWN, *(word for word, n in counts.most_common() if n >= fewest)]


class Batch(NamedTuple):
    """Numbers of words, `int64[n, t]` and `int64[n, s]`, and labels, `int64[n]`."""

    premise: Tensor
    hypothesis: Tensor
    label: Tensor


def batches(pairs: Sequence[Pair], number: dict[str, int], size: int) -> Iterator[Batch]:
    """The pairs in their order, so many at a time."""
    for start in range(0, len(pairs), size):
        part = pairs[start : start + size]
        yield Batch(
            _padded([one.premise for one in part], number),
            _padded([one.hypothesis for one in part], number),
            torch.tensor([one.label for one in part]),
        )


def _padded(sentences: Sequence[Sequence[str]], number: dict[str, int]) -> Tensor:
    unknown = number[UNKNOWN]
    rows = [torch.tensor([number.get(word.lower(), unknown) for word in one]) for one in sentences]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
