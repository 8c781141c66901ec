"""Word vectors in files: GloVe's and word2vec's, text and binary, as they are published."""

from __future__ import annotations

import gzip
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from logicx.errors import FileError
from logicx.language.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator, Set
    from pathlib import Path

    from numpy.typing import NDArray

_GZIP, _BOM = b"\x1f\x8b", b"\xef\xbb\xbf"
_OF_NUMBERS = b"0123456789+-.eE"
_LOOKED_AT = 100
"""Lines by which the number of dimensions is found."""
_FLOAT = np.dtype("<f4")
_LONGEST = 1 << 16
"""More bytes than a word has."""
_MOST_DIMENSIONS = 1 << 20
_DIGITS = 19
"""More than a number of words or dimensions has."""
_CHUNK = 1 << 22
_LAST_CONTROL = 0x1F


class Vectors(NamedTuple):
    """Words and their vectors, in the order of the file.

    Shape: `vectors: float32[n_words, n_dimensions]`.
    """

    words: list[str]
    vectors: NDArray[np.float32]
    notes: tuple[str, ...]


def opened(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked if it is packed by gzip (or as its name says)."""
    with path.open("rb") as file:
        is_packed = file.read(2) == _GZIP
    if is_packed:
        return gzip.open(path, "rb")  # type: ignore[return-value]
    from smart_open import open as smart_open

    found: Any = smart_open(path, "rb")
    return found  # type: ignore[no-any-return]


def read_text_vectors(path: Path, has_header: bool, wanted: Set[str] | None = None) -> Vectors:
    """The vectors of a text file: on each line a word and its numbers, with blanks between.

    A word may hold blanks itself, as some of glove.840B do. Of a word that is there twice, the
    first counts. A header may state too few words, but not too many: then the file was cut off.

    Args:
        path: The file.
        has_header: Whether its first line states the number of words and of dimensions.
        wanted: The words that are kept; by default all.

    Raises:
        FileError: A line is of another form, or is not UTF-8.
        OSError: It cannot be read.
    """
    with opened(path) as file:
        lines = enumerate(iter(file.readline, b""), 1)
        first: list[tuple[int, bytes]] = [*islice(lines, 1)]
        if first:
            first[0] = (1, first[0][1].removeprefix(_BOM))
        stated = 0
        if has_header:
            stated, n = _header(path, first.pop()[1] if first else b"")
            first = [*islice(lines, _LOOKED_AT)]
        else:
            first += islice(lines, _LOOKED_AT)
            n = _n_dimensions(first)
        return _read(path, _chain(first, lines), n, stated, wanted)


def _header(path: Path, line: bytes) -> tuple[int, int]:
    """How many words and dimensions a first line states.

    Raises:
        FileError: It states none, or no vector has so many.
    """
    fields = line.split()
    if len(fields) != 2 or not all(one.isdigit() and len(one) < _DIGITS for one in fields):
        raise FileError(f"{path}: the first line states no number of words and of dimensions")
    stated, n = int(fields[0]), int(fields[1])
    if not 0 < n <= _MOST_DIMENSIONS:
        raise FileError(f"{path} says that its vectors have {n:,} dimensions")
    return stated, n


def _chain(
    first: list[tuple[int, bytes]], rest: Iterator[tuple[int, bytes]]
) -> Iterator[tuple[int, bytes]]:
    yield from first
    yield from rest


def _read(
    path: Path, lines: Iterator[tuple[int, bytes]], n: int, stated: int, wanted: Set[str] | None
) -> Vectors:
    words: dict[str, int] = {}
    rows: list[NDArray[np.float32]] = []
    n_lines, blank, twice = 0, "", ""
    n_blank = n_twice = 0
    for number, line in lines:
        fields = line.rstrip().rsplit(b" ", n)
        if len(fields) != n + 1 or not fields[0]:
            if not line.strip():
                continue
            raise FileError(
                f"{path}, line {number:,}: {len(line.split()) - 1} numbers where others have {n}"
            )
        n_lines += 1
        try:
            spelled = fields[0].decode()
        except UnicodeDecodeError as error:
            raise FileError(f"{path}, line {number:,} is not UTF-8 text ({error})") from error
        if b" " in fields[0]:
            if _is_number(fields[0].rsplit(b" ", 1)[1]):
                raise FileError(f"{path}, line {number:,}: more numbers than the {n} of others")
            n_blank, blank = n_blank + 1, blank or spelled
        word = tidy(spelled) or spelled
        if wanted is not None and word not in wanted:
            continue
        if word in words:
            n_twice, twice = n_twice + 1, twice or word
            continue
        if b"".join(fields[1:]).translate(None, _OF_NUMBERS):
            other = next(one for one in fields[1:] if one.translate(None, _OF_NUMBERS))
            raise FileError(
                f"{path}, line {number:,}: {other.decode(errors='replace')!r} is not a number"
            )
        words[word] = len(rows)
        try:
            rows.append(np.array([float(one) for one in fields[1:]], np.float32))
        except ValueError as error:
            raise FileError(f"{path}, line {number:,}: {error}") from error
    notes = _counted(path, n_lines, stated, n_twice, twice)
    if n_blank:
        notes.append(f"{path}: {n_blank:,} words hold blanks, such as {blank!r}")
    return Vectors([*words], np.array(rows, np.float32).reshape(len(rows), n), tuple(notes))


def _counted(path: Path, n_read: int, stated: int, n_twice: int, twice: str) -> list[str]:
    """Notes on how many words there are.

    Raises:
        FileError: They are fewer than the header states.
    """
    if n_read < stated:
        raise FileError(
            f"{path} holds {n_read:,} words, but says that it holds {stated:,}",
            hint="it was cut off: get it again",
        )
    notes = []
    if n_read > stated > 0:
        notes.append(f"{path} says that it holds {stated:,} words, but {n_read:,} were read")
    if n_twice:
        notes.append(
            f"{path}: {n_twice:,} words are there twice, such as {twice!r}: the first counts"
        )
    return notes


def read_binary_vectors(path: Path, wanted: Set[str] | None = None) -> Vectors:
    """The vectors of a file as word2vec writes it with `-binary 1`.

    After a line with the number of words and of dimensions, each word, a blank, and its numbers as
    float32. Of a word that is there twice, the first counts. A header may state too few words.

    Args:
        path: The file.
        wanted: The words that are kept; by default all.

    Raises:
        FileError: It is of another form, or was cut off.
        OSError: It cannot be read.
    """
    words: dict[str, int] = {}
    kept = bytearray()
    n_read, n_twice, twice = 0, 0, ""
    with opened(path) as file:
        stated, n = _header(path, file.readline(_LONGEST).removeprefix(_BOM))
        for spelled, numbers in _records(path, file, n * _FLOAT.itemsize):
            n_read += 1
            word = tidy(spelled) or spelled
            if wanted is not None and word not in wanted:
                continue
            if word in words:
                n_twice, twice = n_twice + 1, twice or word
                continue
            words[word] = len(words)
            kept += numbers
    notes = _counted(path, n_read, stated, n_twice, twice)
    rows = np.frombuffer(kept, _FLOAT).reshape(len(words), n).astype(np.float32, copy=False)
    return Vectors([*words], rows, tuple(notes))


def _records(path: Path, file: BinaryIO, n_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Words and the bytes of their vectors."""
    held, at, number = b"", 0, 0
    is_whole = False
    while True:
        while held[at : at + 1] == b"\n":  # as the original program ends a vector
            at += 1
        blank = held.find(b" ", at, at + _LONGEST)
        end = blank + 1 + n_bytes
        if blank < 0 or end > len(held):
            if is_whole and at == len(held):
                return
            is_too_long = blank < 0 and len(held) - at >= _LONGEST
            if is_whole or is_too_long:
                raise FileError(
                    f"{path}, word {number + 1:,}: "
                    + ("no blank after it" if blank < 0 else "its vector is not whole"),
                    hint="it was cut off, or states another number of dimensions: get it again",
                )
            more = file.read(_CHUNK)
            is_whole = not more
            held, at = held[at:] + more, 0
            continue
        number += 1
        word, at = held[at:blank], end
        try:
            spelled = word.decode()
        except UnicodeDecodeError as error:
            raise FileError(f"{path}, word {number:,} is not UTF-8 text ({error})") from error
        if min(word, default=0) <= _LAST_CONTROL:
            raise FileError(
                f"{path}, word {number:,} is {spelled!r}, which is no word",
                hint="does its first line state the right number of dimensions?",
            )
        yield spelled, held[blank + 1 : end]


def _n_dimensions(lines: list[tuple[int, bytes]]) -> int:
    """How many numbers most lines end in; a word may be a number, and may hold blanks."""
    counts: Counter[int] = Counter()
    for _, line in lines:
        fields = line.split()
        n = 0
        while n < len(fields) - 1 and _is_number(fields[-1 - n]):
            n += 1
        counts[n] += bool(fields)
    counts.pop(0, None)
    return counts.most_common(1)[0][0] if counts else 0


def _is_number(field: bytes) -> bool:
    if field.translate(None, _OF_NUMBERS):
        return False
    try:
        float(field)
    except ValueError:
        return False
    return True
