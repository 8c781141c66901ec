"""The connectives that are shipped: what they mean, how they bind, and names like their keywords."""

from __future__ import annotations

import os
import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import cells_of
from some_operators import BITS, NAMES, bank_of_rows, every_row, holds, register
from strategies import AWKWARD_NAMES, CALLED, INFIX, NUMBERED, formulas

from logicx import ConceptBank, Units, canonical, explain, score
from logicx.errors import LogicxError, OperatorError, UnknownConcept
from logicx.language.formula import Apply, Concept
from logicx.language.parsing import DIALECTS, parse, read
from logicx.language.printing import format_formula
from logicx.language.registry import OPERATORS
from logicx.scoring.counts import evaluate, resolve

A, B, C = (Concept(name) for name in "abc")
N_FUZZ = int(os.environ.get("LOGICX_FUZZ", "1000"))


# ---- meaning

TABLES = {
    "a IMPLIES b": [True, True, False, True],
    "a IFF b": [True, False, False, True],
    "NAND(a, b)": [True, True, True, False],
    "NOR(a, b)": [True, False, False, False],
    "MAJORITY(a, b)": [False, False, False, True],
    "ATMOST(0, a, b)": [True, False, False, False],
    "ATMOST(1, a, b)": [True, True, True, False],
    "EXACTLY(0, a, b)": [True, False, False, False],
    "EXACTLY(1, a, b)": [False, True, True, False],
    "EXACTLY(2, a, b)": [False, False, False, True],
    "EXACTLY(3, a, b)": [False, False, False, False],
}


@pytest.mark.parametrize("text", TABLES)
def test_truth_tables_as_they_are_written_in_books(text):
    assert holds(parse(text), every_row(2)) == TABLES[text]


@pytest.mark.parametrize("n", range(2, 12))
def test_a_majority_is_more_than_half(n):
    formula = Apply("MAJORITY", tuple(Concept(NAMES[i % 8]) for i in range(n)))
    bank = every_row(min(n, 8))
    rows = product(BITS, repeat=min(n, 8))
    assert holds(formula, bank) == [sum(row[i % 8] for i in range(n)) > n / 2 for row in rows]


@settings(max_examples=300, deadline=None)
@given(
    formulas(st.sampled_from(NAMES[:5]), max_leaves=8),
    st.lists(st.tuples(*[st.booleans()] * 5), min_size=1, max_size=70),
)
def test_they_mean_what_sets_of_cells_mean(formula, rows):
    bank = bank_of_rows(rows)
    where = {NAMES[i]: {cell for cell, row in enumerate(rows) if row[i]} for i in range(5)}
    want = cells_of(formula, where, set(range(len(rows))))
    for one in (formula, canonical(formula), parse(str(formula))):
        assert set(np.flatnonzero(holds(one, bank)).tolist()) == want


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NUMBERED + CALLED), st.integers(2, 40), st.integers(0, 42), st.integers(0))
def test_many_arguments_and_invalid_cells(keyword, n, k, seed):
    dice = np.random.default_rng(seed)
    masks, valid = dice.random((n, 70)) < dice.random(), dice.random(70) < 0.8
    valid[0] = True
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(n)], valid=valid)
    parameters = (k,) if keyword in NUMBERED else ()
    formula = Apply(keyword, tuple(map(Concept, bank.names)), parameters)
    where = {name: set(np.flatnonzero(mask)) for name, mask in zip(bank.names, masks, strict=True)}
    want = cells_of(formula, where, set(np.flatnonzero(valid)))
    assert set(np.flatnonzero(bank.cells(evaluate(formula, bank)))) == want


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NAND(a, b, c)", "NOT (a AND b AND c)"),
        ("NOR(a, b, c)", "NOT (a OR b OR c)"),
        ("EXACTLY(2, a, b, c)", "ATLEAST(2, a, b, c) AND ATMOST(2, a, b, c)"),
        ("ATMOST(1, a, b, c)", "NOT ATLEAST(2, a, b, c)"),
        ("MAJORITY(a, b, c)", "ATLEAST(2, a, b, c)"),
        ("MAJORITY(a, a, b)", "a"),
        ("a IMPLIES b", "NOT a OR b"),
        ("a IFF b", "(a IMPLIES b) AND (b IMPLIES a)"),
        ("a IFF b", "NOT (a XOR b)"),
        ("a IFF b IFF c", "a XOR b XOR c"),
    ],
)
def test_what_is_the_same_in_other_words(one, other):
    assert holds(parse(one), every_row(3)) == holds(parse(other), every_row(3))


