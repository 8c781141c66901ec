"""Polygons, binary masks and the scene parsing challenge, each in miniature."""

from __future__ import annotations

import json

import numpy as np
import pytest

from logicx.errors import DataError, FileError, OptionError

Image = pytest.importorskip("PIL.Image")
from image_trees import check, compiled, dense, flat, save  # noqa: E402

SIZE = (4, 6)
DICE = np.random.default_rng(12)
NONE = np.zeros(SIZE, bool)


def box(top, left, bottom, right) -> np.ndarray:
    found = NONE.copy()
    found[top : bottom + 1, left : right + 1] = True
    return found


@pytest.fixture
def challenge(tmp_path):
    folder, values = tmp_path / "ADEChallengeData2016", []
    for split, name in (("training", "ADE_train_00000001"), ("validation", "ADE_val_00000001")):
        save(folder / f"images/{split}/{name}.jpg", flat((0, 0, 255)))
        values.append(DICE.integers(0, 4, SIZE).astype(np.uint8))
        save(folder / f"annotations/{split}/{name}.png", values[-1])
    (folder / "objectInfo150.txt").write_text(
        "Idx\tRatio\tTrain\tVal\tStuff\tName\n1\t0.1\t1\t1\t1\twall\n"
        "2\t0.1\t1\t1\t1\tscreen, silver screen\n3\t0.1\t1\t1\t1\tscreen, crt screen\n"
    )
    (folder / "sceneCategories.txt").write_text(
        "ADE_train_00000001 airport_terminal\nADE_val_00000001 abbey\n"
    )
    return folder, np.stack(values)


def test_ade_challenge(challenge):
    folder, values = challenge
    bank = compiled("ade_challenge", folder, grid=[*SIZE], colors="none")
    whole = np.ones(SIZE, bool)
    check(
        bank,
        {"wall": values == 1, "screen (silver screen)": values == 2,
         "screen (crt screen)": values == 3, "airport_terminal": np.stack([whole, NONE]),
         "abbey": np.stack([NONE, whole])},
    )  # fmt: skip
    one = compiled("ade_challenge", folder, grid=[*SIZE], colors="none", split="training")
    assert one.source["images"] == ["training/ADE_train_00000001.jpg"]
    (folder / "annotations/training/ADE_train_00000001.png").unlink()
    with pytest.raises(FileError, match="1 masks of images are missing: training/ADE_train"):
        compiled("ade_challenge", folder)
    (folder / "objectInfo150.txt").write_text("Idx\tName\n1\twall\n1\tsky\n")
    with pytest.raises(DataError, match=r"a class is given twice: 1 .wall and sky"):
        compiled("ade_challenge", folder)


SHAPES = [
    {"label": "cat", "points": [[1, 1], [4, 1], [4, 2], [1, 2]], "shape_type": "polygon"},
    {"label": "dog", "points": [[5, 3], [3, 2]], "shape_type": "rectangle"},
    {"label": "eye", "points": [[0, 0]], "shape_type": "point"},
]
CAT, DOG = box(1, 1, 2, 4), box(2, 3, 3, 5)


@pytest.fixture
def labelme(tmp_path):
    folder = tmp_path / "labelme"
    for name in ("a.jpg", "b.png", "c.jpg"):
        save(folder / name, flat((0, 0, 255)))
    for name, shapes in (("a", SHAPES), ("b", [])):
        stated = {"version": "5.0", "flags": {}, "shapes": shapes, "imagePath": f"{name}.jpg",
                  "imageData": None, "imageHeight": 4, "imageWidth": 6}  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(stated))
    return folder


def test_labelme(labelme):
    bank = compiled("labelme", labelme, grid=[*SIZE], colors="none")
    check(bank, {"cat": np.stack([CAT, NONE]), "dog": np.stack([DOG, NONE])})
    notes = " ".join(bank.source["notes"])
    assert "1 images without annotations are left out" in notes
    assert "1 shapes are no areas" in notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda one: one["shapes"][0].update(points=[[1, 1], [2, 2]]),
            "the polygon of 'cat' has 2",
        ),
        (
            lambda one: one["shapes"][0].update(points=[[1, 1], [2, 2], [1e9, 3]]),
            "leaves the image",
        ),
        (lambda one: one["shapes"][0].update(label=""), "a shape has the label ''"),
        (lambda one: one["shapes"][0].pop("points"), "is no annotation of LabelMe"),
        (lambda one: one["shapes"][0].update(points=[["1_0", 1]] * 3), "'1_0' is no number"),
        (lambda one: one.update(imageHeight="4"), "'4' is no number"),
        (
            lambda one: one.update(imageHeight=6, imageWidth=4),
            "but its annotation says it is 6 x 4",
        ),
    ],
)
def test_labelme_that_cannot_be(labelme, change, message):
    where = labelme / "a.json"
    stated = json.loads(where.read_text())
    change(stated)
    where.write_text(json.dumps(stated))
    with pytest.raises(DataError, match=message):
        compiled("labelme", labelme, grid=[*SIZE])


