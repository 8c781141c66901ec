"""What heuristics of others are held to: when they are registered, and whenever they estimate.

The built-in ones are held to the same in the tests, not when they are imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import PluginError
from logicx.parts import Owned, answering
from logicx.parts.written import check_named
from logicx.search.heuristics.roles import Heuristic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.universe import Universe
    from logicx.parts import Owner
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.space import FormulaNode, FormulaSpace
    from logicx.search.formulas.steps import Step
    from logicx.search.heuristics.roles import Estimator

PARTS = ("name", "doc", "is_admissible", "needs_mask", "check", "against")
"""What a heuristic has; see `logicx.search.heuristics.roles.Heuristic`."""


class Checked(Owned[Heuristic]):
    """A heuristic that is not our own: what it gives is checked, and its faults name its owner."""

    @property
    def is_admissible(self) -> bool:
        """Whether it says that no estimate is below the truth."""
        return bool(self.part.is_admissible)

    @property
    def needs_mask(self) -> bool:
        """Whether it must know the cells at which a unit fires."""
        return bool(self.part.needs_mask)

    @property
    def what(self) -> str:
        """What to call it in errors."""
        return f"heuristic {self.name!r}"

    def check(self, universe: Universe, goal: Objective, steps: Sequence[Step]) -> None:
        """Refuse what it has no estimates for."""
        with answering(self.what, self.owner):
            self.part.check(universe, goal, steps)

    def against(self, space: FormulaSpace, mask: NDArray[np.bool_] | None) -> _Checked:
        """Its estimates for one unit; the mask and the unit's counts are not to be written to."""
        shown = mask
        if mask is not None:
            shown = mask.view()
            shown.flags.writeable = False
        for counts in (space.engine.on, space.engine.on_count):
            counts.flags.writeable = False
        with answering(self.what, self.owner):
            found = self.part.against(space, shown)
        if not callable(getattr(found, "estimate", None)):
            raise PluginError(
                f"{self.what} of {self.owner} gives {found!r} against a unit",
                hint="it is to give an object with estimate(node)",
            )
        return _Checked(found, self, (space.engine.bank.n_concepts, len(space.steps)))

    def check_admissible(self, estimates: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
        """Hold estimates against the scores of those candidates that were visited.

        Raises:
            PluginError: It says that no estimate is below the truth, and one is.
        """
        if self.is_admissible and (estimates < scores).any():
            first = int(np.flatnonzero(estimates < scores)[0])
            raise PluginError(
                f"{self.what} of {self.owner} says that it is admissible, but expected "
                f"{estimates[first]} of a formula that scores {scores[first]}",
                hint="state is_admissible = False, or raise its estimates",
            )


@dataclass(frozen=True)
class _Checked:
    part: Estimator
    of: Checked
    shape: tuple[int, int]

    def estimate(self, node: FormulaNode) -> NDArray[np.float64]:
        """Estimates, checked.

        Raises:
            PluginError: It fails, or gives something else than such an array.
        """
        with answering(self.of.what, self.of.owner), np.errstate(all="ignore"):
            found = np.asarray(self.part.estimate(node))
        n_nan = int(np.isnan(found).sum()) if found.dtype.kind == "f" else 0
        if found.dtype.kind not in "fiub" or found.shape != self.shape or n_nan:
            raise PluginError(
                f"{self.of.what} of {self.of.owner} gave estimates of {found.dtype} and shape "
                f"{found.shape} with {n_nan:,} NaN; expected float64 of shape {self.shape}, "
                "concepts x steps, and no NaN",
                hint="inf means that anything may be expected, -inf that it is never looked at",
            )
        return found.astype(np.float64, copy=False)


def check_part(part: Any, owner: Owner) -> None:
    """Refuse what is no heuristic.

    Raises:
        PluginError: It lacks something, has no name, or no doc.
    """
    missing = [one for one in PARTS if not hasattr(part, one)]
    if missing:
        raise PluginError(
            f"{owner} registers a heuristic that is none: {part!r} has no {missing[0]}",
            hint=f"a heuristic has {', '.join(PARTS)}",
        )
    what = check_named(
        part, owner, "heuristic", such_as="my-bounds", doc_hint="say in `doc` what it does"
    )
    for one in ("is_admissible", "needs_mask"):
        if type(getattr(part, one)) is not bool:
            raise PluginError(f"{what} has {one}={getattr(part, one)!r}, not True or False")
    for one in ("check", "against"):
        if not callable(getattr(part, one)):
            raise PluginError(f"{what} has {one}={getattr(part, one)!r}, which is no function")
