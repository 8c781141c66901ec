"""Signs of logic books, `!`, and names of a bank that hold a symbol."""

from __future__ import annotations

import numpy as np
import pytest
from formula_errors import error_of
from hypothesis import given, settings
from hypothesis import strategies as st
from some_formulas import A, B, C, both, either, no
from strategies import AWKWARD_NAMES, formulas

from logicx.banks.bank import ConceptBank
from logicx.errors import LogicxError, UnknownConcept, did_you_mean
from logicx.language.formula import Concept
from logicx.language.parsing import DIALECTS, parse, read
from logicx.language.printing import format_formula
from logicx.language.signs import foreign_sign
from logicx.scoring.score import score
from logicx.units.units import Units


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a ∧ b", both(A, B)),
        ("a∧b", both(A, B)),
        ("a ∨ b", either(A, B)),
        ("¬a", no(A)),
        ("¬ a ∧ ¬(b ∨ c)", both(no(A), no(either(B, C)))),
        ("¬¬a", no(no(A))),
        ("!a", no(A)),
        ("! a", no(A)),
        ("!!a", no(no(A))),
        ("!(a|b)", no(either(A, B))),
        ("a & !b", both(A, no(B))),
        ("a&!b", both(A, no(B))),
        ("a and !b", both(A, no(B))),
        ("NOT !a", no(no(A))),
        ("(!a)", no(A)),
        ("!'wow!'", no(Concept("wow!"))),
    ],
)
def test_signs_of_logic_books(text, want):
    for dialect in DIALECTS:
        assert parse(text, dialect) == want


@pytest.mark.parametrize(
    "name", ["wow!", "a!b", "wow !", "wow !a", "a ! b", "a !! b", "not!", "a!"]
)
def test_an_exclamation_mark_within_a_name_belongs_to_it(name):
    assert parse(name) == Concept(name)
    assert parse(f"!{name}") == no(Concept(name))
    assert parse(str(Concept(name))) == Concept(name)


def test_a_name_that_begins_with_it_is_printed_in_quotes():
    for name in ("!", "!a", "!!", "¬a", "a∧b", "a ∨ b"):
        assert format_formula(Concept(name)) == f'"{name}"'


# ---- names of a bank


NAMES = ("R&B", "R", "B", "jazz", "rock|pop", "!important", "A & B & C", "~5 items", "and", "AND")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("R&B", Concept("R&B")),
        ("R&B OR jazz", either(Concept("R&B"), Concept("jazz"))),
        ("(R&B)", Concept("R&B")),
        ("NOT R&B", no(Concept("R&B"))),
        ("~R&B&jazz", both(no(Concept("R&B")), Concept("jazz"))),
        ("ATLEAST(1,R&B)", parse("ATLEAST(1,'R&B')")),
        ("R & B", both(Concept("R"), Concept("B"))),
        ("(R)&(B)", both(Concept("R"), Concept("B"))),
        ("the R&B", both(Concept("the R"), Concept("B"))),
        ("R&B now", both(Concept("R"), Concept("B now"))),
        ("jazz&R&B", both(Concept("jazz"), Concept("R&B"))),
        ("rock|pop", Concept("rock|pop")),
        ("!important", Concept("!important")),
        ("!!important", no(Concept("!important"))),
        ("A & B & C", Concept("A & B & C")),
        ("~5 items & jazz", both(Concept("~5 items"), Concept("jazz"))),
        ("'( R&B )'", Concept("( R&B )")),
        ("r&b", both(Concept("r"), Concept("b"))),
    ],
)
def test_a_part_that_is_a_name_with_a_symbol_is_that_name(text, want):
    for dialect in DIALECTS:
        reading = read(text, dialect, names=NAMES)
        assert reading.formula == want
        is_name = any(set(one) & set("&|!~") and one in NAMES for one in want.concepts)
        assert len(reading.notes) == (is_name and "'" not in text)
        assert "\ue000" not in repr(reading)
    if "'" not in text and is_name:
        assert parse(text) != want or text.startswith("ATLEAST")


def test_the_note_names_the_name_and_errors_show_the_text_as_it_was_written():
    (note,) = read("R&B OR R&B", names=NAMES).notes
    assert note.startswith("'R&B' was read as the concept of that name")
    with pytest.raises(LogicxError) as caught:
        parse("R&B OR", names=NAMES)
    assert caught.value.text == "R&B OR"
    assert caught.value.span == (6, 7)
    with pytest.raises(LogicxError) as caught:
        parse("(R) R&B", names=NAMES)
    assert "'R'" in caught.value.message


