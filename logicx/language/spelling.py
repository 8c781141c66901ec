"""One spelling for texts that look the same: names and words are compared by it.

`é` is one character or two; a zero-width space, a soft hyphen or a mark of direction is not seen at
all; a no-break space looks like a blank. What cannot be told apart by eye must not be two names.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    "\ufff9-\ufffb]"
)
"""Characters without a shape, whatever stands beside them."""
_JOINERS = "\u200c\u200d"
"""Without a shape of their own, but they change that of emoji and of many scripts."""
_LATIN_END = 0x2FF
_BLANKS = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
"""Characters that look like a blank; tabs and ends of lines are no part of names."""


def tidy(text: str) -> str:
    """The text in NFC, without characters that are not seen, with single blanks, none at its ends.

    Joiners are kept between characters whose shape they change, as in emoji and in Persian.

    Example:
        >>> tidy(" cafe\\u0301\\u200b\\u00a0noir ")
        'café noir'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
        if any(one in text for one in _JOINERS):
            text = _without_idle_joiners(text)
            text = unicodedata.normalize("NFC", text)
    return _BLANKS.sub(" ", text).strip(" ")


def _without_idle_joiners(text: str) -> str:
    """The text without joiners that join nothing: at its ends, at blanks, beside Latin letters."""
    kept = []
    for i, one in enumerate(text):
        if one in _JOINERS:
            before, after = text[i - 1 : i], text[i + 1 : i + 2]
            if not (_is_joined(before) and _is_joined(after)):
                continue
        kept.append(one)
    return "".join(kept)


def _is_joined(one: str) -> bool:
    return bool(one) and ord(one) > _LATIN_END and not one.isspace() and one not in _JOINERS


def escaped(text: str) -> str:
    """The text with every character beyond ASCII as its number, so that look-alikes differ."""
    return text.encode("unicode_escape").decode("ascii")


def alike(texts: Iterable[str]) -> tuple[str, str] | None:
    """The first two different texts that look the same, if there are such."""
    seen: dict[str, str] = {}
    for one in texts:
        other = seen.setdefault(tidy(one), one)
        if other != one:
            return other, one
    return None
