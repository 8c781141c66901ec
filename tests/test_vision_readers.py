"""Banks of labelled images, held against masks that are worked out pixel by pixel."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx.bank import ConceptBank
from logicx.bits import unpack
from logicx.cli import run
from logicx.errors import DataError, FileError, LogicxError, OptionError
from logicx.recipes import compile_recipe
from logicx.resources import resource
from logicx.scoring import score
from logicx.units import Units
from logicx.universe import Universe

Image = pytest.importorskip("PIL.Image")

from logicx.vision import compiling, grouping  # noqa: E402
from logicx.vision.broden import read_index  # noqa: E402
from logicx.vision.colors import COLORS, color_numbers, color_table, lab, prototypes  # noqa: E402
from logicx.vision.grouping import group_cells, without  # noqa: E402
from logicx.vision.images import Folder, at_grid  # noqa: E402
from logicx.vision.recipe import READERS, known_settings  # noqa: E402
from logicx.vision.settings import BrodenSettings, FolderSettings, ImageSettings  # noqa: E402

DICE = np.random.default_rng(5)


def save(path: Path, values) -> None:
    """A PNG (or what the name says) of an array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values)).save(path)


def flat(color: tuple[int, int, int], height: int = 4, width: int = 6) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def dense(bank: ConceptBank) -> dict[str, np.ndarray]:
    """The mask of every concept, `bool[n_images, height, width]`."""
    shape = bank.universe.shape
    return {
        name: bank.cells(unpack(bank.packed[i], bank.n_signatures)).reshape(shape)
        for i, name in enumerate(bank.names)
    }


def check(bank: ConceptBank, expected: dict[str, np.ndarray]) -> None:
    """Hold a bank against masks: cells, counts, co-occurrence, and scores of formulas."""
    found = dense(bank)
    assert set(found) == set(expected)
    for name, mask in expected.items():
        assert np.array_equal(found[name], mask), name
        assert bank.count[bank.number(name)] == mask.sum()
    unit = DICE.random(bank.universe.shape) < 0.4
    units = Units.from_masks(unit.reshape(1, -1), ["u"], universe=bank.universe)
    for a, b in itertools.islice(itertools.combinations(sorted(expected), 2), 12):
        result = score(f'"{a}" AND NOT "{b}"', bank, units, "u")
        formula = expected[a] & ~expected[b]
        assert result.counts.tp == (formula & unit).sum()
        assert result.counts.fp == (formula & ~unit).sum()


def compiled(kind: str, folder: Path, **changes) -> ConceptBank:
    """A bank by a recipe of one line."""
    recipe = folder.parent / f"{kind}.toml"
    recipe.write_text(f'kind = "{kind}"\n')
    bank = compile_recipe(recipe, folder, None, {f"{kind}.{k}": v for k, v in changes.items()})
    bank.save(folder.parent / "out.bank")
    assert ConceptBank.open(folder.parent / "out.bank").content == bank.content
    return bank


# ---- cells and sets


@pytest.mark.parametrize("table", [1, 1 << 18])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_cells_are_grouped_as_masks_say(table, data):
    height, width = data.draw(st.sampled_from([(1, 1), (3, 5), (8, 8), (5, 13)]))
    n_images, n_concepts = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 9))
    dice = np.random.default_rng(data.draw(st.integers(0, 1 << 30)))
    masks = np.zeros((n_concepts, n_images, height * width), bool)
    valids = np.ones((n_images, height * width), bool)
    groups = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "TABLE", table)
        for i in range(n_images):
            planes = [
                dice.integers(0, n_concepts + 1, (height, width))
                * (dice.random((height, width)) < 0.7)
                for _ in range(dice.integers(0, 4))
            ]
            whole = dice.integers(1, n_concepts + 1, dice.integers(0, 3)).tolist()
            if dice.random() < 0.5:
                valids[i] = dice.random(height * width) < dice.choice([0, 0.6])
            for concept in range(1, n_concepts + 1):
                holds = [plane.ravel() == concept for plane in planes]
                masks[concept - 1, i] = np.any(
                    [*holds, [concept in whole] * height * width], axis=0
                )
            groups.append(group_cells(planes, whole, height * width, valids[i]))
    for group in groups:
        listed = [
            group.sets.part(slice(r, r + 1)).indices.tobytes() for r in range(group.sets.n_rows)
        ]
        assert len(set(listed)) == len(listed)
        assert group.valid is None or set(group.numbers[~group.valid]) <= {0}
    names = [f"c{i}" for i in range(n_concepts)]
    keeps = dice.random(n_concepts) < 0.8
    renamed = np.where(keeps, np.cumsum(keeps) - 1, -1).astype(np.int32)
    universe = Universe.pixels(n_images, height, width)
    for chosen, fewer in (
        (np.ones(n_concepts, bool), groups),
        (keeps, [without(g, renamed) for g in groups]),
    ):
        bank = ConceptBank.from_groups(
            fewer, [n for n, k in zip(names, chosen, strict=True) if k], universe=universe
        )
        slow = ConceptBank.from_masks(
            masks[chosen].reshape(chosen.sum(), n_images * height * width),
            bank.names,
            valid=valids.ravel(),
            universe=universe,
        )
        assert bank.n_valid == slow.n_valid == valids.sum()
        for name, mask in dense(slow).items():
            assert np.array_equal(dense(bank)[name], mask)
            assert np.array_equal(mask.reshape(n_images, -1), masks[int(name[1:])] & valids)


