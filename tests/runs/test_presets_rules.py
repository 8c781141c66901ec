"""Each rule of a preset by itself: what it changes, and what it does not."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from preset_worlds import World

from logicx import ConceptBank, Units, canonical, explain, run_journal
from logicx.engines.numpy_engine import NumpyEngine
from logicx.errors import DataError
from logicx.runs.presets import EVER, PRESETS
from logicx.scoring.objectives import IoU, objective_named
from logicx.search.beam import Beam
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import DEFAULT_STEPS, Step


def beams(rule, width=3, length=4, n_worlds=40, **options):
    """The beams of many random worlds, by the default rules but for one of the beam's or space's.

    Returns: for each world the levels, [(score, formula)], and how many formulas were scored.
    """
    out = []
    for seed in range(n_worlds):
        world = World(seed)
        engine = NumpyEngine(world.bank, world.units.on(world.bank, "u"))
        goal = objective_named("iou")
        steps = [Step.of(one) for one in DEFAULT_STEPS]
        space = FormulaSpace(engine, goal, steps, np.arange(world.bank.n_concepts), **options)
        result = Beam(width, length, **{"dedupe": "order", **rule}).search(space)
        levels = [[(one.score, one.node.formula) for one in level] for level in result.levels]
        out.append((levels, result.n_scored))
    return out


def test_first_factor_widens_the_first_beam_only():
    narrow, wide = beams({}), beams({"first_factor": 2})
    for (one, n_one), (other, n_other) in zip(narrow, wide, strict=True):
        assert [len(level) for level in one] == [3, 3, 3, 3]
        assert [len(level) for level in other] == [6, 3, 3, 3]
        assert other[0][:3] == one[0]
        assert n_other > n_one
    masks = np.array([[1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1]], bool)
    bank = ConceptBank.from_masks(masks, ["part", "broad", "rest"])
    units = Units.from_masks(np.array([[1, 1, 1, 1, 0, 0, 0]], bool))
    formulas = {
        preset: [
            str(one.formula)
            for one in explain(bank, units, preset=preset, beam=1, length=2, literals=False)
        ]
        for preset in ("default", "cce", "optimal")
    }
    assert formulas == {
        "default": ["part"],
        "cce": ["broad AND NOT rest"],
        "optimal": ["broad AND NOT rest"],
    }


def test_starts_with_zeros_or_not():
    """A beam with room goes on from concepts that score nothing."""
    with_zeros, without = beams({}, 50, 2), beams({"starts_with_zeros": False}, 50, 2)
    assert any(levels[0][-1][0] == 0 for levels, _ in with_zeros)
    for (one, _), (other, _) in zip(with_zeros, without, strict=True):
        assert other[0] == [(score, formula) for score, formula in one[0] if score > 0]
    assert [one[1:] for one, _ in with_zeros] != [one[1:] for one, _ in without]


def test_expands_all_or_the_newest():
    """It saves work; where equals are dropped, it loses nothing."""
    every, newest = beams({}), beams({"expands": "newest"})
    assert [one for one, _ in every] == [one for one, _ in newest]
    for (levels, n_scored), (_, n_all) in zip(newest, every, strict=True):
        grown = [sum(one.n_atoms == n for _, one in level) for n, level in enumerate(levels, 1)]
        assert n_scored == 7 + sum(grown[:-1]) * 7 * 3 <= n_all
    assert sum(n for _, n in newest) < sum(n for _, n in every)
    rule = {"dedupe": "none"}
    assert beams(rule, 5) != beams({**rule, "expands": "newest"}, 5)


def test_a_beam_stops_where_nothing_is_new():
    """The best concept is the unit itself: nothing longer is better, and nothing is expanded."""
    bank = ConceptBank.from_masks(np.eye(4, dtype=bool), list("abcd"))
    units = Units.from_masks(np.eye(4, dtype=bool)[:1])
    for preset in PRESETS:
        (one,) = explain(bank, units, length=50, beam=1, preset=preset, literals=False)
        assert (str(one.formula), one.score, len(one.by_length)) == (
            "a",
            one.by_length[0].score,
            50,
        )
        assert one.n_scored <= 4 + 2 * 4 * 3


def repeats(formula):
    """Whether the last concept of a chain is in it already, and whether it is negated."""
    negated, last = False, formula.args[1]
    if last.__class__.__name__ == "Apply":
        negated, last = True, last.args[0]
    return str(last) in str(formula.args[0]).replace("(", " ").replace(")", " ").split(), negated


@pytest.mark.parametrize("distinct", [(0, 0), (3, 0), (0, 3), (EVER, EVER)])
def test_distinct_keeps_concepts_from_being_added_again(distinct):
    made = Counter()
    for levels, _ in beams({"dedupe": "none"}, width=8, distinct=distinct):
        for level in levels[1:]:
            for _, formula in level:
                if formula.n_atoms > 1:
                    is_repeated, is_negated = repeats(formula)
                    made[formula.n_atoms <= 3, is_negated] += is_repeated
    for is_short in (True, False):
        for is_negated in (True, False):
            limit = distinct[is_negated]
            may_repeat = limit < EVER and not (is_short and limit == 3)
            assert bool(made[is_short, is_negated]) == may_repeat, (is_short, is_negated)


def test_order_is_what_the_form_is_but_that_repetitions_stay():
    kinds = {kind: beams({"dedupe": kind}, width=8) for kind in ("none", "order", "form")}
    for kind, found in kinds.items():
        keys = [[canonical(one) for _, one in levels[-1]] for levels, _ in found]
        n_same = sum(len(one) - len(set(one)) for one in keys)
        assert (n_same == 0) == (kind == "form")
        kinds[kind] = n_same
    assert kinds["none"] > kinds["order"] > 0


def test_how_iou_is_computed():
    assert IoU()(1, 1, 1, 9) == 0.5
    assert IoU(epsilon=1e-10)(1, 1, 1, 9) == 1 / (2 + 1e-10) != 0.5
    assert IoU(is_single=True)(1, 2, 1, 9) == np.float32(1) / np.float32(3)
    big = 1 << 24
    assert IoU(is_single=True)(big, 0, big, 9) == IoU(is_single=True)(big, 1, big, 9)
    assert IoU()(big, 0, big, 9) != IoU()(big, 1, big, 9)
    for one in (IoU(), IoU(1e-10), IoU(is_single=True)):
        assert one(0, 0, 0, 9) == 0
    world = World(6)
    scores = {name: world.levels(name, 3, 1)[0][0][0] for name in PRESETS}
    assert scores["default"] == scores["compexp"] == scores["optimal"]
    assert scores["compexp-vision"] != scores["default"]
    assert scores["cce"] == float(np.float32(scores["default"])) != scores["default"]
    (one,) = explain(world.bank, world.units, preset="cce", objective="precision")
    assert one.score == one.precision


def test_a_beam_that_begins_empty_skips_the_unit_and_says_why(tmp_path):
    bank = ConceptBank.from_masks([[1, 0, 0, 0], [0, 1, 0, 0]], ["a", "b"])
    units = Units.from_masks([[0, 0, 1, 1], [1, 0, 0, 0]], ["apart", "a"])
    for preset, rules in PRESETS.items():
        for engine in ("numpy", "auto"):
            plan = explain(bank, units, preset=preset, engine=engine)
            names = [one.unit for one in plan]
            if rules.starts_with_zeros:
                assert (names, plan.skipped) == (["apart", "a"], [])
                continue
            assert names == ["a"]
            assert [one.unit for one in plan.skipped] == ["apart"]
            assert f"preset={preset} begins with those that do" in plan.skipped[0].reason
    rows = run_journal(explain(bank, units, preset="cce"), tmp_path / "run.jsonl")
    assert [row["unit"] for row in rows if "skipped" in row] == ["apart"]
    with pytest.raises(DataError, match="'apart' cannot be explained: no concept scores above 0"):
        list(explain(bank, units, unit="apart", preset="optimal"))


def test_the_compiled_beam_may_begin_empty():
    pytest.importorskip("numba")
    bank = ConceptBank.from_masks([[1, 0, 0, 0], [0, 1, 0, 0]], ["a", "b"])
    units = Units.from_masks([[0, 0, 1, 1], [1, 0, 0, 0]], ["apart", "a"])
    plan = explain(bank, units, preset="compexp-vision", engine="numba", length=5)
    assert ([one.unit for one in plan], plan.engine) == (["a"], "numba")
    assert [one.unit for one in plan.skipped] == ["apart"]


def test_skips_apart_leaves_out_what_pairs_of_concepts_show_to_be_useless():
    """`a AND NOT b` where they never meet is `a` again, and takes a place of the beam."""
    free, strict = beams({}, width=6), beams({}, width=6, skips_apart=True)
    assert free != strict
    for seed, (levels, n_scored) in enumerate(strict):
        world = World(seed)
        meets = (world.masks[:, None] & world.masks).any(2)
        assert n_scored < free[seed][1] or meets.all()
        for _, formula in levels[1]:
            if formula.n_atoms == 2 and formula.operator == "AND":
                a, b = (int(str(one).split("c")[-1]) for one in formula.args)
                assert meets[a, b]


def test_counts_remade_lets_what_is_kept_take_places():
    """Length 4: formulas that are made again crowd out new ones, so the beam may be worse."""
    free = beams({}, 5, 4, n_worlds=60)
    crowded = beams({"counts_remade": True}, 5, 4, n_worlds=60)
    assert [one[:2] for one, _ in free] == [one[:2] for one, _ in crowded]
    scores = [tuple(score for score, _ in one[2]) for found in (free, crowded) for one, _ in found]
    assert all(a >= b for a, b in zip(scores[:60], scores[60:], strict=True))
    assert scores[:60] != scores[60:]
