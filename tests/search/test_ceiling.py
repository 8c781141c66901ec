"""What the beam may have missed: the ceiling from signatures, and proofs after a beam."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from searched_worlds import world

from logicx import ConceptBank, Units, explain, run_journal, score
from logicx.cli import run as run_command
from logicx.errors import JournalError, OptionError
from logicx.scoring.objectives import OBJECTIVES, CountObjective, Ratio, Sum, objective_named
from logicx.search.formulas import ceiling as ceilings
from logicx.search.formulas.ceiling import ceiling

RATIOS = [*(one for one in OBJECTIVES if one != "mcc"), "fbeta(0.3)", "fbeta(2)"]


def signatures(seed, n, scale=1):
    dice = np.random.default_rng(seed)
    size = dice.integers(1, dice.choice([2, 4, 30]), n) * scale
    on = dice.integers(0, size + 1)
    on[dice.random(n) < 0.3] = 0
    on[0] = max(on[0], 1)
    return size, on


@pytest.mark.parametrize("name", RATIOS)
@pytest.mark.parametrize("wide", [False, True])
def test_the_ceiling_is_the_best_of_all_unions(name, wide, monkeypatch):
    """All 2^n of them, as exact fractions."""
    goal = objective_named(name)
    if wide:
        monkeypatch.setattr(ceilings, "WIDE", 1)
    for seed in range(25):
        size, on = signatures(seed, 1 + seed % 9)
        n_on, n = int(on.sum()), int(size.sum())
        ratio = goal.ratio(n_on, n)
        best = max(
            ratio.at(int(on[list(which)].sum()), int((size - on)[list(which)].sum()))
            for chosen in product((False, True), repeat=len(size))
            for which in [np.flatnonzero(chosen)]
        )
        found = ceiling(size, on, goal)
        assert found == pytest.approx(float(best), rel=1e-14)
        if not name.startswith("fbeta"):
            assert found == float(best)


@pytest.mark.parametrize("name", RATIOS)
def test_the_ceiling_is_a_prefix_by_share(name):
    """As the best of all prefixes of the signatures by descending share of cells on."""
    goal = objective_named(name)
    for seed in range(10):
        size, on = signatures(seed, 300, scale=10**6)
        order = sorted(range(300), key=lambda i: -Fraction(int(on[i]), int(size[i])))
        tp, fp = np.cumsum(on[order]), np.cumsum((size - on)[order])
        ratio = goal.ratio(int(on.sum()), int(size.sum()))
        best = max(ratio.at(int(a), int(b)) for a, b in [(0, 0), *zip(tp, fp, strict=True)])
        assert ceiling(size, on, goal) == pytest.approx(float(best), rel=1e-14)


def test_the_ceiling_counts_beyond_64_bits():
    size = np.array([3 * 10**15, 2 * 10**15, 10**15])
    on = np.array([2 * 10**15 + 1, 10**15, 1])
    goal = objective_named("fbeta(1.2345)")
    assert 0.5 < ceiling(size, on, goal) < 1


def test_objectives_without_a_ratio_have_no_ceiling():
    size, on = signatures(0, 5)
    assert ceiling(size, on, objective_named("mcc")) is None
    mine = CountObjective("mine", lambda tp, fp, n_on, n: tp - fp, "")
    assert ceiling(size, on, mine) is None
    exact = CountObjective(
        "mine", lambda tp, fp, n_on, n: (tp - fp) / n, "",
        lambda n_on, n: Ratio(Sum.of(1, -1, 0), Sum.of(0, 0, n)),
    )  # fmt: skip
    assert ceiling(size, on, exact) == np.maximum(2 * on - size, 0).sum() / size.sum()


def test_no_search_exceeds_the_ceiling_and_some_reach_it():
    n_reached = n_below = 0
    for seed in range(12):
        bank, units, _, _ = world(seed, n_concepts=3)
        for name in RATIOS:
            for options in ({"steps": ["OR", "AND", "AND NOT", "OR NOT", "XOR"]}, {"penalty": 0.9}):
                (found,) = explain(bank, units, objective=name, length=5, beam=40, **options)
                assert found.score <= found.ceiling + 1e-12
                n_reached += found.score == found.ceiling
                n_below += found.ceiling < 1
        (tried,) = explain(bank, units, strategy="exhaustive", length=5)
        assert tried.score <= tried.ceiling
    assert n_reached > 20
    assert n_below > 20


def test_the_ceiling_is_one_where_signatures_are_distinct():
    masks = np.array([[0, 0, 1, 1], [0, 1, 0, 1]], bool)
    bank, units = ConceptBank.from_masks(masks, ["a", "b"]), Units.from_masks(~masks[:1])
    (found,) = explain(bank, units)
    assert found.ceiling == 1
    assert found.as_dict()["ceiling"] == 1
    assert score("a", bank, units, 0).ceiling is None


# ---- proofs after a beam


def first(bank, units, **options):
    (found,) = explain(bank, units, **options)
    return found


MINE = CountObjective("mine", lambda tp, fp, n_on, n: tp - fp, "of no stated direction")


@pytest.mark.parametrize("name", ["iou", "fbeta(2)", "precision", "accuracy", "mcc"])
def test_a_proof_after_the_beam_bounds_it(name):
    pytest.importorskip("numba")
    n_proven = n_better = 0
    for seed in range(12):
        bank, units, _, _ = world(seed, n_concepts=6)
        options = {"length": 3, "beam": 1, "objective": name}
        plain = first(bank, units, **options)
        found = first(bank, units, bound_time=1000, **options)
        optimum = first(bank, units, strategy="optimal", length=3, objective=name)
        assert (plain.bound, plain.is_proven, plain.space) == (None, None, "")
        assert (found.formula, found.score, found.counts) == (
            plain.formula,
            plain.score,
            plain.counts,
        )
        assert found.by_length == plain.by_length
        assert found.space == optimum.space
        assert found.bound == pytest.approx(optimum.score, rel=1e-14)
        is_best = found.score == pytest.approx(optimum.score, rel=1e-14)
        assert found.is_proven == is_best
        if is_best:
            assert (found.bound, found.notes) == (found.score, ())
        else:
            assert found.notes[0].startswith("a proof found a better formula: ")
            text, _, shown = found.notes[0].partition(": ")[2].rpartition(" (")
            assert score(text, bank, units, "u", objective=name).score == optimum.score
            assert shown == f"{optimum.score:.4f})"
        n_proven += is_best
        n_better += not is_best
    assert n_proven
    assert n_better or name == "accuracy"


def test_a_proof_that_is_stopped_leaves_a_bound(reference_bank, reference_units):
    pytest.importorskip("numba")
    options = {"unit": "incorrect", "length": 3}
    optimum = first(reference_bank, reference_units, strategy="optimal", **options)
    stopped = first(reference_bank, reference_units, bound_time=1e-6, **options)
    assert (stopped.is_proven, stopped.is_interrupted) == (False, False)
    assert stopped.score <= optimum.score <= stopped.bound
    proven = first(reference_bank, reference_units, bound_time=1000, **options)
    assert proven.bound == optimum.score
    assert proven.is_proven == (proven.score == optimum.score)


def test_the_beams_formula_is_where_the_proof_starts(monkeypatch):
    """A beam wider than the proof's own finds what a stopped proof alone does not know."""
    pytest.importorskip("numba")
    monkeypatch.setattr("logicx.search.optimal.searching.BEAM", 1)
    n_better = 0
    for seed in range(10):
        bank, units, _, _ = world(seed, n_concepts=8)
        found = first(bank, units, length=3, beam=50, bound_time=1e-9)
        alone = first(bank, units, length=3, strategy="optimal", time_limit=1e-9)
        assert found.score >= alone.score
        assert found.notes == ()
        assert found.bound == alone.bound <= np.nextafter(found.ceiling, 2)
        n_better += found.score > alone.score
    assert n_better