def test_a_cell_takes_the_pixel_at_its_centre():
    values = np.arange(7 * 10).reshape(7, 10)
    for grid in ((7, 10), (3, 4), (1, 1), (14, 5), (20, 30)):
        reduced = at_grid(values, grid)
        for r, c in itertools.product(range(grid[0]), range(grid[1])):
            row, column = int((r + 0.5) * 7 / grid[0]), int((c + 0.5) * 10 / grid[1])
            assert reduced[r, c] == values[row, column]
    assert at_grid(values, (7, 10)) is values


def test_colors_are_those_of_the_nearest_prototype():
    table = color_table()
    known, names = prototypes()
    points = lab(known)
    assert len(known) == 441
    assert set(names.tolist()) == set(range(len(COLORS)))
    for r, g, b in DICE.integers(0, 32, (40, 3)):
        point = lab([8 * r + 4, 8 * g + 4, 8 * b + 4])
        nearest = min(range(len(known)), key=lambda k: sum((points[k] - point) ** 2))
        assert table[r, g, b] == names[nearest]
    plain = {
        "black": (10, 10, 12), "blue": (0, 0, 255), "brown": (120, 75, 40), "gray": (128, 128, 128),
        "green": (0, 128, 0), "orange": (255, 140, 0), "pink": (255, 170, 190),
        "purple": (128, 0, 128), "red": (220, 10, 10), "white": (255, 255, 255),
        "yellow": (255, 255, 0),
    }  # fmt: skip
    for name, rgb in plain.items():
        assert set(color_numbers(Image.fromarray(flat(rgb)), (2, 3)).ravel()) == {
            COLORS.index(name)
        }
    stripes = np.zeros((2, 4, 3), np.uint8)
    stripes[:, ::2] = 255  # black and white: their mean is gray
    assert set(color_numbers(Image.fromarray(stripes), (1, 2)).ravel()) == {COLORS.index("gray")}


# ---- a plain folder


@pytest.fixture
def tree(tmp_path):
    """Three images with two overlapping masks each, of 4 x 6 pixels; masks[which, image, y, x]."""
    folder = tmp_path / "data"
    masks = DICE.integers(0, 4, (2, 3, 4, 6)).astype(np.uint8)
    masks[:, 0, 0] = 0
    for i, (name, rgb) in enumerate(
        [("a", (250, 0, 0)), ("b/c", (0, 0, 250)), ("b/d", (0, 0, 250))]
    ):
        save(folder / f"images/{name}.png", flat(rgb))
        save(folder / f"masks/{name}.png", masks[0, i])
        save(folder / f"parts/{name}.png", masks[1, i])
    (folder / "labels.tsv").write_text(
        "index\tname\tcategory\n0\tvoid\t\n1\tsea\tobject\n2\tsky\tobject\n3\tsea\tpart\n"
    )
    (folder / "scenes.csv").write_text("image,name\nb/c.png,coast\na,coast\na,sea\n")
    return folder, masks


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


# ---- Broden


