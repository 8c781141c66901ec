"""Releases in their own layouts, each in miniature, held against masks worked out pixel by pixel."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from logicx.errors import DataError, FileError, OptionError

Image = pytest.importorskip("PIL.Image")
from image_trees import check, compiled, flat, save  # noqa: E402

SIZE = (4, 6)
DICE = np.random.default_rng(11)


def indexed(values, palette=None) -> Image.Image:
    """A palette PNG, as VOC has it."""
    image = Image.fromarray(np.asarray(values, np.uint8))
    image.putpalette(palette or list(DICE.integers(0, 256, 768)))
    return image


def png(image) -> bytes:
    out = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(out, "PNG")
    return out.getvalue()


def stacked(masks: dict[str, list]) -> dict[str, np.ndarray]:
    return {name: np.array(one, bool) for name, one in masks.items()}


@pytest.fixture
def voc(tmp_path):
    folder = tmp_path / "VOC2012"
    for stem in ("2007_000032", "2007_000033", "2007_000121", "2008_000001"):
        save(folder / f"JPEGImages/{stem}.jpg", flat((0, 0, 255)))
    values = {}
    (folder / "SegmentationClass").mkdir()
    for stem in ("2007_000032", "2007_000121"):
        values[stem] = DICE.choice([0, 1, 15, 255], SIZE)
        indexed(values[stem]).save(folder / f"SegmentationClass/{stem}.png")
    lists = folder / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("2007_000032\n")
    (lists / "trainval.txt").write_text("2007_000032\n2007_000121\n")
    (lists / "wrong.txt").write_text("2007_000033\n")
    (folder / "Annotations").mkdir()
    return folder, values


def test_pascal_voc(voc):
    folder, values = voc
    bank = compiled("voc", folder, grid=[*SIZE])
    both = np.stack([*values.values()])
    blue = np.ones(both.shape, bool)
    check(bank, {"aeroplane": both == 1, "person": both == 15, "blue": blue})
    assert bank.source["images"] == ["2007_000032.jpg", "2007_000121.jpg"]
    assert "2 photographs without masks are left out" in bank.source["notes"]
    train = compiled("voc", folder, grid=[*SIZE], split="train", colors="none")
    assert train.source["images"] == ["2007_000032.jpg"]
    labelled = compiled("voc", folder, grid=[*SIZE], unlabelled="invalid", split="trainval")
    assert labelled.n_valid == np.isin(both, (1, 15)).sum()


def test_pascal_voc_that_is_not_whole(voc, tmp_path):
    folder, _ = voc
    with pytest.raises(FileError, match=r"no file .*test.txt") as caught:
        compiled("voc", folder, split="test")
    assert caught.value.hint == "there are: train, trainval, wrong"
    with pytest.raises(
        FileError, match="1 photographs with masks of wrong are missing: 2007_000033"
    ):
        compiled("voc", folder, split="wrong")
    with pytest.raises(FileError, match="has no folder JPEGImages") as caught:
        compiled("voc", tmp_path)
    assert "VOCdevkit/VOC2012" in caught.value.hint
    indexed(np.full(SIZE, 21)).save(folder / "SegmentationClass/2007_000032.png")
    with pytest.raises(DataError, match="holds the value 21, which has no name"):
        compiled("voc", folder, grid=[*SIZE])
    indexed(np.full(SIZE, 1)).save(folder / "SegmentationClass/2009_1.png")
    with pytest.raises(FileError, match=r"1 photographs of masks are missing"):
        compiled("voc", folder)


@pytest.fixture
def cityscapes(tmp_path):
    folder, values = tmp_path / "cityscapes", {}
    for split, city, n in (("train", "aachen", 0), ("train", "bochum", 1), ("val", "ulm", 2)):
        name = f"{split}/{city}/{city}_00000{n}_000019"
        save(folder / f"leftImg8bit/{name}_leftImg8bit.png", flat((0, 0, 255)))
        values[name] = DICE.choice([0, 1, 4, 7, 23, 33], SIZE).astype(np.uint8)
        save(folder / f"gtFine/{name}_gtFine_labelIds.png", values[name])
        save(
            folder / f"gtFine/{name}_gtFine_instanceIds.png", values[name].astype(np.uint16) * 1000
        )
        save(folder / f"gtFine/{name}_gtFine_color.png", flat((7, 7, 7)))
        (folder / f"gtFine/{name}_gtFine_polygons.json").write_text("{}")
    return folder, values


def test_cityscapes(cityscapes):
    folder, values = cityscapes
    bank = compiled("cityscapes", folder, grid=[*SIZE], colors="none")
    all_of = np.stack([*values.values()])
    check(bank, {"road": all_of == 7, "sky": all_of == 23, "bicycle": all_of == 33})
    assert bank.source["images"] == [f"{one}_leftImg8bit.png" for one in values]
    val = compiled("cityscapes", folder, grid=[*SIZE], colors="none", split="val")
    assert val.source["images"] == ["val/ulm/ulm_000002_000019_leftImg8bit.png"]
    (folder / "gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png").unlink()
    rest = compiled("cityscapes", folder, grid=[*SIZE])
    assert "1 photographs without masks are left out" in rest.source["notes"]
    with pytest.raises(FileError, match=r"no folder .*gtCoarse"):
        compiled("cityscapes", folder, masks="gtCoarse")
    with pytest.raises(OptionError, match="masks is gtFine or gtCoarse"):
        compiled("cityscapes", folder, masks="gt")
    (folder / "leftImg8bit/val/ulm/ulm_000002_000019_leftImg8bit.png").unlink()
    with pytest.raises(FileError, match="1 images of masks are missing: gtFine/val/ulm"):
        compiled("cityscapes", folder)


@pytest.fixture
def panoptic(tmp_path):
    folder = tmp_path / "coco"
    numbers = {"000000000139": [0, 3226956, 70], "000000000285": [0, 5, 300]}
    values, annotations = {}, []
    for i, (stem, ids) in enumerate(numbers.items()):
        save(folder / f"val2017/{stem}.jpg", flat((0, 0, 255)))
        values[stem] = DICE.choice(ids, SIZE)
        one = values[stem]
        rgb = np.stack([one % 256, one // 256 % 256, one // 65536], axis=-1).astype(np.uint8)
        save(folder / f"annotations/panoptic_val2017/{stem}.png", rgb)
        segments = [{"id": ids[1], "category_id": 1, "iscrowd": 0, "area": 1, "bbox": [0, 0, 1, 1]},
                    {"id": ids[2], "category_id": 187 if i else 1, "iscrowd": 0}]  # fmt: skip
        annotations.append(
            {"image_id": 7 + i, "file_name": f"{stem}.png", "segments_info": segments}
        )
    stated = {
        "images": [{"id": 7 + i, "file_name": f"{stem}.jpg", "height": 4, "width": 6}
                   for i, stem in enumerate([*numbers, "000000000999"])],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person", "isthing": 1, "supercategory": "person"},
                       {"id": 187, "name": "sky-other-merged", "isthing": 0}],
    }  # fmt: skip
    where = folder / "annotations/panoptic_val2017.json"
    where.write_text(json.dumps(stated))
    return folder, values, stated, where


def test_coco_panoptic(panoptic):
    folder, values, _, _ = panoptic
    bank = compiled("coco_panoptic", folder, grid=[*SIZE], colors="none")
    first, second = values.values()
    none = np.zeros(SIZE, bool)
    check(
        bank,
        {"person": np.stack([first > 0, second == 5]),
         "sky-other-merged": np.stack([none, second == 300])},
    )  # fmt: skip
    assert bank.categories == ("object", "stuff")
    assert "1 images without annotations are left out" in bank.source["notes"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, s: a[0]["segments_info"].append(a[0]["segments_info"][0]),
         "a segment is given twice: 3226956"),
        (lambda a, s: a[0]["segments_info"].pop(), "holds the segment 70, which"),
        (lambda a, s: a.append(a[0]), "the annotation of image is given twice: 7"),
        (lambda a, s: a[0].update(image_id=99), "is of the image 99, not listed"),
        (lambda a, s: a[0]["segments_info"][0].update(category_id=5), "of a category not listed"),
        (lambda a, s: a[0]["segments_info"][0].update(id=0), "has no id from 1 to"),
        (lambda a, s: a[0].update(file_name="../x.png"), "is refused"),
        (lambda a, s: a[0].update(file_name="x.png"), "1 files are missing: annotations/panoptic"),
        (lambda a, s: s.append({**s[0], "name": "dog"}), "the id of a category is given twice: 1"),
    ],
)  # fmt: skip
def test_coco_panoptic_that_contradicts_itself(panoptic, change, message):
    folder, _, stated, where = panoptic
    change(stated["annotations"], stated["categories"])
    where.write_text(json.dumps(stated))
    with pytest.raises(DataError, match=message):
        compiled("coco_panoptic", folder, grid=[*SIZE])


def shard(path, rows, names=("indoor", "outdoor"), mask="annotation", group=2):
    """A Parquet file as `datasets` writes images."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    file = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [("image", file), (mask, file), ("scene_category", pa.int64()), ("place", pa.string())]
    features = {"image": {"_type": "Image"}, mask: {"_type": "Image"},
                "scene_category": {"names": list(names), "_type": "ClassLabel"}}  # fmt: skip
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    table = pa.table(
        {name: pa.array([row[i] for row in rows], kind) for i, (name, kind) in enumerate(fields)}
    ).replace_schema_metadata(metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, row_group_size=group)


