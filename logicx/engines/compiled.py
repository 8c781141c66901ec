"""The beam search against one unit, compiled: exact, and of the same outcome as `search/beam.py`.

The method is that of `numpy_engine.py`: two rows of counts per formula, a child's rows from its
parent's. Three things make it fast besides: a candidate is first held against the worst formula of
the beam by a linear inequality, eight at a time and without a division; what enters the beam is
sorted in at once, so that the bar rises while candidates are walked; and where scores follow from
meaning, a formula is expanded once only (see `Rules.expands_once`).

All kernels stand in this one file, because Numba's cache watches only the file of a kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from logicx.engines.layout import (
    ACCURACY,
    CARRIED,
    CONCEPT,
    DEPTH,
    DICE,
    FBETA,
    IOU,
    ON,
    PARENT,
    PRECISION,
    RECALL,
    SIZE,
    STEP,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from numpy.typing import NDArray

    from logicx.engines.layout import Bank, Levels, Rules, Store, Unit

    F = TypeVar("F", bound=Callable[..., Any])

BLOCK = 64
SLACK = 1e-13


def compiled(function: F) -> F:
    """Compile once, keep it on disk, and run without the lock of the interpreter."""
    kernel: F = njit(cache=True, nogil=True, error_model="numpy")(function)
    return kernel


@intrinsic  # type: ignore[untyped-decorator]
def _n_ones(_: Any, word: Any) -> Any:
    """Number of set bits, as one instruction; loops over it are vectorised."""
    return types.uint64(types.uint64), lambda _c, builder, _s, args: builder.ctpop(args[0])


@compiled
def _ones(word: np.uint64) -> int:
    return np.int64(_n_ones(word))  # type: ignore[return-value]


@compiled
def _score(kind: int, b: float, tp: int, size: int, n_on: int, n_cells: int) -> float:
    """The objective, operation by operation as in `objectives.py`."""
    if kind == IOU:
        above, below = float(tp), float(size - tp + n_on)
    elif kind == PRECISION:
        above, below = float(tp), float(size)
    elif kind == RECALL:
        above, below = float(tp), float(n_on)
    elif kind == DICE:
        above, below = float(2 * tp), float(size + n_on)
    elif kind == FBETA:
        above, below = (1 + b) * float(tp), float(size) + b * float(n_on)
    elif kind == ACCURACY:
        above, below = float(n_cells - (size - tp) - (n_on - tp)), float(n_cells)
    else:
        fn = n_on - tp
        above = float(tp) * float(n_cells - size - fn) - float(size - tp) * float(fn)
        sides = np.sqrt(float(size)) * np.sqrt(float(n_cells - size))
        below = sides * np.sqrt(float(n_on)) * np.sqrt(float(n_cells - n_on))
    return above / below if below != 0 else 0.0


@compiled
def _bar(kind: int, b: float, floor: float, n_on: int, n_cells: int) -> tuple[float, float, float]:
    """Numbers p, q, r such that `p·tp + q·size + r > 0` wherever the score is above the floor.

    The last holds a slack that outweighs the rounding of sums of a few such terms.
    """
    if not floor >= 0:
        return 0.0, 0.0, 1.0
    on, n = float(n_on), float(n_cells)
    if kind == IOU:
        p, q, r = 1 + floor, -floor, -floor * on
    elif kind == PRECISION:
        p, q, r = 1.0, -floor, 0.0
    elif kind == RECALL:
        p, q, r = 1.0, 0.0, -floor * on
    elif kind == DICE:
        p, q, r = 2.0, -floor, -floor * on
    elif kind == FBETA:
        p, q, r = 1 + b, -floor, -floor * b * on
    elif kind == ACCURACY:
        p, q, r = 2.0, -1.0, n - on - floor * n
    else:
        p, q, r = n, -on, 0.0
    return p, q, r + SLACK * (8 * n * (abs(p) + abs(q)) + abs(r))


@compiled
def _joined(f: np.uint64, c: np.uint64, table: NDArray[np.uint64]) -> np.uint64:
    """A word of the formula that a step makes of words of f and c."""
    return (table[0] & ~f & ~c) | (table[1] & c & ~f) | (table[2] & f & ~c) | (table[3] & f & c)


@compiled
def _is_equal(
    bank: Bank, rules: Rules, store: Store, parent: int, step: int, concept: int, other: int,
    other_step: int, other_concept: int,
) -> bool:  # fmt: skip
    """Whether a candidate denotes what another does, or (`other_step` CARRIED) a kept formula."""
    for w in range(len(bank.full)):
        mine = _joined(store.words[parent, w], bank.words[concept, w], rules.tables[step])
        theirs = store.words[other, w]
        if other_step != CARRIED:
            theirs = _joined(theirs, bank.words[other_concept, w], rules.tables[other_step])
        if (mine ^ theirs) & bank.full[w] != 0:
            return False
    return True


@compiled
def _enter(
    bank: Bank, rules: Rules, levels: Levels, store: Store, level: int, score: float,
    new: NDArray[np.int64],
) -> None:  # fmt: skip
    """Sort a candidate into the beam, unless it equals a formula of the last or of this one.

    Candidates come in order of enumeration, so those of equal score are passed by.
    """
    scores, parts, n = levels.scores[level], levels.parts[level], levels.n_kept[level]
    last = n if n < len(scores) else n - 1
    if rules.drops_equals:
        parent = store.place[level - 1, new[PARENT]] if level else len(store.words) - 1
        step, concept = new[STEP], new[CONCEPT]
        for i in range(levels.n_kept[level - 1] if level else 0):
            old = levels.parts[level - 1, i]
            if old[SIZE] == new[SIZE] and old[ON] == new[ON]:
                other = store.place[level - 1, i]
                if _is_equal(bank, rules, store, parent, step, concept, other, CARRIED, 0):
                    return
        for i in range(n):
            old = parts[i]
            if old[STEP] != CARRIED and old[SIZE] == new[SIZE] and old[ON] == new[ON]:
                other = store.place[level - 1, old[PARENT]] if level else parent
                if _is_equal(
                    bank, rules, store, parent, step, concept, other, old[STEP], old[CONCEPT]
                ):
                    if scores[i] >= score:
                        return
                    last = i
                    break
    if last == n:
        levels.n_kept[level] = n + 1
    while last > 0 and scores[last - 1] < score:
        scores[last] = scores[last - 1]
        parts[last] = parts[last - 1]
        last -= 1
    scores[last] = score
    parts[last] = new


@compiled
def _floor(levels: Levels, level: int) -> float:
    """What a candidate must score above to enter the beam."""
    n, width = levels.n_kept[level], levels.scores.shape[1]
    return float(levels.scores[level, n - 1]) if n == width else -np.inf


@compiled
def _add(
    row: NDArray[Any], words: NDArray[np.uint64], sign: int, weights: NDArray[Any],
    planes: NDArray[np.uint64], bank: Bank,
) -> None:  # fmt: skip
    """Add to the count of every concept the weights of some signatures, or take them away.

    Cost: the concepts of those signatures; or, where that is less, packed words of the frequent
    concepts and the rare concepts of those signatures.
    """
    n, n_words = 0, len(words)
    for w in range(n_words):
        n += _ones(words[w])
    if n == 0:
        return
    indptr, indices = bank.indptr, bank.indices
    n_saved = n * (len(indices) - len(bank.rare_indices)) // len(weights)
    if 8 * n_saved > len(bank.frequent) * n_words * len(planes):
        indptr, indices = bank.rare_indptr, bank.rare_indices
        part = np.empty_like(words)
        for i in range(len(planes)):
            for w in range(n_words):
                part[w] = words[w] & planes[i, w]
            for concept in bank.frequent:
                both = 0
                for w in range(n_words):
                    both += _ones(part[w] & bank.words[concept, w])
                row[concept] += sign * (both << i)
    for w in range(n_words):
        word = words[w]
        while word != 0:
            rest = word & (word - np.uint64(1))
            s = w * 64 + _ones((word ^ rest) - np.uint64(1))
            word = rest
            weight = sign * weights[s]
            for j in range(indptr[s], indptr[s + 1]):
                row[indices[j]] += weight


@compiled
def together(row: NDArray[Any], bank: Bank, concept: int) -> None:
    """Cells of every concept together with one, into a row of zeros."""
    _add(row, bank.words[concept], 1, bank.size, bank.size_planes, bank)


@compiled
def count_on(row: NDArray[Any], bank: Bank, unit: Unit) -> None:
    """Cells of every concept at which the unit fires, into a row of zeros."""
    _add(row, unit.fires, 1, unit.on, unit.on_planes, bank)


@compiled
def read_unit(on: NDArray[Any], fires: NDArray[np.uint64], planes: NDArray[np.uint64]) -> None:
    """Mark where a unit fires, and the binary digits of its on-counts, in words of zeros."""
    for s in range(len(on)):
        if on[s] != 0:
            bit = np.uint64(1) << np.uint64(s & 63)
            fires[s >> 6] |= bit
            for i in range(len(planes)):
                if (on[s] >> i) & 1:
                    planes[i, s >> 6] |= bit


@compiled
def start(bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store) -> None:
    """The beam of single concepts."""
    new = np.zeros(6, np.int64)
    new[STEP], new[DEPTH] = len(rules.steps), 1
    for concept in range(len(bank.count)):
        tp, size = unit.on_count[concept], bank.count[concept]
        score = _score(rules.kind, rules.beta_squared, tp, size, unit.n_on, unit.n_cells)
        if score > _floor(levels, 0):
            new[CONCEPT], new[SIZE], new[ON] = concept, size, tp
            _enter(bank, rules, levels, store, 0, score, new)


@compiled
def _expand(
    bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store, level: int, slot: int,
    counts: NDArray[np.float64], on_counts: NDArray[np.float64],
) -> None:  # fmt: skip
    """Walk all expansions of one formula and sort those that are good enough into the beam."""
    f, f_on, depth = levels.parts[level - 1, slot, SIZE:]
    alls, ons = store.all[store.place[level - 1, slot]], store.on[store.place[level - 1, slot]]
    n_steps, n_concepts = len(rules.steps), len(bank.count)
    sizes, tps = np.empty(n_steps, np.int64), np.empty(n_steps, np.int64)
    factor = 0.0
    for i in range(n_steps):
        sizes[i] = rules.steps[i, 0] * unit.n_cells + rules.steps[i, 1] * f
        tps[i] = rules.steps[i, 0] * unit.n_on + rules.steps[i, 1] * f_on
        factor = max(factor, rules.factors[depth - 1 + rules.added[i]])
    of_c, of_both = np.empty(BLOCK), np.empty(BLOCK)
    new = np.empty(6, np.int64)
    for first in range(0, n_concepts, BLOCK):
        n = min(BLOCK, n_concepts - first)
        floor = _floor(levels, level) / factor
        p, q, r = _bar(rules.kind, rules.beta_squared, floor, unit.n_on, unit.n_cells)
        for j in range(n):
            of_c[j] = p * on_counts[first + j] + q * counts[first + j]
            of_both[j] = p * float(ons[first + j]) + q * float(alls[first + j])
        for i in range(n_steps):
            c, both = float(rules.steps[i, 2]), float(rules.steps[i, 3])
            base = p * float(tps[i]) + q * float(sizes[i]) + r
            is_above = False
            if rules.one_sided[i] and rules.drops_equals:
                change = float(sizes[i] - f)
                for j in range(n):
                    is_above |= (base + c * of_c[j] + both * of_both[j] > 0) & (
                        change + c * counts[first + j] + both * float(alls[first + j]) != 0
                    )
            else:
                for j in range(n):
                    is_above |= base + c * of_c[j] + both * of_both[j] > 0
            if is_above:
                break
        else:
            continue
        for j in range(n):
            concept = first + j
            if not rules.may_add[concept]:
                continue
            for i in range(n_steps):
                c, both = float(rules.steps[i, 2]), float(rules.steps[i, 3])
                base = p * float(tps[i]) + q * float(sizes[i]) + r
                if not base + c * of_c[j] + both * of_both[j] > 0:
                    continue
                size = sizes[i] + rules.steps[i, 2] * bank.count[concept]
                size += rules.steps[i, 3] * np.int64(alls[concept])
                if size == f and rules.drops_equals and rules.one_sided[i]:
                    continue
                tp = tps[i] + rules.steps[i, 2] * unit.on_count[concept]
                tp += rules.steps[i, 3] * np.int64(ons[concept])
                score = _score(rules.kind, rules.beta_squared, tp, size, unit.n_on, unit.n_cells)
                score *= rules.factors[depth - 1 + rules.added[i]]
                if score > _floor(levels, level):
                    new[PARENT], new[STEP], new[CONCEPT] = slot, i, concept
                    new[SIZE], new[ON], new[DEPTH] = size, tp, depth + rules.added[i]
                    _enter(bank, rules, levels, store, level, score, new)


@compiled
def _derive(
    bank: Bank, unit: Unit, rules: Rules, store: Store, parent: int, step: int, concept: int,
    child: int,
) -> None:  # fmt: skip
    """Words and rows of a child from those of its parent; anew where that is less work."""
    words, before = store.words[child], store.words[parent]
    n, n_delta = 0, 0
    for w in range(len(words)):
        joined = _joined(before[w], bank.words[concept, w], rules.tables[step]) & bank.full[w]
        words[w] = joined
        n += _ones(joined)
        n_delta += _ones(joined ^ before[w])
    is_anew = n < n_delta
    if is_anew:
        store.all[child] = 0
        store.on[child] = 0
    else:
        store.all[child] = store.all[parent]
        store.on[child] = store.on[parent]
    changed = np.empty_like(words)
    for sign in (1, -1):
        if sign < 0 and is_anew:
            break
        for w in range(len(words)):
            old = np.uint64(0) if is_anew else before[w]
            changed[w] = words[w] & ~old if sign > 0 else old & ~words[w]
        _add(store.all[child], changed, sign, bank.size, bank.size_planes, bank)
        for w in range(len(words)):
            changed[w] &= unit.fires[w]
        _add(store.on[child], changed, sign, unit.on, unit.on_planes, bank)


@compiled
def lay_atoms(bank: Bank, unit: Unit, levels: Levels, store: Store) -> None:
    """Words of the single concepts in the beam, and their rows of firing cells."""
    words = np.empty_like(bank.full)
    for slot in range(levels.n_kept[0]):
        store.place[0, slot] = slot
        store.on[slot] = 0
        for w in range(len(words)):
            store.words[slot, w] = bank.words[levels.parts[0, slot, CONCEPT], w]
            words[w] = store.words[slot, w] & unit.fires[w]
        _add(store.on[slot], words, 1, unit.on, unit.on_planes, bank)


@compiled
def grow(
    bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store
) -> tuple[int, int]:
    """The beams from length 2; single concepts and their rows are there.

    Returns:
        How many levels are filled (the rest would repeat the last), and how many formulas were
        scored, counting all expansions of every beam.
    """
    counts, on_counts = bank.count.astype(np.float64), unit.on_count.astype(np.float64)
    length, width = levels.scores.shape
    n_operands = np.sum(rules.may_add)
    n_scored = 0
    is_taken = np.zeros(2 * width, np.bool_)
    for level in range(1, length):
        n = levels.n_kept[level - 1]
        n_scored += n * n_operands * len(rules.steps)
        levels.n_kept[level] = n
        levels.scores[level] = levels.scores[level - 1]
        levels.parts[level] = levels.parts[level - 1]
        levels.parts[level, :, STEP] = CARRIED
        levels.parts[level, :, PARENT] = np.arange(width)
        for slot in range(n):
            if not rules.expands_once or levels.parts[level - 1, slot, STEP] != CARRIED:
                _expand(bank, unit, rules, levels, store, level, slot, counts, on_counts)
        is_taken[:] = False
        n_new = 0
        for slot in range(n):
            is_taken[store.place[level - 1, slot]] = True
        for slot in range(levels.n_kept[level]):
            n_new += levels.parts[level, slot, STEP] != CARRIED
        if n_new == 0 or level == length - 1:
            return level + 1, n_scored
        free = 0
        for slot in range(levels.n_kept[level]):
            parent, step, concept = levels.parts[level, slot, :SIZE]
            place = store.place[level - 1, parent]
            if step != CARRIED:
                while is_taken[free]:
                    free += 1
                _derive(bank, unit, rules, store, place, step, concept, free)
                place, free = free, free + 1
            store.place[level, slot] = place
    return 1, n_scored
