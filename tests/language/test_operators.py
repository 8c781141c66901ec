"""Operators: registration."""

from __future__ import annotations

import re

import pytest
from some_operators import is_registered, register

from logicx.errors import OperatorError
from logicx.language.formula import Apply, Concept
from logicx.language.parsing import parse
from logicx.language.registration import operator
from logicx.language.registry import OPERATORS, operators


def false(*args):
    """Never."""
    return False


REFUSALS = {
    "keyword-case": ({"keyword": "nand"}, "must be two or more capitals"),
    "keyword-short": ({"keyword": "N"}, "must be two or more capitals"),
    "keyword-empty": ({"keyword": ""}, "must be two or more capitals"),
    "keyword-dash": ({"keyword": "N-AND"}, "must be two or more capitals"),
    "keyword-space": ({"keyword": "AND NOT"}, "must be two or more capitals"),
    "keyword-newline": ({"keyword": "SHEFFER\n"}, "must be two or more capitals"),
    "keyword-digit": ({"keyword": "2OF"}, "must be two or more capitals"),
    "keyword-unicode": ({"keyword": "ÜBER"}, "must be two or more capitals"),
    "symbol": ({"symbol": "@"}, "the symbol '@' must be made of & | ~ ^"),
    "tilde in a symbol": ({"symbol": "&~"}, "would be read in a&~b"),
    "symbol-partly": ({"symbol": "&&a"}, "must be made of"),
    "symbol-space": ({"symbol": "& &"}, "must be made of"),
    "form": ({"form": "postfix"}, "form 'postfix' or kind 'connective' is unknown"),
    "kind": ({"kind": "quantifier"}, "form 'call' or kind 'quantifier' is unknown"),
    "infix-arity": ({"form": "infix", "precedence": 5, "args": 3}, "infix .* takes two arguments"),
    "infix-any": ({"form": "infix", "precedence": 5, "args": (2, None)}, "takes two arguments"),
    "no-precedence": ({"form": "infix"}, "between 1 and 99, and is 0: IMPLIES has 4, OR 10"),
    "precedence": ({"form": "infix", "precedence": 100}, "precedence must lie between 1 and 99"),
    "prefix-arity": ({"form": "prefix", "args": 2}, "a prefix operator takes one argument"),
    "no-args": ({"args": 0}, "must take at least one argument"),
    "negative-args": ({"args": (-1, None)}, "must take at least one argument"),
    "args-order": ({"args": (3, 2)}, "at most no fewer than at least"),
    "infix-parameters": (
        {"form": "infix", "precedence": 5, "parameters": ["k"]},
        "only a call can have parameters",
    ),
    "prefix-parameters": (
        {"form": "prefix", "args": 1, "parameters": ["k"]},
        "only a call can have parameters",
    ),
    "facts": ({"facts": ["monotone", "commutative"]}, "unknown facts: monotone"),
    "example": ({"example": ""}, "needs a docstring and an example: an example= is missing"),
    "involution-of-two": ({"facts": ["involution"]}, "only an operator of one argument"),
    "involution-of-many": (
        {"args": (1, None), "facts": ["involution"]},
        "only an operator of one argument",
    ),
    "associative-of-one": ({"args": 1, "facts": ["associative"]}, "only an operator of two"),
    "idempotent-of-three": ({"args": 3, "facts": ["idempotent"]}, "only an operator of two"),
    "false-fact": ({"facts": ["idempotent"]}, "its truth table is not idempotent"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_registration_refuses(case):
    changes, why = REFUSALS[case]
    options = {"keyword": "SHEFFER", "example": "SHEFFER(a, b)", **changes}
    keyword = options.pop("keyword")
    before = operators()
    with OPERATORS.scope():
        with pytest.raises(OperatorError, match=why) as caught:
            operator(keyword, **options)(false)
        assert operators() == before
    assert isinstance(caught.value, TypeError)
    assert f"operator {keyword!r} of {__name__}: " in caught.value.message


def test_registration_needs_a_docstring():
    with OPERATORS.scope(), pytest.raises(OperatorError, match="a docstring is missing"):
        operator("SHEFFER", example="SHEFFER(a, b)")(lambda a, b: not (a and b))


@pytest.mark.parametrize(
    ("function", "options", "told"),
    [
        (lambda a: a, {"args": 2}, "2 arguments: it takes (a), and is given (a, b)"),
        (lambda a, b: a, {"args": (2, 3)}, "is given (a, b, c)"),
        (lambda a, b: a, {"args": (2, None)}, "is given (a, b, c, d); for any number write *args"),
        (lambda a, b: a, {"args": 2, "parameters": ["k"]}, "is given (k, a, b)"),
        (lambda a, b, c: a, {"args": 2, "facts": ["commutative"]}, "it takes (a, b, c)"),
        (lambda concept: concept, {"args": 1, "kind": "rewrite"}, "is given (bank, a)"),
        (lambda text: text, {"args": "text", "kind": "rewrite"}, "is given (bank, text)"),
        (lambda a, *, b: a, {"args": 1}, "it takes (a, *, b), and is given (a)"),
    ],
)
def test_registration_refuses_a_function_that_cannot_be_called(function, options, told):
    function.__doc__ = "Something."
    with OPERATORS.scope(), pytest.raises(OperatorError, match=re.escape(told)) as caught:
        operator("MINE", example="MINE(a)", **options)(function)
    assert "function cannot be called with" in caught.value.message


def test_a_decorator_without_a_name_is_refused():
    with pytest.raises(OperatorError, match="given the function 'nand', not a name") as caught:

        @operator
        def nand(a, b):
            """Not both."""
            return not (a and b)

    assert '@operator("NAME", ...)' in str(caught.value)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"keyword": "AND"}, "keyword 'AND'"),
        ({"keyword": "ATLEAST"}, "keyword 'ATLEAST'"),
        ({"keyword": "SHEFFER", "symbol": "&"}, "symbol '&'"),
    ],
)
def test_a_clash_names_both_owners(options, what):
    keyword = options.pop("keyword")
    with OPERATORS.scope(), pytest.raises(OperatorError) as caught:
        operator(keyword, example=f"{keyword}(a, b)", **options)(false)
    assert caught.value.code == "operator-clash"
    message = f"{__name__} registers the operator {what}, which logicx.language.operators has"
    assert caught.value.message == message
    assert parse("a AND b") == Apply("AND", (Concept("a"), Concept("b")))