def row(values, name, scene=0, place=""):
    return (
        {"bytes": png(flat((0, 0, 255))), "path": name},
        {"bytes": png(np.asarray(values, np.uint8)), "path": None},
        scene,
        place,
    )


@pytest.fixture
def hub(tmp_path):
    folder = tmp_path / "hub"
    values = [DICE.integers(0, 3, SIZE) for _ in range(5)]
    shard(
        folder / "data/train-00000-of-00002.parquet",
        [
            row(one, f"{i}.jpg", (0, 1, -1)[i], ("here", "", "there")[i])
            for i, one in enumerate(values[:3])
        ],
    )
    shard(
        folder / "data/train-00001-of-00002.parquet",
        [row(one, f"{i}.jpg", 1, "here") for i, one in enumerate(values[3:], 3)],
    )
    (folder / "id2label.json").write_text('{"0": "background", "1": "wall", "2": "sky"}')
    return folder, np.stack(values)


def test_images_and_masks_in_parquet(hub):
    folder, values = hub
    options = {"grid": [*SIZE], "scenes": ["scene_category", "place"], "colors": "none"}
    bank = compiled("image_parquet", folder, **options)
    one = np.ones(SIZE, bool)

    def whole(*is_there):
        return np.stack([one * bool(k) for k in is_there])

    check(
        bank,
        {"wall": values == 1, "sky": values == 2, "indoor": whole(1, 0, 0, 0, 0),
         "outdoor": whole(0, 1, 0, 1, 1), "here": whole(1, 0, 0, 1, 1), "there": whole(0, 0, 1, 0, 0)},
    )  # fmt: skip
    assert bank.source["images"] == [f"{i}.jpg" for i in range(5)]
    assert bank.categories[bank.number("indoor")] == "scene_category"
    few = compiled("image_parquet", folder, grid=[*SIZE], first=3)
    assert few.universe.n_groups == 3


