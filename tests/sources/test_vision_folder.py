"""Banks of a plain folder of images and masks, held against masks worked out pixel by pixel."""

from __future__ import annotations

import contextlib
import shutil

import numpy as np
import pytest

from logicx.banks.universe import Universe
from logicx.cli import run
from logicx.errors import FileError, LogicxError
from logicx.resources import resource
from logicx.sources.recipes import compile_recipe

Image = pytest.importorskip("PIL.Image")
from image_trees import (  # noqa: E402, F401, fixtures  # noqa: E402
    DICE,
    broden,
    check,
    coco_tree,
    compiled,
    dense,
    flat,
    save,
    tree,
)

from logicx.sources.vision import compiling  # noqa: E402
from logicx.sources.vision.colors import COLORS  # noqa: E402


def held(masks: np.ndarray, value: int) -> np.ndarray:
    return (masks == value).any(axis=0)


def everywhere(*images: int, shape: tuple[int, ...] = (3, 4, 6)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[list(images)] = True
    return mask


def test_a_folder_of_overlapping_masks(tree):
    folder, masks = tree
    bank = compiled("images", folder, grid=[4, 6], masks=["masks", "parts"], scenes="scenes.csv")
    expected = {
        "sea": held(masks, 1),
        "sky": held(masks, 2),
        "sea (part)": held(masks, 3),
        "coast": everywhere(0, 1),
        "sea (scene)": everywhere(0),
        "red": everywhere(0),
        "blue": everywhere(1, 2),
    }
    check(bank, expected)
    assert bank.universe == Universe.pixels(3, 4, 6)
    assert bank.n_valid == 72
    assert bank.categories == ("object", "object", "part", "scene", "scene", "color", "color")
    assert bank.source["images"] == ["a.png", "b/c.png", "b/d.png"]
    assert bank.source["files"] == 2 + 9
    assert bank.source["settings"]["grid"] == [4, 6]
    (note,) = bank.source["notes"]
    assert note.startswith("9 concepts that occur in no image are left out: black, brown, gray")


def test_every_setting_changes_the_bank(tree):
    folder, masks = tree
    both = {"grid": [4, 6], "masks": ["masks", "parts"], "colors": "none"}
    labelled = (masks != 0).any(axis=0)
    three = {"sea": held(masks, 1), "sky": held(masks, 2), "sea (part)": held(masks, 3)}
    check(compiled("images", folder, **both), three)
    invalid = compiled("images", folder, **both, unlabelled="invalid")
    assert invalid.n_valid == labelled.sum() < 72
    assert dense(invalid)["sky"].sum() == three["sky"].sum()
    small = compiled("images", folder, **{**both, "grid": [2, 3]})
    check(small, {name: mask[:, 1::2, 1::2] for name, mask in three.items()})
    single = compiled("images", folder, **{**both, "masks": ["parts"]})
    check(single, {name: masks[1] == i + 1 for i, name in enumerate(three)})
    check(compiled("images", folder, **both, first=1), {n: m[:1] for n, m in three.items()})
    check(
        compiled("images", folder, **both, categories=["part"]),
        {"sea (part)": three["sea (part)"]},
    )
    scenes = compiled("images", folder, **both, scenes="scenes.csv", min_images=2)
    check(scenes, {**three, "coast": everywhere(0, 1)})
    assert scenes.source["notes"] == [
        "1 concepts that occur in fewer than 2 images are left out: sea (scene)"
    ]
    every = compiled("images", folder, grid=[4, 6], min_images=0)
    assert set(COLORS) < set(every.names)
    assert "notes" not in every.source or not every.source["notes"]
    unnamed = compiled("images", folder, **both, unnamed=["void", "sky"])
    check(unnamed, {n: m for n, m in three.items() if n != "sky"})
    save(folder / "masks/a.png", np.where(masks[0, 0] == 0, 255, masks[0, 0]).astype(np.uint8))
    check(compiled("images", folder, **both, ignore=[255]), three)


@pytest.mark.parametrize("form", ["palette", "two", "deep", "rgb", "rgba"])
def test_masks_of_every_form(tmp_path, form):
    folder = tmp_path / "data"
    values = DICE.integers(0, 2, (4, 6)).astype(np.uint8)
    save(folder / "images/a.jpg", flat((0, 250, 0), 8, 12))  # twice the size of its mask
    path = folder / "masks/a.png"
    table = "index,name\n0,off\n1,on\n"
    if form == "palette":
        picture = Image.fromarray(values, "P")
        picture.putpalette([9, 9, 9, 200, 0, 0])
        path.parent.mkdir()
        picture.save(path)
    elif form == "two":
        save(path, values.astype(bool))
    elif form == "deep":
        save(path, np.where(values, 40000, 0).astype(np.uint16))
        table = "index,name\n0,off\n40000,on\n"
    else:
        colors = np.array([[9, 0, 255], [0, 7, 255]], np.uint8)[values]
        alpha = np.full((4, 6, 1), 255, np.uint8)
        save(path, colors if form == "rgb" else np.concatenate([colors, alpha], axis=2))
        table = "r,g,b,name\n9,0,255,off\n0,7,255,on\n"
    (folder / "labels.csv").write_text(table)
    bank = compiled("images", folder, grid=[4, 6], colors="none")
    check(bank, {"off": values[None] == 0, "on": values[None] == 1})


def test_banks_are_deterministic_wherever_the_folder_lies(tree, tmp_path, monkeypatch):
    folder, _ = tree
    first = compiled("images", folder, grid=[4, 6])
    shutil.copytree(folder, tmp_path / "deep/elsewhere")
    recipe = tmp_path / "images.toml"
    other = {"images.grid": [4, 6]}
    monkeypatch.setattr(compiling, "IN_MEMORY", 10)  # now by a temporary file
    assert compile_recipe(recipe, tmp_path / "deep/elsewhere", None, other).content == first.content
    told = []
    compile_recipe(recipe, folder, lambda done, total: told.append((done, total)), other)
    assert told == [(1, 3), (2, 3), (3, 3)]
    save(folder / "images/a.png", flat((250, 0, 1)))  # the same colour name
    changed = compiled("images", folder, grid=[4, 6])
    assert changed.content != first.content
    assert changed.source["sha256"] != first.source["sha256"]


def test_a_full_disk_is_reported(tree, monkeypatch):
    monkeypatch.setattr(compiling, "IN_MEMORY", 1)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compiling.tempfile, "TemporaryFile", full)
    with pytest.raises(FileError, match=r"cannot write a temporary file to .*: No space left"):
        compiled("images", tree[0])


