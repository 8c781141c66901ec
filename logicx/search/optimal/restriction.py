"""What a pass works on: the concepts that can be in a better formula, and tables of them.

If a formula of at most k concepts is worth more than `best`, then without any one of its concepts
(that is, with the empty set in its place) it is worth at most the most that k - 1 concepts reach.
So each of its concepts makes a difference of more than `best` minus that, the *margin*. Where the
formula grows with a concept, the difference is at most the worth of the concept's cells that are
on; where it shrinks, the cost of those that are off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.bits import WORD_BITS, n_words, pack
from logicx.errors import OptionError
from logicx.search.optimal.contexts import ALL_CELLS, C_CELLS, W_CELLS, contexts, split_of
from logicx.search.optimal.kernels import N_NOTED, Plan, Scratch, Side, Tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.search.formulas.shapes import Shape
    from logicx.search.optimal.linear import Weights

MAX_CONCEPTS = 30_000
"""Concepts that a pass keeps at most: four tables of their pairs are reserved."""


@dataclass(frozen=True)
class Problem:
    """A bank and a unit, with the signatures in an order that keeps large numbers together.

    Args:
        bank: The concepts.
        on, off: Cells of each signature where the unit fires, and where not, in that order.
        order: Signature at each place.
        p, q: Cells of each concept where the unit fires, and where not.
    """

    bank: ConceptBank
    on: NDArray[np.int64]
    off: NDArray[np.int64]
    order: NDArray[np.int64]
    p: NDArray[np.int64]
    q: NDArray[np.int64]

    @staticmethod
    def of(bank: ConceptBank, on: NDArray[np.int64]) -> Problem:
        """Count every concept."""
        if bank.n_valid >= np.iinfo(np.int32).max:
            raise OptionError(f"{bank.n_valid:,} cells are too many: proofs count in 32 bits")
        off = bank.size - on
        order = np.argsort(-np.maximum(on, off), kind="stable")
        lengths = np.diff(bank.concepts_of.indptr)
        both = np.bincount(
            bank.concepts_of.indices, np.repeat(on, lengths), minlength=bank.n_concepts
        ).astype(np.int64)
        return Problem(bank, on[order], off[order], order, both, bank.count - both)

    @cached_property
    def corners(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The counts (tp, fp) of sets of signatures that no formula can exceed.

        A formula takes whole signatures, and none without a concept. Sorted by the share of cells
        that are on, the first so many are worth the most at some weights, and at all weights one
        such set is: no formula lies above the line through them, tp over fp.
        """
        has_some = np.diff(incidence(self, np.arange(self.bank.n_concepts))[0]) > 0
        on, off = self.on[has_some], self.off[has_some]
        order = np.argsort(-on / np.maximum(on + off, 1), kind="stable")
        zero = np.zeros(1, np.int64)
        tp = np.concatenate([zero, np.cumsum(on[order])])
        fp = np.concatenate([zero, np.cumsum(off[order])])
        return tp, fp

    @property
    def n_on(self) -> int:
        """Cells where the unit fires."""
        return int(self.on.sum())

    @property
    def n_off(self) -> int:
        """Cells where it does not."""
        return int(self.off.sum())


@dataclass(frozen=True)
class Restriction:
    """The concepts that a pass keeps, and its tables.

    Args:
        concepts: Number of each kept concept, as in `Kept`.
        tables: What the kernels read and fill.
        grow: The side of holes with which a formula grows.
        shrink: The side of those with which it shrinks.
    """

    concepts: NDArray[np.int64]
    tables: Tables
    grow: Side
    shrink: Side


@dataclass(frozen=True)
class Kept:
    """The concepts that can make a difference of more than a margin, and on which sides.

    Args:
        concepts: Number of each; those that may only help a formula grow, then those that may do
            both, then those that may only help it shrink; each by descending size.
        n_growing: How many come first that may help it grow.
        first_shrinking: From which on they may help it shrink.
    """

    concepts: NDArray[np.int64]
    n_growing: int
    first_shrinking: int

    @staticmethod
    def of(problem: Problem, weights: Weights, margin: int) -> Kept:
        """Compare what every concept has at stake."""
        p, q = problem.p, problem.q
        grows = weights.gain * p > margin
        shrinks = weights.loss * q > margin
        by_size = np.argsort(-p, kind="stable")
        sort = np.where(grows & ~shrinks, 0, np.where(grows, 1, np.where(shrinks, 2, 3)))[by_size]
        concepts = np.concatenate([by_size[sort == k] for k in range(3)])
        return Kept(concepts, int((sort <= 1).sum()), int((sort == 0).sum()))