def test_a_better_formula_of_too_few_cells_is_not_named():
    pytest.importorskip("numba")
    masks = np.zeros((3, 40), bool)
    masks[0, 0] = masks[1, :12] = masks[2, 10:30] = True
    bank, units = ConceptBank.from_masks(masks, ["one", "b", "c"]), Units.from_masks(masks[:1])
    found = first(bank, units, min_support=5, bound_time=1000)
    assert found.score < 1
    assert (found.bound, found.is_proven, found.notes) == (1, False, ())
    least = first(bank, units, min_atom_support=5, bound_time=1000)
    assert least.score <= least.bound < 1
    assert "of 2 concepts that hold at 5 cells or more" in least.space


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": ["OR", "XOR"]}, "over XOR"),
        ({"steps": ["OR NOT"]}, "over OR NOT"),
        ({"penalty": 0.9}, r"with penalty=0\.9"),
        ({"objective": MINE}, "no proof for objective 'mine': it states no"),
        ({"bound_time": -1.0}, "bound_time must be above 0"),
        ({"bound_time": float("nan")}, "bound_time must be above 0"),
        ({"strategy": "exhaustive"}, "bound_time means nothing to the strategy exhaustive"),
    ],
)
def test_where_no_proof_applies_that_is_said(options, message):
    pytest.importorskip("numba")
    bank, units, _, _ = world(0)
    with pytest.raises(OptionError, match=message):
        explain(bank, units, **{"bound_time": 1.0, **options})


