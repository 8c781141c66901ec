"""The optimum over a stated space, with a certificate."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

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
    complement,
    describe_space,
    is_within,
    n_nots,
    signed,
)
from logicx.search.optimal.bars import Bars
from logicx.search.optimal.frontier import Frontier
from logicx.search.optimal.knowledge import Knowledge
from logicx.search.optimal.limits import LimitReached, Limits, TooManyFormulas, check_limits
from logicx.search.optimal.linear import ratio_of
from logicx.search.optimal.mirror import Mirrored
from logicx.search.optimal.proving import Prover, Undecided
from logicx.search.optimal.restriction import Problem
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from threading import Event

    from numpy.typing import NDArray

    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.near import Near
    from logicx.search.optimal.nearby import Half

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
        near: The irreducible formulas near the best, where they were asked for.
    """

    bound: float
    is_proven: bool
    space: str
    counters: Counters
    is_interrupted: bool = False
    near: Near | None = None


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
    literals: bool = False,
    within: float | None = None,
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
        literals: Whether any concept may have NOT before it: trees are of OR, AND and NOT, chains
            are those of the three steps and their complements.
        within: All irreducible formulas are told that score at most so much less than the best;
            only of an objective that is an exact ratio.

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
    goal = known_objective(objective)
    search = _Search(bank, on, goal, length, shape, limits, incumbent, literals)
    found = search.run()
    return found if within is None else search.with_near(found, within)


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


