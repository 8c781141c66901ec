"""What tests of formulas share: four concepts, and short ways to join them."""

from __future__ import annotations

from logicx.language.formula import Apply, Concept, Formula

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
