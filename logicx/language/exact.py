"""Names of a bank that hold an operator, such as `R&B`, where a formula writes them.

A part of a formula that is exactly such a name is read as that name, and a note says so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from logicx.language.formula import Apply, Concept, Formula, Span, fold
from logicx.language.words import OPENING, words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lark import Token

    from logicx.language.declaration import Operator

FILLER = "\ue000"
"""Stands in the text in place of every character of such a name, so that places stay the same."""


@lru_cache(maxsize=8)
def names_with_operators(names: tuple[str, ...], in_force: tuple[Operator, ...]) -> tuple[str, ...]:
    """Those of some names that hold a symbol, or a keyword that is no reserved one; longest first.

    A keyword counts where the name, without quotes, would not be read as one.
    """
    symbols = words_of(in_force).symbols
    between = {one.keyword for one in in_force if one.stands_between}
    found = [
        name
        for name in names
        if name.startswith(OPENING)
        or any(symbol in name for symbol in symbols)
        or not between.isdisjoint(name.upper().split()[1:])
    ]
    return tuple(sorted(found, key=len, reverse=True))


def spans_of(tokens: Sequence[Token], text: str, names: Sequence[str]) -> dict[Span, str]:
    """Where a whole part of a formula is one of some names.

    Args:
        tokens: The tokens of the text.
        text: The formula.
        names: Names that hold operators, longest first.
    """
    found: dict[Span, str] = {}
    after = {token.end_pos: i + 1 for i, token in enumerate(tokens)}
    i, begins = 0, True
    while i < len(tokens):
        start = tokens[i].start_pos or 0
        for name in names if begins else ():
            end = start + len(name)
            if text.startswith(name, start) and end in after and _ends(tokens, after[end]):
                found[start, end] = name
                i = after[end]
                begins = False
                break
        else:
            kind = tokens[i].type
            begins = kind in ("LPAR", "COMMA") or kind.startswith("OP_")
            i += 1
    return found


def _ends(tokens: Sequence[Token], i: int) -> bool:
    """Whether a part of a formula ends before a token."""
    if i == len(tokens):
        return True
    return tokens[i].type in ("RPAR", "COMMA") or tokens[i].type.startswith("OP_")


def masked(text: str, spans: dict[Span, str]) -> str:
    """The text with the names filled out by what is a word for any set of operators."""
    for start, end in spans:
        text = text[:start] + FILLER * (end - start) + text[end:]
    return text


def unmasked(formula: Formula, spans: dict[Span, str]) -> Formula:
    """The formula with the names put back where they stood."""

    def concept(node: Concept) -> Formula:
        name = spans.get(node.span) if node.span else None
        return node if name is None else Concept(name, node.span)

    def apply(node: Apply, args: list[Formula]) -> Formula:
        parameters = node.parameters
        if node.span and not args:  # a text, of which the name is the whole
            start, end = node.span
            inside = [name for (a, b), name in spans.items() if start <= a and b <= end]
            parameters = (*parameters[:-1], *(inside or parameters[-1:]))
        return Apply(node.operator, tuple(args), parameters, node.span)

    return fold(formula, concept, apply)


def notes_on(tokens: Sequence[Token], spans: dict[Span, str], names: Collection[str]) -> list[str]:
    """What a person should know of names that might be operators, and the other way round."""
    operators = [one for one in tokens if one.type.startswith("OP_")]
    notes = []
    for (start, end), name in {name: (span, name) for span, name in spans.items()}.values():
        inside = [one for one in operators if start <= (one.start_pos or 0) < end]
        or_keyword = "" if all(one[0].isalpha() for one in inside) else " or write its keyword"
        notes.append(
            f"{name!r} was read as the concept of that name; to mean the operator, put the parts "
            f"around it in parentheses{or_keyword}"
        )
    outside = [
        one
        for one in operators
        if not any(start <= (one.start_pos or 0) < end for start, end in spans)
    ]
    words = {str(token) for token in outside if token[0].isalpha()}
    notes += [
        f"{word!r} was read as the operator; the concept of that name is written in quotes: "
        f'"{word}"'
        for word in sorted(words)
        if word in names
    ]
    return notes
