"""Journals know parts of one's own by their owner and source; those of logicx leave no trace."""

from __future__ import annotations

import sys
import types
from contextlib import ExitStack
from dataclasses import replace
from textwrap import dedent

import numpy as np
import pytest
from searched_worlds import world
from some_strategies import Greedy

from logicx import Preset, Units, explain, operator, read_journal, register, run_journal, threshold
from logicx.errors import JournalError, OptionError, PluginError
from logicx.language.registry import OPERATORS
from logicx.runs.presets import PRESET_KIND, PRESETS
from logicx.runs.strategies.registry import STRATEGY_KIND
from logicx.scoring.objectives import OBJECTIVE_KIND, objective
from logicx.search.heuristics import HEURISTIC_KIND, heuristic
from logicx.search.heuristics.bounds import Bounds
from logicx.units.thresholds import THRESHOLD_KIND

KINDS = (STRATEGY_KIND, PRESET_KIND, OBJECTIVE_KIND, HEURISTIC_KIND, THRESHOLD_KIND, OPERATORS)


@pytest.fixture
def scope():
    with ExitStack() as stack:
        for kind in KINDS:
            stack.enter_context(kind.scope())
        yield


def header(tmp_path, **options):
    bank, units, _, _ = world(1)
    path = tmp_path / "run.jsonl"
    path.unlink(missing_ok=True)
    run_journal(explain(bank, units, **options), path)
    return read_journal(path).header


def test_built_in_parts_leave_no_trace(tmp_path):
    for options in ({}, {"preset": "cce", "objective": "mcc"}, {"strategy": "exhaustive"}):
        assert "parts" not in header(tmp_path, **options)


def test_each_part_of_ones_own_is_noted(tmp_path, scope):
    @objective("first-kind")
    def first_kind(tp, fp, n_on, n_cells):
        """Hits minus half the false alarms."""
        return (tp - fp / 2) / n_cells

    class Same(Bounds):
        """As bounds."""

    register("preset", Preset("thrifty", "each concept once", distinct=(9, 9)))
    heuristic(Same(name="same"))
    register("strategy", Greedy)
    for options, kind, name in (
        ({"objective": "first-kind"}, "objective", "first-kind"),
        ({"preset": "thrifty"}, "preset", "thrifty"),
        ({"heuristic": "same"}, "heuristic", "same"),
        ({"strategy": "greedy"}, "strategy", "greedy"),
    ):
        found = header(tmp_path, **options)["parts"]
        assert list(found) == [kind]
        assert found[kind]["name"] == name
        home = "some_strategies" if kind == "strategy" else __name__
        assert (found[kind]["module"], len(found[kind]["source"])) == (home, 64)
    both = header(tmp_path, preset="thrifty", objective="first-kind")["parts"]
    assert sorted(both) == ["objective", "preset"]


def test_operators_among_steps_and_atoms_are_noted(tmp_path, scope):
    @operator("SHEFFER", form="infix", precedence=30, example="a SHEFFER b")
    def nand(a: bool, b: bool) -> bool:
        """Not both hold."""
        return not (a and b)

    @operator(
        "TWIN", kind="rewrite", args=1, example="TWIN(a)", proposes=lambda bank: [bank.names[0]]
    )
    def twin(bank, concept):
        """The concept itself."""
        return concept

    found = header(tmp_path, steps=["OR", "SHEFFER NOT"])["parts"]
    assert sorted(found) == ["operator SHEFFER", "operator TWIN"]
    assert {one["module"] for one in found.values()} == {__name__}
    assert sorted(header(tmp_path)["parts"]) == ["operator TWIN"]
    assert "parts" not in header(tmp_path, atoms="concepts")


def test_the_threshold_of_the_units_is_noted(tmp_path, scope):
    @threshold("above-mean", number="times", example=2)
    def above_mean(activations, times):
        """On where the activation is above so many times the mean."""
        return times * activations.mean(), float("inf")

    bank, _, _, _ = world(1)
    acts = np.random.default_rng(0).random((1, bank.universe.n_cells))
    for rule, noted in (("above-mean(1.2)", ["threshold"]), ("quantile(0.2)", [])):
        path = tmp_path / f"{rule}.jsonl"
        run_journal(explain(bank, Units.from_activations(acts, rule)), path)
        found = read_journal(path).header.get("parts", {})
        assert list(found) == noted
    assert found == {}


