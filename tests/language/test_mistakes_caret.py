"""The caret stands under the place that is wrong, whatever was done to a formula.

`LOGICX_FUZZ=100000 pytest tests/test_mistakes_caret.py -k fuzz` tries that many broken formulas.
"""

from __future__ import annotations

import os
import random
import re

import pytest
from formula_errors import error_of
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import AWKWARD_NAMES, CALLED, NUMBERED, formulas

from logicx.errors import FormulaError, LogicxError, caret_lines
from logicx.language.formula import Apply, Concept, fold
from logicx.language.parsing import DIALECTS, parse
from logicx.language.printing import format_formula

# ---- the caret

TOKEN = re.compile(r"[()&|~^,]|[^\s()&|~^,]+")
OPERAND_NEXT = {"", "(", ",", "AND", "OR", "XOR", "NOT", "NEIGHBORS"}
plain = st.sampled_from(["water", "river", "hyp:eating", "overlap-75%", "pre:'s", "x2"])


def by_reserved(formula):
    """The formula with operators whose keywords are reserved, and ATLEAST, in place of others."""
    same = {"IMPLIES": "AND", "IFF": "XOR"}

    def apply(node, args):
        if not args:
            return Concept(node.parameters[0])
        if len(args) > 2 or node.operator in NUMBERED + CALLED:
            return Apply("ATLEAST", tuple(args), node.parameters or (1,))
        return Apply(same.get(node.operator, node.operator), tuple(args))

    return fold(formula, lambda leaf: leaf, apply)


@settings(max_examples=400, deadline=None)
@given(
    formulas(plain, max_leaves=8, rewrites=True).map(by_reserved),
    st.sampled_from(["&", "|", "^", "AND", "or", "Xor", "'q r'", '"', "ATLEAST(1,z)"]),
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
    elif previous == "ATLEAST":  # then it is a name, as it is not before a parenthesis
        assert at_stray[0] <= error.span[0]
    elif stray == "ATLEAST(1,z)" and not is_operand_next:
        assert error.span == (at_stray[0], at_stray[0] + len("ATLEAST"))
    elif stray in ("'q r'", "ATLEAST(1,z)"):
        assert error.span == (at_next if is_operand_next else at_stray) or not following
    else:
        assert error.span == (at_stray if is_operand_next else at_next) or not following
    if not following:
        assert at_stray[0] <= error.span[0] <= len(broken)
    _check_caret(error)


@settings(max_examples=200, deadline=None)
@given(formulas(plain, max_leaves=6, rewrites=True), st.sampled_from(DIALECTS))
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

PIECES = [
    *["AND", "or", "NOT", "XOR", "ATLEAST", "ATLEAST(", "NEIGHBORS", "(", ")", "()", ",", "&", "|"],
    *["~", "^", "'", '"', "\\", " ", "\t", "\n", "2", "999999999999", "a b", "''", "{found}", "%"],
    *["\x00", "\x1b", "\x1c", "\x7f", "\x85", "\u2028", "\u200b", "\ufeff", "\u00a0", "\ud800"],
    *["İ", "ı", "ſ", "ß", "河", "🦆", "\u0301", "\U0010ffff", "−", "∧", "¬", "“", "("],
    *["!", "∨", "!a", "wow!", "→", "=>", "!!", "! ("],
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
