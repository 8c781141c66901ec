from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from logicx.banks import storage
from logicx.banks.bank import ConceptBank
from logicx.errors import FileError, LogicxError
from logicx.units.units import Units

MASKS = np.array([[1, 0, 1, 1, 0, 0, 1], [0, 0, 1, 0, 1, 0, 1], [1, 1, 0, 0, 0, 0, 1]], bool)
VALID = np.array([1, 1, 1, 1, 1, 0, 1], bool)


def a_bank() -> ConceptBank:
    return ConceptBank.from_masks(MASKS, ["a", "b", "c"], valid=VALID, name="small")


def some_units() -> Units:
    return Units.from_activations(MASKS * [[0.5], [2], [3]], "value(1)", names=["u", "v", "w"])


def counted_units() -> Units:
    bank, units = a_bank(), some_units()
    return Units.counted(bank, units.names, [units.on(bank, i) for i in range(3)])


MAKE = {"bank": a_bank, "units": some_units, "counted": counted_units}


def contents(path: Path, kind: str) -> list[object]:
    """All that a file says, every tensor read."""
    if kind == "bank":
        bank = ConceptBank.open(path)
        arrays = [bank.size, bank.count, bank.of_cell, bank.frequent_words]
        arrays += [*bank.concepts_of, *bank.signatures_of]
        shown = [bank.name, bank.names, bank.categories, bank.universe, bank.relations, bank.source]
        return [*shown, bank.content, *((a.dtype.str, a.shape, a.tolist()) for a in arrays)]
    units = Units.open(path)
    rows = [units.on(a_bank(), i).tolist() for i in range(len(units))]
    shown = [units.names, units.universe, units.cut, units.threshold, units.content]
    return [*shown, units.n_on.tolist(), rows]


def rewritten(path: Path, change, tensors=None) -> None:
    """The file with its logicx header changed and written anew."""
    with safetensors.safe_open(path, framework="numpy") as opened:
        header = json.loads(opened.metadata()["logicx"])
        held = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    change(header)
    safetensors.numpy.save_file(tensors or held, path, {"logicx": json.dumps(header)})


# ---- damage


@pytest.mark.parametrize("kind", MAKE)
def test_no_flipped_bit_goes_unseen(tmp_path, kind):
    whole, path = tmp_path / "whole", tmp_path / "flipped"
    MAKE[kind]().save(whole)
    expected, good = contents(whole, kind), whole.read_bytes()
    n_refused = 0
    bits = range(0, 8 * len(good), 1 if kind == "units" else 3)  # of each byte two or three
    for bit in bits:
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        try:
            found = contents(path, kind)
        except LogicxError:
            n_refused += 1
        else:  # such as 1e5 for 1E5: another spelling of the same
            assert found == expected, f"bit {bit}"
    assert n_refused > 0.99 * len(bits)


@pytest.mark.parametrize("kind", MAKE)
def test_no_truncated_file_is_read(tmp_path, kind):
    path = tmp_path / "cut"
    MAKE[kind]().save(path)
    good = path.read_bytes()
    for n in {*range(0, len(good), 7), *range(len(good) - 20, len(good)), 7, 8, 9}:
        path.write_bytes(good[:n])
        with pytest.raises(FileError, match="truncated or damaged"):
            contents(path, kind)
    path.write_bytes(good + b"\0")
    with pytest.raises(FileError, match="truncated or damaged"):
        contents(path, kind)


def test_a_file_of_another_kind_is_named(tmp_path):
    a_bank().save(tmp_path / "a.bank")
    some_units().save(tmp_path / "a.units")
    with pytest.raises(FileError, match=r"a\.units is a units file, not a bank file"):
        ConceptBank.open(tmp_path / "a.units")
    with pytest.raises(FileError, match=r"a\.bank is a bank file, not a units file"):
        Units.open(tmp_path / "a.bank")


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"logicx": "[]"}, {"logicx": "{}"}])
def test_a_foreign_safetensors_file_is_named(tmp_path, metadata):
    path = tmp_path / "foreign.safetensors"
    safetensors.numpy.save_file({"size": np.arange(3)}, path, metadata)
    for opener in (ConceptBank.open, Units.open):
        with pytest.raises(FileError, match="is a no logicx file, not a"):
            opener(path)


