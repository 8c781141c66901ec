"""The built-in connectives, registered through the same door as anybody's.

Read this page to see what an operator is; `logicx.language.registration` says what each argument
means, and `logicx.language.rewrites` has those that turn into formulas.
"""

from __future__ import annotations

from logicx.language.registration import operator


@operator(
    "IFF",
    form="infix",
    precedence=2,
    facts=["associative", "commutative"],
    example="water IFF blue",
)
def _iff(a: bool, b: bool) -> bool:
    """Both hold, or neither does."""
    return a == b


@operator("IMPLIES", form="infix", precedence=4, associates="right", example="water IMPLIES blue")
def _implies(a: bool, b: bool) -> bool:
    """The second holds, or the first does not."""
    return b or not a


@operator(
    "OR",
    form="infix",
    everywhere=True,
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
    everywhere=True,
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
    everywhere=True,
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
    "ATMOST",
    args=(1, None),
    parameters=["k"],
    facts=["commutative"],
    example="ATMOST(1, water, boat, blue)",
)
def _at_most(k: int, *args: bool) -> bool:
    """At most k of the arguments hold."""
    return sum(args) <= k


@operator(
    "EXACTLY",
    args=(1, None),
    parameters=["k"],
    facts=["commutative"],
    example="EXACTLY(1, water, boat, blue)",
)
def _exactly(k: int, *args: bool) -> bool:
    """Exactly k of the arguments hold."""
    return sum(args) == k


@operator("MAJORITY", args=(2, None), facts=["commutative"], example="MAJORITY(water, boat, blue)")
def _majority(*args: bool) -> bool:
    """More than half of the arguments hold."""
    return 2 * sum(args) > len(args)


@operator("NAND", args=(2, None), facts=["commutative"], example="NAND(water, blue)")
def _nand(*args: bool) -> bool:
    """Not all of the arguments hold."""
    return not all(args)


@operator("NOR", args=(2, None), facts=["commutative"], example="NOR(water, blue)")
def _nor(*args: bool) -> bool:
    """None of the arguments holds."""
    return not any(args)
