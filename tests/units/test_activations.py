"""Activations on file: the same units as from the dense array, read block by block."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import safetensors

import logicx.units.activations
from logicx import ConceptBank, Units, Universe, explain, open_units
from logicx.banks import storage
from logicx.cli import run
from logicx.errors import DataError, FileError, UniverseError
from logicx.units.activations import write_activations

THRESHOLDS = (None, "positive", "quantile(0.1)", "value(0.3)", "ranges(2)")
N_CELLS, N_UNITS = 67, 13


def activations(dtype="float32", seed=0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N_CELLS, N_UNITS)).astype(dtype)


def names(n=N_UNITS) -> list[str]:
    return [f"u{i}" for i in range(n)]


def written(path, rows, splits=(10, 50), **options) -> str:
    dtype = rows.dtype.name
    return write_activations(
        path, names(rows.shape[1]), len(rows), dtype, np.split(rows, splits), **options
    )


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of two or three units, turned in pieces of some cells."""
    monkeypatch.setattr(logicx.units.activations, "BLOCK_BYTES", 600)
    monkeypatch.setattr(logicx.units.activations, "TURNED_BYTES", 700)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.units"


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_units_on_file_are_those_of_the_array(path, dtype, threshold, small_blocks):
    dense = activations(dtype)
    written(path, dense, universe=Universe.pairs(N_CELLS))
    found = open_units(path, threshold)
    expected = Units.from_activations(
        dense.T, threshold or "positive", names=names(), universe=Universe.pairs(N_CELLS)
    )
    assert found.names == expected.names
    assert found.n_on.tolist() == expected.n_on.tolist()
    assert found.cut == expected.cut == tuple(found.cut_of(i) for i in range(len(found)))
    assert found.threshold == expected.threshold
    assert found.universe == expected.universe
    per_unit = len(found) // N_UNITS
    for i, name in enumerate(found.names):
        row = found.activations(name)
        assert row.dtype == dtype
        assert row.tolist() == dense[:, i // per_unit].tolist()
    assert found.save(path.with_name("masks.units")) == expected.content
    assert Units.open(path.with_name("masks.units")).content == expected.content


def test_where_blocks_and_pieces_end_changes_nothing(path, monkeypatch):
    dense = activations("float16")
    contents, rows = set(), []
    for splits in ([], [1], range(1, N_CELLS), [0, 33, 33]):
        for n_bytes in (1, 300, 1 << 20):
            monkeypatch.setattr(logicx.units.activations, "TURNED_BYTES", n_bytes)
            contents.add(written(path, dense, splits))
    assert len(contents) == 1
    for n_bytes in (1, 134, 500, 1 << 20):
        monkeypatch.setattr(logicx.units.activations, "BLOCK_BYTES", n_bytes)
        written(path, dense)
        rows.append([open_units(path).activations(name).tolist() for name in names()])
    assert rows == [dense.T.tolist()] * 4


def test_the_file_is_a_safetensors_file(path, small_blocks):
    dense = activations()
    written(path, dense)
    with safetensors.safe_open(path, framework="numpy") as opened:
        blocks = [opened.get_tensor(f"activations.{i}") for i in range(len(opened.keys()))]
        assert list(json.loads(opened.metadata()["logicx"])) != []
    assert len(blocks) == 7
    np.testing.assert_array_equal(np.concatenate(blocks), dense.T)


def test_only_the_block_of_a_unit_is_read(path, small_blocks, monkeypatch):
    dense = activations()
    written(path, dense)
    read = []
    tensor = storage.Stored.tensor
    monkeypatch.setattr(
        storage.Stored, "tensor", lambda self, name: (read.append(name), tensor(self, name))[1]
    )
    units = open_units(path, "quantile(0.2)")
    assert len(units.content) == 64
    bank = ConceptBank.from_masks(dense.T[:4] > 0, ["a", "b", "c", "d"])
    (found,) = explain(bank, units, unit="u5", length=2)
    assert units.cut_of(5).startswith("> ")
    assert found.settings["units"] == units.content
    assert set(read) == {"activations.2"}


def test_content_depends_on_numbers_and_threshold(path):
    written(path, activations())
    contents = {open_units(path, one).content for one in THRESHOLDS}
    assert len(contents) == len(THRESHOLDS) - 1  # positive is the default
    written(path, activations(seed=1))
    assert open_units(path).content not in contents


def test_damage_in_a_block_is_seen_when_the_block_is_used(path, small_blocks):
    written(path, activations())
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    units = open_units(path)
    assert len(units.activations("u0")) == N_CELLS
    with pytest.raises(FileError, match=r"'activations\.6' does not match its hash"):
        units.activations("u12")
    path.write_bytes(whole[:-1])
    with pytest.raises(FileError, match="truncated or damaged"):
        open_units(path)


def test_what_cannot_be_is_refused(path):
    written(path, activations())
    units = open_units(path)
    bank = ConceptBank.from_masks(np.eye(2, 5, dtype=bool), ["a", "b"])
    with pytest.raises(UniverseError, match="the units have 67 cells"):
        units.on(bank, "u0")
    with pytest.raises(DataError, match="their activations were not kept") as e:
        Units.from_masks(np.eye(3, dtype=bool)).activations(0)
    assert "logicx probe" in e.value.hint
    units.save(path.with_name("masks.units"))
    with pytest.raises(DataError, match="cut already"):
        open_units(path.with_name("masks.units"), "positive")
    broken = activations()
    broken[5, 3] = np.nan
    written(path, broken)
    with pytest.raises(DataError, match="unit 'u3' has the activation nan at cell 5"):
        _ = open_units(path).n_on
    assert open_units(path).on(ConceptBank.from_masks([[1] * N_CELLS], ["a"]), "u2").sum() > 0


def test_a_full_disk_is_told(tmp_path):
    """By a limit on the size of files, as the system sets it."""
    program = f"""
import resource, signal, sys
import numpy as np
from logicx.units.activations import write_activations
from logicx.errors import DataError, FileError
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
try:
    write_activations(Path({str(tmp_path / "a.units")!r}), ["u"], 9000, "float32", [np.zeros((9000, 1))])
except FileError as error:
    sys.exit(str(error))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert b"cannot write" in done.stderr
    assert b"File too large" in done.stderr


def test_commands_open_recorded_units(path, capsys, monkeypatch):
    dense = activations("float16")
    written(path, dense)
    monkeypatch.chdir(path.parent)
    ConceptBank.from_masks(dense.T[:5] > 0.5, ["a", "b", "c", "d", "e"]).save("a.bank")
    assert run(["units", "units=a.units", "threshold=value(0.5)", "--json", "out=cut.units"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        {"name": f"u{i}", "cells": int((dense[:, i] > 0.5).sum()), "cut": "> 0.5"}
        for i in range(N_UNITS)
    ]
    assert run(["explain", "bank=a.bank", "units=a.units", "threshold=value:0.5", "unit=u3"]) == 0
    out, err = capsys.readouterr()
    assert "on where > 0.5" in out
    assert "formula      d " in out
    assert err == ""
    assert run(["explain", "bank=a.bank", "units=cut.units", "unit=u3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["formula"] == "d"


def test_torch_is_not_needed_to_explain_recorded_units(path):
    dense = activations("float16")
    written(path, dense)
    ConceptBank.from_masks(dense.T[:5] > 0.5, ["a", "b", "c", "d", "e"]).save(
        path.with_name("a.bank")
    )
    program = (
        "import sys; from logicx.cli import run\n"
        "status = run(['explain', 'bank=a.bank', 'units=a.units', 'unit=u3', 'engine=numpy'])\n"
        "sys.exit(status or ('torch' in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=path.parent, check=True)
