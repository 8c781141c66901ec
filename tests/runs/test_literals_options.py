"""literals and grow, as `explain` and the command line have them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from logicx import ConceptBank, Units, explain, run_journal
from logicx.cli import run
from logicx.errors import OptionError

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
    plain = list(explain(bank, units, engine=engine))
    found = list(explain(bank, units, literals=True, engine=engine))
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
    (plain,) = explain(bank, units, **options)
    (found,) = explain(bank, units, literals=True, **options)
    assert (str(found.formula), found.score, found.is_proven) == ("NOT c5", 1.0, True)
    assert found.by_length[0].score == 1.0
    assert "NOT" not in str(found.best_single.formula)
    assert plain.score < 1
    assert "with or without NOT before it" in found.space
    assert "with or without" not in plain.space


def test_halves_are_joined(world):
    bank, units = world
    (plain,) = explain(bank, units, unit="halves", length=4, beam=20)
    (found,) = explain(bank, units, unit="halves", length=4, beam=20, grow="pairs")
    assert found.score == 1.0 > plain.score


def test_a_bound_is_proven_over_literals(world):
    pytest.importorskip("numba")
    bank, units = world
    (found,) = explain(bank, units, unit="not", length=2, literals=True, bound_time=5)
    assert (found.score, found.bound, found.is_proven) == (1.0, 1.0, True)


def test_journals_say_so_only_where_it_is_asked_for(world, tmp_path):
    bank, units = world
    plain = run_journal(explain(bank, units), tmp_path / "a.jsonl").header["settings"]
    other = explain(bank, units, literals=True, grow="pairs")
    told = run_journal(other, tmp_path / "b.jsonl").header["settings"]
    assert not {"literals", "grow"} & set(plain)
    assert (told["literals"], told["grow"]) == (True, "pairs")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"literals": True, "preset": "compexp"}, "literals means nothing to the preset compexp"),
        ({"grow": "pairs", "preset": "cce"}, "grow means nothing to the preset cce"),
        ({"literals": True, "heuristic": "bounds"}, "has no estimates for what literals adds"),
        ({"grow": "two"}, "grow is atoms or pairs"),
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
    assert run(["explain", *files, "literals=true", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["formula"] == "NOT c5"
