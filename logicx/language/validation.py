"""What a registration of an operator must be like; its truth table is held against its facts."""

from __future__ import annotations

import re
from inspect import signature
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

from logicx.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from logicx.language.registry import Operator

FACTS = frozenset({"associative", "commutative", "idempotent", "involution"})
FORMS = ("infix", "prefix", "call")
SYMBOL_CHARACTERS = "&|~^"
PREFIX_PRECEDENCE = 100
"""NOT and every other one-argument operator bind tighter than any infix operator."""


def validate(new: Operator) -> None:
    """Raise an `OperatorError` that says what contradicts itself."""

    def refuse(why: str) -> OperatorError:
        return OperatorError(f"operator {new.keyword!r} of {new.owner}: {why}")

    if not re.fullmatch(r"[A-Z][A-Z0-9_]+", new.keyword):
        raise refuse("the keyword must be two or more capitals, digits or underscores")
    if set(new.symbol) - set(SYMBOL_CHARACTERS):
        raise refuse(f"the symbol {new.symbol!r} must be made of {' '.join(SYMBOL_CHARACTERS)}")
    if len(new.symbol) > 1 and "~" in new.symbol:
        raise refuse(f"the symbol {new.symbol!r} would be read in a&~b; ~ may only stand alone")
    if new.form not in FORMS or new.kind not in ("connective", "rewrite"):
        raise refuse(f"form {new.form!r} or kind {new.kind!r} is unknown")
    if new.form == "infix" and (new.min_args, new.max_args) != (2, 2):
        raise refuse("an infix operator takes two arguments")
    if new.form == "infix" and not 0 < new.precedence < PREFIX_PRECEDENCE:
        raise refuse(f"precedence must lie between 1 and {PREFIX_PRECEDENCE - 1}")
    if new.form == "prefix" and (new.min_args, new.max_args) != (1, 1):
        raise refuse("a prefix operator takes one argument")
    if new.min_args < 1 or (new.max_args is not None and new.max_args < new.min_args):
        raise refuse("it must take at least one argument, and at most no fewer than at least")
    if new.proposes and not (new.takes_one and not new.parameters):
        raise refuse("only an operator of one argument can propose concepts")
    if new.parameters and new.form != "call":
        raise refuse("only a call can have parameters")
    if new.facts - FACTS:
        raise refuse(f"unknown facts: {', '.join(sorted(new.facts - FACTS))}")
    if "involution" in new.facts and (new.min_args, new.max_args) != (1, 1):
        raise refuse("only an operator of one argument can be an involution")
    if new.facts & {"associative", "idempotent"} and not new.min_args <= 2 <= (new.max_args or 2):
        raise refuse("only an operator of two arguments can be associative or idempotent")
    for n_args in (new.min_args, new.max_args or new.min_args + 2):
        n = (new.kind == "rewrite") + len(new.parameters) + n_args
        if not _is_callable_with(new.meaning, n):
            raise refuse(f"its function cannot be called with {n} arguments")
    if not new.doc or not new.example:
        raise refuse("it needs a docstring and an example")
    if new.kind == "connective":
        false = _false_facts(new)
        if false:
            raise refuse(f"its truth table is not {', '.join(false)}")


def _is_callable_with(function: Callable[..., Any], n_args: int) -> bool:
    try:
        signature(function).bind(*range(n_args))
    except (TypeError, ValueError) as error:
        return isinstance(error, ValueError)  # a builtin that does not say what it takes
    return True


def _false_facts(new: Operator) -> list[str]:
    """The stated facts that the truth table contradicts.

    Tables of up to two arguments more than the fewest are tried, with parameters from 0 to 4.
    """
    false = []
    for parameters in product(range(5), repeat=len(new.parameters)):
        false += _false_with(new, parameters)
    return sorted(set(false))


def _false_with(new: Operator, parameters: tuple[int, ...]) -> list[str]:
    sizes = range(new.min_args, min(new.max_args or new.min_args + 2, new.min_args + 2) + 1)
    false = []

    def truth(*args: bool) -> bool:
        return new.truth(parameters, args)

    for n in sizes:
        for row in product((False, True), repeat=n):
            if "commutative" in new.facts and any(
                truth(*row) != truth(*other) for other in permutations(row)
            ):
                false.append("commutative")
    bits = (False, True)
    if "idempotent" in new.facts and any(truth(a, a) != a for a in bits):
        false.append("idempotent")
    if "involution" in new.facts and any(truth(truth(a)) != a for a in bits):
        false.append("involution")
    if "associative" in new.facts and any(
        truth(truth(a, b), c) != truth(a, truth(b, c)) for a, b, c in product(bits, repeat=3)
    ):
        false.append("associative")
    return false
