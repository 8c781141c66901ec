"""What may be left out is left out with a note, and what cannot be read is told all at once."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_damaged_files_are_listed_together_or_left_out(tree):
    folder, _ = tree
    for name in ("images/a.png", "masks/b/d.png"):
        (folder / name).write_bytes(b"no picture")
    with pytest.raises(FileError, match="2 of 3 images have files that are damaged: ") as caught:
        compiled("images", folder)
    assert "images/a.png" in caught.value.message
    assert "masks/b/d.png" in caught.value.message
    bank = compiled("images", folder, grid=[4, 6], skip_bad=True)
    assert bank.source["images"] == ["b/c.png"]
    assert bank.source["left_out"] == ["a.png", "b/d.png"]
    assert "2 images are left out, as files are damaged: a.png, b/d.png" in bank.source["notes"]
    assert bank.universe.shape == (1, 4, 6)
    (folder / "images/b/c.png").write_bytes(b"")
    with pytest.raises(FileError, match="3 of 3 images"):
        compiled("images", folder, skip_bad=True)


def test_empty_forms_of_broden(broden):
    index = broden / "index.csv"
    before = compiled("broden", broden, grid=[2, 4])
    text = index.read_text().replace(",8;7,9", ",8; 7;0;-,~9;9")
    index.write_text(text.replace("d/c_material.png,,", "d/c_material.png;~x.png,-,0"))
    after = compiled("broden", broden, grid=[2, 4])
    assert after.names == before.names
    assert after.count.tolist() == before.count.tolist()


def masks_of(folder, **changes):
    return dense(compiled("coco", folder, grid=[4, 6], colors="none", **changes))


def test_annotations_of_coco_that_draw_nothing(tmp_path):
    folder = tmp_path / "coco"
    good = [[1, 1, 4, 1, 4, 3, 1, 3]]
    shapes = {
        "empty": [], "null": None, "hollow": [[]], "box": [[1, 1, 4, 3]], "point": [[1, 1]],
        "far": [[1, 1, 4, 1, 4, 1e9]], "mixed": [*good, [1, 1, 4, 3]], "good": good,
    }  # fmt: skip
    annotations = [
        {"id": key, "image_id": 5, "category_id": 2, "bbox": [1, 1, 3, 2], "segmentation": shape}
        for key, shape in shapes.items()
    ]
    annotations.append({"id": "none", "image_id": 5, "category_id": 2})
    coco_tree(folder, annotations=annotations)
    bank = compiled("coco", folder, grid=[4, 6], colors="none")
    assert bank.names == ("cat",)
    assert bank.count.tolist() == [6]
    notes = "\n".join(bank.source["notes"])
    assert "4 annotations have no mask, but a box at most, and are left out there: empty, " in notes
    assert "3 annotations have polygons of fewer than three points, and are left out" in notes
    assert "1 annotations have polygons that leave the image by more than its size" in notes
    coco_tree(folder, annotations=annotations[:3])
    with pytest.raises(DataError, match="no annotation has a mask"):
        compiled("coco", folder)


def test_images_without_masks(tree):
    folder, masks = tree
    (folder / "masks/b/d.png").unlink()
    with pytest.raises(FileError, match=r"1 masks are missing: masks/b/d.png") as caught:
        compiled("images", folder)
    assert 'unmasked = "skip"' in caught.value.hint
    bank = compiled("images", folder, grid=[4, 6], unmasked="skip")
    assert bank.source["images"] == ["a.png", "b/c.png"]
    assert "1 images without masks are left out" in bank.source["notes"]
    assert np.array_equal(dense(bank)["sky"], masks[0][:2] == 2)
    (folder / "train.txt").write_text("b/c\na.png\n\n")
    listed = compiled("images", folder, grid=[4, 6], only="train.txt")
    assert listed.source["images"] == ["a.png", "b/c.png"]
    for twice in ("b/c\na\nb/c\n", "b/c\nb/c.png\n"):
        (folder / "train.txt").write_text(twice)
        with pytest.raises(
            DataError, match=r"train.txt: an image is given twice: b/c.png \(row 1,"
        ):
            compiled("images", folder, only="train.txt")
    (folder / "train.txt").write_text("b/d\n")
    with pytest.raises(FileError, match=r"1 masks are missing: masks/b/d.png"):
        compiled("images", folder, only="train.txt")
    (folder / "train.txt").write_text("b/q\n")
    with pytest.raises(DataError, match=r"train.txt, row 1: there is no image 'b/q'"):
        compiled("images", folder, only="train.txt")


def test_masks_of_other_names_and_in_the_same_folder(tree):
    folder, _ = tree
    before = dense(compiled("images", folder, grid=[4, 6]))
    for path in [*folder.glob("masks/**/*.png")]:
        path.rename(path.with_name(path.stem + "_mask.PNG"))
    with pytest.raises(FileError, match=r"3 masks are missing: masks/a.png") as caught:
        compiled("images", folder)
    assert caught.value.hint == 'masks of other names are found so: mask_pattern = "*_mask.PNG"'
    for pattern in ("*_mask.PNG", "*_mask"):
        found = dense(compiled("images", folder, grid=[4, 6], mask_pattern=pattern))
        assert {k: v.tolist() for k, v in found.items()} == {
            k: v.tolist() for k, v in before.items()
        }
    save(folder / "all/a_image.png", flat((250, 0, 0)))
    save(folder / "all/a_mask.png", np.full((4, 6), 2, np.uint8))
    options = {"images": "all", "masks": ["all"], "grid": [4, 6], "colors": "none"}
    with pytest.raises(FileError, match="all holds no image whose name is like"):
        compiled("images", folder, **options, pattern="*_photo")
    bank = compiled("images", folder, **options, pattern="*_image", mask_pattern="*_mask")
    assert bank.source["images"] == ["a_image.png"]
    assert bank.count.tolist() == [24]


def test_lossy_masks_are_refused_by_name(tree):
    folder, _ = tree
    (folder / "masks/a.png").unlink()
    save(folder / "masks/a.jpg", np.ones((4, 6), np.uint8))
    with pytest.raises(FileError, match=r"1 masks are JPEG or WebP, such as masks/a.jpg") as caught:
        compiled("images", folder)
    assert "not the same" in caught.value.hint


def test_scenes_without_masks(tree):
    folder, _ = tree
    (folder / "labels.tsv").unlink()
    bank = compiled("images", folder, grid=[4, 6], masks=[], scenes="scenes.csv", colors="none")
    assert bank.names == ("coast", "sea")
    assert bank.count.tolist() == [48, 24]
    with pytest.raises(DataError, match="neither masks nor scenes are named"):
        compiled("images", folder, masks=[])


@pytest.mark.parametrize("what", ["images/x.png", "masks/x.png", "images/far", "masks/far"])
def test_links_of_plain_folders_do_not_lead_out(tree, tmp_path, what):
    folder, _ = tree
    for one in ("images", "masks"):
        save(folder / f"{one}/x.png", flat((0, 0, 0))[..., 0])
    secret = tmp_path / "secret"
    save(secret / "x.png", np.ones((4, 6), np.uint8))
    link = folder / what
    if link.exists():
        link.unlink()
        link.symlink_to(secret / "x.png")
    else:
        link.symlink_to(secret)
    with pytest.raises(DataError, match=rf"{what} is a link that leads out of"):
        compiled("images", folder, grid=[4, 6])


def test_links_that_stay_inside_are_followed(tree):
    folder, _ = tree
    for one in ("images", "masks"):
        (folder / one / "again").symlink_to(folder / one / "b")
    bank = compiled("images", folder, grid=[4, 6])
    assert bank.source["images"] == ["a.png", "again/c.png", "again/d.png", "b/c.png", "b/d.png"]
    (folder / "images/round").symlink_to(folder / "images")
    with pytest.raises(DataError, match="a link to a folder that it lies in"):
        compiled("images", folder)


@pytest.mark.parametrize("name", ["label.csv", "category.csv", "c_scene.csv", "index.csv"])
def test_tables_of_broden_do_not_lead_out(broden, tmp_path, name):
    (tmp_path / name).write_text((broden / name).read_text())
    (broden / name).unlink()
    (broden / name).symlink_to(tmp_path / name)
    with pytest.raises(DataError, match="leads out of"):
        compiled("broden", broden)
