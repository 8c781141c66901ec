"""One pass: is there a formula above a bar, or is it proven that there is none?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from logicx.search.optimal.ceilings import ceiling
from logicx.search.optimal.knowledge import Knowledge, formulas_found
from logicx.search.optimal.restriction import Kept, Problem, plan_for, restrict, scratch_for
from logicx.search.optimal.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from logicx.search.formulas.shapes import Shape
    from logicx.search.optimal.limits import Limits
    from logicx.search.optimal.linear import Weights
    from logicx.search.optimal.restriction import Restriction

LONGEST_SCAN = 5
"""Most concepts of formulas that are scanned; longer ones have ceilings."""

FOCUS = {2: 40, 3: 16}
"""Outer concepts of the first, quick look, by their number; it finds nearly all."""

CALL_NODES = 20_000
"""Nodes after which the limits are looked at, about; a few milliseconds."""

MOST_CEILED = 400
"""Concepts of which a ceiling is worked out; it is of no use over more."""


class Undecided(Exception):
    """Neither a better formula was found, nor is it proven that there is none."""


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
            Undecided: Nor will it be, with more time: formulas are too long to be scanned.
        """
        most = 0
        for n_atoms in range(1, length + 1):
            is_last = n_atoms == length
            if n_atoms == 1:
                worths = weights.gain * self.problem.p - weights.loss * self.problem.q
                i = int(np.argmax(worths))
                most = int(worths[i]) if length == 1 else max(0, int(worths[i]))
                if most > weights.threshold:
                    self.knowledge.add(self.problem.bank.atom(i))
            else:
                floor = max(most, self.knowledge.worth(weights, n_atoms))
                missing, n_left = weights.threshold - most, length - n_atoms + 1
                floor = max(floor, weights.threshold if is_last else most + missing // (2 * n_left))
                if n_atoms <= LONGEST_SCAN:
                    most = self._most_worth(weights, n_atoms, floor, most, is_last)
                else:
                    most = self._most_ceiled(weights, floor, most)
            if most > weights.threshold:
                if self.knowledge.worth(weights, n_atoms) > weights.threshold:
                    return True
                raise Undecided
        return False

    def look(self, weights: Weights, n_atoms: int, concepts: NDArray[np.int64]) -> bool:
        """Whether a formula above the threshold was found among those over a few concepts."""
        everything = Kept.of(self.problem, weights, -1)
        is_chosen = np.isin(everything.concepts, concepts)
        kept = Kept(everything.concepts[is_chosen], len(concepts), 0)
        floor = weights.threshold
        return self._scan(weights, n_atoms, floor, floor, kept, is_last=True) > floor

    def _most_ceiled(self, weights: Weights, floor: int, shorter: int) -> int:
        """A bound on formulas of one concept more, at least the floor, from ceilings alone.

        Formulas worth more than `shorter + margin` hold only concepts that the margin keeps. So
        where the ceiling of those is no higher, that is a bound. The larger the margin, the fewer
        are kept: the least such margin is found by halving.
        """
        low, high = floor - shorter, weights.gain * self.problem.n_on - shorter
        if self._is_ceiled(weights, low, shorter):
            return floor
        while high - low > max(1, weights.gain * self.problem.n_on // 1000):
            self.limits.check()
            middle = (low + high) // 2
            if self._is_ceiled(weights, middle, shorter):
                high = middle
            else:
                low = middle
        return shorter + high

    def _is_ceiled(self, weights: Weights, margin: int, shorter: int) -> bool:
        """Whether no formula over the concepts that a margin keeps is worth more than it allows."""
        kept = Kept.of(self.problem, weights, margin)
        if not kept.n_growing or shorter + margin >= weights.gain * self.problem.n_on:
            return True
        if len(kept.concepts) > MOST_CEILED:
            return False
        return ceiling(self.problem, weights, kept.concepts) <= shorter + margin

    def _most_worth(
        self, weights: Weights, n_atoms: int, floor: int, shorter: int, is_last: bool
    ) -> int:
        """The most that formulas of so many concepts are worth, if above the floor, else the floor.

        In the last pass the first that is better will do.

        Args:
            weights: What cells are worth.
            n_atoms: Most concepts of a formula.
            floor: What is to be exceeded.
            shorter: The most that one concept fewer is worth.
            is_last: Whether any formula above the floor is better than the best known.
        """
        kept = Kept.of(self.problem, weights, floor - shorter)
        if not kept.n_growing:
            return floor
        if n_atoms >= LONGEST_SCAN and self._is_ceiled(weights, floor - shorter, shorter):
            return floor
        return self._scan(weights, n_atoms, floor, shorter, kept, is_last=is_last)

    def _scan(
        self,
        weights: Weights,
        n_atoms: int,
        floor: int,
        shorter: int,
        kept: Kept,
        *,
        is_last: bool,
    ) -> int:
        """The most that formulas over the kept concepts are worth, if above the floor."""
        self.limits.n_passes += 1
        n_outer = n_atoms - 2
        restriction = restrict(self.problem, weights, kept, n_outer)
        plan = plan_for(n_outer, self.shape)
        scratch = scratch_for(restriction, plan)
        m, found, best = len(kept.concepts), np.zeros(7, np.int64), float(floor)
        everything = np.ones(m, np.uint8)
        rounds = [everything]
        if n_outer >= 2 and m > FOCUS[n_outer]:
            grow = restriction.grow
            ranked = np.argsort(-grow.x / (self.problem.n_on + grow.y), kind="stable")
            focus = np.zeros(m, np.uint8)
            focus[ranked[: FOCUS[n_outer]]] = 1
            rounds.insert(0, focus)
        for is_chosen in rounds:
            for w, first, last in blocks(self.limits, restriction, n_outer, is_chosen):
                above = scan(
                    restriction.tables,
                    restriction.grow,
                    restriction.shrink,
                    plan,
                    w,
                    first,
                    last,
                    is_chosen,
                    best,
                    float(shorter),
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
        k, op, *places = found.tolist()
        atoms = [self.problem.bank.atom(int(concepts[i])) for i in places]
        added = [
            self.knowledge.add(one) for one in formulas_found(k, op, atoms, n_outer, self.shape)
        ]
        reached = max(weights.worth(one.tp, one.fp) for one in added)
        if reached < worth:
            raise AssertionError(f"a scan promised a worth of {worth}, counted are {reached}")


def blocks(
    limits: Limits,
    restriction: Restriction,
    n_outer: int,
    is_chosen: NDArray[np.uint8],
    is_whole: bool = False,
) -> Iterator[tuple[int, int, int]]:
    """Outer concept w and a range of c for one call after the other, of about equal work.

    The limits are looked at between two calls. Work is told by nodes, not by time, so that it
    is the same on every machine. With `is_whole` no contexts are left out; see `contexts`.
    """
    m = len(is_chosen)
    n_growing = m if is_whole else restriction.tables.n_growing
    size = 1
    for w in range(n_growing if n_outer == 3 else 1):
        first = w + 1 if n_outer == 3 else 0
        if n_outer == 3 and not is_chosen[w]:
            continue
        end = {0: 1, 1: m, 2: n_growing, 3: m}[n_outer]
        while first < end:
            last = min(first + size, end)
            if is_chosen[first:last].any():
                limits.check()
                before = limits.n_nodes
                yield w, first, last
                is_light = limits.n_nodes - before < CALL_NODES
                size = size * 2 if is_light else max(1, size // 2)
            first = last
