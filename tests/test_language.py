from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import AWKWARD_NAMES, PAPER_NAMES, formulas, names

from logicx.canon import canonical
from logicx.errors import FormulaError, LogicxError, OperatorError, OptionError
from logicx.formula import Apply, Concept, Formula, fold, post_order
from logicx.language import DIALECTS, format_formula, grammar, parse, read
from logicx.operators import operators

A, B, C, D = (Concept(name) for name in "abcd")


def both(left: Formula, right: Formula) -> Apply:
    return Apply("AND", (left, right))


def either(left: Formula, right: Formula) -> Apply:
    return Apply("OR", (left, right))


def one_of(left: Formula, right: Formula) -> Apply:
    return Apply("XOR", (left, right))


def no(formula: Formula) -> Apply:
    return Apply("NOT", (formula,))


def at_least(k: int, *args: Formula) -> Apply:
    return Apply("ATLEAST", args, (k,))


# ---- what is printed parses to the same tree


@settings(max_examples=250, deadline=None)
@given(formulas(neighbors=True))
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
        Apply("NAND", (A, B)),
    ],
    ids=lambda malformed: f"{malformed.operator}{malformed.parameters}{len(malformed.args)}",
)
def test_a_tree_that_no_text_writes_is_not_printed_as_another(malformed):
    with pytest.raises(OperatorError):
        format_formula(malformed)
    with pytest.raises(OperatorError):
        format_formula(no(malformed))


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


@pytest.mark.parametrize("keyword", [one.keyword for one in operators()])
def test_keywords_are_reserved_in_any_case(keyword):
    for word in (keyword, keyword.lower(), keyword.title()):
        for text in (word, f"a {word}", f"{word} {word}"):
            with pytest.raises(FormulaError):
                parse(text)
        for name in (word, f"a {word} b", f"{word} a"):
            assert format_formula(Concept(name)) == f'"{name}"'
        assert parse(f"{word}s") == Concept(f"{word}s")
        assert parse(f"-{word}") == Concept(f"-{word}")


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


# ---- nodes


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
    assert repr(parse("a or not b")) == "Apply('OR', 'a OR NOT b')"
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


# ---- depth

DEPTH = 10_000


def nested(kind: str) -> str:
    """Text of a formula nested 10,000 deep."""
    return {
        "parentheses": "(" * DEPTH + "a" + ")" * DEPTH,
        "not": "NOT " * DEPTH + "a",
        "not-groups": "NOT (" * DEPTH + "a" + ")" * DEPTH,
        "neighbors": "NEIGHBORS(" * DEPTH + "a" + ")" * DEPTH,
        "left": " AND ".join(f"a{i}" for i in range(DEPTH + 1)),
        "right": "".join(f"a{i} AND (" for i in range(DEPTH)) + "a" + ")" * DEPTH,
        "alternating": "(" * DEPTH + "a" + " OR b) AND c)" * (DEPTH // 2),
        "atleast": "ATLEAST(1, " * DEPTH + "a" + ")" * DEPTH,
        "atleast-right": "ATLEAST(2, b, " * DEPTH + "a" + ")" * DEPTH,
    }[kind]


@pytest.mark.parametrize(
    ("kind", "n_atoms", "n_nodes"),
    [
        ("parentheses", 1, 1),
        ("not", 1, DEPTH + 1),
        ("not-groups", 1, DEPTH + 1),
        ("neighbors", 1, DEPTH + 1),
        ("left", DEPTH + 1, 2 * DEPTH + 1),
        ("right", DEPTH + 1, 2 * DEPTH + 1),
        ("alternating", DEPTH + 1, 2 * DEPTH + 1),
        ("atleast", 1, DEPTH + 1),
        ("atleast-right", DEPTH + 1, 2 * DEPTH + 1),
    ],
)
def test_nesting_of_any_depth(kind, n_atoms, n_nodes):
    text = nested(kind)
    formula = parse(text)
    assert formula.n_atoms == n_atoms
    assert sum(1 for _ in post_order(formula)) == n_nodes
    printed = format_formula(formula)
    again = parse(printed, "chain")
    assert again == formula
    assert hash(again) == hash(formula)
    assert repr(formula)
    assert no(formula) != formula
    first = formula.concepts[0]
    other = fold(
        formula,
        lambda leaf: Concept("z") if leaf.name == first else leaf,
        lambda node, args: Apply(node.operator, tuple(args), node.parameters),
    )
    assert other != formula
    form = canonical(formula)
    assert canonical(form) == form
    assert set(form.concepts) == set(formula.concepts)
    if kind in ("not", "not-groups"):
        assert form == A
    del formula, again, other, form


@pytest.mark.parametrize("opening", ["(", "NOT (", "ATLEAST(1, ", "a AND (", "NEIGHBORS("])
def test_an_error_at_any_depth(opening):
    for text, code in (
        (opening * DEPTH + "a", "unclosed-parenthesis"),
        (opening * DEPTH, "unfinished"),
        (opening * DEPTH + "a" + ")" * (DEPTH + 1), "unopened-parenthesis"),
    ):
        with pytest.raises(LogicxError) as caught:
            parse(text)
        assert caught.value.code == code
        assert max(map(len, str(caught.value).splitlines())) < 200


@example("a" * 100_000)
@example("'" + "\\" * 100_000 + "'")
@example('"' + "\\a" * 50_000 + '"')
@example(" ".join(["word"] * 20_000))
@settings(max_examples=20, deadline=None)
@given(st.text("ab ", min_size=1).filter(str.strip))
def test_long_names(text):
    name = parse(text)
    assert isinstance(name, Concept)
    assert parse(str(name)) == name
