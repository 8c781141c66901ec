"""The heuristic `reach`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import logicx
from logicx.errors import OptionError


@logicx.heuristic
@dataclass(frozen=True)
class Reach:
    """Expects that all hits that a step can keep or gain are kept or gained, without a miss."""

    name: str = "reach"
    doc: str = "the share of the unit that a step can reach at most"
    is_admissible: bool = True
    needs_mask: bool = False

    def check(self, universe: logicx.Universe, goal: Any, steps: Sequence[Any]) -> None:
        """It estimates IoU, of formulas that grow by OR, AND and AND NOT."""
        if goal.name != "iou" or not {*map(str, steps)} <= {"OR", "AND", "AND NOT"}:
            raise OptionError("reach estimates IoU, with the steps OR, AND and AND NOT")

    def against(self, space: Any, mask: NDArray[np.bool_] | None) -> Estimates:
        """What it expects for one unit."""
        return Estimates(space)


@dataclass(frozen=True)
class Estimates:
    """Estimates for one unit."""

    space: Any

    def estimate(self, node: Any) -> NDArray[np.float64]:
        """No formula holds at more cells of the unit than this, and IoU is at most their share."""
        engine = self.space.engine
        n_on = max(1, int(engine.n_on))
        on_count = np.asarray(engine.on_count)
        most = {
            "OR": np.minimum(n_on, node.n_both + on_count),
            "AND": np.minimum(node.n_both, on_count),
            "AND NOT": np.full(len(on_count), node.n_both),
        }
        return np.stack([most[str(step)] / n_on for step in self.space.steps], axis=1)
