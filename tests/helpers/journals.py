"""What tests of journals share."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from logicx import ConceptBank, Units, explain, run_journal
from logicx.runs import journal as journals

MAIN = [sys.executable, "-c", "from logicx.cli import main; main()"]


EXPLAIN = ["explain", "bank=a.bank", "units=a.units", "unit=all"]


def world(n_units: int, n_concepts: int = 12, n_cells: int = 120, seed: int = 0):
    """A random bank and units, every seventh of which never fires."""
    dice = np.random.default_rng(seed)
    bank = ConceptBank.from_masks(
        dice.random((n_concepts, n_cells)) < 0.2, [f"c{i}" for i in range(n_concepts)]
    )
    masks = dice.random((n_units, n_cells)) < 0.3
    masks[6::7] = False
    return bank, Units.from_masks(masks, [f"u{i}" for i in range(n_units)])


def saved(folder, monkeypatch=None, **sizes):
    """The same, as files of the folder that the commands of this page use."""
    bank, units = world(**sizes)
    bank.save(folder / "a.bank")
    units.save(folder / "a.units")
    if monkeypatch:
        monkeypatch.chdir(folder)
    return bank, units


@pytest.fixture
def plan():
    """Eight units, one of which is skipped."""
    return explain(*world(8), length=2, beam=2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.jsonl"


@pytest.fixture
def whole(plan, path):
    """The journal of an uninterrupted run, which stays at `path`."""
    run_journal(plan, path)
    return path.read_bytes()


@pytest.fixture
def no_sync(monkeypatch):
    monkeypatch.setattr(journals.os, "fsync", lambda _: None)
