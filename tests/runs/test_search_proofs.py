"""Proven optima through explain."""

from __future__ import annotations

import numpy as np
import pytest
from searched_worlds import run, world

from logicx import Units, explain, score
from logicx.errors import OptionError

BEAM_ALONE = [
    {"beam": 3},
    {"preset": "compexp"},
    {"penalty": 0.9},
    {"dedupe": "none"},
    {"engine": "numpy"},
]


@pytest.mark.parametrize("shape", ["tree", "chain"])
@pytest.mark.parametrize("spec", ["iou", "fbeta(2)"])
def test_optimal_and_exhaustive_agree_and_bound_the_beam(shape, spec):
    pytest.importorskip("numba")
    for seed in range(6):
        options = {"seed": seed, "length": 3, "objective": spec}
        proven = run(strategy="optimal", shape=shape, **options)
        tried = run(strategy="exhaustive", shape=shape, **options)
        beam = run(**options)
        assert proven.is_proven
        assert proven.score == tried.score == proven.bound == tried.bound >= beam.score
        assert (beam.bound, beam.is_proven) == (None, None)
        assert [one.score for one in proven.by_length] == [one.score for one in tried.by_length]
        assert proven.best_single.score == beam.best_single.score
        assert ("chains" in proven.space) == (shape == "chain")


def test_shape_and_time_limit_change_what_is_proven(reference_bank, reference_units):
    pytest.importorskip("numba")
    unit = "incorrect"
    options = {"unit": unit, "length": 3, "strategy": "optimal"}
    (stopped,) = explain(reference_bank, reference_units, time_limit=0.001, **options)
    (proven,) = explain(reference_bank, reference_units, **options)
    assert proven.is_proven
    assert not stopped.is_proven
    assert not stopped.is_interrupted
    assert stopped.score <= proven.score == proven.bound <= stopped.bound
    again = score(proven.formula, reference_bank, reference_units, unit)
    assert (again.score, again.counts) == (proven.score, proven.counts)


@pytest.mark.parametrize("options", BEAM_ALONE)
def test_options_of_the_beam_mean_nothing_to_a_proof(options):
    with pytest.raises(OptionError, match="means nothing to the strategy exhaustive"):
        run(strategy="exhaustive", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": "tree"}, "shape means nothing to the strategy beam"),
        ({"time_limit": 3.0}, "time_limit means nothing to the strategy beam"),
        ({"strategy": "best"}, "no strategy 'best'"),
        (
            {"strategy": "exhaustive", "time_limit": 1.0},
            "time_limit means nothing to the strategy exh",
        ),
        ({"strategy": "exhaustive", "shape": "bush"}, "shape is one of"),
        ({"strategy": "exhaustive", "length": 0}, "length must be"),
        ({"strategy": "optimal", "length": 5}, "needs a limit"),
        ({"node_limit": 3}, "node_limit means nothing to the strategy beam"),
        (
            {"strategy": "exhaustive", "node_limit": 3},
            "node_limit means nothing to the strategy exh",
        ),
        ({"strategy": "optimal", "node_limit": 0}, "node_limit must be"),
        ({"strategy": "optimal", "time_limit": 0.0}, "time_limit must be above 0"),
    ],
)
def test_options_of_a_proof_are_checked(options, message):
    if options.get("strategy") == "optimal":
        pytest.importorskip("numba")
    with pytest.raises(OptionError, match=message):
        run(**options)


def test_an_interrupted_proof_ends_the_run_and_is_not_kept(tmp_path, monkeypatch):
    pytest.importorskip("numba")
    from logicx import read_journal, run_journal
    from logicx.search.optimal import proving

    bank, _, masks, unit = world(1)
    full = np.zeros((3, bank.universe.n_cells), bool)
    full[:, bank.of_cell >= 0] = [unit, ~unit, masks[3] ^ unit]
    units = Units.from_masks(full, ["a", "b", "c"])
    plan = explain(bank, units, strategy="optimal")
    whole = [one.as_dict() for one in plan]
    prove, calls = proving.Prover.__init__, []

    def interrupted(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 3:  # two halves of the space are proven for each unit
            monkeypatch.setattr("logicx.search.optimal.bars.Bars.prove", stop)
        prove(self, *arguments, **options)

    def stop(self, n_atoms):
        raise KeyboardInterrupt

    monkeypatch.setattr(proving.Prover, "__init__", interrupted)
    with monkeypatch.context(), pytest.raises(KeyboardInterrupt):
        run_journal(plan, tmp_path / "run.jsonl")
    assert [row["unit"] for row in read_journal(tmp_path / "run.jsonl")] == ["a"]
    monkeypatch.undo()
    done = run_journal(plan, tmp_path / "run.jsonl", resume=True)
    assert [row["score"] for row in done] == [one["score"] for one in whole]
