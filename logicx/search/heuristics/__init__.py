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

Others are registered by `heuristic`. Definitions, and how each may fail: docs/heuristics.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from logicx.errors import OptionError
from logicx.parts import Kind, answering
from logicx.search.heuristics.bounds import Bounds
from logicx.search.heuristics.checks import PARTS, Checked, check_part
from logicx.search.heuristics.diou import DecomposedIoU
from logicx.search.heuristics.hits import Hits
from logicx.search.heuristics.mmesh import Mmesh
from logicx.search.heuristics.none import NoHeuristic

if TYPE_CHECKING:
    from logicx.search.heuristics.roles import Heuristic

H = TypeVar("H")

HEURISTIC_KIND: Kind[Heuristic] = Kind(
    "heuristic", builtins=["logicx.search.heuristics"], check=check_part
)
"""All heuristics by name."""

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
HEURISTICS = {one.name: one for one in _ALL}
for _one in _ALL:
    HEURISTIC_KIND.register(_one)


def heuristic(part: H) -> H:
    """Register a heuristic: an object, or a class that makes one without arguments.

    It has `name`, `doc`, `is_admissible`, `needs_mask`, `check` and `against`, as
    `logicx.search.heuristics.roles.Heuristic` says.

    Returns:
        What was given, so that it may stand before a class as a decorator.

    Raises:
        PluginError: It is no heuristic.
        OptionError: Another has its name.

    Example:
        >>> with HEURISTIC_KIND.scope():
        ...     @heuristic
        ...     class Anything(NoHeuristic):
        ...         name = "anything"
        ...         def __init__(self):
        ...             pass
        ...     heuristic_named("anything").is_admissible
        True
    """
    made = part
    if isinstance(part, type):
        with answering(f"the heuristic {part.__name__}", part.__module__):
            made = part()
    HEURISTIC_KIND.register(made)  # type: ignore[arg-type]
    return part


def heuristic_named(spec: str | Heuristic) -> Heuristic:
    """The heuristic of that name, or one of your own.

    What those that did not come with logicx give is checked whenever they estimate.

    Raises:
        OptionError: There is none.
    """
    if isinstance(spec, str):
        return checked(HEURISTIC_KIND.get(spec))
    missing = [one for one in PARTS if not hasattr(spec, one)]
    if missing:
        raise OptionError(
            f"a heuristic is a name or has {', '.join(PARTS)}; {spec!r} has no {missing[0]}"
        )
    return checked(spec)


def checked(part: Heuristic) -> Heuristic:
    """The heuristic itself where it came with logicx, else in a wrapper that checks it."""
    if isinstance(part, Checked):
        return part
    owner = HEURISTIC_KIND.owner(part)
    return part if owner.is_builtin else Checked(part, owner)
