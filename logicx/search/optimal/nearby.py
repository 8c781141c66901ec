"""Irreducible formulas near the best, all of them, by the passes of a proof.

Let a formula score s, within w of the best, and let none of its concepts go without losing more
than w (see `logicx.search.formulas.near`). At the bar t = best - w it is worth the threshold or
more. What remains of it without some concepts scores less than s - w, which is at most t: so it
lies below the bar, and its worth is smaller by more than w times the least denominator of the
objective (for IoU by w times the unit's cells). That difference is the margin of the passes; it is
large wherever w is, so that few concepts can take part.
"""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.bits import pack, popcount
from logicx.language.formula import Concept
from logicx.language.printing import format_formula
from logicx.scoring.counts import counts_of
from logicx.search.formulas.forms import (
    Form,
    Joined,
    Literal,
    form_of,
    joined,
    n_atoms,
    negated,
    remainders,
    value,
    written,
)
from logicx.search.formulas.near import Near, margin, told
from logicx.search.formulas.shapes import CONNECTIVES, join, n_nots
from logicx.search.optimal.contexts import HOLE, OUTER, contexts
from logicx.search.optimal.gathering import Bar, gathered
from logicx.search.optimal.knowledge import put
from logicx.search.optimal.limits import TooManyFormulas
from logicx.search.optimal.linear import Weights, checked
from logicx.search.optimal.proving import LONGEST_SCAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.language.formula import Formula
    from logicx.scoring.objectives import Objective, Ratio
    from logicx.search.formulas.shapes import Shape
    from logicx.search.optimal.limits import Limits
    from logicx.search.optimal.restriction import Kept, Problem

GRAIN = 10**6
"""The bar is lowered to a multiple of one over this, so that its weights are small numbers."""

ROUNDING = 1e-9
"""More than what is rounded of a difference of scores; nearer ones are compared exactly."""

AT_ONCE = 2048
"""Formulas whose cells are worked out at a time."""

MOST_HELD = 100_000
"""Formulas that are held at most; beyond, the search is cut off."""


class Half(NamedTuple):
    """One half of the space, as it is proven: formulas, or those whose complements are meant.

    Args:
        problem: Bank and unit; of complements, the cells where the unit does not fire.
        goal: What is maximised of these formulas.
        ratio: The same as an exact ratio.
        is_complement: Whether their complements are meant.
    """

    problem: Problem
    goal: Objective
    ratio: Ratio
    is_complement: bool


class _Line(NamedTuple):
    """Weights at a bar.

    Args:
        weights: The weights; a formula that reaches the bar is worth the threshold or more.
        scale: How many of their units one unit of the ratio's sums is.
        grain: The sums are multiples of this.
        slack: How much a worth may differ from that of the sums.
    """

    weights: Weights
    scale: Fraction
    grain: Fraction
    slack: int


def bar_for(half: Half, best: Fraction, within: Fraction) -> Bar:
    """What is gathered to find all that is irreducible and near the best."""
    n_on, n_off = half.problem.n_on, half.problem.n_off
    lower = half.ratio.lower
    corners = [lower.at(tp, fp) for tp in (0, n_on) for fp in (0, n_off)]
    least, most = max(min(corners), Fraction(0)), max(corners)
    lowest = half.ratio.at(0, n_off)
    exact = max(best - within, lowest)
    bar = max(Fraction(floor(exact * GRAIN), GRAIN), lowest)
    line = _line_at(half.ratio, bar, n_on, n_on + n_off)
    lowered = exact - bar
    threshold = line.weights.threshold - 1
    room = floor(line.scale * (within * least - lowered * most)) - line.slack
    cut = line.weights.threshold + ceil(line.scale * (lowered * most + line.grain))
    weights = Weights(line.weights.gain, line.weights.loss, threshold)
    return Bar(weights, min(max(room, 0), threshold), float(cut))


