"""Which images a recording is of: order is not chance, names are compared, cuts are alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from recordings import path  # noqa: F401, a fixture
from torch import nn
from torch.utils.data import DataLoader, Dataset, Sampler, Subset, WeightedRandomSampler

from logicx import open_units
from logicx.errors import DataError, UniverseError
from logicx.probe import Batch, ImageBatches, record
from logicx.probe.identity import peeked
from logicx.units.maps import hash_of_names

Image = pytest.importorskip("PIL.Image")
from image_trees import DICE, compiled, save  # noqa: E402


class Numbers(Dataset):
    """Images 0, 1, 2 ..., with paths as torchvision's ImageFolder has them."""

    def __init__(self, paths=None, n=8):
        self.n = n
        if paths is not None:
            self.samples = [(one, 0) for one in paths]

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return torch.full((1, 2, 2), float(i))


def a_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU())


class Backwards(Sampler):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n)[::-1])

    def __len__(self):
        return self.n


@pytest.mark.parametrize(
    "options",
    [{"shuffle": True}, {"sampler": WeightedRandomSampler([1.0] * 8, 8)},
     {"batch_sampler": torch.utils.data.BatchSampler(torch.utils.data.RandomSampler(range(8)), 2, False)},
     {"sampler": torch.utils.data.DistributedSampler(Numbers(), 2, 0, shuffle=False)},
     {"sampler": torch.utils.data.DistributedSampler(Numbers(), 1, 0, shuffle=True)}],
)  # fmt: skip
def test_loaders_whose_order_is_chance_are_refused(path, options):
    with pytest.raises(DataError, match=r"the loader (shuffles|gives a part)") as caught:
        record(a_model(), "0", DataLoader(Numbers(), **options), path)
    assert caught.value.code == "shuffled"


def test_other_loaders_are_taken_and_told(path, tmp_path):
    assert len(record(a_model(), "0", DataLoader(Numbers(), 3), path).notes) == 1  # the axes
    found = record(a_model(), "0", DataLoader(Numbers(), 3, drop_last=True), tmp_path / "c.units")
    assert "the loader leaves out the last 2 examples (drop_last=True)" in found.notes
    loader = DataLoader(Numbers(), 3, sampler=Backwards(8))
    found = record(a_model(), "0", loader, tmp_path / "b.units")
    assert "the order of the batches is that of the loader's Backwards" in found.notes


@pytest.fixture
def bank(tmp_path):
    """Four images in two folders with masks, and their bank."""
    folder = tmp_path / "data"
    for name in ("a", "b/c", "b/d", "e"):
        save(folder / f"images/{name}.png", DICE.integers(0, 256, (30, 40, 3)).astype(np.uint8))
        save(folder / f"masks/{name}.png", DICE.integers(1, 3, (30, 40)).astype(np.uint8))
    (folder / "labels.tsv").write_text("index\tname\n1\tsea\n2\tsky\n")
    return compiled("images", folder, grid=[8, 8])


def a_cnn() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 2, 4, 4))


def stamp(path) -> str | None:
    return open_units(path).maps._stored.manifest["source"].get("images")


def test_paths_that_are_the_banks_are_certified(path, tmp_path, bank):
    images = tmp_path / "data/images"
    names = bank.source["images"]
    for k, batches in enumerate(
        (
            ImageBatches.of_bank(bank, images, 8, batch=3),
            ImageBatches(images, 8),
            ImageBatches([images / one for one in names], 8),
            [
                Batch(torch.ones(2, 3, 8, 8), ids=names[:2]),
                Batch(torch.ones(2, 3, 8, 8), ids=names[2:]),
            ],
        )
    ):
        where = tmp_path / f"{k}.units"
        found = record(a_cnn(), "0", batches, where, bank=bank)
        assert stamp(where) == hash_of_names(names)
        assert len(found.notes) == 1
        assert record(a_cnn(), "0", batches, where, bank=bank, resume=True).content == found.content
    turned = compiled("images", tmp_path / "data", grid=[8, 8], first=3)
    with pytest.raises(UniverseError):
        open_units(where).on(turned, "0")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda names: names[::-1], r"in another order: image 0 is .*e.png, but"),
        (lambda names: names[1:], "other images than the bank's"),
        (lambda names: [*names, "a.png"], r"other images than the bank's.*: a path more"),
        (lambda names: ["e.png", *names[1:]], r"other images than the bank's.*: image 0 is"),
    ],
)
def test_other_paths_than_the_banks_are_refused(path, tmp_path, bank, change, message):
    images = tmp_path / "data/images"
    given = change(bank.source["images"])
    as_ids = [Batch(torch.ones(1, 3, 8, 8), ids=[one]) for one in given]
    dataset = Numbers([str(images / one) for one in given], len(given))
    loaders = (ImageBatches(given, 8, root=images), as_ids, DataLoader(dataset, 2))
    for batches in loaders:
        with pytest.raises(DataError, match=message) as caught:
            record(a_cnn(), "0", batches, path, bank=bank)
        assert "of_bank" in caught.value.hint or batches is as_ids
        path.with_name("a.units.part").unlink(missing_ok=True)


