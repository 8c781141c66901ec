"""By what a journal knows the parts of one's own that take part in a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from logicx.language.registry import OPERATORS
from logicx.runs.parts import kinds
from logicx.search.formulas.atoms import CONCEPTS
from logicx.units.thresholds import Threshold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logicx.runs.explanations import Explanations


def parts_of(plan: Explanations) -> dict[str, dict[str, str]]:
    """The identity of each part that did not come with logicx, by its kind.

    Objective, strategy, heuristic, preset, the rule by which units were cut, and operators that
    atoms and steps are made of; empty where all of them came with logicx.
    """
    known, found = kinds(), {}
    for name, part in _parts(plan):
        identity = known[name].identity(getattr(part, "part", part))
        if identity is not None:
            label = f"{name} {identity['name']}" if name == "operator" else name
            found[label] = identity
    return found


def _parts(plan: Explanations) -> Iterator[tuple[str, Any]]:
    """Kind and part of all that takes part."""
    yield "objective", plan.search.objective
    yield "strategy", type(plan.strategy)
    yield from plan.search.parts
    if plan.all_units.threshold:
        yield "threshold", Threshold.of(plan.all_units.threshold).rule
    settings = plan.search.settings
    names = [one for one in settings["atoms"] if one != CONCEPTS]
    names += [word for step in settings["steps"] for word in re.findall(r"\w+", step)]
    for name in sorted({*names}):
        part = OPERATORS.find(name)
        if part is not None:
            yield "operator", part.part