def test_operators_without_symbols_do_not_clash():
    with OPERATORS.scope():
        register("ONE", false)
        register("OTHER", false)
        assert is_registered("ONE")
        assert is_registered("OTHER")


def test_what_is_registered_in_a_scope_is_forgotten():
    before = operators()
    with OPERATORS.scope():
        register("SHEFFER", false, form="infix", precedence=30)
        assert parse("a SHEFFER b").operator == "SHEFFER"
        with OPERATORS.scope():
            register("PEIRCE", false, form="infix", precedence=10)
            assert parse("a PEIRCE b SHEFFER c").operator == "PEIRCE"
        assert parse("a PEIRCE b") == Concept("a PEIRCE b")
        assert parse("a SHEFFER b").operator == "SHEFFER"
    assert operators() == before
    assert parse("a SHEFFER b") == Concept("a SHEFFER b")


def test_a_scope_that_fails_is_forgotten_too():
    before = operators()

    def fail():
        with OPERATORS.scope():
            register("SHEFFER", false, form="infix", precedence=30)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert operators() == before


def test_get_suggests():
    assert OPERATORS.get("ATLEAST").keyword == "ATLEAST"
    with pytest.raises(OperatorError) as caught:
        OPERATORS.get("neighbours")
    assert caught.value.code == "unknown-operator"
    assert caught.value.hint == "did you mean: NEIGHBORS?"
    with pytest.raises(OperatorError, match="no operator 'FROBNICATE'"):
        OPERATORS.get("FROBNICATE")


@pytest.mark.parametrize(
    ("keyword", "signature", "takes_one"),
    [
        ("AND", "a AND b", False),
        ("NOT", "NOT a", True),
        ("ATLEAST", "ATLEAST(k, a, ...)", False),
        ("NEIGHBORS", "NEIGHBORS(a)", True),
    ],
)
def test_signature(keyword, signature, takes_one):
    assert OPERATORS.get(keyword).signature == signature
    assert OPERATORS.get(keyword).takes_one is takes_one


@pytest.mark.parametrize("one", operators(), ids=lambda one: one.keyword)
def test_every_operator_is_documented_and_its_example_uses_it(one):
    assert one.doc.endswith(".")
    assert any(
        isinstance(node, Apply) and node.operator == one.keyword for node in [parse(one.example)]
    )


@pytest.mark.parametrize(
    ("keyword", "n_args", "parameters", "wrong"),
    [
        ("AND", 2, (), ""),
        ("AND", 3, (), "AND takes 2 arguments, not 3"),
        ("AND", 2, (1,), "AND takes no number 1 first"),
        ("NOT", 1, (), ""),
        ("NOT", 2, (), "NOT takes 1 argument, not 2"),
        ("ATLEAST", 1, (0,), ""),
        ("ATLEAST", 900, (999_999_999,), ""),
        ("ATLEAST", 0, (2,), "ATLEAST takes at least 1 argument, not 0"),
        ("ATLEAST", 2, (), "ATLEAST needs a whole number 'k' first"),
        ("ATLEAST", 2, (1, 2), "ATLEAST takes no number 2 first"),
        ("ATLEAST", 2, (-1,), "ATLEAST takes whole numbers from 0 to 999,999,999"),
        ("ATLEAST", 2, (True,), "ATLEAST takes whole numbers from 0 to 999,999,999"),
    ],
)
def test_arity(keyword, n_args, parameters, wrong):
    found = OPERATORS.get(keyword).check_arity(n_args, parameters)
    assert found.startswith(wrong)
    assert bool(found) == bool(wrong)