class _Side:
    """Formulas of one half of the space, against the cells where they should hold.

    Args:
        bank: The concepts.
        firing: Where the unit fires.
        goal: What is maximised.
        length: Most concepts of a formula.
        shape: The shape of formulas.
        limits: What may be spent.
        is_complement: Whether the formulas meant are the complements of those that are proven.
    """

    def __init__(
        self,
        bank: ConceptBank,
        firing: Firing,
        goal: Objective,
        length: int,
        shape: Shape,
        limits: Limits,
        is_complement: bool = False,
    ) -> None:
        """Look at the data; nothing is searched yet."""
        self.is_complement, self._length = is_complement, length
        self._unit_on, self._n_cells = firing.n_on, bank.n_valid
        if is_complement:
            firing, goal = Firing.of(bank.size - firing.dense()), Mirrored(goal)
        self._goal, self._n_on = goal, firing.n_on
        ratio = ratio_of(goal, self._n_on, self._n_cells)
        self.knowledge = Knowledge(bank, firing, ratio.at if ratio else self._score)
        problem = Problem.of(bank, firing.dense())
        self.knowledge.add_best_single(goal, problem.p, problem.q)
        prover = Prover(problem, self.knowledge, shape, limits)
        self.proof = Bars(prover, goal, ratio, length) if ratio else Frontier(prover, goal, length)

    def half(self) -> Half:
        """What it takes to look at all of its formulas near the best.

        Raises:
            OptionError: The objective is no exact ratio.
        """
        from logicx.search.optimal.nearby import Half

        ratio = ratio_of(self._goal, self._n_on, self._n_cells)
        assert ratio is not None
        return Half(self.proof.prover.problem, self._goal, ratio, self.is_complement)

    def start(self) -> None:
        """Take in what a beam finds."""
        self.knowledge.start(self._goal, self._length, BEAM)

    def best_score(self, n_atoms: int) -> Any:
        """The best score known of this side alone; exact where the objective is a ratio."""
        return self.knowledge.score(self.knowledge.best(n_atoms))

    def best(self, n_atoms: int) -> Found:
        """The best formula known of at most so many concepts."""
        one = self.knowledge.best(n_atoms)
        formula, tp, fp = one.formula(), one.tp, one.fp
        score = self._score(tp, fp)
        if self.is_complement:
            formula, tp, fp = complement(formula), self._unit_on - fp, self._n_on - tp
        return Found(formula, score, counts_of(tp, tp + fp, self._unit_on, self._n_cells))

    def _score(self, tp: int, fp: int) -> float:
        return float(self._goal.score(tp, fp, self._n_on, self._n_cells))


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
        literals: bool = False,
    ) -> None:
        """Look at the data; nothing is searched yet."""
        if not bank.n_concepts:
            raise DataError(f"bank {bank.name!r} has no concepts")
        firing = Firing.of(on)
        if not firing.n_on:
            raise DataError("the unit never fires on a valid cell: nothing can be scored")
        self.bank, self.length, self.shape = bank, length, shape
        self.limits, self.literals = limits, literals
        parts = (bank, firing, goal, length, shape, limits)
        self.sides = [_Side(*parts, is_complement=one) for one in ((False, True)[: 1 + literals])]
        for one in self.sides:
            others = [other for other in self.sides if other is not one]
            if others:
                one.proof.rival = others[0].best_score
        if incumbent is not None:
            self._add(incumbent)

    def _add(self, incumbent: Formula) -> None:
        is_complement, formula = False, incumbent
        if self.literals:
            is_complement, formula = signed(incumbent) or (False, incumbent)
        is_one = is_within(formula, self.shape) and incumbent.n_atoms <= self.length
        if not is_one:
            raise OptionError(f"the incumbent {incumbent} is no formula of the space")
        self.sides[is_complement].knowledge.add(formula)

    def run(self) -> Certified:
        """Prove as much as the limits allow."""
        if self.length == 1:  # every formula of the space was scored: they are the concepts
            return self._certified(True, False)
        is_limited, is_proven, is_interrupted = self.limits.is_set, False, False
        try:
            for side in self.sides:
                side.start()
            first = min(FIRST if is_limited else self.length, self.length - 1)
            for n_atoms in range(2, first + 1):
                self._prove(n_atoms)
            if is_limited:
                for side in self.sides:
                    side.proof.approach()
            for n_atoms in range(first + 1, self.length + 1):
                self._prove(n_atoms)
            is_proven = all(side.proof.is_closed for side in self.sides)
        except (LimitReached, Undecided):
            pass
        except KeyboardInterrupt:
            is_interrupted = True
            self._bound_quickly()
        return self._certified(is_proven, is_interrupted)

    def _prove(self, n_atoms: int) -> None:
        for side in self.sides:
            side.proof.prove(n_atoms)

    def _bound_quickly(self) -> None:
        """Prove some bound after Ctrl-C, unless a limit had one proven, or nobody asks for it."""
        if not (self.limits.is_set or self.limits.is_stopped):
            self.limits.seconds = self.limits.used + LAST_SECONDS
            with suppress(LimitReached, Undecided, KeyboardInterrupt):
                for side in self.sides:
                    side.proof.approach()

    def _certified(self, is_proven: bool, is_interrupted: bool) -> Certified:
        best = [self._best(k) for k in range(1, self.length + 1)]
        limits, score = self.limits, best[-1].score
        bound = max(float(side.proof.bound) for side in self.sides)
        contexts, pairs, evaluations, _ = limits.counters.tolist()
        return Certified(
            tuple(best),
            score if is_proven else max(float(np.nextafter(bound, 2)), score),
            is_proven,
            describe_space(self.bank, self.length, self.shape, literals=self.literals),
            Counters(limits.n_passes, contexts, pairs, evaluations, limits.n_nodes, limits.used),
            is_interrupted,
        )

    def with_near(self, found: Certified, within: float) -> Certified:
        """What was found, with the irreducible formulas near it."""
        from logicx.search.optimal.nearby import Nearby

        halves = [side.half() for side in self.sides]
        best = max(side.best_score(self.length) for side in self.sides)
        nearby = Nearby(halves, best, within, self.length, self.shape, self.limits)
        is_interrupted, cut = found.is_interrupted, "before the best was proven"
        if found.is_proven:
            try:
                nearby.search()
                cut = ""
            except TooManyFormulas:
                cut = "as there are too many formulas to look at"
            except LimitReached:
                cut = "by a limit"
            except KeyboardInterrupt:
                is_interrupted, cut = True, "by Ctrl-C"
        near = nearby.near(cut)
        counters = replace(found.counters, cpu_seconds=self.limits.used)
        return replace(found, near=near, counters=counters, is_interrupted=is_interrupted)

    def _best(self, n_atoms: int) -> Found:
        """The best of both sides; of equals that with fewer NOTs, then the shorter."""
        known = [(side.best_score(n_atoms), side.best(n_atoms)) for side in self.sides]
        most = max(score for score, _ in known)
        found = [one for score, one in known if score == most]
        return min(found, key=lambda one: (n_nots(one.formula), one.formula.n_atoms))
