"""What is wrong with images, masks, tables and settings is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logicx.errors import DataError, FileError, OptionError
from logicx.resources import resource
from logicx.sources.recipes import compile_recipe

Image = pytest.importorskip("PIL.Image")
from image_trees import (  # noqa: E402, F401, fixtures  # noqa: E402
    INDEX,
    broden,
    compiled,
    flat,
    save,
    tree,
)

from logicx.sources.vision.recipe import READERS, known_settings  # noqa: E402
from logicx.sources.vision.settings import BrodenSettings, FolderSettings, ImageSettings  # noqa: E402


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
        ("labels.tsv", b"index\tname\n1\tsea\n1\tsky\n", "a value is given twice: 1 .row 1, 'sea' and row 2, 'sky'"),
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
    with pytest.raises(DataError, match=r"grid cannot be 112(.|\n)*such as \[112, 112\]"):
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
    pages = "".join(path.read_text() for path in (Path(__file__).parents[2] / "docs").glob("*.md"))
    assert [one for one in known_settings(kind) if f"`{one}" not in pages] == []
