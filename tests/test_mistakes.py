"""What a person sees who gets a formula wrong.

`LOGICX_FUZZ=100000 pytest tests/test_mistakes.py -k fuzz` tries that many broken formulas.
"""

from __future__ import annotations

import os
import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import AWKWARD_NAMES, formulas

from logicx.bank import ConceptBank
from logicx.counts import resolve
from logicx.errors import FormulaError, LogicxError, OperatorError, UnknownConcept, caret_lines
from logicx.language import DIALECTS, format_formula, parse
from logicx.operators import REGISTRY, operator
from logicx.scoring import score
from logicx.units import Units

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MISTAKES = tomllib.loads(
    (Path(__file__).resolve().parents[1] / "grammar" / "mistakes.toml").read_text(encoding="utf-8")
)["mistake"]

VALID = [
    "water",
    "(water OR river) AND NOT blue",
    "bullring OR pitch OR volleyball court AND (NOT football field) AND (NOT railing)",
    "((NOT hyp:JJ) AND overlap-75% AND (NOT pre:people)) OR pre:basket OR pre:tv",
    "hyp:nobody AND (NOT pre:hair) AND (NOT pre:RB) AND (NOT pre:'s)",
    "(NEIGHBORS hyp:couch) OR hyp:inside OR hype:eating",
    "ATLEAST(2, water, NOT boat, ATLEAST(1, blue, 3)) XOR NEIGHBORS(hyp:couch)",
    '~a & (b | c ^ d) | NOT ~\'black and white\' AND "say \\"hi\\""',
    "not (a or b) and NEIGHBORS x xor ((c))",
    "河 OR ATLEAST(0, naïve café, 🦆)",
]


def error_of(text: str, dialect: str = "standard") -> LogicxError:
    with pytest.raises(FormulaError) as caught:
        parse(text, dialect)
    error = caught.value
    assert isinstance(error, ValueError)
    assert error.text == text
    return error


# ---- the table of typical mistakes


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("mistake", "text"),
    [(one, text) for one in MISTAKES for text in one["examples"]],
    ids=lambda value: value if isinstance(value, str) else value["code"],
)
def test_every_example_is_explained_by_its_own_mistake(mistake, text, dialect):
    error = error_of(text, dialect)
    assert error.code == mistake["code"]
    assert error.hint == mistake["hint"]
    before, _, after = mistake["message"].partition("{found}")
    assert error.message.startswith(before)
    assert error.message.endswith(after)
    assert "{" not in error.message


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a NAND", "unfinished", "$"),
        ("NAND a", "missing-operand", "NAND"),
        ("a NAND NAND b", "doubled-operator", "NAND(?= b)"),
        ("a AND NAND b", "doubled-operator", "NAND"),
        ("(a NAND)", "missing-operand", r"\)"),
        ("a NAND ()", "empty-parentheses", r"\)"),
        ("MAJORITY(a", "unclosed-parenthesis", r"\("),
        ("MAJORITY(a,", "unfinished", "$"),
        ("MAJORITY(a,)", "missing-operand", r"\)"),
        ("MAJORITY a", "missing-parenthesis", "a$"),
        ("a MAJORITY(a)", "missing-operator", "MAJORITY"),
        ("HYPERNYM(", "unfinished", "$"),
        ("HYPERNYM((", "unfinished", "$"),
        ("HYPERNYM(a", "unclosed-parenthesis", r"\("),
        ("HYPERNYM(a,", "unfinished", "$"),
        ("HYPERNYM OR a", "doubled-operator", "OR"),
        ("NEIGHBORS(", "unfinished", "$"),
    ],
)
def test_operators_of_third_parties_get_the_same_care(text, code, place, dialect):
    with REGISTRY.scope():

        @operator("NAND", form="infix", precedence=30, example="a NAND b")
        def nand(a, b):
            """Not both."""
            return not (a and b)

        @operator("MAJORITY", args=(1, None), example="MAJORITY(a, b, c)")
        def majority(*args):
            """More than half hold."""
            return 2 * sum(args) > len(args)

        @operator("HYPERNYM", kind="rewrite", args=1, example="HYPERNYM(a)")
        def hypernym(bank, concept):
            """Itself."""
            return concept

        error = error_of(text, dialect)
    assert error.code == code
    assert error.span[0] == re.search(place, text).start()


