"""The command show: pictures of a unit and a formula, and what it refuses."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from logicx import ConceptBank, Units, Universe, explain, open_units
from logicx.analysis.images import image_counts
from logicx.cli import run
from logicx.errors import FileError
from logicx.report.overlays import Panel
from logicx.report.terminal import HALF_BLOCK, blended, can_show, show
from logicx.sources.vision.images import mark_of

pytest.importorskip("matplotlib")
Image = pytest.importorskip("PIL.Image")

FORMULA = "(water OR river) AND NOT blue"
NAMES = ["a/one.png", "a/two.png", "three.jpg", "four.png"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Images, their bank, units on them, and a logicx.toml that names all three."""
    dice = np.random.default_rng(1)
    masks = np.kron(dice.random((3, 4, 3, 4)) < 0.5, np.ones((2, 2))) > 0
    (tmp_path / "images" / "a").mkdir(parents=True)
    for name in NAMES:
        pixels = dice.integers(90, 160, (48, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / name)
    bank = ConceptBank.from_masks(
        masks.reshape(3, -1),
        ["water", "river", "blue"],
        universe=Universe.pixels(4, 6, 8),
        name="lake",
    )
    bank.source = {"images": NAMES}
    bank.save(tmp_path / "lake.bank")
    fires = ((masks[0] | masks[1]) & ~masks[2]).reshape(-1) ^ (dice.random(4 * 48) < 0.1)
    fires[:48] = False  # silent in the first image
    Units.from_masks([fires, 0 * fires], ["483", "dead"]).save(tmp_path / "net.units")
    (tmp_path / "logicx.toml").write_text(
        'bank = "lake.bank"\nunits = "net.units"\nimages = "images"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(capsys, *arguments):
    status = run(["show", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def size_of(path):
    with Image.open(path) as picture:
        picture.load()
        return picture.size


def test_a_typed_formula_is_drawn_and_its_images_are_listed(folder, capsys):
    status, out, err = call(capsys, FORMULA, "unit=483", "top=2", "out=new/a.png")
    assert (status, err) == (0, "")
    assert "fires at" in out
    assert FORMULA in out
    assert out.rstrip().endswith("picture: new/a.png")
    assert size_of("new/a.png")[0] > 600
    found = [
        line.split() for line in out.splitlines() if line.split()[:1] and line.split()[0] in NAMES
    ]
    assert len(found) == 2
    bank, units = ConceptBank.open("lake.bank"), open_units("net.units")
    table = image_counts(bank, units, "483", FORMULA)
    for name, iou, *counts in found:
        row = table[NAMES.index(name)]
        assert [int(n) for n in counts] == row.tolist()
        assert float(iou) == pytest.approx(row[0] / row[:3].sum(), abs=5e-5)


def test_without_a_formula_the_best_is_searched_or_none_shown(folder, capsys):
    bank, units = ConceptBank.open("lake.bank"), open_units("net.units")
    for length in (1, 3):
        status, out, _ = call(capsys, "unit=483", f"length={length}", "--json")
        (best,) = explain(bank, units, unit="483", length=length)
        assert status == 0
        assert json.loads(out)["formula"] == str(best.formula)
        assert json.loads(out)["iou"] == best.iou
    status, out, _ = call(capsys, "unit=483", "length=0")
    assert status == 0
    assert "IoU" not in out
    assert size_of("show.png")


def test_json_lists_all_images_in_which_it_fires(folder, capsys):
    _, out, _ = call(capsys, FORMULA, "unit=483", "--json")
    found = json.loads(out)
    table = image_counts(ConceptBank.open("lake.bank"), open_units("net.units"), "483", FORMULA)
    assert [one["image"] for one in found["images"]] == [
        i for i in np.argsort(-(table[:, 0] + table[:, 2]), kind="stable") if i
    ]
    for one in found["images"]:
        assert [one["counts"][k] for k in ("tp", "fp", "fn", "tn")] == table[one["image"]].tolist()
        assert one["name"] == NAMES[one["image"]]
    assert found["picture"] is None
    assert not (folder / "show.png").exists()
    assert json.loads(call(capsys, "unit=483", "--json", "out=b.png")[1])["picture"] == "b.png"
    assert size_of("b.png")


def test_more_images_and_longer_formulas_make_a_larger_picture(folder, capsys):
    call(capsys, "unit=483", "length=1", "top=1", "out=a.png")
    call(capsys, "unit=483", "length=1", "top=3", "out=b.png")
    long = " OR ".join(["water", "river", "blue"] * 20)
    call(capsys, long, "unit=483", "top=1", "out=c.png")
    a, b, c = (size_of(f"{one}.png") for one in "abc")
    assert b[0] > a[0]
    assert c[1] > a[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "set unit=NAME; list them"),
        (("unit=all",), "one unit at a time"),
        (("unit=484",), "no unit '484'"),
        (("water AND blu", "unit=483"), "no concept 'blu'"),
        (("unit=483", "images=nowhere"), "no folder nowhere"),
        (("unit=483", "top=0"), "top must be at least 1"),
        (("water", "unit=483", "length=-1"), "length must be at least 0"),
        (("unit=483", "order=size"), "order is activation"),
        (("unit=483", "out=a.jpg"), "must end in .png"),
        (("water", "unit=dead"), "never fires"),
        (("unit=dead",), "never fires"),
        (("unit=dead", "length=0"), "never fires"),
    ],
)
def test_bad_input_is_refused(folder, capsys, arguments, message):
    status, _, err = call(capsys, *arguments)
    assert status == 2
    assert message in err
    assert not list(folder.glob("*.png"))


def test_pictures_of_others_are_not_drawn_over(folder, capsys):
    before = (folder / "images" / "four.png").read_bytes()
    status, _, err = call(capsys, "water", "unit=483", "out=images/four.png")
    assert (status, "did not draw" in err) == (2, True)
    assert (folder / "images" / "four.png").read_bytes() == before
    assert call(capsys, "water", "unit=483", "out=own.png")[0] == 0
    first = (folder / "own.png").read_bytes()
    assert call(capsys, "river", "unit=483", "out=own.png")[0] == 0
    assert (folder / "own.png").read_bytes() != first


def test_all_missing_and_damaged_images_are_told_at_once(folder, capsys):
    (folder / "images" / NAMES[1]).unlink()
    (folder / "images" / NAMES[2]).write_bytes(b"\xff\xd8\xff")
    whole = (folder / "images" / NAMES[3]).read_bytes()
    (folder / "images" / NAMES[3]).write_bytes(whole[: len(whole) // 2])
    status, _, err = call(capsys, FORMULA, "unit=483")
    assert status == 2
    assert err.count("error[file]") == 3
    for name in NAMES[1:]:
        assert name in err
    assert "images=FOLDER" in err
    assert not (folder / "show.png").exists()


def test_paths_that_leave_the_folder_are_refused(folder, capsys):
    for name in ("../x.png", "/etc/passwd", "a\\..\\x.png"):
        bank = ConceptBank.open("lake.bank")
        bank.source = {"images": [name] * 4}
        bank.save("other.bank")
        status, _, err = call(capsys, FORMULA, "unit=483", "bank=other.bank")
        assert status == 2
        assert "is refused" in err


def test_other_photographs_of_the_same_names_are_told_of(folder, capsys):
    bank = ConceptBank.open("lake.bank")
    marks = [mark_of((folder / "images" / one).read_bytes()) for one in NAMES]
    bank.source = {"images": NAMES, "photographs": "".join(marks)}
    bank.save("known.bank")
    status, _, err = call(capsys, FORMULA, "unit=483", "bank=known.bank")
    assert status == 0
    assert "another file" not in err
    for name in NAMES[1:3]:
        Image.new("RGB", (64, 48)).save(folder / "images" / name)
    status, _, err = call(capsys, FORMULA, "unit=483", "bank=known.bank")
    assert status == 0
    assert "(and 1 more) is another file than the bank was compiled from" in err
    assert NAMES[1] in err or NAMES[2] in err


@pytest.mark.parametrize("stated", ["", "0" * 31, "0" * 33, "G" * 32, ["0" * 8] * 4])
def test_a_list_of_photographs_that_is_none_is_refused(folder, stated):
    bank = ConceptBank.open("lake.bank")
    bank.source = {"images": NAMES, "photographs": stated}
    bank.save("forged.bank")
    with pytest.raises(FileError, match="damaged"):
        ConceptBank.open("forged.bank")


def test_banks_without_images_are_refused(folder, capsys):
    bank = ConceptBank.open("lake.bank")
    bank.source = {}
    bank.save("bare.bank")
    assert "does not say which images" in call(capsys, "unit=483", "bank=bare.bank")[2]
    ConceptBank.from_masks(np.eye(3, dtype=bool), ["a", "b", "c"]).save("rows.bank")
    np.save("rows.npy", np.eye(3))
    status, _, err = call(capsys, "unit=0", "bank=rows.bank", "units=rows.npy")
    assert status == 2
    assert "covers 3 rows, not images" in err
    (folder / "logicx.toml").write_text('bank = "lake.bank"\nunits = "net.units"\n')
    assert "no folder of images named" in call(capsys, "unit=483")[2]
    assert call(capsys, "unit=483", "--json")[0] == 0  # nothing is drawn


def test_the_demo_is_shown_without_any_argument(tmp_path, monkeypatch, capsys, demo_cache):
    monkeypatch.chdir(tmp_path)
    status, out, _ = call(capsys)
    assert status == 0
    assert "unit 483 in the shipped demo" in out
    assert "river (" in out
    assert size_of("show.png")[0] > 1000


# ---- in a terminal


def panel(fires=True, holds=True, color=(200, 100, 40)):
    image = np.full((40, 60, 3), color, np.uint8)
    mask = np.ones((4, 6), bool)
    return Panel(image, mask & fires, mask & holds, "one\ntwo")


def test_a_terminal_shows_the_pixels_and_captions():
    from rich.console import Console

    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="truecolor", width=50)
    assert can_show(console)
    show(console, [panel(), panel(color=(10, 20, 30)), panel()], columns=24)
    text = file.getvalue()
    assert "38;2;200;100;40" in text
    assert "48;2;10;20;30" in text
    assert text.count(HALF_BLOCK) == 3 * 24 * 8
    assert text.count("one") == text.count("two") == 3


def test_no_pictures_in_a_pipe_or_without_true_colours(folder, capsys):
    from rich.console import Console

    assert not can_show(Console(file=io.StringIO(), color_system="truecolor"))
    assert not can_show(Console(file=io.StringIO(), force_terminal=True, color_system="256"))
    plain = call(capsys, FORMULA, "unit=483")[1]
    assert call(capsys, FORMULA, "unit=483", "--terminal")[1] == plain
    assert HALF_BLOCK not in plain


def test_small_pixels_are_means_and_differences_are_tinted():
    image = np.zeros((40, 60, 3), np.uint8)
    image[::2] = 100
    yes = np.ones((1, 1), bool)
    assert (blended(Panel(image, yes, yes, ""), 30) == 50).all()
    assert blended(Panel(image, yes, yes, ""), 300).shape == (200, 300, 3)
    grey = np.full((40, 60, 3), 100, np.uint8)
    red, green, blue = blended(Panel(grey, yes, ~yes, ""), 30).mean((0, 1))
    assert red > blue + 20
    assert green > blue + 20
    red, green, blue = blended(Panel(grey, ~yes, yes, ""), 30).mean((0, 1))
    assert red > green + 20
    assert blue > green + 20
