"""Compiled: packed bits of formulas, and how often every concept holds where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.kernels import compiling, count_bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.engines.layout import Bank, Unit

entry = compiling(what="the beam search", seconds=15, error_model="numpy", _nrt=False)
"""Compile a function that Python calls. Arrays are not counted by reference (`_nrt`), which took a
sixth of the time; so a compiled function must not make any: it works in memory that it is given."""

compiled = compiling(is_inner=True, error_model="numpy", _nrt=False)
"""Compile a function that only compiled ones call."""


@compiled
def lay(out: NDArray[np.uint64], bank: Bank, concept: int) -> None:
    """Packed bits of a concept."""
    row = bank.row_of[concept]
    if row >= 0:
        for w in range(len(out)):
            out[w] = bank.words[row, w]
        return
    for w in range(len(out)):
        out[w] = 0
    for j in range(bank.listed_indptr[concept], bank.listed_indptr[concept + 1]):
        s = bank.listed[np.uint64(j)]
        out[s >> np.uint32(6)] |= np.uint64(1) << np.uint64(s & np.uint32(63))


@compiled
def join(
    out: NDArray[np.uint64], f: NDArray[np.uint64], c: NDArray[np.uint64],
    table: NDArray[np.uint64], full: NDArray[np.uint64],
) -> None:  # fmt: skip
    """Words of the formula that a step makes of f and c."""
    ff, ft, tf, tt = table
    for w in range(len(out)):
        made = (ff & ~f[w] & ~c[w]) | (ft & c[w] & ~f[w]) | (tf & f[w] & ~c[w]) | (tt & f[w] & c[w])
        out[w] = made & full[w]


@compiled
def are_equal(mine: NDArray[np.uint64], theirs: NDArray[np.uint64]) -> bool:
    """Whether two sets of signatures are the same."""
    for w in range(len(mine)):  # noqa: SIM110, a compiled loop
        if mine[w] != theirs[w]:
            return False
    return True


@compiled
def n_common(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> int:
    """How many signatures two sets share."""
    n = 0
    for w in range(len(a)):
        n += np.int64(count_bits(a[w] & b[w]))
    return n


@compiled
def weigh_common(
    a: NDArray[np.uint64], b: NDArray[np.uint64], weights: NDArray[Any], planes: NDArray[np.uint64]
) -> int:
    """Weight of the signatures that two sets share; by binary digits where there are such."""
    n = 0
    if len(planes):
        for i in range(len(planes)):
            for w in range(len(a)):
                n += np.int64(count_bits(a[w] & b[w] & planes[i, w])) << i
        return n
    for w in range(len(a)):
        word = a[w] & b[w]
        while word != 0:
            rest = word & (word - np.uint64(1))
            s = np.uint64(w * 64) + count_bits((word ^ rest) - np.uint64(1))
            word = rest
            n += np.int64(weights[s])
    return n


@compiled
def _n_common_with(a: NDArray[np.uint64], rows: NDArray[np.uint64], row: int) -> int:
    n = 0
    for w in range(len(a)):
        n += np.int64(count_bits(a[w] & rows[row, w]))
    return n


@compiled
def add(
    row: NDArray[Any], words: NDArray[np.uint64], sign: int, weights: NDArray[Any],
    planes: NDArray[np.uint64], bank: Bank, part: NDArray[np.uint64],
) -> None:  # fmt: skip
    """Add to the count of every concept the weights of some signatures, or take them away.

    Args:
        row: The counts.
        words: The signatures.
        sign: 1 or -1.
        weights: Of every signature.
        planes: Binary digits of these, packed.
        bank: The bank.
        part: Scratch, of the shape of `words`.

    Cost: the concepts of those signatures; or, where that is less, packed words of the frequent
    concepts and the rare concepts of those signatures.
    """
    n, n_words = n_common(words, words), len(words)
    if n == 0:
        return
    indptr, indices = bank.indptr, bank.indices
    n_saved = n * (len(indices) - len(bank.rare_indices)) // len(weights)
    if n_saved > bank.word_price * (len(bank.frequent) * n_words * len(planes)):
        indptr, indices = bank.rare_indptr, bank.rare_indices
        frequent, all_words = bank.frequent, bank.words
        for i in range(len(planes)):
            for w in range(n_words):
                part[w] = words[w] & planes[i, w]
            for k in range(len(frequent)):
                row[frequent[k]] += sign * (_n_common_with(part, all_words, k) << i)
    for w in range(n_words):
        word = words[w]
        while word != 0:
            rest = word & (word - np.uint64(1))
            s = np.uint64(w * 64) + count_bits((word ^ rest) - np.uint64(1))
            word = rest
            weight = sign * weights[s]
            for j in range(np.uint64(indptr[s]), np.uint64(indptr[s + np.uint64(1)])):
                row[indices[j]] += weight


@entry
def together(row: NDArray[Any], bank: Bank, concept: int, scratch: NDArray[np.uint64]) -> None:
    """Cells of every concept together with one, into a row of zeros."""
    lay(scratch[0], bank, concept)
    add(row, scratch[0], np.int64(1), bank.size, bank.size_planes, bank, scratch[1])


@entry
def count_on(row: NDArray[Any], bank: Bank, unit: Unit, part: NDArray[np.uint64]) -> None:
    """Cells of every concept at which the unit fires, into a row of zeros."""
    add(row, unit.fires, np.int64(1), unit.on, unit.on_planes, bank, part)


@entry
def read_unit(on: NDArray[Any], fires: NDArray[np.uint64], planes: NDArray[np.uint64]) -> None:
    """Mark where a unit fires, and the binary digits of its on-counts, in words of zeros."""
    for s in range(len(on)):
        if on[s] != 0:
            bit = np.uint64(1) << np.uint64(s & 63)
            fires[s >> 6] |= bit
            for i in range(len(planes)):
                if (on[s] >> i) & 1:
                    planes[i, s >> 6] |= bit
