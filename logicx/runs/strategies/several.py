"""How many formulas of one unit are asked for: options that several strategies have."""

from __future__ import annotations

from numbers import Integral
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
