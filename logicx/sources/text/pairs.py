"""Concepts of sentence pairs: words, tags and more of premise and hypothesis, and their overlap.

Source: Mu and Andreas 2020, section 3 (NLI).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from logicx.banks.bank import ConceptBank
from logicx.banks.celltexts import CellTexts
from logicx.banks.signatures import SignatureBuilder
from logicx.banks.tablefiles import read_lines, suffix_of
from logicx.banks.universe import Universe
from logicx.banks.values import is_missing
from logicx.errors import DataError, FileError, OptionError
from logicx.sources.text.annotating import annotate
from logicx.sources.text.families import Vocabulary, check_distinct, incidence
from logicx.sources.text.reading import Documents, read_columns, refuse_table
from logicx.sources.text.settings import TextSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SNLI_COLUMNS = ("sentence1", "sentence2", "gold_label")


@dataclass(frozen=True)
class PairSettings(TextSettings):
    """Which concepts are made of sentence pairs; see also `TextSettings`.

    Args:
        format: `lines` (premise and hypothesis on alternate lines), `table` (a file whose name
            ends in .csv, .tsv, .parquet or .jsonl) or `snli` (.txt or .jsonl of SNLI and MultiNLI:
            the columns sentence1, sentence2 and gold_label).
        families: As of texts, and `overlap`.
        premise: For `table`: column of the premise, by name or by number from 1 without header.
        hypothesis: Column of the hypothesis.
        label: Column of the label, read where unlabelled pairs are dropped.
        drop_unlabelled: Whether pairs whose label is `-`, -1, empty or missing are left out.
        header: For `table`: whether a .csv or .tsv has a first line that names the columns; by
            default it has if columns are given by name.
        quotes: For tables: whether quotation marks in a .csv or .tsv (or SNLI's .txt) stand around
            fields; by default they do in a .csv.
        sides: What premise and hypothesis are called in names, as in `pre:man`, `hyp:man`.
        overlap: Shares in percent: `overlap-25%` holds where the unique words of the two sentences
            have an intersection over union above 25 %.
    """

    families: tuple[str, ...] = ("word", "overlap")
    premise: str | int = "premise"
    hypothesis: str | int = "hypothesis"
    label: str | int = "label"
    header: bool | None = None
    quotes: bool | None = None
    drop_unlabelled: bool = False
    sides: tuple[str, ...] = ("pre", "hyp")
    overlap: tuple[int, ...] = (0, 25, 50, 75)

    KIND: ClassVar[str] = "pairs"
    FORMATS: ClassVar[tuple[str, ...]] = ("lines", "table", "snli")
    FAMILIES: ClassVar[tuple[str, ...]] = (*TextSettings.FAMILIES, "overlap")

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        super().__post_init__()
        if self.drop_unlabelled and self.format == "lines":
            raise OptionError("drop_unlabelled needs labels, which format = 'lines' has not")
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
        DataError: It holds no pair, or a sentence without a word; or spaCy is missing.
    """
    pairs = read_pairs(path, settings)
    annotation = annotate(pairs, settings.families, settings, progress)
    documents = annotation.documents
    families = [one for one in settings.families if one != "overlap"]
    overlap = settings.overlap if "overlap" in settings.families else ()
    vocabulary = Vocabulary.of(documents, families, settings)
    names = [f"{side}:{one}" for side in settings.sides for one in vocabulary.names]
    categories = [f"{side}:{one}" for side in settings.sides for one in vocabulary.families]
    names += [f"overlap-{share}%" for share in overlap]
    categories += ["overlap"] * len(overlap)
    check_distinct(names)
    held = vocabulary.held(documents)
    n = len(vocabulary.names)
    rows: list[list[int]] = []
    for i in range(0, len(documents), 2):
        pre, hyp = (set(one["word"]) for one in documents[i : i + 2])
        shared, union = len(pre & hyp), len(pre | hyp)
        above = [2 * n + k for k, share in enumerate(overlap) if 100 * shared > share * union]
        rows.append([*held[i], *(n + one for one in held[i + 1]), *above])
    builder = SignatureBuilder(len(names))
    builder.add(incidence(rows))
    bank = ConceptBank(
        name,
        names,
        categories,
        Universe.pairs(len(rows)),
        builder.finish(),
        source={**(source or {}), **annotation.source},
        texts=CellTexts.of(pairs.shown(), per_cell=2) if settings.keep_text else None,
    )
    bank.notes += annotation.notes
    return bank


def read_pairs(path: Path, settings: PairSettings) -> Documents:
    """Premises and hypotheses by turns, in the order of the file.

    Raises:
        FileError: It cannot be read in this format.
        DataError: It holds no pair.
    """
    roles = ("premise", "hypothesis")
    if settings.format == "lines":
        refuse_table(path, settings)
        lines = read_lines(path)
        if len(lines) % 2:
            raise FileError(
                f"{path} has {len(lines):,} lines, an odd number",
                hint="format = 'lines' means premise and hypothesis on alternate lines",
            )
        documents = Documents(path, lines, "line", range(1, len(lines) + 1), roles)
    else:
        premise, hypothesis, label = (settings.premise, settings.hypothesis, settings.label)
        form = ""
        if settings.format == "snli":
            premise, hypothesis, label = SNLI_COLUMNS
            form = ".tsv" if suffix_of(path) == ".txt" else ""
        labels = [label] if settings.drop_unlabelled else []
        read = read_columns(
            path,
            [premise, hypothesis],
            labels,
            form=form,
            header=settings.header,
            quotes=settings.quotes,
        )
        rows = list(zip(*read.columns, strict=True))
        kept = [i for i, row in enumerate(rows) if len(row) == 2 or not _is_unlabelled(row[2])]
        texts = [text for i in kept for text in rows[i][:2]]
        numbers = [i + 1 for i in kept for _ in roles]
        documents = Documents(path, texts, read.place, numbers, roles, notes=read.notes)
    if not documents.texts:
        raise DataError(f"{path} holds no sentence pair")
    return documents


def _is_unlabelled(label: str) -> bool:
    """Whether it says that there is none: `-` in SNLI, -1 as Hugging Face writes it, or nothing."""
    return is_missing(label.strip()) or label.strip() in ("-", "-1")
