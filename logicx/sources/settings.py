"""Settings as recipes state them: tables of TOML read into frozen data classes."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from logicx.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


def settings_of(kind: type[T], given: Mapping[str, Any], where: str) -> T:
    """Settings of a data class from the values of a recipe's table.

    Raises:
        DataError: A value is not of the type that its setting has, or one is missing.
    """
    values: dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        if one.name in given:
            value = given[one.name]
            fits, asked = _FITS[_type_of(one)]
            if not fits(value):
                raise DataError(
                    f"{where}: {one.name} cannot be {value!r}", hint=f"{one.name} must be {asked}"
                )
            values[one.name] = tuple(value) if isinstance(value, list) else value
        elif one.default is MISSING and one.default_factory is MISSING:
            raise DataError(f"{where} lacks the setting {one.name}", hint="it has no default")
    return kind(**values)


def unknown_types(kind: type) -> tuple[str, str] | None:
    """The first setting whose type no value of a recipe can have, and the types that one may have.

    Args:
        kind: A data class.
    """
    for one in fields(kind):
        if _type_of(one) not in _FITS:
            return f"{one.name}: {_type_of(one)}", f"a setting may be {', '.join(_FITS)}"
    return None


def _type_of(field: Field[Any]) -> str:
    """The type as it is written, whether or not annotations are evaluated."""
    return field.type.__name__ if type(field.type) is type else str(field.type)


def _is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(type(one) is kind for one in value)


_FITS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (lambda value: type(value) is str, "a text"),
    "bool": (lambda value: type(value) is bool, "true or false"),
    "bool | None": (lambda value: type(value) is bool, "true or false"),
    "int": (lambda value: type(value) is int, "a whole number"),
    "float": (lambda value: type(value) in (int, float), "a number"),
    "str | int": (lambda value: type(value) in (str, int), "a text or a whole number"),
    "tuple[str, ...]": (_is_list_of(str), 'a list of texts, such as ["a", "b"]'),
    "tuple[int, ...]": (_is_list_of(int), "a list of whole numbers, such as [112, 112]"),
    "str | tuple[str, ...]": (
        lambda value: type(value) is str or _is_list_of(str)(value),
        "a text or a list of texts",
    ),
    "Mapping[str, int]": (
        lambda value: isinstance(value, dict) and all(type(one) is int for one in value.values()),
        "a table of whole numbers, such as {word = 2000}",
    ),
}
"""Whether a value of a recipe fits a setting, and what does, by the setting's type as written."""
