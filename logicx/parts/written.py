"""How parts are written: a word in lower case, some with a number, such as `quantile(0.005)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from logicx.errors import PluginError

if TYPE_CHECKING:
    from logicx.parts.owners import Owner

_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_WRITTEN = re.compile(r"\s*([a-z][a-z0-9_-]*)\s*(?:[(:]\s*([^()@\s]+?)\s*\)?)?\s*")


def is_word(name: object) -> bool:
    """Whether a part may have that name."""
    return isinstance(name, str) and _WORD.fullmatch(name) is not None


def word_and_number(text: str) -> tuple[str, str | None]:
    """The word of `quantile(0.005)` or `quantile:0.005`, and its number as it is written.

    Returns:
        The word, empty where the text is nothing of the kind; and the number, None where none is.

    Example:
        >>> word_and_number("quantile:0.005"), word_and_number("positive")
        (('quantile', '0.005'), ('positive', None))
    """
    found = _WRITTEN.fullmatch(text)
    return (found[1], found[2]) if found else ("", None)


def number_text(number: float) -> str:
    """A number as short as it can be written without a loss.

    Example:
        >>> number_text(2.0), number_text(0.005)
        ('2', '0.005')
    """
    return str(float(number)).removesuffix(".0")


def check_named(part: Any, owner: Owner, kind: str, *, such_as: str, doc_hint: str) -> str:
    """What to call a part in errors, such as `source 'my-texts' of textpack`.

    Args:
        part: The part; it has `name` and `doc`.
        owner: Whose it is.
        kind: What it is, such as `source`.
        such_as: A name that one could have.
        doc_hint: Where its documentation is to stand.

    Raises:
        PluginError: Its name is none, or it has no documentation.
    """
    if not is_word(part.name):
        raise PluginError(
            f"{owner} registers a {kind} named {part.name!r}",
            hint=f"its name is a word in lower case, such as {such_as}",
        )
    what = f"{kind} {part.name!r} of {owner}"
    if not isinstance(part.doc, str) or not part.doc.strip():
        raise PluginError(f"{what} has no documentation", hint=doc_hint)
    return what
