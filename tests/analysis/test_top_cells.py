"""The table of a run: the right units and cells, held against a slow way; and its errors."""

from __future__ import annotations

import numpy as np
import pytest
from finished_runs import NAMES, N, World, world  # noqa: F401, fixtures

from logicx import Units, explain, open_units, parse, run_journal
from logicx.analysis.top_cells import unit_table
from logicx.errors import DataError, JournalError, LogicxError, OptionError


def holds(formula, masks) -> np.ndarray:
    """By Python's own `and`, `or` and `not`."""
    text = str(formula).replace("AND", "and").replace("OR", "or").replace("NOT", "not")
    rows = [dict(zip(NAMES, column, strict=True)) for column in masks.T.tolist()]
    return np.array([eval(text, {}, row) for row in rows])


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("threshold", ["positive", "quantile(0.2)", "ranges(2)"])
@pytest.mark.parametrize("seed", [0, 1])
def test_cells_and_counts_are_those_of_a_slow_way(tmp_path, dtype, threshold, seed):
    world = World(tmp_path, dtype=dtype, threshold=threshold, seed=seed)
    rows = {row["unit"]: row for row in world.journal if "skipped" not in row}
    found = world.table(limit=0, cells=9)
    assert len(found) == len(rows) >= 5
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    for one in found:
        row = rows[one.unit]
        assert (one.formula, one.score) == (row["formula"], row["score"])
        acts = world.acts[int(one.unit[1])].tolist()
        mask = world.units.mask(one.unit)
        fires = [i for i in range(N) if world.valid[i] and mask[i]]
        expected = sorted(fires, key=lambda i: (-acts[i], i))[:9]
        assert [cell.cell for cell in one.cells] == expected
        assert [cell.activation for cell in one.cells] == [acts[i] for i in expected]
        is_true = holds(parse(one.formula), world.masks)
        assert [cell.holds for cell in one.cells] == [is_true[i] for i in expected]
        on = mask & world.valid
        both, either = is_true & on, (is_true | on) & world.valid
        assert one.iou == pytest.approx(both.sum() / either.sum())
        assert one.n_on == on.sum()
        assert one.share_on == on.sum() / world.valid.sum()
        single = world.masks[NAMES.index(one.best_single)] & world.valid
        assert one.best_single_iou == pytest.approx((single & on).sum() / (single | on).sum())
        for cell in one.cells:
            assert cell.text == {
                "premise": f"t{2 * cell.cell}",
                "hypothesis": f"t{2 * cell.cell + 1}",
            }


def test_units_on_file_tell_their_masks(world):
    for i, name in enumerate(world.units.names):
        assert (world.units.mask(name) == (world.acts[i] > 0)).all()
    assert world.units.has_masks


def test_options_choose_units_lengths_and_cells(world):
    assert [one.unit for one in world.table(unit=["n5", "n0"])] == ["n5", "n0"]
    assert len(world.table(limit=2)) == 2
    assert world.table(limit=2) == world.table(limit=0)[:2]
    assert {len(one.cells) for one in world.table(cells=0)} == {0}
    long, short = (world.table(limit=0, length=n) for n in (None, 1))
    assert any("AND" in one.formula or "OR" in one.formula for one in long)
    for one in short:
        assert one.formula == one.best_single or one.formula.startswith("NOT ")
        assert one.iou >= one.best_single_iou
    scores = {one.unit: one.score for one in long}
    assert all(one.score <= scores[one.unit] for one in short)
    assert [one.score for one in short] == sorted((one.score for one in short), reverse=True)


def test_a_length_equals_a_run_of_that_length(world, tmp_path):
    plan = explain(world.bank, world.units, length=2, beam=4)
    two = run_journal(plan, tmp_path / "two.jsonl")
    own = list(unit_table(two, world.bank, world.units, limit=0))
    assert own == world.table(limit=0, length=2)


def test_tokens_are_shown_in_their_document(tmp_path):
    world = World(tmp_path, "tokens")
    ends = [0, 40, 41, 100, N]
    seen = set()
    for one in world.table(limit=0, cells=40, context=3):
        for cell in one.cells:
            i = cell.cell
            first, end = max(e for e in ends if e <= i), min(e for e in ends if e > i)
            assert cell.text["before"] == " ".join(world.texts[max(first, i - 3) : i])
            assert cell.text["token"] == world.texts[i]
            assert cell.text["after"] == " ".join(world.texts[i + 1 : min(end, i + 4)])
            seen.add((i == first, i == end - 1))
    assert len(seen) >= 3
    assert world.table(context=0)[0].cells[0].text["before"] == ""


def test_tokens_that_bring_their_own_blanks_are_joined_as_they_are(tmp_path):
    world = World(tmp_path, "tokens")
    texts = [" the" if i % 3 else "un" for i in range(N)]
    bank = world.with_texts(world.bank.universe, texts, 1)
    run_ = run_journal(explain(bank, world.units, unit=["n0", "n1"]), tmp_path / "own.jsonl")
    cell = next(one for row in unit_table(run_, bank, world.units) for one in row.cells if one.cell)
    parts = cell.text
    assert set(
        (parts["before"] + parts["token"] + parts["after"]).replace("un", " the").split()
    ) == {"the"}
    assert "  " not in parts["before"] + parts["after"]


def test_units_without_activations_are_refused(world, tmp_path):
    masks = Units.from_masks(world.acts > 0, world.units.names, universe=world.bank.universe)
    other = run_journal(explain(world.bank, masks), tmp_path / "m.jsonl")
    with pytest.raises(DataError, match="activations were not kept"):
        list(unit_table(other, world.bank, masks))


def test_a_run_of_other_inputs_is_refused(world, tmp_path):
    other = World(tmp_path_of(tmp_path), seed=1)
    with pytest.raises(JournalError, match="made on another bank"):
        list(unit_table(world.journal, other.bank, world.units))
    with pytest.raises(JournalError, match=r"made on other units .* at the threshold positive"):
        list(unit_table(world.journal, world.bank, other.units))
    cut = open_units(tmp_path / "a.units", "quantile(0.1)")
    with pytest.raises(JournalError, match=r"at the threshold quantile\(0.1\)"):
        list(unit_table(world.journal, world.bank, cut))


def tmp_path_of(folder):
    made = folder / "other"
    made.mkdir()
    return made


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"limit": -1}, OptionError, "limit must be at least 0"),
        ({"cells": -1}, OptionError, "cells must be at least 0"),
        ({"context": -1}, OptionError, "context must be at least 0"),
        ({"length": 0}, OptionError, "length must be at least 1"),
        ({"unit": ["nope"]}, LogicxError, "no unit 'nope'"),
        ({"unit": ["n3"]}, DataError, "'n3' was skipped in this run: it never fires"),
        (
            {"outputs": {"pred": ["x"] * (N - 1)}},
            DataError,
            r"outputs have 129 rows \(pred\).* 130 pairs",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(world, options, error, message):
    with pytest.raises(error, match=message):
        world.table(**options)
