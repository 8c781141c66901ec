"""The beam against a slow way, over formulas and over anything."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searched_worlds import DEFAULT, Numbers, plain_beam, searched, world

from logicx import ConceptBank, Units, explain, format_formula, parse, score
from logicx.scoring.objectives import OBJECTIVES, objective_named
from logicx.search.beam import Beam


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6),
    st.integers(1, 5),
    st.integers(1, 12),
    st.sampled_from([*OBJECTIVES, "fbeta(0.5)", "fbeta(2)"]),
    st.sampled_from([DEFAULT, ("OR", "XOR"), ("AND NOT", "OR NOT", "XOR NOT")]),
    st.sampled_from(["meaning", "none"]),
    st.booleans(),
    st.sampled_from([1, 7]),
)
def test_the_beam_equals_the_slow_way(seed, length, width, spec, steps, dedupe, absent, repeats):
    bank, units, masks, unit = world(seed, repeats=repeats)
    goal = objective_named(spec)
    slow = plain_beam(masks, unit, goal, width, length, steps, dedupe == "meaning", absent)
    fast = searched(bank, units, goal, width, length, steps, dedupe, absent)
    assert len(fast) == len(slow)
    for mine, theirs in zip(fast, slow, strict=True):
        assert [one.score for one in mine] == [one[0] for one in theirs]
        assert [one.node.formula for one in mine] == [parse(one[1]) for one in theirs]


@pytest.mark.parametrize("packing", [1 << 26, 1, "n + 1", "2n + 1"])
def test_both_ways_to_sum_rows_agree(packing, monkeypatch):
    """With counts too large to share a float64, two passes are made; the result is the same."""
    for seed in range(10):
        bank, units, masks, unit = world(seed)
        n = bank.n_valid
        limit = {"n + 1": n + 1, "2n + 1": 2 * n + 1}.get(packing, packing)
        monkeypatch.setattr("logicx.engines.numpy_engine.PACKING", limit)
        slow = plain_beam(masks, unit, objective_named("iou"), 5, 4, DEFAULT, True)
        fast = searched(bank, units, objective_named("iou"), 5, 4, DEFAULT)
        texts = [[format_formula(one.node.formula) for one in level] for level in fast]
        assert texts == [[format_formula(parse(one[1])) for one in level] for level in slow]


def test_a_beam_without_bound_is_exhaustive():
    """With room for everything, the best chain of each length is found."""
    for seed in range(5):
        bank, units, masks, unit = world(seed, n_concepts=4, n_cells=40)
        best = {1: 0.0, 2: 0.0, 3: 0.0}
        layer = {mask.tobytes(): mask for mask in masks}
        for length in best:
            if length > 1:
                layer |= {
                    new.tobytes(): new
                    for f in list(layer.values())
                    for c in masks
                    for new in (f | c, f & c, f & ~c)
                }
            best[length] = max((f & unit).sum() / (f | unit).sum() for f in layer.values())
        for length, wanted in best.items():
            (found,) = explain(bank, units, length=length, beam=10_000, literals=False)
            assert found.score == wanted


def test_the_same_beam_searches_arithmetic():
    result = Beam(width=8, length=4).search(Numbers(100))
    best = result.levels[-1][0]
    assert (best.node.value, best.node.text, best.node.length) == (100, "(((7*7)*2)+2)", 4)
    assert result.levels[0][0].node.value == 7
    values = [one.node.value for one in result.levels[-1]]
    assert len(values) == len(set(values)) == 8
    repeated = Beam(width=8, length=4, dedupe="none").search(Numbers(100))
    values = [one.node.value for one in repeated.levels[-1]]
    assert len(set(values)) < len(values)


def test_the_beam_stops_when_nothing_changes():
    result = Beam(width=2, length=50).search(Numbers(7))
    assert len(result.levels) == 50
    assert result.levels[-1][0].node.text == "7"
    assert result.n_scored < 3 + 6 * 2 * 10


@pytest.mark.parametrize("length", [1, 3, 5])
def test_the_papers_code_to_the_last_digit(reference_bank, reference_units, shared, length):
    """All 24 runs of the paper's published search: same formula, same float64."""
    bank, units = reference_bank, reference_units
    rows = json.loads((shared / "reference/compexp_nli/results.json").read_text())["results"]
    wanted = {
        row["unit"]: (row["formula"], row["iou_repr"]) for row in rows if row["length"] == length
    }
    assert len(wanted) == 8
    found = {
        one.unit: one for one in explain(bank, units, length=length, beam=10, preset="compexp")
    }
    for unit, (formula, iou) in wanted.items():
        mine = found[unit]
        assert mine.formula == parse(formula)
        assert _with_parentheses(mine.formula) == formula
        assert repr(mine.score) == iou
        again = score(formula, bank, units, unit)
        assert (again.score, again.counts) == (mine.score, mine.counts)


def _with_parentheses(formula):
    """As the paper's code prints: everything but names in parentheses."""
    from logicx.language.formula import fold

    def apply(node, args):
        inside = f" {node.operator} ".join(args) if len(args) > 1 else f"{node.operator} {args[0]}"
        return f"({inside})"

    return fold(formula, lambda concept: concept.name, apply)


def test_on_real_data_the_beam_equals_the_slow_way(reference_bank, reference_units):
    bank, units = reference_bank, reference_units
    masks = np.array([bank.cells(bank_row) for bank_row in _rows(bank)])[:300]
    small = ConceptBank.from_masks(masks, [f"c{i}" for i in range(300)])
    for name in ("incorrect", "rp00", "rp03"):
        cells = np.zeros(small.universe.n_cells, bool)
        on = units.on(bank, name) > 0
        cells[bank.cells(on)] = True
        unit = Units.from_masks(cells[None], ["u"])
        slow = plain_beam(masks, cells, objective_named("iou"), 5, 3, DEFAULT, True)
        fast = searched(small, unit, objective_named("iou"), 5, 3, DEFAULT)
        assert [one.score for one in fast[-1]] == [one[0] for one in slow[-1]]
        assert [one.node.formula for one in fast[-1]] == [parse(one[1]) for one in slow[-1]]


def _rows(bank):
    from logicx.banks.bits import unpack

    return unpack(bank.packed, bank.n_signatures)
