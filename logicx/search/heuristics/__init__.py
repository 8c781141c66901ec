"""Heuristics for the beam: each says what may be expected of a candidate before it is scored.

| name | admissible | goes by |
|---|---|---|
| `none` | yes | nothing: every candidate is scored |
| `bounds` | yes | sizes, and how often pairs of concepts meet |
| `areas`, `cfh` | `cfh` | hits at most in each group, as published |
| `areas-fixed` | yes | `areas` with the minimum that it lacks |
| `mmesh` | no | hits, areas and rectangles in each image, as published: rounded to 4 decimals |
| `mmesh-exact` | yes | the same without rounding |
| `diou-sum`, `diou-group` | yes | cells of one concept and of several, in all and by group |

Definitions, and how each may fail: docs/heuristics.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.errors import OptionError, did_you_mean
from logicx.search.heuristics.bounds import Bounds
from logicx.search.heuristics.diou import DecomposedIoU
from logicx.search.heuristics.hits import Hits
from logicx.search.heuristics.mmesh import Mmesh
from logicx.search.heuristics.none import NoHeuristic

if TYPE_CHECKING:
    from logicx.search.heuristics.roles import Heuristic

NONE = NoHeuristic()

_ALL: tuple[Heuristic, ...] = (
    NONE,
    Bounds(),
    Hits("areas", "hits by areas, as published: AND lacks a minimum", False, True, False),
    Hits("areas-fixed", "areas, with the minimum that it lacks", True, True),
    Hits("cfh", "hits at most, as published", True, False),
    Mmesh("mmesh", "hits, areas and rectangles, as published: rounded to 4 decimals", False, 4),
    Mmesh("mmesh-exact", "mmesh without rounding", True, None),
    DecomposedIoU("diou-sum", "cells of one concept and of several, in all", False),
    DecomposedIoU("diou-group", "cells of one concept and of several, by group", True),
)
PARTS = ("name", "doc", "is_admissible", "needs_mask", "check", "against")
HEURISTICS = {one.name: one for one in _ALL}


def heuristic(spec: str | Heuristic) -> Heuristic:
    """The heuristic of that name, or one of your own as it is.

    Raises:
        OptionError: There is none.
    """
    if not isinstance(spec, str):
        missing = [one for one in PARTS if not hasattr(spec, one)]
        if missing:
            raise OptionError(
                f"a heuristic is a name or has {', '.join(PARTS)}; {spec!r} has no {missing[0]}"
            )
        return spec
    if spec not in HEURISTICS:
        raise OptionError(
            f"no heuristic {spec!r}",
            hint=did_you_mean(spec, HEURISTICS) or f"use one of: {', '.join(HEURISTICS)}",
        )
    return HEURISTICS[spec]
