"""Exact bounds from sizes and from how often pairs of concepts meet: the outcome does not change.

For a formula f, a concept c and a unit n, the counts of `f op c` follow from J = |f and c and n|
and O = |f and c and not n|. Neither is counted here. Both lie within Fréchet's bounds, by the sizes
of f and c inside and outside of the unit. Their sum is bounded as well, as the bank knows how often
c meets each concept of f: within c, the formula is joined step by step from such counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.engines.layout import ACCURACY, DICE, IOU, PRECISION, RECALL, compiled_kind
from logicx.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.universe import Universe
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.space import FormulaNode, FormulaSpace
    from logicx.search.formulas.steps import Step

ROUNDED_ONCE = (IOU, PRECISION, RECALL, DICE, ACCURACY)
"""Objectives that divide whole numbers: the larger the ratio, the larger (or equal) the float."""

SLACK = 1e-12
"""What is added to bounds of the others, which round on the way."""


class Range(NamedTuple):
    """Least and most, of any shape."""

    low: Any
    high: Any


@dataclass(frozen=True)
class Bounds:
    """Upper bounds by the directions of the objective in tp and fp."""

    name: str = "bounds"
    doc: str = "bounds from sizes and pairs; for any built-in objective and step"
    is_admissible: bool = True
    needs_mask: bool = False

    def check(self, universe: Universe, goal: Objective, steps: Sequence[Step]) -> None:
        """Refuse objectives whose directions in tp and fp are not known."""
        if not is_monotone(goal):
            raise OptionError(
                f"the heuristic {self.name} does not know how {goal.name} grows with tp and fp",
                hint="give the objective a ratio, or use heuristic=none",
            )

    def against(self, space: FormulaSpace, mask: NDArray[np.bool_] | None) -> _Bounding:
        """Its estimates for one unit."""
        return _Bounding(space)


class _Bounding:
    def __init__(self, space: FormulaSpace) -> None:
        self._space = space
        engine = space.engine
        self._count, self._on_count = engine.bank.count, engine.on_count
        kind = compiled_kind(space.objective)
        self._slack = 0.0 if kind is not None and kind[0] in ROUNDED_ONCE else SLACK

    def estimate(self, node: FormulaNode) -> NDArray[np.float64]:
        engine = self._space.engine
        n_on, n_off = engine.n_on, engine.n_cells - engine.n_on
        f, f_on, c, c_on = node.size, node.n_both, self._count, self._on_count
        both = self._together(node)
        inside = frechet(f_on, c_on, n_on)
        outside = frechet(f - f_on, c - c_on, n_off)
        inside = Range(
            np.maximum(inside.low, both.low - outside.high),
            np.minimum(inside.high, both.high - outside.low),
        )
        outside = Range(
            np.maximum(outside.low, both.low - inside.high),
            np.minimum(outside.high, both.high - inside.low),
        )
        estimates = np.empty((len(c), len(self._space.steps)))
        for k, step in enumerate(self._space.steps):
            grows = step.both > 0
            tp = step.count(n_on, f_on, c_on, inside.high if grows else inside.low)
            fp = step.count(n_off, f - f_on, c - c_on, outside.low if grows else outside.high)
            estimates[:, k] = self._space.objective.score(tp, fp, n_on, engine.n_cells)
        return estimates + self._slack

    def _together(self, node: FormulaNode) -> Range:
        """Cells of a formula together with each concept, at least and at most."""
        bank, steps = self._space.engine.bank, []
        at: FormulaNode = node
        while at.parent is not None:
            steps.append((at.step, at.concept))
            at = at.parent
        row = bank.together_with(at.concept)
        within = Range(row, row)
        for step, concept in reversed(steps):
            assert step is not None
            within = joined(step, self._count, within, bank.together_with(concept))
        sizes = frechet(node.size, self._count, bank.n_valid)
        return Range(np.maximum(within.low, sizes.low), np.minimum(within.high, sizes.high))


def is_monotone(goal: Objective) -> bool:
    """Whether a score never falls with tp and never grows with fp, as far as is known.

    It is so for every built-in objective, and for those of your own that state a ratio.
    """
    return compiled_kind(goal) is not None or getattr(goal, "ratio", None) is not None


def frechet(a: Any, b: Any, n: Any) -> Range:
    """How much two sets of these sizes share among n."""
    return Range(np.maximum(0, a + b - n), np.minimum(a, b))


def joined(step: Step, n: Any, f: Range, c: Any) -> Range:
    """Size of `f op c` among n, from that of c and the range of that of f.

    The size is piecewise linear in that of f; its bends are where the Fréchet bounds bend.
    """
    found = []
    for size in (*f, np.clip(c, *f), np.clip(n - c, *f)):
        found += [step.count(n, size, c, both) for both in frechet(size, c, n)]
    return Range(np.minimum.reduce(found), np.maximum.reduce(found))
