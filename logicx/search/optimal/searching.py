"""The optimum over a stated space, with a certificate."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.errors import DataError, OptionError
from logicx.language.formula import Formula
from logicx.scoring.counts import counts_of
from logicx.scoring.objectives import objective_named as known_objective
from logicx.search.formulas.shapes import (
    Found,
    Outcome,
    Shape,
    check_space,
    describe_space,
    is_within,
)
from logicx.search.optimal.bars import Bars
from logicx.search.optimal.frontier import Frontier
from logicx.search.optimal.knowledge import Knowledge, Known
from logicx.search.optimal.limits import LimitReached, Limits, check_limits
from logicx.search.optimal.linear import ratio_of
from logicx.search.optimal.proving import Prover, Undecided
from logicx.search.optimal.restriction import Problem
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from threading import Event

    from numpy.typing import NDArray

    from logicx.scoring.objectives import Objective

UNLIMITED = 4
"""Most concepts of a formula for which a proof is sought without a limit."""

BEAM = 10
"""Width of the beam that a proof starts from."""

FIRST = 3
"""Formulas of up to so many concepts are proven before bounds on longer ones: it takes little."""

LAST_SECONDS = 0.5
"""CPU seconds for a bound after Ctrl-C; a second Ctrl-C stops at once."""


@dataclass(frozen=True)
class Counters:
    """What a proof cost.

    Args:
        passes: Passes over the formulas of one length at one bar.
        contexts: Contexts that were opened.
        pairs: Pairs that were bounded.
        evaluations: Holes that were counted exactly.
        nodes: What `node_limit` limits.
        cpu_seconds: CPU time, the beam included, compilation of the first call too.
    """

    passes: int
    contexts: int
    pairs: int
    evaluations: int
    nodes: int
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
        is_interrupted: Whether Ctrl-C stopped the proof.
    """

    bound: float
    is_proven: bool
    space: str
    counters: Counters
    is_interrupted: bool = False


