"""Operators of third parties, through the public door."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from some_operators import BITS, bank_of_rows, every_row, holds, register

from logicx.banks.bank import ConceptBank
from logicx.errors import LogicxError, OperatorError, PluginError, UnknownConcept
from logicx.language.canon import canonical
from logicx.language.formula import Apply, Concept
from logicx.language.parsing import DIALECTS, parse
from logicx.language.printing import format_formula
from logicx.language.registration import operator
from logicx.language.registry import OPERATORS
from logicx.scoring.counts import evaluate, resolve
from logicx.scoring.score import score
from logicx.units.units import Units


@pytest.fixture
def third_party():
    with OPERATORS.scope():

        @operator(
            "SHEFFER",
            form="infix",
            symbol="&|",
            precedence=30,
            facts=["commutative"],
            example="water SHEFFER blue",
        )
        def nand(a, b):
            """Not both."""
            return not (a and b)

        @operator(
            "MOSTLY", args=(1, None), facts=["commutative"], example="MOSTLY(water, blue, boat)"
        )
        def majority(*args):
            """More than half hold."""
            return 2 * sum(args) > len(args)

        @operator("IF", args=3, example="IF(water, blue, green)")
        def choose(condition, then, otherwise):
            """The second where the first holds, else the third."""
            return then if condition else otherwise

        @operator("NEAREST", kind="rewrite", args=1, parameters=["n"], example="NEAREST(2, a)")
        def nearest(bank, n, concept):
            """It, or one of its n nearest."""
            names = bank.relations["NEIGHBORS"][concept.name][:n]
            formula = concept
            for name in names:
                formula = formula | Concept(name)
            return formula

        yield


def test_third_party_operators_parse_and_print(third_party):
    a, b, c = (Concept(name) for name in "abc")
    nand = Apply("SHEFFER", (a, b))
    for text in ("a SHEFFER b", "a sheffer b", "a &| b", "a&|b", "(a)SHEFFER(b)"):
        assert parse(text) == nand
    assert parse("a SHEFFER b SHEFFER c") == Apply("SHEFFER", (nand, c))
    assert parse("a AND b SHEFFER c") == Apply("SHEFFER", (Apply("AND", (a, b)), c))
    assert parse("a OR b SHEFFER c") == Apply("OR", (a, Apply("SHEFFER", (b, c))))
    assert parse("a OR b SHEFFER c", "chain") == Apply("SHEFFER", (Apply("OR", (a, b)), c))
    assert parse("a AND ~b") == Apply("AND", (a, Apply("NOT", (b,))))
    assert parse("Mostly(a, b SHEFFER c)") == Apply("MOSTLY", (a, Apply("SHEFFER", (b, c))))
    assert parse("NEAREST(2, a)") == Apply("NEAREST", (a,), (2,))
    for text in (
        "a SHEFFER (b SHEFFER c)",
        "(a AND b) SHEFFER NOT c",
        "NOT MOSTLY(a, b, NOT c)",
        "IF(a OR b, SHEFFER2, NEAREST(2, c))",
        'a OR "is sheffer"',
        "a OR sheffer",
    ):
        assert str(parse(text)) == text
        assert all(parse(text, dialect) == parse(text) for dialect in DIALECTS)


def test_third_party_operators_evaluate(third_party):
    bank = every_row(3)
    rows = list(product(BITS, repeat=3))
    for text, meaning in (
        ("a SHEFFER b", lambda a, b, c: not (a and b)),
        ("MOSTLY(a, b, c)", lambda a, b, c: a + b + c >= 2),
        ("MOSTLY(a, NOT b)", lambda a, b, c: a and not b),
        ("IF(a, b, c)", lambda a, b, c: b if a else c),
        ("IF(a SHEFFER b, NOT c, a OR c)", lambda a, b, c: not c if not (a and b) else a or c),
    ):
        formula = parse(text)
        want = [bool(meaning(*row)) for row in rows]
        assert holds(formula, bank) == want, text
        assert holds(canonical(formula), bank) == want, text


def test_canonical_form_uses_the_facts_of_third_parties(third_party):
    assert canonical(parse("b SHEFFER a")) == parse("a SHEFFER b")
    assert canonical(parse("MOSTLY(c, a, b)")) == parse("MOSTLY(a, b, c)")
    assert canonical(parse("IF(c, a, b)")) == parse("IF(c, a, b)")
    assert canonical(parse("(a SHEFFER b) SHEFFER c")) != canonical(
        parse("a SHEFFER (b SHEFFER c)")
    )


def test_third_party_operators_score(third_party):
    masks = [[0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1]]
    bank = ConceptBank.from_masks(
        masks, ["water", "blue", "sea"], relations={"NEIGHBORS": {"water": ["blue", "sea"]}}
    )
    units = Units.from_masks([[1, 1, 1, 0]], ["u"])
    for text, iou in (
        ("water SHEFFER blue", 1.0),
        ("MOSTLY(water, blue, sea)", 0.0),
        ("NEAREST(1, water)", 0.5),
        ("NEAREST(0, water)", 0.25),
        ("NOT NEAREST(2, water)", 1 / 3),
    ):
        found = score(text, bank, units, "u")
        assert found.score == pytest.approx(iou), text
        assert format_formula(found.formula) == text


def test_a_rewrite_is_resolved_before_evaluation(third_party):
    relations = {"NEIGHBORS": {"a": ["b", "c"]}}
    bank = bank_of_rows(product(BITS, repeat=3), relations)
    assert resolve(parse("x AND a").args[1], bank) == Concept("a")
    assert resolve(parse("NOT NEAREST(2, a)"), bank) == parse("NOT (a OR b OR c)")
    assert resolve(parse("NEIGHBORS(a) AND c"), bank) == parse("(b OR c) AND c")


def test_calling_with_wrong_arguments_names_the_signature(third_party):
    for text, why in (
        ("IF(a, b)", r"IF takes 3 arguments, not 2: IF\(a, b, c\)"),
        ("NEAREST(a)", r"NEAREST needs a whole number 'n' first: NEAREST\(n, a\)"),
        ("NEAREST(2, a, b)", "NEAREST takes 1 argument, not 2"),
        ("MOSTLY()", r"MOSTLY takes at least 1 argument, not 0: MOSTLY\(a, ...\)"),
    ):
        with pytest.raises(LogicxError, match=why) as caught:
            parse(text)
        assert caught.value.code == "arity"


SHORT_AND_LONG = list(product(["EQ", "EQUALS"], ["^^", "&^", "&&", "||", "|&", "&&&"]))


@pytest.mark.parametrize(("keyword", "symbol"), SHORT_AND_LONG)
def test_the_longest_symbol_wins_whatever_the_keyword(keyword, symbol):
    with OPERATORS.scope():
        register(keyword, lambda a, b: a == b, form="infix", symbol=symbol, precedence=5)
        want = Apply(keyword, (Concept("a"), Concept("b")))
        assert parse(f"a {symbol} b") == parse(f"a{symbol}b") == parse(f"a {keyword} b") == want
        assert parse("a & ~b") == parse("a AND NOT b")


def test_a_rewrite_may_return_a_rewrite():
    bank = bank_of_rows(product(BITS, repeat=3), {"NEIGHBORS": {"a": ["b", "c"]}})
    with OPERATORS.scope():

        @operator("FAR", kind="rewrite", args=1, example="FAR(a)")
        def far(bank, concept):
            """None of its neighbours."""
            return ~Apply("NEIGHBORS", (concept,))

        assert holds(parse("FAR(a)"), bank) == holds(parse("NOT (b OR c)"), bank)


def test_a_rewrite_that_returns_no_formula_is_named():
    with OPERATORS.scope():

        @operator("FAR", kind="rewrite", args=1, example="FAR(a)")
        def far(bank, concept):
            """Forgets to return anything."""

        with pytest.raises(PluginError, match=f"FAR of {__name__} gave None"):
            evaluate(parse("NOT FAR(a)"), every_row(1))


def test_a_rewrite_without_end_is_refused_and_unknown_names_are_told():
    with OPERATORS.scope():

        @operator("FAR", kind="rewrite", args=1, example="FAR(a)")
        def far(bank, concept):
            """Itself again."""
            return Apply("FAR", (concept,))

        @operator("OTHER", kind="rewrite", args=1, example="OTHER(a)")
        def other(bank, concept):
            """Something that no bank has."""
            return parse("zebra AND (lion OR zebra)")

        with pytest.raises(OperatorError, match="FAR is rewritten without end"):
            evaluate(parse("FAR(a)"), every_row(1))
        with pytest.raises(UnknownConcept, match="zebra") as caught:
            evaluate(parse("a OR OTHER(a)"), every_row(1))
        assert [one.span for one in (caught.value, *caught.value.also)] == [(5, 13), (5, 13)]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(11, 40), st.integers(0, 42))
def test_many_arguments_are_counted_in_binary(seed, n, k):
    """Above the size whose truth table is written out."""
    dice = np.random.default_rng(seed)
    masks = dice.random((n, 70)) < dice.random()
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(n)])
    text = f"ATLEAST({k}, {', '.join(bank.names)})"
    assert (bank.cells(evaluate(parse(text), bank)) == (masks.sum(axis=0) >= k)).all()


def test_facts_are_checked_with_several_parameters():
    with OPERATORS.scope(), pytest.raises(OperatorError, match="not commutative"):

        @operator(
            "WEIRD", args=2, parameters=["k"], facts=["commutative"], example="WEIRD(3, a, b)"
        )
        def weird(k, a, b):
            """The first, if k is 3."""
            return a if k == 3 else a and b


def test_the_same_cell_of_a_notebook_may_register_again():
    with OPERATORS.scope():
        for value in (False, True):

            @operator("SAME", form="infix", precedence=5, example="a SAME b")
            def same(a, b, value=value):
                """Always the value."""
                return value

        assert OPERATORS.get("SAME").truth((), (False, False)) is True


def test_a_function_that_fails_is_named():
    with OPERATORS.scope():

        @operator("FRAGILE", args=2, parameters=["k"], example="FRAGILE(1, a, b)")
        def fragile(k, a, b):
            """Fails for a k of 7."""
            return bool(1 / (7 - k)) and a and b

        @operator("BROKEN", kind="rewrite", args=1, example="BROKEN(a)")
        def broken(bank, concept):
            """Fails."""
            return bank.nothing

        for text in ("FRAGILE(7, a, b)", "BROKEN(a)"):
            with pytest.raises(PluginError, match=f"the function of .* of {__name__} fails"):
                evaluate(parse(text), every_row(2))
