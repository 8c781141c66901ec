"""Which axis of a layer's output holds the units: known by the layer, said, or refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from recordings import Tagger, documents, path, recorded  # noqa: F401, fixtures
from torch import nn

from logicx import Universe, open_units
from logicx.errors import DataError, OptionError
from logicx.probe import Batch, layers, record

N, C, H, W = 3, 5, 8, 6


def images(n=N, size=(4 * H, 4 * W)) -> torch.Tensor:
    return torch.randn(n, 3, *size, generator=torch.Generator().manual_seed(3))


class Block(nn.Module):
    """A ConvNeXt-like block: [b, c, h, w] outside, units last inside."""

    def __init__(self, units, is_last=False):
        super().__init__()
        self.mix = nn.Identity() if is_last else nn.Conv2d(units, units, 3, padding=1)
        self.norm, self.up, self.act = nn.LayerNorm(units), nn.Linear(units, 2 * units), nn.GELU()
        self.down, self.is_last = nn.Linear(2 * units, units), is_last

    def forward(self, x):
        inner = self.mix(x) if self.is_last else self.mix(x).permute(0, 2, 3, 1)
        inner = self.down(self.act(self.up(self.norm(inner))))
        return x + (inner if self.is_last else inner.permute(0, 3, 1, 2))


class Model(nn.Module):
    def __init__(self, units=C, is_last=False):
        super().__init__()
        torch.manual_seed(0)
        self.patches, self.block = nn.Conv2d(3, units, 4, 4), Block(units, is_last)
        self.relu, self.is_last = nn.ReLU(), is_last

    def forward(self, x):
        x = self.relu(self.patches(x))
        return self.block(x.permute(0, 2, 3, 1) if self.is_last else x).mean()


def output_of(model, layer, *given):
    seen = []
    hook = model.get_submodule(layer).register_forward_hook(lambda *a: seen.append(a[2]))
    with torch.no_grad():
        model.eval()(*given)
    hook.remove()
    return seen[0]


@pytest.mark.parametrize("is_last", [False, True])
@pytest.mark.parametrize(
    "layer", ["patches", "relu", "block", "block.norm", "block.up", "block.act", "block.down"]
)
def test_the_kind_of_layer_says_where_its_units_are(path, layer, is_last):
    model = Model(is_last=is_last)
    is_first = layer in ("patches", "relu") or (layer == "block" and not is_last)
    found = record(model, layer, [images()], path)
    output = output_of(model, layer, images())
    maps = output if is_first else output.movedim(3, 1)
    assert (found.n_units, found.universe) == (maps.shape[1], Universe.pixels(N, H, W))
    units = open_units(path)
    for i in range(found.n_units):
        np.testing.assert_array_equal(units.activations(i), maps[:, i].reshape(-1))
    axes = "[batch, units, height, width]" if is_first else "[batch, height, width, units]"
    assert axes in found.notes[0]


class Bare(nn.Module):
    """A layer of functions and parameters alone."""

    def __init__(self, f=lambda x: x):
        super().__init__()
        self.f, self.scale = f, nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.f(x) * self.scale


def test_what_cannot_be_told_is_refused_and_can_be_said(path):
    square = nn.Sequential(
        nn.Conv2d(3, 8, 4, 4), Bare(lambda x: x.permute(0, 2, 3, 1)), nn.Linear(8, 8), Bare()
    )
    given = images(size=(32, 32))
    for layer in ("1", "3"):
        with pytest.raises(
            DataError, match=r"which axis of .3, 8, 8, 8. holds the units"
        ) as caught:
            record(square, layer, [given], path)
        assert "layout=nhwc" in caught.value.hint
    found = record(square, "3", [given], path, layout="nhwc")
    maps = output_of(square, "3", given).detach().movedim(3, 1)
    np.testing.assert_array_equal(open_units(path).activations(2), maps[:, 2].reshape(-1))
    assert found.universe == Universe.pixels(3, 8, 8)
    with pytest.raises(DataError, match=r"layout is nhwc there, nchw now"):
        record(square, "3", [given], path, layout="nchw", resume=True)
    record(square, "3", [given], path.with_name("b.units"), layout="nchw")


def test_a_grid_says_which_axes_are_a_map(path):
    model = nn.Sequential(
        nn.Conv2d(3, C, 4, 4), Bare(lambda x: x.permute(0, 2, 3, 1)), nn.Flatten()
    )
    found = record(model, "1", [images()], path, grid=(H, W))
    assert (found.n_units, found.universe) == (C, Universe.pixels(N, H, W))
    with pytest.raises(DataError, match="has a grid for its tokens"):
        record(model, "1", [images()], path.with_name("b.units"), grid=(3, 3), layout="nhwc")


def test_options_that_contradict_each_other(path):
    with pytest.raises(OptionError, match="layout is one of nchw, nhwc"):
        record(Model(), "block", [images()], path, layout="hwc")
    with pytest.raises(OptionError, match="layout=tbd contradicts batch_first=True"):
        record(Tagger(), "lstm", documents(), path, layout="tbd", batch_first=True)
    with pytest.raises(DataError, match="but the layout btd has 3 axes"):
        record(Model(), "patches", [images()], path, layout="btd")


def test_one_image_without_a_batch_is_refused(path):
    with pytest.raises(DataError, match=r"one image without an axis for the batch") as caught:
        record(nn.Sequential(nn.Conv2d(3, 4, 3)), "0", [images()[0]], path)
    assert "images[None]" in caught.value.hint


class Texts(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.conv, self.relu = (
            nn.Embedding(30, 6),
            nn.Conv1d(6, 4, 3, padding=1),
            nn.ReLU(),
        )

    def forward(self, words, _):
        return self.relu(self.conv(self.embed(words).transpose(1, 2)))


@pytest.mark.parametrize("layer", ["conv", "relu"])
def test_convolutions_over_tokens_have_the_units_second(path, layer):
    found = record(Texts(), layer, documents(), path)
    assert "[batch, units, tokens]" in found.notes[0]
    expected = []
    for batch in documents():
        output = output_of(Texts(), layer, *batch.inputs).transpose(1, 2)
        expected.append(output[batch.mask].numpy())
    np.testing.assert_array_equal(recorded(path), np.concatenate(expected))


class Turned(nn.Module):
    """Torch's encoder with tokens first, then a head."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(30, 8)
        self.layers = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(8, 2, 16), 2, enable_nested_tensor=False
        )
        self.head = nn.Linear(8, 4)

    def forward(self, words, _):
        return self.head(self.layers(self.embed(words.T)))


