"""The operators in force.

A third party registers with `logicx.operator`, in a module that an entry point of the group
`logicx.operators` names; see `logicx.parts` for how those are loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.errors import OperatorError, did_you_mean
from logicx.language.declaration import Operator
from logicx.language.validation import validate
from logicx.parts import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _claims(one: Operator) -> list[tuple[str, str]]:
    return [("keyword", one.keyword), *(("symbol", symbol) for symbol in one.symbols)]


OPERATORS: Kind[Operator] = Kind(
    "operator",
    builtins=(
        "logicx.language.operators",
        "logicx.language.rewrites",
        "logicx.language.pixels",
        "logicx.language.sequences",
    ),
    check=validate,
    claims=_claims,
    error=OperatorError,
)


def operators() -> tuple[Operator, ...]:
    """All operators in force, plug-ins included; those are loaded on first use."""
    return tuple(one.part for one in OPERATORS.all())


def applied(
    keyword: str,
    n_args: int,
    parameters: Sequence[int | str],
    known: Mapping[str, Operator] | None = None,
) -> Operator:
    """The operator of a node of a formula.

    Args:
        keyword: Its keyword.
        n_args: To how many arguments it is applied.
        parameters: The whole numbers before them, or a text in their place.
        known: The operators in force, by keyword, where they are at hand.

    Raises:
        OperatorError: There is none, or it does not take these arguments.
    """
    known = OPERATORS.table() if known is None else known
    op = known.get(keyword)
    if op is None:
        raise OperatorError(
            f"no operator {keyword!r} is registered{OPERATORS.missing()}",
            code="unknown-operator",
            hint=did_you_mean(keyword, known) or "list them: logicx operators",
        )
    wrong = op.check_arity(n_args, parameters)
    if wrong:
        raise OperatorError(wrong, code="arity")
    return op
