"""Units by name, or by number where that cannot be a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.banks.naming import Lookup
from logicx.errors import UnknownUnit, did_you_mean
from logicx.language.lookalikes import lookalike_of
from logicx.language.numerals import is_whole

if TYPE_CHECKING:
    from collections.abc import Sequence


class UnitLookup:
    """Places of units."""

    def __init__(self, names: Sequence[str]) -> None:
        """Number the names."""
        self._names = names
        self._lookup = Lookup(names)
        self._has_numbers = any(name[:1].isdecimal() for name in names)

    def number(self, unit: str | int) -> int:
        """Place of a unit, by its name; or by its number, where no name begins with a digit.

        Raises:
            UnknownUnit: There is none; the error suggests near names.
        """
        digits = str(unit)
        found = self._lookup.find(digits)
        if found is not None:
            return found
        is_place = is_whole(digits) and len(digits) < 20 and not self._has_numbers
        if is_place and int(digits) < len(self._names):
            return int(digits)
        named = lookalike_of(digits, self._names) or did_you_mean(digits, self._names)
        span = f"{self._names[0]} ... {self._names[-1]}" if self._names else "none"
        raise UnknownUnit(
            f"no unit {digits!r} among {len(self._names):,} units",
            hint=f"{named or 'they are: ' + span}    list them: logicx units units=FILE",
        )
