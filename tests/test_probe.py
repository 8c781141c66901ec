"""Recording: what is on file is what the layer gave, whatever happened meanwhile."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from logicx import ConceptBank, Units, Universe, explain, open_units
from logicx.cli import run
from logicx.cli.app import app
from logicx.errors import DataError, FileError, LogicxError
from logicx.probe import Batch, layers, record

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.units"


@pytest.fixture
def part(path):
    return path.with_name("a.units.part")


def an_mlp(seed=0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 20), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(20, 3))


def rows(n=50, batch=8, seed=0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return list(torch.randn(n, 6, generator=generator).split(batch))


class Tagger(nn.Module):
    """Embedding, LSTM and Linear over padded tokens."""

    def __init__(self, batch_first=True, is_packed=False) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.embed = nn.Embedding(30, 5, padding_idx=0)
        self.lstm = nn.LSTM(5, 7, batch_first=batch_first)
        self.out = nn.Linear(7, 4)
        self.is_packed = is_packed

    def forward(self, words, lengths):
        embedded = self.embed(words if self.lstm.batch_first else words.T)
        if self.is_packed:
            packed = pack_padded_sequence(
                embedded, lengths, batch_first=self.lstm.batch_first, enforce_sorted=False
            )
            self.lstm(packed)
            return None
        return self.out(self.lstm(embedded)[0])


def documents(n=20, batch=6, seed=0) -> list[Batch]:
    """Padded documents; each batch is as wide as its longest one."""
    dice = np.random.default_rng(seed)
    found = []
    for first in range(0, n, batch):
        lengths = torch.tensor(dice.integers(1, 9, min(batch, n - first)))
        mask = torch.arange(int(lengths.max())) < lengths[:, None]
        words = torch.tensor(dice.integers(1, 30, mask.shape)) * mask
        found.append(Batch((words, lengths), mask))
    return found


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


def recorded(path) -> np.ndarray:
    """`[n_cells, n_units]`, by the file's units."""
    units = open_units(path)
    return np.array([units.activations(name) for name in units.names]).T


# ---- what is recorded


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


# ---- what is refused


class Odd(nn.Module):
    """A layer that is not called, one that is called twice, and one that gives other things."""

    def __init__(self, output=lambda x: x):
        super().__init__()
        self.unused, self.twice, self.odd = nn.Linear(6, 6), nn.Linear(6, 6), Gives(output)

    def forward(self, x):
        return self.odd(self.twice(self.twice(x)))


class Gives(nn.Module):
    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, x):
        return self.output(x)


