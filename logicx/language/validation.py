"""What a registration of an operator must be like; its truth table is held against its facts."""

from __future__ import annotations

import re
import sys
import unicodedata
from inspect import signature
from itertools import chain, permutations, product
from typing import TYPE_CHECKING, Any

from logicx.errors import LogicxError, OperatorError, PluginError
from logicx.language.declaration import PLACES, Operator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logicx.parts import Owner

FACTS = frozenset({"associative", "commutative", "idempotent", "involution"})
KINDS = ("connective", "rewrite", "structural")
FORMS = ("infix", "prefix", "call")
SYMBOL_CHARACTERS = "&|~^"
PUNCTUATION = frozenset("#$%*+-./:;<=>?@") | frozenset(SYMBOL_CHARACTERS)
"""What symbols of several characters are made of, besides mathematical signs."""
NEGATIONS = frozenset("~¬!")
"""Signs that stand directly before what they deny, so that no other symbol may end with them."""
PREFIX_PRECEDENCE = 100
"""NOT and every other one-argument operator bind tighter than any infix operator."""
BITS = (False, True)


def validate(new: Operator, owner: Owner) -> None:
    """Raise an `OperatorError` that says what is of the wrong kind or contradicts itself."""
    keyword = getattr(new, "keyword", new)

    def refuse(why: str, hint: str = "") -> OperatorError:
        return OperatorError(f"operator {keyword!r} of {owner}: {why}", hint=hint)

    if not isinstance(new, Operator):
        raise refuse("it is no operator", hint="register a function with @logicx.operator(...)")
    for why in chain(_wrong_kinds(new), _contradictions(new)):
        raise refuse(why)
    if new.kind == "connective":
        try:
            false = _false_facts(new)
        except LogicxError as error:
            raise refuse(error.message, error.hint) from error
        if false:
            raise refuse(f"its truth table is not {', '.join(false)}")


def _wrong_kinds(new: Operator) -> Iterator[str]:
    """What is of another type than it must be; the arguments are named as people write them."""
    for name, value in (
        ("keyword", new.keyword),
        ("form", new.form),
        ("kind", new.kind),
        ("associates", new.associates),
        ("example", new.example),
        ("doc", new.doc),
    ):
        if not isinstance(value, str):
            yield f"{name} is text, not {value!r}"
    for name, listed, such_as in (
        ("facts", new.facts, "commutative"),
        ("parameters", new.parameters, "k"),
        ("symbol", new.symbols, "->"),
        ("where", new.places, "pixels"),
    ):
        if not isinstance(listed, (tuple, frozenset)) or not all(
            isinstance(one, str) for one in listed
        ):
            shown = listed if isinstance(listed, str) else such_as
            yield f"{name} is a list of texts, such as {name}=[{shown!r}], not {listed!r}"
    if not isinstance(new.tries, tuple) or not all(
        isinstance(one, tuple) and all(type(number) is int for number in one) for one in new.tries
    ):
        yield f"tries is a list of whole numbers, such as tries=[1, 3], not {new.tries!r}"
    for name, number in (("precedence", new.precedence), ("args", new.min_args)):
        if type(number) is not int:
            yield f"{name} is a whole number, not {number!r}"
    if new.max_args is not None and type(new.max_args) is not int:
        yield (
            "args is a whole number, or fewest and most (None for any), or 'text', not "
            f"{new.max_args!r}"
        )
    if not callable(new.meaning):
        yield f"its meaning is a function, not {new.meaning!r}"
    if new.proposes is not None and not callable(new.proposes):
        yield (
            f"proposes is a function of the bank that gives names, not {new.proposes!r}: "
            "proposes=lambda bank: [...]"
        )