def labels(*numbers: int) -> np.ndarray:
    """A Broden label map of two rows, R + 256 G."""
    row = np.array(numbers)
    return np.stack([row % 256, row // 256, 0 * row], axis=-1)[None].repeat(2, 0).astype(np.uint8)


INDEX = """image,split,ih,iw,sh,sw,color,object,part,material,scene,texture
d/a.jpg,train,4,8,2,4,d/a_color.png,d/a_object.png,d/a_part_1.png;d/a_part_2.png,,7,
d/b.jpg,val,4,8,2,4,,,,,8;7,9
d/c.jpg,train,4,8,2,4,,d/c_object.png,,d/c_material.png,,
"""
LABELS = """number,name,category,frequency,coverage,syns
1,red-c,color(1),1,0.5,
2,blue-c,color(1),1,0.5,
3,tree,object(2);part(1),3,1.0,plant;wood
4,door,part(1),1,0.1,
300,glass,material(1);object(1),2,0.4,
7,street-s,scene(2),2,2.0,
8,red-s,scene(1),1,1.0,
9,dotted,texture(1),1,1.0,
10,never,object(0),0,0,
"""
CATEGORIES = "name,first,last,count,frequency\n" + "".join(
    f"{one},1,300,1,1\n" for one in ("color", "object", "part", "material", "scene", "texture")
)


@pytest.fixture
def broden(tmp_path):
    folder = tmp_path / "broden"
    for name in "abc":
        save(folder / f"images/d/{name}.jpg", flat((0, 0, 250), 4, 8))
    save(folder / "images/d/a_color.png", labels(1, 1, 2, 0))
    save(folder / "images/d/a_object.png", labels(3, 300, 0, 0))
    save(folder / "images/d/a_part_1.png", labels(4, 0, 4, 0))
    save(folder / "images/d/a_part_2.png", labels(3, 3, 0, 0))
    save(folder / "images/d/c_object.png", labels(3, 3, 3, 0))
    save(folder / "images/d/c_material.png", labels(300, 0, 0, 300))
    for name, text in (("index", INDEX), ("label", LABELS), ("category", CATEGORIES)):
        (folder / f"{name}.csv").write_text(text)
    (folder / "c_scene.csv").write_text(
        "code,number,name,frequency,coverage\n1,7,street-s,2,2\n2,8,red-s,1,1\n"
    )
    return folder


def rows(*numbers: str) -> np.ndarray:
    """Masks of the three images from a row of 0 and 1 each."""
    return np.array([[[int(one) for one in row]] * 2 for row in numbers], bool)


def test_a_miniature_broden_is_compiled_completely(broden):
    bank = compiled("broden", broden, grid=[2, 4])
    expected = {
        "red": rows("1100", "0000", "0000"),
        "blue": rows("0010", "0000", "0000"),
        "tree": rows("1100", "0000", "1110"),
        "door": rows("1010", "0000", "0000"),
        "glass": rows("0100", "0000", "1001"),
        "street": rows("1111", "1111", "0000"),
        "red (scene)": rows("0000", "1111", "0000"),
        "dotted": rows("0000", "1111", "0000"),
    }
    check(bank, expected)
    assert bank.categories == (
        "color",
        "color",
        "object",
        "part",
        "material",
        "scene",
        "scene",
        "texture",
    )
    assert bank.source["images"] == ["d/a.jpg", "d/b.jpg", "d/c.jpg"]
    assert bank.source["notes"] == ["1 concepts that occur in no image are left out: never"]
    invalid = compiled("broden", broden, grid=[2, 4], unlabelled="invalid")
    assert invalid.n_valid == 2 * (3 + 4 + 4)  # b has no map of labels: it is labelled as a whole
    train = compiled("broden", broden, grid=[2, 4], split="train", colors="none", min_images=2)
    both = slice(0, 3, 2)
    check(train, {"tree": expected["tree"][both], "glass": expected["glass"][both]})
    pixels = compiled("broden", broden, grid=[2, 4], colors="pixels")
    check(
        pixels,
        {**{k: v for k, v in expected.items() if k not in ("red", "red (scene)")},
         "blue": rows("1111", "1111", "1111"), "red (scene)": expected["red (scene)"]},
    )  # fmt: skip
    reduced = compiled("broden", broden, grid=[1, 2])
    check(
        reduced,
        {k: v[:, 1:, 1::2] for k, v in expected.items() if k != "blue" and v[:, 1:, 1::2].any()},
    )


def test_the_real_index_of_broden(shared):
    where = shared / "data/vision/broden"
    if not where.is_dir():
        pytest.skip(f"no {where}")
    found, categories = read_index(Folder(where), "index_ade20k.csv")
    assert len(found) == len({one.image for one in found}) == 22_210
    assert categories == ["color", "object", "part", "material", "scene", "texture"]
    assert {(one.size, one.map_size) for one in found} == {((224, 224), (112, 112))}
    assert sum(len(one.maps.get("part", ())) > 0 for one in found) == 22_210 - 10_650
    assert sum(len(one.maps.get("part", ())) > 1 for one in found) == 4_253
    assert sum(len(one.whole) for one in found) == 22_210 - 2_477
    assert found[1].maps["part"] == ("ade20k/ADE_train_00006107_part_1.png",)
    assert found[1].whole == (301,)


# ---- ADE20K


@pytest.mark.parametrize("release", ["2016", "2021"])
def test_ade20k(tmp_path, release):
    folder = tmp_path / "ade"
    here = folder / "training/s/street"
    classes = {2855: "tree, wood", 401: "car, auto", 700: "door"}

    def encoded(numbers, instances):
        numbers = np.array(numbers)
        return np.stack([numbers // 256 * 10, numbers % 256, np.array(instances)], axis=-1).astype(
            np.uint8
        )

    seg = [[2855, 2855, 401], [0, 401, 401]]
    parts = [[0, 0, 700], [0, 0, 2855]]
    save(here / "x.jpg", flat((0, 0, 250), 2, 3))
    save(here / "x_seg.png", encoded(seg, [[90, 90, 40], [0, 40, 200]]))
    save(here / "x_parts_1.png", encoded(parts, [[0, 0, 7], [0, 0, 9]]))
    if release == "2016":
        lines = ["001 # 0 # 0 # car, auto # car # \"\"", "002 # 0 # 0 # tree, wood # tree # \"\"",
                 "003 # 0 # 1 # car, auto # truck # \"\"", "001 # 1 # 0 # door # door # \"\"",
                 "002 # 1 # 0 # tree, wood # mirror # \"\""]  # fmt: skip
        (here / "x_atr.txt").write_text("\n".join(lines) + "\n")
    else:
        objects = [{"name_ndx": k, "name": v} for k, v in classes.items()]
        annotation = {"annotation": {"object": objects, "scene": ["outdoor", "street"]}}
        (here / "x.json").write_text(json.dumps(annotation))
    bank = compiled("ade20k", folder, grid=[2, 3])
    seg, parts = np.array(seg)[None], np.array(parts)[None]
    expected = {
        "tree": seg == 2855,
        "car": seg == 401,
        "door": parts == 700,
        "tree (part)": parts == 2855,
        "street": np.ones((1, 2, 3), bool),
        "blue": np.ones((1, 2, 3), bool),
    }
    check(bank, expected)
    assert bank.source["images"] == ["training/s/street/x.jpg"]
    save(here / "x_seg.png", encoded([[9, 9, 9]] * 2, [[99] * 3, [98] * 3]))
    (here / "x_atr.txt").write_text('001 # 0 # 0 # car, auto # car # ""\n')
    with pytest.raises(
        DataError, match=r"x_seg.png holds the value \d, which the annotations do not"
    ):
        compiled("ade20k", folder)
    (here / ("x_atr.txt" if release == "2016" else "x.json")).write_text("nonsense")
    with pytest.raises(FileError, match="no annotation of ADE20K"):
        compiled("ade20k", folder)
    (here / "x_atr.txt").unlink()
    (here / "x.json").unlink(missing_ok=True)
    with pytest.raises(FileError, match=r"1 annotations are missing: training/s/street/x.json"):
        compiled("ade20k", folder)


# ---- COCO


ANNOTATION = {"id": 1, "image_id": 5, "category_id": 2, "iscrowd": 1}


def coco_tree(folder: Path, **changes) -> dict:
    save(folder / "images/b.png", flat((0, 0, 250)))
    save(folder / "images/a.png", flat((0, 0, 250)))
    crowd = {"size": [4, 6], "counts": [4, 8, 12]}  # columns 1 and 2, in column order
    square = {"segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]]}
    stated = {
        "images": [{"id": 5, "file_name": "b.png", "height": 4, "width": 6},
                   {"id": 3, "file_name": "a.png", "height": 4, "width": 6}],
        "annotations": [
            {"id": 1, "image_id": 5, "category_id": 2, "iscrowd": 1, "segmentation": crowd},
            {"id": 2, "image_id": 5, "category_id": 9, "iscrowd": 0, **square},
            {"id": 3, "image_id": 5, "category_id": 9, "iscrowd": 1,
             "segmentation": {"size": [4, 6], "counts": [0, 1, 23]}},
        ],
        "categories": [{"id": 2, "name": "cat"}, {"id": 9, "name": "dog"}, {"id": 1, "name": "never"}],
        **changes,
    }  # fmt: skip
    (folder / "annotations.json").write_text(json.dumps(stated))
    return stated


def test_coco(tmp_path):
    pytest.importorskip("pycocotools")
    folder = tmp_path / "coco"
    stated = coco_tree(folder)
    cat, dog = np.zeros((2, 2, 4, 6), bool)
    cat[1, :, 1:3] = True
    dog[1, 1:3, 1:4] = True
    dog[1, 0, 0] = True
    bank = compiled("coco", folder, grid=[4, 6], colors="none")
    check(bank, {"cat": cat, "dog": dog})
    assert bank.source["images"] == ["a.png", "b.png"]
    invalid = compiled("coco", folder, grid=[4, 6], colors="none", unlabelled="invalid")
    assert invalid.n_valid == (cat | dog).sum()
    from pycocotools.mask import encode

    text = encode(np.asfortranarray(cat[1].astype(np.uint8)))["counts"].decode()
    stated["annotations"][0]["segmentation"] = {"size": [4, 6], "counts": text}
    coco_tree(folder, annotations=stated["annotations"])
    check(compiled("coco", folder, grid=[4, 6], colors="none"), {"cat": cat, "dog": dog})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": []}, "lists no image"),
        ({"categories": 3}, "holds no list 'categories'"),
        ({"annotations": [{"id": 1}]}, "entry 0 of 'annotations' has no 'image_id'"),
        ({"categories": [{"id": 2, "name": "cat"}]}, "annotation 2 is of an image or a category"),
        ({"images": [{"id": 5, "file_name": "../b.png", "height": 4, "width": 6}]}, "is refused"),
        ({"images": [{"id": 5, "file_name": "b.png", "height": 5, "width": 6}]}, "4 x 6 pixels, but"),
        ({"images": [{"id": 5, "file_name": "z.png", "height": 4, "width": 6}]}, "1 images are missing: z"),
        ({"annotations": [{**ANNOTATION, "image_id": [5]}]}, "entry 0 of 'annotations' has no 'image_id'"),
        *(
            ({"annotations": [{**ANNOTATION, "segmentation": one}]}, message)
            for one, message in [
                ({"size": [4, 6], "counts": [4, 8]}, "is not one of an image of 4 x 6"),
                ({"size": [4, 6], "counts": [-4, 28]}, "is not one of an image of 4 x 6"),
                ({"size": [6, 4], "counts": [24]}, "is not one of an image of 4 x 6"),
                ([[1, 1, 4]], "is not one of an image of 4 x 6"),
                ([[1, 1, 4, 1, 4, 1e9]], "is not one of an image of 4 x 6"),
                ([["x"] * 6], "is not one of an image of 4 x 6"),
                ([], "cannot be read"),
                ({"size": [4, 6], "counts": "48"}, "does not fill the mask|cannot be read"),
                ({"size": [4, 6], "counts": "nonsense"}, "does not fill the mask|cannot be read"),
            ]
        ),
    ],
)  # fmt: skip
def test_bad_coco(tmp_path, changes, message):
    pytest.importorskip("pycocotools")
    coco_tree(tmp_path / "coco", **changes)
    with pytest.raises(DataError, match=message):
        compiled("coco", tmp_path / "coco")
    (tmp_path / "coco/annotations.json").write_text("{")
    with pytest.raises(FileError, match="no readable JSON"):
        compiled("coco", tmp_path / "coco")


# ---- bad input


def test_missing_files_are_listed_at_once(tree, broden):
    folder, _ = tree
    for i in range(14):
        save(folder / f"images/x{i:02}.png", flat((0, 0, 0)))
    with pytest.raises(
        FileError, match=r"14 masks are missing: masks/x00.png, .*x09.png and 4 more"
    ):
        compiled("images", folder)
    for path in folder.glob("images/x*"):
        path.unlink()
    (folder / "images/b/c.png").unlink()
    with pytest.raises(FileError, match=r"1 images of masks in masks are missing: images/b/c"):
        compiled("images", folder)
    for name in ("b.jpg", "a_part_2.png"):
        (broden / f"images/d/{name}").unlink()
    with pytest.raises(
        FileError, match=r"2 images or label maps are missing: d/b.jpg, d/a_part_2.png"
    ):
        compiled("broden", broden)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("masks/a.png", np.zeros((4, 5), np.uint8), "4 x 5 pixels, but the image is 4 x 6"),
        ("masks/a.png", np.full((4, 6), 77, np.uint8), r"a.png holds the value 77, which has no name"),
        ("masks/a.png", flat((1, 1, 1)), "holds colours, but the table of names does not"),
        ("masks/a.png", b"\x89PNG\r\n\x1a\n nothing", "no image|damaged"),
        ("images/a.png", b"no picture", "is no image"),
        ("images/a.jpg", flat((1, 1, 1)), "an image in .* is given twice: a"),
        ("labels.tsv", b"index\tname\n1\tsea\n1\tsky\n", "the value 1 is given twice"),
        ("labels.tsv", b"index\tname\n0\tsea\n1\tsky\n2\tsky\n", "the object 'sky' is named twice"),
        ("labels.tsv", b"index\tname\n1\n", "1 fields where the first line has 2"),
        ("labels.tsv", b"index\tname\n-1\tsea\n", "'-1' is no whole number"),
        ("labels.tsv", b"number\tname\n1\tsea\n", "needs the columns index and name"),
        ("labels.tsv", b"index\tname\n0\tvoid\n", "names no concept"),
        ("labels.tsv", b"r\tg\tb\tname\n1\t1\t1\tsea\n", "holds index values, but the table"),
        ("scenes.csv", b"image,name\nq.png,coast\n", "there is no image 'q.png'"),
        ("scenes.csv", b"image,scene\na.png,coast\n", "needs the columns image and name"),
    ],
)  # fmt: skip
def test_bad_folders(tree, name, content, message):
    folder, _ = tree
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        save(folder / name, content)
    with pytest.raises(DataError, match=message):
        compiled("images", folder, scenes="scenes.csv")


