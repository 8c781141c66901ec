"""Expansions that can exceed a floor, found by a line, against all of them scored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searched_worlds import DEFAULT, world

from logicx.engines.numpy_engine import NumpyEngine
from logicx.scoring.objectives import OBJECTIVES, objective_named
from logicx.search.formulas import children, lines
from logicx.search.formulas.children import Children
from logicx.search.formulas.lines import Lines
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import Step

GOALS = [*OBJECTIVES, "fbeta(0.5)", "fbeta(2)"]
STEPS = [DEFAULT, ("OR", "XOR"), ("AND NOT", "OR NOT", "XOR NOT"), ("XOR", "AND")]


def both_ways(seed, goal, steps, min_support=0, n_operands=6):
    """The expansions of some single concepts, with and without a look ahead."""
    bank, units, _, _ = world(seed, repeats=1 + seed % 3)
    engine = NumpyEngine(bank, units.on(bank, "u"))
    known = [Step.of(one) for one in steps]
    space = FormulaSpace(engine, goal, known, np.arange(n_operands), min_support=min_support)
    atoms = space.atoms()
    space.expand([atoms.node(i) for i in range(4)])  # counts their rows
    parents = [atoms.node(i) for i in (2, 0, 3)]
    rows = space._rows_of(parents)
    return [Children(space, parents, [rows[one] for one in parents], ahead) for ahead in (0, 1)]


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, 10**6),
    st.sampled_from(GOALS),
    st.sampled_from(STEPS),
    st.booleans(),
    st.sampled_from([0, 20]),
    st.sampled_from([4, 6]),
    st.floats(0, 1),
)
def test_none_above_the_floor_is_left_out(seed, spec, steps, repeats, least, n_operands, at):
    plain, ahead = both_ways(seed, objective_named(spec), steps, least, n_operands)
    every = plain.above(-np.inf, repeats)
    floor = float(np.quantile(every.scores[np.isfinite(every.scores)], at, method="lower"))
    some = ahead.above(floor, repeats)
    assert (np.diff(some.numbers) > 0).all()
    np.testing.assert_array_equal(some.scores, every.scores[some.numbers])
    is_above = every.scores > floor
    assert set(np.flatnonzero(is_above)) <= set(some.numbers.tolist())
    assert plain.n_scored == ahead.n_scored == every.scores.size
    if spec not in ("mcc", "precision") and not least:  # no ratio; 0/0 reaches any line
        assert len(some.scores) <= (plain.above(-np.inf).scores >= floor - 1e-9).sum()
    for i in range(0, len(some.scores), 7):
        node, other = some.node(i), every.node(int(some.numbers[i]))
        assert (node.formula, node.size) == (other.formula, other.size)


@pytest.mark.parametrize("few", [-1, 10**9])
def test_repeats_are_passed_over_before_or_after_they_are_scored(few, monkeypatch):
    """Either way the same is left, and a look before leaves less to score."""
    monkeypatch.setattr(children, "FEW", few)
    n = 0
    for seed in range(20):
        plain, ahead = both_ways(seed, objective_named("iou"), DEFAULT)
        every = plain.above(-np.inf, repeats=False)
        some = ahead.above(0.2, repeats=False)
        kept = np.isfinite(some.scores)
        np.testing.assert_array_equal(some.scores[kept], every.scores[some.numbers[kept]])
        assert set(np.flatnonzero(every.scores > 0.2)) <= set(some.numbers[kept].tolist())
        n += int((~kept).sum())
    assert (n == 0) == (few < 0)


def test_a_penalty_or_an_unknown_objective_leaves_all_to_be_scored():
    plain, ahead = both_ways(1, objective_named("iou"), DEFAULT)
    assert len(ahead.above(0.3).scores) < len(plain.above(0.3).scores)
    ahead.space.penalty = 0.9
    assert len(ahead.above(0.3).scores) == len(plain.above(0.3).scores)

    class Own:
        name = "own"
        ratio = OBJECTIVES["iou"].ratio

        def score(self, tp, fp, n_on, n_cells):
            return tp / 100.0

    _, ahead = both_ways(1, Own(), DEFAULT)
    assert len(ahead.above(0.3).scores) == 3 * 6 * 3


def test_what_an_objective_returns_is_not_written_to():
    class Own:
        name = "own"

        def score(self, tp, fp, n_on, n_cells):
            found = tp / (fp + n_on)
            found.flags.writeable = False
            return found

    plain, _ = both_ways(1, Own(), DEFAULT, min_support=5)
    assert np.isneginf(plain.above(0.0, repeats=False).scores).any()


@pytest.mark.parametrize("steps", [*STEPS, ("XOR NOT", "OR NOT", "AND")])
def test_formulas_denote_the_same_exactly_where_their_bits_do(steps):
    """Some are told by how they were made, without their bits."""
    n_told = 0
    for seed in range(12):
        bank, units, _, _ = world(seed, n_concepts=4)
        known = [Step.of(one) for one in steps]
        space = FormulaSpace(
            NumpyEngine(bank, units.on(bank, "u")), objective_named("iou"), known, np.arange(4)
        )
        nodes = [space.atoms().node(i) for i in range(4)]
        for n in (4, 12):
            (part,) = space.expand(nodes[:n], at_once=True)
            children = part.above(-np.inf)
            nodes = [children.node(i) for i in range(len(children.scores))]
            for a in nodes:
                same = [a.denotes_as(b) for b in nodes]
                assert same == [bytes(a.words) == bytes(b.words) for b in nodes]
                n_told += sum(a is not b and a._is_made_as(b) for b in nodes)
    assert n_told > 50


def n_missed(room: float, monkeypatch) -> int:
    """How many formulas score above a floor, by the last digit, and are not above its line."""
    monkeypatch.setattr(lines, "ROUNDING", room)
    dice, missed = np.random.default_rng(0), 0
    for spec in GOALS:
        goal = objective_named(spec)
        for bits in (10, 25, 44, 50):
            n_cells = int(2**bits)
            n_on = int(dice.integers(1, n_cells))
            known = Lines(goal, n_on, n_cells)
            tp = dice.integers(1, n_on + 1, 200)
            fp = dice.integers(0, n_cells - n_on + 1, 200)
            scores = goal.score(tp, fp, n_on, n_cells)
            for i, floor in enumerate(np.nextafter(scores, -1).tolist()):
                line = known.above(floor)
                assert (line is None) == (spec == "mcc")
                if line:
                    missed += not line.worth(float(tp[i]), float(tp[i] + fp[i])) > -line.rest
    return missed


def test_lines_have_room_for_rounding(monkeypatch):
    assert n_missed(lines.ROUNDING, monkeypatch) == 0
    assert n_missed(0.0, monkeypatch) > 100
