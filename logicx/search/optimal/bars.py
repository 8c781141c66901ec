"""Proofs for objectives that are ratios: by bars, above which there is a formula, or none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from logicx.scoring.counts import by_atoms
from logicx.search.optimal.limits import PassTooLong
from logicx.search.optimal.linear import weights_above
from logicx.search.optimal.proving import LONGEST_SCAN, Undecided

if TYPE_CHECKING:
    from logicx.scoring.objectives import Objective, Ratio
    from logicx.search.optimal.knowledge import Knowledge
    from logicx.search.optimal.limits import Limits
    from logicx.search.optimal.linear import Weights
    from logicx.search.optimal.proving import Prover

CLOSE = Fraction(1, 100)
"""Bars end this share of the best score above it: closer ones cost as much as the last proof."""

GRAIN = 10**6
"""Bars are multiples of one over this, so that their weights are small numbers."""

LOOKS = (12, 24)
"""Concepts over which long formulas are looked for before bars are lowered far."""

MOST_LOWERING, LEAST_LOWERING = Fraction(1, 2), Fraction(9, 10)
"""What a bar leaves of the distance between bound and best score, by what can be afforded."""

AFFORDED, ALLOWED = 0.4, 0.6
"""What a bar may be expected to cost, and what it may cost, of what is left of the limits."""

LOOKED = 0.3
"""What looking for better formulas may cost of it."""


Rival = Callable[[int], Fraction] | None
"""The best exact score of at most so many concepts that was found elsewhere, or None."""


class Bars:
    """The bound on the scores of formulas of one length, and the passes that lower it.

    Args:
        prover: Decides whether formulas lie above a bar.
        goal: The objective.
        ratio: The same as an exact ratio.
        length: Most concepts of a formula.
    """

    def __init__(self, prover: Prover, goal: Objective, ratio: Ratio, length: int) -> None:
        """Start from what sets of signatures reach."""
        self.prover, self._goal, self._ratio, self._length = prover, goal, ratio, length
        self.rival: Rival = None
        self._knowledge: Knowledge = prover.knowledge
        self._limits: Limits = prover.limits
        problem = prover.problem
        self._n_on, self._n_cells = problem.n_on, problem.n_on + problem.n_off
        tp, fp = prover.problem.corners
        scores = goal.score(tp, fp, self._n_on, self._n_cells)
        highest = np.flatnonzero(scores >= scores.max() * (1 - 1e-9))
        self.bound: Fraction = max(ratio.at(int(tp[i]), int(fp[i])) for i in highest)
        """No formula of at most `length` concepts scores more."""

    def best_score(self, n_atoms: int) -> Fraction:
        """The best exact score known of at most so many concepts, the rival's included."""
        one = self._knowledge.best(n_atoms)
        score = self._ratio.at(one.tp, one.fp)
        return score if self.rival is None else max(score, self.rival(n_atoms))

    @property
    def is_closed(self) -> bool:
        """Whether the best formula known is proven to be the optimum."""
        return self.bound <= self.best_score(self._length)

    def prove(self, n_atoms: int) -> None:
        """Find the optimum of at most so many concepts.

        A pass at the best score known finds a better formula, or proves that there is none.

        Raises:
            LimitReached, Undecided: Without success.
        """
        self._limits.check()
        while (best := self.best_score(n_atoms)) < self.bound:
            if not self.prover.has_better(self._above(best), n_atoms):
                break
            self._limits.check()
        if n_atoms == self._length:
            self.bound = best

    def approach(self) -> None:
        """Prove ever lower bars above the best score; they cost far less than the last proof.

        Raises:
            LimitReached: In the middle of it.
        """
        lowering, shares, has_looked, undecided = MOST_LOWERING, [0.0], False, Fraction(0)
        while True:
            best = self.best_score(self._length)
            floor = max(best, undecided)
            distance = self.bound - floor
            if distance <= max(CLOSE * best, Fraction(4, GRAIN)):
                return
            bar = Fraction(int((floor + distance * lowering) * GRAIN) + 1, GRAIN)
            self._limits.check()
            before = self._limits.share
            try:
                with self._limits.allow(ALLOWED):
                    if not self.prover.has_better(self._above(bar), self._length):
                        self.bound = bar
            except (Undecided, PassTooLong):
                undecided = bar
            shares.append(self._limits.share - before)
            lowering = self._affordable(shares)
            if not has_looked and self._length >= LONGEST_SCAN:
                has_looked = True
                with suppress(PassTooLong), self._limits.allow(LOOKED):
                    self.look()

    def _affordable(self, shares: list[float]) -> Fraction:
        """How far to go with the next bar: half the way, unless that would exceed the limits."""
        growth = max(2.0, shares[-1] / shares[-2] if shares[-2] > 0 else 2.0)
        left = AFFORDED * (1 - self._limits.share)
        if shares[-1] * growth <= left or shares[-1] <= 0:
            return MOST_LOWERING
        halvings = max(np.log(max(left / shares[-1], 1.01)) / np.log(growth), 0.0)
        return min(max(Fraction(float(0.5**halvings)), MOST_LOWERING), LEAST_LOWERING)

    def look(self) -> None:
        """Look for better formulas among those over a few good concepts, by the longest scan.

        Raises:
            LimitReached: In the middle of it.
        """
        problem, n_atoms = self.prover.problem, min(self._length, LONGEST_SCAN)
        scores = self._goal.score(problem.p, problem.q, self._n_on, self._n_cells)
        order = np.argsort(-scores, kind="stable")
        number = {name: i for i, name in enumerate(problem.bank.names)}
        for n_concepts in LOOKS:
            self._knowledge.extend(self._goal, self._length)
            known = [self._knowledge.best(k).formula() for k in range(1, self._length + 1)]
            chosen = {
                number[name] for one in known for name in by_atoms(one, problem.bank).concepts
            }
            chosen.update(order[:n_concepts].tolist())
            concepts = np.array(sorted(chosen))
            while (best := self.best_score(n_atoms)) < self.bound:
                if not self.prover.look(self._above(best), n_atoms, concepts):
                    break
        self._knowledge.extend(self._goal, self._length)

    def _above(self, bar: Fraction) -> Weights:
        return weights_above(self._ratio, bar, self._n_on, self._n_cells)
