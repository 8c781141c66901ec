"""The beam and its options."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from logicx.errors import OptionError
from logicx.runs.strategies.options import check_switch, option
from logicx.runs.strategies.several import checked_alternatives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx.runs.presets import Preset
    from logicx.search.beam import Dedupe
    from logicx.search.heuristics.roles import Heuristic

PresetName: TypeAlias = Literal["default", "compexp", "compexp-vision", "cce", "optimal"]
HeuristicName: TypeAlias = Literal[
    "none", "bounds", "cfh", "areas", "areas-fixed", "mmesh", "mmesh-exact", "diou-sum",
    "diou-group",
]  # fmt: skip
Grow: TypeAlias = Literal["atoms", "pairs"]
EngineName: TypeAlias = Literal["auto", "numpy", "numba", "torch"]


@dataclass(frozen=True)
class Beam:
    """Keeps the best formulas of each length and joins each with every concept.

    Args:
        width: How many formulas are kept at each step, from 1; `explain` calls it `beam`.
        preset: Search rules: `default`, or those of a published tool: `compexp` and
            `compexp-vision` (the paper's code), `cce`, `optimal` (the beam of that package; the
            strategy of this name is something else), or one of your own. It sets neither the width
            nor the length.
        penalty: The score is multiplied by this for every atom after the first.
        steps: How formulas grow: two-argument connectives, with or without NOT after them (a list,
            or text with commas between them).
        literals: Whether formulas may begin with NOT and grow by all steps, each with and without
            NOT. They have a second lane beside the beam, a fifth as wide, so no unit is explained
            worse than without them. By default so where one of the steps has a NOT, but not with
            the preset of a published tool nor with a heuristic.
        grow: `atoms`, a concept at a time; or `pairs`, where two formulas that were kept are joined
            as well, in the second lane too.
        alternatives: So many of the best formulas of different meaning are told, of those that the
            beam kept; it must be as wide.
        dedupe: Which formulas count as the same: those that denote the same cells (`meaning`),
            that have the same canonical form (`form`), that differ in the order of operands only
            (`order`), or none; by default as the preset says.
        heuristic: What estimates candidates, so that only the promising ones are scored: `none`,
            `bounds`, `cfh`, `areas`, `areas-fixed`, `mmesh`, `mmesh-exact`, `diou-sum`,
            `diou-group`, or one of your own. With `areas` and `mmesh` (published) the outcome may
            be worse; see docs/heuristics.md.
        bound_time: CPU seconds for each unit in which a bound is proven on formulas of at most
            `length` concepts, as the strategy `Optimal` proves it (with its limits); 0 for none.
        engine: What counts: `numpy`; `numba`, compiled and several times faster (the extra `fast`);
            `torch`, many units at once, on the device that is named (`torch:cuda:1`), else on an
            accelerator if there is one; or `auto`, which takes `numba` where it is installed and
            NumPy would take about two seconds or more. All find the same; `settings["engine"]`
            says which it was.

    Source:
        Mu and Andreas 2020, section 2.
    """

    name: ClassVar[str] = "beam"

    width: int = option(10, "Formulas kept at each step.", key="beam")
    preset: PresetName | str | Preset = option(
        "default", "Rules: default, or of a tool: compexp, compexp-vision, cce, optimal."
    )
    penalty: float = option(1.0, "Factor on the score for every concept after the first.")
    steps: str | Sequence[str] = option(
        ("OR", "AND", "AND NOT"), "How formulas grow, such as 'OR, AND, AND NOT, XOR'."
    )
    literals: bool | None = option(
        None,
        "Whether any concept may have NOT before it, also the first; default: yes, but not with "
        "presets of published tools, heuristics, or steps without NOT.",
        kind=bool,
    )
    grow: Grow = option("atoms", "atoms, or pairs: kept formulas are joined as well.", kind=str)
    alternatives: int = option(1, "So many of the best formulas of different meaning are told.")
    dedupe: Dedupe | None = option(
        None, "Which formulas are the same: meaning, form, order or none; default: as the preset.",
        kind=str,
    )  # fmt: skip
    heuristic: HeuristicName | str | Heuristic = option(
        "none",
        "What to score first: none, bounds, cfh, areas, areas-fixed, mmesh, mmesh-exact, diou-sum "
        "or diou-group.",
        kind=str,
    )
    bound_time: float = option(0.0, "CPU seconds for each unit to prove a bound.")
    engine: EngineName | str = option(
        "auto", "auto, numpy, numba (compiled) or torch (torch:cuda); all find the same."
    )

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        width = int(self.width) if isinstance(self.width, Integral) else self.width
        if not isinstance(width, int) or width < 1:
            raise OptionError(f"beam must be a whole number from 1, not {width!r}")
        if not 0 < self.penalty <= 1:
            raise OptionError(f"penalty must lie above 0 and at most at 1, not {self.penalty:g}")
        if self.grow not in ("atoms", "pairs"):
            raise OptionError(f"grow is atoms or pairs, not {self.grow!r}")
        if self.literals is not None:
            check_switch("literals", self.literals)
        object.__setattr__(self, "width", width)
        object.__setattr__(self, "alternatives", checked_alternatives(self.alternatives))
        if not isinstance(self.steps, str):
            object.__setattr__(self, "steps", tuple(self.steps))

    @property
    def adds_derived(self) -> bool:
        """Whether operators on single concepts are atoms unless asked for."""
        from logicx.runs.presets import preset_named

        return preset_named(self.preset).adds_derived
