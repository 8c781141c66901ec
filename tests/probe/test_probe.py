"""Recording: what is on file is what the layer gave."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from recordings import (
    Tagger,
    an_mlp,
    documents,
    path,  # noqa: F401, fixtures
    recorded,
    rows,
)
from torch import nn

from logicx import ConceptBank, Units, Universe, explain, open_units
from logicx.errors import DataError
from logicx.probe.recording import Batch, layers, record


def one_by_one(model: Tagger, batches: list[Batch], layer: str) -> tuple[np.ndarray, list[int]]:
    """Each document alone, without padding; and the documents' offsets."""
    found, ends = [], [0]
    with torch.no_grad():
        for (words, lengths), _ in batches:
            for row, n in zip(words, lengths.tolist(), strict=True):
                x = model.embed(row[:n])
                y = model.lstm(x)[0]
                found.append({"embed": x, "lstm": y, "out": model.out(y)}[layer].numpy())
                ends.append(ends[-1] + n)
    return np.concatenate(found), ends


@pytest.mark.parametrize(("layer", "n_units"), [("0", 20), ("1", 20), ("3", 3), ("", 3)])
def test_rows_are_what_the_layer_gives(path, layer, n_units):
    """Also before a ReLU that works in place, and without dropout."""
    model = an_mlp()
    x = torch.cat(rows())
    before = nn.functional.linear(x, model[0].weight, model[0].bias)
    expected = {"0": before, "1": before.relu()}.get(layer, model[3](before.relu()))
    found = record(model, layer, rows(), path)
    assert (found.n_units, found.n_cells, found.n_batches, found.n_resumed) == (n_units, 50, 7, 0)
    assert found.notes == ()
    np.testing.assert_allclose(recorded(path), expected.detach().numpy(), rtol=1e-5, atol=1e-6)
    assert [one.name for one in path.parent.iterdir()] == ["a.units"]
    assert open_units(path).content != open_units(path, "value(1)").content
    assert found.content == json.loads(header(path))["content"]
    assert json.loads(header(path))["manifest"]["source"]["layer"] == layer


def header(path) -> str:
    raw = path.read_bytes()
    return json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]["logicx"]


def test_a_linear_layer_cut_at_zero_is_its_relu(tmp_path):
    for layer in ("0", "1"):
        record(an_mlp(), layer, rows(), tmp_path / f"{layer}.units")
    before, after = (open_units(tmp_path / f"{layer}.units") for layer in ("0", "1"))
    assert before.save(tmp_path / "a.units") == after.save(tmp_path / "b.units")
    assert before.n_on.sum() > 0


@pytest.mark.parametrize("layer", ["embed", "lstm", "out"])
def test_only_real_tokens_are_cells_in_documents(path, layer):
    model, batches = Tagger(), documents()
    expected, offsets = one_by_one(model, batches, layer)
    found = record(model, layer, batches, path)
    assert found.n_cells == len(expected) == offsets[-1]
    np.testing.assert_allclose(recorded(path), expected, rtol=1e-5, atol=1e-6)
    assert open_units(path).universe == Universe.tokens(offsets)


@pytest.mark.parametrize("has_mask", [False, True])
def test_packed_sequences_say_themselves_which_tokens_are_real(path, has_mask):
    batches = documents()
    expected, offsets = one_by_one(Tagger(), batches, "lstm")
    given = batches if has_mask else [one.inputs for one in batches]
    record(Tagger(is_packed=True), "lstm", given, path)
    np.testing.assert_allclose(recorded(path), expected, rtol=1e-5, atol=1e-6)
    assert open_units(path).universe == Universe.tokens(offsets)


def test_tokens_first_is_known_from_the_layer_or_said(tmp_path):
    batches = documents()
    for layer in ("lstm", "embed"):
        expected, _ = one_by_one(Tagger(), batches, layer)
        first = None if layer == "lstm" else False
        record(Tagger(False), layer, batches, tmp_path / f"{layer}.units", batch_first=first)
        found = recorded(tmp_path / f"{layer}.units")
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(
        DataError, match=r"the mask of batch 0 is \[6, 7\], but must be \[7, 6\]"
    ) as e:
        record(Tagger(False), "embed", batches, tmp_path / "b.units")
    assert "batch_first=False" in e.value.hint


