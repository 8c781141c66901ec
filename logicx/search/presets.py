"""Presets: the search rules of published tools, so that numbers can be compared to the last digit.

| rule | `default` | `compexp` |
|---|---|---|
| concepts that may be added | all | those that meet the unit |
| formulas of equal meaning | kept once | all kept |
| a NOT counts for the length penalty | no | yes |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from logicx.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    from logicx.search.beam import Dedupe


@dataclass(frozen=True)
class Preset:
    """Search rules.

    Args:
        name: What it is called.
        adds_absent: Whether concepts that never meet the unit may be added (under AND NOT they
            can help).
        dedupe: Which formulas count as the same.
        penalizes_not: Whether a NOT counts for the length penalty as an atom does.
        doc: Where the rules come from.
    """

    name: str
    adds_absent: bool
    dedupe: Dedupe
    penalizes_not: bool
    doc: str


PRESETS = {
    one.name: one
    for one in (
        Preset("default", True, "meaning", False, "all concepts, equal formulas kept once"),
        Preset(
            "compexp",
            False,
            "none",
            True,
            "as the code of Mu and Andreas 2020 searches NLI units, to the last digit",
        ),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        OptionError: There is none.
    """
    if name not in PRESETS:
        raise OptionError(
            f"no preset {name!r}",
            hint=did_you_mean(name, PRESETS) or f"use one of: {', '.join(PRESETS)}",
        )
    return PRESETS[name]
