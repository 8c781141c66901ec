"""Nearest words by word vectors, for NEIGHBORS: read by gensim once, when a bank is compiled.

What is found is stored as a table in the bank, so that evaluation needs neither gensim nor vectors.

Source: Mu and Andreas 2020, section 3: NEIGHBORS(C) holds where any of the 5 words closest to C by
cosine distance of GloVe vectors holds.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.errors import DataError, FileError, OptionError
from logicx.sources.text.vectorfiles import opened, read_binary_vectors, read_text_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from logicx.banks.bank import ConceptBank

AMONG = ("bank", "all")
TRUST = "LOGICX_TRUST_PICKLE"
"""Environment variable that allows files to be read which can run code."""

_PICKLE = b"\x80"
_LINE = 1 << 20
"""Most bytes of a line that are looked at to tell formats apart."""


@dataclass(frozen=True)
class NeighborSettings:
    """How nearest words are found.

    Args:
        vectors: A file that gensim reads: GloVe text with or without header, word2vec text or
            binary, either compressed with gzip; or a name that `gensim.downloader` knows, such as
            `glove-wiki-gigaword-300`, which is then downloaded and checked.
        n: How many nearest words, from 1.
        among: `bank`: the nearest among the bank's own words, so that each word has n of them;
            `all`: the nearest among all words of the vectors, of which those are kept that the bank
            has, often few or none.
        itself: Whether the word itself belongs to its neighbourhood.
    """

    vectors: str
    n: int = 5
    among: str = "bank"
    itself: bool = True

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        if self.n < 1:
            raise OptionError(f"the number of neighbours n must be at least 1, not {self.n}")
        if self.among not in AMONG:
            raise OptionError(f"among is one of {', '.join(AMONG)}, not {self.among!r}")


class Neighbors(NamedTuple):
    """The nearest words of each word that has any, the nearest first, and words without vector.

    `notes` say what a person should know of the file.
    """

    table: dict[str, list[str]]
    missing: list[str]
    notes: tuple[str, ...] = ()


def relate_neighbors(
    bank: ConceptBank, settings: NeighborSettings, where: Path | None = None
) -> Neighbors:
    """Give a bank its table NEIGHBORS: for every word concept those of the nearest words.

    Word concepts are those of the category `word`, and `pre:word` or `hyp:word` for the sides of
    pairs; neighbours are of the same side. Words without a vector have none.

    Args:
        bank: The bank; its `source` will say how many words have no vector.
        settings: How nearest words are found.
        where: The file of vectors, if not as the settings name it.

    Raises:
        DataError: The bank has no word concepts; see `nearest_words` for more.
    """
    of_side: dict[str, dict[str, str]] = {}
    for name, category in zip(bank.names, bank.categories, strict=True):
        *side, family = category.split(":")
        if family == "word":
            prefix = "".join(f"{one}:" for one in side)
            of_side.setdefault(prefix, {})[name.removeprefix(prefix)] = name
    words = list(dict.fromkeys(word for names in of_side.values() for word in names))
    if not words:
        raise DataError(f"bank {bank.name!r} has no concepts of words, so none has neighbours")
    found = nearest_words(words, settings, where)
    table: dict[str, list[str]] = {}
    for names in of_side.values():
        for word, name in names.items():
            near = [names[other] for other in found.table.get(word, ()) if other in names]
            if near and near != [name]:
                table[name] = near
    bank.relate("NEIGHBORS", table)
    bank.source["words_without_vector"] = len(found.missing)
    bank.notes += found.notes
    return found


def nearest_words(
    words: Sequence[str], settings: NeighborSettings, where: Path | None = None
) -> Neighbors:
    """The nearest words of each word.

    Args:
        words: The bank's words, each once.
        settings: How they are found.
        where: The file of vectors, if not as the settings name it.

    Raises:
        FileError: The vectors cannot be read.
        DataError: gensim is not installed, or none of the words has a vector.

    Cost: with `among="all"`, one product of all vectors with a vector for each word.
    """
    wanted = {*words} if settings.among == "bank" else None
    read, notes = _read(where or settings.vectors, wanted)
    known = _directed(read, settings.vectors)
    missing = [word for word in words if word not in known]
    present = [word for word in words if word in known]
    if not present:
        raise DataError(
            f"{settings.vectors} has no vector for any of the {len(words):,} words",
            hint="are its words lower-cased, and of the same language?",
        )
    searched = known.vectors_for_all(present) if settings.among == "bank" else known
    own = set(present)
    table = {}
    for word in present:
        near = [other for other, _ in searched.most_similar(word, topn=settings.n) if other in own]
        if near:
            table[word] = [word, *near] if settings.itself else near
    return Neighbors(table, missing, notes)


def read_vectors(where: str | Path) -> Any:
    """Word vectors as gensim's `KeyedVectors`, from a file or by the name of a download.

    A saved `KeyedVectors` is a pickle, which can run code as it is read: it is refused unless the
    environment says LOGICX_TRUST_PICKLE=1.

    Raises:
        FileError: They cannot be read.
        DataError: gensim is not installed.
    """
    return _read(where, None)[0]


def _read(where: str | Path, wanted: Set[str] | None) -> tuple[Any, tuple[str, ...]]:
    """Word vectors, of text and binary files only those of some words; and notes."""
    try:
        from gensim.models import KeyedVectors
    except ImportError as error:
        raise DataError(
            "word vectors need gensim, which is not installed", hint='pip install "logicx[text]"'
        ) from error
    path = Path(where)
    if not path.is_file():
        path = _downloaded(str(where))
    try:
        kind = _kind(path)
        if kind == "pickle":
            if os.environ.get(TRUST) != "1":
                raise FileError(
                    f"{path} is a saved KeyedVectors, a pickle, which can run code as it is read",
                    hint=f"if you trust it, set {TRUST}=1; or save it once as text: "
                    "KeyedVectors.load(FILE).save_word2vec_format('vectors.txt')",
                )
            found = KeyedVectors.load(str(path))
            return (found if isinstance(found, KeyedVectors) else found.wv), ()
        if kind == "binary":
            vectors = read_binary_vectors(path, wanted)
        else:
            vectors = read_text_vectors(path, kind == "headed", wanted)
        made = KeyedVectors(vectors.vectors.shape[1])
        made.add_vectors(vectors.words, vectors.vectors)
        return made, vectors.notes
    except (OSError, EOFError, ValueError, AttributeError, UnicodeDecodeError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(
            f"{path} cannot be read as word vectors: {error}",
            hint="each line is a word and its numbers, as many on each line",
        ) from error


def _directed(known: Any, where: str) -> Any:
    """The vectors that point somewhere: a vector of zeros is near to nothing."""
    norms = np.linalg.norm(known.vectors, axis=1)
    if not np.isfinite(norms).all():
        word = known.index_to_key[int(np.argmin(np.isfinite(norms)))]
        raise FileError(f"{where}: the vector of {word!r} holds NaN or infinity")
    if norms.all():
        return known
    return known.vectors_for_all([known.index_to_key[i] for i in np.flatnonzero(norms)])


def _kind(path: Path) -> str:
    """`pickle`, `binary`, `headed` (text with a header) or `headless`."""
    with opened(path) as file:
        first = file.readline(_LINE).removeprefix(b"\xef\xbb\xbf")
        if not first:
            raise FileError(f"{path} is empty")
        if first.startswith(_PICKLE):
            return "pickle"
        fields = first.split()
        if len(fields) != 2 or not all(one.isdigit() for one in fields):
            return "headless"
        second = file.readline(_LINE).split()
    try:
        is_text = len(second) == int(fields[1]) + 1 and [float(one) for one in second[1:]]
    except ValueError:
        is_text = False
    return "headed" if is_text else "binary"


def _downloaded(name: str) -> Path:
    """The file of vectors that gensim.downloader knows by a name; only data are used, no code."""
    from gensim import downloader

    try:
        return Path(downloader.load(name, return_path=True))
    except ValueError:
        raise FileError(f"no file {name}, and gensim.downloader knows no such vectors") from None
    except Exception as error:  # whatever a failing network raises
        raise FileError(
            f"no file {name}, and vectors of that name cannot be downloaded: {error}",
            hint="name a file of vectors, such as glove.6B.300d.txt",
        ) from error