SOURCE = dedent(
    """
    from __future__ import annotations
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class First:
        "Takes the concept of a number."
        name = "first"

        def search(self, task, unit):
            return task.bank.atom(0)
    """
)


def loaded(tmp_path, monkeypatch, text):
    """The strategy of a module of its own."""
    import importlib
    import linecache

    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("my_strategy", None)
    (tmp_path / "my_strategy.py").write_text(text)
    linecache.clearcache()
    importlib.invalidate_caches()
    module = types.ModuleType("my_strategy")
    module.__file__ = str(tmp_path / "my_strategy.py")
    monkeypatch.setitem(sys.modules, "my_strategy", module)
    exec(compile(text, module.__file__, "exec"), module.__dict__)
    return module.First()


def test_a_resumed_run_refuses_another_source(tmp_path, monkeypatch):
    bank, _, _, unit = world(1)
    full = np.zeros((2, bank.universe.n_cells), bool)
    full[:, bank.of_cell >= 0] = [unit, ~unit]
    units, path = Units.from_masks(full), tmp_path / "run.jsonl"
    first = loaded(tmp_path, monkeypatch, SOURCE)
    run_journal(explain(bank, units, strategy=first), path)
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    assert run_journal(explain(bank, units, strategy=first), path, resume=True).is_complete
    assert path.read_bytes() == whole
    other = loaded(tmp_path, monkeypatch, SOURCE.replace("atom(0)", "atom(1)"))
    with pytest.raises(JournalError) as caught:
        run_journal(explain(bank, units, strategy=other), path, resume=True)
    assert "strategy is first of my_strategy (source " in caught.value.message
    assert "there, first of my_strategy (source " in caught.value.message


def test_presets_of_ones_own(scope):
    bank, units, _, _ = world(3)
    register("preset", Preset("thrifty", "each concept once", distinct=(9, 9), first_factor=2))
    (named,) = explain(bank, units, preset="thrifty", length=4)
    assert named.settings["preset"] == "thrifty"
    assert len({*named.formula.concepts}) == named.length
    mine = replace(PRESETS["cce"], name="mine", doc="as cce")
    assert mine.written_in == __name__
    assert PRESET_KIND.identity(mine)["module"] == __name__
    assert PRESET_KIND.identity(PRESETS["cce"]) is None
    assert explain(bank, units, preset=mine)[0].score == explain(bank, units, preset="cce")[0].score
    for wrong, message in (
        ({"doc": ""}, "has no doc"),
        ({"name": "My Rules"}, "is none"),
        ({"dedupe": "some"}, "has dedupe='some', not one of meaning"),
        ({"expands": "some"}, "has expands='some', not one of all, newest"),
        ({"first_factor": 0}, "has first_factor=0"),
        ({"distinct": (1,)}, "has distinct=(1,)"),
        ({"iou": 3}, "has iou=3"),
        ({"adds_absent": "no"}, "has adds_absent='no'"),
    ):
        with pytest.raises(PluginError) as caught:
            register("preset", replace(mine, **wrong))
        assert message in caught.value.message
        assert __name__ in caught.value.message
        with pytest.raises(PluginError):
            explain(bank, units, preset=replace(mine, **wrong))
    with pytest.raises(PluginError, match="that is none"):
        register("preset", {"name": "mine"})
    with pytest.raises(OptionError, match="a preset is a name or made by"):
        explain(bank, units, preset=3)
    with pytest.raises(OptionError, match=r"which logicx\.runs\.presets has"):
        register("preset", replace(mine, name="cce"))
    with pytest.raises(OptionError, match="no kind of parts 'presset'") as caught:
        register("presset", mine)
    assert "did you mean: preset?" in caught.value.hint
