"""What is registered wrongly is refused at once, with its owner's name."""

from __future__ import annotations

import numpy as np
import pytest

from logicx.errors import LogicxError, OperatorError
from logicx.language.declaration import Operator
from logicx.language.formula import Apply, Concept
from logicx.language.parsing import DIALECTS, parse, read
from logicx.language.printing import format_formula
from logicx.language.registration import operator
from logicx.language.registry import OPERATORS, operators


def either(*args):
    """Any holds."""
    return any(args)


def nothing(*args):
    """Forgets to return."""


def late(*args):
    """Forgets to return in one row."""
    return True if not all(args) else None


def raising(*args):
    """Fails in one row."""
    return 1 / sum(args) > 0


def refusing(*args):
    """Refuses whatever it is given."""
    raise OperatorError("not today")


INFIX = {"form": "infix", "precedence": 5, "example": "a MINE b"}
WRONG = {
    "facts as text": (either, {"facts": "commutative"}, r"facts=\['commutative'\]"),
    "facts of numbers": (either, {"facts": [1]}, "facts is a list of texts"),
    "facts untrue": (
        either,
        {"facts": ["associative", "involution"], "args": 1, "example": "MINE(a)"},
        "only an operator of two arguments",
    ),
    "facts against the table": (
        lambda a, b: a and not b,
        {"facts": ["commutative"]},
        "truth table is not commutative",
    ),
    "parameters as text": (either, {"parameters": "k"}, r"parameters=\['k'\]"),
    "parameters twice": (either, {"parameters": ["k", "k"]}, "each once"),
    "parameters no names": (either, {"parameters": ["2"]}, "parameters are names"),
    "proposes as list": (either, {"args": 1, "proposes": ["water"]}, "proposes is a function"),
    "proposes of two": (either, {"proposes": lambda bank: []}, "only an operator of one argument"),
    "args as text": (either, {"args": "2"}, "args is a whole number"),
    "args as three": (either, {"args": (1, 2, 3)}, "args is a whole number"),
    "args as truth": (either, {"args": True}, "args is a whole number"),
    "args as fraction": (either, {"args": 2.0}, "args is a whole number"),
    "most as text": (either, {"args": (1, "many")}, "args is a whole number"),
    "precedence as text": (either, {**INFIX, "precedence": "5"}, "precedence is a whole number"),
    "keyword as number": (either, {"keyword": 7}, "keyword is text"),
    "example as list": (either, {"example": ["MINE(a, b)"]}, "example is text"),
    "symbol as number": (either, {"symbol": 3}, "symbol is a list of texts"),
    "symbol of a letter": (either, {"symbol": "v"}, "must be made of"),
    "symbol of a bracket": (either, {"symbol": "(("}, "must be made of"),
    "symbol of a comma": (either, {"symbol": ",,"}, "must be made of"),
    "symbol of a quote": (either, {"symbol": '"'}, "must be made of"),
    "symbol of a hyphen": (either, {"symbol": "-"}, "must be made of"),
    "symbol of an emoji": (either, {"symbol": "🦆"}, "must be made of"),
    "symbol that denies": (either, {"symbol": "->~"}, "may only stand alone"),
    "symbol of NOT": (either, {**INFIX, "symbol": "¬"}, "only a prefix operator"),
    "symbol taken": (either, {**INFIX, "symbol": ["→", "∧"]}, "registers the operator symbol '∧'"),
    "keyword taken": (either, {"keyword": "ATLEAST"}, "registers the operator keyword 'ATLEAST'"),
    "returns nothing": (nothing, {}, "gave None for .*no truth value"),
    "returns nothing once": (late, {}, r"gave None for \(True, True\)"),
    "returns a fraction": (lambda a, b: 1.0, {}, "gave 1.0"),
    "returns a text": (lambda a, b: "yes", {}, "gave 'yes'"),
    "returns two": (lambda a, b: a + b, {}, "gave 2 for"),
    "returns an array": (lambda a, b: np.array([a, b]), {}, "gave array"),
    "raises": (raising, {}, "fails: ZeroDivisionError"),
    "refuses every row": (refusing, {}, "not today"),
    "example unread": (either, {"example": "MINE(a, b"}, "example is not read: a parenthesis"),
    "example of another": (either, {"example": "a AND b"}, "does not use it"),
    "example of a name": (either, {"example": "MINE a"}, "does not use it"),
    "example of wrong arity": (either, {"example": "MINE(a)"}, "example is not read: MINE takes 2"),
    "associates to no side": (either, {**INFIX, "associates": "both"}, "left or right"),
    "a call associates": (either, {"associates": "right"}, "only an infix operator"),
    "associates against AND": (
        either,
        {**INFIX, "precedence": 30, "associates": "right"},
        "AND of logicx.language.operators to the left",
    ),
    "bare of two": (either, {"bare": True}, "only a call of one argument"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_registration_is_refused_with_its_owner(case):
    function, changes, why = WRONG[case]
    options = {"keyword": "MINE", "example": "MINE(a, b)", **changes}
    if function.__doc__ is None:
        function.__doc__ = "Made for a test."
    before = operators()
    with OPERATORS.scope():
        keyword = options.pop("keyword")
        with pytest.raises(OperatorError, match=why) as caught:
            operator(keyword, **options)(function)
    assert __name__ in caught.value.message
    assert operators() == before
    assert parse("a AND NOT b") == Apply("AND", (Concept("a"), Apply("NOT", (Concept("b"),))))


def test_what_is_no_operator_is_refused():
    for wrong in (either, "NAND", None):
        with pytest.raises(OperatorError, match=r"it is no operator"):
            OPERATORS.register(wrong)


@pytest.mark.parametrize(
    "value", [True, 1, np.True_, np.int64(1), np.uint8(1)], ids=lambda one: type(one).__name__
)
def test_truth_values_are_booleans_and_0_and_1(value):
    with OPERATORS.scope():

        @operator("MINE", example="MINE(a, b)")
        def mine(a, b):
            """Both."""
            return value if a and b else type(value)(0)

        assert OPERATORS.get("MINE").pair_table() == (False, False, False, True)
        assert OPERATORS.get("MINE").truth((), (True, True)) is True


def test_parameters_that_a_function_refuses_itself_are_not_held_against_it():
    with OPERATORS.scope():

        @operator("EVERY", args=(1, None), parameters=["k"], example="EVERY(2, a, b)")
        def every(k, *args):
            """Every k-th holds."""
            if not k:
                raise OperatorError("EVERY counts from 1")
            return all(args[::k])

        assert parse("EVERY(2, a, b)").parameters == (2,)


def test_the_built_in_operators_are_held_to_what_others_are():
    for one in operators():
        used = parse(one.example)
        assert isinstance(used, Apply)
        assert used.operator == one.keyword
        assert isinstance(one, Operator)
        assert one.associates == ("right" if one.keyword == "IMPLIES" else "left")


@pytest.fixture
def implies():
    with OPERATORS.scope():

        @operator(
            "ENTAILS",
            form="infix",
            symbol=["→", "->"],
            precedence=5,
            associates="right",
            example="water ENTAILS NOT blue",
        )
        def implies(a, b):
            """The second, where the first holds."""
            return not a or b

        yield


def imply(a, b):
    return Apply("ENTAILS", (a, b))


A, B, C = (Concept(name) for name in "abc")


def test_a_chain_is_read_from_the_right(implies):
    for text in ("a ENTAILS b ENTAILS c", "a → b → c", "a->b->c", "a entails b -> c"):
        assert parse(text) == imply(A, imply(B, C))
        assert parse(text, "chain") == imply(imply(A, B), C)
    assert parse("a OR b ENTAILS c AND a ENTAILS b") == imply(A | B, imply(C & A, B))
    (note,) = read("a → b → c").notes
    assert note.startswith("ENTAILS beside ENTAILS without parentheses was read as: a ENTAILS (b")
    assert read("a → (b → c)").notes == read("a → b").notes == ()


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (imply(A, imply(B, C)), "a ENTAILS (b ENTAILS c)"),
        (imply(imply(A, B), C), "(a ENTAILS b) ENTAILS c"),
        (imply(A & B, ~C), "(a AND b) ENTAILS NOT c"),
        (~imply(A, B), "NOT (a ENTAILS b)"),
        (Concept("a->b"), '"a->b"'),
        (Concept("a→b"), '"a→b"'),
        (Concept("a-b>c"), "a-b>c"),
        (Concept("entails"), "entails"),
        (Concept("it entails"), '"it entails"'),
    ],
)
def test_what_is_printed_reads_the_same_in_both_dialects(implies, formula, text):
    assert format_formula(formula) == text
    for dialect in DIALECTS:
        assert parse(text, dialect) == formula


