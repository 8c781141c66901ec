"""What operators are given of a bank cannot be written to, and what they give back is checked."""

from __future__ import annotations

import pickle
from collections.abc import Mapping

import numpy as np
import pytest

from logicx.banks.bank import ConceptBank
from logicx.errors import LogicxError, PluginError
from logicx.language.formula import Concept
from logicx.language.parsing import parse
from logicx.language.registration import operator
from logicx.language.registry import OPERATORS
from logicx.runs.explain import explain
from logicx.scoring.counts import evaluate, resolve
from logicx.units.units import Units

NAMES = ["couch", "sofa", "water"]


def bank_of_three() -> ConceptBank:
    return ConceptBank.from_masks(
        np.eye(3, 6, dtype=bool),
        NAMES,
        categories=["thing", "thing", "stuff"],
        relations={"NEIGHBORS": {"couch": ["sofa"]}},
        name="room",
    )


def test_a_rewrite_is_shown_the_names_of_a_bank():
    with OPERATORS.scope():

        @operator("ITSKIND", kind="rewrite", args=1, example="ITSKIND(thing)")
        def category(bank, concept):
            """Any concept of that category."""
            kinds = zip(bank.names, bank.categories, bank.counts, strict=True)
            first, *more = [name for name, kind, n in kinds if kind == "thing" and n == 1]
            formula = Concept(first)
            for name in more:
                formula = formula | Concept(name)
            return formula

        assert resolve(parse("ITSKIND(couch)"), bank_of_three()) == parse("couch OR sofa")


ATTACKS = {
    "sizes": lambda bank: bank.size.__setitem__(slice(None), 0),
    "counts": lambda bank: bank.counts.__setitem__(0, 99),
    "names": lambda bank: bank.names.append("x"),
    "a name": lambda bank: setattr(bank, "name", "x"),
    "other names": lambda bank: setattr(bank, "names", ()),
    "a table": lambda bank: bank.relations.update(NEIGHBORS={}),
    "a row": lambda bank: bank.relations["NEIGHBORS"].update(couch=[]),
    "an entry": lambda bank: bank.relations["NEIGHBORS"]["couch"].append("water"),
    "another table": lambda bank: bank.relations.__setitem__("MINE", {}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_rewrite_is_shown_cannot_be_written_to(attack):
    bank = bank_of_three()
    before = bank.content
    with OPERATORS.scope():

        @operator("RUDE", kind="rewrite", args=1, example="RUDE(water)")
        def rude(bank, concept):
            """Writes where it must not."""
            ATTACKS[attack](bank)
            return concept

        with pytest.raises(PluginError, match=f"operator RUDE of {__name__} fails") as caught:
            evaluate(parse("NOT RUDE(couch)"), bank)
    assert caught.value.span == (4, 15)
    assert bank_of_three().content == before == bank.content
    assert ConceptBank.content.func(bank) == before


def test_tables_read_like_any_mapping():
    table = bank_of_three().vocabulary.relations["NEIGHBORS"]
    assert isinstance(table, Mapping)
    assert dict(table) == {"couch": ("sofa",)}
    assert table.get("water") is None
    assert len(table) == 1
    assert "couch" in table


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "gave None"),
        ("couch", "gave 'couch'"),
        (True, "gave True"),
        (Concept, "gave <class"),
    ],
)
def test_a_rewrite_gives_a_formula(given, told):
    with OPERATORS.scope():

        @operator("KIN", kind="rewrite", args=1, example="KIN(water)")
        def kin(bank, concept):
            """What is given."""
            return given

        with pytest.raises(PluginError, match=f"operator KIN of {__name__} {told}") as caught:
            evaluate(parse("KIN(couch)"), bank_of_three())
    assert "no formula" in caught.value.message


def fails(bank):
    raise KeyError("nothing")


@pytest.mark.parametrize(
    ("proposes", "told"),
    [
        (lambda bank: "couch", "gave 'couch', which is no list"),
        (lambda bank: ["couch", "chair"], "gave 'chair'"),
        (lambda bank: [3], "gave 3"),
        (lambda bank: [None, "couch"], "gave None"),
        (lambda bank: None, "gave None, which is no list"),
        (lambda bank: 7, "gave 7, which is no list"),
        (lambda bank: (one for one in [*bank.names, "chair"]), "gave 'chair'"),
        (fails, "fails: KeyError"),
        (lambda bank: bank.nothing, "fails: AttributeError"),
        (lambda bank: bank.names.sort(), "fails: AttributeError"),
    ],
)
def test_what_proposes_gives_is_checked(proposes, told):
    units = Units.from_masks([[1, 0, 0, 0, 0, 0]])
    with OPERATORS.scope():

        @operator("KIN", kind="rewrite", args=1, example="KIN(water)", proposes=proposes)
        def kin(bank, concept):
            """Itself."""
            return concept

        with pytest.raises(PluginError, match=told) as caught:
            list(explain(bank_of_three(), units, atoms=["KIN"]))
    assert f"operator KIN of {__name__}" in caught.value.message
    assert isinstance(caught.value, LogicxError)


def test_a_concept_that_is_proposed_twice_is_one_atom():
    with OPERATORS.scope():

        @operator(
            "KIN", kind="rewrite", args=1, example="KIN(a)", proposes=lambda bank: ["sofa"] * 2
        )
        def kin(bank, concept):
            """Itself."""
            return concept

        op = OPERATORS.get("KIN")
        assert op.proposed(bank_of_three().vocabulary) == ["sofa"]


def test_formulas_of_an_operator_that_is_gone_are_still_pickled():
    with OPERATORS.scope():

        @operator("KIN", kind="rewrite", args=1, example="KIN(water)")
        def kin(bank, concept):
            """Itself."""
            return concept

        formula = parse("NOT KIN(water)")
    assert pickle.loads(pickle.dumps(formula)) == formula
    assert repr(formula) == "Apply('NOT', (Apply('KIN', (Concept('water'),)),))"
    with pytest.raises(LogicxError, match="no operator 'KIN'"):
        str(formula)