def test_parquet_that_is_not_as_it_should_be(hub):
    folder, values = hub
    where = folder / "data/train-00001-of-00002.parquet"
    shard(where, [row(values[0], "0.jpg")])
    bank = compiled("image_parquet", folder, grid=[*SIZE])
    assert bank.source["images"][3] == "data/train-00001-of-00002.parquet#0.0"
    shard(where, [row(values[0], "9.jpg", 2)])
    with pytest.raises(DataError, match="scene_category is 2, which has no name"):
        compiled("image_parquet", folder, scenes=["scene_category"])
    shard(where, [row(values[0], "9.jpg")], names=("outdoor", "indoor"))
    with pytest.raises(DataError, match="the names of 'scene_category' differ"):
        compiled("image_parquet", folder, scenes=["scene_category"])
    image, _, *rest = row(values[0], "9.jpg")
    shard(where, [(image, {"bytes": None, "path": "x.png"}, *rest)])
    with pytest.raises(FileError, match="annotation holds no file, only a path"):
        compiled("image_parquet", folder)
    assert compiled("image_parquet", folder, skip_bad=True).universe.n_groups == 3
    shard(where, [row(values[0] + 5, "9.jpg")])
    with pytest.raises(DataError, match="row 0 of group 0, the mask holds the value"):
        compiled("image_parquet", folder, grid=[*SIZE])
    with pytest.raises(FileError, match="has no column 'mask' of files"):
        compiled("image_parquet", folder, mask="mask")
    (folder / "id2label.json").write_text('{"0": "a", "0": "b"}')
    with pytest.raises(FileError, match="the key '0' is given twice"):
        compiled("image_parquet", folder)
    (folder / "id2label.json").unlink()
    with pytest.raises(FileError, match="has no table of names"):
        compiled("image_parquet", folder)
    where.write_bytes(where.read_bytes()[:-5])
    with pytest.raises(FileError, match="is no readable Parquet file"):
        compiled("image_parquet", folder)
