"""Images become what a model takes: in order, of one size, normalised; bad ones are named."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from logicx import ConceptBank, Universe
from logicx.errors import DataError, FileError, LogicxError
from logicx.sources.vision.preprocessing import IMAGENET_MEAN, IMAGENET_STD, ImageBatches

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def folder(tmp_path):
    """Seven images of several sizes, colour modes and formats, one of them in a folder below."""
    rng = np.random.default_rng(0)
    (tmp_path / "below").mkdir()
    for i in range(7):
        pixels = rng.integers(0, 256, (20 + i, 30 - i, 3), np.uint8)
        name = ("a.png", "below/b.jpg", "c.bmp", "d.jpeg", "e.PNG", "f.tif", "g.webp")[i]
        image = Image.fromarray(pixels)
        (image.convert("L") if i == 2 else image).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not an image")
    return tmp_path


def opened(path, size=None) -> np.ndarray:
    image = Image.open(path).convert("RGB")
    return np.asarray(image if size is None else image.resize(size, Image.Resampling.BILINEAR))


def test_all_images_of_a_folder_by_path(folder):
    batches = ImageBatches(folder, (10, 12), batch=3)
    names = [path.relative_to(folder).as_posix() for path in batches.paths]
    assert names == ["a.png", "below/b.jpg", "c.bmp", "d.jpeg", "e.PNG", "f.tif", "g.webp"]
    assert len(batches) == 3
    found = list(batches)
    assert [tuple(one.shape) for one in found] == [(3, 3, 10, 12), (3, 3, 10, 12), (1, 3, 10, 12)]
    for path, one in zip(batches.paths, torch.cat(found), strict=True):
        pixels = opened(path, (12, 10)).astype(np.float64) / 255
        expected = (pixels - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)
        np.testing.assert_allclose(one.permute(1, 2, 0).numpy(), expected, atol=1e-5)
    assert all(torch.equal(one, two) for one, two in zip(found, batches, strict=True))


def test_images_of_the_models_size_are_not_scaled(folder):
    [one] = ImageBatches([folder / "a.png"], (20, 30), mean=(0, 0, 0), std=(1, 1, 1))
    assert (one[0].permute(1, 2, 0) * 255).round().numpy().tolist() == opened(
        folder / "a.png"
    ).tolist()


def test_the_shorter_side_is_scaled_and_the_middle_cut_out(tmp_path):
    """Left and right quarters are red and blue, the middle is green."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :20, 0], pixels[:, 20:60, 1], pixels[:, 60:, 2] = 255, 255, 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    plain = {"mean": (0, 0, 0), "std": (1, 1, 1)}
    [cut] = ImageBatches(tmp_path, 20, resize=20, **plain)
    assert cut[0, 1, :, 1:-1].min() == 1
    [small] = ImageBatches(tmp_path, 8, resize=20, **plain)
    assert small[0, 1].min() == 1
    [whole] = ImageBatches(tmp_path, 20, **plain)
    assert (whole[0, 0, :, 0] == 1).all()
    assert (whole[0, 2, :, -1] == 1).all()
    [cubic] = ImageBatches(tmp_path, 20, resample="bicubic", **plain)
    assert not torch.equal(whole, cubic)


def test_the_images_of_a_bank_in_its_order(folder):
    bank = ConceptBank.from_masks(
        np.eye(2, dtype=bool), ["a", "b"], universe=Universe.pixels(2, 1, 1)
    )
    with pytest.raises(DataError, match="does not say which images"):
        ImageBatches.of_bank(bank, folder, 8)
    bank.source["images"] = ["f.tif", "below/b.jpg"]
    batches = ImageBatches.of_bank(bank, folder, 8, batch=1)
    assert [path.name for path in batches.paths] == ["f.tif", "b.jpg"]
    assert [one.shape[0] for one in batches] == [1, 1]


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", "below/../../a.png", "c:a.png", ""])
def test_paths_stay_in_their_folder(folder, name):
    with pytest.raises(DataError, match="is refused"):
        ImageBatches([name], 8, root=folder / "below")


def test_missing_images_are_listed_all_at_once(folder):
    names = ["a.png", "no.png", "nor.jpg"]
    with pytest.raises(FileError, match=r"2 images are missing: .*no\.png, .*nor\.jpg"):
        ImageBatches(names, 8, root=folder)
    with pytest.raises(FileError, match="2 images are missing"):
        ImageBatches([folder / one for one in names], 8)


def test_damaged_images_are_named_when_their_turn_comes(folder):
    whole = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(whole[: len(whole) // 2])
    batches = ImageBatches(folder, 8, batch=1)
    with pytest.raises(FileError, match=r"a\.png is damaged"):
        next(iter(batches))
    (folder / "a.png").unlink()
    with pytest.raises(FileError, match=r"cannot read .*a\.png"):
        next(iter(batches))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size and batch are from 1"),
        ({"batch": 0}, "size and batch are from 1"),
        ({"resize": 7}, "too small to cut 8 x 8"),
        ({"resample": "nearest"}, "not 'nearest'"),
        ({"std": (1, 1, 0)}, "std is above 0"),
        ({"mean": (0.5,)}, "three channels"),
        ({"root": "."}, "root means nothing"),
    ],
)
def test_options_that_mean_nothing(folder, options, message):
    with pytest.raises(LogicxError, match=message):
        ImageBatches(folder, **{"size": 8, **options})


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no image"):
        ImageBatches(tmp_path, 8)
    with pytest.raises(FileError, match="no folder"):
        ImageBatches(tmp_path / "none", 8)
