"""only, exclude and operators: which concepts and operators take part in a search."""

from __future__ import annotations

import json

import numpy as np
import pytest

from logicx import ConceptBank, Units, explain, run_journal
from logicx.cli import run
from logicx.errors import LogicxError, OptionError
from logicx.language.formula import Concept
from logicx.scoring.counts import evaluate

NAMES = ["pre:sit", "hyp:sit", "hyp:sleep", "red", "blue", "pre:[x"]
CATEGORIES = ["pre", "hyp", "hyp", "color", "color", "pre"]


@pytest.fixture(scope="module")
def world():
    dice = np.random.default_rng(4)
    masks = dice.random((6, 300)) < 0.3
    unit = (masks[0] | masks[3]) & ~masks[2] ^ (dice.random(300) < 0.05)
    neighbors = {"NEIGHBORS": {"hyp:sit": ["hyp:sleep", "red"], "red": ["blue"]}}
    bank = ConceptBank.from_masks(masks, NAMES, categories=CATEGORIES, relations=neighbors)
    return bank, Units.from_masks(unit[None], ["u"])


def sub_bank(bank, names):
    """A bank of its own, of these concepts alone."""
    holds = [evaluate(Concept(name), bank)[bank.of_cell] for name in names]
    return ConceptBank.from_masks(np.array(holds), names)


@pytest.mark.parametrize("strategy", ["beam", "optimal", "exhaustive"])
@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"only": "hyp:*"}, ["hyp:sit", "hyp:sleep"]),
        ({"only": "hyp:*, category:color"}, ["hyp:sit", "hyp:sleep", "red", "blue"]),
        ({"only": ["category:c*"]}, ["red", "blue"]),
        ({"only": "pre:[x"}, ["pre:[x"]),
        ({"exclude": "red"}, ["pre:sit", "hyp:sit", "hyp:sleep", "blue", "pre:[x"]),
        ({"only": "*:sit", "exclude": "category:hyp"}, ["pre:sit"]),
    ],
)
def test_a_search_is_that_of_a_bank_of_the_others_alone(world, strategy, options, left):
    if strategy == "optimal":
        pytest.importorskip("numba")
    bank, units = world
    (found,) = explain(bank, units, strategy=strategy, atoms="concepts", **options)
    (alone,) = explain(sub_bank(bank, left), units, strategy=strategy)
    assert (str(found.formula), found.score, found.counts) == (
        str(alone.formula),
        alone.score,
        alone.counts,
    )
    assert (found.best_single, found.bound) == (alone.best_single, alone.bound)
    (whole,) = explain(bank, units, strategy=strategy, atoms="concepts")
    assert whole.formula != found.formula


def test_atoms_go_with_the_concepts_that_they_are_written_with(world):
    bank, units = world
    plan = explain(bank, units, strategy="exhaustive", only="hyp:sit, blue", length=1)
    assert "2 concepts and 1 atoms by NEIGHBORS (only hyp:sit, blue)" in plan[0].space
    plan = explain(bank, units, strategy="exhaustive", exclude="hyp:sit", length=1)
    assert "5 concepts and 1 atoms by NEIGHBORS (without hyp:sit)" in plan[0].space


def test_it_goes_with_a_least_support(world):
    bank, units = world
    least = int(bank.count[bank.number("red")]) + 1
    plan = explain(bank, units, strategy="exhaustive", only="red, blue", min_atom_support=least)
    assert "hold at" in plan[0].space
    assert ("red" in str(plan[0].formula)) is False


def test_journals_note_the_choice(world, tmp_path):
    bank, units = world
    assert not {"only", "exclude", "operators"} & set(explain(bank, units).settings)
    options = {"only": "*:s*", "exclude": ["hyp:sleep"], "operators": "and, or"}
    header = run_journal(explain(bank, units, **options), tmp_path / "a.jsonl").header
    kept = {key: header["settings"][key] for key in options}
    assert kept == {"only": ["*:s*"], "exclude": ["hyp:sleep"], "operators": ["AND", "OR"]}


@pytest.mark.parametrize("operators", ["OR", "AND", "OR, AND", "AND, NOT", "XOR, OR", "OR,AND,NOT"])
def test_formulas_use_these_operators_alone(world, operators):
    bank, units = world
    allowed = {one.strip() for one in operators.split(",")}
    (found,) = explain(bank, units, operators=operators, beam=20, alternatives=20)
    used = {
        word
        for one in found.alternatives
        for word in str(one.formula).replace("(", " ").replace(")", " ").split()
        if word.isupper()
    }
    assert used <= allowed
    assert used - {"NOT"}
    assert found.settings["atoms"] == ["concepts"]


def test_the_usual_operators_give_the_usual_search(world):
    bank, units = world
    named = explain(bank, units, operators="OR, AND, NOT, NEIGHBORS")
    assert named[0].formula == explain(bank, units)[0].formula
    assert named.settings["atoms"] == ["concepts", "NEIGHBORS"]
    assert named.settings["steps"] == ["OR", "AND", "AND NOT"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"only": "hyp:run*"}, "only='hyp:run\\*' matches no concept of bank 'bank'"),
        ({"exclude": "category:colour"}, "matches no category"),
        ({"only": "red", "exclude": "category:color"}, "no concept of bank 'bank' is left"),
        ({"only": "red,,blue"}, "only has an empty pattern"),
        ({"operators": "OR, ANDD"}, "no operator"),
        ({"operators": "NOT"}, "names no way to extend a formula"),
        ({"operators": "OR", "steps": "AND"}, "operators and steps are both given"),
    ],
)
def test_what_means_nothing_is_refused(world, options, why):
    with pytest.raises(LogicxError, match=why):
        explain(*world, **options)


def test_a_near_name_is_suggested(world):
    with pytest.raises(OptionError) as caught:
        explain(*world, exclude="category:colour")
    assert caught.value.hint == "did you mean: color?"


def test_the_command_line_and_settings_have_them(world, tmp_path, capsys, monkeypatch):
    bank, units = world
    bank.save(tmp_path / "a.bank")
    units.save(tmp_path / "a.units")
    monkeypatch.chdir(tmp_path)
    line = ["explain", "bank=a.bank", "units=a.units", "unit=u", "--json"]
    assert run([*line, "only=hyp:*", "operators=OR"]) == 0
    by_line = json.loads(capsys.readouterr().out)
    (tmp_path / "logicx.toml").write_text('only = ["hyp:*"]\noperators = ["OR"]\n')
    assert run(line) == 0
    assert json.loads(capsys.readouterr().out) == by_line
    assert by_line["settings"]["only"] == ["hyp:*"]
    assert set(by_line["formula"].split()) <= {"hyp:sit", "hyp:sleep", "OR"}
