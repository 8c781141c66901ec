"""How the text of a formula is read: precedence, keywords, names, and what is said of it."""

from __future__ import annotations

import pytest
from some_formulas import A, B, C, D, at_least, both, either, no, one_of

from logicx.errors import FormulaError, OptionError
from logicx.language.formula import Apply, Concept
from logicx.language.parsing import DIALECTS, grammar, parse, read
from logicx.language.printing import format_formula
from logicx.language.registry import operators

# ---- precedence, associativity, keywords, symbols


@pytest.mark.parametrize(
    ("text", "standard", "chain"),
    [
        ("a OR b AND c", either(A, both(B, C)), both(either(A, B), C)),
        ("a AND b OR c", either(both(A, B), C), either(both(A, B), C)),
        ("a XOR b AND c", one_of(A, both(B, C)), both(one_of(A, B), C)),
        ("a OR b XOR c", either(A, one_of(B, C)), one_of(either(A, B), C)),
        ("NOT a AND b", both(no(A), B), both(no(A), B)),
        ("a AND NOT b OR c", either(both(A, no(B)), C), either(both(A, no(B)), C)),
        ("NOT NOT a OR b", either(no(no(A)), B), either(no(no(A)), B)),
        (
            "a OR b AND c OR d",
            either(either(A, both(B, C)), D),
            either(both(either(A, B), C), D),
        ),
        ("a OR (b OR c)", either(A, either(B, C)), either(A, either(B, C))),
        ("a OR b OR c", either(either(A, B), C), either(either(A, B), C)),
        ("a AND b AND c AND d", both(both(both(A, B), C), D), both(both(both(A, B), C), D)),
        ("a XOR b XOR c", one_of(one_of(A, B), C), one_of(one_of(A, B), C)),
        (
            "ATLEAST(1, a OR b AND c)",
            at_least(1, either(A, both(B, C))),
            at_least(1, both(either(A, B), C)),
        ),
        ("NOT (a OR b AND c)", no(either(A, both(B, C))), no(both(either(A, B), C))),
    ],
)
def test_precedence(text, standard, chain):
    assert parse(text) == standard
    assert parse(text, "standard") == standard
    assert parse(text, dialect="chain") == chain


@pytest.mark.parametrize(("symbol", "keyword"), [("&", "AND"), ("|", "OR"), ("^", "XOR")])
def test_symbols_and_keywords_in_any_case_are_the_same(symbol, keyword):
    want = Apply(keyword, (A, B))
    for word in (keyword, keyword.lower(), keyword.title(), keyword.swapcase()[:1] + keyword[1:]):
        assert parse(f"a {word} b") == want
        assert parse(f"(a){word}(b)") == want
        assert parse(f"a\t\n{word}\r\nb") == want
    for text in (f"a{symbol}b", f"a {symbol}b", f"a{symbol} b", f"a {symbol} b"):
        assert parse(text) == want


def test_not_in_any_case_and_as_symbol():
    texts = ("NOT a", "not a", "nOt a", "~a", "~ a", "NOT(a)", "not (a)", "(NOT(a))")
    for text in texts:
        assert parse(text) == no(A)
    assert parse("~~a&~b") == both(no(no(A)), no(B))
    assert parse("a&NOT~b") == both(A, no(no(B)))


def test_calls_in_any_case():
    want = at_least(2, A, no(B), either(C, D))
    for text in (
        "ATLEAST(2, a, NOT b, c OR d)",
        "atleast (2,a,~b,c|d)",
        "AtLeast\n( 2 , a , ~ b , (c OR d) )",
        "ATLEAST(02, a, NOT b, c OR d)",
    ):
        assert parse(text) == want


def test_numbers_after_the_parameter_are_concepts():
    assert parse("ATLEAST(2, 3, 4)") == at_least(2, Concept("3"), Concept("4"))
    assert parse('ATLEAST(2, "3")') == at_least(2, Concept("3"))
    assert parse("2 OR 3") == either(Concept("2"), Concept("3"))
    assert parse("NEIGHBORS(2)") == Apply("NEIGHBORS", (Concept("2"),))


@pytest.mark.parametrize(
    "first", ['"2"', "(2)", "a", "-1", "2.0", "9" * 10, "9" * 9999, "NOT 2", "²"]
)
def test_only_a_bare_whole_number_is_a_parameter(first):
    with pytest.raises(FormulaError) as caught:
        parse(f"b OR ATLEAST({first}, a)")
    assert caught.value.code == "arity"
    assert caught.value.span == (5, 5 + len(f"ATLEAST({first}, a)"))