def test_symbols_break_no_other_names(implies):
    for name in ("overlap-75%", "pre>NN", "a-b>c", "fire escape-s", "a>b", "-1", "--"):
        assert parse(name) == Concept(name)
        assert format_formula(Concept(name)) == name
    assert parse("x-1->y>2") == imply(Concept("x-1"), Concept("y>2"))
    with pytest.raises(LogicxError):
        parse("a->")


def test_two_that_associate_to_the_right_share_a_precedence(implies):
    @operator("UNLESS", form="infix", precedence=5, associates="right", example="a UNLESS b")
    def unless(a, b):
        """The first, or the second."""
        return a or b

    assert parse("a UNLESS b ENTAILS c") == Apply("UNLESS", (A, imply(B, C)))


def test_the_keyword_of_a_call_leaves_names_alone():
    with OPERATORS.scope():

        @operator("PORT", kind="rewrite", args=1, example="PORT(water)")
        def port(bank, concept):
            """Itself."""
            return concept

        for name in ("port hand", "port", "PORT", "hand port", "the port hand"):
            assert parse(name) == Concept(name)
            assert format_formula(Concept(name)) == name
        assert parse("port (port hand)") == Apply("PORT", (Concept("port hand"),))
        assert parse("NOT port(port)") == ~Apply("PORT", (Concept("port"),))
