"""literals and grow, as `explain` and the command line have them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from logicx import ConceptBank, Units, explain, run_journal
from logicx.cli import run
from logicx.errors import JournalError, OptionError

ENGINES = ["numpy", pytest.param("numba", marks=pytest.mark.xdist_group("beams"))]


@pytest.fixture(scope="module")
def world():
    dice = np.random.default_rng(0)
    masks = dice.random((30, 600)) < 0.15
    on = [~masks[5], (masks[0] & masks[1]) | (masks[2] & masks[3]), ~masks[1] & ~masks[2]]
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(30)])
    return bank, Units.from_masks(on, ["not", "halves", "neither"])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_not_is_found_by_the_beam(world, engine):
    if engine == "numba":
        pytest.importorskip("numba")
    bank, units = world
    plain = list(explain(bank, units, literals=False, engine=engine))
    found = list(explain(bank, units, engine=engine))
    assert (str(found[0].formula), found[0].score, found[0].length) == ("NOT c5", 1.0, 1)
    assert found[2].score == 1.0
    assert found[0].best_single.formula.n_atoms == 1
    assert "NOT" not in str(found[0].best_single.formula)
    assert all(a.score <= b.score for a, b in zip(plain, found, strict=True))
    assert plain[0].score < 1


@pytest.mark.parametrize("strategy", ["optimal", "exhaustive"])
def test_a_not_is_proven(world, strategy):
    pytest.importorskip("numba")
    bank, units = world
    options = {"strategy": strategy, "length": 2, "unit": "not"}
    (plain,) = explain(bank, units, literals=False, **options)
    (found,) = explain(bank, units, **options)
    assert (str(found.formula), found.score, found.is_proven) == ("NOT c5", 1.0, True)
    assert found.by_length[0].score == 1.0
    assert "NOT" not in str(found.best_single.formula)
    assert plain.score < 1
    assert "with or without NOT before it" in found.space
    assert "with or without" not in plain.space
    assert found.space.endswith("Left out: other connectives, such as XOR")
    assert "formulas that hold where no concept does, such as NOT f" in plain.space


def test_halves_are_joined(world):
    bank, units = world
    (plain,) = explain(bank, units, unit="halves", length=4, beam=20, literals=False)
    (found,) = explain(bank, units, unit="halves", length=4, beam=20, grow="pairs")
    assert found.score == 1.0 > plain.score


def test_a_bound_is_proven_over_literals(world):
    pytest.importorskip("numba")
    bank, units = world
    (found,) = explain(bank, units, unit="not", length=2, bound_time=5)
    assert (found.score, found.bound, found.is_proven) == (1.0, 1.0, True)


def test_journals_without_the_settings_mean_that_they_are_off(world, tmp_path):
    bank, units = world
    old = run_journal(explain(bank, units, literals=False), tmp_path / "a.jsonl").header
    other = run_journal(explain(bank, units, grow="pairs"), tmp_path / "b.jsonl").header
    assert not {"literals", "grow"} & set(old["settings"])
    assert (other["settings"]["literals"], other["settings"]["grow"]) == (True, "pairs")
    said = "a.jsonl is of another run: literals is False there, True now"
    with pytest.raises(JournalError, match=said):
        run_journal(explain(bank, units), tmp_path / "a.jsonl", resume=True)
    run_journal(explain(bank, units, literals=False), tmp_path / "a.jsonl", resume=True)
    with pytest.raises(JournalError, match="run: grow is pairs there, atoms now"):
        run_journal(explain(bank, units), tmp_path / "b.jsonl", resume=True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, True),
        ({"steps": "OR, AND NOT, XOR"}, True),
        ({"steps": "OR, AND"}, False),
        ({"steps": "OR, AND", "literals": True}, True),
        ({"preset": "compexp"}, False),
        ({"heuristic": "bounds"}, False),
        ({"literals": False}, False),
        ({"strategy": "optimal"}, True),
        ({"strategy": "exhaustive", "length": 1}, True),
        ({"strategy": "exhaustive", "length": 1, "literals": False}, False),
    ],
)
def test_literals_are_the_default_where_they_mean_something(world, options, expected):
    assert explain(*world, **options).settings.get("literals", False) is expected


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"literals": True, "preset": "compexp"}, "literals means nothing to the preset compexp"),
        ({"grow": "pairs", "preset": "cce"}, "grow means nothing to the preset cce"),
        ({"literals": True, "heuristic": "bounds"}, "has no estimates for what literals adds"),
        ({"grow": "two"}, "grow is atoms or pairs"),
        ({"literals": "off"}, "literals must be True or False, not 'off'"),
        ({"literals": 0, "strategy": "optimal"}, "literals must be True or False, not 0"),
        ({"strategy": "optimal", "grow": "pairs"}, "grow means nothing to the strategy optimal"),
    ],
)
def test_what_has_no_second_lane_says_so(world, options, why):
    with pytest.raises(OptionError, match=why):
        explain(*world, **options)


def test_the_command_line_has_them(world, tmp_path, capsys):
    bank, units = world
    bank.save(tmp_path / "a.bank")
    units.save(tmp_path / "a.units")
    files = [f"bank={tmp_path / 'a.bank'}", f"units={tmp_path / 'a.units'}", "unit=not"]
    for given in ([], ["literals=yes"], ["strategy=exhaustive", "length=1"]):
        assert run(["explain", *files, *given, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["formula"] == "NOT c5"
    for given in (["literals=off"], ["--no-literals"], ["literals=no", "strategy=exhaustive"]):
        assert run(["explain", *files, *given, "length=1", "--json"]) == 0
        assert "NOT" not in json.loads(capsys.readouterr().out)["formula"]
