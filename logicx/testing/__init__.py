"""Kits for parts of one's own: one line of pytest holds a part against all that it must do.

>>> from logicx.testing import check_objective
>>> check_objective("iou")

Each kit takes a part, or the name under which it is registered, tries it on small banks against
slow ways, and raises `AssertionError` or `LogicxError` with what is wrong.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logicx.testing.heuristics import check_heuristic
    from logicx.testing.objectives import check_objective
    from logicx.testing.sources import check_source
    from logicx.testing.thresholds import check_threshold

_HOMES = {
    "check_heuristic": "heuristics",
    "check_objective": "objectives",
    "check_source": "sources",
    "check_threshold": "thresholds",
}
"""Where each kit lives; modules are imported when a kit is first used."""

__all__ = ["check_heuristic", "check_objective", "check_source", "check_threshold"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'logicx.testing' has no attribute {name!r}")
    value = getattr(import_module(f"logicx.testing.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
