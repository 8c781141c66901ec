"""Numbers as texts state them: one strict reader for options, tables, thresholds and JSON.

Python's `float` and `int` read more than numbers: `1_0` is 10 to them, and so are the digits of
other scripts. A text that people would not call a number must not become one without a word.
"""

from __future__ import annotations

import re

MOST_EXACT = 1 << 53
"""Whole numbers up to this one are exact as floats; an id beyond it may become another id."""

_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_MOST_DIGITS = 400
"""No float has more digits before its point; Python refuses to read 5,000 of them."""


def real(text: str) -> float:
    """The number that a text states: digits 0 to 9, a point, an exponent; or `inf`.

    What is too large for a float is `inf`, as everywhere: see that it is finite.

    Raises:
        ValueError: It is none, or a float cannot hold it; the message says why, as in
            `'1_0' is not a number`.

    Example:
        >>> real("-2.5e3")
        -2500.0
    """
    stripped = text.strip(" \t\r\n")
    if _INFINITE.fullmatch(stripped):
        return float(stripped)
    if not _REAL.fullmatch(stripped):
        raise ValueError(f"{_shown(text)} is not a number{_why(stripped)}")
    if _WHOLE.fullmatch(stripped):
        if len(stripped) > _MOST_DIGITS:
            raise ValueError(f"{_shown(text)} is too large a number")
        if abs(int(stripped)) > MOST_EXACT and int(stripped) != float(stripped):
            raise ValueError(
                f"{_shown(text)} has more digits than a number keeps: {float(stripped):.0f} would "
                "be read (is it an id, or a label?)"
            )
    number = float(stripped)
    if not number and re.search("[1-9]", re.split("[eE]", stripped)[0]):
        raise ValueError(f"{_shown(text)} is too small a number: it would be read as 0")
    return number


def whole(text: str) -> int:
    """The whole number that a text states: an optional sign and digits 0 to 9.

    Raises:
        ValueError: It is none; the message says why.

    Example:
        >>> whole("+12")
        12
    """
    stripped = text.strip(" \t\r\n")
    if not _WHOLE.fullmatch(stripped):
        raise ValueError(f"{_shown(text)} is not a whole number{_why(stripped)}")
    if len(stripped) > _MOST_DIGITS:
        raise ValueError(f"{_shown(text)} is too large a number")
    return int(stripped)


def is_number(text: str) -> bool:
    """Whether `real` reads it."""
    try:
        real(text)
    except ValueError:
        return False
    return True


def is_whole(text: str) -> bool:
    """Whether a text is digits 0 to 9 and nothing else."""
    return text.isascii() and text.isdigit()


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _why(text: str) -> str:
    """What Python would have overlooked, or nothing."""
    try:
        float(text)
    except ValueError:
        return ""
    if text.lstrip("+-").lower() == "nan":
        return ""
    return " (digits are 0 to 9, with nothing between them)"
