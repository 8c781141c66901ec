"""Sentence pairs with labels, as numbers of words."""

from __future__ import annotations

import csv
import json
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from model import LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PADDING, UNKNOWN = "<padding>", "<unknown>"


class Pair(NamedTuple):
    """Words of premise and hypothesis, and the label's number, or -1 where it is none."""

    premise: list[str]
    hypothesis: list[str]
    label: int


def read_pairs(path: Path) -> list[Pair]:
    """Pairs of a file: SNLI's own .txt or .jsonl, or TSV of premise, hypothesis and label.

    Raises:
        SystemExit: A line has no label or sentence, with its number.
    """
    split = tokenizer()
    pairs = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, (premise, hypothesis, label) in enumerate(_rows(path, file), 1):
            words = split(premise), split(hypothesis)
            if not all(words):
                raise SystemExit(f"{path}: pair {number:,} has an empty sentence")
            known = LABELS.index(label) if label in LABELS else -1
            pairs.append(Pair(*words, known))
    return pairs


def _rows(path: Path, file: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    if path.suffix == ".jsonl":
        for line in file:
            row = json.loads(line)
            yield row["sentence1"], row["sentence2"], row["gold_label"]
    elif path.suffix == ".txt":
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["sentence1"], row["sentence2"], row["gold_label"]
    elif path.suffix == ".tsv":
        for number, line in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if len(line) != 3:
                raise SystemExit(
                    f"{path}, line {number:,}: {len(line)} columns, not premise, hypothesis, label"
                )
            yield line[0], line[1], line[2]
    else:
        raise SystemExit(f"{path}: pairs are read from .tsv, .txt (SNLI) or .jsonl (SNLI)")


def tokenizer() -> Callable[[str], list[str]]:
    """Lower-cased words by the rules of spaCy's blank English pipeline."""
    import spacy

    rules = spacy.blank("en").tokenizer
    return lambda text: [token.lower_ for token in rules(" ".join(text.split()))]


def vocabulary(pairs: Sequence[Pair], fewest: int = 2) -> list[str]:
    """Padding, unknown, and the words that occur often enough, the most common first."""
    counts = Counter(chain.from_iterable(chain(one.premise, one.hypothesis) for one in pairs))
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
    rows = [torch.tensor([number.get(word, unknown) for word in one]) for one in sentences]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
