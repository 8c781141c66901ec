"""Texts split into words without a library, and what splitting at blanks leaves."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from logicx.language.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Collection

JOINING = "'’-.,·"
"""Signs that belong to a word where they stand between two of its characters: don't, 3.5."""
_SIGNS = ".,;:!?…\"'“”‘’«»()[]{}"
LEAST_SHARE = 0.005


def at_blanks(text: str) -> list[str]:
    """The parts between blanks; what is made of characters that are not seen is none."""
    parts = text.split()
    return parts if text.isascii() else [one for one in parts if tidy(one)]


def words_and_signs(text: str) -> list[str]:
    """Words, and each sign by itself.

    Example:
        >>> words_and_signs("Don't wait, it's 3.5 miles (or so).")
        ["Don't", 'wait', ',', "it's", '3.5', 'miles', '(', 'or', 'so', ')', '.']
    """
    found: list[str] = []
    for part in at_blanks(unicodedata.normalize("NFC", text)):
        start = 0
        for i in range(1, len(part)):
            if not _belongs(part, start, i):
                found.append(part[start:i])
                start = i
        found.append(part[start:])
    return found


def _belongs(part: str, start: int, i: int) -> bool:
    """Whether a character goes on with the word or sign that began at `start`."""
    one = part[i]
    if _is_mark(one) or _is_mark_joiner(part[i - 1]):
        return True
    if not _is_letter(part[start]):
        return False
    if _is_letter(one):
        return True
    return one in JOINING and i + 1 < len(part) and _is_letter(part[i + 1]) and one != part[i - 1]


def _is_letter(one: str) -> bool:
    return one.isalnum() or one == "_"


def _is_mark(one: str) -> bool:
    """An accent, a vowel sign, a joiner, a shade of an emoji: part of the character before it."""
    return unicodedata.category(one) in ("Mn", "Mc", "Me", "Cf") or one in "🏻🏼🏽🏾🏿"


def _is_mark_joiner(one: str) -> bool:
    return one == "\u200d"


def note_on_signs(words: Collection[str]) -> list[str]:
    """A note where many words stand beside themselves with a sign at an end, `time.` and `time`."""
    known = {*words}
    bare = {one: one.strip(_SIGNS) for one in known}
    glued = [one for one, other in bare.items() if other != one and other in known]
    if not glued or len(glued) < LEAST_SHARE * len(known):
        return []
    first = min(glued, key=lambda one: (len(one), one))
    return [
        f"{len(glued):,} of {len(known):,} different words are others with a sign, such as "
        f"{first!r} beside {bare[first]!r}: the text is split at blanks only; "
        'tokenizer = "simple" or "spacy" splits signs off'
    ]
