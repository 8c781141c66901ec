"""What a heuristic is: two small protocols, and the checks that several share.

Provisional: of the unit, `space.engine.firing` gives signatures and counts, without those where it
never fires; what else a heuristic is given may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from logicx.engines.layout import IOU, compiled_kind
from logicx.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from logicx.banks.universe import Universe
    from logicx.language.declaration import Truth
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.space import FormulaNode, FormulaSpace
    from logicx.search.formulas.steps import Step

OR: Truth = (False, True, True, True)
AND: Truth = (False, False, False, True)
AND_NOT: Truth = (False, False, True, False)
PUBLISHED = (OR, AND, AND_NOT)
"""The steps for which there are published estimates, by their truth tables."""


class Estimator(Protocol):
    """Estimates against one unit."""

    def estimate(self, node: FormulaNode) -> NDArray[np.float64]:
        """What may be expected of a formula's expansions, before the length penalty.

        Shape: `float64[n_concepts, n_steps]`, concepts of the bank in order; never NaN.
        """
        ...


class Heuristic(Protocol):
    """What orders and prunes candidates."""

    @property
    def name(self) -> str:
        """How it is written, such as `bounds`."""
        ...

    @property
    def doc(self) -> str:
        """What it does."""
        ...

    @property
    def is_admissible(self) -> bool:
        """Whether no estimate is below the truth, so that the outcome is the exhaustive one."""
        ...

    @property
    def needs_mask(self) -> bool:
        """Whether it must know the cells at which a unit fires, where a universe has groups."""
        ...

    def check(self, universe: Universe, goal: Objective, steps: Sequence[Step]) -> None:
        """Refuse what it has no estimates for.

        Raises:
            OptionError: It has none.
        """
        ...

    def against(self, space: FormulaSpace, mask: NDArray[np.bool_] | None) -> Estimator:
        """Its estimates for one unit.

        Args:
            space: The formulas.
            mask: Cells at which the unit fires, `bool[n_cells]`, where it is needed.
        """
        ...


def check_published(name: str, goal: Objective, steps: Sequence[Step]) -> None:
    """Refuse objectives and steps for which nothing was published.

    Raises:
        OptionError: There are no estimates.
    """
    if compiled_kind(goal) != (IOU, 0.0):
        raise OptionError(
            f"the heuristic {name} estimates IoU, not {goal.name}",
            hint="use heuristic=bounds, or objective=iou",
        )
    for one in steps:
        if one.table not in PUBLISHED:
            text = f"{one.keyword}{' NOT' if one.is_negated else ''}"
            raise OptionError(
                f"the heuristic {name} has no estimate for the step {text}, "
                "only for OR, AND, AND NOT",
                hint="use heuristic=bounds, or other steps",
            )
