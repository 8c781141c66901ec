"""Where a unit fires: signatures and counts are the same as counts of all signatures."""

from __future__ import annotations

import numpy as np
import pytest
from searched_worlds import world

from logicx import ConceptBank, Firing, Units, explain
from logicx.engines.numpy_engine import NumpyEngine
from logicx.scoring.counts import count
from logicx.scoring.objectives import OBJECTIVES
from logicx.scoring.score import best_single
from logicx.search.formulas.ceiling import ceiling
from logicx.search.formulas.exhaustive import exhaustive


def sparse(dense):
    """The same without the counts of all signatures."""
    at = np.flatnonzero(dense)
    return Firing(at, dense[at], len(dense))


def test_both_forms_are_the_same():
    dice = np.random.default_rng(0)
    for n in (0, 1, 63, 64, 65, 500):
        dense = dice.integers(0, 3, n) * (dice.random(n) < 0.2)
        firing, back = Firing.of(dense), sparse(dense)
        assert (back.dense() == dense).all()
        assert (firing.signatures == back.signatures).all()
        assert (firing.counts == back.counts).all()
        assert firing.n_on == back.n_on == dense.sum()
        assert firing.n_signatures == back.n_signatures == n
        assert firing.dense() is dense
        assert Firing.of(firing) is firing
        holds = dice.random(n) < 0.5
        assert firing.within(holds) == back.within(holds) == dense[holds].sum()
    flags = np.array([True, False, True])
    assert (Firing.of(flags).counts.tolist(), Firing.of(flags).counts.dtype) == ([1, 1], np.int64)


def test_units_give_it_whatever_their_form():
    bank, units, _, _ = world(2, repeats=3)
    dense = units.on(bank, "u")
    counted = Units.counted(bank, ["u"], [dense])
    for one in (units, counted):
        firing = one.firing(bank, "u")
        assert (firing.dense() == dense).all()
        assert (firing.counts == dense[dense > 0]).all()
        assert (one.on(bank, "u") == dense).all()
    assert "_dense" not in counted.firing(bank, "u").__dict__


@pytest.mark.parametrize("seed", range(6))
def test_what_is_counted_is_the_same_from_both(seed):
    bank, units, _, _ = world(seed, repeats=2)
    dense = units.on(bank, "u")
    for goal in OBJECTIVES.values():
        assert ceiling(bank.size, sparse(dense), goal) == ceiling(bank.size, dense, goal)
        assert best_single(bank, sparse(dense), goal) == best_single(bank, dense, goal)
        tried = exhaustive(bank, sparse(dense), objective=goal, length=2)
        assert tried == exhaustive(bank, dense, objective=goal, length=2)
        assert count(tried.formula, bank, sparse(dense)) == tried.counts
    engines = [NumpyEngine(bank, one) for one in (sparse(dense), dense)]
    assert engines[0].on_count.tolist() == engines[1].on_count.tolist()
    assert (engines[0].on == dense).all()


@pytest.mark.parametrize("engine", ["numpy", "numba", "torch:cpu"])
def test_searches_of_both_forms_are_the_same(engine):
    if engine == "numba":
        pytest.importorskip("numba")
    for seed in range(4):
        bank, units, _, _ = world(seed, repeats=2)
        counted = Units.counted(bank, ["u"], [units.on(bank, "u")])
        found = [explain(bank, one, engine=engine)["u"] for one in (units, counted)]
        assert found[0].by_length == found[1].by_length


def test_proofs_of_both_forms_are_the_same():
    pytest.importorskip("numba")
    from logicx.search.optimal.searching import optimal

    bank, units, _, _ = world(1)
    dense = units.on(bank, "u")
    found = [optimal(bank, one) for one in (sparse(dense), dense)]
    assert found[0].by_length == found[1].by_length


def test_it_says_how_often():
    bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["a", "b"])
    firing = Firing.of(bank.on_counts(np.array([True, True, False, False])))
    assert repr(firing) == "<Firing at 2 cells of 2 of 4 signatures>"
