"""The built-in operators, registered through the same door as anybody's.

Read this page to see what an operator is; `logicx.language.registration` says what each argument
means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.errors import OperatorError, did_you_mean
from logicx.language.formula import Apply, Concept, Formula
from logicx.language.registration import operator

if TYPE_CHECKING:
    from logicx.language.declaration import Vocabulary


@operator(
    "OR",
    form="infix",
    symbol=["|", "∨"],
    precedence=10,
    facts=["associative", "commutative", "idempotent"],
    example="water OR river",
)
def _or(a: bool, b: bool) -> bool:
    """At least one of the two holds."""
    return a or b


@operator(
    "XOR",
    form="infix",
    symbol="^",
    precedence=20,
    facts=["associative", "commutative"],
    example="water XOR blue",
)
def _xor(a: bool, b: bool) -> bool:
    """Exactly one of the two holds."""
    return a != b


@operator(
    "AND",
    form="infix",
    symbol=["&", "∧"],
    precedence=30,
    facts=["associative", "commutative", "idempotent"],
    example="water AND blue",
)
def _and(a: bool, b: bool) -> bool:
    """Both hold."""
    return a and b


@operator(
    "NOT", form="prefix", symbol=["~", "¬", "!"], args=1, facts=["involution"], example="NOT blue"
)
def _not(a: bool) -> bool:
    """It does not hold."""
    return not a


@operator(
    "ATLEAST",
    args=(1, None),
    parameters=["k"],
    facts=["commutative"],
    example="ATLEAST(2, water, boat, blue)",
)
def _at_least(k: int, *args: bool) -> bool:
    """At least k of the arguments hold."""
    return sum(args) >= k


@operator(
    "NEIGHBORS",
    kind="rewrite",
    args=1,
    bare=True,
    example="NEIGHBORS(hyp:couch)",
    proposes=lambda bank: (k for k, row in bank.relations.get("NEIGHBORS", {}).items() if row),
)
def _neighbors(bank: Vocabulary, concept: Formula) -> Formula:
    """Any of the concepts that the bank's table NEIGHBORS lists for this one."""
    if not isinstance(concept, Concept):
        raise OperatorError(f"NEIGHBORS takes a concept, not a formula: {concept}")
    table = bank.relations.get("NEIGHBORS", {})
    names = table.get(concept.name)
    if not names:
        raise OperatorError(
            f"bank {bank.name!r} lists no neighbours of {concept.name!r}",
            code="not-applicable",
            hint=did_you_mean(concept.name, table)
            if table
            else "the bank was compiled without a table of neighbours",
        )
    formula: Formula = Concept(names[0])
    for name in names[1:]:
        formula = Apply("OR", (formula, Concept(name)))
    return formula
