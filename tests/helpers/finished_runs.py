"""What tests of a run's table share: a finished run with its bank and units, and weights."""

from __future__ import annotations

import numpy as np
import pytest

from logicx import ConceptBank, Universe, explain, open_units, run_journal
from logicx.analysis.top_cells import unit_table
from logicx.banks.building import signatures_of_masks
from logicx.banks.celltexts import CellTexts
from logicx.units.activations import write_activations

N, N_UNITS = 130, 7
NAMES = [f"c{i}" for i in range(6)]


class World:
    """A bank with texts and invalid cells, activations on file with ties, and a finished run."""

    def __init__(self, folder, kind="pairs", dtype="float32", threshold="positive", seed=0):
        dice = np.random.default_rng(seed)
        self.masks = dice.random((len(NAMES), N)) < 0.3
        self.valid = dice.random(N) < 0.8
        self.acts = dice.integers(-6, 7, (N_UNITS, N)).astype(dtype) / 2
        self.acts += 3 * self.masks[:1]
        self.acts[3] = -(self.acts[3] ** 2)  # never fires where the threshold is positive
        per_cell = 2 if kind == "pairs" else 1
        self.texts = [f"t{i}" for i in range(N * per_cell)]
        offsets = [0, 40, 41, 100, N]
        universe = {
            "pairs": Universe.pairs(N),
            "rows": Universe.rows(N),
            "tokens": Universe.tokens(offsets),
        }[kind]
        self.bank = self.with_texts(universe, self.texts, per_cell)
        self.bank.save(folder / "a.bank")
        rows = [self.acts.T[:50], self.acts.T[50:]]
        names = [f"n{i}" for i in range(N_UNITS)]
        write_activations(folder / "a.units", names, N, dtype, rows, universe=universe)
        self.units = open_units(folder / "a.units", threshold)
        plan = explain(self.bank, self.units, length=3, beam=4)
        self.journal = run_journal(plan, folder / "run.jsonl")

    def with_texts(self, universe, texts, per_cell):
        signatures, _ = signatures_of_masks(self.masks, self.valid, 1 << 20)
        held = None if texts is None else CellTexts.of(texts, per_cell)
        return ConceptBank("b", NAMES, [""] * len(NAMES), universe, signatures, texts=held)

    def table(self, **options):
        return list(unit_table(self.journal, self.bank, self.units, **options))


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


WEIGHTS = np.arange(N_UNITS * 3).reshape(N_UNITS, 3) / 8 - 1


def weights_csv(path, names=None, header="yes,maybe,no", values=WEIGHTS):
    lines = [",".join(map(str, row)) for row in values.tolist()]
    if names:
        header = f"unit,{header}"
        lines = [f"{name},{line}" for name, line in zip(names, lines, strict=True)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path
