"""A key that an object of JSON gives twice is refused in files of logicx's own, too.

Python's reader keeps the last of two values; another reader may keep the first. Hashes are computed
anew here, so that nothing but the doubled key is wrong.
"""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from journals import path, plan, whole  # noqa: F401, fixtures

from logicx import ConceptBank, open_units, read_journal
from logicx.errors import FileError, JournalError
from logicx.runs.journal import _sealed

SEAL = len(b', "check": "0123456789abcdef"}\n')


def resealed(lines: list[bytes]) -> bytes:
    """Lines of a journal whose checks follow from what they say now."""
    check, found = "", b""
    for line in lines:
        body = line[:-SEAL] + b"}"
        sealed, check = _sealed({}, check, body)
        found += sealed
    return found


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        (2, b'"score": ', b'"score": 0.5, "score": '),
        (3, b'"tp": ', b'"tp": 1, "tp": '),
        (1, b'"n_units": ', b'"n_units": 3, "n_units": '),
    ],
)
def test_a_line_of_a_journal(path, whole, number, old, new):
    lines = whole.splitlines(keepends=True)
    assert resealed(lines) == whole
    assert old in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(old, new, 1)
    path.write_bytes(resealed(lines))
    with pytest.raises(JournalError, match=f"line {number} is damaged"):
        list(read_journal(path))


def saved(path) -> bytes:
    masks = [[True, False, True], [False, True, True]]
    bank = ConceptBank.from_masks(masks, ["sea", "sky"])
    bank.source["mood"] = "calm"
    bank.save(path)
    return path.read_bytes()


def with_header(data: bytes, change) -> bytes:
    length = int.from_bytes(data[:8], "little")
    header = change(data[8 : 8 + length].decode()).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


@pytest.mark.parametrize("text", ['"mood":"calm","mood":"wild"', '"mood":"wild","mood":"calm"'])
def test_the_metadata_of_a_bank(tmp_path, text):
    path = tmp_path / "sea.bank"
    data = saved(path)
    stated = json.dumps('"mood":"calm"')[1:-1]
    twice = json.dumps(text)[1:-1]
    path.write_bytes(with_header(data, lambda header: header.replace(stated, twice, 1)))
    assert twice.encode() in path.read_bytes()
    with pytest.raises(FileError, match="truncated or damaged") as e:
        ConceptBank.open(path)
    assert "the key 'mood' is given twice" in e.value.hint


@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_an_array_of_safetensors_that_is_there_twice(tmp_path, dtype):
    size = {"F32": 4, "BF16": 2}[dtype]
    one = {"dtype": dtype, "shape": [1, 2], "data_offsets": [0, 2 * size]}
    path = tmp_path / "a.safetensors"
    for names, is_read in (('"x"', True), ('"x": {0}, "x"', False)):
        header = f"{{{names}: {{0}}}}".replace("{0}", json.dumps(one)).encode()
        path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(2 * size))
        if is_read:
            assert open_units(path).n_on.tolist() == [0]
            continue
        with pytest.raises(FileError, match="the key 'x' is given twice"):
            open_units(path)


def test_the_header_of_a_recording(tmp_path):
    torch = pytest.importorskip("torch")
    from logicx.probe import record

    model = torch.nn.Sequential(torch.nn.Linear(3, 2))
    batches = [torch.ones(2, 3), torch.zeros(2, 3)]

    def stopping():
        yield batches[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(model, "0", stopping(), tmp_path / "a.units")
    part = tmp_path / "a.units.part"
    head, _, rest = part.read_bytes().partition(b"\n")
    part.write_bytes(head.replace(b'"dtype": ', b'"dtype": "float16", "dtype": ', 1) + b"\n" + rest)
    before = sha256(part.read_bytes()).digest()
    with pytest.raises(FileError, match="no unfinished recording"):
        record(model, "0", batches, tmp_path / "a.units", resume=True)
    assert sha256(part.read_bytes()).digest() == before