class Encoder(nn.Module):
    """Torch's transformer, whose fast path calls no inner layers and nests padded tokens."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(30, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2)

    def forward(self, words, _=None):
        return self.layers(self.embed(words), src_key_padding_mask=words == 0)


@pytest.mark.parametrize("path_of", ["layers", "layers.layers.0", "layers.layers.1.linear1"])
def test_transformers_with_padding(path, path_of):
    model, batches = Encoder(), documents()
    found = {one.path: one for one in layers(model, batches[0])}
    assert found[path_of].calls == 1
    record(model, path_of, batches, path)
    alone = []
    torch.backends.mha.set_fastpath_enabled(False)
    hook = model.get_submodule(path_of).register_forward_hook(lambda *given: alone.append(given[2]))
    with torch.no_grad():
        for (words, lengths), _ in batches:
            for row, n in zip(words, lengths.tolist(), strict=True):
                model.eval()(row[None, :n])
    hook.remove()
    torch.backends.mha.set_fastpath_enabled(True)
    expected = torch.cat([one[0] for one in alone]).numpy()
    np.testing.assert_allclose(recorded(path), expected, rtol=1e-4, atol=1e-5)


def test_a_mask_with_gaps_and_documents_without_a_token(path):
    model = nn.Embedding(10, 3)
    mask = torch.tensor([[0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 1]])
    words = torch.arange(12).reshape(3, 4) % 10
    record(model, "", [Batch(words, mask)], path)
    np.testing.assert_array_equal(recorded(path), model.weight.detach().numpy()[[1, 2, 8, 1]])
    assert open_units(path).universe == Universe.tokens([0, 2, 2, 4])


def test_batches_may_be_arguments_by_place_by_name_or_one(tmp_path):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.sum = nn.Identity()

        def forward(self, a, b=1.0):
            return self.sum(a + b)

    a, b = torch.randn(4, 3), torch.randn(4, 3)
    ways = [([a], a + 1), ((a, b), a + b), ({"b": b, "a": a}, a + b), (a, a + 1)]
    for i, (given, expected) in enumerate(ways):
        path = tmp_path / f"{i}.units"
        record(Two(), "sum", iter([given]), path)
        np.testing.assert_array_equal(recorded(path), expected.numpy())


def test_the_first_of_a_mapping_is_taken(path):
    class Named(nn.Module):
        def forward(self, x):
            return {"hidden": x * 2, "other": x}

    record(nn.Sequential(Named()), "0", rows(), path)
    np.testing.assert_array_equal(recorded(path), torch.cat(rows()).numpy() * 2)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_layers_of_any_float_type(path, kind):
    expected = torch.cat(rows()).to(kind)
    record(nn.Identity(), "", [one.to(kind) for one in rows()], path)
    np.testing.assert_array_equal(recorded(path), expected.float().numpy())


def test_float16_halves_the_file_and_rounds(tmp_path):
    found = {}
    for dtype in ("float16", "float32"):
        record(an_mlp(), "0", rows(5000), tmp_path / f"{dtype}.units", dtype=dtype)
        found[dtype] = recorded(tmp_path / f"{dtype}.units")
    assert (found["float16"] != found["float32"]).any()
    np.testing.assert_array_equal(found["float16"], found["float32"].astype(np.float16))
    sizes = [(tmp_path / f"{dtype}.units").stat().st_size for dtype in found]
    assert sizes[0] < 0.51 * sizes[1]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("threshold", ["positive", "quantile(0.05)", "value(0.3)", "ranges(3)"])
def test_thresholds_are_those_of_the_dense_array(path, dtype, threshold):
    record(an_mlp(), "0", rows(), path, dtype=dtype)
    dense = Units.from_activations(recorded(path), threshold, unit_axis=1)
    found = open_units(path, threshold)
    assert found.cut == dense.cut
    assert found.save(path.with_name("b.units")) == dense.content


def test_the_model_is_as_it_was(path):
    model = an_mlp()
    model.train()
    model[2].eval()
    state = {name: one.clone() for name, one in model.state_dict().items()}
    with pytest.raises(DataError):
        record(model, "0", [*rows(), torch.ones(2, 2)], path)
    record(model, "0", rows(), path.with_name("b.units"))
    assert [one.training for one in model] == [True, True, False, True]
    assert all(not one._forward_hooks for one in model.modules())
    assert all(torch.equal(state[name], one) for name, one in model.state_dict().items())
    assert torch.is_grad_enabled()
    assert torch.backends.mha.get_fastpath_enabled()


def test_batch_norm_runs_as_in_eval_mode(path):
    model = nn.Sequential(nn.BatchNorm1d(6))
    record(model, "0", rows(), path)
    expected = torch.cat(rows()) / np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(recorded(path), expected.numpy(), rtol=1e-5)
    assert int(model[0].num_batches_tracked) == 0


def test_recorded_units_are_explained_on_the_bank_of_their_data(path):
    x = torch.cat(rows(400)).numpy()
    bank = ConceptBank.from_masks(x.T > 0, list("abcdef"), universe=Universe.pairs(400))
    model = nn.Sequential(nn.Linear(6, 2))
    with torch.no_grad():
        model[0].weight[:] = torch.tensor([[0, 0, 1.0, 0, 0, 0], [0, 0, 0, 0, -1.0, 0]])
        model[0].bias[:] = 0
    record(model, "0", rows(400), path, universe=bank.universe)
    found = list(explain(bank, open_units(path), length=1))
    assert [(str(one.formula), one.score) for one in found[:1]] == [("c", 1.0)]
    units = open_units(path)
    assert units.universe == bank.universe
    top = units.activations(0).argsort()[::-1][:3]
    assert top.tolist() == x[:, 2].argsort()[::-1][:3].tolist()


def test_progress_is_told(path, monkeypatch):
    told = []
    record(an_mlp(), "0", rows(20), path, progress=lambda *at: told.append(at))
    assert told == [("recording batches", i, 3) for i in range(4)] + [("writing units", 20, 20)]
    told.clear()
    other = path.with_name("b.units")
    record(an_mlp(), "0", iter(rows(20)), other, progress=lambda *at: told.append(at))
    assert told[:4] == [("recording batches", i, None) for i in range(4)]


def test_layers_are_listed_with_what_they_give():
    model = Tagger()
    found = [tuple(one) for one in layers(model, documents()[0])]
    assert found == [
        ("embed", "Embedding", 1, (6, 7, 5)),
        ("lstm", "LSTM", 1, (6, 7, 7)),
        ("out", "Linear", 1, (6, 7, 4)),
    ]
    assert [(one.path, one.calls) for one in layers(model)] == [
        ("embed", None),
        ("lstm", None),
        ("out", None),
    ]
    assert not model.lstm._forward_hooks