def restrict(problem: Problem, weights: Weights, kept: Kept, n_outer: int) -> Restriction:
    """The tables of a pass over the kept concepts."""
    p, q, concepts = problem.p, problem.q, kept.concepts
    n_growing, first_shrinking = kept.n_growing, kept.first_shrinking
    m = len(concepts)
    if m > MAX_CONCEPTS:
        raise OptionError(
            f"{m:,} concepts may be in a better formula, a proof takes {MAX_CONCEPTS:,} at most",
            hint="use a shorter length, or strategy='beam'",
        )
    indptr, indices = incidence(problem, concepts)
    on_planes, on_ends = _planes(problem.on)
    off_planes, off_ends = _planes(problem.off)
    all_on, all_off = np.empty((m, m), np.int32), np.empty((m, m), np.int32)
    part_on, part_off = all_on, all_off
    if n_outer >= 2:
        part_on, part_off = np.empty((m, m), np.int32), np.empty((m, m), np.int32)
    in_on, in_off, in_part_on, in_part_off = all_on, all_off, part_on, part_off
    if n_outer == 3:
        in_on, in_off = np.empty((m, m), np.int32), np.empty((m, m), np.int32)
        in_part_on, in_part_off = np.empty((m, m), np.int32), np.empty((m, m), np.int32)
    tables = Tables(
        n_growing,
        first_shrinking,
        indptr,
        indices,
        _bits(indptr, indices, m),
        problem.on.astype(np.int32),
        problem.off.astype(np.int32),
        on_planes,
        off_planes,
        on_ends,
        off_ends,
        all_on,
        all_off,
        part_on,
        part_off,
        in_on,
        in_off,
        in_part_on,
        in_part_off,
        np.zeros(m, np.uint8),
        np.full(m, -1),
        np.full(m, -1),
        np.full(m, -1),
        np.zeros((3, m), np.int32),
        np.zeros((3, m), np.int32),
    )
    gain, loss = float(weights.gain), float(weights.loss)
    x, y = p[concepts].astype(np.int32), q[concepts].astype(np.int32)
    n_on, n_off = float(problem.n_on), float(problem.n_off)
    grow = Side(
        *(1, 0, n_growing, first_shrinking, m, gain, loss, x, y, n_on, n_off),
        *(all_on, all_off, part_on, part_off),
        *(in_on, in_off, in_part_on, in_part_off, tables.most_off),
    )
    shrink = Side(
        *(-1, first_shrinking, m, 0, n_growing, loss, gain, y, x, n_off, n_on),
        *(all_off, all_on, part_off, part_on),
        *(in_off, in_on, in_part_off, in_part_on, tables.most_on),
    )
    return Restriction(concepts, tables, grow, shrink)


def scratch_for(restriction: Restriction, plan: Plan, n_rows: int = 0) -> Scratch:
    """Memory for the scans of a pass; with rows, holes are noted and not only the best kept."""
    m, n = restriction.tables.bits.shape
    return Scratch(
        np.empty(m),
        np.empty(m),
        np.empty(m, np.int64),
        np.empty(m, np.int64),
        np.empty((7, m)),
        np.empty((7, m)),
        np.empty(m),
        np.empty(n, np.uint64),
        np.empty(n, np.uint64),
        np.zeros((2, 16)),
        np.zeros((2, 16)),
        np.zeros(16),
        np.zeros(16),
        np.zeros(len(plan.outer_base), np.int64),
        np.zeros(len(plan.region), np.int64),
        np.full(4, -1),
        np.zeros((n_rows, N_NOTED), np.int64),
        np.zeros(1, np.int64),
        np.zeros(4, np.int64),
        np.zeros(2),
    )


