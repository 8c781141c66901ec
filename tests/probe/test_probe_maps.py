"""Recordings of convolutions and of patches: maps over images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from recordings import Odd, part, path  # noqa: F401, fixtures
from torch import nn

from logicx import Universe, open_units
from logicx.errors import DataError, FileError, LogicxError
from logicx.probe.recording import Batch, record


def a_cnn(seed=0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 5, 3, stride=2), nn.ReLU(inplace=True), nn.Conv2d(5, 4, 2))


def images(n=11, batch=3, size=(13, 9)) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    return list(torch.randn(n, 3, *size, generator=generator).split(batch))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_maps_are_recorded_image_by_image_row_by_row(path, dtype):
    model = a_cnn()
    bank = Universe.pixels(11, 50, 40)
    found = record(model, "0", images(), path, dtype=dtype, universe=bank)
    with torch.no_grad():
        maps = torch.cat([model[0](one) for one in images()]).numpy().astype(dtype)
    assert maps.shape == (11, 5, 6, 4)
    assert (found.n_units, found.n_cells, found.universe) == (5, 264, Universe.pixels(11, 6, 4))
    units = open_units(path)
    assert units.universe == Universe.pixels(11, 6, 4)
    for i in range(5):
        np.testing.assert_array_equal(units.activations(i), maps[:, i].reshape(-1))
    again = record(model, "0", images(), path, dtype=dtype, universe=bank, resume=True)
    assert again.universe == found.universe


class VisionTransformer(nn.Module):
    """Patches of 4 x 4 pixels, [CLS] before them, one layer of attention."""

    def __init__(self, batch_first=True) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.cls = nn.Parameter(torch.randn(1, 1, 8))
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=batch_first)
        self.turned = not batch_first

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls.expand(len(x), 1, 8), tokens], 1)
        return self.block(tokens.transpose(0, 1) if self.turned else tokens)


@pytest.mark.parametrize("batch_first", [True, False])
def test_patch_tokens_are_recorded_as_maps(path, batch_first):
    model = VisionTransformer(batch_first)
    data = images(size=(12, 20))
    options = {"grid": (3, 5), "skip_tokens": 1, "batch_first": batch_first}
    found = record(model, "block", data, path, **options)
    assert found.universe == Universe.pixels(11, 3, 5)
    model.eval()
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.no_grad():
        tokens = torch.cat(
            [model(one) if batch_first else model(one).movedim(1, 0) for one in data]
        )
    torch.backends.mha.set_fastpath_enabled(True)
    units = open_units(path)
    for i in range(8):
        np.testing.assert_array_equal(units.activations(i), tokens[:, 1:, i].reshape(-1).numpy())
    other = path.with_name("b.units")
    masked = [Batch(one, torch.ones(len(one), 16, dtype=torch.bool)) for one in data]
    assert record(model, "block", masked, other, **options).n_cells == found.n_cells
    with pytest.raises(FileError, match="grid"):
        record(model, "block", data, path, **{**options, "grid": (5, 3)}, resume=True)


@pytest.mark.parametrize(
    ("model", "layer", "options", "message", "hint"),
    [
        (a_cnn(), "0", {"universe": Universe.pixels(12, 9, 9)}, "the batches gave 11 images", "all"),
        (a_cnn(), "0", {"universe": Universe.pixels(7, 9, 9)}, "batch 2 there are 9 images", "order"),
        (a_cnn(), "0", {"universe": Universe.rows(264)}, "gives maps, but the universe has 264", ""),
        (a_cnn(), "7", {}, "the model has no layer '7'", "it has: 0, 1, 2"),
        (Odd(lambda x: x.mean((2, 3))), "odd", {"universe": Universe.pixels(11, 9, 9)},
         "gives rows, but the universe has 11 images", "such as a convolution"),
        (Odd(lambda x: x.flatten(2)), "odd", {}, "does not say which are real", "grid=14x14"),
        (Odd(lambda x: x.flatten(2)), "odd", {"grid": (2, 2)}, "gives 3 tokens in batch 0, but a "
         "grid of 2 x 2 after 0 is 4", "skip_tokens"),
        (a_cnn(), "0", {"grid": (7, 4)}, "a grid for its tokens, but the layer", "leave it away"),
        (Odd(lambda x: x * torch.nan), "odd", {}, "unit 0 has the activation nan at cell 0", "model"),
    ],
)  # fmt: skip
def test_maps_that_cannot_be_recorded(path, model, layer, options, message, hint):
    if isinstance(model, Odd):
        model.twice = nn.Identity()
    with pytest.raises(LogicxError, match=message) as e:
        record(model, layer, images(), path, **options)
    assert hint in e.value.hint


def test_images_of_two_sizes_are_refused(path, part):
    given = [*images(), *images(size=(15, 9))]
    with pytest.raises(DataError, match="maps of 7 x 4 in batch 4, but of 6 x 4 before it") as e:
        record(a_cnn(), "0", given, path)
    assert "one size" in e.value.hint
    assert part.exists()


def test_maps_after_a_full_disk_and_an_interruption_are_the_same_to_the_byte(
    path, part, monkeypatch
):
    universe = Universe.pixels(11, 30, 30)
    whole = path.with_name("whole.units")
    record(a_cnn(), "2", images(), whole, dtype="float16", universe=universe)

    def interrupted():
        yield images()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(a_cnn(), "2", interrupted(), path, dtype="float16", universe=universe)
    from logicx.probe import partfile

    write, left = partfile._write, [3]

    def full(file, data):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        write(file, data)

    options = {"dtype": "float16", "universe": universe, "resume": True}
    with monkeypatch.context() as patch:
        patch.setattr(partfile, "_write", full)
        with pytest.raises(FileError, match="No space left on device"):
            record(a_cnn(), "2", images(), path, **options)
    with part.open("r+b") as file:  # killed amid a batch
        file.truncate(part.stat().st_size - 7)
    found = record(a_cnn(), "2", images(), path, **options)
    assert found.n_resumed == 1
    assert path.read_bytes() == whole.read_bytes()
