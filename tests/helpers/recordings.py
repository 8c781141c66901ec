"""What tests of recordings share: models, batches, folders."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from logicx import open_units
from logicx.probe.recording import Batch

ROOT = Path(__file__).resolve().parents[2]


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


def recorded(path) -> np.ndarray:
    """`[n_cells, n_units]`, by the file's units."""
    units = open_units(path)
    return np.array([units.activations(name) for name in units.names]).T


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


MODEL = textwrap.dedent(
    """
    import time
    import torch
    from torch import nn
    from logicx.probe.recording import Batch

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
