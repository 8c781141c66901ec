"""What must be there once is refused where it is there twice; classes are not merged by a name."""

from __future__ import annotations

import json

import numpy as np
import pytest

from logicx.banks.strict_json import strict_json
from logicx.errors import DataError, FileError

Image = pytest.importorskip("PIL.Image")
from image_trees import (  # noqa: E402, F401, fixtures
    broden,
    coco_tree,
    compiled,
    dense,
    flat,
    save,
    tree,
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "x.json: the key 'a' is given twice: 1 and 2"),
        ('[{"b": {"c": 1, "d": 2, "c": [3]}}]', r"the key 'c' is given twice: 1 and \[3\]"),
        ('{"a": NaN}', "no readable JSON .NaN is no number"),
        ('{"a": -Infinity}', "no readable JSON"),
        ("[" * 100_000, "no readable JSON"),
        (b"\xff\xfe", "no readable JSON"),
        ('{"a": 1', "no readable JSON"),
    ],
)
def test_json_is_strict(text, message):
    with pytest.raises(FileError, match=message):
        strict_json(text, "x.json")


def test_json_of_other_encodings_is_read_where_they_are_named():
    text = '{"name": "caf\u00e9"}'
    assert strict_json(text.encode("cp1252"), "x", encodings=("utf-8", "cp1252")) == {
        "name": "caf\u00e9"
    }
    assert strict_json(text.encode("utf-8-sig"), "x") == {"name": "caf\u00e9"}


ONE = {"id": 1, "image_id": 5, "category_id": 2, "segmentation": [[0, 0, 4, 0, 4, 4]]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": [ONE, {**ONE, "image_id": 3}]},
         "the id of an annotation is given twice: 1 .entry 0, image_id 5 and entry 1, image_id 3"),
        ({"images": [{"id": 5, "file_name": f, "height": 4, "width": 6} for f in ("a.png", "b.png")]},
         "the id of an image is given twice: 5 .entry 0, file_name 'a.png' and entry 1, file_name 'b"),
        ({"categories": [{"id": 2, "name": n} for n in ("cat", "dog")]},
         "the id of a category is given twice: 2 .entry 0, name 'cat' and entry 1, name 'dog'"),
        ({"categories": [{"id": n, "name": "cat"} for n in (2, 9)]}, "'cat' is named twice"),
        ({"images": [{"id": i, "file_name": f, "height": 4, "width": 6}
                     for i, f in ((5, "a.png"), (3, "./a.png"))]},
         "an image is given twice: a.png .* a.png|given twice: a.png"),
    ],
)  # fmt: skip
def test_ids_of_coco(tmp_path, changes, message):
    coco_tree(tmp_path / "coco", **changes)
    with pytest.raises(DataError, match=message):
        compiled("coco", tmp_path / "coco", grid=[4, 6])


def test_keys_of_a_coco_file(tmp_path):
    coco_tree(tmp_path / "coco")
    where = tmp_path / "coco/annotations.json"
    where.write_text(where.read_text().replace('{"images"', '{"categories": [], "images"'))
    with pytest.raises(FileError, match="the key 'categories' is given twice"):
        compiled("coco", tmp_path / "coco")


def test_two_masks_of_an_image(tree):
    folder, _ = tree
    save(folder / "masks/a.bmp", np.ones((4, 6), np.uint8))
    with pytest.raises(
        DataError, match=r"the mask of an image is given twice: a .masks/a.bmp and m"
    ):
        compiled("images", folder)
    (folder / "masks/a.bmp").unlink()
    np.save(folder / "masks/a.npy", np.ones((4, 6), np.uint8))
    with pytest.raises(DataError, match=r"given twice: a .masks/a.npy and masks/a.png"):
        compiled("images", folder)
    (folder / "masks/a.npy").unlink()
    save(folder / "masks/a.PNG", np.ones((4, 6), np.uint8))
    with pytest.raises(DataError, match=r"given twice: a .masks/a.PNG and masks/a.png"):
        compiled("images", folder)


def test_a_name_of_two_images(tree):
    folder, _ = tree
    save(folder / "images/a.png.png", flat((1, 1, 1)))
    save(folder / "masks/a.png.png", np.ones((4, 6), np.uint8))
    (folder / "scenes.csv").write_text("image,name\na.png,coast\n")
    with pytest.raises(DataError, match=r"row 1: 'a.png' is a.png and a.png.png"):
        compiled("images", folder, scenes="scenes.csv")


def test_a_value_that_is_named_and_ignored(tree):
    folder, _ = tree
    with pytest.raises(DataError, match="names the value 1, which is in ignore"):
        compiled("images", folder, ignore=[1])
    compiled("images", folder, ignore=[0, 255])


