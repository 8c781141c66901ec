"""The best formulas of a small bank that differ in meaning, of all that were tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logicx.banks.bits import unpack
from logicx.scoring.counts import counts_of
from logicx.search.formulas.shapes import Found, complement, n_nots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.language.formula import Formula
    from logicx.scoring.objectives import Objective
    from logicx.units.firing import Firing

CHUNK = 4096
"""Meanings that are counted at once."""


class Part(NamedTuple):
    """Some meanings of one length, or their complements, with their counts.

    Shape: `sizes, both: int64[n]`.
    """

    meanings: list[int]
    sizes: NDArray[np.int64]
    both: NDArray[np.int64]
    is_complement: bool

    def formula(self, level: dict[int, Formula], i: int) -> Formula:
        """The i-th of them as it is written."""
        found = level[self.meanings[i]]
        return complement(found) if self.is_complement else found


def counted(
    meanings: Iterable[int], bank: ConceptBank, firing: Firing, mirrors: bool
) -> Iterator[Part]:
    """Meanings with their counts, some at a time; if asked, complements after each part."""
    octets, everything = bank.packed.shape[1] * 8, list(meanings)
    for start in range(0, len(everything), CHUNK):
        part = everything[start : start + CHUNK]
        data = b"".join(one.to_bytes(octets, "little") for one in part)
        words = np.frombuffer(data, "<u8").astype(np.uint64).reshape(len(part), -1)
        holds = unpack(words, bank.n_signatures)
        sizes, both = holds @ bank.size, holds[:, firing.signatures] @ firing.counts
        yield Part(part, sizes, both, False)
        if mirrors:
            yield Part(part, bank.n_valid - sizes, firing.n_on - both, True)


def best_of(
    levels: list[dict[int, Formula]],
    n_best: int,
    bank: ConceptBank,
    firing: Firing,
    goal: Objective,
    min_support: int,
    literals: bool,
    mirrors: bool,
) -> tuple[Found, ...]:
    """The best formulas of all lengths, each of another meaning, best first.

    Of equals the shorter comes first, then the first; over literals, that with fewer NOTs before.
    If `mirrors`, complements are among them.
    """
    everything = (1 << bank.n_signatures) - 1
    best: list[tuple[float, int, int, int, Found]] = []
    n_seen = 0
    for level in levels:
        for part in counted(level, bank, firing, mirrors):
            sizes, both = part.sizes, part.both
            scores = goal.score(both, sizes - both, firing.n_on, bank.n_valid)
            scores = np.where(sizes >= min_support, scores, -np.inf)
            floor = -best[n_best - 1][0] if len(best) >= n_best else -np.inf
            entering = np.flatnonzero((scores >= floor) & (scores > -np.inf))
            order = entering[np.argsort(-scores[entering], kind="stable")]
            last = -np.inf if len(order) <= n_best else scores[order[n_best - 1]]
            for i in order[scores[order] >= last].tolist():
                score = float(scores[i])
                formula = part.formula(level, i)
                counts = counts_of(int(both[i]), int(sizes[i]), firing.n_on, bank.n_valid)
                meaning = part.meanings[i] ^ (everything if part.is_complement else 0)
                nots = n_nots(formula) if literals else 0
                best.append((-score, nots, n_seen + i, meaning, Found(formula, score, counts)))
            best = _distinct(best)[:n_best]
            n_seen += len(sizes)
    return tuple(one[-1] for one in best)


def _distinct(
    found: list[tuple[float, int, int, int, Found]],
) -> list[tuple[float, int, int, int, Found]]:
    """In order, and of each meaning the first."""
    by_meaning: dict[int, tuple[float, int, int, int, Found]] = {}
    for one in sorted(found, key=lambda one: one[:3]):
        by_meaning.setdefault(one[3], one)
    return list(by_meaning.values())