def test_truncated_files(tree, broden):
    folder, _ = tree
    for path in ("masks/b/d.png", "images/b/d.png"):
        data = (folder / path).read_bytes()
        (folder / path).write_bytes(data[: len(data) // 2])
        with pytest.raises(FileError, match=r"d.png is (damaged|no image)"):
            compiled("images", folder)
        (folder / path).write_bytes(data)
    (broden / "index.csv").write_text(INDEX[:-10])
    with pytest.raises(
        FileError, match=r"index.csv, line 4: 10 fields where the first line has 12"
    ):
        compiled("broden", broden)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("index", "d/b.jpg", "/etc/passwd", "row 2: the path '/etc/passwd' is refused"),
        ("index", "d/a_color.png", "../../a_color.png", "row 1: the path .* is refused"),
        ("index", "d/a_color.png", "C:/a.png", "refused|missing"),
        ("index", "d/a_color.png", "d\\\\a.png", "is refused"),
        ("index", "d/b.jpg", "d/a.jpg", "an image is given twice: d/a.jpg"),
        ("index", "2,4,d/a_color", "3,4,d/a_color", "a_color.png is 2 x 4 pixels, but the index says it is 3 x 4"),
        ("index", "4,8,2,4,,,,", "4,8,2,x,,,,", "row 2: ih, iw, sh, sw are whole numbers"),
        ("index", "sh,sw", "sh,sx", "has no column 'sw'"),
        ("index", ",8;7,9", ",8;77,9", "image d/b.jpg holds the label 77, which has no name"),
        ("label", "300,glass", "301,glass", r"a_object.png holds the label 300, which has no name"),
        ("label", "4,door", "3,door", "the label 3 is given twice"),
        ("label", "4,door,part", "4,tree,object", "the object 'tree' is named twice"),
        ("label", "4,door", "four,door", "'four' is no label number"),
        ("category", "texture", "smell", "lists 'smell', which is no column of the index"),
        ("c_scene", "street-s", "road-s", "calls the label 7 'road-s', but label.csv calls it 'street-s'"),
    ],
)  # fmt: skip
def test_bad_broden(broden, name, old, new, message):
    path = broden / f"{name}.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message):
        compiled("broden", broden)


