"""Errors that a person can act on: what is wrong, where, and how to mend it.

Every error that logicx raises on purpose is a `LogicxError`; each also derives from the builtin
that a Python programmer would expect (`ValueError`, `KeyError`, `TypeError`).
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import contextmanager
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXCERPT = 100
"""Longest piece of a formula that an error shows, in characters."""
LONGEST_COMPARED = 200
"""Longest name, in characters, for which near ones are sought."""
MOST_COMPARED = 5000
"""Most names that are compared letter by letter."""


class LogicxError(Exception):
    """One thing that is wrong, with its place and its remedy; further ones travel in `also`.

    Args:
        message: One sentence of what is wrong, without a final full stop.
        hint: One sentence of why, or of how to mend it.
        code: A stable name of the kind of error, in kebab case.
        text: The formula or line in which it stands.
        span: Start and end of the place in `text`, in characters.
        also: Further errors of the same input.
    """

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        text: str = "",
        span: tuple[int, int] | None = None,
        also: Iterable[LogicxError] = (),
    ) -> None:
        """Store the parts; `str(error)` joins them."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.code
        self.text = text
        self.span = span
        self.also = tuple(also)

    def __str__(self) -> str:
        """The whole message as the command line prints it."""
        return "\n".join(one._block() for one in (self, *self.also))

    def _block(self) -> str:
        lines = [f"error[{self.code}]: {visible(self.message)}"]
        if self.span is not None and self.text:
            lines += ["  " + line for line in caret_lines(self.text, self.span)]
        if self.hint:
            lines.append("  " + visible(self.hint))
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The error as plain values, for `--json`."""
        return {
            "error": self.code,
            "message": self.message,
            "hint": self.hint,
            "text": self.text,
            "span": self.span,
            "also": [one.as_dict() for one in self.also],
        }


@contextmanager
def in_file(path: object, hint: str = "") -> Iterator[None]:
    """Errors within say in which file they are.

    Args:
        path: The file.
        hint: How to mend them, if that is known better here.
    """
    try:
        yield
    except LogicxError as error:
        error.message = f"{path}: {error.message}"
        error.hint = hint or error.hint
        raise


class FormulaError(LogicxError, ValueError):
    """The text is no formula."""

    code = "syntax"


class UnknownConcept(LogicxError, KeyError):
    """A name in the formula is no concept of the bank."""

    code = "unknown-concept"


class UnknownUnit(LogicxError, KeyError):
    """The units hold no unit of that name or number."""

    code = "unknown-unit"


class UnknownPlace(UnknownUnit, IndexError):
    """There are fewer units than the number says."""


class OperatorError(LogicxError, TypeError):
    """An operator is unknown, is registered wrongly, or is applied where it does not apply."""

    code = "operator"


class OptionError(LogicxError, ValueError):
    """An option has a value that means nothing."""

    code = "option"


class PluginError(LogicxError, RuntimeError):
    """A part that is not logicx's own fails, returns what it must not, or is not installed."""

    code = "plugin"


class PluginWarning(UserWarning):
    """A plug-in could not be loaded and is left out."""


class CacheWarning(UserWarning):
    """A cache folder is not used, and why."""


class DataError(LogicxError, ValueError):
    """Input data are malformed: shapes, names, values, rows."""

    code = "data"


class FileError(DataError):
    """A file cannot be read, is damaged, or is not what it should be."""

    code = "file"


class JournalError(FileError):
    """A journal exists already, is damaged, is of another run, or cannot be written to."""

    code = "journal"


class UniverseError(DataError):
    """Bank and units (or formula) do not speak of the same cells."""

    code = "universe"


def caret_lines(text: str, span: tuple[int, int]) -> list[str]:
    """The text, cut to a readable piece, and a line of carets under the span."""
    start, end = span
    left = max(0, min(start - EXCERPT // 2, len(text) - EXCERPT))
    right = min(len(text), left + EXCERPT)
    shown = (" " if c.isspace() else c if c.isprintable() else "\ufffd" for c in text[left:right])
    piece = "".join(shown)
    lead, tail = ("…" if left else ""), ("…" if right < len(text) else "")
    width = max(1, min(end, right) - start)
    return [f"{lead}{piece}{tail}", " " * (len(lead) + start - left) + "^" * width]


def did_you_mean(name: str, known: Iterable[str], n: int = 3) -> str:
    """`did you mean: river?`, or nothing where no known name is near.

    Names that deny what was asked for, or the other way round, are not suggested.

    Cost: one pass over the names; of very many, only those are compared that begin or end alike.
    """
    folded = name.casefold()
    if len(folded) > LONGEST_COMPARED:
        return ""
    by_folded: dict[str, list[str]] = {}
    for one in known:
        if abs(len(one) - len(folded)) <= len(folded):  # nearness falls with the lengths' ratio
            by_folded.setdefault(one.casefold(), []).append(one)
    among: Iterable[str] = by_folded
    if len(by_folded) > MOST_COMPARED:
        among = [one for one in by_folded if one[:2] == folded[:2] or one[-3:] == folded[-3:]]
    near = get_close_matches(folded, [*among][:MOST_COMPARED], n=n, cutoff=0.7)
    meant = [one for like in near if not _denies(folded, like) for one in by_folded[like]]
    return f"did you mean: {', '.join(meant[:n])}?" if meant else ""


_DENIAL = r"(?<![^\W_])(?:not|non|no|never|without)[\W_]+|(?<![^\W_])(?:un|dis)(?=\w{3})|^[-~!¬∼−]"
"""How a name denies what the rest of it says; compiled when a name is first unknown."""


def _denies(name: str, other: str) -> bool:
    """Whether one of two names is the other with a denial before or in it."""
    return any(
        len(re.findall(_DENIAL, a)) != len(re.findall(_DENIAL, b))
        and _likeness(re.sub(_DENIAL, "", a), b) > _likeness(a, b)
        for a, b in ((name, other), (other, name))
    )


def _likeness(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b).ratio()


def visible(text: str) -> str:
    """The text with all escaped that would steer a terminal, or turn the order of what follows."""
    if text.isprintable():
        return text
    return "".join(
        c.encode("unicode_escape").decode() if c in _TURNING or _steers(c) else c for c in text
    )


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _steers(c: str) -> bool:
    return c != "\n" and unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")


def is_plain_text(value: object) -> bool:
    """Whether it is text that can be shown and stored: no control characters, no lone surrogates.

    Characters without a shape of their own are fine, such as the joiners inside an emoji.
    """
    return isinstance(value, str) and (
        value.isprintable()
        or not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in value)
    )
