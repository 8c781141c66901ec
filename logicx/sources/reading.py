"""Recipes as they are read: TOML, settings that are changed, and paths that stay in a folder."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logicx.banks.tablefiles import read_text
from logicx.errors import DataError, FileError, did_you_mean, is_plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


MOST_PARTS = 50
"""Most parts of a key, as in `a.b.c`; settings have two."""
MOST_DOTS = MOST_PARTS - 1
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')


@dataclass(frozen=True)
class Recipe:
    """A recipe as it was read.

    Args:
        path: The TOML file.
        values: What it holds.
    """

    path: Path
    values: Mapping[str, Any]

    def where(self, table: str) -> str:
        """What to call a table of it in errors."""
        return f"{self.path}, [{table}]"

    def table(self, name: str, known: Iterable[str] | None = None) -> Mapping[str, Any]:
        """A table of settings, empty where there is none.

        Args:
            name: Its name.
            known: The settings that it may hold; by default any.

        Raises:
            DataError: It is no table, or holds something else.
        """
        values = self.values.get(name, {})
        check_keys(self.path, values, values if known is None else known, name)
        found: Mapping[str, Any] = values
        return found

    def inside(self, path: Any) -> Path:
        """A path that the recipe states, which must stay inside the recipe's folder.

        Raises:
            DataError: It leads out of it, or is none.
        """
        if not path or not is_plain_text(path):
            raise DataError(
                f"{self.path} names no data file", hint="set [source] path, or data=FILE"
            )
        root = self.path.resolve().parent
        found = (root / str(path)).resolve()
        if not found.is_relative_to(root):
            raise DataError(
                f"{self.path}: the path {path!r} leaves the recipe's folder",
                hint="name such a file on the command line: data=FILE",
            )
        return found


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file.

    Raises:
        FileError: It is missing or is no TOML.
    """
    text = read_text(path)
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS and _has_long_key(line):
            raise FileError(f"{path}, line {number:,}: a key of more than {MOST_PARTS} parts")
    try:
        values: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a bad number of 5,000 digits is a ValueError
        raise FileError(f"{path} is no TOML: {error}") from error
    _check_values(values, str(path))
    return values


def read_change(text: str) -> tuple[str, Any]:
    """A setting and its value, from text such as `pairs.most_common=500`.

    The value is read as TOML; what is no TOML is text, as in `pairs.pipeline=en_core_web_md`.

    Raises:
        DataError: It is no such text.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key:
        raise DataError(f"{text!r} sets nothing", hint="such as: set=pairs.most_common=500")
    if key.count(".") >= MOST_PARTS or _has_long_key(value):
        raise DataError(f"a key of more than {MOST_PARTS} parts means nothing")
    _refuse_underscores(key, value)
    try:
        values = tomllib.loads(f"x = {value}")
    except (ValueError, RecursionError):
        values = {}
    found = {"x": value.strip()} if [*values] != ["x"] else values
    _check_values(found, text)
    return key, found["x"]


def read_changes(texts: Iterable[str]) -> dict[str, Any]:
    """Settings and their values, from several texts; see `read_change`.

    Raises:
        DataError: One sets nothing, or two set the same.
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, value = read_change(text)
        if key in found:
            raise DataError(f"{key} is set twice", hint="set it once")
        found[key] = value
    return found


def _refuse_underscores(key: str, value: str) -> None:
    """Refuse `1_0`, which is 10 to TOML: on a command line it is more likely a slip."""
    if "_" in value and re.fullmatch(r"\s*[+-]?[0-9][0-9_.eE+-]*\s*", value):
        raise DataError(
            f"{key}: {value.strip()!r} is not a number (digits are 0 to 9, with nothing between "
            "them)",
            hint="a text needs quotation marks",
        )


def _has_long_key(line: str) -> bool:
    """Whether a key has so many parts that reading it takes the square of their number."""
    plain = re.sub(r"\s*\.\s*", ".", _QUOTED.sub('""', line))
    return any(
        one.count(".") >= MOST_PARTS and not re.search(r"\s[^\s.=]", one.strip())
        for one in plain.split("=")
    )


def change(settings: dict[str, Any], key: str, value: Any) -> None:
    """Set a setting, such as `pairs.most_common`.

    Raises:
        DataError: It would stand in what is no table.
    """
    *tables, last = key.split(".")
    for one in tables:
        settings = settings.setdefault(one, {})
        if not isinstance(settings, dict):
            raise DataError(f"{key} cannot be set: {one} is no table of settings")
    settings[last] = value


def _check_values(values: dict[str, Any], where: str) -> None:
    inside: list[Any] = [values]
    for one in inside:
        if isinstance(one, (dict, list)):
            inside += one.values() if isinstance(one, dict) else one
        elif not isinstance(one, (str, int, float)) or abs(one if type(one) is int else 0) >> 63:
            raise DataError(
                f"{where} holds a date, or a number too large, where none has a meaning"
            )


def check_keys(path: Path, values: Any, known: Iterable[str], table: str = "") -> None:
    """Raise a `DataError` at the first key that means nothing."""
    where = f"{path}, [{table}]" if table else str(path)
    known = tuple(known)
    if not isinstance(values, dict):
        raise DataError(f"{where} must be a table of settings")
    for key in values:
        if key not in known:
            hint = did_you_mean(key, known) or f"it may hold: {', '.join(known)}"
            raise DataError(f"{where}: unknown setting {key!r}", hint=hint)
