"""Options of strategies: the fields of their dataclasses, and what a command line needs of them."""

from __future__ import annotations

from dataclasses import MISSING, field, fields
from typing import Any, NamedTuple

from logicx.errors import OptionError
from logicx.language.numerals import real, whole

SHARED = (
    *("unit", "length", "strategy", "objective", "atoms", "min_active", "min_support"),
    *("min_atom_support", "min_argument_support", "max_applications", "only", "exclude"),
    *("operators", "threads"),
)
"""What `explain` itself takes; no option of a strategy has such a name."""

KINDS = {"int": int, "float": float, "str": str, "bool": bool}
READERS: dict[type, Any] = {int: whole, float: real, str: str}
NAMES = {int: "a whole number", float: "a number", bool: "true or false"}
WORDS = {"true": True, "yes": True, "on": True, "1": True}
WORDS |= {"false": False, "no": False, "off": False, "0": False}


class Option(NamedTuple):
    """An option of a strategy.

    Args:
        key: How it is written, in `explain` and on the command line.
        field: The field of the dataclass that it sets.
        kind: What text becomes: `int`, `float`, `bool` or `str`.
        default: Its value where it is not given.
        help: What it does, in a line.
    """

    key: str
    field: str
    kind: type
    default: Any
    help: str


def option(default: Any, help: str, *, key: str = "", kind: type | None = None) -> Any:
    """A field of a strategy, with its help.

    Args:
        default: Its value where it is not given.
        help: What it does, in a line.
        key: How it is written; by default as the field.
        kind: What text becomes: `int`, `float`, `bool` or `str`; by default as the field says.
    """
    return field(default=default, metadata={"help": help, "key": key, "kind": kind})


def options_of(strategy: Any) -> tuple[Option, ...]:
    """The options of a strategy, or of its class, in order."""
    found = []
    for one in fields(strategy):
        if one.init:
            default = one.default
            if default is MISSING and one.default_factory is not MISSING:
                default = one.default_factory()
            key = one.metadata.get("key") or one.name
            kind = one.metadata.get("kind") or _kind(one.type, default)
            found.append(Option(key, one.name, kind, default, one.metadata.get("help", "")))
    return tuple(found)


def _kind(written: Any, default: Any) -> type:
    """What text becomes, from the first word of a field's type, else from its default."""
    word = (written if isinstance(written, str) else getattr(written, "__name__", "")).split("|")
    for one in word:
        if one.strip() in KINDS:
            return KINDS[one.strip()]
    return type(default) if type(default) in KINDS.values() else str


def check_switch(name: str, value: Any) -> None:
    """Refuse what is neither true nor false, such as the text `off`.

    Raises:
        OptionError: It is neither.
    """
    if not isinstance(value, bool):
        raise OptionError(f"{name} must be True or False, not {value!r}")


def read_text(one: Option, text: str) -> Any:
    """The value that a text gives an option.

    Raises:
        OptionError: It gives none.
    """
    try:
        return WORDS[text.lower()] if one.kind is bool else READERS[one.kind](text)
    except (ValueError, KeyError):
        raise OptionError(
            f"{one.key} must be {NAMES.get(one.kind, one.kind.__name__)}, not {text!r}"
        ) from None
