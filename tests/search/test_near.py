"""Irreducible formulas near the best: both ways of finding them against a slow oracle."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest
from near_oracle import all_left, as_cells, near, taken_out

from logicx import ConceptBank, Units, explain, run_journal
from logicx.cli import run
from logicx.errors import OptionError
from logicx.language.parsing import parse
from logicx.scoring.counts import evaluate
from logicx.scoring.objectives import objective_named
from logicx.search.formulas.forms import form_of, holds_nowhere_else, remainders, written

GOALS = ["iou", "dice", "precision", "recall", "accuracy", "fbeta(2)"]
N_PROBLEMS = 120


def world(seed):
    """A small bank and a unit, with all that is asked of it."""
    dice = np.random.default_rng(seed)
    n_concepts, n_cells = int(dice.integers(2, 6)), int(dice.integers(4, 40))
    masks = dice.random((n_concepts, n_cells)) < dice.uniform(0.1, 0.8, (n_concepts, 1))
    unit = dice.random(n_cells) < dice.uniform(0.1, 0.8)
    if dice.random() < 0.7:
        a, b, c = masks[dice.integers(0, n_concepts, 3)]
        planted = [(a | b) & ~c, (a & b) | c, a | (b & ~c), ~a & b][dice.integers(4)]
        unit = planted ^ (dice.random(n_cells) < dice.choice([0, 0.05, 0.15]))
    unit[0] |= not unit.any()
    longest = {2: 5, 3: 4}.get(n_concepts, 3) if dice.random() < 0.3 else 3
    options = {
        "length": int(dice.integers(1, longest + 1)),
        "shape": str(dice.choice(["tree", "chain"])),
        "literals": bool(dice.integers(2)),
        "within": float(dice.choice([0, 0.01, 0.02, 0.05, 0.1, 0.3])),
        "objective": GOALS[dice.integers(len(GOALS))],
    }
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(n_concepts)])
    return bank, Units.from_masks(unit[None], ["u"]), masks, unit, options


def told(found, bank):
    meanings = {
        as_cells(evaluate(one.formula, bank)[bank.of_cell]): one.score for one in found.alternatives
    }
    assert len(meanings) == len(found.alternatives)
    return meanings


def limits(options, strategy):
    is_long = strategy == "optimal" and options["length"] > 4
    return {"node_limit": 10**12} if is_long else {}


def test_all_are_found_and_no_others():
    strategies = ["exhaustive", *(["optimal"] if find_spec("numba") else [])]
    n_found = 0
    for seed in range(N_PROBLEMS):
        bank, units, masks, unit, options = world(seed)
        ratio = objective_named(options["objective"]).ratio(int(unit.sum()), len(unit))
        asked = {key: options[key] for key in ("within", "length", "shape", "literals")}
        want = near(masks, unit, ratio.at, **asked)
        for strategy in strategies:
            plan = explain(bank, units, strategy=strategy, **options, **limits(options, strategy))
            assert told(plan[0], bank) == {key: float(score) for key, score in want.items()}
            assert plan[0].is_complete
            assert plan[0].certificate.startswith("complete")
        n_found += len(want)
    assert n_found > N_PROBLEMS


def test_both_ways_write_the_same():
    """With cells that are invalid, signatures that are partly on, and little room at a time."""
    pytest.importorskip("numba")
    gathering = import_module("logicx.search.optimal.gathering")
    for seed in range(120):
        bank, _, masks, unit, options = world(1000 + seed)
        dice = np.random.default_rng(seed)
        unit = np.repeat(unit, 3) ^ (dice.random(3 * len(unit)) < 0.1)
        unit[0] = True
        valid = dice.random(len(unit)) < 0.9
        valid[0] = True
        names = bank.names
        bank = ConceptBank.from_masks(np.repeat(masks, 3, axis=1), names, valid=valid)
        units = Units.from_masks(unit[None], ["u"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(gathering, "ROOM", 4)
            patch.setattr("logicx.search.optimal.proving.CALL_NODES", 50)
            plan = explain(bank, units, strategy="optimal", **options, **limits(options, "optimal"))
            found = plan[0]
        (tried,) = explain(bank, units, strategy="exhaustive", **options)
        assert found.alternatives == tried.alternatives
        assert found.certificate == tried.certificate


def test_objectives_that_are_no_ratio_are_tried_out():
    bank, units, _, _, _ = world(3)
    (found,) = explain(bank, units, strategy="exhaustive", within=0.05, objective="mcc")
    assert all(found.score - one.score <= 0.05 for one in found.alternatives)
    with pytest.raises(OptionError, match="tells no formulas near the best by mcc"):
        explain(bank, units, strategy="optimal", within=0.05, objective="mcc")


def test_what_remains_without_some_atoms():
    names = "abcd"
    number = {parse(name): i for i, name in enumerate(names)}
    form = form_of(parse("(a OR b) AND NOT c"), number)
    left = {str(written(one, [*number])) for one in remainders(form)}
    assert left == {"a", "b", "NOT c", "a OR b", "a AND NOT c", "b AND NOT c"}
    tree = ("and", ("or", 0, 1), ("not", 2))
    assert all_left(tree) == {
        *(0, 1, ("not", 2), ("or", 0, 1)),
        *(("and", 0, ("not", 2)), ("and", 1, ("not", 2))),
    }
    assert taken_out(tree, (2, 1)) == ("or", 0, 1)
    again = form_of(written(form, [*number]), number)
    assert again == form
    assert not holds_nowhere_else(form)


def test_a_rare_conjunction_beside_a_good_concept_is_not_told():
    """Without a, or b, the formula is far too wide; without both it is nearly as good."""
    cells = np.arange(1000)
    good = cells < 300
    a, b = (cells % 2 == 0) | (cells == 999), cells % 2 == 1
    bank = ConceptBank.from_masks([good, a, b], ["good", "a", "b"])
    unit = good | (cells == 999)
    units = Units.from_masks(unit[None], ["u"])
    (found,) = explain(bank, units, strategy="exhaustive", within=0.01)
    assert str(found.formula) in ("(a AND b) OR good", "good OR (a AND b)")
    assert [str(one.formula) for one in found.alternatives] == ["good"]
    assert len(near(bank_masks(bank), unit, ratio_of(unit), 0.01, 3, "tree", False)) == 1
    assert len(near(bank_masks(bank), unit, ratio_of(unit), 0.01, 3, "tree", False, True)) == 2


def bank_masks(bank):
    return [evaluate(parse(name), bank)[bank.of_cell] for name in bank.names]


def ratio_of(unit):
    return objective_named("iou").ratio(int(unit.sum()), len(unit)).at


def long_world():
    dice = np.random.default_rng(5)
    masks = dice.random((40, 600)) < 0.1
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(40)])
    return bank, Units.from_masks((dice.random(600) < 0.2)[None], ["u"])


def test_what_cuts_it_off_is_told(monkeypatch):
    pytest.importorskip("numba")
    bank, units = long_world()
    options = {"strategy": "optimal", "within": 0.05, "length": 3}
    (whole,) = explain(bank, units, **options)
    assert whole.is_complete
    n = len(whole.alternatives)
    assert n > 4
    n_nodes = 1
    while True:  # somewhere the best is proven, and not all others are found
        (found,) = explain(bank, units, node_limit=n_nodes, **options)
        if found.is_proven and not found.is_complete:
            break
        assert found.certificate.startswith("cut off before the best was proven")
        assert not found.is_complete
        n_nodes = int(n_nodes * 1.3) + 1
    assert found.certificate.startswith("cut off by a limit")
    assert {*found.alternatives} <= {*whole.alternatives}
    monkeypatch.setattr("logicx.search.formulas.near.MOST_NEAR", 3)
    (few,) = explain(bank, units, **options)
    assert few.alternatives == whole.alternatives[:3]
    assert few.certificate.startswith(f"cut off at 3: there are {n} irreducible")
    assert few.is_complete is False


def test_longer_formulas_than_are_looked_at_are_told():
    pytest.importorskip("numba")
    bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["a", "b"])
    units = Units.from_masks([[1, 0, 0, 0]], ["u"])
    (found,) = explain(bank, units, strategy="optimal", within=0.1, length=6, node_limit=10**9)
    assert found.is_proven
    assert found.certificate.startswith("cut off at 5 concepts")


def test_there_may_be_none():
    pytest.importorskip("numba")
    cells = np.arange(100)
    bank = ConceptBank.from_masks([cells < 50, cells < 52, cells > 97], ["a", "b", "c"])
    units = Units.from_masks(((cells < 51) | (cells == 99))[None], ["u"])
    (found,) = explain(bank, units, strategy="optimal", within=0)
    assert found.alternatives
    (few,) = explain(bank, units, strategy="optimal", within=0.5)
    assert {str(one.formula) for one in few.alternatives} == {"a", "b", "NOT c"}


def test_journals_and_the_command_line_have_it(tmp_path, capsys):
    bank, units, _, _, _ = world(3)
    plan = explain(bank, units, strategy="exhaustive", within=0.05)
    (row,) = run_journal(plan, tmp_path / "a.jsonl")
    assert row["certificate"] == plan[0].certificate
    assert row["is_complete"] is True
    assert plan.settings["within"] == 0.05
    assert "within" not in explain(bank, units, strategy="exhaustive").settings
    bank.save(tmp_path / "a.bank")
    units.save(tmp_path / "a.units")
    files = [f"bank={tmp_path / 'a.bank'}", f"units={tmp_path / 'a.units'}", "unit=u"]
    line = ["explain", *files, "strategy=exhaustive", "within=0.05"]
    assert run([*line, "--json"]) == 0
    texts = [one["formula"] for one in json.loads(capsys.readouterr().out)["alternatives"]]
    assert texts == [str(one.formula) for one in plan[0].alternatives]
    assert run(line) == 0
    assert plan[0].certificate in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"within": -0.1}, "within must be a number from 0 to 1"),
        ({"within": float("nan")}, "within must be a number from 0 to 1"),
        ({"within": 0.1, "alternatives": 3}, "alternatives and within are both given"),
        ({"within": 0.1, "strategy": "beam"}, "within means nothing to the strategy beam"),
    ],
)
def test_what_means_nothing_is_refused(options, why):
    bank, units, _, _, _ = world(3)
    with pytest.raises(OptionError, match=why):
        explain(bank, units, **{"strategy": "exhaustive", **options})