def test_mistakes_are_written_well():
    for one in MISTAKES:
        assert set(one) == {"code", "message", "hint", "examples"}
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", one["code"])
        assert not one["message"].endswith(".")
        assert one["hint"]
        assert one["examples"]
    texts = [text for one in MISTAKES for text in one["examples"]]
    assert len(texts) == len(set(texts))


# ---- golden messages

WATERSIDE = ConceptBank.from_masks(
    np.eye(7, dtype=bool),
    ["water", "river", "blue", "baseball stadium", "field", "grass field", "NOT wet"],
    relations={"NEIGHBORS": {"river": ["water", "blue"]}},
    name="waterside",
)
UNITS = Units.from_masks(np.eye(7, dtype=bool)[:1], ["483"])

GOLDEN = {
    "": """\
error[empty-formula]: the formula is empty
  write a concept, as in: water    or: (water OR river) AND NOT blue""",
    "(water OR rivr) AND NOT blue": """\
error[unknown-concept]: no concept 'rivr' in bank 'waterside' (7 concepts)
  (water OR rivr) AND NOT blue
            ^^^^
  did you mean: river?    list them: logicx concepts 'riv*'""",
    "water AND baseball stadium field": """\
error[unknown-concept]: no concept 'baseball stadium field' in bank 'waterside' (7 concepts)
  water AND baseball stadium field
            ^^^^^^^^^^^^^^^^^^^^^^
  'baseball stadium' and 'field' are concepts: is an operator missing between them?""",
    "(water OR river": """\
error[unclosed-parenthesis]: a parenthesis is not closed
  (water OR river
  ^
  add ')' where it should end""",
    "water OR river)": """\
error[unopened-parenthesis]: ')' closes a parenthesis that was never opened
  water OR river)
                ^
  remove it, or add '(' where it should begin""",
    "water && river": """\
error[doubled-operator]: '&' follows another operator
  water && river
         ^
  one operator is enough: & | ~ ^ or AND OR NOT XOR; a concept of that name is written in quotes""",
    "water AND": """\
error[unfinished]: the formula ends where a concept is expected
  water AND
           ^
  something is missing after the last operator""",
    "or river": """\
error[missing-operand]: 'or' has nothing on its left
  or river
  ^^
  an operator joins two formulas; to mean a concept of that name, write it in quotes""",
    "(water OR river) blue": """\
error[missing-operator]: no operator before 'blue'
  (water OR river) blue
                   ^^^^
  join the two with AND, OR, XOR or AND NOT""",
    "water NOT blue": """\
error[missing-operator]: no operator before 'NOT'
  water NOT blue
        ^^^
  join the two with AND, OR, XOR or AND NOT""",
    "water, river": """\
error[stray-comma]: a comma stands outside a call
  water, river
       ^
  commas separate the arguments of operators such as ATLEAST(2, a, b, c); \
a name that holds a comma is written in quotes""",
    "ATLEAST(water, river)": """\
error[arity]: ATLEAST needs a whole number 'k' first: ATLEAST(k, a, ...)
  ATLEAST(water, river)
  ^^^^^^^^^^^^^^^^^^^^^""",
    "ATLEAST 2": """\
error[missing-parenthesis]: '(' is expected before '2'
  ATLEAST 2
          ^
  this operator is written as a call, such as ATLEAST(2, a, b, c)""",
    "water AND NOT(river, blue)": """\
error[arity]: NOT takes 1 argument, not 2: NOT a
  water AND NOT(river, blue)
            ^^^^^^^^^^^^^^^^""",
    "water AND neighbours(river)": """\
error[unknown-operator]: no operator 'neighbours', and no operator between it and the parenthesis
  water AND neighbours(river)
                      ^
  did you mean: NEIGHBORS?""",
    "water (river)": """\
error[unknown-operator]: no operator 'water', and no operator between it and the parenthesis
  water (river)
        ^
  list them: logicx operators; a concept's name that has parentheses stands in quotes: \
"water (...)\"""",
    "water AND 'river": """\
error[unclosed-quote]: a quotation mark is not closed
  water AND 'river
            ^^^^^^
  a name that begins with a quotation mark is itself written in quotes""",
    "water AND ''": """\
error[empty-name]: the name in quotes is empty
  water AND ''
            ^^""",
    "NEIGHBORS(water) OR blue": """\
error[not-applicable]: bank 'waterside' lists no neighbours of 'water'
  NEIGHBORS(water) OR blue
  ^^^^^^^^^^^^^^^^""",
    "NEIGHBORS(river OR blue)": """\
error[operator]: NEIGHBORS takes a concept, not a formula: river OR blue
  NEIGHBORS(river OR blue)
  ^^^^^^^^^^^^^^^^^^^^^^^^""",
    "sea OR (water AND skye) OR sea": """\
error[unknown-concept]: no concept 'sea' in bank 'waterside' (7 concepts)
  sea OR (water AND skye) OR sea
  ^^^
  list them: logicx concepts 'sea*'
error[unknown-concept]: no concept 'skye' in bank 'waterside' (7 concepts)
  sea OR (water AND skye) OR sea
                    ^^^^
  list them: logicx concepts 'sky*'""",
}