def square_documents() -> list[Batch]:
    words = torch.randint(1, 30, (6, 6), generator=torch.Generator().manual_seed(0))
    return [Batch((words, None), torch.ones(6, 6, dtype=torch.bool))]


@pytest.mark.parametrize("layer", ["layers", "layers.layers.0", "layers.layers.1.linear1"])
def test_layers_inside_an_encoder_have_its_order_of_axes(path, layer):
    model = Turned()
    found = record(model, layer, square_documents(), path)
    assert "[tokens, batch, units]" in found.notes[0]
    torch.backends.mha.set_fastpath_enabled(False)
    output = output_of(model, layer, *square_documents()[0].inputs).transpose(0, 1)
    torch.backends.mha.set_fastpath_enabled(True)
    np.testing.assert_allclose(recorded(path), output.flatten(0, 1).numpy(), rtol=1e-5, atol=1e-6)


def test_a_head_after_an_encoder_with_tokens_first_must_be_told(path):
    with pytest.raises(DataError, match="cannot be told: the model has a TransformerEncoder") as e:
        record(Turned(), "head", square_documents(), path)
    assert "layout=tbd" in e.value.hint
    found = record(Turned(), "head", square_documents(), path, layout="tbd")
    assert found.n_cells == 36
    output = output_of(Turned(), "head", *square_documents()[0].inputs).transpose(0, 1)
    np.testing.assert_allclose(recorded(path), output.flatten(0, 1).numpy(), rtol=1e-4, atol=1e-6)


class Heads(nn.Module):
    def __init__(self, is_tokens_first):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.split = nn.Embedding(30, 6), Bare(lambda x: x.unflatten(2, (2, 3)))
        self.turn = Bare(lambda x: x.transpose(1, 2))
        self.is_tokens_first = is_tokens_first

    def forward(self, words, _):
        return self.turn(self.split(self.embed(words)))


@pytest.mark.parametrize(("layer", "layout"), [("split", "bthd"), ("turn", "bhtd")])
def test_heads_of_attention_are_units_of_tokens(tmp_path, layer, layout):
    with pytest.raises(DataError, match="cannot be told"):
        record(Heads(True), layer, documents(), tmp_path / "x.units")
    record(Heads(True), layer, documents(), tmp_path / "a.units", layout=layout)
    record(Heads(True), "embed", documents(), tmp_path / "b.units")
    np.testing.assert_array_equal(recorded(tmp_path / "a.units"), recorded(tmp_path / "b.units"))


def test_windows_are_no_images(path):
    windows = nn.Sequential(
        nn.Conv2d(3, C, 4, 4),
        Bare(lambda x: x.unflatten(2, (2, -1)).movedim(2, 1).flatten(0, 1)),
        nn.Conv2d(C, C, 1),
    )
    with pytest.raises(DataError, match="gives 6 maps for the 3 images of batch 0"):
        record(windows, "2", [images()], path)


