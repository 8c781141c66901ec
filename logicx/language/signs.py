"""Signs of logic books and of programming that are no operators here, and what to write instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logicx.language.declaration import Operator

_SIGNS = {
    "→ ⇒ ⟶ ⟹ ⊃ -> --> => ==>": "write a IMPLIES b",
    "← ⇐ ⟵ ⟸ <- <-- <==": "write b IMPLIES a",
    "↔ ⇔ ⟷ ⟺ ≡ <-> <=> == ===": "write a IFF b",
    "⊕ ⊻ ≠ ≢ != <>": "write a XOR b",
    "⊼ ↑": "write NAND(a, b)",
    "⊽ ↓": "write NOR(a, b)",
    "⋀ ⋂ ∩ · ⋅ /\\ ＆": "write a AND b",
    "⋁ ⋃ ∪ \\/ ｜ ∥": "write a OR b",
    "∖ \\": "write a AND NOT b",
    "∼ ～ ˜ ￢ ⌐": "write NOT a",
    "“ ” „ ‟ « » ‘ ’ ‚ ‛ ‹ ›": "quotation marks are straight here: \"a name\" or 'a name'",
    "（ ） ［ ］ ， 、": "parentheses and commas are the plain ones: ( ) ,",
}
_INSTEAD = {sign: instead for signs, instead in _SIGNS.items() for sign in signs.split()}
_AS_WORDS = {"+": "write a OR b", "*": "write a AND b", "-": "write a AND NOT b"} | {
    sign: instead for sign, instead in _INSTEAD.items() if sign.isascii()
}
"""Those that are common in names, and so are told only where they stand alone between words."""
_OTHERS = "|".join(map(re.escape, (one for one in _INSTEAD if not one.isascii())))
_PATTERN = re.compile(
    rf"(?P<alone>(?<!\S)(?:{'|'.join(map(re.escape, sorted(_AS_WORDS, key=len, reverse=True)))})"
    rf"(?!\S))|(?P<arrow>[<=-]*[-=]>|<[-=]+>?)|(?P<sign>{_OTHERS})"
)


def foreign_sign(name: str) -> str:
    """What to say of a name that holds a sign which elsewhere is an operator, or nothing.

    Args:
        name: A name that no concept has.

    Example:
        >>> foreign_sign("water => blue")
        "'=>' is no operator here: write a IMPLIES b"
        >>> foreign_sign("baseball field")
        ''
    """
    for found in _PATTERN.finditer(name):
        instead = _AS_WORDS.get(found[0]) or _INSTEAD.get(found[0])
        if instead:
            what = "is no quotation mark" if "quotation" in instead else "is no operator"
            return f"{found[0]!r} {what} here: {instead}"
    return ""


def why_no_concept(name: str, in_force: tuple[Operator, ...]) -> str:
    """What to say of a name that no concept has, if it was hardly meant as one; or nothing.

    Args:
        name: The name.
        in_force: The operators in force.
    """
    words = {word.upper() for word in name.split()}
    for op in in_force:
        if op.keyword in words and not op.is_reserved:
            where = "between two formulas" if op.stands_between else "directly before '('"
            return f"{op.keyword} is an operator only {where}: {op.signature}"
    return foreign_sign(name)
