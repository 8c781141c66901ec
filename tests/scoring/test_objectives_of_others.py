"""Objectives that did not come with logicx: how they register, and what they are refused for."""

from __future__ import annotations

import numpy as np
import pytest
from searched_worlds import world

import logicx
from logicx.errors import OptionError, PluginError
from logicx.scoring.objectives import (
    OBJECTIVE_KIND,
    OBJECTIVES,
    CountObjective,
    objective_named,
)


@pytest.fixture(autouse=True)
def scope():
    with OBJECTIVE_KIND.scope():
        yield


def register(function, name="mine", **stated):
    function.__doc__ = "What it measures."
    function.__module__ = "somebody.scores"
    return logicx.objective(name, **stated)(function)


def test_a_function_of_counts_is_used_as_the_built_in_ones_are():
    @logicx.objective("gmean", directions=(1, -1))
    def gmean(tp, fp, n_on, n_cells):
        """Geometric mean of precision and recall."""
        return tp / np.sqrt(np.maximum(1.0, tp + fp) * max(1, n_on))

    bank, units, _, unit = world(3)
    (found,) = logicx.explain(bank, units, objective="gmean", length=2)
    assert found.objective == "gmean"
    n_on = int(unit.sum())
    assert found.score == gmean(found.counts.tp, found.counts.fp, n_on, len(unit))
    told = logicx.score(found.formula, bank, units, "u", objective="gmean")
    assert told.score == found.score
    goal = objective_named("gmean")
    assert objective_named(goal) is goal
    assert OBJECTIVE_KIND.identity(goal)["module"] == __name__
    assert OBJECTIVE_KIND.identity(goal)["source"]
    assert goal.directions == (1, -1)


def test_a_family_takes_numbers():
    def tversky(tp, fp, n_on, n_cells, a):
        below = tp + a * fp + (n_on - tp)
        return np.divide(tp, below, out=np.zeros(np.shape(tp)), where=below != 0)

    register(tversky, "tversky", number="a", examples=[0.5, 1], directions=(1, -1))
    assert objective_named("tversky(1)").score(2, 1, 4, 9) == 0.4
    assert objective_named("tversky:0.25").name == "tversky(0.25)"
    for text, why in {
        "tversky": "no objective 'tversky'",
        "tversky(x)": "'x' is not a number",
        "iou(2)": r"no objective 'iou\(2\)'",
        "tverski(2)": "no objective",
    }.items():
        with pytest.raises(OptionError, match=why):
            objective_named(text)
    with pytest.raises(OptionError, match=r"fbeta\(beta\), tversky\(a\)"):
        objective_named("zzz")


def test_the_built_in_ones_are_not_wrapped():
    for name, one in OBJECTIVES.items():
        assert objective_named(name) is one
        assert objective_named(one) is one
        assert OBJECTIVE_KIND.identity(one) is None
    assert OBJECTIVE_KIND.identity(objective_named("fbeta(2)")) is None


@pytest.mark.parametrize(
    ("name", "function", "stated", "why"),
    [
        ("mine", lambda tp, fp, n_on, n: tp / (fp + n_on), {}, "gives nan at tp=0, fp=0, n_on=0"),
        ("mine", lambda tp, fp, n_on, n: tp.max(), {}, r"gives float64 of shape \(\)"),
        ("mine", lambda tp, fp, n_on, n: 1 if tp > fp else 0, {}, "fails: ValueError: The truth"),
        ("mine", lambda tp, fp: tp, {}, "fails: TypeError"),
        ("mine", lambda tp, fp, n_on, n: None, {}, r"gives float64 of shape \(\)"),
        ("mine", lambda tp, fp, n_on, n: tp, {"directions": (-1, 0)}, "states that it never rises"),
        ("mine", lambda tp, fp, n_on, n: tp, {"directions": "up"}, "not two of -1, 0 and 1"),
        ("mine", lambda tp, fp, n_on, n: tp, {"ratio": lambda *_: None}, "gives None for its rat"),
        ("Mine", lambda tp, fp, n_on, n: tp, {}, "a word in lower case"),
        ("iou", lambda tp, fp, n_on, n: tp, {}, "registers the objective name 'iou', which logicx"),
        ("fbeta", lambda tp, fp, n_on, n: tp, {}, "registers the objective name 'fbeta', which"),
        ("mine", lambda tp, fp, n_on, n, b: tp, {"number": "b"}, "there is no example of one"),
        ("mine", lambda tp, fp, n_on, n, b: tp, {"number": "a b", "examples": [1]}, "no name"),
        ("mine", lambda tp, fp, n_on, n: tp, {"number": "b", "examples": [1]}, "fails: TypeError"),
    ],
)
def test_what_is_wrong_is_told_at_registration_with_its_owner(name, function, stated, why):
    with pytest.raises((PluginError, OptionError), match=why) as caught:
        register(function, name, **stated)
    assert "somebody.scores" in str(caught.value)


@pytest.mark.parametrize(
    ("score", "why"),
    [
        (lambda tp, fp, n_on, n: tp / 0.0, "gives (nan|inf) at tp="),
        (lambda tp, fp, n_on, n: np.zeros(3), r"gives float64 of shape \(3,\)"),
        (lambda tp, fp, n_on, n: {}["a"], "fails: KeyError: 'a'"),
        (lambda tp, fp, n_on, n: tp.sort(), "fails: (ValueError|AxisError)"),
    ],
)
def test_what_is_wrong_is_told_where_it_enters_a_search(score, why):
    bank, units, _, _ = world(3)
    mine = CountObjective("mine", score, "")
    for how in (
        lambda: [*logicx.explain(bank, units, objective=mine)],
        lambda: [*logicx.explain(bank, units, objective=mine, strategy="exhaustive", length=2)],
        lambda: logicx.score("c0 OR c1", bank, units, "u", objective=mine),
    ):
        with pytest.raises(PluginError, match=why) as caught:
            how()
        assert f"objective 'mine' of {__name__}" in str(caught.value)


def test_an_instance_of_a_class_of_ones_own():
    class Hits:
        name, doc = "hits", "Cells that both have."

        def score(self, tp, fp, n_on, n_cells):
            return np.asarray(tp) * 1.0

    bank, units, _, _ = world(3)
    (given,) = logicx.explain(bank, units, objective=Hits())
    OBJECTIVE_KIND.register(Hits())
    (named,) = logicx.explain(bank, units, objective="hits")
    assert given.score == named.score == float(given.counts.tp)
