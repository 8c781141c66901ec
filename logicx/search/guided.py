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
from logicx.search.checking import checked
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
        """Search a space; ties are broken by order of enumeration, earlier beams first.

        Raises:
            PluginError: What a space of one's own gives is wrong.
        """
        space = checked(space, self.beam.dedupe, is_guided=True)
        return self.beam.run(space.atoms(), partial(self._grow, space))

    def _grow(self, space: GuidedSpace[N], kept: list[Kept[N]], nodes: list[N]) -> Grown[N]:
        children = space.estimate(nodes)
        estimates = children.estimates
        possible = estimates > -np.inf
        order = np.flatnonzero(possible & (estimates >= self.beam.floor(kept)))
        order = order[np.argsort(-estimates[order], kind="stable")]
        visited = _Visited[N](len(estimates))
        beam, n_visited = kept, 0
        while n_visited < len(order):
            ahead = order[n_visited : n_visited + max(self.beam.width, n_visited // OVERSHOOT)]
            ahead = ahead[estimates[ahead] >= self.beam.floor(beam)]
            if not len(ahead):
                break
            n_visited += len(ahead)
            visited.add(ahead, children.visit(ahead))
            beam = self.beam.select(kept, visited, self.beam.width)
        return Grown(beam, n_visited, int(np.count_nonzero(possible)))


class _Visited(Generic[N]):
    """All candidates, in order of enumeration; those that were not visited score -inf."""

    def __init__(self, n: int) -> None:
        self.scores = np.full(n, -np.inf)
        self._parts: list[Candidates[N]] = []
        self._place = np.zeros((n, 2), np.int64)  # its part, and its number there
        self._made: dict[int, N] = {}

    def add(self, numbers: NDArray[np.int64], candidates: Candidates[N]) -> None:
        """Note the scores of those that were visited."""
        self.scores[numbers] = candidates.scores
        self._place[numbers, 0] = len(self._parts)
        self._place[numbers, 1] = np.arange(len(numbers))
        self._parts.append(candidates)

    def node(self, i: int) -> N:
        """The i-th of them, made once."""
        if i not in self._made:
            part, number = self._place[i].tolist()
            self._made[i] = self._parts[part].node(number)
        return self._made[i]
