"""Operators that take a text: MATCH, CATEGORY, and those of one's own."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import AWKWARD_NAMES, names

from logicx import ConceptBank, Units, Vocabulary, any_of, canonical, explain, operator, score
from logicx.errors import FormulaError, OperatorError, OptionError, UnknownConcept
from logicx.language.formula import Apply, Concept
from logicx.language.parsing import DIALECTS, parse, read
from logicx.language.printing import format_formula
from logicx.language.registry import OPERATORS
from logicx.scoring.counts import evaluate, resolve
from logicx.search.formulas.atoms import atoms_of, with_atoms

NAMES = ["hyp:sits", "hyp:sitting", "pre:sit", "red", "dark red", "R&B", "[CLS]", "a, b"]
KINDS = ["word", "word", "word", "color", "color", "black and white", "", "x"]
MASKS = np.random.default_rng(0).random((len(NAMES), 200)) < 0.3
BANK = ConceptBank.from_masks(MASKS, NAMES, categories=KINDS, name="room")


def of(keyword, text, *numbers):
    return Apply(keyword, (), (*numbers, text))


def cells(text) -> np.ndarray:
    return BANK.cells(evaluate(parse(text, names=BANK.names), BANK))


# ---- reading and printing


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("MATCH(hyp:sit*)", "hyp:sit*"),
        ('MATCH("hyp:sit*")', "hyp:sit*"),
        ("match ( 'hyp:sit*' )", "hyp:sit*"),
        ("MATCH(dark  red)", "dark red"),
        ('MATCH("dark  red")', "dark  red"),
        ('MATCH("a, (b")', "a, (b"),
        (r'MATCH("say \"a\" \\ b")', r'say "a" \ b'),
        (r"MATCH('it\'s')", "it's"),
        ("MATCH(2)", "2"),
        ("MATCH([ab]?*)", "[ab]?*"),
        ("MATCH(implies)", "implies"),
        ("MATCH(match)", "match"),
    ],
)
def test_a_text_in_quotes_and_without(text, want):
    formula = parse(text)
    assert formula == of("MATCH", want)
    assert parse(format_formula(formula)) == formula
    assert formula.n_atoms == 1
    assert formula.concepts == ()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["MATCH", "CATEGORY"]), names())
def test_any_text_is_printed_and_read_again(keyword, text):
    formula = ~of(keyword, text) & Concept("a")
    for dialect in DIALECTS:
        assert parse(format_formula(formula), dialect) == formula
        assert parse(format_formula(formula), dialect, names=[text, "a"]) == formula
    assert eval(repr(formula), {"Apply": Apply, "Concept": Concept}) == formula
    assert pickle.loads(pickle.dumps(formula)) == formula
    assert canonical(~~formula) == canonical(formula)


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_texts_are_told_apart_by_equality_hash_and_canonical_form(name):
    one, other = of("MATCH", name), of("MATCH", name + "x")
    assert one != other
    assert one == of("MATCH", name)
    assert hash(one) == hash(of("MATCH", name))
    assert canonical(one | other | one) == canonical(other | one)
    assert canonical(one | other).n_atoms == 2


@pytest.mark.parametrize(
    ("text", "why", "hint"),
    [
        ("MATCH()", 'MATCH takes a text: MATCH("text")', ""),
        ("MATCH(a, b)", "MATCH takes one text, not 2", "holds a comma"),
        ("MATCH(a AND b)", "MATCH takes a text, and no formula", "in quotes"),
        ("MATCH(not far)", "MATCH takes a text, and no formula", "in quotes"),
        ("MATCH((a))", "MATCH takes a text, and no formula", "in quotes"),
        ("MATCH(CATEGORY(a))", "MATCH takes a text, and no formula", "in quotes"),
        ("MATCH('')", "the name in quotes is empty", ""),
        ('MATCH("a', "a quotation mark is not closed", ""),
        ("MATCH(a", "a parenthesis is not closed", ""),
        ('a MATCH("b")', "no operator before 'MATCH'", ""),
    ],
)
def test_what_is_no_text_is_explained(text, why, hint):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert why in caught.value.message
    assert hint in caught.value.hint
    assert 0 <= caught.value.span[0] < caught.value.span[1] <= len(text) + 1


def test_a_text_that_is_a_name_with_a_symbol_needs_no_quotes_for_its_bank():
    reading = read("MATCH(R&B) OR red", names=NAMES)
    assert reading.formula == of("MATCH", "R&B") | Concept("red")
    assert len(reading.notes) == 1


# ---- meaning


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("MATCH(hyp:*)", [0, 1]),
        ("MATCH(*SIT*)", [0, 1, 2]),
        ("MATCH(red)", [3]),
        ("MATCH(*red)", [3, 4]),
        ("MATCH(???)", [3, 5]),
        ('MATCH("[[]cls]")', [6]),
        ("MATCH([hp]*:sit*)", [0, 1, 2]),
        ("MATCH(*)", range(8)),
        ("MATCH(R&B)", [5]),
        ("CATEGORY(color)", [3, 4]),
        ('CATEGORY("black and white")', [5]),
        ("CATEGORY(x)", [7]),
    ],
)
def test_they_are_disjunctions_of_concepts(text, members):
    assert (cells(text) == MASKS[list(members)].any(axis=0)).all()
    resolved = resolve(parse(text, names=NAMES), BANK)
    assert resolved.concepts == tuple(NAMES[i] for i in members)


@pytest.mark.parametrize(
    ("text", "why", "hint"),
    [
        ("MATCH(hyp:sti*)", "no concept of bank 'room' is like 'hyp:sti*'", "did you mean: hyp:s"),
        ("MATCH(sit)", "is like 'sit'", 'MATCH("*sit*")'),
        ("MATCH(zzzz*)", "is like 'zzzz*'", "logicx concepts 'zzz*'"),
        ("CATEGORY(colour)", "bank 'room' has no category 'colour'", "did you mean: color"),
        ("CATEGORY(zz)", "has no category 'zz'", "it has: word, color, black and white, x"),
    ],
)
def test_what_applies_to_nothing_says_what_to_do(text, why, hint):
    with pytest.raises(OperatorError) as caught:
        evaluate(parse(f"red AND {text}"), BANK)
    assert why in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.code == "not-applicable"
    assert caught.value.span == (8, 8 + len(text))


def test_a_bank_without_categories_says_so():
    plain = ConceptBank.from_masks([[1, 0]], ["a"])
    with pytest.raises(OperatorError) as caught:
        evaluate(parse("CATEGORY(color)"), plain)
    assert caught.value.hint == "its concepts have no categories"


def test_a_formula_keeps_its_face_when_it_is_scored():
    units = Units.from_masks([MASKS[0] | MASKS[1]], ["u"])
    found = score('MATCH("hyp:*") OR (CATEGORY(color) AND NOT CATEGORY(color))', BANK, units, "u")
    assert found.score == 1.0
    assert str(found.formula) == "MATCH(hyp:*) OR (CATEGORY(color) AND NOT CATEGORY(color))"
    assert found.length == 3


# ---- in a search


def test_categories_are_atoms_only_if_they_are_asked_for():
    units = Units.from_masks([MASKS[3] | MASKS[4]], ["u"])
    assert atoms_of(BANK, "auto") == []
    (plain,) = explain(BANK, units, length=1)
    assert plain.formula in (Concept("red"), Concept("dark red"))
    (found,) = explain(BANK, units, length=1, atoms="CATEGORY")
    assert (str(found.formula), found.score, found.length) == ("CATEGORY(color)", 1.0, 1)
    (proven,) = explain(BANK, units, length=2, atoms="CATEGORY", strategy="optimal")
    assert (str(proven.formula), proven.score) == ("CATEGORY(color)", 1.0)


def test_what_is_derived_is_no_name_for_other_operators():
    atoms = atoms_of(BANK, "CATEGORY")
    extended = with_atoms(BANK, atoms)
    assert extended.names[-1] == "CATEGORY(color)"
    assert resolve(parse("MATCH(*color*) OR red"), BANK_WITH_COLOR).concepts == ("color", "red")
    with pytest.raises(OperatorError, match="is like"):
        resolve(parse("MATCH(*color*)"), extended)
    assert resolve(parse("CATEGORY(word)"), extended) == Concept("CATEGORY(word)")
    assert len(extended.vocabulary.counts) == len(extended.vocabulary.names) == len(NAMES)


BANK_WITH_COLOR = ConceptBank.from_masks([[1, 0], [0, 1]], ["color", "red"])


def test_one_of_ones_own_wins_on_what_it_planted():
    with OPERATORS.scope():

        @operator(
            "FAMILY",
            kind="rewrite",
            args="text",
            example="FAMILY(hyp)",
            proposes=lambda bank: {name.split(":")[0] for name in bank.names if ":" in name},
        )
        def family(bank: Vocabulary, prefix: str):
            """Any concept of a prefix."""
            return any_of(one for one in bank.names if one.startswith(f"{prefix}:"))

        units = Units.from_masks([(MASKS[0] | MASKS[1]) & ~MASKS[3]], ["u"])
        (found,) = explain(BANK, units, length=2)
        assert (str(found.formula), found.score) == ("FAMILY(hyp) AND NOT red", 1.0)
        with pytest.raises(OperatorError, match="no concept to which it applies") as caught:
            score("red OR FAMILY(none)", BANK, units, "u")
        assert caught.value.span == (7, 19)


def test_numbers_come_before_the_text():
    with OPERATORS.scope():

        @operator("FIRSTOF", kind="rewrite", args="text", parameters=["k"], example="FIRSTOF(2, x)")
        def first_of(bank, k, text):
            """The k-th concept of a category."""
            kinds = zip(bank.names, bank.categories, strict=True)
            return Concept([name for name, kind in kinds if kind == text][k])

        formula = parse("NOT FIRSTOF(1, color)")
        assert formula == ~of("FIRSTOF", "color", 1)
        assert format_formula(formula) == "NOT FIRSTOF(1, color)"
        assert parse("FIRSTOF(1, 2)") == of("FIRSTOF", "2", 1)
        assert resolve(formula, BANK) == ~Concept("dark red")
        for text, why in (
            ("FIRSTOF(color)", "needs a whole number 'k' first"),
            ("FIRSTOF(1)", "takes a text"),
            ("FIRSTOF(1, 2, color)", "takes one text, not 2"),
        ):
            with pytest.raises(FormulaError, match=why):
                parse(text)


def test_names_are_checked_after_rewriting():
    with OPERATORS.scope():

        @operator("NAMED", kind="rewrite", args="text", example="NAMED(red)")
        def named(bank, text):
            """The concept of that name."""
            return Concept(text)

        assert resolve(parse("NAMED(red)"), BANK) == Concept("red")
        with pytest.raises(
            UnknownConcept, match=r"no concept 'rde'.*by the function of operator NAMED"
        ):
            resolve(parse("NAMED(rde)"), BANK)


def test_an_operator_that_proposes_nothing_is_no_atom():
    with pytest.raises(OptionError, match="'MATCH' cannot make atoms"):
        atoms_of(BANK, "MATCH")
    with pytest.raises(OptionError, match="CATEGORY applies to no concept"):
        atoms_of(ConceptBank.from_masks([[1, 0]], ["a"]), "CATEGORY")


# ---- what a rewrite may read


def test_what_a_bank_shows_is_a_vocabulary():
    shown = BANK.vocabulary
    assert isinstance(shown, Vocabulary)
    assert (shown.name, list(shown.names), list(shown.categories)) == ("room", NAMES, KINDS)
    assert list(shown.counts) == MASKS.sum(axis=1).tolist()
    assert dict(shown.relations) == {}
    assert not isinstance(object(), Vocabulary)


def test_anything_that_has_the_same_is_one_too():
    class Mine:
        name, names, categories = "mine", ("x1", "x2"), ("k", "k")
        relations, counts = {}, (1, 2)

    assert isinstance(Mine(), Vocabulary)
    for keyword, text in (("MATCH", "x*"), ("CATEGORY", "k")):
        assert str(OPERATORS.get(keyword).meaning(Mine(), text)) == "x1 OR x2"
    assert OPERATORS.get("CATEGORY").proposed(Mine()) == ["k"]
