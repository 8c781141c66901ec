"""Writes `api.md`: every public name with its signature and the first line of its docstring.

Public are the names in `__all__` of the packages below; `python docs/make_api.py` writes the page,
and a test holds it against the code.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("api.md")
PACKAGES = (
    *("logicx", "logicx.search", "logicx.probe", "logicx.analysis", "logicx.report"),
    "logicx.testing",
)
HEAD = """# Public names

What may be relied on: the names below, and what their classes have without an underscore. The page
is made from the code (`make api`). Errors are of the family of `LogicxError`; each says what is
wrong, where, and what mends it.
"""
WIDTH = 96
_ANONYMOUS = re.compile(r" at 0x[0-9a-f]+")


class _Plain(str):
    """An annotation, which `inspect` prints without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(text for package in PACKAGES for text in _package(package))])


def _package(name: str) -> list[str]:
    package = import_module(name)
    lines = [f"## {name}", "", _claim(package), ""]
    for one in package.__all__:
        thing = getattr(package, one)
        lines += [f"### `{name}.{one}`", ""]
        if inspect.isclass(thing):
            lines += [*_code(one + _signature(thing)), _claim(thing), "", *_members(thing)]
        elif callable(thing):
            lines += [*_code(one + _signature(thing)), _claim(thing), ""]
        else:
            lines += [*_code(f"{one} = {thing!r}"), ""]
    return lines


def _members(owner: type) -> list[str]:
    """A line for each method and property of the class's own, and of logicx's that it inherits."""
    found: dict[str, str] = {}
    for base in owner.__mro__:
        if not base.__module__.startswith("logicx"):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") or name in found:
                continue
            inner = getattr(member, "__func__", None) or getattr(member, "func", None) or member
            is_property = isinstance(member, property) or hasattr(member, "func")
            if is_property and inspect.getdoc(inner):
                found[name] = f"- `.{name}`: {_claim(inner)}"
            elif inspect.isfunction(inner):
                found[name] = f"- `.{name}{_signature(inner, is_method=True)}`: {_claim(inner)}"
    return [*(found[name] for name in sorted(found)), ""] if found else []


def _signature(thing: Any, is_method: bool = False) -> str:
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    parameters = [
        one.replace(annotation=_annotation(one.annotation))
        for i, one in enumerate(signature.parameters.values())
        if not (is_method and i == 0 and one.name in ("self", "cls"))
    ]
    if str(signature).startswith("(*args, **kwargs)"):
        return ""  # of protocols, which cannot be made
    returns = inspect.Signature.empty if inspect.isclass(thing) else signature.return_annotation
    made = signature.replace(parameters=parameters, return_annotation=_annotation(returns))
    return _ANONYMOUS.sub("", str(made))


def _annotation(given: Any) -> Any:
    text = getattr(given, "__forward_arg__", given)
    return _Plain(text) if isinstance(text, str) else text


def _code(signature: str) -> list[str]:
    """The signature as a block; a long one has a line for each parameter."""
    if len(signature) > WIDTH and "(" in signature:
        name, _, rest = signature.partition("(")
        inner, _, returned = rest.rpartition(")")
        parts = re.split(r", (?=\*|\w+(?::|=|,|$))", inner)
        signature = "\n".join([f"{name}(", *(f"    {one}," for one in parts), f"){returned}"])
    return ["```text", signature, "```", ""]


def _claim(thing: Any) -> str:
    """The first paragraph of the docstring in a line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
