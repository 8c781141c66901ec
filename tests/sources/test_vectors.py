"""Nearest words: real GloVe vectors through gensim, all formats, and what is refused."""

from __future__ import annotations

import gc
import gzip
import warnings
from pathlib import Path

import numpy as np
import pytest

from logicx.errors import DataError, FileError, OptionError

gensim = pytest.importorskip("gensim")

from logicx.sources.text.vectors import NeighborSettings, nearest_words, read_vectors  # noqa: E402

# gensim leaves files to be closed by the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

GLOVE = Path(gensim.__file__).parent / "test" / "test_data" / "test_glove.txt"
"""76 words of the real GloVe vectors, which gensim ships: text without a header."""


@pytest.fixture(autouse=True)
def left_open():
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def words() -> list[str]:
    return [line.split(" ")[0] for line in GLOVE.read_text(encoding="utf-8").splitlines()]


def cosines(word: str, words: list[str]) -> dict[str, float]:
    """The slow way."""
    rows = {
        line.split(" ")[0]: np.array(line.split(" ")[1:], np.float64)
        for line in GLOVE.read_text(encoding="utf-8").splitlines()
    }
    mine = rows[word] / np.linalg.norm(rows[word])
    return {
        one: float(mine @ rows[one] / np.linalg.norm(rows[one])) for one in words if one != word
    }


@pytest.mark.parametrize("n", [1, 5, 100])
def test_the_nearest_are_those_by_cosine(words, n):
    bank = words[:40]
    found = nearest_words([*bank, "nosuchword"], NeighborSettings(str(GLOVE), n=n))
    assert found.missing == ["nosuchword"]
    assert sorted(found.table) == sorted(set(bank))
    for word in bank:
        by_cosine = cosines(word, bank)
        slow = sorted(by_cosine, key=lambda one: -by_cosine[one])[:n]
        assert found.table[word] == [word, *slow]


def test_every_setting_changes_something(words):
    bank = words[:40]
    own = nearest_words(bank, NeighborSettings(str(GLOVE))).table
    without = nearest_words(bank, NeighborSettings(str(GLOVE), itself=False)).table
    assert {word: [word, *row] for word, row in without.items()} == own
    among_all = nearest_words(bank, NeighborSettings(str(GLOVE), among="all")).table
    assert among_all != own
    for word, row in among_all.items():
        nearest = cosines(word, words)
        five = sorted(nearest, key=lambda one: -nearest[one])[:5]
        assert row == [word, *(one for one in five if one in bank)]


def test_all_formats_give_the_same(words, tmp_path, monkeypatch):
    known = read_vectors(GLOVE)
    text, binary, saved = (str(tmp_path / one) for one in ("v.txt", "v.bin", "v.kv"))
    known.save_word2vec_format(text)
    known.save_word2vec_format(binary, binary=True)
    known.save(saved)
    packed = tmp_path / "v.txt.gz"
    packed.write_bytes(gzip.compress(GLOVE.read_bytes()))
    with pytest.raises(FileError, match="pickle") as refused:
        read_vectors(saved)
    assert "LOGICX_TRUST_PICKLE=1" in str(refused.value.hint)
    monkeypatch.setenv("LOGICX_TRUST_PICKLE", "1")
    tables = [
        nearest_words(words[:30], NeighborSettings(one)).table
        for one in (str(GLOVE), text, binary, str(packed), saved)
    ]
    assert tables[1:] == tables[:1] * 4


@pytest.mark.parametrize(
    "text",
    [
        "a 1 2 3\nb 1 2\n",
        "a 1 2 3\nb 1 2 x\n",
        "2 3\na 1 2 3\n",
        "2 3\na 1 2 3\nb 1 2\n",
        "",
        "a\nb\n",
        "a 1 2\n\xff\xfe 1 2\n",
        "a 1 nan\nb 1 2\n",
        "a 0 0\nb 0 0\n",
    ],
)
def test_what_is_no_file_of_vectors_is_refused(tmp_path, text):
    path = tmp_path / "bad.txt"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises((FileError, DataError)) as refused:
        nearest_words(["a", "b"], NeighborSettings(str(path)))
    assert str(path) in str(refused.value)


def test_words_without_vectors_and_settings_that_mean_nothing(words):
    with pytest.raises(DataError, match="no vector for any of the 2 words"):
        nearest_words(["Xyzzy", "Plugh"], NeighborSettings(str(GLOVE)))
    with pytest.raises(OptionError, match="at least 1"):
        NeighborSettings(str(GLOVE), n=0)
    with pytest.raises(OptionError, match="bank, all"):
        NeighborSettings(str(GLOVE), among="some")


def test_a_name_that_nobody_knows_is_refused(monkeypatch):
    from gensim import downloader

    def load(name: str, return_path: bool) -> str:
        assert return_path, "code of the download must not be run"
        raise ValueError("Incorrect model/corpus name")

    monkeypatch.setattr(downloader, "load", load)
    with pytest.raises(FileError, match=r"gensim\.downloader knows no such vectors"):
        read_vectors("no-such-vectors")
