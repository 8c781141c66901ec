"""The command line without bank and units: the shipped demo."""

from __future__ import annotations

import json

import pytest
from lake_folder import call


def test_the_shipped_demo(tmp_path, monkeypatch, capsys, demo_cache):
    monkeypatch.chdir(tmp_path)
    status, out, _ = call(capsys, "demo", "out=sheet.png")
    assert status == 0
    assert out.count("(water OR river) AND NOT blue") == 2
    assert out.rstrip().endswith("picture: sheet.png")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    _, out, _ = call(capsys, "score", "(water OR river) AND NOT blue", "unit=483", "--json")
    assert json.loads(out)["iou"] == pytest.approx(0.323, abs=2e-3)
    _, out, _ = call(capsys, "explain", "unit=483", "--json")
    assert json.loads(out)["formula"] == "(water OR river) AND NOT blue"


def test_a_damaged_demo_is_made_anew(tmp_path, monkeypatch, demo_cache):
    from logicx.demo import data

    monkeypatch.setattr(data, "N_SCENES", 20)
    monkeypatch.setenv("LOGICX_CACHE", str(tmp_path))
    first = data.open_demo()
    (path,) = tmp_path.rglob("*.bank")
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    assert data.open_demo().bank.content == first.bank.content
    assert path.read_bytes() == whole