def test_the_command_compiles_and_tells_notes(tree, capsys, tmp_path):
    out = tmp_path / "x.bank"
    assert (
        run(["compile", "folder", f"data={tree[0]}", f"out={out}", "set=images.grid=[4, 6]"]) == 0
    )
    shown = capsys.readouterr()
    assert "3 images of 4 x 6 pixels" in shown.out
    assert "note: 9 concepts that occur in no image are left out" in shown.err
    (tree[0] / "masks/a.png").unlink()
    assert run(["compile", "folder", f"data={tree[0]}", f"out={out}"]) == 2
    assert "1 masks are missing: masks/a.png" in capsys.readouterr().err


def test_camvid(shared, tmp_path):
    camvid = shared / "data/vision/camvid"
    if not camvid.is_dir():
        pytest.skip(f"no {camvid}")
    recipe = resource("concepts", "folder.toml")
    bank = compile_recipe(recipe, camvid)
    assert bank.universe == Universe.pixels(701, 112, 112)
    assert (bank.n_concepts, bank.n_valid) == (22, 701 * 112 * 112)
    paths = [camvid / "masks" / one.replace(".jpg", ".png") for one in bank.source["images"]]
    masks = np.stack([np.asarray(Image.open(path)) for path in paths])
    for i, name in enumerate(["sky", "building", "pole", "road"]):
        assert bank.count[bank.number(name)] == (masks == i).sum()
    assert "unlabelled" not in bank
    few = compile_recipe(recipe, camvid, None, {"images.unlabelled": "invalid", "images.first": 20})
    assert few.n_valid == (masks[:20] != 11).sum()
    assert sum(few.count[few.number(one)] for one in few.names if one in COLORS) == few.n_valid


def test_any_file_gives_a_bank_or_an_error_of_ours(tree, broden, tmp_path):
    """Of any damage to any file comes a bank or an error of logicx."""
    coco_tree(tmp_path / "coco")
    dice = np.random.default_rng(2)
    for kind, folder in (("images", tree[0]), ("broden", broden), ("coco", tmp_path / "coco")):
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            data = path.read_bytes()
            for _ in range(12):
                place, byte = dice.integers(len(data)), dice.integers(256)
                cut = data[: dice.integers(len(data))]
                changed = data[:place] + bytes([byte]) + data[place + 1 :]
                path.write_bytes(cut if dice.random() < 0.2 else changed)
                with contextlib.suppress(LogicxError):
                    compiled(kind, folder, grid=[4, 6])
            path.write_bytes(data)