@pytest.mark.parametrize(
    ("model", "layer", "options", "message", "hint"),
    [
        (Odd(), "unusd", {}, "the model has no layer 'unusd'", "did you mean: unused"),
        (Odd(), "x.y.z", {}, "no layer 'x.y.z'", "it has: unused, twice, odd"),
        (nn.Linear(6, 2), "fc", {}, "no layer 'fc'", "layer=''"),
        (Odd(), "unused", {}, "'unused' is not called in batch 0", "logicx probe MODEL"),
        (Odd(), "twice", {}, "'twice' is called 2 times in batch 0", "called once"),
        (Odd(lambda x: "text"), "odd", {}, "the layer gives str, not activations", "tensor"),
        (Odd(lambda x: x.argmax(1)), "odd", {}, "gives torch.int64, not activ", "floats"),
        (Odd(lambda x: x[:, None]), "odd", {}, r"gives tokens, \[8, 1, 6\], but batch 0", "mask"),
        (Odd(lambda x: x.sum(1)), "odd", {}, r"height, width\], not \[8\]", "another"),
        (Odd(lambda x: x.reshape(8, 6, 1, 1, 1)), "odd", {}, r"not \[8, 6, 1, 1, 1\]", "another"),
        (Odd(lambda x: x[..., None][..., :0, None]), "odd", {}, "empty maps in batch 0: 0 x 1", ""),
        (Odd(), "odd", {"grid": (2, 3)}, "a grid for its tokens, but the layer", "joined"),
        (Odd(), "odd", {"grid": (0, 3)}, "a grid has a height and a width from 1", "14x14"),
        (Odd(), "odd", {"skip_tokens": 1}, "skip_tokens means nothing without", "grid"),
        (Odd(lambda x: x / 0), "odd", {}, r"unit 0 has the activation -?inf at cell 0", "batch"),
        (Odd(lambda x: 1 / 0), "odd", {}, "failed on batch 0: ZeroDivisionError", "argument"),
        (lambda x: x, "0", {}, "must be a torch.nn.Module, not function", "module itself"),
        (Odd(), "odd", {"dtype": "float64"}, "float16 or float32, not 'float64'", ""),
        (Odd(), "odd", {"dtype": "bfloat16"}, "not 'bfloat16'", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded(path, model, layer, options, message, hint):
    with pytest.raises(LogicxError, match=message) as e:
        record(model, layer, rows(), path, **options)
    assert hint in e.value.hint
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_named(path, part, bad):
    batches = rows()
    batches[3][5, 2] = bad
    with pytest.raises(DataError, match=f"unit 2 has the activation {bad:g} at cell 29 .batch 3"):
        record(nn.Identity(), "", batches, path)
    assert not path.exists()
    found = record(nn.Identity(), "", rows()[:3], path.with_name("b.units"))
    part.rename(path.with_name("b.units.part"))
    path.with_name("b.units").unlink()
    with pytest.raises(FileError, match="is an unfinished recording"):
        record(nn.Identity(), "", rows()[:3], path.with_name("b.units"))
    again = record(nn.Identity(), "", rows()[:3], path.with_name("b.units"), resume=True)
    assert (again.content, again.n_resumed) == (found.content, 3)


def test_nan_matters_at_real_tokens_alone(path):
    values = torch.zeros(2, 3, 4)
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]]).bool()
    values[0, 2] = np.nan  # such as attention over nothing, at padding
    record(nn.Identity(), "", [Batch(values, mask)], path)
    assert not recorded(path).any()
    path.unlink()
    values[1, 0, 3] = np.nan
    with pytest.raises(DataError, match=r"unit 3 has the activation nan at cell 2 \(batch 0\)"):
        record(nn.Identity(), "", [Batch(values, mask)], path)


def test_a_text_longer_than_the_model_takes_names_its_batch(path, part):
    class Placed(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.places = nn.Embedding(30, 5), nn.Embedding(8, 5)

        def forward(self, words):
            return self.words(words) + self.places(torch.arange(words.shape[1]))

    def batch(n):
        return Batch(torch.ones(1, n, dtype=torch.long), torch.ones(1, n, dtype=torch.bool))

    with pytest.raises(DataError, match="the model failed on batch 1: IndexError: index out of"):
        record(Placed(), "words", [batch(8), batch(9)], path)
    assert part.exists()
    assert not path.exists()


def test_too_large_for_float16_says_what_to_do(path):
    batches = rows()
    batches[1][7, 4] = 7e4
    with pytest.raises(DataError, match="unit 4 has the activation 70000 at cell 15") as e:
        record(nn.Identity(), "", batches, path, dtype="float16")
    assert "dtype=float32" in e.value.hint
    record(nn.Identity(), "", batches, path.with_name("b.units"), dtype="float32")
    wide = [one.double() * 1e300 for one in rows()]
    with pytest.raises(DataError, match="too large for float32"):
        record(nn.Identity(), "", wide, path.with_name("c.units"))


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.ones(6, 9), r"the mask of batch 0 is \[6, 9\], but must be \[6, 7\]"),
        (torch.ones(6), "the mask of batch 0 must have 2 axes"),
        (torch.full((6, 7), 2), "the mask of batch 0 must hold only true and false"),
        ("mask", "the mask of batch 0"),
    ],
)
def test_masks_that_do_not_fit(path, mask, message):
    batches = [documents()[0]._replace(mask=mask)]
    with pytest.raises(DataError, match=message):
        record(Tagger(), "out", batches, path)


def test_a_mask_for_rows_is_refused(path):
    batches = [Batch(one, torch.ones(len(one), 6)) for one in rows()]
    with pytest.raises(DataError, match="batch 0 has a mask of tokens, but"):
        record(an_mlp(), "0", batches, path)


