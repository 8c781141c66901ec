"""Documents from files, with the line or row of each, so that errors can name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from logicx.banks.strict_json import strict_json
from logicx.banks.tablefiles import Table, read_lines, read_table, suffix_of
from logicx.banks.values import is_nothing
from logicx.errors import DataError, FileError, did_you_mean
from logicx.sources.text.marks import read_marks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from logicx.sources.text.settings import DocumentSettings, TextSettings

TABLES = (".csv", ".tsv", ".parquet", ".jsonl")
HEADINGS = frozenset(
    (
        *("text", "texts", "sentence", "sentence1", "sentence2", "premise", "hypothesis"),
        *("label", "labels", "gold_label", "question", "question1", "question2", "answer"),
        *("context", "review", "content", "index", "id", "idx", "pair_id", "pairid"),
    )
)
"""What columns of texts are called; no text is such a word alone."""


class Pieces(NamedTuple):
    """The tokens of a document, which are pieces of its words or stand for none.

    Args:
        tokens: The tokens.
        word_of: For each the number of its word in the document, from 0; -1 for none.
    """

    tokens: tuple[str, ...]
    word_of: tuple[int, ...]


@dataclass(frozen=True)
class Documents:
    """Texts, or lists of tokens, in the order of a file.

    Args:
        path: The file.
        texts: The documents.
        place: What is counted, `line` or `row`.
        numbers: The line or row of each document.
        roles: What the documents of a pair are called, or nothing where there are no pairs.
        pieces: Where tokens are not words: the tokens of each document, whose words `texts` has.
        notes: What a person should know of how the file was read.
    """

    path: Path
    texts: Sequence[str] | Sequence[tuple[str, ...]]
    place: str
    numbers: Sequence[int]
    roles: tuple[str, ...] = ()
    pieces: Sequence[Pieces] = ()
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse what UTF-8 cannot say (JSON can state half a character)."""
        for told in (self.texts, [one.tokens for one in self.pieces]):
            for i, text in enumerate(told):
                try:
                    (text if isinstance(text, str) else "".join(text)).encode()
                except UnicodeEncodeError as error:
                    raise self.error(i, f"is not Unicode ({error.reason})") from None

    def shown(self) -> list[str]:
        """The documents as texts; tokens are joined by spaces."""
        return [one if isinstance(one, str) else " ".join(one) for one in self.texts]

    def error(self, i: int, why: str, hint: str = "") -> DataError:
        """What is wrong with a document, and where it stands."""
        what = "the text"
        if self.roles:
            pair, role = divmod(i, len(self.roles))
            what = f"the {self.roles[role]} of pair {pair + 1:,}"
        return DataError(f"{self.path}, {self.place} {self.numbers[i]:,}: {what} {why}", hint=hint)


def read_documents(path: Path, settings: DocumentSettings) -> Documents:
    """The documents of a file.

    Raises:
        FileError: It cannot be read in this format.
        DataError: It holds none.
    """
    if settings.format == "table":
        read = read_columns(path, [settings.column], header=settings.header, quotes=settings.quotes)
        numbers = range(1, len(read.columns[0]) + 1)
        documents = Documents(path, read.columns[0], read.place, numbers, notes=read.notes)
    else:
        refuse_table(path, settings)
        lines = read_lines(path)
        numbers = range(1, len(lines) + 1)
        if settings.format == "lines":
            documents = Documents(path, lines, "line", numbers)
        else:
            words, pieces = _token_lists(path, lines)
            told = [one.tokens for one in pieces] or words
            tokens, notes = read_marks(told, settings.marks)
            if pieces:
                pieces = [
                    Pieces(*one) for one in zip(tokens, [p.word_of for p in pieces], strict=True)
                ]
            else:
                words = tokens
            documents = Documents(path, words, "line", numbers, pieces=pieces, notes=notes)
    if not documents.texts:
        raise DataError(f"{path} holds no text")
    return documents


def refuse_table(path: Path, settings: TextSettings) -> None:
    """Raise a `FileError` where a table is to be read as lines of text."""
    if suffix_of(path) in TABLES and not (
        settings.format == "tokens" and suffix_of(path) == ".jsonl"
    ):
        raise FileError(
            f"{path} is a table",
            hint=f"say so: format = 'table' in the recipe, or set={settings.KIND}.format=table",
        )


class Columns(NamedTuple):
    """Columns of a file as text.

    Args:
        columns: The columns that were asked for.
        place: What is counted, `row` or `line`.
        notes: What a person should know of how the file was read.
    """

    columns: list[list[str]]
    place: str
    notes: list[str]