def test_other_photographs_of_the_same_names_are_refused(path, tmp_path, bank):
    images = tmp_path / "data/images"
    names = bank.source["images"]
    assert len(bank.source["photographs"]) == 8 * len(names)
    other = tmp_path / "other"
    for name in names:
        values = np.array(Image.open(images / name))
        values[0, 0] ^= name == "b/c.png"
        save(other / name, values)
    for name in names:  # but for one they are the same files
        if name != "b/c.png":
            (other / name).write_bytes((images / name).read_bytes())
    whole = Numbers([str(other / one) for one in names], 4)
    for batches in (
        ImageBatches.of_bank(bank, other, 8),
        ImageBatches(other, 8),
        DataLoader(whole, 2),
    ):
        with pytest.raises(DataError, match=r"b/c.png is another photograph than the bank") as e:
            record(a_cnn(), "0", batches, path, bank=bank)
        assert "Batch(inputs, ids=names)" in e.value.hint
    named = [Batch(one, ids=names) for one in ImageBatches(other, 8)]
    record(a_cnn(), "0", named, path, bank=bank)
    assert stamp(path) == hash_of_names(names)
    (other / "b/d.png").write_bytes((images / "e.png").read_bytes())
    with pytest.raises(DataError, match=r"b/c.png \(and 1 more\) is another photograph"):
        record(a_cnn(), "0", ImageBatches(other, 8), path.with_name("b.units"), bank=bank)


def test_a_bank_that_knows_no_photographs_compares_names(path, tmp_path, bank):
    del bank.source["photographs"]
    other = tmp_path / "other"
    for name in bank.source["images"]:
        save(other / name, np.zeros((30, 40, 3), np.uint8))
    record(a_cnn(), "0", ImageBatches(other, 8), path, bank=bank)
    assert stamp(path)


def test_what_is_not_known_is_not_certified(path, bank):
    found = record(a_cnn(), "0", [torch.ones(4, 3, 8, 8)], path, bank=bank)
    assert stamp(path) is None
    assert any("which images the batches hold is not known" in one for one in found.notes)
    names = bank.source["images"]
    again = path.with_name("b.units")
    found = record(a_cnn(), "0", [torch.ones(4, 3, 8, 8)], again, images=names)
    assert stamp(again) is None
    assert any("is not known" in one for one in found.notes)


def test_a_subset_has_the_paths_of_its_own(path, bank):
    names = bank.source["images"]
    whole = Numbers(["x.png", *names], 5)
    whole.__class__ = type("Rgb", (Numbers,), {"__getitem__": lambda self, i: torch.ones(3, 8, 8)})
    record(a_cnn(), "0", DataLoader(Subset(whole, [1, 2, 3, 4]), 2), path, bank=bank)
    assert stamp(path) == hash_of_names(names)
    with pytest.raises(DataError, match="in another order"):
        record(
            a_cnn(), "0", DataLoader(Subset(whole, [2, 1, 3, 4]), 2), path.with_name("b.units"),
            bank=bank,
        )  # fmt: skip


def test_masks_that_are_not_cut_as_the_images_are_refused(path, tmp_path, bank):
    images = tmp_path / "data/images"
    cut = ImageBatches(images, 8, resize=10)
    with pytest.raises(DataError, match=r"sees a cut of \[8, 8\] of 10, but the bank's masks") as e:
        record(a_cnn(), "0", cut, path, bank=bank)
    assert "same resize and crop" in e.value.hint
    of_cut = compiled("images", tmp_path / "data", grid=[8, 8], resize=20, crop=[16, 16])
    with pytest.raises(DataError, match="sees whole images, but the bank's masks are of a cut"):
        record(a_cnn(), "0", ImageBatches(images, 8), path, bank=of_cut)
    record(a_cnn(), "0", cut, path, bank=of_cut)  # 8 of 10 is 16 of 20
    assert stamp(path)


def test_a_look_at_the_first_batch_loses_none():
    first, batches = peeked(iter([1, 2, 3]))
    assert (first, list(batches)) == (1, [1, 2, 3])
    first, batches = peeked(iter([]))
    assert (first, list(batches)) == (None, [])
    given = [1, 2]
    first, batches = peeked(given)
    assert first == 1
    assert batches is given


def test_generators_are_recorded_from_their_first_batch(path):
    whole = [torch.full((2, 1, 2, 2), float(i)) for i in range(3)]
    record(nn.Sequential(nn.Identity()), "0", (one for one in whole), path)
    assert open_units(path).activations(0).tolist() == [i for i in (0, 1, 2) for _ in range(8)]
