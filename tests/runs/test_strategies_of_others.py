"""Strategies of one's own: what they are held to, and that what they find is what comes out."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from searched_worlds import world
from some_strategies import WRONG, Greedy, giving

from logicx import Beam, ConceptBank, Counts, Exhaustive, Optimal, Units, explain, register, score
from logicx.errors import OptionError, PluginError
from logicx.runs.explain import StrategyOptions
from logicx.runs.strategies.options import SHARED, options_of
from logicx.runs.strategies.registry import STRATEGY_KIND, strategy


@pytest.fixture
def greedy():
    with STRATEGY_KIND.scope():
        yield register("strategy", Greedy)


def test_by_name_and_as_an_instance_it_finds_the_same(greedy):
    for seed in range(8):
        bank, units, _, _ = world(seed)
        (named,) = explain(bank, units, strategy="greedy", tries=4)
        (given,) = explain(bank, units, strategy=Greedy(tries=4))
        assert named == given
        assert (named.settings["strategy"], named.settings["tries"]) == ("greedy", 4)
        again = score(named.formula, bank, units, "u")
        assert (named.score, named.counts) == (again.score, again.counts)
        assert named.best_single == again.best_single
        (best,) = explain(bank, units, strategy="exhaustive")
        assert best.score >= named.score >= named.by_length[0].score
        assert [one.formula.n_atoms for one in named.by_length] == sorted(
            one.formula.n_atoms for one in named.by_length
        )
        json.dumps(named.as_dict())


def test_its_options_change_what_it_finds(greedy):
    found = {
        explain(*world(3)[:2], strategy="greedy", **options)[0].formula
        for options in ({}, {"tries": 1}, {"joins": ("AND",)})
    }
    assert len(found) == 3


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_refused_with_its_owner(what):
    answer, message = WRONG[what]
    bank, units, _, _ = world(1)
    with pytest.raises(PluginError) as caught:
        list(explain(bank, units, strategy=giving(answer)))
    assert message in caught.value.message
    assert "strategy 'wrong' of some_strategies" in caught.value.message


def test_true_claims_pass_and_none_is_a_skipped_unit():
    bank, units, _, unit = world(1)
    atom = bank.atom(0)
    known = score(atom, bank, units, "u")
    for claim in ((atom, known.counts), (atom, known.score, known.counts), [atom, atom]):
        (found,) = explain(bank, units, strategy=giving(lambda task, unit, one=claim: one))
        assert (found.formula, found.counts) == (atom, known.counts)
    for nothing in (None, []):
        plan = explain(bank, units, strategy=giving(lambda task, unit, one=nothing: one))
        assert (list(plan), plan.skipped[0].reason) == ([], "the strategy wrong found no formula")
    assert isinstance(known.counts, Counts)
    assert unit.sum() == known.counts.tp + known.counts.fn


def test_min_support_and_left_out_concepts_hold_for_others_too():
    masks = np.zeros((3, 40), bool)
    masks[0, :2] = masks[1, 10:30] = masks[2, 15:] = True
    bank = ConceptBank.from_masks(masks, ["rare", "wide", "wider"])
    units = Units.from_masks(masks[1:2], ["u"])
    rare = giving(lambda task, unit: task.bank.atom(0))
    (found,) = explain(bank, units, strategy=rare)
    assert str(found.formula) == "rare"
    with pytest.raises(PluginError, match=r"holds at 2 cells, fewer than min_support=5"):
        list(explain(bank, units, strategy=rare, min_support=5))
    (found,) = explain(bank, units, strategy=rare, min_atom_support=5)
    assert str(found.formula) == "wide"
    named = giving(lambda task, unit: bank.atom(0))
    with pytest.raises(PluginError, match="no concept 'rare'"):
        list(explain(bank, units, strategy=named, min_atom_support=5))


def no_dataclass():
    class Plain:
        """Something."""

        name = "plain"

        def search(self, task, unit):
            return None

    return Plain


def variant(bases=(), freeze=True, doc="Something.", **parts):
    given = {"name": "variant", "search": lambda self, task, unit: None, **parts}
    made = type("Variant", bases, {"__doc__": doc, "__module__": __name__, **given})
    return dataclass(frozen=freeze)(made)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (no_dataclass(), "is no frozen dataclass"),
        (variant(freeze=False), "is no frozen dataclass"),
        (variant(name="Two Words"), "a word in lower case"),
        (variant(name=None), "a word in lower case"),
        (variant(search=None), "has no search"),
        (variant(doc=None), "has no docstring"),
        (variant(__annotations__={"length": int}, length=3), "'length', which explain itself has"),
        (variant(__annotations__={"tries": int}), "cannot be made without options"),
        (variant(__annotations__={"name": str}), "has its name as an option"),
        (Greedy(), "registers a strategy that is no class"),
        (None, "registers a strategy that is no class"),
    ],
)
def test_registration_refuses_what_is_no_strategy(part, message):
    with STRATEGY_KIND.scope(), pytest.raises(PluginError, match=message):
        register("strategy", part)


def test_a_name_that_is_taken_names_both_owners():
    with STRATEGY_KIND.scope(), pytest.raises(OptionError) as caught:
        strategy(variant(name="beam"))
    assert "test_strategies_of_others registers the strategy name 'beam'" in caught.value.message
    assert "logicx.runs.strategies.beam has" in caught.value.message


def test_refused_options_name_the_strategy_that_has_them(greedy):
    bank, units, _, _ = world(0)
    for options, message, hint in (
        (
            {"time_limit": 3.0},
            "time_limit means nothing to the strategy beam",
            "strategy=optimal h",
        ),
        ({"shape": "tree"}, "shape means nothing to", "strategy=exhaustive or optimal has it"),
        (
            {"strategy": "optimal", "beam": 10},
            "beam means nothing to the strategy optimal",
            "=beam",
        ),
        ({"tries": 3}, "tries means nothing to the strategy beam", "strategy=greedy has it"),
        ({"strategy": "greedy", "penalty": 1.0}, "penalty means nothing to the", "=beam has it"),
        ({"strategy": "greedy", "trie": 1}, "no option 'trie'", "did you mean: tries?"),
        ({"lenght": 1}, "no option 'lenght', neither of explain nor", "did you mean: length?"),
        ({"strategy": "gredy"}, "no strategy 'gredy'", "did you mean: greedy?"),
        ({"strategy": Optimal(), "beam": 3}, "beam is given beside a strategy", "Optimal(...)"),
        ({"strategy": Optimal}, "a strategy is a name or an instance", "names: beam"),
        ({"strategy": 3}, "a strategy is a name or an instance", "names: beam"),
    ):
        with pytest.raises(OptionError) as caught:
            explain(bank, units, **options)
        assert message in caught.value.message
        assert hint in caught.value.hint


def test_instances_search_as_names_with_options_do():
    bank, units, _, _ = world(2)
    for spec, options in (
        (Beam(3, penalty=0.9, steps=["OR", "XOR"]), {"beam": 3, "penalty": 0.9, "steps": "or,xor"}),
        (Beam(preset="compexp"), {"preset": "compexp"}),
        (Exhaustive("chain"), {"strategy": "exhaustive", "shape": "chain"}),
    ):
        assert list(explain(bank, units, strategy=spec)) == list(explain(bank, units, **options))
        hash(spec)
    assert replace(Beam(3), width=4) == Beam(4)
    for wrong in ({"width": 0}, {"width": 2.5}, {"penalty": 0}, {"penalty": 2.0}):
        with pytest.raises(OptionError):
            Beam(**wrong)


def test_the_typed_keywords_of_explain_are_the_options():
    options = [one for kind in (Beam, Optimal, Exhaustive) for one in options_of(kind)]
    assert set(StrategyOptions.__annotations__) == {one.key for one in options}
    assert [one.field for one in options if one.key != one.field] == ["width"]
    from inspect import signature

    shared = signature(explain).parameters
    assert {*SHARED} == {*shared} - {"bank", "units", "options"}


def test_options_that_a_journal_cannot_note_are_refused():
    @dataclass(frozen=True)
    class Odd:
        """Has a function for an option."""

        name: ClassVar[str] = "odd"
        how: object = len

        def search(self, task, unit):
            return task.bank.atom(0)

    with pytest.raises(PluginError, match="which a journal cannot note"):
        explain(*world(0)[:2], strategy=Odd())


def test_threads_search_others_as_well(greedy):
    bank, _, masks, unit = world(4)
    full = np.zeros((6, bank.universe.n_cells), bool)
    full[:, bank.of_cell >= 0] = [unit ^ mask for mask in masks]
    units = Units.from_masks(full)
    alone = list(explain(bank, units, strategy="greedy"))
    assert list(explain(bank, units, strategy="greedy", threads=3)) == alone
    assert len(alone) == 6
