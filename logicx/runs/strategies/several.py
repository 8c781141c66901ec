"""How many formulas of one unit are asked for: options that several strategies have."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from logicx.errors import OptionError

MOST = 1_000
"""Most formulas that are told of one unit."""


def checked_alternatives(number: Any) -> int:
    """How many formulas are asked for.

    Raises:
        OptionError: That means nothing.
    """
    whole = int(number) if isinstance(number, Integral) and not isinstance(number, bool) else 0
    if whole < 1:
        raise OptionError(f"alternatives must be a whole number from 1, not {number!r}")
    if whole > MOST:
        raise OptionError(f"alternatives may be {MOST:,} at most, not {whole:,}")
    return whole


def checked_within(amount: Any, alternatives: int) -> float | None:
    """How much less than the best formulas may score, if that is asked.

    Raises:
        OptionError: It means nothing, or so many formulas are asked for besides.
    """
    if amount is None:
        return None
    number = float(amount) if isinstance(amount, Real) and not isinstance(amount, bool) else -1.0
    if not 0 <= number <= 1:
        raise OptionError(f"within must be a number from 0 to 1, not {amount!r}")
    if alternatives > 1:
        raise OptionError(
            "alternatives and within are both given",
            hint="give one: the best so many formulas, or all irreducible ones near the best",
        )
    return number