# ---- reading and printing


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("a IMPLIES b IMPLIES c", "a IMPLIES (b IMPLIES c)"),
        ("a IFF b IFF c", "(a IFF b) IFF c"),
        ("a IFF b IMPLIES c", "a IFF (b IMPLIES c)"),
        ("a IMPLIES b IFF c", "(a IMPLIES b) IFF c"),
        ("a OR b IMPLIES c AND NOT a", "(a OR b) IMPLIES (c AND (NOT a))"),
        ("a XOR b IFF c OR a", "(a XOR b) IFF (c OR a)"),
        ("NOT a implies b", "(NOT a) IMPLIES b"),
        ("nand(a, b) Iff Nor(a, b)", "NAND(a, b) IFF NOR(a, b)"),
        ("(a)IMPLIES(b)", "a IMPLIES b"),
        ("majority(a, exactly (1, b, c), c)", "MAJORITY(a, EXACTLY(1, b, c), c)"),
    ],
)
def test_how_they_bind(text, means):
    assert parse(text) == parse(means)


def test_the_chain_dialect_reads_from_the_left():
    assert parse("a OR b IMPLIES c IMPLIES a", "chain") == parse("((a OR b) IMPLIES c) IMPLIES a")


@pytest.mark.parametrize(
    "text",
    [
        "a IMPLIES (b IMPLIES c)",
        "(a IMPLIES b) IMPLIES c",
        "a IFF b IFF c",
        "a IFF (b IMPLIES c)",
        "(a IFF b) AND NOT (b IFF c)",
        "NAND(a IMPLIES b, NOR(a, b), c)",
        "ATMOST(0, a)",
        "EXACTLY(999999999, a, b)",
        "implies IMPLIES implies",
        "iff IFF iff of all iffs",
        "NOT implies",
        "MAJORITY(majority, iff, nor)",
        "(nor AND atmost 2) OR exactly",
    ],
)
def test_what_is_printed_as_it_was_written(text):
    for dialect in DIALECTS:
        assert format_formula(parse(text, dialect)) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NAND(a)", "NAND takes at least 2 arguments, not 1"),
        ("NOR()", "NOR takes at least 2 arguments, not 0"),
        ("MAJORITY(a)", "MAJORITY takes at least 2 arguments, not 1"),
        ("ATMOST(a, b)", "ATMOST needs a whole number 'k' first"),
        ("EXACTLY(1)", "EXACTLY takes at least 1 argument, not 0"),
        ("EXACTLY(-1, a)", "EXACTLY needs a whole number"),
    ],
)
def test_wrong_arguments_are_told(text, why):
    with pytest.raises(LogicxError, match=why) as caught:
        parse(text)
    assert caught.value.code == "arity"


# ---- names like keywords

LIKE_KEYWORDS = [
    *(word for keyword in (*NUMBERED, *CALLED, *INFIX[3:]) for word in (keyword, keyword.lower())),
    "left hand",
    "first place",
    "majority rule",
    "the majority",
    "not far",
    "nor any",
    "implies that",
    "exactly 2",
    "at most",
    "football match",
    "category",
]


@pytest.mark.parametrize("name", LIKE_KEYWORDS)
def test_a_name_like_a_keyword_is_read_and_printed_as_a_name(name):
    bank = ConceptBank.from_masks([[1, 0, 1], [1, 1, 0]], [name, "b"])
    typed = name if not name.startswith("not") else f'"{name}"'
    for text in (typed, f"NOT {typed}", f"b AND {typed}", f"{typed} OR b", f"({typed})",
                 f"{typed} IMPLIES b", f"b IFF {typed}", f"NAND({typed}, b)"):  # fmt: skip
        formula = read(text, names=bank.names).formula
        assert set(formula.concepts) - {"b"} == {name}, text
        assert parse(str(formula)) == formula
        assert read(str(formula), names=bank.names).formula == formula
        resolve(formula, bank)
    assert format_formula(Concept(name)) == typed


