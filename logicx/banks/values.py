"""Single values of tables, whatever library they come from: missing ones, texts and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError
from logicx.language.numerals import real
from logicx.language.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none"})
"""Texts that stand for a missing value, in any case; `NaT` is one as well, so written."""


def is_nothing(value: Any) -> bool:
    """Whether it is no value: None, NaN, NumPy's masked, `pd.NA`, `NaT` of any library."""
    if value is None or value is np.ma.masked:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # pd.NA answers NA, which is neither true nor false
        return type(value).__name__ == "NAType"


def text_of(value: Any) -> str:
    """A value as text in one spelling, runs of blanks as one; empty where there is none.

    Raises:
        DataError: It is bytes that are not UTF-8.
    """
    if is_nothing(value):
        return ""
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError as error:
            raise DataError(f"the value {value!r} is not UTF-8 ({error})") from None
    return " ".join(tidy(str(value)).split())


def is_missing(text: str) -> bool:
    """Whether a text stands for a missing value."""
    return text == "NaT" or text.casefold() in MISSING


def numbers(name: str, values: Sequence[Any]) -> NDArray[np.float64]:
    """A column as numbers, missing values as NaN.

    Raises:
        DataError: A value is none, or cannot be kept exactly enough.
    """
    found = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        text = text_of(value)
        if not is_missing(text):
            try:
                found[row] = real(text)
            except ValueError as error:
                raise DataError(f"column {name!r}, row {row + 1}: {error}") from None
    return found