def test_a_keyword_that_is_a_name_is_told_once():
    reading = read("jazz and R and B AND jazz", names=NAMES)
    assert [one.split(" was read")[0] for one in reading.notes] == ["'AND'", "'and'"]
    assert 'written in quotes: "and"' in reading.notes[1]
    assert read("jazz and R", names=["jazz", "R"]).notes == ()


@settings(max_examples=200, deadline=None)
@given(formulas(rewrites=True), st.lists(st.sampled_from(AWKWARD_NAMES), max_size=6))
def test_what_is_printed_reads_the_same_with_any_bank(formula, names):
    text = format_formula(formula)
    for dialect in DIALECTS:
        assert parse(text, dialect, names=[*names, *formula.concepts]) == formula


def test_score_reads_a_formula_with_the_names_of_its_bank():
    bank = ConceptBank.from_masks(np.eye(3, dtype=bool), ["R&B", "R", "B"])
    units = Units.from_masks([[1, 0, 0]])
    found = score("R&B AND NOT R", bank, units, 0)
    assert found.score == 1.0
    assert len(found.notes) == 1
    assert str(found.formula) == '"R&B" AND NOT R'


# ---- signs that are no operators here


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("a → b", "a IMPLIES b"),
        ("a->b", "a IMPLIES b"),
        ("a ⇒ b", "a IMPLIES b"),
        ("a => b", "a IMPLIES b"),
        ("a ↔ b", "a IFF b"),
        ("a <=> b", "a IFF b"),
        ("a == b", "a IFF b"),
        ("a ⊕ b", "a XOR b"),
        ("a != b", "a XOR b"),
        ("a + b", "a OR b"),
        ("a ∪ b", "a OR b"),
        ("a * b", "a AND b"),
        ("a ∩ b", "a AND b"),
        ("a - b", "a AND NOT b"),
        ("∼a", "NOT a"),
        ("“a”", "straight"),
        ("‘a’", "straight"),
        ("（a）", "parentheses"),
    ],
)
def test_other_signs_are_named_with_the_remedy(text, instead):
    bank = ConceptBank.from_masks(np.eye(2, dtype=bool), ["a", "b"])
    with pytest.raises(UnknownConcept) as caught:
        score(text, bank, Units.from_masks([[1, 0]]), 0)
    assert instead in caught.value.hint
    assert "did you mean" not in caught.value.hint
    named = ConceptBank.from_masks(np.eye(2, dtype=bool), [text, "b"])
    assert score(text, named, Units.from_masks([[1, 0]]), 0).score == 1.0


@pytest.mark.parametrize("name", ["a-b", "c++", "fire escape-s", "pre>NN", "x*", "a=b", "-1"])
def test_names_of_everyday_are_not_lectured(name):
    assert foreign_sign(name) == ""


@pytest.mark.parametrize("text", ["a && b", "a || b"])
def test_doubled_symbols_are_told(text):
    error = error_of(text)
    assert error.code == "doubled-operator"
    assert "one operator is enough" in error.hint


# ---- suggestions


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("unhappy", "happy"),
        ("happy", "unhappy"),
        ("non-blue", "blue"),
        ("not blue", "blue"),
        ("blue", "not_blue"),
        ("hyp:unhappy", "hyp:happy"),
        ("is not red", "is red"),
        ("without water", "water"),
        ("-bluish", "bluish"),
        ("¬bluish", "bluish"),
        ("never empty", "empty"),
        ("dislike", "like"),
    ],
)
def test_no_suggestion_turns_the_meaning_round(name, known):
    assert did_you_mean(name, [known]) == ""
    assert did_you_mean(name, [known, name + "s"]) == f"did you mean: {name}s?"


def test_suggestions_that_differ_in_case_are_all_made():
    assert did_you_mean("blue.", ["water", "blue", "Blue"]) == "did you mean: blue, Blue?"
    assert did_you_mean("watr", ["water"]) == "did you mean: water?"
    assert did_you_mean("notbook", ["notebook"]) == "did you mean: notebook?"
    assert did_you_mean("undr", ["under"]) == "did you mean: under?"
    assert did_you_mean("un happy", ["unhappy"]) == "did you mean: unhappy?"
