"""Thresholds that did not come with logicx: how they register, and what they are refused for."""

from __future__ import annotations

import json

import numpy as np
import pytest

import logicx
from logicx import Threshold, Units
from logicx.banks.universe import Universe
from logicx.cli import run
from logicx.errors import OptionError, PluginError
from logicx.units.activations import write_activations
from logicx.units.thresholds import THRESHOLD_KIND

INF = float("inf")
ROW = np.array([[0.0, 1.0, 2.0, 9.0]])


@pytest.fixture(autouse=True)
def scope():
    with THRESHOLD_KIND.scope():
        yield


def register(function, name="mine", doc="When it is on.", **stated):
    function.__doc__, function.__module__ = doc, "somebody.cuts"
    return logicx.threshold(name, **stated)(function)


def test_a_function_of_activations_is_used_as_the_built_in_ones_are(tmp_path, capsys):
    register(lambda a, times: (times * a.mean(), INF), "above-mean", number="times", example=2)
    units = Units.from_activations(ROW, "above-mean(2)")
    assert (units.n_on.tolist(), units.cut, units.threshold) == ([1], ("> 6",), "above-mean(2)")
    assert str(Threshold.of("above-mean: 0.5")) == "above-mean(0.5)"
    units.save(tmp_path / "u.units")
    assert Units.open(tmp_path / "u.units").threshold == "above-mean(2)"
    np.save(tmp_path / "a.npy", ROW)
    assert run(["units", f"units={tmp_path}/a.npy", "threshold=above-mean(2)", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cells"] == 1


def test_several_ranges_are_units_of_their_own(tmp_path):
    register(lambda a: [(a.min() - 1, a.min()), (a.max(), INF)], "ends", ranges=2)
    units = Units.from_activations(ROW, "ends")
    assert units.names == ("0#1", "0#2")
    assert units.n_on.tolist() == [1, 0]
    path = tmp_path / "u.units"
    write_activations(path, ["0"], 4, "float32", [ROW.T.astype("f4")])
    assert Units.open(path, "ends").n_on.tolist() == [1, 0]


def test_maps_are_cut_as_recorded_and_not_upsampled(tmp_path):
    register(lambda a: (a.mean(), INF))
    path = tmp_path / "m.units"
    rows = [ROW.T.astype("f4")]
    write_activations(path, ["0"], 4, "float32", rows, universe=Universe.pixels(1, 2, 2))
    assert Units.open(path, "mine").cut == ("> 3",)
    with pytest.raises(OptionError, match="only a quantile is found @upsampled, not mine"):
        Units.open(path, "mine@upsampled")


def test_units_on_file_are_known_by_the_rules_source(tmp_path):
    """The same name for another rule is not the same units; built-in rules stay as they were."""
    path = tmp_path / "u.units"
    write_activations(path, ["0"], 4, "float32", [ROW.T.astype("f4")])
    built_in = Units.open(path, "quantile(0.5)")
    assert built_in._held.rule.identity == {"threshold": "quantile(0.5)"}
    register(lambda a: (0.0, INF))
    assert Units.open(path, "mine")._held.rule.identity["module"] == "somebody.cuts"


@pytest.mark.parametrize(
    ("name", "function", "stated", "why"),
    [
        ("mine", lambda a: 0.5, {}, "gives 0.5, which is no range"),
        ("mine", lambda a: a, {}, r"gives ndarray of shape \(200,\), which is no range"),
        ("mine", lambda a: a > 0, {}, r"gives ndarray of shape"),
        ("mine", lambda a: (a.std() / a.std(), INF), {}, "gives .*nan.*, which is no range"),
        ("mine", lambda a: [(0, 1), (1, 2)], {}, "gives 2 ranges, not 1"),
        ("mine", lambda: (0, 1), {}, "fails: TypeError"),
        ("mine", lambda a: (0, INF), {"number": "x"}, "takes a number, but has no example"),
        ("mine", lambda a: (0, INF), {"example": 1}, "takes no number"),
        ("mine", lambda a: (0, INF), {"ranges": "k"}, "has ranges='k'"),
        ("mine", lambda a: (0, INF), {"ranges": 0}, "has ranges=0"),
        ("mine", lambda a: (0, INF), {"doc": ""}, "has no documentation"),
        ("Mine", lambda a: (0, INF), {}, "registers a threshold named 'Mine'"),
        ("value", lambda a: (0, INF), {}, "registers the threshold name 'value', which logicx"),
    ],
)
def test_what_is_wrong_is_told_at_registration_with_its_owner(name, function, stated, why):
    with pytest.raises((PluginError, OptionError), match=why) as caught:
        register(function, name, **stated)
    assert "somebody.cuts" in str(caught.value)


def test_what_is_wrong_is_told_where_units_are_cut():
    register(lambda a: (0.0, INF) if len(a) != 4 else {}["low"])
    with pytest.raises(PluginError, match=r"threshold 'mine' of somebody\.cuts fails: KeyError"):
        Units.from_activations(ROW, "mine")
    register(lambda a: (0.0, INF) if len(a) != 4 else None)
    with pytest.raises(PluginError, match=r"threshold 'mine' of somebody\.cuts gives None"):
        Units.from_activations(ROW, "mine")


def test_its_number_may_mean_nothing_to_it():
    def check(number):
        if number < 0:
            raise OptionError("mine takes a number from 0")

    register(lambda a, x: (x, INF), number="x", example=1, check=check)
    with pytest.raises(OptionError, match="mine takes a number from 0"):
        Threshold.of("mine(-1)")
    for text in ("mine", "mine(x)", "min(1)"):
        with pytest.raises(OptionError, match="threshold"):
            Threshold.of(text)


def test_no_cell_is_no_fault_of_the_rule():
    register(lambda a: (float(a[0]), INF))
    assert Units.from_activations(np.zeros((2, 0)), "mine").n_on.tolist() == [0, 0]