@pytest.mark.parametrize("text", GOLDEN)
def test_golden_messages(text):
    with pytest.raises(LogicxError) as caught:
        score(text, WATERSIDE, UNITS, "483")
    assert str(caught.value) == GOLDEN[text]


def test_an_error_as_plain_values():
    with pytest.raises(LogicxError) as caught:
        score("rivr OR watr", WATERSIDE, UNITS, "483")
    values = caught.value.as_dict()
    assert values["error"] == "unknown-concept"
    assert values["span"] == (0, 4)
    assert values["text"] == "rivr OR watr"
    assert [one["span"] for one in values["also"]] == [(8, 12)]


# ---- unknown concepts


def test_all_unknown_concepts_are_reported_at_once():
    text = "(rivr OR watr) AND NOT (rivr OR nothing) AND NEIGHBORS(zzz) AND water"
    with pytest.raises(UnknownConcept) as caught:
        resolve(parse(text), WATERSIDE)
    errors = [caught.value, *caught.value.also]
    assert all(isinstance(one, KeyError) for one in errors)
    assert [text[slice(*one.span)] for one in errors] == ["rivr", "watr", "nothing", "zzz"]
    assert [one.hint.split("    ")[0] for one in errors] == [
        "did you mean: river?",
        "did you mean: water?",
        "list them: logicx concepts 'not*'",
        "list them: logicx concepts 'zzz*'",
    ]


def test_an_error_without_its_text_draws_no_caret():
    for formula in (parse("watr OR water"), parse("water") & parse("watr")):
        with pytest.raises(UnknownConcept) as caught:
            resolve(formula, WATERSIDE)
        assert "^" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("baseball stadium field", "baseball stadium", "field"),
        ("water river", "water", "river"),
        ("field grass field", "field", "grass field"),
    ],
)
def test_a_run_of_two_concepts_hints_at_a_missing_operator(name, left, right):
    with pytest.raises(UnknownConcept) as caught:
        resolve(parse(name), WATERSIDE)
    want = f"'{left}' and '{right}' are concepts: is an operator missing between them?"
    assert caught.value.hint == want


def test_case_and_small_slips_are_suggested():
    for slip, meant in (("Water", "water"), ("RIVER", "river"), ("gras field", "grass field")):
        with pytest.raises(UnknownConcept) as caught:
            resolve(parse(slip), WATERSIDE)
        assert caught.value.hint.startswith(f"did you mean: {meant}")


def test_a_concept_whose_name_begins_with_a_keyword_needs_quotes():
    assert resolve(parse('"NOT wet"'), WATERSIDE) == parse('"NOT wet"')
    with pytest.raises(UnknownConcept) as caught:
        resolve(parse("NOT wet"), WATERSIDE)
    assert caught.value.span == (4, 7)


@pytest.mark.parametrize("text", ["NEIGHBORS(blue)", "water OR NEIGHBORS(river OR blue)"])
def test_an_operator_that_does_not_apply_is_pointed_at(text):
    with pytest.raises(OperatorError) as caught:
        resolve(parse(text), WATERSIDE)
    assert caught.value.span == (text.index("NEI"), len(text))


