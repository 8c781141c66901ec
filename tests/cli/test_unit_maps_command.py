"""Commands and recordings of maps over images."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from image_maps import a_bank, on_file

from logicx import Units
from logicx.cli import run

ROOT = Path(__file__).resolve().parents[2]


def test_a_recording_knows_the_images_of_its_bank(tmp_path, monkeypatch, capsys):
    """By their names in order; another grid, or a bank that names none, is none the wiser."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "amodel", raising=False)
    (tmp_path / "amodel.py").write_text(
        "import torch\nfrom logicx.probe import Batch\n"
        "images = Batch(torch.ones(3, 3, 6, 6), ids=['a.png', 'b.png', 'c.png'])\n"
        "load = lambda: (torch.nn.Conv2d(3, 2, 3), [images])\n"
    )
    rng = np.random.default_rng(0)
    names = {"own": "abc", "grid": "abc", "turned": "acb", "others": "xyz", "nameless": ""}
    for name, images in names.items():
        bank = a_bank(rng, 3, *((20, 9) if name == "grid" else (12, 12)))
        bank.source = {"images": [f"{one}.png" for one in images]} if images else {}
        bank.save(f"{name}.bank")
    assert run(["probe", "amodel:load", "layer=", "out=a.units", "bank=own.bank"]) == 0
    for name in names:
        units = ["units=a.units", "unit=0", "threshold=value(-9)"]
        status = run(["score", "c1", f"bank={name}.bank", *units])
        is_other = name in ("turned", "others")
        assert (status, "is of other images" in capsys.readouterr().err) == (2 * is_other, is_other)


def test_commands_count_maps_at_the_cells_of_a_bank(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(6)
    maps = rng.standard_normal((3, 4, 5, 5)).astype(np.float32)
    on_file(tmp_path / "a.units", maps)
    bank = a_bank(rng, 4, 20, 30)
    bank.save("a.bank")

    def rows(*arguments):
        assert run([*arguments, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    places = rows("units", "units=a.units", "threshold=value(0.5)")
    assert [one["cells"] for one in places] == (maps > 0.5).sum(axis=(1, 2, 3)).tolist()
    for rule in ("value(0.5)", "quantile(0.05)@upsampled"):
        units = Units.open("a.units", rule)
        listed = rows("units", "units=a.units", f"threshold={rule}", "bank=a.bank", "out=b.units")
        n_on = [int(units.on(bank, i).sum()) for i in range(3)]
        assert [one["cells"] for one in listed] == n_on
        assert [one["cut"] for one in listed] == [units.cut_of(i, bank) for i in range(3)]
        kept = Units.open("b.units")
        assert kept.on(bank, 1).tolist() == units.on(bank, 1).tolist()
        command = ("bank=a.bank", "units=a.units", f"threshold={rule}", "unit=1")
        [found] = rows("score", "c1 AND NOT c2", *command)
        assert found["counts"]["tp"] + found["counts"]["fn"] == n_on[1]
        assert rows("explain", *command)[0]["score"] >= found["score"]
    assert run(["units", "units=a.units"]) == 0
    out, err = capsys.readouterr()
    assert "at the places of maps of 5 x 5 on 4 images" in out
    assert "bank=FILE" in err
    assert run(["score", "c1", *command]) == 0
    assert f"on where {units.cut_of(1, bank)}" in " ".join(capsys.readouterr().out.split())
    assert run(["units", "units=a.units", "threshold=quantile(0.1)@upsampled"]) == 2
    assert "depends on the size to which maps are upsampled" in capsys.readouterr().err


def test_the_commands_of_the_page_run(tmp_path, monkeypatch, capsys):
    image = pytest.importorskip("PIL.Image")
    page = (ROOT / "docs" / "vision.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    commands = re.findall(r"^ {4}(logicx .*?maps\.units.*)$", page, flags=re.MULTILINE)
    assert len(commands) == 3
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mymodel", raising=False)
    (tmp_path / "mymodel.py").write_text(next(one for one in blocks if "def load" in one))
    (tmp_path / "images").mkdir()
    rng = np.random.default_rng(0)
    for i in range(3):
        pixels = rng.integers(0, 256, (50, 70, 3), np.uint8)
        image.fromarray(pixels).save(tmp_path / "images" / f"{i}.png")
    a_bank(rng, 3, 20, 30).save("scenes.bank")
    for command in commands:
        assert run(shlex.split(command)[1:]) == 0, (command, capsys.readouterr())
    assert "maps of 8 x 8 on 3 images" in capsys.readouterr().out
