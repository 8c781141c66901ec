from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CALLED, NUMBERED, formulas

from logicx.banks.bank import ConceptBank
from logicx.language.canon import canonical
from logicx.language.formula import Apply, Concept, Formula, fold, post_order
from logicx.language.parsing import parse
from logicx.scoring.counts import evaluate

NAMES = ("a", "b", "black and white", "d", "e")
ALL_ROWS = list(product((False, True), repeat=len(NAMES)))
RELATIONS = {"NEIGHBORS": {name: list(NAMES[: i + 1]) for i, name in enumerate(NAMES)}}
EVERY_CASE = ConceptBank.from_masks(np.array(ALL_ROWS).T, NAMES, relations=RELATIONS)
"""Every combination of truth values: formulas that agree here agree everywhere."""

leaves = st.sampled_from(NAMES)


@settings(max_examples=300, deadline=None)
@given(formulas(leaves, max_leaves=14))
def test_the_canonical_form_preserves_the_bits(formula):
    form = canonical(formula)
    assert (evaluate(form, EVERY_CASE) == evaluate(formula, EVERY_CASE)).all()
    assert set(form.concepts) == set(formula.concepts)
    assert form.n_atoms <= formula.n_atoms


@settings(max_examples=100, deadline=None)
@given(
    formulas(leaves, max_leaves=8),
    st.lists(st.tuples(*[st.booleans()] * len(NAMES)), min_size=1, max_size=130),
    st.data(),
)
def test_it_preserves_the_bits_on_banks_and_with_rewrites(formula, rows, data):
    bank = ConceptBank.from_masks(np.array(rows).T, NAMES, relations=RELATIONS)
    near = {name: data.draw(st.booleans()) for name in NAMES}
    formula = fold(
        formula,
        lambda leaf: Apply("NEIGHBORS", (leaf,)) if near[leaf.name] else leaf,
        lambda node, args: Apply(node.operator, tuple(args), node.parameters),
    )
    assert (evaluate(canonical(formula), bank) == evaluate(formula, bank)).all()


@settings(max_examples=300, deadline=None)
@given(formulas(rewrites=True))
def test_it_is_idempotent(formula):
    form = canonical(formula)
    assert canonical(form) == form
    assert canonical(parse(str(form))) == form


@settings(max_examples=300, deadline=None)
@given(formulas(max_leaves=12, rewrites=True), st.integers(0, 2**32))
def test_formulas_that_differ_by_the_facts_have_one_form(formula, seed):
    other = disguised(formula, random.Random(seed))
    assert canonical(other) == canonical(formula)


def test_the_disguise_disguises():
    """The law above says something: the formulas it compares do differ."""
    formula = parse("a AND b AND ATLEAST(2, a, b, c) OR NOT (c XOR d XOR e)")
    disguises = {disguised(formula, random.Random(seed)) for seed in range(100)}
    assert len(disguises) > 50
    assert {canonical(one) for one in disguises} == {canonical(formula)}


def disguised(formula: Formula, source: random.Random) -> Formula:
    """A formula with the same canonical form: shuffled, regrouped, repeated, doubly negated."""

    def apply(node: Apply, args: list[Formula]) -> Formula:
        if node.operator in ("AND", "OR", "XOR", "IFF"):
            source.shuffle(args)
            left, right = args
            if isinstance(left, Apply) and left.operator == node.operator:
                one, two = source.sample(left.args, 2)
                left, right = one, Apply(node.operator, (two, right))
            if node.operator in ("AND", "OR") and source.random() < 0.3:
                left = Apply(node.operator, (right, left))
            args = [left, right]
        if node.operator in NUMBERED + CALLED:
            source.shuffle(args)
        new: Formula = Apply(node.operator, tuple(args), node.parameters)
        for _ in range(source.choice((0, 0, 0, 2, 4))):
            new = Apply("NOT", (new,))
        return new

    return fold(formula, lambda leaf: leaf, apply)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a", "a"),
        ("NOT NOT a", "a"),
        ("NOT NOT NOT a", "NOT a"),
        ("b OR a", "a OR b"),
        ("c AND (b AND a)", "a AND b AND c"),
        ("(d OR c) OR (b OR a)", "a OR b OR c OR d"),
        ("a OR a", "a"),
        ("a AND (b AND a) AND b", "a AND b"),
        ("(a OR a) AND (a AND b)", "a AND b"),
        ("NOT NOT (b OR a) OR c", "a OR b OR c"),
        ("NOT ((NOT a) AND (NOT a))", "a"),
        ("(b AND a) OR (a AND b)", "a AND b"),
        ("ATLEAST(2, c, b, a)", "ATLEAST(2, a, b, c)"),
        ("ATLEAST(1, b OR a, NOT NOT a)", "ATLEAST(1, a, a OR b)"),
        ("NEIGHBORS(b) AND a", "a AND NEIGHBORS(b)"),
    ],
)
def test_examples(text, form):
    assert canonical(parse(text)) == parse(form)


@pytest.mark.parametrize(
    "text",
    [
        "a XOR a",
        "ATLEAST(2, a, a, b)",
        "ATLEAST(2, a, ATLEAST(2, a, b))",
        "a OR (a AND b)",
        "NEIGHBORS(NEIGHBORS(a))",
        "NOT (a OR b)",
        "NOT (a AND NOT b)",
    ],
)
def test_what_the_facts_do_not_say_stays(text):
    assert set(post_order(canonical(parse(text)))) == set(post_order(parse(text)))
    assert canonical(parse(text)).n_atoms == parse(text).n_atoms


@pytest.mark.parametrize("texts", [("a AND b", "a OR b"), ("ATLEAST(1, a)", "ATLEAST(2, a)")])
def test_different_meanings_keep_different_forms(texts):
    one, other = map(parse, texts)
    assert canonical(one) != canonical(other)


@settings(max_examples=200, deadline=None)
@given(formulas(leaves, max_leaves=6), formulas(leaves, max_leaves=6))
def test_equal_forms_mean_the_same(one, other):
    if canonical(one) == canonical(other):
        assert (evaluate(one, EVERY_CASE) == evaluate(other, EVERY_CASE)).all()
    joined = Apply("OR", (one, other))
    assert canonical(joined) == canonical(Apply("OR", (other, one)))


def test_long_operands_are_told_apart():
    """Siblings are sorted by a piece of their text; what lies behind it must still decide."""
    long = "word " * 30
    parts = [Apply("NOT", (Concept(f"{long}{end}"),)) for end in "cab"]
    one = Apply("OR", (Apply("OR", (parts[0], parts[1])), parts[2]))
    other = Apply("OR", (Apply("OR", (parts[2], parts[1])), parts[0]))
    assert one != other
    assert canonical(one) == canonical(other)
    assert canonical(one).n_atoms == 3


def test_names_that_are_no_text_at_all():
    lone = Concept("\ud800")
    assert canonical(~~lone | ~lone) == canonical(~lone | lone)