def test_links_do_not_lead_out(broden, tmp_path):
    (tmp_path / "secret.png").write_bytes((broden / "images/d/a_color.png").read_bytes())
    path = broden / "images/d/a_color.png"
    path.unlink()
    path.symlink_to(tmp_path / "secret.png")
    with pytest.raises(DataError, match=r"row 1: the path 'images/d/a_color.png' leads out of"):
        compiled("broden", broden)
    path.unlink()
    path.symlink_to("a_object.png")  # a link inside is fine
    assert "tree" in compiled("broden", broden)
    (broden / "images").rename(tmp_path / "images")
    (broden / "images").symlink_to(tmp_path / "images")
    with pytest.raises(DataError, match="leads out of"):
        compiled("broden", broden)


def test_what_is_not_there_is_said(tmp_path, broden):
    (tmp_path / "empty").mkdir()
    for kind, message in (
        ("images", "has no table of names"),
        ("broden", "no file .*index.csv"),
        ("ade20k", "holds no image"),
        ("coco", "no file .*annotations.json"),
    ):
        with pytest.raises(FileError, match=message):
            compiled(kind, tmp_path / "empty")
        with pytest.raises(FileError, match="no folder"):
            compiled(kind, tmp_path / "nowhere")
        with pytest.raises(FileError, match="is no folder"):
            compiled(kind, broden / "index.csv")
    (tmp_path / "empty/labels.csv").write_text("index,name\n0,sea\n")
    (tmp_path / "empty/images").mkdir()
    with pytest.raises(FileError, match="images holds no image"):
        compiled("images", tmp_path / "empty")
    with pytest.raises(DataError, match="lists no image of the split 'test'") as caught:
        compiled("broden", broden, split="test")
    assert caught.value.hint == "splits: train, val"
    with pytest.raises(DataError, match="no category 'thing'"):
        compiled("broden", broden, categories=["thing"])
    with pytest.raises(DataError, match="none of 9 concepts occurs in 50 images"):
        compiled("broden", broden, min_images=50)