# ---- the caret

TOKEN = re.compile(r"[()&|~^,]|[^\s()&|~^,]+")
OPERAND_NEXT = {"", "(", ",", "AND", "OR", "XOR", "NOT", "NEIGHBORS"}
plain = st.sampled_from(["water", "river", "hyp:eating", "overlap-75%", "pre:'s", "x2"])


@settings(max_examples=400, deadline=None)
@given(
    formulas(plain, max_leaves=8, neighbors=True),
    st.sampled_from(["&", "|", "^", "AND", "or", "Xor", "'q r'", '"', "ATLEAST"]),
    st.integers(0, 10**6),
    st.sampled_from(DIALECTS),
)
def test_the_caret_points_at_a_stray_token(formula, stray, where, dialect):
    text = format_formula(formula)
    tokens = list(TOKEN.finditer(text))
    i = where % (len(tokens) + 1)
    previous = tokens[i - 1][0] if i else ""
    following = tokens[i][0] if i < len(tokens) else ""
    cut = tokens[i].start() if i < len(tokens) else len(text)
    broken = f"{text[:cut]} {stray} {text[cut:]}"
    at_stray = (cut + 1, cut + 1 + len(stray))
    after = cut + len(stray) + 2
    at_next = (after, after + max(1, len(following))) if following else (len(broken),) * 2
    is_operand_next = previous in OPERAND_NEXT

    error = error_of(broken, dialect)
    if stray == '"':
        assert error.code == "unclosed-quote"
        assert error.span == (at_stray[0], len(broken))
    elif stray == "ATLEAST" and is_operand_next and following == "(":
        assert error.code == "arity"
        assert error.span[0] == at_stray[0]
    elif previous == "ATLEAST":
        assert error.span == at_stray
    elif stray in ("'q r'", "ATLEAST"):
        assert error.span == (at_next if is_operand_next else at_stray) or not following
    else:
        assert error.span == (at_stray if is_operand_next else at_next) or not following
    if not following:
        assert at_stray[0] <= error.span[0] <= len(broken)
    _check_caret(error)


@settings(max_examples=200, deadline=None)
@given(formulas(plain, max_leaves=6, neighbors=True), st.sampled_from(DIALECTS))
def test_the_caret_points_at_parentheses_around_the_whole(formula, dialect):
    text = format_formula(formula)
    error = error_of(f"{text} )", dialect)
    assert error.code == "unopened-parenthesis"
    assert error.span == (len(text) + 1, len(text) + 2)
    error = error_of(f" ( {text}", dialect)
    assert error.code == "unclosed-parenthesis"
    assert error.span == (1, 2)
    error = error_of(f"{text} AND", dialect)
    assert error.code == "unfinished"
    assert error.span == (len(text) + 4, len(text) + 5)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("(a OR (b", 6),
        ("((a) OR b", 0),
        ("(a) OR (b AND (c)", 7),
        ("NOT(a OR ATLEAST(1, b, (c)", 16),
    ],
)
def test_the_last_parenthesis_that_is_never_closed_is_shown(text, place):
    error = error_of(text)
    assert error.code == "unclosed-parenthesis"
    assert error.span == (place, place + 1)


@pytest.mark.parametrize("quoted", ['"a b"', "'a'"])
def test_a_quoted_name_before_a_parenthesis_is_not_taken_for_an_operator(quoted):
    error = error_of(f"{quoted} (c)")
    assert error.code == "missing-operator"
    assert error.span == (len(quoted) + 1, len(quoted) + 2)


@pytest.mark.parametrize("before", ["", "a ", "a\t", "(", "x&", "ATLEAST(2,", '"a" OR ', "~"])
def test_an_unknown_operator_is_named_wherever_it_stands(before):
    error = error_of(f"{before}foo (c)")
    assert error.code == "unknown-operator"
    assert "'foo'" in error.message
    assert error.span == (len(before) + 4, len(before) + 5)


