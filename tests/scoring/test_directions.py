"""Objectives: in which sense, in which direction, and within which bounds. By brute force."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from logicx.errors import OptionError
from logicx.scoring.objectives import OBJECTIVES, CountObjective, bounds, fbeta, objective_named

NAMES = [*OBJECTIVES, "fbeta(0.3)", "fbeta(2)"]
ROUNDED = ("mcc", "fbeta(0.3)", "fbeta(2)")


def tables():
    """Scores of every pair of counts, `[tp, fp]`, for all units of up to 9 cells."""
    for n in range(1, 10):
        for n_on in range(n + 1):
            tp, fp = np.mgrid[0 : n_on + 1, 0 : n - n_on + 1]
            yield n, n_on, tp, fp


def test_the_formula_predicts_the_unit():
    """Precision is the share of the formula's cells, recall the share of the unit's."""
    tp, fp, n_on, n_cells = 3, 1, 10, 100
    assert objective_named("precision").score(tp, fp, n_on, n_cells) == 3 / 4
    assert objective_named("recall").score(tp, fp, n_on, n_cells) == 3 / 10


@pytest.mark.parametrize("name", NAMES)
def test_directions_hold_for_all_counts(name):
    goal = objective_named(name)
    slack = 1e-12 if name in ROUNDED else 0
    moved = [False, False]
    for n, n_on, tp, fp in tables():
        scores = goal.score(tp, fp, n_on, n)
        for axis, sign in enumerate(goal.directions):
            change = np.diff(scores, axis=axis)
            if sign:
                assert (change * sign >= -slack).all(), (n, n_on, axis)
            else:
                assert (change == 0).all()
            moved[axis] |= bool(change.any())
    assert moved == [sign != 0 for sign in goal.directions]


@pytest.mark.parametrize("name", [one for one in NAMES if one != "mcc"])
def test_directions_hold_exactly_for_exact_ratios(name):
    goal = objective_named(name)
    for n, n_on, tp, fp in tables():
        ratio = goal.ratio(n_on, n)
        exact = {(t, f): ratio.at(t, f) for t, f in zip(tp.flat, fp.flat, strict=True)}
        for (t, f), value in exact.items():
            assert exact.get((t + 1, f), Fraction(9)) >= value
            assert exact.get((t, f + 1), Fraction(0)) <= value


@pytest.mark.parametrize("name", NAMES)
def test_bounds_hold_every_score_in_the_box_and_are_reached(name):
    goal = objective_named(name)
    slack = 1e-12 if name in ROUNDED else 0
    for n, n_on, tp, fp in tables():
        if n > 6:
            break
        scores = goal.score(tp, fp, n_on, n)
        starts_tp, ends_tp = (one.ravel() for one in np.meshgrid(tp[:, 0], tp[:, 0]))
        starts_fp, ends_fp = (one.ravel() for one in np.meshgrid(fp[0], fp[0]))
        kept_tp, kept_fp = starts_tp <= ends_tp, starts_fp <= ends_fp
        boxes_tp = np.array([starts_tp[kept_tp], ends_tp[kept_tp]])
        boxes_fp = np.array([starts_fp[kept_fp], ends_fp[kept_fp]])
        low, high = bounds(goal, *boxes_tp[:, :, None], *boxes_fp[:, None, :], n_on, n)
        assert low.shape == high.shape == (boxes_tp.shape[1], boxes_fp.shape[1])
        for i, (a, b) in enumerate(boxes_tp.T):
            for j, (c, d) in enumerate(boxes_fp.T):
                inside = scores[a : b + 1, c : d + 1]
                assert low[i, j] - slack <= inside.min() <= low[i, j] + slack
                assert high[i, j] - slack <= inside.max() <= high[i, j] + slack


def test_directions_decide_the_corners():
    lift = CountObjective("fp", lambda tp, fp, n_on, n: fp - tp, "", directions=(-1, 1))
    assert [one.item() for one in bounds(lift, 1, 3, 2, 7, 5, 20)] == [-1, 6]
    assert fbeta(3).directions == (1, -1)


def test_objectives_without_directions_have_no_bounds():
    mine = CountObjective("mine", lambda tp, fp, n_on, n: tp * fp, "")
    assert mine.directions is None
    with pytest.raises(OptionError, match="states no directions"):
        bounds(mine, 0, 1, 0, 1, 2, 4)
    with pytest.raises(OptionError, match="states no directions"):
        bounds(type("Mine", (), {"name": "mine", "score": None})(), 0, 1, 0, 1, 2, 4)
