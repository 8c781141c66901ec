"""The formulas that a proof starts from and finds, and how they are written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from logicx.engines.numpy_engine import NumpyEngine
from logicx.language.formula import Concept, Formula
from logicx.scoring.counts import count, evaluate
from logicx.search.beam import Beam
from logicx.search.formulas.shapes import CONNECTIVES, join, parts
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import DEFAULT_STEPS, Step
from logicx.search.optimal.contexts import HOLE, OUTER, contexts
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.shapes import Shape
    from logicx.search.optimal.linear import Weights

ROUNDED = 1e-12
"""More than what a score loses by rounding, as a share of it."""


@dataclass(frozen=True)
class Known:
    """A formula with its counts; it is written down when it is asked for."""

    length: int
    tp: int
    fp: int
    formula: Callable[[], Formula]


@dataclass
class Knowledge:
    """All formulas known of one unit, and their exact scores.

    Args:
        bank: The concepts.
        firing: Where the unit fires.
        score_of: The score of a formula from tp and fp; exact where the objective is a ratio.
    """

    bank: ConceptBank
    firing: Firing
    score_of: Callable[[int, int], Fraction | float]
    known: list[Known] = field(default_factory=list)

    def add(self, formula: Formula) -> Known:
        """Take in a formula."""
        counts = count(formula, self.bank, self.firing)
        one = Known(formula.n_atoms, counts.tp, counts.fp, lambda: formula)
        self.known.append(one)
        return one

    def add_best_single(
        self, goal: Objective, tp: NDArray[np.int64], fp: NDArray[np.int64]
    ) -> None:
        """Take in the best single concept, from the counts of all; of equals the first.

        Scores are rounded: those that are as good as the highest are compared exactly.
        """
        scores = goal.score(tp, fp, self.firing.n_on, self.bank.n_valid)
        highest = float(scores.max())
        counts: dict[tuple[int, int], int] = {}
        for i in np.flatnonzero(scores >= highest - ROUNDED * abs(highest)).tolist():
            counts.setdefault((int(tp[i]), int(fp[i])), i)
        best = counts[max(counts, key=lambda one: self.score_of(*one))]
        atom = self.bank.atom(best)
        self.known.append(Known(1, int(tp[best]), int(fp[best]), lambda: atom))

    def score(self, one: Known) -> Fraction | float:
        """Its score."""
        return self.score_of(one.tp, one.fp)

    def best(self, length: int) -> Known:
        """The best formula of at most so many concepts; of equals the shortest, then the first."""
        within = (one for one in self.known if one.length <= length)
        return min(within, key=lambda one: (-self.score(one), one.length))

    def worth(self, weights: Weights, length: int) -> int:
        """The most that a known formula of at most so many concepts, or the empty set, is worth."""
        within = (one for one in self.known if one.length <= length)
        return max((weights.worth(one.tp, one.fp) for one in within), default=0)

    def points(self, length: int) -> list[tuple[int, int]]:
        """The counts (tp, fp) of all known formulas of at most so many concepts."""
        return sorted({(one.tp, one.fp) for one in self.known if one.length <= length})

    def extend(self, goal: Objective, length: int) -> None:
        """Add to the best formulas of every length the concept that improves them most."""
        on, n_on, n_cells = self.firing.dense(), self.firing.n_on, self.bank.n_valid
        lengths = np.diff(self.bank.concepts_of.indptr)
        totals = [self.bank.count, _count_concepts(self.bank, on, lengths)]
        for n_atoms in range(1, length):
            f = self.best(n_atoms).formula()
            holds = evaluate(f, self.bank)
            sizes, both = (
                _count_concepts(self.bank, numbers * holds, lengths)
                for numbers in (self.bank.size, on)
            )
            counts = count(f, self.bank, self.firing)
            f_size = counts.tp + counts.fp
            grown = {
                "OR": (f_size + totals[0] - sizes, counts.tp + totals[1] - both),
                "AND": (sizes, both),
                "AND NOT": (f_size - sizes, counts.tp - both),
            }
            for keyword, (size, tp) in grown.items():
                best = int(np.argmax(goal.score(tp, size - tp, n_on, n_cells)))
                self.add(join(keyword, f, self.bank.atom(best)))

    def start(self, goal: Objective, length: int, width: int) -> None:
        """Take in what a beam finds, and the formula that holds nowhere."""
        engine = NumpyEngine(self.bank, self.firing)
        space = FormulaSpace(
            engine,
            goal,
            [Step.of(one) for one in DEFAULT_STEPS],
            np.arange(self.bank.n_concepts),
        )
        nodes = {}
        for level in Beam(width, length).search(space).levels:
            nodes.update({id(one.node): one.node for one in level})
        for node in nodes.values():
            counts = node.counts
            self.known.append(
                Known(node.length, counts.tp, counts.fp, lambda node=node: node.formula)  # type: ignore[misc]
            )
        if length > 1:
            first = self.bank.atom(0)
            self.known.append(Known(2, 0, 0, lambda: join("AND NOT", first, first)))


def _count_concepts(
    bank: ConceptBank, numbers: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Sums of a number of each signature, over the signatures of each concept."""
    weights = np.repeat(numbers, lengths)
    sums = np.bincount(bank.concepts_of.indices, weights, minlength=bank.n_concepts)
    return sums.astype(np.int64)


def formulas_found(
    k: int, op: int, atoms: Sequence[Formula], n_outer: int, shape: Shape
) -> list[Formula]:
    """The formulas that a scan means: hole `a op b` in every outer formula of context k.

    Args:
        k: Number of the context.
        op: Number of the connective.
        atoms: The concepts c, z, w, a, b.
        n_outer: Number of outer concepts.
        shape: The shape of formulas.
    """
    context = contexts(n_outer, shape)[k]
    *outer_concepts, a, b = atoms
    places = dict(zip(OUTER, outer_concepts, strict=True))
    formulas = []
    for outer in context.outers:
        if shape == "chain" and not context.grows:  # f AND NOT (a OR b), one by one
            formula = join("AND NOT", put(outer.formula, {HOLE: a, **places}), b)
        else:
            hole = join(CONNECTIVES[op], a, b)
            formula = put(outer.formula, {HOLE: hole, **places})
        formulas.append(formula)
    return formulas


def put(formula: Formula, values: dict[Concept, Formula]) -> Formula:
    """The formula with other formulas in the places of concepts."""
    found = parts(formula)
    if found is None:
        assert isinstance(formula, Concept)
        return values[formula]
    keyword, f, g = found
    return join(keyword, put(f, values), put(g, values))