@given(st.integers(1, 400), st.data())
def test_the_caret_stands_under_the_place_in_any_length_of_text(n, data):
    text = "".join(map(chr, range(0x4E00, 0x4E00 + n)))  # no two characters alike
    start = data.draw(st.integers(0, n))
    end = data.draw(st.integers(start + 1, n + 1))
    piece, carets = caret_lines(text, (start, end))
    assert len(piece.strip("…")) == min(n, 100)
    assert piece.strip("…") in text
    at, width = carets.index("^"), carets.count("^")
    assert carets == " " * at + "^" * width
    if start == n:
        assert (at, width) == (len(piece), 1)
    else:
        assert piece[at : at + width] == text[start:end][:width]
        assert width == min(end - start, len(piece.rstrip("…")) - at)


def test_control_characters_do_not_reach_the_terminal():
    error = error_of("\x1b[31mred\x07 AND \t)")
    message = str(error)
    assert "\x1b" not in message
    assert "\x07" not in message
    assert "\ufffd[31mred\ufffd AND  )" in message
    _check_caret(error)


# ---- fuzz

PIECES = [
    *["AND", "or", "NOT", "XOR", "ATLEAST", "ATLEAST(", "NEIGHBORS", "(", ")", "()", ",", "&", "|"],
    *["~", "^", "'", '"', "\\", " ", "\t", "\n", "2", "999999999999", "a b", "''", "{found}", "%"],
    *["\x00", "\x1b", "\x1c", "\x7f", "\x85", "\u2028", "\u200b", "\ufeff", "\u00a0", "\ud800"],
    *["İ", "ı", "ſ", "ß", "河", "🦆", "\u0301", "\U0010ffff", "−", "∧", "¬", "“", "("],
    *AWKWARD_NAMES,
]


def mutated(text: str, source: random.Random) -> str:
    """The text after one to four random accidents."""
    for _ in range(source.randint(1, 4)):
        parts = TOKEN.findall(text) if source.random() < 0.4 else list(text)
        glue = " " if parts != list(text) else ""
        i, j = source.randint(0, len(parts)), source.randint(0, len(parts))
        i, j = min(i, j), max(i, j)
        accident = source.randrange(6)
        if accident == 0:
            parts.insert(i, source.choice(PIECES))
        elif accident == 1:
            del parts[i : i + 1]
        elif accident == 2:
            parts[i : i + 1] *= 2
        elif accident == 3 and j < len(parts):
            parts[i], parts[j] = parts[j], parts[i]
        elif accident == 4:
            parts[i:i] = [chr(source.randrange(0x110000)) for _ in range(source.randint(1, 3))]
        else:
            del parts[i:j]
        text = glue.join(parts)
    return text


def test_fuzz():
    n_texts = int(os.environ.get("LOGICX_FUZZ", "3000"))
    source = random.Random(20240517 + n_texts)
    n_refused = n_unexplained = 0
    for _ in range(n_texts):
        text, dialect = mutated(source.choice(VALID), source), source.choice(DIALECTS)
        try:
            formula = parse(text, dialect)
        except LogicxError as error:
            n_refused += 1
            n_unexplained += error.code == "syntax"
            _check_refusal(error, text)
        except Exception as error:
            raise AssertionError(f"{text!a} raised {error!r}") from error
        else:
            assert all(parse(str(formula), one) == formula for one in DIALECTS), ascii(text)
    assert 0.2 < n_refused / n_texts < 0.95
    assert n_unexplained <= n_refused / 500


def _check_refusal(error: LogicxError, text: str) -> None:
    assert isinstance(error, FormulaError), ascii(text)
    assert error.text == text
    assert error.code != "error"
    start, end = error.span
    assert 0 <= start < end <= len(text) + 1, ascii(text)
    _check_caret(error)


def _check_caret(error: LogicxError) -> None:
    """The message shows the text, and carets under the span."""
    message = str(error)
    assert message.startswith(f"error[{error.code}]: {error.message}")
    if not error.text:
        return
    _, piece, carets, *_ = message.split("\n")
    start, end = error.span
    at = carets.index("^") - 2
    assert set(carets) <= {" ", "^"}
    if len(error.text) <= 100:
        assert at == start
        assert carets.count("^") == max(1, min(end, len(error.text)) - start)
        assert len(piece) == len(error.text) + 2
