"""`logicx compile voc data=...` needs no recipe of one's own: one is shipped for each release."""

from __future__ import annotations

import pytest

from logicx.banks.bank import ConceptBank
from logicx.cli import run
from logicx.resources import resource
from logicx.sources.reading import read_toml
from logicx.sources.vision.images import mark_of, marks_of
from logicx.sources.vision.recipe import READERS

pytest.importorskip("PIL.Image")
from image_trees import coco_tree, compiled, dense
from test_releases import SIZE, cityscapes, hub, panoptic, voc  # noqa: F401, fixtures
from test_releases_drawn import celebamask, challenge, cvat, labelme  # noqa: F401, fixtures

OTHERWISE = {
    "coco": {"annotations": "annotations/instances_val2017.json", "images": "val2017"},
    "celebamask": {
        "images": "CelebA-HQ-img",
        "masks": "CelebAMask-HQ-mask-anno",
        "naming": "*/{image}_{concept}",
    },
}
"""Where a recipe differs from the defaults of its kind, and how."""
NEEDS = {"image_parquet": "pyarrow", "coco": "pycocotools", "coco_panoptic": "PIL"}


def image_recipes() -> dict[str, str]:
    """The shipped recipes of images, with their kinds."""
    stated = {one.stem: read_toml(one) for one in resource("concepts").glob("*.toml")}
    return {name: one["kind"] for name, one in stated.items() if one["kind"] in READERS}


@pytest.mark.parametrize("name", sorted(image_recipes()))
def test_a_recipe_states_the_defaults_of_its_kind(name):
    stated = read_toml(resource("concepts", f"{name}.toml"))
    kind = stated["kind"]
    assert set(stated) == {"name", "kind", kind}
    assert stated["name"] == name
    settings = READERS[kind][0]()
    differing = {}
    for key, value in stated[kind].items():
        if getattr(settings, key) != (tuple(value) if isinstance(value, list) else value):
            differing[key] = value
    assert differing == OTHERWISE.get(name, {})


def test_every_kind_of_images_has_a_recipe():
    assert set(image_recipes().values()) == set(READERS)


@pytest.fixture
def coco(tmp_path):
    folder = tmp_path / "coco"
    coco_tree(folder)
    (folder / "images").rename(folder / "val2017")
    (folder / "annotations").mkdir()
    (folder / "annotations.json").rename(folder / "annotations/instances_val2017.json")
    return folder


@pytest.fixture
def masks_of_two(tmp_path):
    from image_trees import flat, save

    for name in ("sea", "sky"):
        save(tmp_path / f"data/masks/{name}/a.png", flat((0, 0, 0))[..., 0] + (name == "sea"))
    save(tmp_path / "data/images/a.jpg", flat((0, 0, 255)))
    return tmp_path / "data"


TREES = {
    **{name: name for name in ("voc", "cityscapes", "coco", "labelme", "cvat", "celebamask")},
    "coco_panoptic": "panoptic",
    "image_parquet": "hub",
    "ade_challenge": "challenge",
    "binary_masks": "masks_of_two",
}


@pytest.mark.parametrize("name", sorted(TREES))
def test_a_release_is_compiled_by_its_name_alone(name, request, tmp_path, capsys, monkeypatch):
    pytest.importorskip(NEEDS.get(name, "PIL"))
    found = request.getfixturevalue(TREES[name])
    folder = found[0] if isinstance(found, tuple) else found
    kind = image_recipes()[name]
    plain = compiled(kind, folder, grid=[*SIZE], **OTHERWISE.get(name, {}))
    marks = marks_of(plain.source)
    assert len(marks) == len(plain.source["images"])
    files = {mark_of(one.read_bytes()) for one in folder.rglob("*") if one.is_file()}
    assert name == "image_parquet" or set(marks) <= files
    monkeypatch.chdir(tmp_path)
    grid = f"set={kind}.grid=[{SIZE[0]}, {SIZE[1]}]"
    assert run(["compile", name, f"data={folder}", grid, "out=by_name.bank"]) == 0
    bank = ConceptBank.open(tmp_path / "by_name.bank")
    assert bank.name == name
    assert bank.source["images"] == plain.source["images"]
    found, expected = dense(bank), dense(plain)
    assert list(found) == list(expected)
    assert all((found[one] == expected[one]).all() for one in expected)
    assert run(["compile", name, f"data={folder}"]) == 0
    assert ConceptBank.open(tmp_path / f"{name}.bank").universe.shape[1:] == (112, 112)


def test_a_name_that_is_no_recipe_lists_those_that_are(capsys):
    assert run(["compile", "imagenet", "data=x"]) == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("voc", "cityscapes", "coco_panoptic", "image_parquet"))
