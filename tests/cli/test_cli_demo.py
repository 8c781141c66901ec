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
    for kind in ("bank", "units"):
        (path,) = tmp_path.rglob(f"*.{kind}")
        whole = path.read_bytes()
        header = 8 + int.from_bytes(whole[:8], "little")
        places = [header, (header + len(whole)) // 2, len(whole) - 1]
        flipped = [whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :] for i in places]
        for damaged in (whole[:1000], b"", *flipped):
            path.write_bytes(damaged)
            demo = data.open_demo()
            assert demo.bank.content == first.bank.content
            assert demo.bank.concepts_of.n_rows == first.bank.concepts_of.n_rows
            assert demo.units.content == first.units.content
            assert path.read_bytes() == whole