def optimal(
    bank: ConceptBank,
    on: Firing | NDArray[np.int64],
    *,
    objective: str | Objective = "iou",
    length: int = 3,
    shape: Shape = "tree",
    time_limit: float | None = None,
    node_limit: int | None = None,
    incumbent: Formula | None = None,
    stop: Event | None = None,
) -> Certified:
    """The proven optimum over all formulas of at most `length` concepts.

    Where a limit stops the proof, or Ctrl-C does, the best formula found so far comes back, with
    the bound that was proven by then.

    Args:
        bank: The concepts; all may occur, also those that never meet the unit.
        on: Where the unit fires, or cells of each signature at which it does,
            `int64[n_signatures]`.
        objective: What is maximised: a ratio of sums of tp and fp, as nearly all are, or another
            that grows with tp and falls with fp, for which the bound need not meet the optimum.
        length: Most concepts of a formula, repetitions counted, from 1. From 5 on a limit is
            needed, and from 6 on the bound is a coarse one.
        shape: `tree`, or `chain` where every step adds one concept.
        time_limit: CPU seconds of this thread, above 0, after which the proof stops; it is looked
            at every few milliseconds.
        node_limit: Choices of outer concepts, contexts and pairs after which the proof stops, from
            1; the same on every machine.
        incumbent: A formula of the space to start from, besides what a beam finds.
        stop: Once another thread has set it, the proof stops as with Ctrl-C.

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
    check_options(length, shape, time_limit, node_limit)
    _load_kernels()
    limits = Limits(time_limit, node_limit, stop)
    return _Search(bank, on, known_objective(objective), length, shape, limits, incumbent).run()


@lru_cache
def _load_kernels() -> None:
    """Compile the kernels, or load them from disk, so that no limit counts that."""
    signatures = np.array([[1, 0, 1, 1, 0, 0, 1], [0, 1, 0, 1, 1, 0, 0], [1, 0, 1, 0, 1, 1, 0]])
    bank = ConceptBank.from_masks(signatures.astype(bool), ["A", "B", "C"])
    on = bank.on_counts(np.array([1, 0, 1, 1, 1, 1, 0], dtype=bool))
    goal, limits = known_objective("iou"), Limits(None, None, None)
    _Search(bank, on, goal, 3, "tree", limits, None).run()


def check_options(
    length: int, shape: str, time_limit: float | None, node_limit: int | None
) -> None:
    """Refuse options that mean nothing, alone or together.

    Raises:
        OptionError: They do not.
    """
    check_space(length, shape)
    check_limits(time_limit, node_limit)
    if length > UNLIMITED and time_limit is None and node_limit is None:
        raise OptionError(
            f"length {length} needs a limit: the proof may take hours, or never come",
            hint="time_limit=60 gives the best formula found in 60 CPU seconds, and a bound",
        )


class _Search:
    """State of one search: what an interruption leaves behind."""

    def __init__(
        self,
        bank: ConceptBank,
        on: Firing | NDArray[np.int64],
        goal: Objective,
        length: int,
        shape: Shape,
        limits: Limits,
        incumbent: Formula | None,
    ) -> None:
        """Look at the data; nothing is searched yet."""
        if not bank.n_concepts:
            raise DataError(f"bank {bank.name!r} has no concepts")
        firing = Firing.of(on)
        if not firing.n_on:
            raise DataError("the unit never fires on a valid cell: nothing can be scored")
        self.bank, self.length, self.shape = bank, length, shape
        self.goal, self.limits = goal, limits
        self.n_on, self.n_cells = firing.n_on, bank.n_valid
        ratio = ratio_of(goal, self.n_on, self.n_cells)
        self.knowledge = Knowledge(bank, firing, ratio.at if ratio else self._score)
        if incumbent is not None:
            if not is_within(incumbent, shape) or incumbent.n_atoms > length:
                raise OptionError(f"the incumbent {incumbent} is no formula of the space")
            self.knowledge.add(incumbent)
        problem = Problem.of(bank, firing.dense())
        self.knowledge.add_best_single(goal, problem.p, problem.q)
        prover = Prover(problem, self.knowledge, shape, limits)
        self.proof = Bars(prover, goal, ratio, length) if ratio else Frontier(prover, goal, length)

    def run(self) -> Certified:
        """Prove as much as the limits allow."""
        is_limited, is_proven, is_interrupted = self.limits.is_set, False, False
        try:
            self.knowledge.start(self.goal, self.length, BEAM)
            first = min(FIRST if is_limited else self.length, self.length - 1)
            for n_atoms in range(2, first + 1):
                self.proof.prove(n_atoms)
            if is_limited:
                self.proof.approach()
            for n_atoms in range(first + 1, self.length + 1):
                self.proof.prove(n_atoms)
            is_proven = self.proof.is_closed
        except (LimitReached, Undecided):
            pass
        except KeyboardInterrupt:
            is_interrupted = True
            self._bound_quickly()
        return self._certified(is_proven, is_interrupted)

    def _bound_quickly(self) -> None:
        """Prove some bound after Ctrl-C, unless a limit had one proven, or nobody asks for it."""
        if not (self.limits.is_set or self.limits.is_stopped):
            self.limits.seconds = self.limits.used + LAST_SECONDS
            with suppress(LimitReached, Undecided, KeyboardInterrupt):
                self.proof.approach()

    def _score(self, tp: int, fp: int) -> float:
        return float(self.goal.score(tp, fp, self.n_on, self.n_cells))

    def _certified(self, is_proven: bool, is_interrupted: bool) -> Certified:
        by_length = [self.knowledge.best(k) for k in range(1, self.length + 1)]
        best = [self._found(one) for one in by_length]
        limits, score = self.limits, best[-1].score
        above = float(np.nextafter(float(self.proof.bound), 2))
        contexts, pairs, evaluations, _ = limits.counters.tolist()
        return Certified(
            tuple(best),
            score if is_proven else max(above, score),
            is_proven,
            describe_space(self.bank, self.length, self.shape),
            Counters(limits.n_passes, contexts, pairs, evaluations, limits.n_nodes, limits.used),
            is_interrupted,
        )

    def _found(self, one: Known) -> Found:
        counts = counts_of(one.tp, one.tp + one.fp, self.n_on, self.n_cells)
        return Found(one.formula(), self._score(one.tp, one.fp), counts)
