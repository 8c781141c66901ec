"""Formulas joined in pairs: counted as one by one, and what chains never reach is found."""

from __future__ import annotations

import numpy as np
import pytest

from logicx import ConceptBank
from logicx.engines.numpy_engine import NumpyEngine
from logicx.scoring.counts import count
from logicx.scoring.objectives import objective_named
from logicx.search.beam import Beam
from logicx.search.formulas.joins import Joins
from logicx.search.formulas.literals import LiteralSpace
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import Step
from logicx.search.lanes import Lanes

STEPS = [Step.of(one) for one in ("OR", "AND", "AND NOT")]


def pairs(*parts):
    return LiteralSpace(*parts, joins=True)


def world(seed: int, n_concepts: int = 12, n_cells: int = 400):
    dice = np.random.default_rng(seed)
    masks = dice.random((n_concepts, n_cells)) < 0.4
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(n_concepts)])
    return masks, bank, dice


@pytest.mark.parametrize("seed", range(10))
def test_joined_formulas_are_counted_as_one_by_one(seed):
    masks, bank, dice = world(seed)
    on = bank.on_counts(dice.random(masks.shape[1]) < 0.3)
    space = pairs(NumpyEngine(bank, on), objective_named("iou"), STEPS, np.arange(12), 0.9)
    nodes = [one.node for one in Beam(20, 3).search(space).levels[-1] if one.node.length == 2]
    joins = Joins(space, nodes, 4, STEPS)
    scored = joins.above(-np.inf)
    n = len(nodes)
    assert n > 2
    assert joins.n_scored == len(scored.scores) == n * (n - 1) // 2 * 2 + n * (n - 1)
    for i, score in enumerate(scored.scores.tolist()):
        node = scored.node(i)
        assert node.counts == count(node.formula, bank, on)
        assert node.length == node.formula.n_atoms == 4
        counts = node.counts
        plain = counts.tp / (counts.tp + counts.fp + counts.fn)
        assert score == pytest.approx(plain * 0.9 ** (node.length - 1))


@pytest.mark.parametrize("seed", range(5))
def test_a_formula_of_two_halves_is_found_by_joining_only(seed):
    masks, bank, _ = world(seed)
    unit = (masks[0] & masks[1]) | (masks[2] & ~masks[3])
    parts = (NumpyEngine(bank, bank.on_counts(unit)), objective_named("iou"), STEPS, np.arange(12))
    alone = Beam(20, 4).search(FormulaSpace(*parts)).levels[-1][0]
    (best, *_) = Lanes(Beam(20, 4), 5).search(pairs(*parts)).levels[-1]
    assert alone.score < 1
    assert (best.score, best.node.length) == (1.0, 4)
    assert set(best.node.formula.concepts) == {f"c{i}" for i in range(4)}


def test_pairs_too_long_to_be_joined_wait_for_their_length():
    masks, bank, _ = world(1)
    unit = (masks[0] & masks[1]) | (masks[3] & masks[4])
    parts = (NumpyEngine(bank, bank.on_counts(unit)), objective_named("iou"), STEPS, np.arange(12))
    levels = Lanes(Beam(20, 4), 5).search(pairs(*parts)).levels
    assert [one[0].score == 1 for one in levels] == [False, False, False, True]
