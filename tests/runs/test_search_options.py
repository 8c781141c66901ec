"""Every option of explain changes something."""

from __future__ import annotations

import json

import numpy as np
import pytest
from searched_worlds import DEFAULT, run, searched, world

from logicx import ConceptBank, Units, canonical, explain, format_formula, score
from logicx.errors import DataError, OptionError, UniverseError, UnknownUnit
from logicx.scoring.objectives import OBJECTIVES, objective_named
from logicx.scoring.score import best_single
from logicx.search.formulas.steps import DEFAULT_STEPS, Step


def test_length_and_by_length():
    found = run(seed=0, length=4, literals=False)
    assert [one.formula.n_atoms for one in found.by_length] == [1, 2, 3, 4]
    scores = [one.score for one in found.by_length]
    assert scores == sorted(scores)
    assert scores[0] == found.best_single.score < scores[-1] == found.score
    assert run(seed=0, length=1, literals=False).formula == found.best_single.formula


def test_beam_changes_what_is_found():
    narrow = [run(seed=seed, beam=1, length=4).score for seed in range(30)]
    wide = [run(seed=seed, beam=30, length=4).score for seed in range(30)]
    assert all(a <= b for a, b in zip(narrow, wide, strict=True))
    assert narrow != wide


def test_preset_changes_the_operands():
    """A concept that never meets the unit helps under AND NOT, unless the preset forbids it."""
    masks = np.array([[1, 1, 1, 1, 0], [0, 0, 1, 1, 0]], bool)
    bank = ConceptBank.from_masks(masks, ["water", "blue"])
    units = Units.from_masks(np.array([[1, 1, 0, 0, 0]], bool))
    (ours,) = explain(bank, units, length=2)
    (theirs,) = explain(bank, units, length=2, preset="compexp")
    assert format_formula(ours.formula) == "water AND NOT blue"
    assert (ours.score, theirs.score, str(theirs.formula)) == (1.0, 0.5, "water")


def test_objective_and_steps_change_the_formula():
    assert run(objective="recall").formula != run(objective="precision").formula
    assert "XOR" in str(run(steps=["XOR"]).formula)
    only_or = run(steps=["OR"], length=3)
    assert "AND" not in str(only_or.formula)


def test_penalty_shortens_and_counts_not_as_the_paper_does():
    free, dear = run(length=5), run(length=5, penalty=0.8)
    assert dear.length < free.length
    found = run(length=5, penalty=0.97)
    n_not = str(found.formula).count("NOT")
    assert found.score == pytest.approx(found.iou * 0.97 ** (found.length - 1), rel=1e-12)
    paper = run(length=5, penalty=0.97, preset="compexp", steps=["AND NOT"])
    n_not = str(paper.formula).count("NOT")
    assert n_not > 0
    expected = paper.iou * 0.97 ** (paper.length + n_not - 1)
    assert paper.score == pytest.approx(expected, rel=1e-12)


def test_min_active_skips_and_says_so():
    masks = np.array([[1, 1, 0, 0], [0, 1, 1, 0]], bool)
    bank = ConceptBank.from_masks(masks, ["a", "b"])
    units = Units.from_masks(np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0]], bool))
    plan = explain(bank, units, min_active=2)
    assert [one.unit for one in plan] == ["2"]
    assert [one.unit for one in plan.skipped] == ["0", "1"]
    assert "never fires" in plan.skipped[0].reason
    assert "fewer than min_active=2" in plan.skipped[1].reason
    with pytest.raises(DataError, match="never fires"):
        list(explain(bank, units, unit="0"))
    plan = explain(bank, units, unit=["0", "2"])
    assert ([one.unit for one in plan], [one.unit for one in plan.skipped]) == (["2"], ["0"])
    with pytest.raises(DataError, match="never fires"):
        score("a", bank, units, unit=0)


def test_units_are_chosen_by_name_or_number():
    bank, _, _, unit = world(1)
    full = np.zeros((2, bank.universe.n_cells), bool)
    full[:, bank.of_cell >= 0] = [unit, ~unit]
    units = Units.from_masks(full, ["on", "off"])
    assert [one.unit for one in explain(bank, units, unit=["off", 0])] == ["off", "on"]
    assert [one.unit for one in explain(bank, units)] == ["on", "off"]
    with pytest.raises(UnknownUnit):
        explain(bank, units, unit="of")


