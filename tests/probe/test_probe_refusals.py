"""Recording: what cannot be recorded is refused, and says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from recordings import Odd, Tagger, an_mlp, documents, part, path, recorded, rows  # noqa: F401, fixtures
from torch import nn

from logicx import Universe
from logicx.errors import DataError, FileError, LogicxError
from logicx.probe.recording import Batch, record


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
