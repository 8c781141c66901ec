"""What is printed parses to the same tree, and is written in one way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from some_formulas import A, B, C, at_least, both, either, no, one_of
from strategies import AWKWARD_NAMES, PAPER_NAMES, formulas, names

from logicx.errors import OperatorError
from logicx.language.formula import Apply, Concept
from logicx.language.parsing import DIALECTS, parse, read
from logicx.language.printing import format_formula


@settings(max_examples=250, deadline=None)
@given(formulas(rewrites=True))
def test_what_is_printed_parses_to_the_same_tree_in_both_dialects(formula):
    text = format_formula(formula)
    for dialect in DIALECTS:
        assert parse(text, dialect) == formula
        assert format_formula(parse(text, dialect)) == text
        assert read(text, dialect).notes == ()


@settings(max_examples=250, deadline=None)
@given(names())
def test_every_name_can_be_written(name):
    text = format_formula(Concept(name))
    assert parse(text) == Concept(name)
    assert parse(f"NOT {text}") == no(Concept(name))
    assert parse(f"({text})OR {text}") == either(Concept(name), Concept(name))


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_awkward_names_stand_anywhere(name):
    concept = Concept(name)
    formula = at_least(2, no(concept), both(concept, concept), concept, Apply("NEIGHBORS", (A,)))
    for dialect in DIALECTS:
        assert parse(str(formula), dialect) == formula


@pytest.mark.parametrize("name", [*PAPER_NAMES, "baseball field", "a\\b", "河", "android", "2"])
def test_names_of_words_are_printed_without_quotes(name):
    assert format_formula(Concept(name)) == name


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (either(both(A, B), C), "(a AND b) OR c"),
        (both(either(A, B), no(C)), "(a OR b) AND NOT c"),
        (both(no(A), B), "(NOT a) AND b"),
        (no(no(both(A, B))), "NOT NOT (a AND b)"),
        (both(both(A, B), C), "a AND b AND c"),
        (both(A, both(B, C)), "a AND (b AND c)"),
        (one_of(A, one_of(B, C)), "a XOR (b XOR c)"),
        (at_least(0, no(A), either(A, B)), "ATLEAST(0, NOT a, a OR b)"),
        (Apply("NEIGHBORS", (Concept("hyp:couch"),)), "NEIGHBORS(hyp:couch)"),
        (no(Apply("NEIGHBORS", (no(A),))), "NOT NEIGHBORS(NOT a)"),
        (Concept("a or b"), '"a or b"'),
        (Concept('\\"'), r"\""),
        (Concept('"\\'), r'"\"\\"'),
        (Concept("'tis"), '"\'tis"'),
    ],
)
def test_print(formula, text):
    assert format_formula(formula) == text
    assert str(formula) == text
    assert parse(text) == formula


@pytest.mark.parametrize(
    "malformed",
    [
        Apply("AND", (A,)),
        Apply("AND", (A, B, C)),
        Apply("AND", (A, B), (3,)),
        Apply("NOT", (A, B)),
        Apply("ATLEAST", (A, B)),
        Apply("ATLEAST", (A, B), (1, 2)),
        Apply("ATLEAST", (A, B), (-1,)),
        Apply("ATLEAST", (A, B), (10**9,)),
        Apply("ATLEAST", (), (0,)),
        Apply("and", (A, B)),
        Apply("SHEFFER", (A, B)),
        Apply("NAND", (A,)),
        Apply("MATCH", (A,)),
        Apply("MATCH", (A,), ("a",)),
        Apply("MATCH", (), ()),
        Apply("MATCH", (), ("",)),
        Apply("MATCH", (), (1,)),
        Apply("MATCH", (), (1, "a")),
        Apply("ATLEAST", (A,), ("1",)),
    ],
    ids=lambda malformed: f"{malformed.operator}{malformed.parameters}{len(malformed.args)}",
)
def test_a_tree_that_no_text_writes_is_not_printed_as_another(malformed):
    with pytest.raises(OperatorError):
        format_formula(malformed)
    with pytest.raises(OperatorError):
        format_formula(no(malformed))
