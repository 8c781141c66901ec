"""Nodes of formulas: spans, equality, hashes, Python's operators, length."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest
from hypothesis import given, settings
from some_formulas import A, B, C, at_least, both, either, no
from strategies import formulas

from logicx.errors import FormulaError, LogicxError
from logicx.language.formula import Apply, Concept, Formula, fold, post_order
from logicx.language.parsing import parse


def test_spans_take_no_part_in_equality_or_hash():
    tight, wide = parse("a OR NOT b"), parse("  (a)   OR ( NOT  (b) ) ")
    assert tight == wide == either(A, no(B))
    assert hash(tight) == hash(wide) == hash(either(A, no(B)))
    assert tight.span == (0, 10)
    assert wide.span != tight.span


def test_spans_point_at_the_text():
    text = " (water OR 'black and white') AND  NOT ATLEAST(1, hyp:a b,c)"
    found = [text[slice(*node.span)] for node in post_order(parse(text))]
    assert found == [
        "water",
        "'black and white'",
        "water OR 'black and white'",
        "hyp:a b",
        "c",
        "ATLEAST(1, hyp:a b,c)",
        "NOT ATLEAST(1, hyp:a b,c)",
        "(water OR 'black and white') AND  NOT ATLEAST(1, hyp:a b,c)",
    ]


def test_different_trees_differ():
    trees = [
        A,
        B,
        no(A),
        no(no(A)),
        both(A, B),
        both(B, A),
        either(A, B),
        both(both(A, B), C),
        both(A, both(B, C)),
        at_least(1, A, B),
        at_least(2, A, B),
        at_least(1, A, B, C),
        Apply("NEIGHBORS", (A,)),
    ]
    for i, left in enumerate(trees):
        for j, right in enumerate(trees):
            assert (left == right) is (i == j)
            assert (left != right) is (i != j)
    assert len(set(trees)) == len(trees)
    assert A != "a"
    assert no(A) != "NOT a"


@settings(deadline=None)
@given(formulas(max_leaves=5), formulas(max_leaves=5))
def test_equality_is_equality_of_text(left, right):
    assert (left == right) == (str(left) == str(right))
    assert left == parse(str(left))
    assert hash(left) == hash(parse(str(left)))


def test_python_operators_build_the_same_nodes():
    assert parse("(a OR b) AND NOT c") == (A | B) & ~C
    assert parse("a XOR b XOR c") == A ^ B ^ C
    assert parse("a OR (b AND c)") == A | B & C
    assert parse("(NOT a) AND b") == ~A & B


@pytest.mark.parametrize("other", ["b", 1, None, ("b",)])
def test_python_operators_refuse_what_is_no_formula(other):
    for join in (Formula.__and__, Formula.__or__, Formula.__xor__):
        assert join(A, other) is NotImplemented
    with pytest.raises(TypeError):
        A & other


def test_repr_and_str():
    assert repr(Concept("it's")) == """Concept("it's")"""
    assert eval(repr(Concept("a\nb")), {"Concept": Concept}) == Concept("a\nb")
    assert repr(parse("a or not b")) == "Apply('OR', (Concept('a'), Apply('NOT', (Concept('b'),))))"
    assert repr(at_least(2, A, B)) == "Apply('ATLEAST', (Concept('a'), Concept('b')), (2,))"
    assert str(parse("a or not b")) == "a OR NOT b"


def test_length_and_concepts():
    formula = parse("ATLEAST(2, river, water, NOT (river XOR blue)) AND water AND 'a b'")
    assert formula.n_atoms == 6
    assert formula.concepts == ("river", "water", "blue", "a b")
    assert A.n_atoms == 1
    assert A.concepts == ("a",)


@settings(deadline=None)
@given(formulas())
def test_length_counts_the_leaves(formula):
    assert formula.n_atoms == fold(formula, lambda _: 1, lambda _, parts: sum(parts))
    assert set(formula.concepts) == {n.name for n in post_order(formula) if isinstance(n, Concept)}


@settings(deadline=None)
@given(formulas(rewrites=True))
def test_repr_evaluates_to_an_equal_formula(formula):
    found = eval(repr(formula), {"Concept": Concept, "Apply": Apply})
    assert found == formula
    assert repr(found) == repr(formula)


@pytest.mark.parametrize(
    "use", [bool, lambda one: one and B, lambda one: one or B, lambda one: not one]
)
def test_a_formula_is_neither_true_nor_false(use):
    for formula in (A, no(A), either(A, B)):
        with pytest.raises(TypeError, match="neither true nor false") as caught:
            use(formula)
        assert isinstance(caught.value, LogicxError)
        assert "& (and), | (or)" in caught.value.hint


@settings(deadline=None)
@given(formulas(rewrites=True))
def test_formulas_are_pickled_and_copied(formula):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(formula, protocol))
        assert again == formula
        assert [one.span for one in post_order(again)] == [one.span for one in post_order(formula)]
    assert copy.copy(formula) is formula
    assert copy.deepcopy([formula])[0] is formula


def test_formulas_100_000_deep_are_hashed_pickled_copied_and_shown():
    chain, left, right = no(A), A, A
    for i in range(100_000):
        chain = no(chain)
        left = both(left, B) if i % 2 else either(left, B)
        right = both(B, right)
    for formula in (chain, left, right):
        again = pickle.loads(pickle.dumps(formula))
        assert again == formula
        assert hash(again) == hash(formula)
        assert {formula: 1}[again] == 1
        assert copy.deepcopy(formula) is formula
        assert repr(again).count("Apply(") == repr(formula).count("Apply(") >= 100_000
        assert len(str(formula)) > 100_000


def test_shared_parts_are_pickled_once():
    formula = A
    for _ in range(200):
        formula = formula & formula
    again = pickle.loads(pickle.dumps(formula))
    assert hash(again) == hash(formula)
    assert again.args[0] is again.args[1]


@pytest.mark.parametrize("name", ["", None, 3, b"a"])
def test_a_concept_needs_a_name(name):
    with pytest.raises(FormulaError) as caught:
        Concept(name)
    assert caught.value.code == "empty-name"


def test_a_formula_survives_a_process_with_other_hashes():
    """Strings hash differently in every process; a stored hash must not travel with a pickle."""
    formula = parse("(water OR river) AND NOT ATLEAST(2, a, b)")
    script = (
        "import pickle, sys; from logicx import parse\n"
        "formula = pickle.loads(sys.stdin.buffer.read())\n"
        "assert formula == parse(str(formula)), 'not equal'\n"
        "assert {formula: 1}[parse(str(formula))] == 1\n"
        "assert formula.span == (0, 41), formula.span\n"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", script],
            input=pickle.dumps(formula),
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path), "LOGICX_PLUGINS": ""},
            check=True,
        )