@pytest.mark.parametrize("text", ["{", "", "[" * 100_000, "\x00"])
def test_a_header_that_is_no_json_is_damage(tmp_path, text):
    path = tmp_path / "foreign.safetensors"
    safetensors.numpy.save_file({"size": np.arange(3)}, path, {"logicx": text})
    with pytest.raises(FileError, match="truncated or damaged"):
        ConceptBank.open(path)


@pytest.mark.parametrize(
    ("kind", "version", "remedy"),
    [
        ("bank", 3, "pip install --upgrade logicx"),
        ("bank", 1, "make the file anew"),
        ("units", 2, "pip install --upgrade logicx"),
    ],
)
def test_another_format_is_refused_with_a_remedy(tmp_path, kind, version, remedy):
    path = tmp_path / "file"
    MAKE[kind]().save(path)
    rewritten(path, lambda header: header.update(format_version=version))
    with pytest.raises(FileError, match=f"has format version {version}; this logicx reads") as e:
        contents(path, kind)
    assert remedy in e.value.hint


@pytest.mark.parametrize("version", [0, -1, "1", None, 1.5, [1]])
def test_a_format_version_that_never_was_is_damage(tmp_path, version):
    path = tmp_path / "a.bank"
    a_bank().save(path)
    rewritten(path, lambda header: header.update(format_version=version))
    with pytest.raises(FileError, match="its header is damaged"):
        ConceptBank.open(path)


@pytest.mark.parametrize("key", ["manifest", "tensors", "content"])
def test_a_header_that_lacks_a_part_is_damage(tmp_path, key):
    path = tmp_path / "a.bank"
    a_bank().save(path)
    rewritten(path, lambda header: header.pop(key))
    with pytest.raises(FileError, match="its header is damaged"):
        ConceptBank.open(path)


def test_an_altered_manifest_or_tensor_is_told(tmp_path):
    path = tmp_path / "a.bank"
    a_bank().save(path)
    good = path.read_bytes()
    rewritten(path, lambda header: header["manifest"].update(names=["a", "b", "d"]))
    with pytest.raises(FileError, match="was altered: its manifest does not match its hash"):
        ConceptBank.open(path)
    path.write_bytes(good)
    size = a_bank().size
    held = {"size": size[::-1] * 2, **{k: v for k, v in a_bank()._parts().items() if k != "size"}}
    rewritten(path, lambda header: None, held)
    opened = ConceptBank.open(path)
    assert opened.count.tolist() == a_bank().count.tolist()
    with pytest.raises(FileError, match="altered: the tensor 'size' does not match its hash"):
        opened.size  # noqa: B018
    del held["size"]
    rewritten(path, lambda header: None, held)
    with pytest.raises(FileError, match="lacks the tensor 'size'"):
        ConceptBank.open(path).size  # noqa: B018


@pytest.mark.parametrize("opener", [ConceptBank.open, Units.open])
def test_what_is_no_file_is_told(tmp_path, opener):
    with pytest.raises(FileError, match=r"no file .*nowhere"):
        opener(tmp_path / "nowhere")
    with pytest.raises(FileError, match="is a folder, not a"):
        opener(tmp_path)
    for content in (b"", b"\0", b"PK\x03\x04 hello", b"\xff" * 100, struct.pack("<Q", 2) + b"{}"):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(FileError, match="bad is"):
            opener(tmp_path / "bad")
    for name in ("x" * 300, "a\0b"):
        with pytest.raises(FileError):
            opener(tmp_path / name)


def test_a_file_that_goes_away_while_it_is_open_is_told(tmp_path):
    path = tmp_path / "a.bank"
    for change in (path.unlink, lambda: path.write_bytes(path.read_bytes()[:-8])):
        a_bank().save(path)
        opened = ConceptBank.open(path)
        change()
        with pytest.raises(FileError, match=r"a\.bank (changed while it was open|was altered)"):
            opened._parts()


