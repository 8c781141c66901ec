"""Proofs over any connectives, held against every formula."""

from __future__ import annotations

import numpy as np
import pytest
from all_formulas import PLAIN, best_by_length, register_others

from logicx import ConceptBank, Exhaustive, Optimal, Units, explain
from logicx.errors import OptionError
from logicx.language.registry import OPERATORS
from logicx.scoring.counts import count
from logicx.scoring.objectives import objective_named

GOALS = ("iou", "dice", "accuracy", "fbeta(0.5)", "precision")


@pytest.fixture
def scope():
    with OPERATORS.scope():
        register_others()
        yield


def problem(seed: int):
    dice = np.random.default_rng(seed)
    n_concepts, n_cells = int(dice.integers(1, 7)), int(dice.integers(2, 40))
    masks = dice.random((n_concepts, n_cells)) < dice.uniform(0.1, 0.8)
    masks = np.repeat(masks, 2, axis=1) if seed % 3 == 0 else masks
    unit = dice.random(masks.shape[1]) < dice.uniform(0.1, 0.8)
    unit[0] = True
    chosen = dice.choice(len(PLAIN), int(dice.integers(1, 7)), replace=False)
    connectives = [list(PLAIN)[i] for i in sorted(chosen)]
    return masks, unit, connectives, bool(dice.random() < 0.4), int(dice.integers(1, 4))


@pytest.mark.parametrize("seed", range(60))
def test_both_strategies_find_the_best_of_all_formulas(seed, scope):
    masks, unit, connectives, literals, length = problem(seed)
    if {*connectives} == {"OR", "AND", "AND NOT"}:
        connectives.append("XOR")
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(len(masks))])
    units, goal = Units.from_masks([unit]), GOALS[seed % len(GOALS)]
    scores = best_by_length(masks, unit, connectives, length, objective_named(goal), literals)
    for kind in (Optimal, Exhaustive):
        strategy = kind(steps=connectives, literals=literals)
        (found,) = explain(bank, units, strategy=strategy, length=length, objective=goal)
        assert found.score == found.bound == scores[-1]
        assert found.is_proven
        assert [one.score for one in found.by_length] == scores[: len(found.by_length)]
        for one in found.by_length:
            assert one.counts == count(one.formula, bank, bank.on_counts(unit))
            assert one.formula.n_atoms <= length


def test_many_concepts_are_proven_without_looking_at_all(scope):
    dice = np.random.default_rng(5)
    masks = dice.random((60, 500)) < 0.2
    unit = (masks[3] | masks[20]) ^ masks[41]
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(60)])
    steps = ["OR", "AND", "XOR"]
    (found,) = explain(
        bank, Units.from_masks([unit]), strategy=Optimal(steps=steps, literals=False), length=3
    )
    assert (found.score, found.is_proven) == (1.0, True)
    assert {*found.formula.concepts} == {"c3", "c20", "c41"}
    assert found.space == (
        "all formulas of at most 3 of 60 concepts, repetitions counted, made by f OR g, f AND g, "
        "f XOR g; any tree: f and g are formulas. Left out: other connectives; atoms with NOT before "
        "them"
    )


def test_of_equals_the_formula_with_fewer_nots_is_told(scope):
    masks = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1]], bool)
    bank = ConceptBank.from_masks(masks, ["a", "b"])
    strategy = Optimal(steps=["OR", "XOR"], literals=True)
    (found,) = explain(bank, Units.from_masks([masks[1]]), strategy=strategy, length=1)
    assert str(found.formula) == "b"


def test_time_that_is_up_gives_no_proof_and_no_false_bound():
    dice = np.random.default_rng(5)
    masks = dice.random((300, 2000)) < 0.3
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(300)])
    strategy = Optimal(steps="OR,AND,XOR", time_limit=0.05)
    unit = dice.random(2000) < 0.3
    (found,) = explain(bank, Units.from_masks([unit]), strategy=strategy, length=3)
    assert not found.is_proven
    assert found.bound >= found.ceiling > found.score


@pytest.mark.parametrize(
    ("options", "length", "objective", "told"),
    [
        ({"steps": "OR,XOR"}, 4, "iou", "at most 3 atoms are proven, not of 4"),
        ({"steps": "OR,XOR"}, 3, "mcc", "it states no ratio"),
        ({"steps": "OR,XOR", "node_limit": 5}, 3, "iou", "node_limit is for proofs over OR"),
        ({"steps": "OR,XOR", "within": 0.1}, 3, "iou", "within is for proofs over OR"),
        ({"steps": "ATLEAST(2, f, a, b, c)"}, 3, "iou", "more than 3 atoms"),
        ({"steps": "NEIGHBORS(f)"}, 3, "iou", "NEIGHBORS is no connective"),
        ({"steps": ""}, 3, "iou", "steps is empty"),
    ],
)
def test_what_is_not_proven_is_refused(options, length, objective, told):
    bank = ConceptBank.from_masks(np.eye(4, dtype=bool), list("abcd"))
    units = Units.from_masks(np.eye(4, dtype=bool)[:1])
    with pytest.raises(OptionError, match=told):
        explain(bank, units, strategy=Optimal(**options), length=length, objective=objective)
