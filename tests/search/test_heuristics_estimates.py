"""Estimates of heuristics against slow ways."""

from __future__ import annotations

import numpy as np
import oracle
import pytest
from guided_worlds import ADMISSIBLE, DEFAULT, FOR_IMAGES, groups_of, space_of, world
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx.language.formula import Concept
from logicx.scoring.objectives import OBJECTIVES, objective_named
from logicx.search.formulas.steps import Step
from logicx.search.heuristics import HEURISTICS
from logicx.search.heuristics.bounds import SLACK, Range, frechet, joined
from logicx.search.heuristics.rectangles import bounding, inscribed, overlap


def chains(one, guided, dice, n):
    """Random formulas of the guided space, as nodes."""
    nodes = []
    for _ in range(n):
        atoms = guided.atoms()
        node = atoms.node(int(dice.integers(len(atoms.scores))))
        for _ in range(int(dice.integers(0, 4))):
            children = guided.estimate([node])
            which = np.array([dice.integers(len(children.estimates))])
            node = children.visit(which).node(0)
        nodes.append(node)
    return nodes


def truth_of(one, formula):
    """IoU by sets of cells."""
    cells = {int(i) for i in np.flatnonzero(one.valid)}
    concepts = {f"c{i}": {int(x) for x in np.flatnonzero(mask)} for i, mask in enumerate(one.masks)}
    fires = {int(x) for x in np.flatnonzero(one.unit)}
    return oracle.counts(formula, concepts, cells, fires)


@pytest.mark.parametrize("name", ADMISSIBLE)
def test_no_admissible_estimate_is_below_the_truth(name):
    for seed in range(40):
        kind = "pixels" if name in FOR_IMAGES else ("pixels", "pairs", "tokens", "rows")[seed % 4]
        one = world(seed, kind, n_concepts=5)
        _, guided = space_of(one, name)
        for node in chains(one, guided, np.random.default_rng(seed), 3):
            estimates = guided.estimate([node]).estimates.reshape(-1, 3)
            for concept, name_c in enumerate(one.bank.names):
                for k, step in enumerate(guided.steps):
                    formula = step.formula(node.formula, Concept(name_c))
                    counts = truth_of(one, formula)
                    truth = counts.tp / (counts.tp + counts.fp + counts.fn)
                    assert estimates[concept, k] >= truth


def slow_estimate(one, name, f, c, step):
    """Estimates as they are published, sample by sample; f and c are masks of all cells."""
    universe = one.bank.universe
    if universe.kind == "rows" or name == "diou-sum":
        groups = [np.arange(universe.n_cells)]
    else:
        groups = groups_of(universe)
    n_on = (one.unit & one.valid).sum()
    hits = size = 0
    held = (one.masks & one.valid).sum(axis=0)
    for cells in groups:
        cells = cells[one.valid[cells]]
        n, left, right = one.unit[cells], f[cells], c[cells]
        i_l, i_r, a_l, a_r = (left & n).sum(), (right & n).sum(), left.sum(), right.sum()
        if name.startswith("diou"):
            parts = []
            for inside in (n, ~n):
                unique = held[cells] == 1
                common = (held[cells] > 1) & inside
                now = {"OR": left | right, "AND": left & right, "AND NOT": left & ~right}[step]
                x, y, room = (left & common).sum(), (right & common).sum(), common.sum()
                low, high = {
                    "OR": (max(x, y), min(x + y, room)),
                    "AND": (max(0, x + y - room), min(x, y)),
                    "AND NOT": (max(0, x - y), min(x, room - y)),
                }[step]
                parts.append(((now & unique & inside).sum(), low, high))
            hits += parts[0][0] + parts[0][2]
            size += parts[0][0] + parts[0][2] + parts[1][0] + parts[1][1]
            continue
        if step == "OR":
            i = min(n.sum(), a_l + a_r) if name.startswith("areas") else min(n.sum(), i_l + i_r)
        elif step == "AND":
            i = min(a_l, a_r) if name.startswith("areas") else min(i_l, i_r)
            i = min(i, n.sum()) if name == "areas-fixed" else i
        else:
            i = min(i_l, n.sum() - i_r)
        hits += i
        if name.startswith("mmesh"):
            size += slow_size(one, cells, left, right, i, step)
    if name.startswith("mmesh"):
        estimate = hits / (n_on + size - hits)
        return round(float(estimate), 4) if name == "mmesh" else estimate
    if name.startswith("diou"):
        return hits / (n_on + size - hits)
    return hits / (n_on - hits) if n_on != hits else np.inf