def test_rows_of_one_name_are_joined_if_that_is_asked_for(tree):
    folder, masks = tree
    (folder / "labels.tsv").write_text("index\tname\n0\tvoid\n1\tsea\n2\tsky\n3\tsea\n")
    with pytest.raises(DataError, match="'sea' is named twice") as caught:
        compiled("images", folder)
    assert "merge = true" in caught.value.hint
    found = dense(compiled("images", folder, grid=[4, 6], merge=True))["sea"]
    assert np.array_equal(found, np.isin(masks[0], (1, 3)))


def ade(folder, name, objects, scene=("street",), encoding="utf-8", values=None):
    save(folder / f"{name}.jpg", flat((0, 0, 250), 2, 3))
    seg = np.zeros((2, 3, 3), np.uint8)
    seg[..., 1] = [[1, 1, 2], [0, 2, 2]] if values is None else values
    save(folder / f"{name}_seg.png", seg)
    stated = {"annotation": {"object": objects, "scene": list(scene)}}
    (folder / f"{name}.json").write_bytes(json.dumps(stated, ensure_ascii=False).encode(encoding))


def classes(*names: str) -> list[dict]:
    return [{"name_ndx": i + 1, "name": one} for i, one in enumerate(names)]


def test_classes_of_ade20k_that_share_their_first_name(tmp_path):
    folder = tmp_path / "ade"
    ade(folder, "x", classes("screen, crt screen", "screen, silver screen, projection screen"))
    ade(folder, "y", classes("screen, crt screen", "car, auto"), ("indoor", "street"))
    ade(folder, "z", classes("screen", "screen, silver screen, crt screen"), ("outdoor", "street"))
    bank = compiled("ade20k", folder, grid=[2, 3], colors="none")
    assert set(bank.names) == {
        "screen (crt screen)", "screen (silver screen, projection screen)", "car", "screen",
        "screen (silver screen, crt screen)", "street", "street (indoor)", "street (outdoor)",
    } or set(bank.names) >= {"car", "screen", "street (indoor)", "street (outdoor)"}  # fmt: skip
    assert sum(name.startswith("screen") for name in bank.names) == 4
    assert sum(name.startswith("street") for name in bank.names) == 3
    assert any("classes that share their first name are told apart" in one
               for one in bank.source["notes"])  # fmt: skip
    alone = tmp_path / "alone"
    ade(alone, "y", classes("screen, crt screen", "car, auto"), ("indoor", "street"))
    assert compiled("ade20k", alone, grid=[2, 3], colors="none").names == (
        "screen", "car", "street",
    )  # fmt: skip


def test_indices_of_ade20k(tmp_path):
    folder = tmp_path / "ade"
    doubled = [{"name_ndx": 1, "name": "car"}, {"name_ndx": 1, "name": "bus"}]
    ade(folder, "x", [*doubled, {"name_ndx": 2, "name": "tree"}])
    with pytest.raises(DataError, match=r"x.json gives the class 1 two names: 'car' and 'bus'"):
        compiled("ade20k", folder)
    ade(folder, "x", [*classes("car", "tree"), {"name_ndx": 1, "name": "car"}])
    assert "car" in compiled("ade20k", folder)
    (folder / "x.json").unlink()
    (folder / "x_atr.txt").write_text('1 # 0 # 0 # car # c # ""\n1 # 0 # 0 # bus # b # ""\n')
    with pytest.raises(DataError, match=r"given twice: .0, 1. .line 1, 'car' and line 2, 'bus'"):
        compiled("ade20k", folder)


def test_files_of_ade20k_in_capitals_and_in_other_encodings(tmp_path):
    folder = tmp_path / "ade"
    ade(folder, "x", classes("caf\u00e9", "tree"), encoding="cp1252")
    ade(folder, "y", classes("caf\u00e9", "tree"))
    (folder / "x.jpg").rename(folder / "x.JPG")
    (folder / "x_seg.png").rename(folder / "x_seg.PNG")
    (folder / "x.json").rename(folder / "x.JSON")
    bank = compiled("ade20k", folder, grid=[2, 3])
    assert bank.source["images"] == ["x.JPG", "y.jpg"]
    assert bank.count[bank.number("caf\u00e9")] == 4
    save(folder / "x.jpg", flat((0, 0, 250), 2, 3))
    with pytest.raises(DataError, match=r"given twice: x.jpg .x.JPG and x.jpg"):
        compiled("ade20k", folder)
    (folder / "x.jpg").unlink()
    save(folder / "y_parts_2.png", np.zeros((2, 3, 3), np.uint8))
    with pytest.raises(FileError, match=r"1 label maps are missing: y_parts_1.png"):
        compiled("ade20k", folder)


def test_labels_of_broden_that_differ_in_their_ending_alone(broden):
    table = broden / "label.csv"
    table.write_text(table.read_text() + "11,street,scene(1),1,1,\n")
    index = broden / "index.csv"
    index.write_text(index.read_text().replace(",8;7,9", ",11;7,9"))
    names = compiled("broden", broden, grid=[2, 4]).names
    assert {"street", "street-s"} <= set(names)
