"""A canonical form: formulas that differ only by algebraic facts become one.

It uses the facts that operators state (associative, commutative, idempotent, involution), keeps
the meaning, and is idempotent. It is a form, not a decision of equivalence: `(a AND b) OR a` stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from logicx.language.formula import Apply, Concept, Formula, fold
from logicx.language.registry import applied, operators

if TYPE_CHECKING:
    from logicx.language.declaration import Operator

READABLE = 60
"""Operands are sorted by this many characters of their text, then by a digest of the whole."""


@dataclass(frozen=True)
class _Done:
    """A canonical formula, the key by which it is sorted among its siblings, and its parts."""

    formula: Formula
    key: tuple[bool, str, bytes]
    operator: str = ""
    parts: tuple[_Done, ...] = ()


@dataclass(frozen=True)
class _Chain:
    """Operands of one associative operator, collected until the chain ends."""

    operator: Operator
    operands: list[_Done]


def canonical(formula: Formula) -> Formula:
    """The formula with chains flattened and sorted, repetitions and double negations removed.

    Example:
        >>> from logicx.language.parsing import parse
        >>> print(canonical(parse("NOT NOT river OR (water OR river)")))
        river OR water
    """
    known = {one.keyword: one for one in operators()}

    def apply(node: Apply, args: list[_Done | _Chain]) -> _Done | _Chain:
        op = applied(node.operator, len(args), node.parameters, known)
        return _node(op, node, args)

    return _done(fold(formula, _concept, apply)).formula


def _concept(concept: Concept) -> _Done | _Chain:
    return _Done(concept, (False, concept.name, b""))


def _node(op: Operator, node: Apply, args: list[_Done | _Chain]) -> _Done | _Chain:
    if op.form == "infix" and {"associative", "commutative"} <= op.facts:
        first = args[0]
        is_same = isinstance(first, _Chain) and first.operator == op
        operands = first.operands if is_same else _operands(op, first)  # type: ignore[union-attr]
        operands.extend(_operands(op, args[1]))
        return _Chain(op, operands)
    done = [_done(arg) for arg in args]
    if "involution" in op.facts and done[0].operator == op.keyword:
        return done[0].parts[0]
    if "commutative" in op.facts:
        done.sort(key=lambda one: one.key)
    return _apply(op, node.parameters, done)


def _operands(op: Operator, value: _Done | _Chain) -> list[_Done]:
    if isinstance(value, _Chain) and value.operator == op:
        return value.operands
    done = _done(value)
    return list(done.parts) if done.operator == op.keyword else [done]


def _done(value: _Done | _Chain) -> _Done:
    """A chain with its operands sorted, repetitions removed where that changes nothing."""
    if isinstance(value, _Done):
        return value
    op, operands = value.operator, value.operands
    if "idempotent" in op.facts:
        operands = list({one.formula: one for one in operands}.values())
    operands = sorted(operands, key=lambda one: one.key)
    if len(operands) == 1:
        return operands[0]
    chain = operands[0].formula
    for one in operands[1:]:
        chain = Apply(op.keyword, (chain, one.formula))
    return _keyed(chain, op.keyword, (), operands)


def _apply(op: Operator, parameters: tuple[int | str, ...], parts: list[_Done]) -> _Done:
    formula = Apply(op.keyword, tuple(one.formula for one in parts), parameters)
    return _keyed(formula, op.keyword, parameters, parts)


def _keyed(
    formula: Formula, keyword: str, parameters: tuple[int | str, ...], parts: list[_Done]
) -> _Done:
    text = f"{keyword}{parameters}" + "".join(one.key[1] for one in parts[:READABLE])
    digest = blake2b(f"{keyword}{parameters}".encode(), digest_size=16)
    for one in parts:
        digest.update(one.key[2] or one.key[1].encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return _Done(formula, (True, text[:READABLE], digest.digest()), keyword, tuple(parts))