def test_labelme_flags_hold_at_the_whole_image(labelme):
    where = labelme / "a.json"
    stated = json.loads(where.read_text())
    where.write_text(json.dumps({**stated, "flags": {"day": True, "blurred": False}}))
    bank = compiled("labelme", labelme, grid=[*SIZE], colors="none")
    day = np.stack([np.ones(SIZE, bool), NONE])
    check(bank, {"cat": np.stack([CAT, NONE]), "dog": np.stack([DOG, NONE]), "day": day})
    assert bank.categories[bank.number("day")] == "scene"


def test_labelme_files_that_name_another_image_are_told_of(labelme):
    assert not any("another image" in one for one in compiled("labelme", labelme).source["notes"])
    where = labelme / "a.json"
    for path, is_told in (("..\\photos\\a.png", False), ("photos/q.jpg", True)):
        where.write_text(json.dumps({**json.loads(where.read_text()), "imagePath": path}))
        notes = compiled("labelme", labelme).source["notes"]
        assert ("1 JSON files name another image: a.json (q.jpg)" in notes) == is_told


def test_labelme_files_of_no_image(labelme):
    (labelme / "z.json").write_text("{}")
    with pytest.raises(FileError, match=r"1 images of annotations are missing: z.json"):
        compiled("labelme", labelme)


CVAT = """<?xml version="1.0" encoding="utf-8"?>
<!-- of the tool -->
<annotations><version>1.1</version>
<image id="0" name="a.jpg" width="6" height="4">
<polygon label="cat" occluded="0" points="1.0,1.0;4.0,1.0;4.0,2.0;1.0,2.0" z_order="0"></polygon>
<box label="dog" occluded="0" xtl="3" ytl="2" xbr="5" ybr="3" z_order="0"></box>
<points label="eye" points="1,1"></points><tag label="day"></tag></image>
<image id="1" name="b.jpg" width="6" height="4"></image></annotations>
"""


@pytest.fixture
def cvat(tmp_path):
    folder = tmp_path / "cvat"
    for name in ("a", "b"):
        save(folder / f"images/{name}.jpg", flat((0, 0, 255)))
    (folder / "annotations.xml").write_text(CVAT)
    return folder


def test_cvat(cvat):
    bank = compiled("cvat", cvat, grid=[*SIZE], colors="none")
    day = np.stack([np.ones(SIZE, bool), NONE])
    check(
        bank, {"cat": np.stack([box(1, 1, 2, 4), NONE]), "dog": np.stack([DOG, NONE]), "day": day}
    )
    assert bank.categories[bank.number("day")] == "scene"
    assert "1 shapes are no areas, and draw nothing" in bank.source["notes"]
    assert not any("without annotations" in one for one in bank.source["notes"])
    save(cvat / "images/c.jpg", flat((0, 0, 255)))
    notes = compiled("cvat", cvat, grid=[*SIZE]).source["notes"]
    assert "1 images without annotations are left out" in notes


def test_boxes_of_cvat_may_be_turned(cvat):
    turned = 'xtl="2" ytl="1" xbr="4" ybr="2" rotation="{}"'
    there = 'xtl="3" ytl="2" xbr="5" ybr="3"'
    for degrees, expected in (
        ("0.0", box(1, 2, 2, 4)), ("360", box(1, 2, 2, 4)), ("180", box(1, 2, 2, 4)),
    ):  # fmt: skip
        (cvat / "annotations.xml").write_text(CVAT.replace(there, turned.format(degrees)))
        found = dense(compiled("cvat", cvat, grid=[*SIZE], colors="none"))["dog"][0]
        assert np.array_equal(found, expected), degrees
    # a quarter: around (3, 1.5), from x 2.5 to 3.5 and y 0.5 to 2.5
    (cvat / "annotations.xml").write_text(CVAT.replace(there, turned.format("90")))
    found = dense(compiled("cvat", cvat, grid=[*SIZE], colors="none"))["dog"][0]
    assert found[1:3, 3].all()
    assert not found[:, [0, 1, 5]].any()
    # clockwise: of a wide box that is turned by 30 degrees the right end is the lower
    wide = 'xtl="0" ytl="1.5" xbr="5" ybr="1.5" rotation="30"'
    (cvat / "annotations.xml").write_text(CVAT.replace(there, wide))
    found = dense(compiled("cvat", cvat, grid=[*SIZE], colors="none"))["dog"][0]
    rows = [np.flatnonzero(found[:, x]).mean() for x in (1, 4)]
    assert rows[0] < rows[1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name="b.jpg"', 'name="a.jpg"', r"an image is given twice: a.jpg .id 0 and id 1"),
        ('name="b.jpg"', 'name="../b.jpg"', "is refused"),
        ('name="b.jpg"', 'name="z.jpg"', "1 images are missing: z.jpg"),
        ('xtl="3"', 'xtl="x"', "image a.jpg: ValueError"),
        ('xtl="3"', 'xtl="1_0"', "image a.jpg: ValueError"),
        ('points="1.0,', 'points="\u0661,', "image a.jpg: ValueError"),
        ("</annotations>", '<track id="0"></track></annotations>', "holds tracks"),
        ('width="6"', 'width="7"', "but its annotation says it is 4 x 7"),
        ("</annotations>", "", "is no readable XML"),
        ("<!-- of the tool -->", '<!DOCTYPE a [<!ENTITY b "c">]>', "declares entities"),
        ("annotations>", "tasks>", "it is no file of CVAT"),
    ],
)
def test_cvat_that_cannot_be(cvat, old, new, message):
    (cvat / "annotations.xml").write_text(CVAT.replace(old, new))
    with pytest.raises(DataError, match=message):
        compiled("cvat", cvat, grid=[*SIZE])


