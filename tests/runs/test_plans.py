"""The plan that explain returns: it searches each unit once, and can be asked for any."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from searched_worlds import world

from logicx import Units, explain
from logicx.errors import DataError, UnknownPlace, UnknownUnit


@pytest.fixture
def watched(monkeypatch):
    """A plan over five units, one of them dead, and the names that were searched so far."""
    bank, _, masks, unit = world(3)
    full = np.zeros((5, bank.universe.n_cells), bool)
    full[:, bank.of_cell >= 0] = [unit, ~unit, unit & False, masks[0] ^ unit, masks[1] ^ unit]
    plan = explain(bank, Units.from_masks(full, ["a", "b", "dead", "c", "7"]))
    searched = []
    search = type(plan.search).explain

    def explained(self, units, stop):
        searched.extend(one.name for one in units)
        return search(self, units, stop)

    monkeypatch.setattr(type(plan.search), "explain", explained)
    return plan, searched


def test_nothing_is_searched_twice(watched):
    plan, searched = watched
    first = list(plan)
    assert [one.unit for one in first] == searched == ["a", "b", "c", "7"]
    assert list(plan) == first
    assert plan["c"] is first[2]
    assert len(searched) == 4
    assert [one.unit for one in plan.skipped] == ["dead"]
    assert plan.n_done == len(plan) == 5


def test_one_unit_is_searched_alone(watched):
    plan, searched = watched
    assert plan["c"].unit == plan[3].unit == plan[np.int64(-2)].unit == "c"
    assert searched == ["c"]
    assert [one.unit for one in plan] == ["a", "b", "c", "7"]
    assert searched == ["c", "a", "b", "7"]


def test_iterations_may_be_broken_off_and_mixed(watched):
    plan, searched = watched
    one, other = iter(plan), iter(plan)
    assert next(one) is next(other)
    assert next(other).unit == "b"
    del other
    assert [found.unit for found in one] == ["b", "c", "7"]
    assert sorted(searched) == ["7", "a", "b", "c"]


def test_results_keep_nothing(watched):
    plan, searched = watched
    assert len(list(plan.results())) == 5
    assert (plan.n_done, plan.skipped) == (0, [])
    assert len(list(plan.results(3))) == 2
    assert searched == ["a", "b", "c", "7", "c", "7"]


def test_what_is_not_there_is_named(watched):
    plan, _ = watched
    with pytest.raises(DataError, match="'dead' cannot be explained: it never fires"):
        plan["dead"]
    with pytest.raises(UnknownUnit, match=r"no unit 'aa' among the 5"):
        plan["aa"]
    with pytest.raises(IndexError):
        plan[5]
    with pytest.raises(UnknownPlace) as caught:
        plan[7]
    assert caught.value.hint == "a unit has this name: ['7']"
    assert ("a" in plan, "aa" in plan) == (True, False)
    assert plan[0] in plan


def test_a_plan_says_what_it_is(watched):
    plan, _ = watched
    start = "<Explanations of 5 units by strategy=beam, length=3, objective=iou: "
    assert repr(plan) == start + "0 found, 0 skipped>"
    list(plan)
    assert repr(plan) == start + "4 found, 1 skipped>"


def test_explanations_are_values(watched):
    plan, _ = watched
    found = plan["a"]
    for same in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found), copy.copy(found)):
        assert same == found
        assert (hash(same), repr(same), same.as_dict()) == (
            hash(found),
            repr(found),
            found.as_dict(),
        )
    assert len({found, plan["b"], plan["a"]}) == 2
    assert repr(found).count("\n") == str(found).count("\n") == 0
    text = str(found.formula)
    assert repr(found) == f"Explanation(unit='a', formula={text!r}, iou={found.score!r})"
    assert str(found) == f"a: {text} (iou {found.score:.4f})"
    found.as_dict()["settings"].clear()
    assert found.settings["engine"] == "numpy"


def test_a_proof_is_told():
    bank, units, _, _ = world(3)
    (found,) = explain(bank, units, strategy="exhaustive", length=2)
    assert str(found).endswith(", proven)")
