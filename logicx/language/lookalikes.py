"""Names that look alike although they are written with other characters: `blue` and `blu\u0435`.

Letters of Latin, Cyrillic, Greek and Armenian share many shapes, and so do dashes, apostrophes,
and letters that exist once more in full width or as signs of mathematics. Such names may both be
meant, as Russian and English words of one bank, so they are told of, not refused.

Source: a part of Unicode's table of confusables (UTS #39): characters that most fonts draw alike.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from logicx.language.spelling import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

_PAIRS = {
    "Cyrillic": ("АВЕЗІЈКМНОРСЅТУХаеорсухѕіјһԁԛԝѵ", "ABE3IJKMHOPCSTYXaeopcyxsijhdqwv"),
    "Greek": ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹονιρυγβαϲϳ", "ABEZHIKMNOPTYXCovipuyßacj"),
    "Armenian": ("օսհոցզՏՕ", "ouhngqSO"),
    "other Latin": ("ıɑɡ", "iag"),
    "signs": ("‐‑‒–−’‘ʼ′‛“”„", "-----'''''\"\"\""),
}
_LIKE = {
    one: like for ones, likes in _PAIRS.values() for one, like in zip(ones, likes, strict=True)
}
_SAME_SHAPE = ("<font>", "<wide>", "<narrow>", "<compat>", "<noBreak>")
"""How Unicode says that a character is another in a dress; not `<super>`, `<fraction>`, ..."""


def shape(text: str) -> str:
    """The text with one character for all that look like it.

    Example:
        >>> shape("blu\u0435") == shape("blue"), shape("m²")
        (True, 'm²')
    """
    if text.isascii():
        return text
    return "".join(map(_plain, unicodedata.normalize("NFD", text)))


@lru_cache(maxsize=4096)
def _plain(one: str) -> str:
    if one not in _LIKE and unicodedata.decomposition(one).startswith(_SAME_SHAPE):
        one = unicodedata.normalize("NFKD", one)
    return "".join(_LIKE.get(each, each) for each in one)


def look_alikes(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of different names that look alike, each name with the first of its look.

    Example:
        >>> look_alikes(["blue", "sea", "blu\u0435"])
        [('blue', 'bluе')]
    """
    names = list(names)
    if all(map(str.isascii, names)):
        return []
    first: dict[str, str] = {}
    pairs = ((first.setdefault(shape(one), one), one) for one in names)
    return [(one, other) for one, other in pairs if one != other]


def told_apart(names: Iterable[str], what: str) -> tuple[str, ...]:
    """A note on names that look alike, if there are such.

    Args:
        names: The names.
        what: What they are of, in the plural, such as `concepts`.
    """
    pairs = look_alikes(names)
    if not pairs:
        return ()
    one, other = pairs[0]
    there = "a pair" if len(pairs) == 1 else f"{len(pairs):,} pairs"
    return (
        f"{there} of {what} look alike but are written with other characters, such as {one!r} and "
        f"{other!r} ('{escaped(one)}' and '{escaped(other)}')",
    )


def lookalike_of(name: str, names: Iterable[str]) -> str:
    """A hint for a name that is none of these but looks like one, or nothing.

    Example:
        >>> print(lookalike_of("blu\u0435", ["sea", "blue"]))
        'blue' looks the same, but what was asked for is 'blu\\u0435'
    """
    look = shape(name)
    for one in names:
        if one != name and shape(one) == look:
            asked = escaped(name)
            there = repr(one) if one.isascii() else f"'{escaped(one)}'"
            return f"{there} looks the same, but what was asked for is '{asked}'"
    return ""
