"""The operators EXCEPT, a connective, and FREQUENT, a rewrite that takes a text."""

from __future__ import annotations

import logicx


@logicx.operator(
    "EXCEPT",
    form="infix",
    symbol=["∖", "-|"],
    precedence=25,
    example="bread EXCEPT butter",
)
def except_(a: bool, b: bool) -> bool:
    """The first, where the second does not hold."""
    return a and not b


@logicx.operator(
    "FREQUENT",
    kind="rewrite",
    args="text",
    example="FREQUENT(butter)",
    proposes=lambda bank: bank.names,
    proposes_by_default=False,
)
def frequent(bank: logicx.Vocabulary, name: str) -> logicx.Formula:
    """Any of the concepts that hold at least as often as one does."""
    often = dict(zip(bank.names, bank.counts, strict=True))
    if name not in often:
        raise logicx.LogicxError(f"FREQUENT takes the name of a concept, not {name!r}")
    return logicx.any_of(one for one in bank.names if often[one] >= often[name])
