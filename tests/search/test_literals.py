"""NOT before any concept: proofs and trials against brute force, and the beam's second lane."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from logicx import ConceptBank, parse
from logicx.engines.numpy_engine import NumpyEngine
from logicx.runs.running import search_compiled, search_on_device
from logicx.scoring.counts import count, evaluate
from logicx.scoring.objectives import objective_named
from logicx.search.beam import Beam
from logicx.search.formulas.exhaustive import exhaustive
from logicx.search.formulas.literals import LiteralSpace, crossing
from logicx.search.formulas.shapes import complement, n_nots, signed
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import Step
from logicx.search.lanes import Lanes

GOALS = ["iou", "precision", "recall", "dice", "accuracy", "mcc", "fbeta(0.5)"]


def problem(seed: int, most_concepts: int, most_cells: int):
    """Concepts of any density and a unit; a third of the units are a NOT with noise."""
    dice = np.random.default_rng(seed)
    k, n = int(dice.integers(2, most_concepts + 1)), int(dice.integers(3, most_cells))
    masks = dice.random((k, n)) < dice.random((k, 1))
    unit = dice.random(n) < dice.random()
    if dice.random() < 0.3:
        unit = (~masks[0] | masks[dice.integers(k)]) ^ (dice.random(n) < 0.1)
    unit[0] = True
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(k)])
    return masks, unit, bank, bank.on_counts(unit), dice


def best_by_length(masks, unit, length, goal):
    """Best scores over all trees of OR and AND over literals: sets of cells as whole numbers."""
    n = len(unit)
    everything = (1 << n) - 1
    numbers = [sum(1 << i for i in np.flatnonzero(one).tolist()) for one in (*masks, unit)]
    *concepts, fires = numbers
    levels = [{*concepts, *(everything ^ one for one in concepts)}]
    for k in range(2, length + 1):
        pairs = ((a, b) for i in range(1, k) for a, b in product(levels[i - 1], levels[k - i - 1]))
        levels.append({made for a, b in pairs for made in (a | b, a & b)})
    best, found = -np.inf, []
    for level in levels:
        for one in level:
            tp = (one & fires).bit_count()
            score = goal.score(tp, one.bit_count() - tp, fires.bit_count(), n)
            best = max(best, float(score))
        found.append(best)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_proofs_and_trials_find_what_brute_force_finds(seed):
    from logicx.search.optimal.searching import optimal

    masks, unit, bank, on, dice = problem(seed, 5, 24)
    length = int(dice.integers(1, 4 if len(masks) > 3 else 5))
    name = GOALS[seed % len(GOALS)]
    want = best_by_length(masks, unit, length, objective_named(name))
    tried = exhaustive(bank, on, objective=name, length=length, literals=True)
    proof = optimal(bank, on, objective=name, length=length, literals=True)
    for found in (tried, proof):
        for one in found.by_length:
            assert count(one.formula, bank, on) == one.counts
            assert signed(one.formula) is not None
        if found is tried or proof.is_proven:
            assert [one.score for one in found.by_length] == pytest.approx(want, abs=1e-12)
    assert proof.bound >= want[-1] - 1e-12
    assert proof.is_proven or name == "mcc"


def test_a_unit_that_is_a_not_is_found_at_length_one():
    from logicx.search.optimal.searching import optimal

    dice = np.random.default_rng(0)
    masks = dice.random((50, 500)) < 0.1
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(50)])
    on = bank.on_counts(~masks[5])
    for found in (optimal(bank, on, literals=True), exhaustive(bank, on, length=1, literals=True)):
        assert (str(found.by_length[0].formula), found.by_length[0].score) == ("NOT c5", 1.0)
    assert optimal(bank, on).score < 1
    engine = NumpyEngine(bank, on)
    space = LiteralSpace(engine, objective_named("iou"), [Step.of("OR")], np.arange(50))
    (best, *_), *_ = Lanes(Beam(10, 1), 2).search(space).levels
    assert (str(best.node.formula), best.score) == ("NOT c5", 1.0)


def test_of_equal_scores_fewer_nots_come_first():
    masks = [[1, 1, 0, 0, 0], [0, 0, 1, 1, 1], [1, 0, 0, 0, 0]]
    bank = ConceptBank.from_masks(masks, ["a", "b", "c"])
    on = bank.on_counts(np.array([0, 0, 1, 1, 1], bool))  # b, and NOT a
    assert str(exhaustive(bank, on, length=2, literals=True).formula) == "b"


@pytest.mark.parametrize(
    "text", ["a", "NOT a", "a OR NOT b", "(NOT a OR b) AND (c OR NOT d)", "NOT (a AND NOT b) OR c"]
)
def test_complements_hold_elsewhere(text):
    dice = np.random.default_rng(1)
    bank = ConceptBank.from_masks(dice.random((4, 100)) < 0.5, list("abcd"))
    is_complement, formula = signed(parse(text))  # type: ignore[misc]
    holds = evaluate(parse(text), bank)
    assert (evaluate(formula, bank) != is_complement).tolist() == holds.tolist()
    other = complement(formula)
    assert (evaluate(other, bank) != evaluate(formula, bank)).all()
    assert other.n_atoms == formula.n_atoms
    assert n_nots(parse(text)) == text.count("NOT")


def test_signed_knows_the_operators_it_speaks_of():
    assert signed(parse("a XOR b")) is None
    assert signed(parse("NOT (a XOR b)")) is None


def laned(seed: int):
    masks, _, bank, on, dice = problem(seed, 30, 300)
    steps = [("OR", "AND", "AND NOT"), ("AND", "OR NOT"), ("OR", "XOR", "AND NOT")][seed % 3]
    goal, penalty = objective_named(GOALS[seed % len(GOALS)]), float(dice.choice([1, 1, 0.95]))
    operands = np.flatnonzero(dice.random(len(masks)) < dice.choice([0.8, 2]))
    dedupe = ["meaning", "meaning", "none"][int(dice.integers(3))]
    beam = Beam(
        int(dice.integers(1, 12)),
        int(dice.integers(1, 7)),
        dedupe,  # type: ignore[arg-type]
        starts_with_zeros=bool(seed % 4),
    )
    rest = ([Step.of(one) for one in steps], operands, penalty, False, (0, 0), False)
    return beam, int(dice.integers(1, 6)), bank, on, (goal, *rest, int(dice.choice([0, 20])))


LANES = [{"joins": True}, {"negates": False, "joins": True}, {}]
"""What a second lane has: literals and pairs, pairs alone, literals alone."""


def written(result):
    return [[(one.score, str(one.node.formula)) for one in level] for level in result.levels]


@pytest.mark.parametrize("seed", range(300))
def test_the_first_lane_is_the_plain_beam_and_the_second_only_adds(seed):
    beam, extra, bank, on, parts = laned(seed)
    plain = written(beam.search(FormulaSpace(NumpyEngine(bank, on), *parts)))
    space = LiteralSpace(NumpyEngine(bank, on), *parts, **LANES[seed // 3 % 3])
    both = Lanes(beam, extra).search(space)
    for few, many, level in zip(plain, written(both), both.levels, strict=True):
        assert set(few) <= set(many)
        assert len(many) <= len(few) + extra
        assert not few or many[0][0] >= few[0][0]
        for one in level:
            assert one.node.counts == count(one.node.formula, bank, on)
            assert one.node.n_nots == n_nots(one.node.formula)


@pytest.mark.parametrize("seed", range(300))
def test_compiled_lanes_are_those_of_numpy(seed):
    pytest.importorskip("numba")
    from logicx.engines.numba_engine import NumbaEngine

    beam, extra, bank, on, parts = laned(seed)
    lane = LANES[seed // 3 % 3]
    slow = Lanes(beam, extra).search(LiteralSpace(NumpyEngine(bank, on), *parts, **lane))
    space = LiteralSpace(NumbaEngine(bank, on), *parts, **lane)
    fast = search_compiled(beam, space, True, extra)
    assert written(fast) == written(slow)
    assert fast.n_scored == slow.n_scored


@pytest.mark.parametrize("seed", range(150))
def test_lanes_of_torch_are_those_of_numpy(seed):
    torch = pytest.importorskip("torch")

    beam, extra, bank, on, parts = laned(seed)
    lane, ons = LANES[seed // 3 % 3], [on, bank.size - on, on * 0]
    spaces = [LiteralSpace(NumpyEngine(bank, one), *parts, **lane) for one in ons]
    slow = [Lanes(beam, extra).search(one) for one in spaces]
    fast = search_on_device(beam, spaces, torch.device("cpu"), True, extra)
    for one, other in zip(fast, slow, strict=True):
        assert written(one) == written(other)
        assert one.n_scored == other.n_scored


def test_steps_of_the_second_lane_lack_none():
    plain = [Step.of(one) for one in ("OR", "AND", "AND NOT")]
    assert crossing(plain) == (Step.of("OR NOT"),)
    assert crossing([Step.of("XOR")]) == (Step.of("XOR NOT"),)
