"""Exact counts of every one-step expansion of a beam, in NumPy: the delta method.

For a formula f, a concept c and a unit n, the numbers I = |f and c| and J = |f and c and n| give
the counts of `f op c` for every truth table, so a search step needs two rows of counts per formula.
A child differs from its parent only on a set D of signatures, so its rows are the parent's plus or
minus those of D, and rows of D are sums over the few concepts that the signatures of D hold.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.bits import Words, pack, popcount, unpack
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank

PACKING = 2.0**26
"""Two counts below half of this, of either sign, share one float64 exactly: one pass sums both."""


class Rows(NamedTuple):
    """Counts of a formula with every concept: whole numbers below 2^53, of whatever type.

    Shape: `all, on: [n_concepts]`: cells where formula and concept hold; and where the unit is on
    besides.
    """

    all: NDArray[Any]
    on: NDArray[Any]


class NumpyEngine:
    """Counts against one unit.

    Args:
        bank: The concepts.
        on: Where the unit fires, or how many cells of each signature it fires at,
            `int64[n_signatures]`.
    """

    def __init__(self, bank: ConceptBank, on: Firing | NDArray[np.int64]) -> None:
        """Take the parts over; nothing is counted yet."""
        self.bank = bank
        self.firing = Firing.of(on)
        self.n_on = self.firing.n_on
        self.n_cells = bank.n_valid

    @property
    def on(self) -> NDArray[np.int64]:
        """How many cells of each signature the unit fires at, `int64[n_signatures]`."""
        return self.firing.dense()

    @cached_property
    def on_count(self) -> NDArray[np.int64]:
        """Cells of each concept at which the unit fires, `int64[n_concepts]`."""
        firing = self.firing
        sums = self.bank.concepts_of.sums(firing.signatures, firing.counts, self.bank.n_concepts)
        return np.asarray(sums[0], np.int64)

    @cached_property
    def _fire_words(self) -> Words:
        return pack(self.on > 0)

    @cached_property
    def _full(self) -> Words:
        return pack(np.ones(self.bank.n_signatures, dtype=bool))

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        return self.bank.size + self.on * PACKING

    def atom_rows(self, concepts: Sequence[int]) -> list[Rows]:
        """Rows of single concepts: co-occurrence is kept by the bank, only firing cells count."""
        words = np.array([self.bank.words_of(one) for one in concepts]) & self._fire_words
        on_rows = self._rows(words, np.zeros_like(words), self.on.astype(np.float64))
        return [
            Rows(self.bank.together_with(concept), on)
            for concept, on in zip(concepts, on_rows, strict=True)
        ]

    def without(self, rows: Rows) -> Rows:
        """Rows of the complement of a formula, from those of the formula."""
        return Rows(self.bank.count - rows.all, self.on_count - rows.on)

    def child_rows(
        self, children: Words, parents: Words, rows: Sequence[Rows | None]
    ) -> list[Rows]:
        """Rows of formulas from those of their parents, where these are known.

        Shape: `children, parents: uint64[n, ceil(n_signatures / 64)]`, one of `rows` per parent.

        Cost: the concepts of the signatures on which child and parent differ, or of all of the
        child's, or of all others, where those are fewer.
        """
        delta = children ^ parents
        n_held, n_delta = popcount(children), popcount(delta)
        n_rest = self.bank.n_signatures - n_held
        n_delta[[one is None for one in rows]] = self.bank.n_signatures + 1
        is_anew = (n_held < n_delta) & (n_held <= n_rest)
        is_rest = (n_rest < n_delta) & (n_rest < n_held)
        delta[is_anew] = children[is_anew]
        delta[is_rest] = ~children[is_rest] & self._full
        lost = delta & ~children
        if self.n_cells < PACKING / 2:
            both = self._rows(delta, lost, self._weights)
            on = np.rint(both / PACKING)
            changes = zip(both - on * PACKING, on, strict=True)
        else:
            sizes = self._rows(delta, lost, self.bank.size.astype(np.float64))
            changes = zip(sizes, self._rows(delta, lost, self.on.astype(np.float64)), strict=True)
        everything, nothing = Rows(self.bank.count, self.on_count), Rows(0, 0)  # type: ignore[arg-type]
        found = []
        for i, (all_, on) in enumerate(changes):
            before = nothing if is_anew[i] else everything if is_rest[i] else rows[i]
            assert before is not None
            found.append(Rows(before.all + all_, before.on + on))
        return found

    def _rows(
        self, gained: Words, lost: Words, weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Weights of signatures summed by concept, those of `lost` with a minus.

        Shape: `gained, lost: uint64[n, n_words]` (lost within gained) `-> float64[n, n_concepts]`.
        """
        which, at = np.nonzero(gained)
        bits = np.flatnonzero(unpack(gained[which, at], 64 * len(at)))
        place, bit = np.divmod(bits, 64)
        signatures = at[place] * 64 + bit
        signed = weights[signatures]
        if lost.any():
            signed[unpack(lost[which, at], 64 * len(at))[bits]] *= -1
        return self.bank.concepts_of.sums(
            signatures, signed, self.bank.n_concepts, which[place], len(gained)
        )
