"""The table of typical mistakes: every example is explained by its own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from formula_errors import error_of

from logicx.language.parsing import DIALECTS
from logicx.language.registration import operator
from logicx.language.registry import OPERATORS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MISTAKES = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "grammar" / "mistakes.toml").read_text(encoding="utf-8")
)["mistake"]


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
        ("a SHEFFER", "unfinished", "$"),
        ("SHEFFER a", "missing-operand", "SHEFFER"),
        ("a SHEFFER SHEFFER b", "doubled-operator", "SHEFFER(?= b)"),
        ("a AND SHEFFER b", "doubled-operator", "SHEFFER"),
        ("(a SHEFFER)", "missing-operand", r"\)"),
        ("a SHEFFER ()", "empty-parentheses", r"\)"),
        ("MOSTLY(a", "unclosed-parenthesis", r"\("),
        ("MOSTLY(a,", "unfinished", "$"),
        ("MOSTLY(a,)", "missing-operand", r"\)"),
        ("a MOSTLY(a)", "missing-operator", "MOSTLY"),
        ("HYPERNYM(", "unfinished", "$"),
        ("HYPERNYM((", "unfinished", "$"),
        ("HYPERNYM(a", "unclosed-parenthesis", r"\("),
        ("HYPERNYM(a,", "unfinished", "$"),
        ("HYPERNYM OR a", "doubled-operator", "OR"),
        ("NEIGHBORS(", "unfinished", "$"),
    ],
)
def test_operators_of_third_parties_get_the_same_care(text, code, place, dialect):
    with OPERATORS.scope():

        @operator("SHEFFER", form="infix", precedence=30, everywhere=True, example="a SHEFFER b")
        def nand(a, b):
            """Not both."""
            return not (a and b)

        @operator("MOSTLY", args=(1, None), example="MOSTLY(a, b, c)")
        def majority(*args):
            """More than half hold."""
            return 2 * sum(args) > len(args)

        @operator("HYPERNYM", kind="rewrite", args=1, bare=True, example="HYPERNYM(a)")
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
