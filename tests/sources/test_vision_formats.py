"""Banks of Broden, ADE20K and COCO, held against masks worked out pixel by pixel."""

from __future__ import annotations

import json

import numpy as np
import pytest

from logicx.errors import DataError, FileError

Image = pytest.importorskip("PIL.Image")
from image_trees import (  # noqa: E402
    broden,  # noqa: F401, fixtures
    check,
    coco_tree,
    compiled,
    flat,
    save,
)

from logicx.sources.vision.broden import read_index  # noqa: E402
from logicx.sources.vision.images import Folder  # noqa: E402


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
    assert sum(len(one.whole) for one in found) == 22_210 - 2_477 - 1_987
    assert found[1].maps["part"] == ("ade20k/ADE_train_00006107_part_1.png",)
    assert found[1].whole == (301,)


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
    with pytest.raises(FileError, match=r"no annotation of ADE20K|no readable JSON"):
        compiled("ade20k", folder)
    (here / "x_atr.txt").unlink()
    (here / "x.json").unlink(missing_ok=True)
    with pytest.raises(FileError, match=r"1 annotations are missing: training/s/street/x.json"):
        compiled("ade20k", folder)


ANNOTATION = {"id": 1, "image_id": 5, "category_id": 2, "iscrowd": 1}


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
                ([[1, 1, 4, 1, 4, 3, 3]], "is not one of an image of 4 x 6"),
                ([["x"] * 6], "is not one of an image of 4 x 6"),
                ([], "no annotation has a mask"),
                (None, "no annotation has a mask"),
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