def _contradictions(new: Operator) -> Iterator[str]:
    """What cannot be, or not together."""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]+", new.keyword):
        yield "the keyword must be two or more capitals, digits or underscores"
    for one in new.symbols:
        why = _why_no_symbol(one, new)
        if why:
            yield f"the symbol {one!r} {why}"
    if new.form not in FORMS or new.kind not in KINDS:
        yield f"form {new.form!r} or kind {new.kind!r} is unknown"
    if new.form == "infix" and (new.min_args, new.max_args) != (2, 2):
        yield "an infix operator takes two arguments"
    if new.form == "infix" and not 0 < new.precedence < PREFIX_PRECEDENCE:
        yield (
            f"precedence must lie between 1 and {PREFIX_PRECEDENCE - 1}, and is {new.precedence}: "
            "IMPLIES has 4, OR 10, AND 30; larger binds tighter"
        )
    if new.associates not in ("left", "right"):
        yield f"associates must be left or right, not {new.associates!r}"
    if new.form != "infix" and new.associates != "left":
        yield "only an infix operator associates to a side"
    if new.form == "prefix" and (new.min_args, new.max_args) != (1, 1):
        yield "a prefix operator takes one argument"
    if new.takes_text:
        if (new.min_args, new.max_args) != (0, 0):
            yield "an operator that takes a text takes no formulas"
        if new.form != "call" or new.kind != "rewrite":
            yield "only a rewrite that is called takes a text: kind='rewrite'"
    elif new.min_args < 1 or (new.max_args is not None and new.max_args < new.min_args):
        yield "it must take at least one argument, and at most no fewer than at least"
    yield from _of_structure(new)
    if new.is_bare and not (new.form == "call" and new.takes_one):
        yield "only a call of one argument can stand bare before it"
    if new.is_everywhere and new.form != "infix":
        yield "only an infix operator is told to be one everywhere"
    can_propose = new.kind == "structural" or (
        not new.parameters and (new.takes_one or new.takes_text)
    )
    if new.proposes and not can_propose:
        yield "only an operator of one argument, or of a text, can propose what to apply it to"
    if new.parameters and new.form != "call":
        yield "only a call can have parameters"
    if len(set(new.parameters)) < len(new.parameters) or not all(
        one.isidentifier() for one in new.parameters
    ):
        yield f"parameters are names, each once, not {list(new.parameters)}"
    if new.facts - FACTS:
        unknown = ", ".join(sorted(new.facts - FACTS))
        yield f"unknown facts: {unknown}; known are {', '.join(sorted(FACTS))}"
    if "involution" in new.facts and (new.min_args, new.max_args) != (1, 1):
        yield "only an operator of one argument can be an involution"
    if new.facts & {"associative", "idempotent"} and not new.min_args <= 2 <= (new.max_args or 2):
        yield "only an operator of two arguments can be associative or idempotent"
    for n_args in (new.min_args, new.min_args + 2 if new.max_args is None else new.max_args):
        given = _given(new, n_args)
        if not _is_callable_with(new.meaning, len(given)):
            yield (
                f"its function cannot be called with {len(given)} arguments: "
                f"it takes {signature(new.meaning)}, and is given ({', '.join(given)})"
                + ("; for any number write *args" if new.max_args is None else "")
            )
    is_documented = new.doc or sys.flags.optimize >= 2  # python -OO drops docstrings
    if not is_documented or not new.example:
        missing = "a docstring" if not is_documented else "an example="
        yield f"it needs a docstring and an example: {missing} is missing"


def _of_structure(new: Operator) -> Iterator[str]:
    """What a structural operator must have, and others cannot."""
    if new.kind != "structural":
        if new.places:
            yield "only a structural operator is told where it applies: kind='structural'"
        if new.tries:
            yield "only a structural operator is told which numbers a search tries"
        return
    if not new.places or set(new.places) - {*PLACES}:
        yield (
            "a structural operator says where it applies: where='pixels', where='tokens', or "
            f"both; not {list(new.places)}"
        )
    if new.form != "call":
        yield "a structural operator is called: form='call'"
    if new.facts:
        yield "algebraic facts are of connectives, and follow from their tables"
    if new.max_args != new.min_args:
        yield "a structural operator takes a fixed number of arguments"
    if new.proposes and not new.tries:
        yield "it proposes what to apply it to, and not with which numbers: tries=[1, 3]"
    for one in new.tries:
        if len(one) != len(new.parameters) or not all(0 <= number < 10**9 for number in one):
            yield f"tries has {one}, and its parameters are {list(new.parameters)}"


