"""The operator IMPLIES."""

from __future__ import annotations

import logicx


@logicx.operator(
    "IMPLIES",
    form="infix",
    symbol=["→", "->"],
    precedence=5,
    associates="right",
    example="butter IMPLIES bread",
)
def implies(a: bool, b: bool) -> bool:
    """Where the first holds, the second does too."""
    return b or not a
