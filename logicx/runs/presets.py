"""Presets: the search rules of published tools, so that numbers can be compared to the last digit.

A preset is data: the beam and the space of formulas read its fields, and nothing asks for its name.
docs/search.md has them side by side. One of your own is registered by `logicx.register`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, get_args

from logicx.errors import OptionError, PluginError
from logicx.parts import Kind, Owner
from logicx.parts.written import is_word
from logicx.scoring.objectives import OBJECTIVES, CountObjective, IoU, Objective
from logicx.search.beam import DEDUPES, Beam, Dedupe, Expands

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

    Attributes:
        written_in: The module that made it.
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
    written_in: str = field(default="", init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Note which module makes it: it has no code of its own by which its owner is known."""
        frame: Any = sys._getframe(2)  # beyond this function and the initializer
        while frame is not None and frame.f_globals.get("__name__") in ("dataclasses", "copy"):
            frame = frame.f_back
        object.__setattr__(self, "written_in", str(frame and frame.f_globals.get("__name__")))

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


def check_part(part: Preset, owner: Owner) -> None:
    """Refuse a preset that is not what it should be.

    Raises:
        PluginError: It is none, has no name or doc, or a rule of it means nothing.
    """
    if owner.is_builtin:
        return
    if not isinstance(part, Preset) or not is_word(part.name):
        raise PluginError(
            f"{owner} registers a preset that is none: {part!r}",
            hint="make it by logicx.Preset(name, doc, ...); its name is a word in lower case",
        )
    wrong = _wrong(part)
    if wrong:
        raise PluginError(f"the preset {part.name!r} of {owner} {wrong}")


def _wrong(part: Preset) -> str:
    """What is wrong with the rules of a preset, or nothing."""
    if not (isinstance(part.doc, str) and part.doc.strip()):
        return "has no doc: say where its rules come from"
    for one in fields(Preset):
        value = getattr(part, one.name)
        if one.type == "bool" and not isinstance(value, bool):
            return f"has {one.name}={value!r}, which is neither True nor False"
    if type(part.first_factor) is not int or part.first_factor < 1:
        return f"has first_factor={part.first_factor!r}, not a whole number from 1"
    for name, known in (("dedupe", DEDUPES), ("expands", get_args(Expands))):
        if getattr(part, name) not in known:
            return f"has {name}={getattr(part, name)!r}, not one of {', '.join(known)}"
    distinct = part.distinct
    if not isinstance(distinct, tuple) or [type(one) for one in distinct] != [int, int]:
        return f"has distinct={distinct!r}, not two whole numbers"
    return "" if isinstance(part.iou, IoU) else f"has iou={part.iou!r}, which is no IoU"


PRESET_KIND: Kind[Preset] = Kind("preset", builtins=["logicx.runs.presets"], check=check_part)
"""All presets by name."""

for _one in PRESETS.values():
    PRESET_KIND.register(_one)


def preset_named(spec: str | Preset) -> Preset:
    """The preset of that name, or one of your own as it is.

    Raises:
        OptionError: There is none.
    """
    if isinstance(spec, str):
        return PRESET_KIND.get(spec)
    if not isinstance(spec, Preset):
        raise OptionError(f"a preset is a name or made by logicx.Preset, not {spec!r}")
    check_part(spec, PRESET_KIND.owner(spec))
    return spec