@pytest.mark.parametrize(
    "wrong",
    [
        {"grid": (0, 5)}, {"grid": (5,)}, {"grid": (5, 1 << 20)}, {"colors": "maps"},
        {"unlabelled": "true"}, {"min_images": -1}, {"first": -1},
    ],
)  # fmt: skip
def test_settings_that_mean_nothing(wrong):
    with pytest.raises(OptionError):
        ImageSettings(**wrong)


def test_settings_of_another_type_or_name(tree):
    with pytest.raises(DataError, match="grid cannot be 112"):
        compiled("images", tree[0], grid=112)
    with pytest.raises(DataError, match="unknown setting 'colours'"):
        compiled("images", tree[0], colours="none")
    with pytest.raises(DataError, match="is refused"):
        compiled("images", tree[0], masks=["../data/masks"])


def test_shipped_recipes_state_the_defaults(tree, broden):
    for name, kind, stated in (
        ("folder", "images", FolderSettings()),
        ("broden", "broden", BrodenSettings()),
    ):
        folder = tree[0] if kind == "images" else broden
        bank = compile_recipe(resource("concepts", f"{name}.toml"), folder)
        for key, value in bank.source["recipe"][kind].items():
            assert getattr(stated, key) == (tuple(value) if isinstance(value, list) else value), key
        assert bank.universe.shape[1:] == (112, 112)


@pytest.mark.parametrize("kind", READERS)
def test_every_setting_is_documented(kind):
    pages = "".join(
        path.read_text() for path in (Path(__file__).parents[1] / "docs").glob("vision*.md")
    )
    assert [one for one in known_settings(kind) if f"`{one}" not in pages] == []


# ---- the command, and real photographs


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