def _line_at(ratio: Ratio, bar: Fraction, n_on: int, n_cells: int) -> _Line:
    upper, lower = ratio
    sums = [
        upper.tp - bar * lower.tp,
        bar * lower.fp - upper.fp,
        bar * lower.rest - upper.rest,
    ]
    scale = Fraction(np.lcm.reduce([one.denominator for one in sums], dtype=object))
    whole = [int(one * scale) for one in sums]
    shared = int(np.gcd.reduce(whole, dtype=object)) or 1
    gain, loss, threshold = (one // shared for one in whole)
    scale, grain, slack = scale / shared, shared / scale, 0
    if not gain:  # cells on are worth 1 in all, less than the cost of a single cell off
        gain, slack = 1, n_on
        loss, threshold, scale = loss * (n_on + 1), threshold * (n_on + 1), scale * (n_on + 1)
    return _Line(checked(Weights(gain, loss, threshold), n_on, n_cells), scale, grain, slack)


class Nearby:
    """Irreducible formulas near the best, as they are found.

    Args:
        halves: The halves of the space.
        best: The best score of the space.
        within: How much less they may score, and what each of their concepts must be worth.
        length: Most concepts of a formula.
        shape: The shape of formulas.
        limits: What may be spent.
    """

    def __init__(
        self,
        halves: Sequence[Half],
        best: Fraction,
        within: float,
        length: int,
        shape: Shape,
        limits: Limits,
    ) -> None:
        """Take the parts over."""
        self._halves, self._best, self._within = halves, best, within
        self._allowed = margin(within)
        self._length, self._shape, self._limits = length, shape, limits
        bank = halves[0].problem.bank
        self._atoms = [bank.atom(i) for i in range(bank.n_concepts)]
        self._found: dict[bytes, tuple[Any, ...]] = {}

    def search(self) -> None:
        """Find them all.

        Raises:
            LimitReached: Not all were looked at.
        """
        for half in self._halves:
            self._take_single(half)
        for n in range(2, min(self._length, LONGEST_SCAN) + 1):
            for half in self._halves:
                bar = bar_for(half, self._best, self._allowed)
                for kept, rows in gathered(half.problem, bar, n, self._shape, self._limits):
                    self._take(half, kept, rows, n)
                    if len(self._found) > MOST_HELD:
                        raise TooManyFormulas

    def near(self, cut: str) -> Near:
        """What was found, and why there may be more, if so."""
        if not cut and self._length > LONGEST_SCAN:
            cut = f"at {LONGEST_SCAN} concepts (longer formulas are not looked at one by one)"
        goal = self._halves[0].goal
        return told(self._found.values(), goal, self._within, len(self._found), cut)

    def _take_single(self, half: Half) -> None:
        p, q = half.problem.p, half.problem.q
        scores = half.goal.score(p, q, half.problem.n_on, half.problem.bank.n_valid)
        near = np.flatnonzero(scores >= float(self._best - self._allowed) - ROUNDING)
        bits = _Bits(half.problem, near)
        for i in near.tolist():
            self._add(half, Literal(i), int(p[i]), int(q[i]), bits.of(i))

    def _take(self, half: Half, kept: Kept, rows: NDArray[np.int64], n: int) -> None:
        """Those of the gathered formulas that are irreducible and near the best."""
        bits = _Bits(half.problem, kept.concepts)
        kinds, which = np.unique(rows[:, :2], axis=0, return_inverse=True)
        for kind, (outer, op) in enumerate(kinds.tolist()):
            template = _template(n - 2, self._shape, outer, op)
            places = kept.concepts[rows[which.reshape(-1) == kind, 2:]]
            for start in range(0, len(places), AT_ONCE):
                self._take_alike(half, bits, template, places[start : start + AT_ONCE])
                self._limits.check()

    def _take_alike(
        self, half: Half, bits: _Bits, template: Form, places: NDArray[np.int64]
    ) -> None:
        """Of formulas of one template, with their concepts c, z, w, a and b."""
        leaves = bits.words[bits.place[places]]
        worth = float(self._best - self._allowed) - ROUNDING
        mine, tp, fp, words = self._scored(half, bits, template, leaves)
        left = np.flatnonzero(mine >= worth)
        leaves, mine = leaves[left], mine[left]
        doubtful = np.zeros(len(left), bool)
        for form in sorted(remainders(template), key=n_atoms, reverse=True):
            if not len(left):
                return
            its, *_ = self._scored(half, bits, form, leaves)
            lost = mine - its - float(self._allowed)
            doubtful |= np.abs(lost) <= ROUNDING
            is_more = lost > -ROUNDING
            left, leaves, mine = left[is_more], leaves[is_more], mine[is_more]
            doubtful = doubtful[is_more]
        for i, is_doubtful in zip(left.tolist(), doubtful.tolist(), strict=True):
            if is_doubtful and not self._loses_more(half, bits, template, places[i]):
                continue
            form = _with_concepts(template, places[i].tolist())
            self._add(half, form, int(tp[i]), int(fp[i]), words[i])

    def _scored(
        self, half: Half, bits: _Bits, form: Form, leaves: NDArray[np.uint64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
        words = value(form, lambda i: leaves[:, i], bits.everything)
        tp, fp = bits.count(words)
        scores = half.goal.score(tp, fp, half.problem.n_on, half.problem.bank.n_valid)
        return scores, tp, fp, words

    def _loses_more(
        self, half: Half, bits: _Bits, template: Form, places: NDArray[np.int64]
    ) -> bool:
        """Whether a formula is irreducible, in exact numbers."""
        leaves = bits.words[bits.place[places]][None]

        def score(form: Form) -> Fraction:
            _, tp, fp, _ = self._scored(half, bits, form, leaves)
            return half.ratio.at(int(tp[0]), int(fp[0]))

        mine = score(template)
        return all(mine - score(one) > self._allowed for one in remainders(template))

    def _add(self, half: Half, form: Form, tp: int, fp: int, words: NDArray[np.uint64]) -> None:
        """Take a formula in if it is near the best; of each meaning the plainest is kept."""
        problem = half.problem
        score = half.ratio.at(tp, fp)
        n_on, n_off, size = problem.n_on, problem.n_off, tp + fp
        if self._best - score > self._allowed or size in (0, n_on + n_off):
            return
        if half.is_complement:
            words, form = ~words & full_words(problem), negated(form)
            tp, size, n_on, n_off = n_off - fp, n_on + n_off - size, n_off, n_on
        key = sha256(np.ascontiguousarray(words).data).digest()
        formula = written(form, self._atoms)
        counts = counts_of(tp, size, n_on, n_on + n_off)
        entry = (
            *(score, n_nots(formula), formula.n_atoms, format_formula(formula), formula),
            counts,
        )
        known = self._found.get(key, entry)
        self._found[key] = min(known, entry, key=lambda one: one[1:4])


class _Bits:
    """Packed bits of some concepts, and the numbers of cells of each signature by digits.

    Args:
        problem: Bank and unit.
        concepts: Numbers of the concepts.
    """

    def __init__(self, problem: Problem, concepts: NDArray[np.int64]) -> None:
        """Look them up."""
        bank = problem.bank
        self.place = np.full(bank.n_concepts, -1)
        self.place[concepts] = np.arange(len(concepts))
        self.everything = full_words(problem)
        words = [bank.words_of(int(one)) for one in concepts]
        self.words = np.array(words, np.uint64).reshape(len(words), len(self.everything))
        self._on, self._off = (_digits(one, problem) for one in (problem.on, problem.off))

    def of(self, concept: int) -> NDArray[np.uint64]:
        """The bits of one."""
        found: NDArray[np.uint64] = self.words[self.place[concept]]
        return found

    def count(self, words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cells on and off of sets of signatures, `uint64[n, n_words]`."""
        counts = []
        for digits in (self._on, self._off):
            total = np.zeros(len(words), np.int64)
            for k, digit in enumerate(digits):
                total += popcount(words & digit) << k
            counts.append(total)
        return counts[0], counts[1]


def full_words(problem: Problem) -> NDArray[np.uint64]:
    """The bits of all signatures."""
    return pack(np.ones(len(problem.order), bool))


def _digits(numbers: NDArray[np.int64], problem: Problem) -> NDArray[np.uint64]:
    """The binary digits of numbers of cells, each as packed bits, in the bank's order."""
    own = np.empty_like(numbers)
    own[problem.order] = numbers
    n = int(own.max(initial=0)).bit_length()
    return pack(np.array([own >> k & 1 for k in range(n)], bool).reshape(n, len(own)))


def _template(n_outer: int, shape: Shape, outer: int, op: int) -> Form:
    """The form of a gathered formula over the places of c, z, w, a and b."""
    whole = contexts(n_outer, shape, n_outer == 3)
    formulas = [one.formula for context in whole for one in context.outers]
    places: tuple[Formula, ...] = (*OUTER, Concept("a"), Concept("b"))
    number = {one: i for i, one in enumerate(places)}
    hole = join(CONNECTIVES[op], Concept("a"), Concept("b"))
    return form_of(put(formulas[outer], {HOLE: hole, **{one: one for one in OUTER}}), number)


def _with_concepts(template: Form, concepts: Sequence[int]) -> Form:
    """The form with concepts in the places of a template."""
    if isinstance(template, Literal):
        return Literal(concepts[template.concept], template.is_negated)
    assert isinstance(template, Joined)
    return joined(template.is_or, [_with_concepts(one, concepts) for one in template.parts])