def test_batches_must_be_alike(path, tmp_path):
    mixed = [rows()[0], Batch(torch.zeros(2, 3, 6), torch.ones(2, 3))]
    with pytest.raises(DataError, match="gives tokens in batch 1, but rows before it"):
        record(nn.Identity(), "", mixed, path)
    with pytest.raises(DataError, match="gives 5 units in batch 1, but 6 before it"):
        record(nn.Identity(), "", [torch.ones(2, 6), torch.ones(2, 5)], tmp_path / "b.units")
    with pytest.raises(DataError, match="the 0 batches gave no cell"):
        record(nn.Identity(), "", [], tmp_path / "c.units")
    with pytest.raises(DataError, match="the 1 batches gave no cell"):
        record(nn.Identity(), "", [torch.ones(0, 6)], tmp_path / "d.units")
    found = record(
        nn.Identity(), "", [torch.ones(0, 6), *rows(), torch.ones(0, 6)], tmp_path / "e.units"
    )
    assert (found.n_cells, found.n_batches) == (50, 9)


@pytest.mark.parametrize(
    ("universe", "message"),
    [
        (Universe.pairs(49), "with batch 6 there are 50 cells, but the universe has 49 pairs"),
        (Universe.rows(10), "with batch 1 there are 16 cells, but the universe has 10 rows"),
        (Universe.rows(51), "the batches gave 50 cells, but the universe has 51 rows"),
        (Universe.tokens([0, 50]), "the layer gives rows, but the universe has 50 tokens in 1"),
        (Universe.pixels(1, 5, 10), "the layer gives rows, but the universe has 1 images"),
    ],
)
def test_rows_must_be_those_of_the_universe(path, universe, message):
    with pytest.raises(DataError, match=message):
        record(an_mlp(), "0", rows(), path, universe=universe)
    assert not path.exists()


def test_tokens_must_be_those_of_the_universe(path, tmp_path):
    lengths = torch.cat([one.inputs[1] for one in documents()]).numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    record(Tagger(), "out", documents(), path, universe=Universe.tokens(offsets))
    moved = offsets.copy()
    moved[8] += 1
    n = lengths[7]
    message = rf"document 7 \(batch 1\) has {n} real tokens, but the universe has {n + 1} there"
    with pytest.raises(DataError, match=message) as e:
        record(Tagger(), "out", documents(), tmp_path / "b.units", universe=Universe.tokens(moved))
    assert "special tokens, such as [CLS]" in e.value.hint
    longer = Universe.tokens([*offsets, offsets[-1] + 1])
    with pytest.raises(DataError, match="tokens in 21 documents"):
        record(Tagger(), "out", documents(), tmp_path / "c.units", universe=longer)
    shorter = Universe.tokens(offsets[:-1])
    with pytest.raises(DataError, match="tokens in 19 documents"):
        record(Tagger(), "out", documents(), tmp_path / "d.units", universe=shorter)
    with pytest.raises(DataError, match="gives tokens, but the universe has 9 rows"):
        record(Tagger(), "out", documents(), tmp_path / "e.units", universe=Universe.rows(9))


def test_files_that_are_there_are_kept(path, part):
    path.write_text("dear")
    with pytest.raises(FileError, match="exists already"):
        record(an_mlp(), "0", rows(), path)
    with pytest.raises(FileError, match="is no readable units file"):
        record(an_mlp(), "0", rows(), path, resume=True)
    assert path.read_text() == "dear"
    path.unlink()
    part.write_text("dear\n" * 3)
    with pytest.raises(FileError, match="is no unfinished recording of logicx"):
        record(an_mlp(), "0", rows(), path, resume=True)
    assert part.read_text() == "dear\n" * 3
    for name in ("a.npy", "folder.units"):
        Path(path.parent / "folder.units").mkdir(exist_ok=True)
        with pytest.raises(FileError, match=r"must be a file whose name ends in \.units"):
            record(an_mlp(), "0", rows(), path.with_name(name))


# ---- going on