def test_a_keyword_inside_of_a_name_needs_quotes_unless_a_bank_has_the_name():
    name = "smoke implies fire"
    assert parse(name) == parse("smoke IMPLIES fire")
    assert format_formula(Concept(name)) == f'"{name}"'
    reading = read(f"{name} AND NOT smoke", names=[name, "smoke", "fire"])
    assert reading.formula == Concept(name) & ~Concept("smoke")
    (note,) = reading.notes
    assert note == (
        f"{name!r} was read as the concept of that name; to mean the operator, put the parts around "
        "it in parentheses"
    )
    split = read("(smoke) implies (fire)", names=[name, "smoke", "fire"])
    assert split.formula == parse(name)
    assert split.notes == ()


def test_a_keyword_that_is_a_name_is_noted_where_it_is_read_as_the_operator():
    (note,) = read("a implies b", names=["a", "b", "implies"]).notes
    assert note.startswith("'implies' was read as the operator")
    assert read("implies AND a", names=["a", "implies"]).notes == ()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a implies", "IMPLIES is an operator only between two formulas: a IMPLIES b"),
        ("IFF a", "IFF is an operator only between two formulas: a IFF b"),
        (
            "a AND majority b",
            "MAJORITY is an operator only directly before '(': MAJORITY(a, b, ...)",
        ),
    ],
)
def test_a_keyword_in_the_wrong_place_is_explained(text, hint):
    with pytest.raises(UnknownConcept) as caught:
        resolve(parse(text), every_row(3))
    assert caught.value.hint == hint


def test_fuzz():
    """Formulas of all connectives, over names that break the language; `LOGICX_FUZZ=200000`."""
    source = random.Random(0)
    words = ["implies", "iff", "nor", "a", "!", "nand", "majority", "x", "exactly", "match"]
    for _ in range(N_FUZZ):
        made = [" ".join(source.choices(words, k=source.randint(1, 4))) for _ in range(3)]
        names = [*source.sample(AWKWARD_NAMES, 2), *made]
        stack = [Concept(name) for name in names]
        while len(stack) > 1:
            keyword = source.choice([*INFIX, *NUMBERED, *CALLED, "NOT"])
            n = 2 if keyword in INFIX else 1 if keyword == "NOT" else source.randint(1, len(stack))
            n = max(n, 2) if keyword in CALLED else n
            parameters = (source.randint(0, 4),) if keyword in NUMBERED else ()
            args = [stack.pop(source.randrange(len(stack))) for _ in range(n)]
            stack.append(Apply(keyword, tuple(args), parameters))
        (formula,) = stack
        text = format_formula(formula)
        for dialect in DIALECTS:
            assert parse(text, dialect) == formula
            assert parse(text, dialect, names=source.sample(names, 2)) == formula
        assert parse(format_formula(canonical(formula))) == canonical(formula)


# ---- in a search and beside others


@pytest.mark.parametrize("keyword", ["IMPLIES", "IFF"])
def test_a_search_finds_what_an_infix_one_planted(keyword):
    dice = np.random.default_rng(1)
    bank = ConceptBank.from_masks(dice.random((8, 200)) < 0.4, NAMES)
    planted = Apply(keyword, (A, C))
    units = Units.from_masks([holds(planted, bank)], ["u"])
    (found,) = explain(bank, units, length=2, steps=[keyword], beam=8)
    assert found.score == 1.0
    assert score(found.formula, bank, units, "u").score == 1.0


def test_registering_a_keyword_of_theirs_names_both_owners():
    for keyword in ("IMPLIES", "IFF", "NAND", "NOR", "ATMOST", "EXACTLY", "MAJORITY", "MATCH"):
        with OPERATORS.scope(), pytest.raises(OperatorError) as caught:
            register(keyword, lambda a, b: a)
        assert caught.value.code == "operator-clash"
        assert f"registers the operator keyword {keyword!r}" in caught.value.message
        assert "some_operators" in caught.value.message
        assert "logicx" in caught.value.message.split("which")[1]
