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


def near(folder, text, words=("cat", "dog", "car"), **settings):
    path = folder / "v.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return nearest_words(list(words), NeighborSettings(str(path), n=1, itself=False, **settings))


PLAIN = "cat 1 0 0\ndog 0.9 0.1 0\ncar 0.1 0 1\n"
TABLE = {"cat": ["dog"], "dog": ["cat"], "car": ["cat"]}
ODD = ". . . 0 -1 0\n7 0 -1 0\nat name@domain.com 0 -1 0\n"


@pytest.mark.parametrize("among", ["bank", "all"])
def test_files_as_they_are_published(tmp_path, among):
    for text in (
        PLAIN,
        PLAIN.replace("\n", " \n"),
        PLAIN.replace("\n", "\r\n"),
        "3 3\n" + PLAIN,
        "2 3\n" + PLAIN,
        b"\xef\xbb\xbf" + PLAIN.encode(),
        b"\xef\xbb\xbf3 3\n" + PLAIN.encode(),
        gzip.compress(PLAIN.encode()),
        ODD + PLAIN,
        PLAIN + ODD + "cat 0 0 1\n",
    ):
        assert near(tmp_path, text, among=among).table == TABLE
    assert near(tmp_path, "2 3\n" + PLAIN).notes[0].endswith("holds 2 words, but 3 were read")
    assert "words hold blanks, such as '. . .'" in near(tmp_path, PLAIN + ODD).notes[0]
    assert "are there twice, such as 'cat'" in near(tmp_path, PLAIN + "cat 0 0 1\n").notes[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PLAIN + "bird 1 0\n", "line 4: 2 numbers where others have 3"),
        (PLAIN + "bird 5 1 0 0\n", "line 4: more numbers than the 3 of others"),
        (PLAIN.replace("0.9", "0_9"), "line 2: '0_9' is not a number"),
        (PLAIN.replace("0.9", "٩"), "is not a number"),
        ("4 3\n" + PLAIN, "holds 3 words, but says that it holds 4"),
    ],
)
def test_lines_that_are_no_vectors_are_named(tmp_path, text, why):
    with pytest.raises(FileError, match=why):
        near(tmp_path, text)


def test_words_are_found_in_either_unicode_form(tmp_path):
    text = "cafe\u0301 1 0 0\nbar 0.9 0.1 0\n"
    assert near(tmp_path, text, ["café", "bar"]).table == {"café": ["bar"], "bar": ["café"]}


def binary(
    text: str = PLAIN, n: object = 3, n_dimensions: object = 3, ending: bytes = b""
) -> bytes:
    """The same vectors as word2vec writes them with `-binary 1`."""
    rows = (line.split(" ") for line in text.splitlines())
    words = (
        word.encode() + b" " + np.array([*map(float, numbers)], "<f4").tobytes() + ending
        for word, *numbers in rows
    )
    return f"{n} {n_dimensions}\n".encode() + b"".join(words)


@pytest.mark.parametrize("among", ["bank", "all"])
def test_binary_files_are_read_to_their_end(tmp_path, among):
    for data in (
        binary(),
        binary(ending=b"\n"),
        gzip.compress(binary()),
        binary(n=2),
        binary(PLAIN + "cat 0 0 1\n"),
        binary(PLAIN + "cat 0 0 1\n", n=4),
    ):
        assert near(tmp_path, data, among=among).table == TABLE
    assert near(tmp_path, binary()).notes == ()
    assert near(tmp_path, binary(n=2)).notes[0].endswith("holds 2 words, but 3 were read")
    notes = near(tmp_path, binary(PLAIN + "cat 0 0 1\n", n=4)).notes
    assert "1 words are there twice, such as 'cat'" in notes[0]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (binary(n=4), "holds 3 words, but says that it holds 4"),
        (binary(n=2_000_000_000), "says that it holds 2,000,000,000"),
        (binary()[:-1], "word 3: its vector is not whole"),
        (binary()[:-13], "word 3: no blank after it"),
        (binary(n_dimensions=4), "word 2|word 3"),
        (binary(n_dimensions=2), "word 2"),
        (binary(n_dimensions=1_000_000), "word 1: its vector is not whole"),
        (binary(n_dimensions=2_000_000_000), "have 2,000,000,000 dimensions"),
        (binary(n_dimensions=0), "have 0 dimensions"),
        ("3 0\ncat\ndog\ncar\n", "have 0 dimensions"),
        (binary("\u00e9 1 0 0\n", 1).replace(b"\xc3", b"\xff"), "word 1 is not UTF-8"),
        (b"1 3\n" + b"\x01" * 70_000, "word 1: no blank"),
    ],
)
def test_binary_files_that_are_damaged_are_named(tmp_path, data, why):
    with pytest.raises(FileError, match=why):
        near(tmp_path, data)


def test_binary_files_larger_than_a_piece_are_read_whole(tmp_path, monkeypatch):
    from logicx.sources.text import vectorfiles

    text = "".join(f"w{i} {i} 1 {i * i}\n" for i in range(200))
    (tmp_path / "v.bin").write_bytes(binary(text, 200))
    for size in (1, 7, 1000):
        monkeypatch.setattr(vectorfiles, "_CHUNK", size)
        found = vectorfiles.read_binary_vectors(tmp_path / "v.bin")
        assert found.words == [f"w{i}" for i in range(200)]
        assert found.vectors.tolist() == [[i, 1, i * i] for i in range(200)]
    found = vectorfiles.read_binary_vectors(tmp_path / "v.bin", {"w7", "w9"})
    assert found.words == ["w7", "w9"]
    assert found.vectors[:, 2].tolist() == [49, 81]