def test_a_proof_that_cannot_be_made_is_a_note():
    pytest.importorskip("numba")
    bank, units, _, _ = world(0)
    options = {"objective": "fbeta(0.123456789)", "bound_time": 1.0}
    found = first(bank, units, **options)
    assert (found.bound, found.is_proven) == (None, None)
    assert found.notes[0].startswith("no bound was proven: ")


def test_steps_within_the_three_are_fine():
    pytest.importorskip("numba")
    bank, units, _, _ = world(0)
    only_or = first(bank, units, steps=["OR"], length=2, bound_time=1000)
    assert only_or.score <= only_or.bound
    assert only_or.settings["bound_time"] == 1000
    assert first(bank, units, length=1, bound_time=1000).is_proven


def test_control_c_in_a_proof_ends_the_run(tmp_path, monkeypatch):
    pytest.importorskip("numba")
    from logicx import read_journal

    def stop(self, n_atoms):
        raise KeyboardInterrupt

    bank, _, masks, unit = world(1)
    full = np.zeros((2, bank.universe.n_cells), bool)
    full[:, bank.of_cell >= 0] = [unit, masks[3] ^ unit]
    plan = explain(bank, Units.from_masks(full), bound_time=1000)
    with monkeypatch.context() as patched:
        patched.setattr("logicx.search.optimal.bars.Bars.prove", stop)
        patched.setattr("logicx.search.optimal.bars.Bars.approach", lambda self: stop(self, 0))
        with pytest.raises(KeyboardInterrupt):
            run_journal(plan, tmp_path / "run.jsonl")
    assert list(read_journal(tmp_path / "run.jsonl")) == []
    rows = list(run_journal(plan, tmp_path / "run.jsonl", resume=True))
    assert [row["bound"] >= row["score"] for row in rows] == [True, True]
    assert [0 < row["ceiling"] <= 1 for row in rows] == [True, True]
    with pytest.raises(JournalError, match="bound_time"):
        run_journal(explain(bank, Units.from_masks(full)), tmp_path / "run.jsonl", resume=True)


def test_it_is_shown(tmp_path, monkeypatch, capsys):
    pytest.importorskip("numba")
    monkeypatch.chdir(tmp_path)
    for seed in range(30):
        bank, units, _, _ = world(seed, n_concepts=6)
        found = first(bank, units, beam=1, bound_time=1000)
        if found.notes and found.ceiling < 1:
            break
    bank.save("a.bank")
    units.save("a.units")
    command = ["explain", "bank=a.bank", "units=a.units", "beam=1", "bound_time=1000", "unit=u"]
    assert run_command(command) == 0
    shown = capsys.readouterr()
    assert f"no formula of any length over these concepts scores above {found.ceiling:.4f}" in (
        shown.out
    )
    assert f"not proven: none can score above {found.bound:.4f}" in shown.out
    assert f"note: unit u: {found.notes[0]}" in shown.err
    assert run_command([*command, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["ceiling"], row["bound"]) == (found.ceiling, found.bound)
    assert row["notes"] == list(found.notes)
