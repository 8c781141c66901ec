"""What tests of engines share: banks and units to search, searches by NumPy, and plain results."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import strategies as st

from logicx import ConceptBank, Units
from logicx.banks.bits import unpack
from logicx.engines.numpy_engine import NumpyEngine
from logicx.scoring.objectives import OBJECTIVES
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import DEFAULT_STEPS, Step

STEPS = [
    DEFAULT_STEPS,
    ("OR", "XOR"),
    ("AND NOT", "OR NOT", "XOR NOT"),
    ("XOR NOT", "AND", "OR", "OR NOT", "AND NOT", "XOR"),
]

ON_REAL_DATA = (
    ("iou", DEFAULT_STEPS, "none", 0.97),
    ("mcc", STEPS[3], "meaning", 1.0),
    ("fbeta(0.5)", STEPS[1], "meaning", 0.99),
)
"""Objective, steps, dedupe and penalty of searches of real units."""


def searches(n_concepts):
    """What random searches are drawn from, of banks of some numbers of concepts.

    Seed, concepts, cells, repeats, length, width, objective, steps, dedupe, whether only concepts
    that meet the unit are added, penalty, and whether it counts NOTs.
    """
    return (
        st.integers(0, 10**6),
        st.sampled_from(n_concepts),
        st.sampled_from([5, 63, 64, 150, 700]),
        st.sampled_from([1, 2, 9]),
        st.integers(1, 6),
        st.integers(1, 12),
        st.sampled_from([*OBJECTIVES, "fbeta(0.5)", "fbeta(3)"]),
        st.sampled_from(STEPS),
        st.sampled_from(["meaning", "none"]),
        st.booleans(),
        st.sampled_from([1.0, 0.97, 0.8]),
        st.booleans(),
    )


def random_world(seed, n_concepts, n_cells, repeats, n_units=3):
    """A bank with invalid cells, empty, full and equal concepts, and units' on-counts."""
    dice = np.random.default_rng(seed)
    masks = dice.random((n_concepts, n_cells)) < dice.uniform(0, 0.7, (n_concepts, 1)) ** 2
    masks[dice.integers(n_concepts)] = dice.random() < 0.5
    masks[dice.integers(n_concepts)] = masks[dice.integers(n_concepts)]
    masks = np.repeat(masks, dice.integers(1, repeats + 1, n_cells), axis=1)
    valid = dice.random(masks.shape[1]) < 0.9
    valid[0] = True
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(n_concepts)], valid=valid)
    ons = []
    for _ in range(n_units):
        a, b, c = masks[dice.integers(0, n_concepts, 3)]
        noise = dice.random(masks.shape[1]) < dice.choice([0, 0.1, 0.5, 1])
        on = bank.on_counts(((a | b) & ~c) ^ noise)
        ons.append(on if on.any() else bank.size.copy())
    return bank, ons


def random_units(bank, n, seed=0):
    """Random linear projections of the concepts, every second one of few, on at 0.5 to 40 %."""
    dice = np.random.default_rng(seed)
    masks = unpack(bank.packed, bank.n_signatures).astype(np.float32)
    weights = dice.normal(size=(n, bank.n_concepts)).astype(np.float32)
    weights[1::2] *= dice.random((n // 2, bank.n_concepts)) < 0.03
    for activation in weights @ masks:
        share = dice.uniform(0.005, 0.4)
        yield (activation > np.quantile(activation, 1 - share)) * bank.size


def many_units(n_units=6, never=(2,)):
    """A bank, and units of which some never fire."""
    dice = np.random.default_rng(3)
    masks = dice.random((12, 300)) < 0.3
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(12)])
    units = dice.random((n_units, 300)) < 0.2
    units[list(never)] = False
    return bank, Units.from_masks(units)


def space_of(
    bank,
    on,
    goal,
    steps=DEFAULT_STEPS,
    meeting=False,
    penalty=1.0,
    penalizes_not=False,
    engine=NumpyEngine,
):
    """The formulas of a search; `meeting`: only of concepts that the unit meets."""
    counting = engine(bank, on)
    operands = np.flatnonzero(counting.on_count) if meeting else np.arange(bank.n_concepts)
    known = [Step.of(one) for one in steps]
    return FormulaSpace(counting, goal, known, operands, penalty, penalizes_not)


def levels_of(result):
    """All beam slots at all levels, and how many formulas were scored."""
    return [
        [(one.score, one.node.size, one.node.n_both, one.node.formula) for one in level]
        for level in result.levels
    ], result.n_scored


def plain(plan):
    """Explanations and skipped units as plain values, but for the engine."""
    found = [one.as_dict() for one in plan]
    for one in found:
        del one["settings"]["engine"]
    return found, plan.skipped


def check_that_little_work_does_not_import(module):
    code = (
        "import sys, numpy as np, logicx; bank = logicx.ConceptBank.from_masks([[1, 0]], ['a']);"
        "units = logicx.Units.from_masks([[1, 0]]); print(*logicx.explain(bank, units));"
        f"assert {module!r} not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