@pytest.fixture
def no_sync(monkeypatch):
    """Nothing is forced to the disk, which would take most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


class Stop(Exception):
    """What ends a run in these tests."""


def stopping(batches, n):
    """The first n batches, then a failure."""
    yield from batches[:n]
    raise Stop


def begun(path, n=4, batches=None, layer="0", **options):
    with pytest.raises(Stop):
        record(an_mlp(), layer, stopping(batches or rows(), n), path, **options)


@pytest.mark.parametrize("kind", ["rows", "tokens"])
def test_a_run_that_goes_on_gives_the_same_file(tmp_path, kind):
    model, layer, batches = (
        (an_mlp(), "0", rows()) if kind == "rows" else (Tagger(), "lstm", documents(42))
    )
    whole = record(model, layer, batches, tmp_path / "whole.units", dtype="float16")
    for n in range(1, 8):
        path = tmp_path / f"{n}.units"
        for k in range(n):
            with pytest.raises(Stop):
                record(model, layer, stopping(batches, k + 1), path, dtype="float16", resume=True)
        assert not path.exists()
        ran = []
        hook = model.register_forward_hook(lambda *_, ran=ran: ran.append(1))
        found = record(model, layer, iter(batches), path, dtype="float16", resume=True)
        hook.remove()
        assert (found.n_resumed, len(ran)) == (n, 7 - n)
        assert path.read_bytes() == (tmp_path / "whole.units").read_bytes()
        assert found._replace(path=whole.path, n_resumed=0) == whole


def test_a_part_file_that_is_torn_at_any_byte_is_mended(path, part, no_sync):
    batches = rows(6, 2)
    record(an_mlp(), "3", batches, path)
    whole = path.read_bytes()
    path.unlink()
    begun(path, 3, batches, layer="3")
    good = part.read_bytes()
    assert good.count(b'"check"') == 3
    for end in [*range(0, len(good), 3), len(good)]:
        part.write_bytes(good[:end])
        found = record(an_mlp(), "3", batches, path, resume=True)
        assert path.read_bytes() == whole
        path.unlink()
        assert found.n_resumed == 3 or (found.n_resumed < 3 and end < len(good))
    assert found.n_resumed == 3


def test_a_flipped_bit_in_the_part_file_is_not_recorded(path, part, no_sync):
    record(an_mlp(), "3", rows(6, 2), path)
    whole = path.read_bytes()
    path.unlink()
    begun(path, 3, rows(6, 2), layer="3")
    good = part.read_bytes()
    start = good.index(b"\n") + 1
    for bit in range(8 * start, 8 * len(good), 7):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        part.write_bytes(bad)
        found = record(an_mlp(), "3", rows(6, 2), path, resume=True)
        assert path.read_bytes() == whole
        assert found.n_resumed < 3
        assert "was cut off or damaged after" in found.notes[0]
        path.unlink()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer": "3"}, "layer is 0 there, 3 now"),
        ({"dtype": "float16"}, "dtype is float32 there, float16 now"),
        ({"model": an_mlp(1)}, "parameters is [0-9a-f]{12} there, [0-9a-f]{12} now"),
        ({"model": nn.ModuleList([an_mlp()])[0].append(nn.ReLU()).double().float()}, None),
        ({"universe": Universe.rows(50)}, "universe is unset there"),
        ({"batch_first": False}, "batch_first is True there, False now"),
        ({"batches": rows(seed=1)}, "of other data: batch 0 is other than when"),
        ({"batches": [*rows()[:3], *rows(seed=1)]}, "of other data: batch 3 is other than when"),
        ({"batches": rows()[:2]}, "it has 4 batches, now there are 2"),
    ],
)
def test_a_part_file_of_another_run_is_refused(path, part, change, message):
    begun(path)
    before = part.read_bytes()
    given = {"model": an_mlp(), "layer": "0", "batches": rows()} | change
    if message is None:  # another model with the same parameters
        record(given["model"], "0", rows(), path, resume=True)
        return
    with pytest.raises(FileError, match=message):
        record(out=path, resume=True, **given)
    assert part.read_bytes() == before
    record(an_mlp(), "0", rows(), path, resume=True)
    finished = "the batches are other than when" if "batches" in change else message
    with pytest.raises(FileError, match=finished):
        record(out=path, resume=True, **given)


def test_the_universe_holds_for_batches_that_are_on_file_too(path):
    begun(path, universe=Universe.rows(49))
    with pytest.raises(DataError, match="with batch 6 there are 50 cells"):
        record(an_mlp(), "0", rows(), path, universe=Universe.rows(49), resume=True)


def test_a_recording_that_is_complete_is_left_as_it_is(path, part):
    done = record(an_mlp(), "0", rows(), path)
    before = path.read_bytes()
    part.write_text("left by a run that was killed at the very end")
    model = an_mlp()
    model.forward = None  # it is not run
    found = record(model, "0", iter(rows()), path, resume=True)
    assert found.notes == (f"{path} was complete already",)
    assert (found.content, found.n_resumed) == (done.content, 7)
    assert path.read_bytes() == before
    assert not part.exists()


def test_of_two_runs_one_waits(path):
    def batches():
        yield rows()[0]
        with pytest.raises(FileError, match="another run is writing to"):
            record(an_mlp(), "0", rows(), path, resume=True)
        yield from rows()[1:]

    assert record(an_mlp(), "0", batches(), path).n_batches == 7


# ---- maps


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
        (a_cnn(), "0", {"grid": (6, 4)}, "a grid for its tokens, but the layer", "leave it away"),
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
    from logicx.probing import partfile

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


# ---- killed, interrupted, full

MODEL = textwrap.dedent(
    """
    import time
    import torch
    from torch import nn
    from logicx.probe import Batch

    def make():
        torch.manual_seed(0)
        return nn.Sequential(nn.Embedding(50, 32), nn.Linear(32, 200))

    def batches(n=120, wait=0.0):
        for i in range(n):
            time.sleep(wait)
            words = torch.randint(0, 50, (8, 20), generator=torch.Generator().manual_seed(i))
            yield Batch(words, words > 2 * (i % 5))

    def quick():
        return make(), list(batches())

    def slow():
        return make(), batches(wait=0.01)
    """
)
KILLED = textwrap.dedent(
    """
    import sys, time
    import logicx.activations, logicx.probing.partfile as parts, logicx.storage as storage
    from logicx.probe import record
    from mymodel import make, batches

    write, write_at = parts._write, storage._write_at
    def slowly(file, data):  # in pieces, so that it is killed amid a batch
        for i in range(0, len(data), 40_000):
            time.sleep(0.0005)
            write(file, data[i : i + 40_000])
    parts._write = slowly
    storage._write_at = lambda *given: (time.sleep(0.002), write_at(*given))
    record(make(), "1", batches(), "a.units", dtype="float16", resume=True)
    """
)
MAIN = [sys.executable, "-c", "from logicx.cli import main; main()", "probe"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a model, where subprocesses import this checkout."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "mymodel", raising=False)
    (tmp_path / "mymodel.py").write_text(MODEL)
    return tmp_path


def sizes(folder) -> dict[str, int]:
    return {one.name: one.stat().st_size for one in folder.glob("a.units*")}


def test_killed_at_random_moments(folder):
    """SIGKILL amid batches and amid the turning at the end; never a file that looks complete."""
    assert run(["probe", "mymodel:quick", "layer=1", "out=whole.units", "dtype=float16"]) == 0
    whole = (folder / "whole.units").read_bytes()
    seen = {"batches": 0, "turning": 0}
    n_killed = 0
    while n_killed < 6:
        process = subprocess.Popen([sys.executable, "-c", KILLED])
        if n_killed % 3 == 2:
            while "a.units.new" not in sizes(folder) and process.poll() is None:
                time.sleep(0.001)
            time.sleep(random.uniform(0, 0.2))
        else:
            before = sizes(folder).get("a.units.part", 0)
            target = before + random.uniform(0.02, 0.2) * len(whole)
            while sizes(folder).get("a.units.part", 0) < target and process.poll() is None:
                if "a.units.new" in sizes(folder):
                    break
                time.sleep(0.001)
        process.kill()
        if process.wait() == 0:  # it was faster than this process, on a busy machine
            assert (folder / "a.units").read_bytes() == whole
            (folder / "a.units").unlink()
            continue
        n_killed += 1
        assert process.returncode == -signal.SIGKILL
        assert "a.units" not in sizes(folder) or (folder / "a.units").read_bytes() == whole
        seen["turning" if "a.units.new" in sizes(folder) else "batches"] += 1
    assert all(seen.values())
    subprocess.run([sys.executable, "-c", KILLED], check=True)
    assert (folder / "a.units").read_bytes() == whole
    assert list(sizes(folder)) == ["a.units"]


def test_ctrl_c_leaves_the_part_file_and_says_how_to_go_on(folder, capsys):
    arguments = ["mymodel:slow", "layer=1", "out=a.units", "dtype=float16"]
    process = subprocess.Popen([*MAIN, *arguments], stderr=subprocess.PIPE, text=True)
    while sizes(folder).get("a.units.part", 0) < 300_000:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == (
        "note: interrupted: what is recorded is in a.units.part; "
        "go on by the same command with --resume\n"
    )
    assert list(sizes(folder)) == ["a.units.part"]
    assert run(["probe", *arguments]) == 2
    assert "is an unfinished recording" in capsys.readouterr().err
    assert run(["probe", *arguments, "--resume", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 < found["resumed"] < found["batches"] == 120
    assert run(["probe", "mymodel:quick", "layer=1", "out=b.units", "dtype=float16"]) == 0
    assert (folder / "a.units").read_bytes() == (folder / "b.units").read_bytes()


@pytest.mark.parametrize("limit", [400_000, 4_000_000])
def test_a_full_disk_costs_nothing(folder, capsys, limit):
    """By a limit on the size of files: amid the batches, and amid the turning.

    The finished file has a longer header than the part file here, so that it alone can be too large.
    """
    assert run(["probe", "mymodel:quick", "layer=1", "out=b.units"]) == 0
    whole = (folder / "b.units").read_bytes()
    command = ["mymodel:quick", "layer=1", "out=a.units"]
    at = limit if limit < 1e6 else len(whole) - 1
    done = subprocess.run(
        [*MAIN, *command],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (at, at)),
    )
    assert done.returncode == 2
    assert "File too large" in done.stderr
    assert "stay; mend this, then go on with --resume" in done.stderr
    assert list(sizes(folder)) == ["a.units.part"]
    capsys.readouterr()
    assert run(["probe", *command, "--resume", "--json"]) == 0
    n_resumed = json.loads(capsys.readouterr().out)["resumed"]
    assert 1 < n_resumed <= (120 if limit > 1e6 else 10)
    assert (folder / "a.units").read_bytes() == whole


def test_memory_does_not_grow_with_the_recording(folder):
    """400 MB are recorded and a unit is read; the process stays far below."""
    program = textwrap.dedent(
        """
        import resource
        import torch
        from torch import nn
        from logicx import open_units
        from logicx.probe import record

        def batches():
            for i in range(200):
                yield torch.full((1000, 500), float(i))

        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

        record(nn.Identity(), "", [torch.ones(1000, 500)], "b.units")
        before = peak()
        record(nn.Identity(), "", batches(), "a.units", dtype="float32")
        row = open_units("a.units").activations(499)
        assert row.reshape(200, 1000)[:, 0].tolist() == list(range(200))
        print(peak() - before)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True
    )
    assert sizes(folder)["a.units"] > 400e6
    assert float(done.stdout) < 250


