"""alternatives=k: the next best formulas of other meanings, against slow searches."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
from searched_worlds import DEFAULT, plain_beam, world

from logicx import ConceptBank, Units, explain, read_journal, run_journal
from logicx.cli import run
from logicx.errors import OptionError
from logicx.scoring.counts import evaluate
from logicx.scoring.objectives import objective_named
from logicx.search.formulas.exhaustive import exhaustive

ENGINES = ["numpy", pytest.param("numba", marks=pytest.mark.xdist_group("beams"))]


def told(found):
    return [(one.score, one.counts) for one in found.alternatives]


def all_meanings(masks, unit, goal, length, literals):
    """The scores of every set of cells that a tree of so many atoms denotes, best first."""
    atoms = [*masks, *(~masks if literals else ())]
    levels = [{one.tobytes(): one for one in atoms}]
    for n_atoms in range(2, length + 1):
        new = {}
        for i in range(1, n_atoms):
            for f, g in product(levels[i - 1].values(), levels[n_atoms - i - 1].values()):
                for made in (f | g, f & g, *(() if literals else (f & ~g,))):
                    new[made.tobytes()] = made
        levels.append(new)
    meanings = {key: mask for level in levels for key, mask in level.items()}
    n_on, n = int(unit.sum()), len(unit)
    scores = [
        float(goal.score(int((one & unit).sum()), int((one & ~unit).sum()), n_on, n))
        for one in meanings.values()
    ]
    return sorted(scores, reverse=True)


@pytest.mark.parametrize("literals", [False, True])
@pytest.mark.parametrize("goal", ["iou", "mcc", "accuracy"])
def test_trying_everything_gives_the_true_best(goal, literals):
    for seed in range(12):
        bank, units, masks, unit = world(seed, n_concepts=4, n_cells=12)
        options = {"strategy": "exhaustive", "objective": goal, "literals": literals}
        (found,) = explain(bank, units, alternatives=9, **options)
        scores = all_meanings(masks, unit, objective_named(goal), 3, literals)
        assert [one.score for one in found.alternatives] == scores[: len(found.alternatives)]
        meanings = {evaluate(one.formula, bank).tobytes() for one in found.alternatives}
        assert len(meanings) == len(found.alternatives) == min(9, len(scores))
        first = found.alternatives[0]
        assert (first.formula, first.score, first.counts) == (
            found.formula,
            found.score,
            found.counts,
        )
        assert found.is_complete
        assert found.certificate.startswith(f"proven: the best {min(9, len(scores))} of")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_beam_tells_what_it_kept(engine):
    if engine == "numba":
        pytest.importorskip("numba")
    for seed in range(8):
        bank, units, masks, unit = world(seed, n_concepts=8)
        (found,) = explain(
            bank, units, beam=6, alternatives=5, literals=False, engine=engine, length=3
        )
        kept = plain_beam(masks, unit, objective_named("iou"), 6, 3, DEFAULT, dedupe=True)[-1]
        assert [one.score for one in found.alternatives] == [one[0] for one in kept[:5]]
        assert found.alternatives[0].formula == found.formula
        assert found.is_complete is None
        assert "the beam kept" in found.certificate


@pytest.mark.parametrize("engine", ENGINES)
def test_both_lanes_of_a_beam_are_told(engine):
    if engine == "numba":
        pytest.importorskip("numba")
    bank, units, _, _ = world(3, n_concepts=8)
    flipped = Units.from_masks(~units.mask("u", bank)[None], ["u"])
    (found,) = explain(bank, flipped, beam=10, alternatives=8, literals=True, engine=engine)
    texts = [str(one.formula) for one in found.alternatives]
    assert len(texts) == 8
    assert any(one.startswith("NOT") or "(NOT" in one for one in texts)
    assert len({evaluate(one.formula, bank).tobytes() for one in found.alternatives}) == 8
    scores = [one.score for one in found.alternatives]
    assert scores == sorted(scores, reverse=True)


def test_formulas_that_say_the_same_are_told_once():
    """A preset keeps them all, in its beam."""
    bank, units, _, _ = world(1, n_concepts=4)
    (found,) = explain(bank, units, preset="compexp", beam=10, alternatives=10)
    meanings = [evaluate(one.formula, bank).tobytes() for one in found.alternatives]
    assert len(set(meanings)) == len(meanings) < 10
    assert f"it kept no more than {len(meanings)}" in found.certificate


def test_a_space_may_hold_fewer():
    bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["a", "b"])
    unit = np.array([1, 0, 0, 0], bool)
    found = exhaustive(bank, bank.on_counts(unit), alternatives=50, literals=False)
    assert len(found.alternatives) == found.n_meanings < 50


def test_without_it_nothing_is_added(tmp_path):
    bank, units, _, _ = world(2)
    plan = explain(bank, units)
    row = plan[0].as_dict()
    assert not {"alternatives", "is_complete", "certificate"} & set(row)
    assert "alternatives" not in plan.settings
    assert plan[0].alternatives == ()


def test_journals_have_them(tmp_path):
    bank, units, _, _ = world(2)
    plan = explain(bank, units, alternatives=3)
    (row,) = run_journal(plan, tmp_path / "a.jsonl")
    header = read_journal(tmp_path / "a.jsonl").header
    assert header["settings"]["alternatives"] == 3
    assert [one["formula"] for one in row["alternatives"]] == [
        str(one.formula) for one in plan[0].alternatives
    ]
    assert row["certificate"] == plan[0].certificate


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"alternatives": 11}, "a beam of 10 does not keep 11 formulas"),
        ({"alternatives": 0}, "alternatives must be a whole number from 1, not 0"),
        ({"alternatives": True}, "alternatives must be a whole number"),
        ({"alternatives": 1001}, "alternatives may be 1,000 at most"),
    ],
)
def test_what_cannot_be_told_is_refused(options, why):
    bank, units, _, _ = world(2)
    with pytest.raises(OptionError, match=why):
        explain(bank, units, **options)


def test_the_command_line_prints_them(tmp_path, capsys):
    bank, units, _, _ = world(2)
    bank.save(tmp_path / "a.bank")
    units.save(tmp_path / "a.units")
    files = [f"bank={tmp_path / 'a.bank'}", f"units={tmp_path / 'a.units'}", "unit=u"]
    assert run(["explain", *files, "alternatives=3", "--json"]) == 0
    texts = [one["formula"] for one in json.loads(capsys.readouterr().out)["alternatives"]]
    assert run(["explain", *files, "alternatives=3"]) == 0
    out = capsys.readouterr().out
    assert "the best 3 of different meaning that the beam kept" in out
    last = out.strip().splitlines()[-3:]
    assert [line.split()[0] for line in last] == ["1", "2", "3"]
    assert all(text in line for text, line in zip(texts, last, strict=True))
