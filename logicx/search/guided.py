"""Beam search that looks first at what a heuristic expects most of, and leaves out the rest.

Candidates are visited (scored) in order of descending estimate, until the next estimate is below
the worst of a full beam. Where no estimate is below the truth, the outcome is that of the beam that
scores everything, ties included: an estimate that equals the worst is still visited.

Source: the stopping rule of Clustered Compositional Explanations (La Rosa et al. 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic

import numpy as np

from logicx.search.beam import Beam, Grown
from logicx.search.space import Candidates, GuidedSpace, Kept, N, SearchResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

OVERSHOOT = 8
"""Where so many were visited, an eighth of them more are visited at once."""


@dataclass(frozen=True)
class Guided:
    """A beam, guided by the estimates of a space.

    Candidates are visited a few at a time, as many as the beam is wide, or an eighth of those that
    were visited where that is more: one at a time would visit a few less, and take far longer.

    Args:
        beam: Its width, length, and which formulas count as the same.
    """

    beam: Beam

    def search(self, space: GuidedSpace[N]) -> SearchResult[N]:
        """Search a space; ties are broken by order of enumeration, earlier beams first."""
        return self.beam.run(space.atoms(), partial(self._grow, space))

    def _grow(self, space: GuidedSpace[N], kept: list[Kept[N]]) -> Grown[N]:
        width = self.beam.width
        children = space.estimate([one.node for one in kept])
        estimates = children.estimates
        worst = kept[-1].score if len(kept) == width else -np.inf
        order = np.flatnonzero(estimates >= worst)
        order = order[np.argsort(-estimates[order], kind="stable")]
        beam, n_visited = kept, 0
        entered: list[tuple[int, Kept[N]]] = []
        while n_visited < len(order):
            ahead = order[n_visited : n_visited + max(width, n_visited // OVERSHOOT)]
            if len(beam) == width:
                ahead = ahead[estimates[ahead] >= beam[-1].score]
            if not len(ahead):
                break
            n_visited += len(ahead)
            pool = _Pool(entered, ahead, children.visit(ahead))
            beam = self.beam.select(kept, pool)
            entered = pool.entered(beam)
        return Grown(beam, n_visited, len(estimates))


class _Pool(Generic[N]):
    """Candidates that entered the beam earlier and new ones, in order of enumeration."""

    def __init__(
        self,
        entered: list[tuple[int, Kept[N]]],
        numbers: NDArray[np.int64],
        new: Candidates[N],
    ) -> None:
        old = np.array([number for number, _ in entered], np.int64)
        self._numbers = np.concatenate([old, numbers])
        self._order = np.argsort(self._numbers)
        scores = np.concatenate([[one.score for _, one in entered], new.scores])
        self.scores: NDArray[np.float64] = scores[self._order]
        self._entered, self._new = entered, new
        self._made: dict[int, tuple[int, N]] = {}

    def node(self, i: int) -> N:
        place, n_old = int(self._order[i]), len(self._entered)
        node = self._entered[place][1].node if place < n_old else self._new.node(place - n_old)
        self._made[id(node)] = int(self._numbers[place]), node
        return node

    def entered(self, beam: list[Kept[N]]) -> list[tuple[int, Kept[N]]]:
        """Those of a beam that came from here, with their numbers."""
        return [(self._made[id(one.node)][0], one) for one in beam if id(one.node) in self._made]