def test_dedupe_by_form_keeps_mirror_images_apart_from_none():
    bank, units, _, _ = world(5)
    goal = objective_named("iou")
    levels = {
        kind: searched(bank, units, goal, 10, 3, DEFAULT, kind)[-1]
        for kind in ("meaning", "form", "none")
    }
    forms = [canonical(one.node.formula) for one in levels["none"]]
    assert len(set(forms)) < len(forms)
    forms = [canonical(one.node.formula) for one in levels["form"]]
    assert len(set(forms)) == len(forms)
    meanings = [one.node.meaning for one in levels["form"]]
    assert len(set(meanings)) < len(meanings)
    meanings = [one.node.meaning for one in levels["meaning"]]
    assert len(set(meanings)) == len(meanings)


def test_dedupe_is_an_option_and_follows_the_preset():
    kinds = {run(length=2, dedupe=one).settings["dedupe"] for one in ("meaning", "form", "none")}
    assert kinds == {"meaning", "form", "none"}
    assert run().settings["dedupe"] == "meaning"
    assert run(preset="compexp").settings["dedupe"] == "none"
    found = {one: run(seed=2, length=5, beam=2, dedupe=one).score for one in ("meaning", "none")}
    assert found["meaning"] > found["none"]


def test_whole_numbers_of_numpy_and_steps_as_text_are_fine():
    bank, units, _, _ = world(3, n_concepts=8)
    wanted = run(length=2, beam=4, steps=["OR", "AND NOT"])
    (found,) = explain(
        bank, units, unit=np.int64(0), length=np.int64(2), beam=np.int32(4), steps="or, and  not,or"
    )
    assert (found.formula, found.settings) == (wanted.formula, wanted.settings)
    json.dumps(found.as_dict())


def test_n_scored_and_settings_say_what_was_done():
    bank, units, _, _ = world(2)
    (found,) = explain(bank, units, length=2, beam=3, literals=False)
    assert found.n_scored == bank.n_concepts + 3 * bank.n_concepts * 3
    assert found.settings["bank"] == bank.content
    assert found.settings["units"] == units.content
    assert json.loads(json.dumps(found.as_dict()))["counts"]["tp"] == found.counts.tp


def test_the_best_single_concept_is_the_search_of_length_one():
    for seed in range(20):
        bank, units, _, _ = world(seed)
        for spec in OBJECTIVES:
            (found,) = explain(bank, units, length=1, objective=spec, literals=False)
            single = best_single(bank, units.on(bank, "u"), objective_named(spec))
            assert (single.formula, single.score) == (found.formula, found.score)
            assert single.counts == found.counts


@pytest.mark.parametrize(
    "options",
    [
        {"length": 0},
        {"length": -3},
        {"length": 2.5},
        {"beam": 0},
        {"preset": "nope"},
        {"objective": "nope"},
        {"objective": "fbeta(-1)"},
        {"objective": "fbeta(1e)"},
        {"penalty": 0},
        {"penalty": 1.5},
        {"steps": []},
        {"steps": ["ATLEAST"]},
        {"steps": ["OR OR"]},
        {"steps": " , "},
        {"dedupe": "some"},
        {"objective": None},
        {"min_active": 0},
    ],
)
def test_options_that_mean_nothing_are_refused_before_the_search(options):
    bank, units, _, _ = world(0)
    with pytest.raises(OptionError):
        explain(bank, units, **options)


def test_units_of_other_cells_are_refused():
    bank, _, _, _ = world(0)
    units = Units.from_masks(np.ones((1, 3), bool))
    with pytest.raises(UniverseError, match=r"90 rows.*3 cells"):
        explain(bank, units)


def test_steps_follow_from_truth_tables():
    for text in ("OR", "AND", "AND NOT", "XOR", "OR NOT", "XOR NOT"):
        step = Step.of(text)
        f, c, full = (np.array([x], np.uint64) for x in (0b0011, 0b0101, 0b1111))
        combined = int(step.combine(f, c, full)[0])
        size = step.all * 4 + step.f * 2 + step.c * 2 + step.both * 1
        assert bin(combined).count("1") == size
        assert DEFAULT_STEPS == DEFAULT


def test_what_is_no_bank_and_no_units_is_told():
    bank, units, masks, _ = world(1)
    for call in (explain, lambda *given: score("c0", *given, 0)):
        for given, message in (
            ((units, bank), "bank must be a ConceptBank, not a Units"),
            ((bank, masks), "units must be a Units, not a ndarray"),
        ):
            with pytest.raises(OptionError, match=message):
                call(*given)
