"""The seven kinds of parts in one table: for `logicx.register` and `logicx list`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from logicx.errors import OptionError, did_you_mean
from logicx.parts import KINDS
from logicx.parts.owners import module_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logicx.parts import Kind

P = TypeVar("P")

KindName: TypeAlias = Literal[
    "operator", "objective", "heuristic", "strategy", "threshold", "source", "preset"
]

HOMES: Mapping[str, tuple[str, str]] = {
    "operator": ("logicx.language.registry", "OPERATORS"),
    "objective": ("logicx.scoring.objectives", "OBJECTIVE_KIND"),
    "heuristic": ("logicx.search.heuristics", "HEURISTIC_KIND"),
    "strategy": ("logicx.runs.strategies.registry", "STRATEGY_KIND"),
    "threshold": ("logicx.units.thresholds", "THRESHOLD_KIND"),
    "source": ("logicx.sources.source", "SOURCE_KIND"),
    "preset": ("logicx.runs.presets", "PRESET_KIND"),
}
"""Module and name of each kind's table; they are imported when they are asked for."""


def kinds() -> dict[str, Kind[Any]]:
    """All kinds by name."""
    homes = {name: HOMES[name] for name in KINDS}
    return {name: getattr(import_module(home), table) for name, (home, table) in homes.items()}


def kind_of(name: str) -> Kind[Any]:
    """The kind of that name, or of its plural.

    Raises:
        OptionError: There is none.
    """
    known = kinds()
    for one in known.values():
        if name in (one.name, one.group.removeprefix("logicx.")):
            return one
    raise OptionError(
        f"no kind of parts {name!r}",
        hint=did_you_mean(name, known) or f"use one of: {', '.join(known)}",
    )


def register(kind: KindName, part: P) -> P:
    """Check a part of your own and put it in force, under its name, wherever built-in ones are.

    Args:
        kind: `operator`, `objective`, `heuristic`, `strategy`, `threshold`, `source` or `preset`.
        part: The part, as the page of its kind says: docs/plugins.md.

    Returns:
        The part.

    Raises:
        LogicxError: There is no such kind, the part is wrong in itself, or another has its name.

    Example:
        >>> import logicx
        >>> from logicx.runs.parts import kind_of
        >>> with kind_of("preset").scope():
        ...     mine = register("preset", logicx.Preset("thrifty", "once each", distinct=(9, 9)))
        ...     logicx.Beam(preset="thrifty").adds_derived
        True
    """
    module = module_of(part)
    if module == "builtins":  # text, a number or a table: whoever hands it in owns it
        module = str(sys._getframe(1).f_globals.get("__name__", module))
    kind_of(kind).register(part, module=module)
    return part