# ---- the command


def test_layers_are_listed(folder, capsys):
    assert run(["probe", "mymodel:quick"]) == 0
    lines = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()[2:]]
    assert [line[:3] for line in lines] == [["0", "Embedding", "1"], ["1", "Linear", "1"]]
    assert lines[1][3].strip() == "[8, 20, 200]"
    assert run(["probe", "mymodel:slow", "--json"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"layer": "0", "type": "Embedding", "calls": 1, "output": [8, 20, 32]},
        {"layer": "1", "type": "Linear", "calls": 1, "output": [8, 20, 200]},
    ]


def test_a_recording_is_listed_and_explained_by_the_other_commands(folder, capsys):
    assert run(["probe", "mymodel:quick", "layer=1", "out=a.units", "dtype=float16"]) == 0
    out = capsys.readouterr().out
    n_cells = open_units("a.units").universe.n_cells
    assert re.match(rf"a\.units: 200 units of layer 1 at {n_cells:,} cells\n  120 batches", out)
    assert run(["units", "units=a.units", "threshold=quantile:0.01", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(listed) == 200
    dense = np.stack([open_units("a.units").activations(i) for i in range(200)])
    assert [one["cells"] for one in listed] == (
        Units.from_activations(dense, "quantile(0.01)").n_on.tolist()
    )
    universe = open_units("a.units").universe
    bank = ConceptBank.from_masks(dense[:3] > 0.2, ["a", "b", "c"], universe=universe)
    bank.save("a.bank")
    command = ["explain", "bank=a.bank", "units=a.units", "threshold=value(0.2)", "unit=1"]
    assert run([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["formula"], found["score"]) == ("b", 1.0)
    assert run(["probe", "mymodel:quick", "layer=1", "out=b.units", "bank=a.bank"]) == 0
    ConceptBank.from_masks(np.eye(2, dtype=bool), ["a", "b"]).save("b.bank")
    capsys.readouterr()
    assert run(["probe", "mymodel:quick", "layer=1", "out=c.units", "bank=b.bank"]) == 2
    assert "the layer gives tokens, but the universe has 2 rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mymodel"], "there is no model 'mymodel'"),
        (["mymodel.py:quick"], None),
        (["mymodel.py"], "MODEL is module:function"),
        (["nomodel:quick"], "there is no module 'nomodel' to import"),
        (["no.model:quick"], "there is no module 'no.model' to import"),
        (["mymodel:quikc", "layer=1", "out=b.units"], "did you mean: quick"),
        (["mymodel:make", "layer=1", "out=b.units"], "must return a model and its batches, not Seq"),
        (["mymodel:quick", "layer=1"], "no out named"),
        (["mymodel:quick", "out=b.units"], "no layer named"),
        (["mymodel:quick", "--resume"], "no layer named"),
        (["mymodel:quick", "layer=1", "out=b.bank"], "its name must end in .units"),
        (["mymodel:quick", "layer=7", "out=b.units"], "the model has no layer '7'"),
        (["mymodel:quick", "layer=1", "out=b.units", "dtype=int8"], "not 'int8'"),
        (["mymodel:quick", "layer=1", "out=b.units", "grid=14"], "grid is height x width, such as"),
        (["mymodel:quick", "layer=1", "out=b.units", "grid=4x4"], "gives 20 tokens in batch 0"),
        (["mymodel:quick", "layer=1", "out=b.units", "bank=no.bank"], "no file no.bank"),
    ],
)  # fmt: skip
def test_mistakes_on_the_command_line(folder, capsys, arguments, message):
    assert run(["probe", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert (message or "there is no model") in err
    assert list(folder.glob("*.units*")) == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def load(:", "importing broken failed: SyntaxError"),
        ("import no_such_package_here", "importing broken failed: ModuleNotFoundError"),
        (
            "def load():\n    return 1 / 0",
            "broken:load failed: ZeroDivisionError: division by zero",
        ),
    ],
)
def test_a_users_own_code_that_fails_is_told_with_its_place(folder, capsys, code, message):
    (folder / "broken.py").write_text(code + "\n")
    sys.modules.pop("broken", None)
    assert run(["probe", "broken:load", "layer=0", "out=a.units"]) == 2
    _, err = capsys.readouterr()
    assert message in err
    assert "broken.py, line" in err
    assert "Traceback" not in err


def test_the_commands_of_the_page_run(folder, capsys):
    """On its first block, written to the file that the page names; and every option is on it."""
    page = (ROOT / "docs" / "probe.md").read_text(encoding="utf-8")
    first, second = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    (folder / "tagger.py").write_text(first)
    bank = second[second.index("units = open_units") : second.index("for one in")]
    commands = re.findall(r"^ {4}(logicx .*?)(?: *#.*)?$", page, flags=re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        if "bank=" in command:
            program = "from tagger import *\nimport numpy as np\nfrom logicx import *\n" + bank
            exec(compile(program, "probe.md", "exec"), {})
        assert run(shlex.split(command)[1:]) == 0, (command, capsys.readouterr())
    names = [one.name for one in typer.main.get_command(app).commands["probe"].params]
    assert [name for name in names if f"`{name}`" not in page] == ["model", "json"]


def test_torch_is_imported_only_to_record():
    program = textwrap.dedent(
        """
        import sys
        import logicx, logicx.activations, logicx.loading, logicx.cli.probing
        from logicx.cli import run
        run(["probe", "--help"])
        run(["probe", "no:model"])
        assert "torch" not in sys.modules
        """
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