def read_columns(
    path: Path,
    columns: Sequence[str | int],
    labels: Sequence[str | int] = (),
    *,
    form: str = "",
    header: bool | None = None,
    quotes: bool | None = None,
) -> Columns:
    """Columns of a table as text, and whether its rows are counted as rows or lines.

    Args:
        path: A .csv, .tsv, .parquet or .jsonl file (JSON lines, each an object).
        columns: Names, or numbers from 1.
        labels: Further columns, which may hold whole numbers.
        form: What the file is, where its name does not say, such as `.tsv`.
        header: Whether the first line names the columns; by default it does if a name is given.
        quotes: Whether quotation marks stand around fields; see `read_table`.

    Raises:
        FileError: It is no such file, lacks a column, or begins with a header that is not expected.
    """
    if (form or suffix_of(path)) == ".jsonl":
        if quotes is not None:
            raise FileError(f"{path}: quotes is for .csv and .tsv", hint="leave quotes away")
        return Columns(_columns_of_json(path, columns, labels), "line", [])
    has_header = isinstance(columns[0], str) if header is None else header
    table = read_table(
        path, has_header=has_header, form=form, is_sure=header is not None, quotes=quotes
    )
    wanted = [_name(table, one) for one in (*columns, *labels)]
    for column, name in zip((*columns, *labels), wanted, strict=True):
        if name not in table:
            hint = did_you_mean(name, table) or (
                f"it has: {', '.join([*table][:20])}; without a header, columns are 1, 2, ..."
            )
            raise FileError(f"{path} has no column {column!r}", hint=hint)
    found = [[_text(one, path, name) for one in table[name]] for name in wanted]
    if header is None and not has_header:
        first = [one[0].strip() for one in found[: len(columns)] if one]
        if first and all(one.casefold() in HEADINGS for one in first):
            raise FileError(
                f"{path}: the first line looks like names of columns: {', '.join(first)}",
                hint="say which it is: header = true or header = false",
            )
    return Columns(found, "row", table.notes)


def _name(table: Table, column: str | int) -> str:
    """The name of a column; a number counts columns where no name is that number."""
    if isinstance(column, int) and str(column) not in table and 1 <= column <= len(table):
        return str([*table][column - 1])
    return str(column)


def _text(value: Any, path: Path, column: str) -> str:
    if is_nothing(value):
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise FileError(f"{path}: column {column!r} is not UTF-8 ({error})") from None
    return str(value)


def _columns_of_json(
    path: Path, columns: Sequence[str | int], labels: Sequence[str | int]
) -> list[list[str]]:
    wanted = [*columns, *labels]
    found: list[list[str]] = [[] for _ in wanted]
    for number, line in enumerate(read_lines(path), 1):
        row = _json(path, number, line)
        if not isinstance(row, dict):
            raise FileError(f"{path}, line {number:,}: no JSON object, such as {{...}}")
        for column, values in zip(wanted, found, strict=True):
            if column not in row:
                hint = did_you_mean(str(column), row) or f"it has: {', '.join([*row][:20])}"
                raise FileError(f"{path}, line {number:,}: no {column!r}", hint=hint)
            value = "" if row[column] is None else row[column]
            if type(value) is int and column in labels:
                value = str(value)
            if not isinstance(value, str):
                raise FileError(
                    f"{path}, line {number:,}: {column!r} is {value!r}, which is no text"
                )
            values.append(value)
    return found


def _token_lists(
    path: Path, lines: Sequence[str]
) -> tuple[list[tuple[str, ...]], Sequence[Pieces]]:
    """The words of each document, and their pieces where any line states them."""
    words: list[tuple[str, ...]] = []
    pieces: dict[int, Pieces] = {}
    for number, line in enumerate(lines, 1):
        stated = _json(path, number, line)
        if isinstance(stated, dict) and "words" in stated:
            pieces[len(words)] = _pieces(f"{path}, line {number:,}", stated)
            stated = stated["words"]
        elif not _is_texts(stated):
            raise FileError(
                f"{path}, line {number:,}: no list of tokens",
                hint='format = "tokens" means a list a line, such as ["A", "dog"]; or an object '
                'with words and their pieces, such as {"words": ["A", "doggy"], '
                '"tokens": ["a", "dog", "##gy"], "word_of": [0, 1, 1]}',
            )
        words.append(tuple(stated))
    whole = (Pieces(one, tuple(range(len(one)))) for one in words)
    return words, [pieces.get(i, one) for i, one in enumerate(whole)] if pieces else ()


def _pieces(where: str, stated: dict[str, Any]) -> Pieces:
    keys = ("words", "tokens", "word_of")
    for key in stated:
        if key not in keys:
            hint = did_you_mean(key, keys) or f"it may hold: {', '.join(keys)}"
            raise FileError(f"{where}: unknown key {key!r}", hint=hint)
    for key in ("words", "tokens"):
        if not _is_texts(stated.get(key)):
            raise FileError(f"{where}: {key!r} must be a list of texts")
    tokens, n_words, word_of = stated["tokens"], len(stated["words"]), stated.get("word_of")
    if not isinstance(word_of, list) or len(word_of) != len(tokens):
        raise FileError(
            f"{where}: 'word_of' must be a list of {len(tokens):,} numbers, one for each token",
            hint="the number of the token's word, from 0, or null for none; a tokenizer of Hugging "
            "Face gives them as word_ids()",
        )
    for k, (token, word) in enumerate(zip(tokens, word_of, strict=True), 1):
        if word is not None and (type(word) is not int or not 0 <= word < n_words):
            raise FileError(
                f"{where}: token {k:,} ({token!r}) is said to be of word {word!r}, but words are "
                f"0 to {n_words - 1:,}",
                hint="null means: of no word",
            )
        if not token:
            raise FileError(f"{where}: token {k:,} is empty", hint="write a sign for it")
    if not tokens:
        raise FileError(f"{where}: there are words but no token")
    return Pieces(tuple(tokens), tuple(-1 if word is None else word for word in word_of))


def _is_texts(stated: Any) -> bool:
    return isinstance(stated, list) and all(isinstance(one, str) for one in stated)


def _json(path: Path, number: int, line: str) -> Any:
    return strict_json(line, f"{path}, line {number:,}")
