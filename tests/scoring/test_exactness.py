from __future__ import annotations

import json
import math
import random
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path

import numpy as np
import oracle
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logicx.banks.bank import ConceptBank
from logicx.errors import DataError, OptionError
from logicx.language.formula import Apply, Concept, Formula
from logicx.scoring.counts import Counts, count, evaluate
from logicx.scoring.objectives import OBJECTIVES, objective_named, score_counts
from logicx.scoring.score import score
from logicx.units.units import Units

SIZES = (0, 1, 63, 64, 65, 128, 10_000)


def random_formula(rng: random.Random, names: list[str], depth: int = 4) -> Formula:
    kind = rng.choice(["AND", "OR", "XOR", "NOT", "ATLEAST", ""]) if depth else ""
    if not kind:
        return Concept(rng.choice(names))
    if kind == "ATLEAST":
        n = rng.randint(1, 5)
        args = tuple(random_formula(rng, names, depth - 2 if depth > 1 else 0) for _ in range(n))
        return Apply(kind, args, (rng.randint(0, n + 1),))
    n = 1 if kind == "NOT" else 2
    return Apply(kind, tuple(random_formula(rng, names, depth - 1) for _ in range(n)))


def distinct_masks(rng: np.random.Generator, n_cells: int) -> np.ndarray:
    """Masks in which no two cells have the same concepts."""
    codes = rng.permutation(n_cells)
    return (codes >> np.arange(max(2, n_cells.bit_length()))[:, None] & 1).astype(bool)


def few_masks(rng: np.random.Generator, n_cells: int) -> np.ndarray:
    """Masks of six concepts with at most five signatures."""
    return (rng.random((6, 5)) < 0.5)[:, rng.integers(0, 5, n_cells)]


def set_of(mask: np.ndarray) -> set[int]:
    return set(np.flatnonzero(mask).tolist())


class World:
    """Masks, and the same as sets."""

    def __init__(self, masks: np.ndarray, on: np.ndarray, valid: np.ndarray) -> None:
        self.names = [f"c{i}" for i in range(len(masks))]
        self.concepts = {n: set_of(mask) for n, mask in zip(self.names, masks, strict=True)}
        self.universe = set_of(valid)
        self.units = [set_of(one) for one in on]


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor], ids=["numpy", "torch"])
@pytest.mark.parametrize("some_invalid", [False, True])
@pytest.mark.parametrize("draw", [few_masks, distinct_masks])
@pytest.mark.parametrize("n_cells", SIZES)
def test_formulas_hold_where_the_oracle_says(n_cells, draw, some_invalid, kind):
    rng = np.random.default_rng([n_cells, some_invalid])
    masks = draw(rng, n_cells)
    on = rng.random((2, n_cells)) < [[0.5], [0.05]]
    valid = rng.random(n_cells) < 0.7 if some_invalid else np.ones(n_cells, bool)
    world = World(masks, on, valid)
    bank = ConceptBank.from_masks(
        kind(masks), world.names, valid=kind(valid) if some_invalid else None
    )
    units = Units.from_masks(kind(on), ["often", "seldom"])
    rows = [units.on(bank, name) for name in units.names]
    counted = Units.counted(bank, units.names, rows)
    assert bank.n_valid == len(world.universe)
    assert bank.n_signatures == (len(world.universe) if draw is distinct_masks else bank.size.size)
    random_choice = random.Random(n_cells)
    for _ in range(6 if n_cells > 1000 else 20):
        formula = random_formula(random_choice, world.names)
        holds = evaluate(formula, bank)
        cells = oracle.cells_of(formula, world.concepts, world.universe)
        assert set_of(bank.cells(holds)) == cells
        assert holds.dtype == bool
        assert holds.shape == (bank.n_signatures,)
        for name, fires, row in zip(units.names, world.units, rows, strict=True):
            expected = oracle.counts(formula, world.concepts, world.universe, fires)
            assert astuple(count(formula, bank, row)) == expected
            if expected.tp + expected.fn == 0:
                with pytest.raises(DataError, match="never fires"):
                    score(formula, bank, units, name)
                continue
            found = score(formula, bank, units, name)
            assert astuple(found.counts) == expected
            assert found.score == expected.tp / (expected.tp + expected.fp + expected.fn)
            assert score(formula, bank, counted, name).counts == found.counts


def test_scores_of_an_opened_bank_and_of_opened_units_are_the_same(tmp_path):
    rng = np.random.default_rng(7)
    masks, on = few_masks(rng, 200), rng.random((3, 200)) < 0.3
    world = World(masks, on, np.ones(200, bool))
    bank, units = ConceptBank.from_masks(masks, world.names), Units.from_masks(on)
    counted = Units.counted(bank, units.names, [units.on(bank, i) for i in range(3)])
    bank.save(tmp_path / "a.bank")
    units.save(tmp_path / "a.units")
    counted.save(tmp_path / "b.units")
    opened = ConceptBank.open(tmp_path / "a.bank")
    random_choice = random.Random(1)
    for _ in range(20):
        formula = random_formula(random_choice, world.names)
        for i, fires in enumerate(world.units):
            expected = oracle.counts(formula, world.concepts, world.universe, fires)
            for name in ("a.units", "b.units"):
                found = score(formula, opened, Units.open(tmp_path / name), i)
                assert astuple(found.counts) == expected
    np.testing.assert_array_equal(Units.open(tmp_path / "b.units").n_on, on.sum(axis=1))