def test_a_file_that_is_replaced_while_it_is_open_is_told(tmp_path):
    path = tmp_path / "a.bank"
    a_bank().save(path)
    opened = ConceptBank.open(path)
    first = opened.size.tolist()
    ConceptBank.from_masks(~MASKS, ["a", "b", "c"], valid=VALID, name="small").save(path)
    assert opened.size.tolist() == first
    with pytest.raises(FileError, match="the tensor 'signatures_indptr' does not match"):
        opened.frequent_words  # noqa: B018


# ---- writing


class Interrupted(BaseException):
    """As KeyboardInterrupt is, no Exception."""


def broken(error: BaseException):
    def save_file(tensors, path, metadata):
        Path(path).write_bytes(b"half a file")
        raise error

    return save_file


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize(
    ("error", "seen", "why"),
    [
        (OSError(28, "No space left on device"), FileError, "No space left on device"),
        (safetensors.SafetensorError("I/O error: disk full"), FileError, "I/O error: disk full"),
        (Interrupted(), Interrupted, ""),
    ],
)
def test_a_failed_write_leaves_what_was_there(
    tmp_path, monkeypatch, kind, is_there, error, seen, why
):
    path = tmp_path / "file"
    if is_there:
        MAKE[kind]().save(path)
    before = {one: one.read_bytes() for one in tmp_path.iterdir()}
    monkeypatch.setattr(safetensors.numpy, "save_file", broken(error))
    with pytest.raises(seen) as caught:
        MAKE[kind]().save(path)
    assert f"cannot write {path}: {why}" in str(caught.value) or seen is Interrupted
    assert {one: one.read_bytes() for one in tmp_path.iterdir()} == before


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no limit of file sizes on this system")
def test_a_disk_that_is_really_full_is_told(tmp_path):
    text = """
import resource, signal, sys
import numpy as np
from logicx.banks.bank import ConceptBank
from logicx.errors import FileError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
masks = np.random.default_rng(0).random((40, 500)) < 0.5
try:
    ConceptBank.from_masks(masks, [str(i) for i in range(40)]).save(sys.argv[1])
except FileError as error:
    print(error)
"""
    path = tmp_path / "a.bank"
    command = [sys.executable, "-c", text, str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"error[file]: cannot write {path}: " in found.stdout
    assert "too large" in found.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_to_is_told(tmp_path):
    folder = tmp_path / "folder.bank"
    folder.mkdir()
    (tmp_path / "plain").write_text("")
    for path in (folder, tmp_path / "plain" / "a.bank", tmp_path / ("x" * 250), tmp_path / "a\0b"):
        with pytest.raises(FileError, match="cannot write"):
            a_bank().save(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder.bank", "plain"]
    assert list(folder.iterdir()) == []


def test_folders_are_made_and_permissions_are_those_of_a_plain_file(tmp_path):
    path = tmp_path / "new" / "folder" / "a.bank"
    a_bank().save(path)
    (tmp_path / "plain").write_text("")
    assert os.stat(path).st_mode == os.stat(tmp_path / "plain").st_mode
    assert list(path.parent.iterdir()) == [path]


def test_the_hash_tells_types_and_shapes_apart():
    zeros = np.zeros(4, np.int64)
    shapes = [zeros, zeros.reshape(2, 2), zeros.reshape(1, 4), zeros.view(np.float64), zeros[:0]]
    shapes += [np.zeros(8, np.int32), np.zeros((0, 3), np.int64), np.zeros((3, 0), np.int64)]
    hashes = {storage.content_hash({"a": one}, {}) for one in shapes}
    hashes |= {storage.content_hash({"b": zeros}, {}), storage.content_hash({"a": zeros}, {"x": 1})}
    assert len(hashes) == len(shapes) + 2
    strided = np.zeros(8, np.int64)[::2]
    assert storage.content_hash({"a": strided}, {}) == storage.content_hash({"a": zeros}, {})
