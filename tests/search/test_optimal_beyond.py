"""Proofs of longer formulas, of objectives that are no ratios, and under limits and threads."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from threading import Event

import numpy as np
import pytest
from test_optimal import small_focus, world  # noqa: F401

from logicx import ConceptBank, Units, explain
from logicx.errors import OptionError
from logicx.scoring.objectives import objective_named
from logicx.search.formulas.exhaustive import exhaustive
from logicx.search.formulas.shapes import is_within

pytest.importorskip("numba", reason="the extra 'fast' is not installed")
optimal = import_module("logicx.search.optimal.searching").optimal
ceilings = import_module("logicx.search.optimal.ceilings")
linear = import_module("logicx.search.optimal.linear")
restriction = import_module("logicx.search.optimal.restriction")

UNLIMITED = 10**15


@dataclass(frozen=True)
class Product:
    """Precision times recall: monotone, and no ratio of sums."""

    name: str = "precision times recall"
    directions: tuple[int, int] | None = (1, -1)

    def score(self, tp, fp, n_on, n_cells):
        tp, fp = np.asarray(tp, float), np.asarray(fp, float)
        return np.divide(tp * tp, (tp + fp) * n_on, out=np.zeros(tp.shape), where=tp > 0)


@pytest.mark.parametrize("shape", ["tree", "chain"])
def test_length_5_equals_trying_every_formula(shape):
    n_tried = 0
    for seed in range(14):
        bank, on = world(seed, n_concepts=5)
        options = {"length": 5, "shape": shape, "objective": ["iou", "iou", "accuracy"][seed % 3]}
        tried = exhaustive(bank, on, **options)
        found = optimal(bank, on, node_limit=UNLIMITED, **options)
        assert found.is_proven
        assert [one.score for one in found.by_length] == pytest.approx(
            [one.score for one in tried.by_length], rel=1e-12
        )
        n_tried += tried.score > tried.by_length[3].score
        for node_limit in (1, 30, 1000):
            stopped = optimal(bank, on, node_limit=node_limit, **options)
            assert stopped.score <= tried.score + 1e-12 <= stopped.bound + 2e-12
            assert all(is_within(one.formula, shape) for one in stopped.by_length)
    assert n_tried  # five concepts gain something over four


@pytest.mark.parametrize("length", [6, 7])
def test_beyond_length_5_the_bound_holds(length):
    n_open = 0
    for seed in range(8):
        bank, on = world(seed, n_concepts=4)
        options = {"length": length, "shape": "chain"}
        best = exhaustive(bank, on, **options).score
        found = optimal(bank, on, node_limit=UNLIMITED, **options)
        assert found.score <= best + 1e-12 <= found.bound + 2e-12
        assert len(found.by_length) == length
        assert found.is_proven <= (found.score == pytest.approx(best, rel=1e-12))
        n_open += not found.is_proven
    assert n_open < 8


def test_no_formula_exceeds_the_ceiling_of_its_concepts():
    for seed in range(20):
        bank, on = world(seed, n_concepts=5)
        problem = restriction.Problem.of(bank, on)
        weights = linear.Weights(3, 2, 0)
        best = exhaustive(bank, on, length=4)
        ceiling = ceilings.ceiling(problem, weights, np.arange(5))
        assert weights.worth(best.counts.tp, best.counts.fp) <= ceiling
        fewer = ceilings.ceiling(problem, weights, np.arange(3))
        assert 0 <= fewer <= ceiling <= 3 * problem.n_on
        tp, fp = problem.corners
        assert (weights.gain * tp - weights.loss * fp).max() >= ceiling


def test_a_monotone_objective_of_ones_own_has_a_bound():
    n_proven = 0
    for seed in range(25):
        bank, on = world(seed)
        length = 3 if bank.n_concepts < 7 else 2
        best = exhaustive(bank, on, objective=Product(), length=length).score
        found = optimal(bank, on, objective=Product(), length=length)
        assert found.score <= best + 1e-12 <= found.bound + 2e-12
        if found.is_proven:
            n_proven += 1
            assert found.score == pytest.approx(best, rel=1e-12)
        stopped = optimal(bank, on, objective=Product(), length=length, node_limit=50)
        assert best <= stopped.bound + 1e-12
    assert n_proven > 5


@pytest.mark.parametrize(("most", "split", "pieces"), [(3, 2, 2), (1, 1, 8), (2**18, 2**12, 8)])
def test_steps_of_fp_are_split_until_mcc_is_proven(most, split, pieces, monkeypatch):
    """Steps of several fp alone would leave a gap, which no line lowers."""
    for name, value in (("MOST_STEPS", most), ("SPLIT", split), ("PIECES", pieces)):
        monkeypatch.setattr(f"logicx.search.optimal.frontier.{name}", value)
    for seed in range(12):
        bank, on = world(seed)
        tried = exhaustive(bank, on, objective="mcc", length=2 + seed % 2)
        for limits in ({}, {"node_limit": 10**9}):
            found = optimal(bank, on, objective="mcc", length=2 + seed % 2, **limits)
            assert found.is_proven
            assert found.score == pytest.approx(tried.score, rel=1e-12, abs=1e-15)
        best = exhaustive(bank, on, objective=Product(), length=2).score
        assert best <= optimal(bank, on, objective=Product(), length=2).bound + 1e-12


def test_mcc_is_proven_where_steps_are_of_several_fp():
    """Two million cells on few signatures."""
    dice = np.random.default_rng(3)
    kinds = dice.random((8, 40)) < 0.4
    of_cell = np.sort(dice.integers(0, 40, 2_000_000))
    bank = ConceptBank.from_masks(kinds[:, of_cell], [f"c{i}" for i in range(8)])
    share = dice.random(40)
    on = bank.on_counts(dice.random(2_000_000) < share[of_cell] * (kinds[0] | kinds[1])[of_cell])
    for limits in ({}, {"time_limit": 60}):
        found = optimal(bank, on, objective="mcc", length=3, **limits)
        assert found.is_proven
    assert found.score == pytest.approx(exhaustive(bank, on, objective="mcc", length=3).score)


def test_mcc_grows_with_tp_and_falls_with_fp():
    """What the proofs by lines rest on, for every count of small universes."""
    goal = objective_named("mcc")
    for n_cells in range(2, 25):
        for n_on in range(1, n_cells):
            tp, fp = np.ogrid[: n_on + 1, : n_cells - n_on + 1]
            scores = goal.score(*np.broadcast_arrays(tp, fp), n_on, n_cells)
            assert (np.diff(scores, axis=0) > -1e-12).all()
            assert (np.diff(scores, axis=1) < 1e-12).all()


@pytest.mark.parametrize(
    ("directions", "lacks"),
    [
        (None, "no ratio of sums of tp and fp and no directions"),
        ((0, -1), "no growth with tp"),
        ((1, 1), "no fall with fp"),
        ((-1, 1), "no growth with tp and no fall with fp"),
    ],
)
def test_an_objective_without_directions_is_told_what_it_lacks(directions, lacks):
    bank, on = world(0)
    with pytest.raises(OptionError, match=f"it states {lacks}"):
        optimal(bank, on, objective=Product(directions=directions))


def test_another_thread_can_stop_a_proof():
    bank, on = world(5, n_concepts=20)
    stop = Event()
    assert optimal(bank, on, stop=stop).is_proven
    stop.set()
    stopped = optimal(bank, on, stop=stop)
    assert (stopped.is_interrupted, stopped.is_proven) == (True, False)
    assert stopped.score <= stopped.bound


def units_of(n_concepts: int):
    bank, _ = world(3, n_concepts=n_concepts)
    dice = np.random.default_rng(0)
    return bank, Units.from_masks(dice.random((5, bank.universe.n_cells)) < 0.3)


def test_node_limit_and_threads_of_explain():
    bank, units = units_of(25)
    options = {"strategy": "optimal", "length": 4}
    few = list(explain(bank, units, node_limit=300, **options))
    again = list(explain(bank, units, node_limit=300, threads=3, **options))
    assert [one.as_dict() for one in few] == [one.as_dict() for one in again]
    assert few[0].settings["node_limit"] == 300
    whole = list(explain(bank, units, threads=2, **options))
    assert all(one.is_proven for one in whole)
    assert not all(one.is_proven for one in few)
    for stopped, proven in zip(few, whole, strict=True):
        assert stopped.score <= proven.score <= stopped.bound
    alone = list(explain(bank, units, **options))
    assert [one.as_dict() for one in whole] == [one.as_dict() for one in alone]
    tried = list(explain(bank, units, strategy="exhaustive", length=2, threads=2))
    assert [one.unit for one in tried] == list(units.names)


def test_a_run_that_is_broken_off_stops_its_threads():
    """Leaving the loop ends the proofs ahead of it, which would take long."""
    bank, units = units_of(60)
    run = iter(explain(bank, units, strategy="optimal", length=5, node_limit=10**7, threads=2))
    next(run)
    run.close()


def test_length_5_on_a_real_unit(reference_bank, reference_units):
    """Within two million nodes there is a bound, and no less than the beam's best formula."""
    options = {"unit": "rp03", "length": 5}
    (beam,) = explain(reference_bank, reference_units, **options)
    (found,) = explain(
        reference_bank, reference_units, strategy="optimal", node_limit=2_000_000, **options
    )
    assert beam.score <= found.score <= found.bound < 0.95
    assert found.formula.n_atoms == 5