def test_a_resumed_recording_keeps_what_the_first_batch_told(path):
    model, given = Model(), [images(), images(2)]
    whole = record(model, "block.up", given, path.with_name("whole.units"))

    def interrupted():
        yield given[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(model, "block.up", interrupted(), path)
    found = record(model, "block.up", given, path, resume=True)
    assert path.read_bytes() == whole.path.read_bytes()
    assert (found.n_resumed, found.notes) == (1, whole.notes)


class Several(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Bare(lambda x: x)
        self.both = Both()

    def forward(self, x):
        return self.both(x)


class Both(nn.Module):
    def forward(self, x):
        return {"first": x, "rest": (2 * x, 3 * x)}


@pytest.mark.parametrize(
    ("output", "factor"), [(None, 1), ("first", 1), ("rest.0", 2), ("rest.1", 3)]
)
def test_one_of_several_outputs(path, output, factor):
    found = record(Several(), "both", [torch.ones(2, 3)], path, output=output)
    assert (recorded(path) == factor).all()
    assert any("of the 3 outputs" in one for one in found.notes) == (output is None)


@pytest.mark.parametrize("output", ["second", "rest.2", "rest.x", "first.0"])
def test_outputs_that_are_not_there(path, output):
    with pytest.raises(DataError, match=f"no output '{output}'"):
        record(Several(), "both", [torch.ones(2, 3)], path, output=output)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_modules_are_refused(path):
    plain = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    traced = torch.jit.trace(plain, torch.ones(2, 4))
    for model in (torch.jit.script(plain), traced):
        for act in (lambda m: layers(m, torch.ones(2, 4)), lambda m: record(m, "0", [], path)):
            with pytest.raises(DataError, match="scripted or traced") as caught:
                act(model)
            assert "before torch.jit.script" in caught.value.hint
    mixed = nn.Sequential(nn.Linear(4, 4), traced)
    assert layers(mixed, torch.ones(2, 4))[0].calls == 1
    assert record(mixed, "0", [torch.ones(2, 4)], path).n_units == 4
    with pytest.raises(DataError, match="the layer '1' is scripted or traced"):
        record(mixed, "1", [torch.ones(2, 4)], path)


def swin():
    from transformers import SwinConfig, SwinModel

    return SwinModel(
        SwinConfig(
            image_size=32, patch_size=2, embed_dim=8, depths=[1, 1], num_heads=[2, 2], window_size=4
        )
    )


def convnext():
    from transformers import ConvNextConfig, ConvNextModel

    return ConvNextModel(
        ConvNextConfig(hidden_sizes=[6, 10], depths=[1, 1], num_stages=2, patch_size=2)
    )


@pytest.mark.parametrize(
    ("model", "layer", "options", "shape"),
    [
        (swin, "embeddings.patch_embeddings.projection", {}, (8, 16, 16)),
        (swin, "encoder.layers.0.blocks.0", {"grid": (16, 16)}, (8, 16, 16)),
        (swin, "encoder.layers.0.blocks.0.mlp.fc1", {"grid": (16, 16)}, (32, 16, 16)),
        (swin, "layernorm", {"grid": (8, 8)}, (16, 8, 8)),
        (convnext, "embeddings", {}, (6, 16, 16)),
        (convnext, "embeddings.layernorm", {}, (6, 16, 16)),
        (convnext, "encoder.stages.0.layers.0.dwconv", {}, (6, 16, 16)),
        (convnext, "encoder.stages.0.layers.0.layernorm", {}, (6, 16, 16)),
        (convnext, "encoder.stages.0.layers.0.pwconv1", {}, (24, 16, 16)),
        (convnext, "encoder.stages.0.layers.0.act", {}, (24, 16, 16)),
        (convnext, "encoder.stages.1.layers.0.pwconv2", {}, (10, 8, 8)),
        (convnext, "encoder.stages.1.layers.0", {}, (10, 8, 8)),
        (convnext, "encoder.stages.1", {}, (10, 8, 8)),
        (convnext, "encoder.stages.1", {"layout": "nchw"}, (10, 8, 8)),
    ],
)  # fmt: skip
def test_models_with_units_last(path, model, layer, options, shape):
    pytest.importorskip("transformers")
    torch.manual_seed(0)
    model, given = model(), images(size=(32, 32))
    found = record(model, layer, [given], path, **options)
    assert (found.n_units, found.universe) == (shape[0], Universe.pixels(N, *shape[1:]))
    output = output_of(model, layer, given)
    output = (output[0] if isinstance(output, tuple) else output).detach()
    if "grid" in options:
        output = output.unflatten(1, options["grid"])
    maps = output if output.shape[1] == shape[0] else output.movedim(3, 1)
    units = open_units(path)
    for i in range(found.n_units):
        np.testing.assert_array_equal(units.activations(i), maps[:, i].reshape(-1))


def test_windows_of_swin_are_refused(path):
    pytest.importorskip("transformers")
    layer = "encoder.layers.0.blocks.0.attention.q_proj"
    with pytest.raises(DataError, match="48 maps for the 3 images"):
        record(swin(), layer, [images(size=(32, 32))], path, grid=(4, 4))
