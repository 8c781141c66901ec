"""Proofs for objectives that are monotone, but no ratio: by the frontier of tp against fp.

Whatever the weights, a pass proves that no formula is worth more than a threshold: that all points
(fp, tp) of formulas lie below a line. Lines that were proven bound the tp that is possible at each
fp, and so, as the objective grows with tp, the score. The point of the highest bound is cut off by
a line through the known formulas around it, or a known formula is found on its other side.

Source: cutting planes on the convex hull of what formulas reach (Kelley 1960). Where the maximum
over the hull is at a corner, as for mcc, it ends with the optimum; else with a bound.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from logicx.search.optimal.linear import Weights, checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from logicx.scoring.objectives import Objective
    from logicx.search.optimal.knowledge import Knowledge
    from logicx.search.optimal.proving import Prover

    Point = tuple[int, int]

MOST_STEPS = 2**18
"""Steps of fp at first; with more cells that are off, a step is several of them."""

SPLIT, PIECES = 2**12, 8
"""So many steps are split at a time, each into so many, where lines no longer lower the bound."""

COARSE = 50
"""Points further from the known ones than the worth of the unit over this are cut off halfway."""

ROUNDING = 1e-6
"""More than what is lost in floats when a whole number below 2^31 is interpolated."""

SAME = 1e-12
"""Scores count as equal to a bound that is larger by this share: they are rounded."""


class _Steps:
    """Steps of fp, and the most tp that is possible at each.

    Args:
        start: The most tp at some fp, by what sets of signatures reach.
        n_off: Cells that are off.
    """

    def __init__(self, start: Callable[[NDArray[np.int64]], NDArray[np.int64]], n_off: int) -> None:
        """Divide all fp into steps."""
        edges = np.linspace(0, n_off + 1, min(n_off + 1, MOST_STEPS) + 1).astype(np.int64)
        self._start = start
        self._lines: list[Weights] = []
        self.first, self.last = edges[:-1], edges[1:] - 1
        self.tp = start(self.last)

    def cut(self, line: Weights) -> None:
        """Take into account that no formula lies above a line."""
        self._lines.append(line)
        self.tp = np.minimum(self.tp, _below(line, self.last))

    def split(self, which: NDArray[np.int64]) -> None:
        """Divide some of the steps, as far as they are more than one fp."""
        first, n = self.first[which], self.last[which] - self.first[which] + 1
        edges = first + n * np.arange(PIECES + 1)[:, None] // PIECES
        firsts, lasts = edges[:-1].T.reshape(-1), edges[1:].T.reshape(-1) - 1
        is_some = lasts >= firsts
        firsts, lasts = firsts[is_some], lasts[is_some]
        tp = self._start(lasts)
        for line in self._lines:
            tp = np.minimum(tp, _below(line, lasts))
        kept = np.ones(len(self.first), bool)
        kept[which] = False
        self.first = np.concatenate([self.first[kept], firsts])
        self.last = np.concatenate([self.last[kept], lasts])
        self.tp = np.concatenate([self.tp[kept], tp])


def _below(line: Weights, fp: NDArray[np.int64]) -> NDArray[np.int64]:
    """The most tp at some fp that is not above a line."""
    return (line.threshold + line.loss * fp) // line.gain


class Frontier:
    """The bound on the scores of formulas of one length, and the passes that lower it.

    Args:
        prover: Decides whether formulas lie above a line.
        goal: An objective that grows with tp and falls with fp.
        length: Most concepts of a formula.
    """

    def __init__(self, prover: Prover, goal: Objective, length: int) -> None:
        """Start from what sets of signatures reach."""
        self.prover, self._goal, self._length = prover, goal, length
        self.rival: Callable[[int], float] | None = None
        """The best score of at most so many concepts that was found elsewhere."""
        self._knowledge: Knowledge = prover.knowledge
        problem = prover.problem
        self._n_on, n_off = problem.n_on, problem.n_off
        self._n_cells = self._n_on + n_off
        self._steps = _Steps(self._start, n_off)

    def _start(self, fp: NDArray[np.int64]) -> NDArray[np.int64]:
        """The most tp that sets of signatures reach."""
        corner_tp, corner_fp = self.prover.problem.corners
        is_highest = np.append(corner_fp[1:] > corner_fp[:-1], True)
        reached = np.interp(fp, corner_fp[is_highest], corner_tp[is_highest])
        most: NDArray[np.int64] = np.floor(reached + ROUNDING).astype(np.int64)
        return most

    @property
    def bound(self) -> float:
        """No formula of at most `length` concepts scores more."""
        bound, best = float(self._scores(self._steps).max()), self._best_score(self._length)
        return best if bound <= best + SAME * abs(best) else bound

    @property
    def is_closed(self) -> bool:
        """Whether the best formula known is proven to be the optimum."""
        return self.bound <= self._best_score(self._length)

    def approach(self) -> None:
        """Lower the bound as far as lines can.

        Raises:
            LimitReached: In the middle of it.
        """
        self.prove(self._length)

    def prove(self, n_atoms: int) -> None:
        """Find the optimum of at most so many concepts, as far as lines can.

        Raises:
            LimitReached, Undecided: In the middle of it.
        """
        is_whole = n_atoms == self._length
        steps = self._steps if is_whole else _Steps(self._start, self._n_cells - self._n_on)
        while True:
            scores = self._scores(steps)
            i, best = int(np.argmax(scores)), self._best_score(n_atoms)
            if scores[i] <= best + SAME * abs(best):
                return
            self.prover.limits.check()
            tp = steps.tp[i]
            line = self._line(int(tp), int(steps.first[i]), n_atoms)
            if line is not None:
                if self.prover.has_better(line, n_atoms):
                    continue
                steps.cut(line)
            if steps.tp[i] == tp:  # known points are as high, or higher within the step
                if steps.last[i] == steps.first[i]:
                    return
                highest = np.argsort(-scores, kind="stable")[:SPLIT]
                steps.split(highest[scores[highest] > best])

    def _line(self, tp: int, fp: int, n_atoms: int) -> Weights | None:
        """A line between a point and the known ones; None where the point is in their hull.

        Far from the known ones it goes halfway between, which is proven much faster.
        """
        known = self._knowledge.points(n_atoms)
        gain, loss = _edge([(0, 0), *known], fp)
        threshold = max(0, *(gain * x - loss * y for x, y in known))
        room = gain * tp - loss * fp - threshold
        if room <= 0:
            return None
        if room * COARSE > gain * self._n_on:
            threshold += room // 2
        return checked(Weights(gain, loss, threshold), self._n_on, self._n_cells)

    def _best_score(self, n_atoms: int) -> float:
        score = float(self._knowledge.score(self._knowledge.best(n_atoms)))
        return score if self.rival is None else max(score, self.rival(n_atoms))

    def _scores(self, steps: _Steps) -> NDArray[np.float64]:
        return self._goal.score(steps.tp, steps.first, self._n_on, self._n_cells)


def _edge(known: list[Point], fp: int) -> tuple[int, int]:
    """Gain and loss by which the known points around some fp are worth the most, and the same."""
    hull: list[Point] = []
    for x, y in sorted(known, key=lambda one: (one[1], -one[0])):
        if hull and x <= hull[-1][0]:
            continue
        while len(hull) > 1 and _turns_left(hull[-2], hull[-1], (x, y)):
            hull.pop()
        hull.append((x, y))
    for (x0, y0), (x1, y1) in pairwise(hull):
        if y0 <= fp < y1:
            return y1 - y0, x1 - x0
    return 1, 0


def _turns_left(a: Point, b: Point, c: Point) -> bool:
    """Whether b lies on or below the line from a to c, tp over fp."""
    return (b[0] - a[0]) * (c[1] - a[1]) <= (c[0] - a[0]) * (b[1] - a[1])