@pytest.fixture
def celebamask(tmp_path):
    folder = tmp_path / "celeba"
    masks = {(i, name): DICE.random(SIZE) < 0.5 for i in (0, 12) for name in ("hair", "l_brow")}
    del masks[12, "hair"]
    for i in (0, 12, 13):
        save(folder / f"CelebA-HQ-img/{i}.jpg", flat((0, 0, 255), 8, 12))
    for (i, name), mask in masks.items():
        rgb = np.repeat(mask[..., None] * np.uint8(255), 3, axis=2)
        save(folder / f"CelebAMask-HQ-mask-anno/0/{i:05}_{name}.png", rgb)
    return folder, masks


def test_celebamask(celebamask):
    folder, masks = celebamask
    options = {
        "images": "CelebA-HQ-img", "masks": "CelebAMask-HQ-mask-anno",
        "naming": "*/{image}_{concept}", "grid": [*SIZE], "colors": "none",
    }  # fmt: skip
    bank = compiled("binary_masks", folder, **options)
    check(
        bank,
        {"hair": np.stack([masks[0, "hair"], NONE]),
         "l_brow": np.stack([masks[0, "l_brow"], masks[12, "l_brow"]])},
    )  # fmt: skip
    assert bank.source["images"] == ["0.jpg", "12.jpg"]
    assert "1 images without masks are left out" in bank.source["notes"]
    save(folder / "CelebAMask-HQ-mask-anno/1/0_hair.png", np.ones(SIZE, np.uint8))
    with pytest.raises(DataError, match="the mask of an image and a concept is given twice"):
        compiled("binary_masks", folder, **options)


def test_a_folder_for_each_concept(tmp_path):
    folder = tmp_path / "data"
    masks = {
        (one, name): DICE.random(SIZE) < 0.5 for one in ("x/a", "b_c") for name in ("sea", "sky")
    }
    for (one, name), mask in masks.items():
        save(folder / f"images/{one}.jpg", flat((0, 0, 255)))
        save(folder / f"masks/{name}/{one}.png", mask.astype(np.uint8))
    found = dense(compiled("binary_masks", folder, grid=[*SIZE], colors="none"))
    for k, one in enumerate(("b_c", "x/a")):
        for name in ("sea", "sky"):
            assert np.array_equal(found[name][k], masks[one, name])
    save(folder / "masks/sea/b_c.png", np.full(SIZE, 3, np.uint8) - np.eye(*SIZE, dtype=np.uint8))
    with pytest.raises(DataError, match="is no binary mask: it holds 0, 2, 3"):
        compiled("binary_masks", folder, grid=[*SIZE])
    save(folder / "masks/sea/q.png", np.ones(SIZE, np.uint8))
    with pytest.raises(FileError, match=r"1 images of masks .* are missing: masks/sea/q.png"):
        compiled("binary_masks", folder)
    with pytest.raises(OptionError, match="naming has"):
        compiled("binary_masks", folder, naming="{image}")


def test_circles_have_their_middle_and_a_point_of_their_edge():
    from logicx.sources.vision.releases.polygons import Shape, area

    found = area(Shape("ball", "circle", [(20, 15), (20, 5)]), (40, 50), "x")
    y, x = np.mgrid[:40, :50]
    distance = np.hypot(y - 15, x - 20)
    assert found[distance <= 9].all()
    assert not found[distance > 11].any()