@lru_cache
def plan_for(n_outer: int, shape: Shape, is_whole: bool = False) -> Plan:
    """The contexts with so many outer concepts, as arrays."""
    found = contexts(n_outer, shape, is_whole)
    halves = [_half(one.region, n_outer) for one in found]
    outers = [outer for one in found for outer in one.outers]
    needs = [need for outer in outers for need in outer.needs]

    def starts(sizes: list[int]) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])

    def splits(cells: list[int]) -> NDArray[np.float64]:
        outside = np.array([split_of(one & 15) for one in cells], np.float64)
        inside = np.array([split_of(one >> 4) for one in cells], np.float64)
        return np.concatenate([outside, inside - outside], axis=1)

    regions = [one.region for one in found]
    return Plan(
        n_outer,
        np.array(regions),
        np.array([half for half, _, _ in halves]),
        np.array([1 if one.grows else -1 for one in found]),
        np.array([one.ops for one in found]),
        np.array([_side_of_c(region) if n_outer >= 2 else 0 for region in regions]),
        _pair_factors([known for _, known, _ in halves]),
        _pair_factors([rest for _, _, rest in halves]),
        splits(regions),
        splits([half for half, _, _ in halves]),
        splits([known & ~half for half, known, _ in halves]),
        starts([len(one.outers) for one in found]),
        np.array([one.base for one in outers]),
        np.array([one.grows[0] for one in outers], np.int64),
        np.array([one.grows[1] for one in outers], np.int64),
        np.array([one.grows[2] for one in outers], np.int64),
        np.array([one.is_twin for one in outers], np.int64),
        starts([len(one.needs) for one in outers]),
        np.array([one.cells for one in needs], np.int64),
        np.array([one.shrinks for one in needs], np.int64),
        np.array([_quarters(region) for region in regions], np.int64),
        np.array([_quarters(one.cells) for one in needs], np.int64),
    )


def _half(region: int, n_outer: int) -> tuple[int, int, int]:
    """Where only bounds are known, the part of the cells it lies in, and where pairs are exact.

    Pairs are counted exactly in the four quarters by c and w, that is where z cuts none in two.
    """
    if n_outer < 2:
        return region, ALL_CELLS, 0
    half = known = rest = 0
    for quarter in (C_CELLS & ~W_CELLS, ~C_CELLS & ~W_CELLS, C_CELLS & W_CELLS, ~C_CELLS & W_CELLS):
        cells = quarter & ALL_CELLS
        within = region & cells
        if within == cells:
            rest |= cells
        elif within:
            half |= within
            known |= cells
    return half, known, rest


def _pair_factors(cells: list[int]) -> NDArray[np.float64]:
    """The factors of the pair tables (all, in c, in w, in both) that count in quarters."""
    factors = []
    for one in cells:
        neither, c, w, both = (one >> k & 1 for k in (0, 1, 4, 5))
        factors.append((neither, c - neither, w - neither, both - w - c + neither))
    return np.array(factors, np.float64)


def _quarters(cells: int) -> int:
    """The cells of (c, w) that a set of cells of (c, z, w) meets."""
    met = cells | cells >> 2
    return met & 0b11 | met >> 2 & 0b1100


def _side_of_c(region: int) -> int:
    """Whether a set of cells lies within c (1), without (2), or on both sides (0)."""
    return 1 if not region & ~C_CELLS else 2 if not region & C_CELLS else 0


def incidence(
    problem: Problem, concepts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The kept concepts of each signature, in the problem's order of signatures."""
    new = np.full(problem.bank.n_concepts, -1, np.int32)
    new[concepts] = np.arange(len(concepts), dtype=np.int32)
    old, lengths = problem.bank.concepts_of.gather(problem.order)
    indices = new[old]
    is_kept = indices >= 0
    kept_before = np.concatenate([[0], np.cumsum(is_kept)])
    indptr = kept_before[np.concatenate([[0], np.cumsum(lengths)])]
    return indptr.astype(np.int64), indices[is_kept]


def _bits(indptr: NDArray[np.int64], indices: NDArray[np.int32], m: int) -> NDArray[np.uint64]:
    """Packed bits of every kept concept over the signatures."""
    n = len(indptr) - 1
    places = np.repeat(np.arange(n), np.diff(indptr))
    bits = np.zeros(m * n_words(n), np.uint64)
    one = np.left_shift(np.uint64(1), (places % WORD_BITS).astype(np.uint64))
    np.bitwise_or.at(bits, indices * np.int64(n_words(n)) + places // WORD_BITS, one)
    return bits.reshape(m, n_words(n))


def _planes(numbers: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The binary digits of numbers as packed bits, and how many words of each hold ones."""
    n_planes = max(1, int(numbers.max(initial=0)).bit_length())
    planes = pack(np.array([numbers >> k & 1 for k in range(n_planes)]))
    ends = [int(np.flatnonzero(one)[-1]) + 1 if one.any() else 0 for one in planes]
    return planes, np.array(ends)