def test_one_argument_operators_stand_bare_before_their_argument():
    couch = Apply("NEIGHBORS", (Concept("hyp:couch"),))
    for text in (
        "(NEIGHBORS hyp:couch)",
        "NEIGHBORS hyp:couch",
        "neighbors(hyp:couch)",
        "NEIGHBORS (hyp:couch)",
        "NEIGHBORS 'hyp:couch'",
    ):
        assert parse(text) == couch
    inside = Concept("hyp:inside")
    assert parse("NEIGHBORS hyp:couch OR hyp:inside") == either(couch, inside)
    assert parse("NOT NEIGHBORS hyp:couch AND hyp:inside") == both(no(couch), inside)
    assert parse("NEIGHBORS hyp:couch sofa") == Apply("NEIGHBORS", (Concept("hyp:couch sofa"),))


# ---- names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("baseball field", "baseball field"),
        ("  baseball \t\n field  ", "baseball field"),
        ("(baseball field)", "baseball field"),
        ("hyp:eating", "hyp:eating"),
        ("overlap-75%", "overlap-75%"),
        ("pre:'s", "pre:'s"),
        ('pre:"x"\'', 'pre:"x"\''),
        ("back\\slash", "back\\slash"),
        ("and-gate", "and-gate"),
        ("NOTE", "NOTE"),
        ("sand", "sand"),
        ("or_", "or_"),
        ("not!", "not!"),
        ('"and"', "and"),
        ("'and'", "and"),
        ("'say \"hi\"'", 'say "hi"'),
        ('"it\'s"', "it's"),
        (r'"a\"b\\c\d"', 'a"b\\cd'),
        (r"'it\'s'", "it's"),
        ('"  spaced  "', "  spaced  "),
        ('"two\nlines"', "two\nlines"),
        ('"two\\\nlines"', "two\nlines"),
        ("'(a OR b), ~c'", "(a OR b), ~c"),
    ],
)
def test_names(text, name):
    for dialect in DIALECTS:
        assert parse(text, dialect) == Concept(name)


@pytest.mark.parametrize("keyword", [one.keyword for one in operators() if one.is_reserved])
def test_keywords_are_reserved_in_any_case(keyword):
    for word in (keyword, keyword.lower(), keyword.title()):
        for text in (word, f"a {word}", f"{word} {word}"):
            with pytest.raises(FormulaError):
                parse(text)
        for name in (word, f"a {word} b", f"{word} a"):
            assert format_formula(Concept(name)) == f'"{name}"'
        assert parse(f"{word}s") == Concept(f"{word}s")
        assert parse(f"-{word}") == Concept(f"-{word}")


@pytest.mark.parametrize("name", ["atleast", "ATLEAST a", "at ATLEAST", "AtLeast 2"])
def test_the_keyword_of_a_call_is_an_operator_only_before_a_parenthesis(name):
    assert parse(name) == Concept(name)
    assert format_formula(Concept(name)) == name
    assert parse(f"NOT {name} OR (atleast(1, {name}))") == either(
        no(Concept(name)), at_least(1, Concept(name))
    )


def test_water_or_river_is_a_disjunction():
    assert parse("water or river") == either(Concept("water"), Concept("river"))
    assert parse("baseball field or batters box") == either(
        Concept("baseball field"), Concept("batters box")
    )


# ---- how the text was read


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a OR b AND c", "AND beside OR without parentheses was read as: a OR (b AND c)"),
        ("a & b | c", "AND beside OR without parentheses was read as: (a AND b) OR c"),
        ("a XOR b OR c", "XOR beside OR without parentheses was read as: (a XOR b) OR c"),
        ("x AND (a OR b AND c)", "AND beside OR without"),
        ("NOT (a OR b AND c)", "AND beside OR without"),
        ("ATLEAST(1, x, a OR b AND c)", "AND beside OR without"),
        ("(a OR b AND c) OR x", "AND beside OR without"),
    ],
)
def test_mixed_operators_give_a_note(text, shown):
    formula, notes = read(text)
    assert formula == parse(text)
    (note,) = notes
    assert note.startswith(shown)
    assert note.endswith("(dialect=chain reads from left to right)")
    assert read(text, "chain").notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a OR b OR c",
        "(a OR b) AND c",
        "a OR (b AND c)",
        "a AND NOT b",
        "NOT a OR b",
        "ATLEAST(1, a AND b, c OR d) OR x",
        "'a or b' AND c",
    ],
)
def test_unmixed_operators_give_no_note(text):
    assert read(text).notes == ()


def test_the_note_on_a_long_formula_is_short():
    (note,) = read(" OR ".join(["water"] * 500) + " AND river").notes
    assert len(note) < 400


def test_unknown_dialect():
    with pytest.raises(OptionError, match="'french' is not one of standard, chain"):
        parse("a", dialect="french")


@pytest.mark.parametrize("value", [None, b"a", 3, A])
def test_a_formula_is_text(value):
    with pytest.raises(FormulaError, match=f"not {type(value).__name__}"):
        parse(value)


def test_the_grammar_in_force_names_every_operator():
    for dialect in DIALECTS:
        assert all(f"OP_{one.keyword}" in grammar(dialect) for one in operators())
    assert grammar("standard") != grammar("chain")