def slow_size(one, cells, left, right, hits, step):
    _, height, width = one.bank.universe.shape
    boxes = []
    for side in (left, right):
        grid = np.zeros(height * width, bool)
        grid[cells[side] % (height * width)] = True
        grid = grid.reshape(height, width)
        boxes.append((slow_bounding(grid), inscribed(grid[None])[0]))
    meets = slow_overlap(boxes[0][0], boxes[1][0])
    a_l, a_r = left.sum(), right.sum()
    if step == "OR":
        return max(a_l, a_r, a_l + a_r - meets, hits)
    if step == "AND":
        return max(slow_overlap(boxes[0][1], boxes[1][1]), hits)
    return max(a_l - meets, hits)


def slow_bounding(grid):
    rows, columns = np.nonzero(grid)
    if not len(rows):
        return (0, 0, 0, 0)
    return (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)


def slow_overlap(a, b):
    cells = [{(y, x) for y in range(t, bo) for x in range(le, r)} for t, le, bo, r in (a, b)]
    return len(cells[0] & cells[1])


@pytest.mark.parametrize("name", [one for one in HEURISTICS if one not in ("none", "bounds")])
def test_estimates_are_as_defined(name):
    for seed in range(24):
        kind = "pixels" if name in FOR_IMAGES else ("pixels", "pairs", "tokens", "rows")[seed % 4]
        one = world(seed, kind, n_concepts=4)
        _, guided = space_of(one, name)
        for node in chains(one, guided, np.random.default_rng(seed), 2):
            f = one.bank.cells(node.mask)
            estimates = guided.estimate([node]).estimates.reshape(-1, 3)
            for concept, mask in enumerate(one.masks):
                for k, step in enumerate(DEFAULT):
                    slow = slow_estimate(one, name, f, mask & one.valid, step)
                    assert estimates[concept, k] == slow, (seed, concept, step)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**6))
def test_rectangles_are_the_smallest_around_and_a_largest_within(seed):
    dice = np.random.default_rng(seed)
    height, width = dice.integers(1, 7, 2)
    masks = dice.random((5, height, width)) < dice.choice([0, 0.5, 0.8, 0.95, 1])
    around, within = bounding(masks), inscribed(masks)
    for mask, box, inner in zip(masks, around, within, strict=True):
        assert tuple(box) == slow_bounding(mask)
        top, left, bottom, right = inner
        assert mask[top:bottom, left:right].all()
        largest = max(
            (b - t) * (r - le)
            for t in range(height)
            for b in range(t, height + 1)
            for le in range(width)
            for r in range(le, width + 1)
            if mask[t:b, le:r].all()
        )
        assert (bottom - top) * (right - left) == largest
    for a in (*around, *within):
        assert overlap(a[None], around).tolist() == [slow_overlap(a, b) for b in around]


def test_ranges_of_joined_sets_are_sharp():
    """Against all ways in which sets of these sizes can lie."""
    n = 5
    for text in ("OR", "AND", "AND NOT", "XOR", "OR NOT", "XOR NOT"):
        step = Step.of(text)
        for low in range(n + 1):
            for high in range(low, n + 1):
                for c in range(n + 1):
                    sizes = [
                        step.count(n, f, c, both)
                        for f in range(low, high + 1)
                        for both in range(max(0, f + c - n), min(f, c) + 1)
                    ]
                    found = joined(step, n, Range(low, high), np.array([c]))
                    assert (found.low[0], found.high[0]) == (min(sizes), max(sizes))
    assert [int(one) for one in frechet(4, 3, 5)] == [2, 3]


@pytest.mark.parametrize("goal", [*OBJECTIVES, "fbeta(0.3)", "fbeta(2)"])
def test_objectives_grow_with_tp_and_fall_with_fp(goal):
    score = objective_named(goal).score
    for n_on, n_off in ((1, 1), (3, 7), (12, 5), (40, 60)):
        tp, fp = np.arange(n_on + 1)[:, None], np.arange(n_off + 1)[None]
        table = score(tp, fp, n_on, n_on + n_off)
        assert (np.diff(table, axis=0) >= -SLACK).all()
        assert (np.diff(table, axis=1) <= SLACK).all()
