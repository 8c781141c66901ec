"""The entry points by which packages bring parts, and which of them are wanted."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from logicx.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PLUGINS = "LOGICX_PLUGINS"
KINDS = ("operator", "objective", "heuristic", "strategy", "threshold", "source", "preset")
"""The kinds of parts; each has an entry-point group, such as `logicx.strategies`."""


class Failure(NamedTuple):
    """A plug-in that could not be loaded."""

    entry: str
    owner: str
    reason: str


def plural(name: str) -> str:
    """Of the name of a kind."""
    return "strategies" if name == "strategy" else f"{name}s"


@cache
def _entries() -> dict[str, tuple[EntryPoint, ...]]:
    """All installed entry points of our groups, by group; read once a process."""
    from importlib.metadata import entry_points

    found = entry_points()
    groups = [f"logicx.{plural(one)}" for one in KINDS]
    return {group: tuple(found.select(group=group)) for group in groups}


def wanted() -> dict[str, tuple[EntryPoint, ...]]:
    """The entry points to load.

    Raises:
        PluginError: `LOGICX_PLUGINS` names one that is not installed.
    """
    stated, entries = os.environ.get(PLUGINS), _entries()
    if stated is None:
        return entries
    wanted = [one.strip() for one in stated.split(",") if one.strip()]
    names = {entry.name for group in entries.values() for entry in group}
    missing = [one for one in wanted if one not in names]
    if missing:
        raise PluginError(
            f"{PLUGINS} names {missing[0]!r}, and no such plug-in is installed",
            code="plugin",
            hint=f"installed: {', '.join(sorted(names)) or 'none'}",
        )
    return {
        group: tuple(one for one in found if one.name in wanted) for group, found in entries.items()
    }
