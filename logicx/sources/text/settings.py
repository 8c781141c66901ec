"""Settings of concepts that are made of text, as a recipe states them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from logicx.errors import OptionError, did_you_mean
from logicx.language.spelling import tidy
from logicx.sources.settings import settings_of
from logicx.sources.text.marks import CHOICES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

ANNOTATIONS = ("tag", "lemma", "upos", "dep", "ent")
"""Families that a spaCy pipeline gives; all others need none."""
TOKENIZERS = ("whitespace", "simple", "spacy")
UNLIMITED = ("overlap", "pos")
"""Families that keep all their values."""


@dataclass(frozen=True)
class TextSettings:
    """Which concepts are made of documents, each the text of a cell (or of its tokens).

    Args:
        format: How the file is laid out.
        tokenizer: `whitespace`; `simple`, which splits signs off words; or `spacy` for the rules of
            spaCy's blank pipeline.
        language: Language of the blank pipeline, and of spaCy's stop words.
        pipeline: The spaCy pipeline for tags, lemmas, dependencies and entities.
        lowercase: Whether words, lemmas and neighbours are lower-cased.
        families: Which families of concepts to make.
        most_common: How many of its most common values each family keeps.
        limits: The same for single families, such as `{lemma = 500}`.
        stop_words: Words that are left out before the most common are taken: a list, `compexp`
            (those of the paper's code) or `spacy` (those of the language).
        keep_text: Whether the bank keeps the text, so that cells can be shown.
    """

    format: str = "lines"
    tokenizer: str = "whitespace"
    language: str = "en"
    pipeline: str = "en_core_web_sm"
    lowercase: bool = True
    families: tuple[str, ...] = ("word",)
    most_common: int = 2000
    limits: Mapping[str, int] = field(default_factory=dict)
    stop_words: str | tuple[str, ...] = ()
    keep_text: bool = True

    KIND: ClassVar[str] = ""
    FORMATS: ClassVar[tuple[str, ...]] = ("lines", "table")
    FAMILIES: ClassVar[tuple[str, ...]] = ("word", "form", *ANNOTATIONS)

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        if self.format not in self.FORMATS:
            raise OptionError(f"format is one of {', '.join(self.FORMATS)}, not {self.format!r}")
        if self.tokenizer not in TOKENIZERS:
            raise OptionError(
                f"tokenizer is one of {', '.join(TOKENIZERS)}, not {self.tokenizer!r}"
            )
        if self.format == "tokens" and self.tokenizer != "whitespace":
            raise OptionError(
                "format = 'tokens' means that the file holds tokens",
                hint="leave tokenizer away in the recipe, or set=tokens.tokenizer=whitespace",
            )
        if isinstance(self.stop_words, str) and self.stop_words not in ("compexp", "spacy"):
            raise OptionError(
                f"stop_words is a list of words, compexp or spacy, not {self.stop_words!r}"
            )
        for one in self.limits:
            if one in UNLIMITED:
                raise OptionError(f"limits: the family {one} has none")
        for one in (*self.families, *self.limits):
            if one not in self.FAMILIES:
                hint = did_you_mean(one, self.FAMILIES) or f"there are: {', '.join(self.FAMILIES)}"
                raise OptionError(f"no family of concepts {one!r}", hint=hint)
        if len(set(self.families)) < len(self.families):
            raise OptionError(f"families are given twice: {', '.join(self.families)}")
        for name, limit in (("most_common", self.most_common), *self.limits.items()):
            if limit < 0:
                raise OptionError(f"{name} must be 0 or more, not {limit}")

    @classmethod
    def of_recipe(cls, given: Mapping[str, Any], where: str) -> Self:
        """Settings from the values of a recipe's table.

        Raises:
            DataError: A value is not of the type that its setting has.
        """
        return settings_of(cls, given, where)

    def limit(self, family: str) -> int:
        """Most values that a family keeps."""
        return self.limits.get(family, self.most_common)

    def form(self, token: str) -> str:
        """A token as it is named: in one spelling, without white space around it.

        One of white space alone is `<blank>`, `<tab>` or `<newline>`.
        """
        found = tidy(token.strip())
        if found or not token:
            return found
        if token.splitlines() != [token]:
            return "<newline>"
        return "<tab>" if "\t" in token else "<blank>"

    def fold(self, word: str) -> str:
        """A word as it is named: its form and, if so set, lower-cased."""
        form = self.form(word)
        return tidy(form.lower()) if self.lowercase else form


@dataclass(frozen=True)
class DocumentSettings(TextSettings):
    """Which concepts are made of single texts; see also `TextSettings`.

    Args:
        format: `lines` (a document a line), `table` (a column of a .csv, .tsv, .parquet or
            .jsonl file) or `tokens` (JSON lines, each a list of the tokens of a document).
        column: For `table`: the column's name, or its number from 1 in a file without header.
        header: For `table`: whether a .csv or .tsv has a first line that names the columns; by
            default it has if a column is given by name.
        quotes: For `table`: whether quotation marks in a .csv or .tsv stand around fields; by
            default they do in a .csv, and belong to the text in a .tsv.
        marks: For `tokens`: what marks of a tokenizer are, such as in `Ġthe`: `auto`, `keep`, `bpe`
            or `sentencepiece`; see `logicx.sources.text.marks`.
    """

    column: str | int = "text"
    header: bool | None = None
    quotes: bool | None = None
    marks: str = "auto"

    KIND: ClassVar[str] = "texts"
    FORMATS: ClassVar[tuple[str, ...]] = ("lines", "table", "tokens")

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        super().__post_init__()
        if self.marks not in CHOICES:
            raise OptionError(f"marks is one of {', '.join(CHOICES)}, not {self.marks!r}")
