"""One pass: is there a formula above a bar, or is it proven that there is none?"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from logicx.search.optimal.knowledge import Knowledge, formulas_found
from logicx.search.optimal.restriction import Problem, plan_for, restrict, scratch_for
from logicx.search.optimal.scan import scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.search.optimal.linear import Weights
    from logicx.search.shapes import Shape

FOCUS = 40
"""Outer concepts of the first, quick look, which finds nearly every improvement."""

BLOCK = {0: 1, 1: 64, 2: 1}
"""Concepts c that one call scans, by number of outer concepts; the limits are looked at between."""


class LimitReached(Exception):
    """Time or nodes are used up."""


@dataclass
class Limits:
    """What a search may cost, and what it has cost.

    Args:
        seconds: CPU seconds, or None.
        nodes: Contexts and pairs that may be looked at, or None.
    """

    seconds: float | None = None
    nodes: int | None = None
    started: float = field(default_factory=time.process_time)
    counters: NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, np.int64))
    n_passes: int = 0

    @property
    def used(self) -> float:
        """CPU seconds so far."""
        return time.process_time() - self.started

    @property
    def is_set(self) -> bool:
        """Whether there is any."""
        return self.seconds is not None or self.nodes is not None

    def check(self) -> None:
        """Stop where one is reached.

        Raises:
            LimitReached: It is.
        """
        if self.seconds is not None and self.used >= self.seconds:
            raise LimitReached
        if self.nodes is not None and int(self.counters[:2].sum()) >= self.nodes:
            raise LimitReached


@dataclass
class Prover:
    """Passes over the formulas of one problem.

    Args:
        problem: Bank and unit.
        knowledge: Formulas known so far; what passes find is added.
        shape: The shape of formulas.
        limits: What may be spent.
    """

    problem: Problem
    knowledge: Knowledge
    shape: Shape
    limits: Limits

    def has_better(self, weights: Weights, length: int) -> bool:
        """Whether some formula of at most `length` concepts is worth more than the threshold.

        If so, such a formula is now known. `most` bounds what shorter formulas are worth, from the
        empty set upwards, one concept at a time. It need not be the least such bound: where it
        would leave hardly any margin for the next concept, half a fair share of what is missing
        to the threshold is added, so that few concepts are kept.

        Raises:
            LimitReached: That was not decided.
        """
        most = 0
        for n_atoms in range(1, length + 1):
            is_last = n_atoms == length
            if n_atoms == 1:
                worths = weights.gain * self.problem.p - weights.loss * self.problem.q
                i = int(np.argmax(worths))
                most = max(0, int(worths[i]))
            else:
                floor = max(most, self.knowledge.worth(weights, n_atoms))
                missing, n_left = weights.threshold - most, length - n_atoms + 1
                floor = max(floor, weights.threshold if is_last else most + missing // (2 * n_left))
                most = self._most_worth(weights, n_atoms, floor, floor - most, is_last)
            if most > weights.threshold:
                return True
        return False

    def _most_worth(
        self, weights: Weights, n_atoms: int, floor: int, margin: int, is_last: bool
    ) -> int:
        """The most that formulas of so many concepts are worth, if above the floor, else the floor.

        In the last pass the first that is better will do.

        Args:
            weights: What cells are worth.
            n_atoms: Most concepts of a formula.
            floor: What is to be exceeded.
            margin: The floor without the most that one concept fewer is worth.
            is_last: Whether any formula above the floor is better than the best known.
        """
        self.limits.n_passes += 1
        n_outer = n_atoms - 2
        kept = restrict(self.problem, weights, margin, n_outer)
        m, n_growing = len(kept.concepts), kept.tables.n_growing
        if not n_growing:
            return floor
        plan, scratch, found = (
            plan_for(n_outer, self.shape),
            scratch_for(kept),
            np.zeros(6, np.int64),
        )
        best = float(floor)
        last = {0: 1, 1: m, 2: n_growing}[n_outer]
        everything = np.ones(m, np.uint8)
        rounds = [everything]
        if n_outer == 2 and m > FOCUS:
            ranked = np.argsort(-kept.grow.x / (self.problem.n_on + kept.grow.y), kind="stable")
            focus = np.zeros(m, np.uint8)
            focus[ranked[:FOCUS]] = 1
            rounds.insert(0, focus)
        for is_chosen in rounds:
            for first in range(0, last, BLOCK[n_outer]):
                if not is_chosen[first : first + BLOCK[n_outer]].any():
                    continue
                self.limits.check()
                above = scan(
                    kept.tables,
                    kept.grow,
                    kept.shrink,
                    plan,
                    first,
                    min(first + BLOCK[n_outer], last),
                    is_chosen,
                    best,
                    scratch,
                    self.limits.counters,
                    found,
                )
                if above > best:
                    best = above
                    self._take(found, kept.concepts, n_outer, weights, int(best))
                    if is_last and is_chosen is everything:
                        return int(best)
            if is_last and best > floor:
                break
        return int(best)

    def _take(
        self,
        found: NDArray[np.int64],
        concepts: NDArray[np.int64],
        n_outer: int,
        weights: Weights,
        worth: int,
    ) -> None:
        """Count the formulas that a scan means, all over again and exactly."""
        k, *places = found.tolist()
        op = places.pop(2)
        c, z, a, b = (self.problem.bank.atom(int(concepts[i])) for i in places)
        added = [
            self.knowledge.add(one)
            for one in formulas_found(k, op, (c, z, a, b), n_outer, self.shape)
        ]
        reached = max(weights.worth(one.tp, one.fp) for one in added)
        if reached < worth:
            raise AssertionError(f"a scan promised a worth of {worth}, counted are {reached}")
