"""What tests of labelled images share: small trees of images and masks."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from logicx.banks.bank import ConceptBank
from logicx.banks.bits import unpack
from logicx.scoring.score import score
from logicx.sources.recipes import compile_recipe
from logicx.units.units import Units

Image = pytest.importorskip("PIL.Image")

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
    unit.flat[0] = True  # a unit that never fires has no score
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
