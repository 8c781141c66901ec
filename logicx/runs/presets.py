"""Presets: the search rules of published tools, so that numbers can be compared to the last digit.

A preset is data: the beam and the space of formulas read its fields, and nothing asks for its name.
docs/search.md has them side by side.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logicx.errors import OptionError, did_you_mean
from logicx.scoring.objectives import OBJECTIVES, CountObjective, IoU, Objective
from logicx.search.beam import Beam, Dedupe, Expands

if TYPE_CHECKING:
    from collections.abc import Mapping

EVER = sys.maxsize
"""A length that no formula exceeds."""


@dataclass(frozen=True)
class Preset:
    """Search rules.

    Args:
        name: What it is called.
        doc: Where the rules come from.
        first_factor: The beam of single concepts is so many times as wide as the others.
        starts_with_zeros: Whether single concepts that score 0 may be in the first beam.
        expands: Which formulas of the beam are expanded: `all`, or only the `newest`.
        adds_absent: Whether concepts that never meet the unit may be added (under AND NOT they
            can help).
        adds_derived: Whether operators on single concepts, such as NEIGHBORS, are atoms unless
            asked for.
        distinct: Formulas up to this length are not made by adding a concept that is in them; by a
            step without NOT, and by one with NOT.
        skips_apart: Whether a formula is not narrowed (by AND, AND NOT) by a concept of which pairs
            of concepts tell that the two never meet.
        dedupe: Which formulas count as the same.
        counts_remade: Whether an expansion that equals a kept formula takes a place from new ones.
        penalizes_not: Whether a NOT counts for the length penalty as an atom does.
        iou: How IoU is computed.
    """

    name: str
    doc: str
    first_factor: int = 1
    starts_with_zeros: bool = True
    expands: Expands = "all"
    adds_absent: bool = True
    adds_derived: bool = True
    distinct: tuple[int, int] = (0, 0)
    skips_apart: bool = False
    dedupe: Dedupe = "meaning"
    counts_remade: bool = False
    penalizes_not: bool = False
    iou: IoU = field(default_factory=IoU)

    def beam(self, width: int, length: int, dedupe: Dedupe | None = None) -> Beam:
        """The beam by these rules.

        Args:
            width: How many formulas are kept.
            length: Most atoms of a formula.
            dedupe: Which formulas count as the same; by default the preset's rule.

        Raises:
            OptionError: One means nothing.
        """
        kept_once = self.dedupe if dedupe is None else dedupe
        return Beam(
            width,
            length,
            kept_once,
            self.first_factor,
            self.starts_with_zeros,
            self.expands,
            self.counts_remade,
        )

    @property
    def refuses_some(self) -> bool:
        """Whether not every step with every operand makes a candidate."""
        return any(self.distinct) or self.skips_apart

    def goal(self, objective: Objective) -> Objective:
        """The objective as it is computed by these rules."""
        plain = OBJECTIVES["iou"]
        if objective is not plain or self.iou == plain.formula:
            return objective
        return CountObjective(plain.name, self.iou, plain.doc)


PRESETS: Mapping[str, Preset] = {
    one.name: one
    for one in (
        Preset("default", "all concepts, equal formulas kept once"),
        Preset(
            "compexp",
            "as the code of Mu and Andreas 2020 searches NLI units, to the last digit",
            adds_derived=False,
            adds_absent=False,
            dedupe="none",
            penalizes_not=True,
        ),
        Preset(
            "compexp-vision",
            "as the code of Mu and Andreas 2020 searches units of image classifiers",
            adds_derived=False,
            starts_with_zeros=False,
            dedupe="none",
            penalizes_not=True,
            iou=IoU(epsilon=1e-10),
        ),
        Preset(
            "cce",
            "as the code of Clustered Compositional Explanations (La Rosa et al. 2023)",
            adds_derived=False,
            first_factor=2,
            starts_with_zeros=False,
            distinct=(3, 0),
            dedupe="order",
            counts_remade=True,
            iou=IoU(is_single=True),
        ),
        Preset(
            "optimal",
            "as the beam of the package compositional-explanations 0.0.3.4",
            adds_derived=False,
            first_factor=2,
            starts_with_zeros=False,
            expands="newest",
            distinct=(EVER, EVER),
            skips_apart=True,
            dedupe="order",
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