def test_numbers_that_are_names_of_other_units_are_not_mixed_up():
    bank = ConceptBank.from_masks([[1, 0, 0], [0, 1, 1]], ["a", "b"])
    units = Units.from_masks([[1, 0, 0], [0, 1, 1]], ["1", "0"])
    for unit in ("1", 1):
        assert score("a", bank, units, unit).counts == Counts(1, 0, 0, 2)
    for unit in ("0", 0):
        assert score("a", bank, units, unit).counts == Counts(0, 1, 2, 0)


def test_the_best_single_concept_is_the_best_single_concept():
    rng = np.random.default_rng(3)
    masks, on = rng.random((8, 300)) < 0.3, rng.random((5, 300)) < 0.2
    world = World(masks, on, np.ones(300, bool))
    bank, units = ConceptBank.from_masks(masks, world.names), Units.from_masks(on)
    for i, fires in enumerate(world.units):
        scores = {}
        for name in world.names:
            tp, fp, fn, _ = oracle.counts(Concept(name), world.concepts, world.universe, fires)
            scores[name] = Fraction(tp, tp + fp + fn)
        best = score("c0", bank, units, i).best_single
        assert best.formula == Concept(max(scores, key=scores.__getitem__))
        assert best.score == float(max(scores.values()))


def sets_of_reference(path: Path) -> dict[str, set[int]]:
    with np.load(path, allow_pickle=False) as stored:
        masks = np.unpackbits(stored["packed"], axis=0)
        return {str(name): set_of(masks[:, i]) for i, name in enumerate(stored["names"])}


def test_the_reference_bank_agrees_with_the_oracle(shared, reference_bank, reference_units):
    folder = shared / "reference" / "compexp_nli"
    concepts = sets_of_reference(folder / "bank.npz")
    fires = sets_of_reference(folder / "units.npz")
    rng = random.Random(11)
    names = ["pre:tok:man", "hyp:tok:man", "hyp:tok:two", *rng.sample(reference_bank.names, 9)]
    for unit in reference_units.names:
        for _ in range(5):
            formula = random_formula(rng, names)
            found = score(formula, reference_bank, reference_units, unit).counts
            expected = oracle.counts(formula, concepts, set(range(10_000)), fires[unit])
            assert astuple(found) == expected


def test_formulas_of_the_papers_code_score_what_it_says(shared, reference_bank, reference_units):
    results = json.loads((shared / "reference" / "compexp_nli" / "results.json").read_text())
    assert len(results["results"]) > 8
    for one in results["results"]:
        found = score(one["formula"], reference_bank, reference_units, one["unit"])
        assert found.score == float(one["iou_repr"]), one["formula"]


def ratio(a: int | Fraction, b: int | Fraction) -> Fraction:
    return Fraction(a) / Fraction(b) if b else Fraction(0)


TEXTBOOK = {
    "iou": lambda tp, fp, fn, tn: ratio(tp, tp + fp + fn),
    "precision": lambda tp, fp, fn, tn: ratio(tp, tp + fp),
    "recall": lambda tp, fp, fn, tn: ratio(tp, tp + fn),
    "dice": lambda tp, fp, fn, tn: ratio(2 * tp, 2 * tp + fp + fn),
    "accuracy": lambda tp, fp, fn, tn: ratio(tp + tn, tp + fp + fn + tn),
}


def textbook_mcc(tp: int, fp: int, fn: int, tn: int) -> float:
    sides = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / math.sqrt(sides) if sides else 0.0


def textbook_fbeta(beta: Fraction, tp: int, fp: int, fn: int) -> Fraction:
    precision, recall = ratio(tp, tp + fp), ratio(tp, tp + fn)
    b = beta * beta
    return ratio((1 + b) * precision * recall, b * precision + recall)


cells = st.integers(0, 40) | st.integers(0, 10**7)


@settings(deadline=None)
@given(st.tuples(cells, cells, cells, cells))
@example((0, 0, 0, 0))
@example((0, 0, 5, 0))
@example((3, 0, 0, 0))
@example((0, 3, 0, 0))
def test_every_objective_is_its_textbook_formula(four):
    counts = Counts(*four)
    for name, formula in TEXTBOOK.items():
        assert score_counts(name, counts) == float(formula(*four)), name
    assert score_counts("mcc", counts) == pytest.approx(textbook_mcc(*four), rel=1e-9, abs=1e-9)
    for beta in ("0.5", "1", "2", "3.25"):
        expected = float(textbook_fbeta(Fraction(beta), *four[:3]))
        assert score_counts(f"fbeta({beta})", counts) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("beta", ["0", "-1", "nan", "inf", "1e200", "1e-200", "1e999", "1.2.3", ""])
def test_a_beta_that_means_nothing_is_told(beta):
    with pytest.raises(OptionError, match=r"beta must be|no objective"):
        objective_named(f"fbeta({beta})")


def test_no_objective_is_left_out():
    assert set(OBJECTIVES) == {*TEXTBOOK, "mcc"}


@pytest.mark.parametrize("name", [*TEXTBOOK, "mcc", "fbeta(2)"])
def test_an_objective_of_arrays_is_that_of_their_numbers(name):
    rng = np.random.default_rng(0)
    n_on, n_cells = 40, 100
    tp, fp = rng.integers(0, 41, (3, 50)), rng.integers(0, 61, (3, 50))
    for on in (n_on, 0):
        both = tp if on else tp * 0
        found = objective_named(name).score(both, fp, on, n_cells)
        assert found.shape == both.shape
        assert found.dtype == np.float64
        for place in np.ndindex(*both.shape):
            t, f = int(both[place]), int(fp[place])
            assert found[place] == score_counts(name, Counts(t, f, on - t, n_cells - on - f))
