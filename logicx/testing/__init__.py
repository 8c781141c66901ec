"""Kits for parts of one's own: one line of pytest holds a part against all that it must do.

>>> from logicx.testing import check_objective
>>> check_objective("iou")

Each kit takes a part, or the name under which it is registered, tries it on small banks against
slow ways, and raises `AssertionError` or `LogicxError` with what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.faces import face

_HOMES = {
    "check_heuristic": "logicx.testing.heuristics",
    "check_objective": "logicx.testing.objectives",
    "check_operator": "logicx.testing.operators",
    "check_preset": "logicx.testing.presets",
    "check_source": "logicx.testing.sources",
    "check_strategy": "logicx.testing.strategies",
    "check_threshold": "logicx.testing.thresholds",
}
"""Where each kit lives; modules are imported when a kit is first used."""

if TYPE_CHECKING:
    from logicx.testing.heuristics import check_heuristic
    from logicx.testing.objectives import check_objective
    from logicx.testing.operators import check_operator
    from logicx.testing.presets import check_preset
    from logicx.testing.sources import check_source
    from logicx.testing.strategies import check_strategy
    from logicx.testing.thresholds import check_threshold
else:
    __getattr__, __dir__ = face(__name__, _HOMES)

__all__ = [
    "check_heuristic",
    "check_objective",
    "check_operator",
    "check_preset",
    "check_source",
    "check_strategy",
    "check_threshold",
]