def _why_no_symbol(symbol: str, new: Operator) -> str:
    """Why a text cannot be a symbol of an operator, or nothing."""
    is_made_well = bool(symbol) and (
        not set(symbol) - set(SYMBOL_CHARACTERS)
        or (len(symbol) == 1 and (_is_mathematical(symbol) or symbol == "!"))
        or (len(symbol) > 1 and all(c in PUNCTUATION or _is_mathematical(c) for c in symbol))
    )
    if not is_made_well:
        return (
            f"must be made of {' '.join(SYMBOL_CHARACTERS)}, be a mathematical sign such as →, "
            "or a run of punctuation such as ->"
        )
    if len(symbol) > 1 and set(symbol) & NEGATIONS:
        return f"would be read in a&~b; {' '.join(sorted(NEGATIONS))} may only stand alone"
    if symbol in NEGATIONS and new.form != "prefix":
        return "stands before what it denies: only a prefix operator can have it"
    return ""


def _is_mathematical(character: str) -> bool:
    """Whether it is a sign such as → or ⊕, and neither ASCII nor an emoji."""
    code = ord(character)
    return code > 0x7F and (unicodedata.category(character) == "Sm" or 0x2190 <= code <= 0x22FF)


def _given(new: Operator, n_args: int) -> list[str]:
    """What its function is given, as letters: the bank, numbers, arguments or a text."""
    bank = ["bank"] if new.kind == "rewrite" else []
    letters = [chr(ord("a") + i) if i < 26 else f"a{i}" for i in range(n_args)]
    return [*bank, *new.parameters, *letters, *["text"] * new.takes_text]


def _is_callable_with(function: Callable[..., Any], n_args: int) -> bool:
    try:
        signature(function).bind(*range(n_args))
    except (TypeError, ValueError) as error:
        return isinstance(error, ValueError)  # a builtin that does not say what it takes
    return True


def _false_facts(new: Operator) -> list[str]:
    """The stated facts that the truth table contradicts.

    Tables of up to two arguments more than the fewest are tried, with parameters from 0 to 4; with
    those that the function refuses by a `LogicxError` of its own, nothing is asked.

    Raises:
        LogicxError: The function fails, or gives something else than a truth value.
    """
    false = []
    for parameters in product(range(5), repeat=len(new.parameters)):
        try:
            false += _false_with(new, parameters)
        except LogicxError as error:
            if isinstance(error, PluginError) or not parameters:
                raise
    return sorted(set(false))


def _false_with(new: Operator, parameters: tuple[int, ...]) -> list[str]:
    sizes = range(new.min_args, min(new.max_args or new.min_args + 2, new.min_args + 2) + 1)
    false = []

    def truth(*args: bool) -> bool:
        return new.truth(parameters, args)

    for n in sizes:
        for row in product(BITS, repeat=n):
            value = truth(*row)
            if "commutative" in new.facts and any(
                value != truth(*other) for other in permutations(row)
            ):
                false.append("commutative")
    if "idempotent" in new.facts and any(truth(a, a) != a for a in BITS):
        false.append("idempotent")
    if "involution" in new.facts and any(truth(truth(a)) != a for a in BITS):
        false.append("involution")
    if "associative" in new.facts and any(
        truth(truth(a, b), c) != truth(a, truth(b, c)) for a, b, c in product(BITS, repeat=3)
    ):
        false.append("associative")
    return false
