"""The optimum over a stated space, with a certificate."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from logicx.counts import counts_of
from logicx.errors import DataError, OptionError
from logicx.formula import Formula
from logicx.objectives import objective as known_objective
from logicx.search.optimal.knowledge import Knowledge, Known
from logicx.search.optimal.linear import ratio_of, weights_above
from logicx.search.optimal.proving import LimitReached, Limits, Prover
from logicx.search.optimal.restriction import Problem
from logicx.search.shapes import Found, Outcome, Shape, check_space, describe_space, is_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.bank import ConceptBank
    from logicx.objectives import Objective

LONGEST = 4
"""Most concepts of a formula for which there is a proof."""

BEAM = 10
"""Width of the beam that a proof starts from."""

LOWERING = Fraction(1, 2)
"""The distance of bar and best score shrinks by this after every bar."""

CLOSE = Fraction(1, 100)
"""Bars end this share of the best score above it: closer ones cost as much as the last proof."""

LAST_SECONDS = 0.5
"""CPU seconds for a bound after Ctrl-C; a second Ctrl-C stops at once."""

GRAIN = 10**6
"""Bars are multiples of one over this, so that their weights are small numbers."""


@dataclass(frozen=True)
class Counters:
    """What a proof cost.

    Args:
        passes: Passes over the formulas of one length at one bar.
        contexts: Contexts that were opened.
        pairs: Pairs that were bounded.
        evaluations: Holes that were counted exactly.
        cpu_seconds: CPU time, the beam included, compilation of the first call too.
    """

    passes: int
    contexts: int
    pairs: int
    evaluations: int
    cpu_seconds: float


@dataclass(frozen=True)
class Certified(Outcome):
    """The best formula found, and what is proven of it.

    Args:
        by_length: The best of at most 1, 2, ... concepts that was found.
        bound: No formula of the space scores more.
        is_proven: Whether the best formula is proven to be the optimum, and so are those of
            `by_length`; then bound and score are equal.
        space: The space that the bound is over, in words.
        counters: What it cost.
    """

    bound: float
    is_proven: bool
    space: str
    counters: Counters


def optimal(
    bank: ConceptBank,
    on: NDArray[np.int64],
    *,
    objective: str | Objective = "iou",
    length: int = 3,
    shape: Shape = "tree",
    time_limit: float | None = None,
    node_limit: int | None = None,
    incumbent: Formula | None = None,
) -> Certified:
    """The proven optimum over all formulas of at most `length` concepts.

    Where a limit stops the proof, or Ctrl-C does, the best formula found so far comes back, with
    the bound that was proven by then.

    Args:
        bank: The concepts; all may occur, also those that never meet the unit.
        on: Cells of each signature at which the unit fires, `int64[n_signatures]`.
        objective: What is maximised: a ratio of sums of tp and fp, which all but `mcc` are.
        length: Most concepts of a formula, repetitions counted, 1 to 4.
        shape: `tree`, or `chain` where every step adds one concept.
        time_limit: CPU seconds after which the proof stops; it is looked at every few milliseconds
            to tenths of a second.
        node_limit: Contexts and pairs after which the proof stops.
        incumbent: A formula of the space to start from, besides what a beam finds.

    Raises:
        OptionError: An option means nothing, or there is no proof for it.
        DataError: The unit never fires, or there are no concepts.

    Source:
        Dinkelbach 1967 for the outer loop: at a bar t, a score above t is a linear inequality; a
        pass over all formulas finds one that satisfies it, which is the next bar, or none, which
        proves the optimum. Bounds: docs/optimal.md.

    Example:
        >>> from logicx import ConceptBank
        >>> masks = [[1, 0, 1, 1, 0, 0, 1], [0, 1, 0, 1, 1, 0, 0], [1, 0, 1, 0, 1, 1, 0]]
        >>> bank = ConceptBank.from_masks(masks, ["A", "B", "C"])
        >>> unit = np.array([1, 0, 1, 1, 1, 1, 0], dtype=bool)
        >>> found = optimal(bank, bank.on_counts(unit))
        >>> str(found.formula), found.score, found.bound, found.is_proven
        ('(A AND B) OR C', 1.0, 1.0, True)
    """
    search = _Search(bank, on, objective, length, shape, time_limit, node_limit, incumbent)
    return search.run()


class _Search:
    """State of one search: what an interruption leaves behind."""

    def __init__(
        self,
        bank: ConceptBank,
        on: NDArray[np.int64],
        objective: str | Objective,
        length: int,
        shape: Shape,
        time_limit: float | None,
        node_limit: int | None,
        incumbent: Formula | None,
    ) -> None:
        """Check the options; nothing is searched yet."""
        check_space(length, shape, LONGEST)
        for name, value in (("time_limit", time_limit), ("node_limit", node_limit)):
            if value is not None and not value >= 0:
                raise OptionError(f"{name} must not be negative, but is {value}")
        if not bank.n_concepts:
            raise DataError(f"bank {bank.name!r} has no concepts")
        if not on.any():
            raise DataError("the unit never fires on a valid cell: nothing can be scored")
        self.bank, self.length, self.shape = bank, length, shape
        self.limits = Limits(time_limit, node_limit)
        self.goal = known_objective(objective)
        self.n_on, self.n_cells = int(on.sum()), bank.n_valid
        self.ratio = ratio_of(self.goal, self.n_on, self.n_cells)
        self.knowledge = Knowledge(bank, on, self.ratio)
        if incumbent is not None:
            if not is_within(incumbent, shape) or incumbent.n_atoms > length:
                raise OptionError(f"the incumbent {incumbent} is no formula of the space")
            self.knowledge.add(incumbent)
        problem = Problem.of(bank, on)
        self.knowledge.add_best_single(self.goal, problem.p, problem.q)
        self.prover = Prover(problem, self.knowledge, shape, self.limits)
        self.bound = Fraction(1)
        """No formula of at most `length` concepts scores more."""

    def run(self) -> Certified:
        """Prove as much as the limits allow."""
        try:
            self.knowledge.start(self.goal, self.length, BEAM)
            for n_atoms in range(2, self.length + 1):
                if n_atoms == self.length and self.limits.is_set:
                    self._lower_bars(n_atoms)
                while self._is_improved(n_atoms):
                    pass
            self.bound = self._best_score(self.length)
        except LimitReached:
            pass
        except KeyboardInterrupt:
            self._bound_quickly()
        return self._certified()

    def _bound_quickly(self) -> None:
        """Prove some bound after Ctrl-C, unless a limit had one proven already."""
        if not self.limits.is_set:
            self.limits.seconds = self.limits.used + LAST_SECONDS
            with suppress(LimitReached, KeyboardInterrupt):
                self._lower_bars(self.length)

    def _best_score(self, n_atoms: int) -> Fraction:
        return self.knowledge.score(self.knowledge.best(n_atoms))

    def _is_improved(self, n_atoms: int) -> bool:
        """Whether a pass at the best score found a better formula; else it is the optimum."""
        self.limits.check()
        score = self._best_score(n_atoms)
        if score >= 1:
            return False
        return self._has_above(score, n_atoms)

    def _has_above(self, bar: Fraction, n_atoms: int) -> bool:
        weights = weights_above(self.ratio, bar, self.n_on, self.n_cells)
        return self.prover.has_better(weights, n_atoms)

    def _lower_bars(self, n_atoms: int) -> None:
        """Prove ever lower bars above the best score; they cost far less than the last proof."""
        distance = (1 - self._best_score(n_atoms)) / 2
        while distance > max(CLOSE * (best := self._best_score(n_atoms)), Fraction(1, GRAIN)):
            bar = Fraction(int((best + distance) * GRAIN) + 1, GRAIN)
            self.limits.check()
            if bar < self.bound and not self._has_above(bar, n_atoms):
                self.bound = bar
            distance *= LOWERING

    def _certified(self) -> Certified:
        by_length = [self.knowledge.best(k) for k in range(1, self.length + 1)]
        best = [self._found(one) for one in by_length]
        is_proven = self.bound == self._best_score(self.length)
        limits = self.limits
        contexts, pairs, evaluations = limits.counters.tolist()
        return Certified(
            tuple(best),
            best[-1].score if is_proven else float(np.nextafter(float(self.bound), 2)),
            is_proven,
            describe_space(self.bank.n_concepts, self.length, self.shape),
            Counters(limits.n_passes, contexts, pairs, evaluations, limits.used),
        )

    def _found(self, one: Known) -> Found:
        score = float(self.goal.score(one.tp, one.fp, self.n_on, self.n_cells))
        counts = counts_of(one.tp, one.tp + one.fp, self.n_on, self.n_cells)
        return Found(one.formula(), score, counts)
