"""What a word of a concept's name may hold, so that it is not taken for an operator."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx.language.declaration import Operator

OPENING = "!"
"""A symbol that is one only where a part of a formula begins; elsewhere it belongs to a name."""
ALWAYS = "&|~^"
"""What no word holds, whatever operators there are."""


class Words(NamedTuple):
    """Regular expressions for the words of one set of operators.

    Args:
        word: A word of a name.
        end: What must follow an operator's keyword.
        symbols: The symbols that end a word, longest first.
    """

    word: str
    end: str
    symbols: tuple[str, ...]


@lru_cache(maxsize=8)
def words_of(in_force: tuple[Operator, ...]) -> Words:
    """How words are told from operators, for these operators."""
    found = {one for op in in_force for one in op.symbols if one != OPENING}
    symbols = tuple(sorted(found, key=lambda one: (-len(one), one)))
    others = [one for one in symbols if set(one) - set(ALWAYS)]
    single = "".join(re.escape(one) for one in others if len(one) == 1)
    several = "|".join(re.escape(one) for one in others if len(one) > 1)
    stops = f"(?!{several})" if several else ""
    inner = rf"{stops}[^\s(){ALWAYS},{single}]"
    first = rf"""{stops}[^\s(){ALWAYS},{single}"'{OPENING}]"""
    word = f"{first}(?:{inner})*" if stops else f"{first}{inner}*"
    end = f"(?!{inner})"
    return Words(word, end, symbols)


def symbol_pattern(symbol: str, symbols: Sequence[str]) -> str:
    """A symbol where it is not the beginning of a longer one."""
    longer = [one[len(symbol) :] for one in symbols if one.startswith(symbol) and one != symbol]
    rest = "|".join(map(re.escape, longer))
    return re.escape(symbol) + (f"(?!{rest})" if rest else "")


def is_plain(name: str, in_force: tuple[Operator, ...]) -> bool:
    """Whether a name can be written without quotes.

    The keyword of an operator that stands between two formulas may be the first word of a name:
    where a part of a formula begins, it is no operator.
    """
    pattern, reserved, between = _plain(in_force)
    first, *more = name.split(" ")
    rest = [word.removeprefix(OPENING) for word in more if word != OPENING]
    return all(
        pattern.fullmatch(word) and word.upper() not in reserved for word in (first, *rest)
    ) and between.isdisjoint(word.upper() for word in rest)


@lru_cache(maxsize=8)
def _plain(
    in_force: tuple[Operator, ...],
) -> tuple[re.Pattern[str], frozenset[str], frozenset[str]]:
    reserved = frozenset(one.keyword for one in in_force if one.is_reserved)
    between = frozenset(one.keyword for one in in_force if one.stands_between)
    return re.compile(words_of(in_force).word), reserved, between
