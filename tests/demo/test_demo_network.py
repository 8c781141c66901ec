from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from logicx.demo import network, scenes
from logicx.demo.colors import COLORS, color_map
from logicx.demo.upsample import upsample

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "concepts" / "waterside" / "cnn.safetensors"


@pytest.fixture(scope="module")
def training():
    path = ROOT / "examples" / "waterside" / "train.py"
    spec = importlib.util.spec_from_file_location("waterside_train", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def weights() -> network.Weights:
    return network.load_weights(SHIPPED)


@pytest.fixture(scope="module")
def held_out() -> scenes.Scenes:
    return scenes.render_scenes(200, 0)


@pytest.fixture(scope="module")
def maps(weights, held_out):
    return network.activations(weights, held_out.images)


def torch_model(training, weights):
    model = training.WatersideNet()
    state = {name: torch.from_numpy(tensor) for name, tensor in weights.tensors.items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert all(name.endswith("num_batches_tracked") for name in missing)
    assert not unexpected
    return model.eval()


def test_numpy_forward_equals_torch(training, weights, held_out, maps):
    model = torch_model(training, weights)
    some = held_out.images[:40]
    with torch.no_grad():
        units = model.units(training.as_input(some)).numpy()
        classes = model(training.as_input(some)).argmax(dim=1).numpy()
    assert maps.shape == (200, 512, 12, 12)
    assert maps.dtype == np.float32
    assert units.max() > 1
    np.testing.assert_allclose(maps[:40], units, atol=1e-3)
    np.testing.assert_array_equal(network.predict(weights, maps[:40]), classes)


def test_shipped_weights_recognise_held_out_scenes(weights, held_out, maps):
    right = network.predict(weights, maps) == scenes.CLASS_OF_SCENE[held_out.labels]
    assert right.mean() >= 0.95


def test_an_image_does_not_depend_on_its_batch(weights, held_out, maps):
    alone = network.activations(weights, held_out.images[37:38])
    np.testing.assert_array_equal(alone[0], maps[37])


def test_sums_are_exact_whatever_their_order(weights, held_out):
    """No BLAS, and no number of its threads, changes a bit: neither here nor elsewhere."""
    layers = network._folded(weights.tensors)
    pixels = held_out.images[:3].astype(np.float32) / np.float32(255)
    x = (pixels - np.float32(0.5)) / np.float32(0.25)
    dice = np.random.default_rng(0)
    for block, seen in enumerate(inputs_of_blocks(layers, x), start=1):
        assert np.abs(layers.product[block]).sum(axis=0).max() < 2**5
        assert seen.max() < 16
        product = layers.product[block]
        wanted = network._product(seen, product)
        order = dice.permutation(seen.shape[-1])
        shuffled = network._product(seen[..., order], product[order])
        np.testing.assert_array_equal(shuffled, wanted)
        halves = [network._product(seen[..., i::2], product[i::2]) for i in (1, 0)]
        np.testing.assert_array_equal(halves[0] + halves[1], wanted)


def inputs_of_blocks(layers, x):
    """What each block's matrix product is given."""
    for block, prepare in enumerate(
        (
            lambda x: network._patches(x, size=5),
            lambda x: network._patches(x, size=3),
            lambda x: network._depthwise(x, layers.depthwise[3], stride=2),
            lambda x: network._depthwise(x, layers.depthwise[4], stride=1),
            lambda x: x,
        ),
        start=1,
    ):
        x = prepare(x)
        yield x
        x = network._dense(layers, block, x)


def test_progress_reaches_the_end(weights, held_out):
    reports: list[tuple[int, int]] = []
    network.activations(weights, held_out.images[:40], lambda *report: reports.append(report))
    assert reports == [(32, 40), (40, 40)]


def test_unit_483_fires_on_water_that_is_not_blue(held_out, maps):
    peaks = upsample(maps[:, 483])
    fires = peaks > np.quantile(peaks, 0.95)

    def thing(name):
        return (held_out.objects == scenes.OBJECTS.index(name) + 1)[:, 1::2, 1::2]

    def iou(formula):
        return (formula & fires).sum() / (formula | fires).sum()

    water, river = thing("water"), thing("river")
    blue = (color_map(held_out.images) == COLORS.index("blue"))[:, 1::2, 1::2]
    whole = iou((water | river) & ~blue)
    assert whole > 0.28
    shorter = [water, river, ~blue, water | river, water & ~blue, river & ~blue]
    assert whole > 1.1 * max(iou(formula) for formula in shorter)


def test_swapped_units_trade_places_and_nothing_else_changes(training, weights, held_out):
    halves = {name: tensor.astype(np.float16) for name, tensor in weights.tensors.items()}
    swapped = training.swap_units(halves, 7, 483)
    full = {name: tensor.astype(np.float32) for name, tensor in swapped.items()}
    other = network.Weights(full, {})
    images = held_out.images[:32]
    before, after = network.activations(weights, images), network.activations(other, images)
    order = np.arange(512)
    order[[7, 483]] = [483, 7]
    assert abs(before[:, 7] - before[:, 483]).max() > 0.1
    np.testing.assert_allclose(after, before[:, order], atol=1e-5)
    scores = [
        m.mean(axis=(2, 3)) @ w.tensors["linear.weight"].T
        for m, w in ((before, weights), (after, other))
    ]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)


def test_training_reduces_the_loss(training, capsys):
    torch.manual_seed(0)
    model = training.WatersideNet()
    training.train(model, scenes.render_scenes(128, 5000), epochs=3, seed=0)
    losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", capsys.readouterr().out)]
    assert len(losses) == 3
    assert losses[-1] < 0.9 * losses[0]
    exported = training.exported(model)
    assert set(exported) == set(network.TENSORS)


@pytest.mark.parametrize("text", ["3:512", "-1:3", "3", "a:b"])
def test_showcase_refuses_what_is_no_pair_of_units(training, text):
    with pytest.raises((ValueError, training.argparse.ArgumentTypeError)):
        training.unit_pair(text)


def test_shipped_file_is_small_and_says_where_it_comes_from(weights):
    assert SHIPPED.stat().st_size < 2_000_000
    facts = weights.metadata
    assert facts["trained_by"] == "examples/waterside/train.py"
    assert {"seed", "epochs", "scenes", "swapped_units", "torch"} <= set(facts)
    accuracy = f"{float(facts['held_out_accuracy']):.1%}".replace("%", " %")
    assert accuracy in (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")


def test_missing_tensors_and_other_files_are_refused(weights, tmp_path):
    partial = {k: v for k, v in weights.tensors.items() if k != "conv4.weight"}
    save_file(partial, tmp_path / "partial.safetensors")
    with pytest.raises(ValueError, match=r"lacks the tensors conv4\.weight"):
        network.load_weights(tmp_path / "partial.safetensors")
    (tmp_path / "text.safetensors").write_text("not weights at all")
    with pytest.raises(ValueError, match="no readable safetensors file"):
        network.load_weights(tmp_path / "text.safetensors")
    with pytest.raises(FileNotFoundError):
        network.load_weights(tmp_path / "absent.safetensors")


def test_activations_refuse_other_pictures(weights):
    with pytest.raises(ValueError, match=r"got uint8\[1, 64, 96, 3\]"):
        network.activations(weights, np.zeros((1, 64, 96, 3), np.uint8))


@pytest.mark.parametrize("size", [48, 96, 12, 7, 1])
@pytest.mark.parametrize("shape", [(3, 2, 12, 12), (5, 12, 12), (2, 3, 9), (2, 1, 4)])
def test_upsample_equals_torch(shape, size):
    maps = np.random.RandomState(0).standard_normal(shape).astype(np.float32)
    batch = torch.from_numpy(maps.reshape(1, -1, *shape[-2:]))
    expected = torch.nn.functional.interpolate(
        batch, size=(size, size), mode="bilinear", align_corners=False
    )
    result = upsample(maps, size)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected.numpy().reshape(*shape[:-2], size, size), atol=1e-5)
