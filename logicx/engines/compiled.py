"""The beam search against one unit, compiled: exact, and of the same outcome as `search/beam.py`.

The method is that of `numpy_engine.py`: two rows of counts per formula, a child's rows from its
parent's. Three things make it fast besides: a candidate is first held against the worst formula of
the beam by a linear inequality, eight at a time and without a division; what enters the beam is
sorted in at once, so that the bar rises while candidates are walked; and where scores follow from
meaning, a formula is expanded once only (see `Rules.expands_once`).

All kernels stand in this one file, because Numba's cache watches only the file of a kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

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

BLOCK = 512
SLACK = 1e-13


def compiled(function: F) -> F:
    """Compile once, keep it on disk, and run without the lock of the interpreter."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(function))


def filtering(function: F) -> F:
    """The same, with fused multiplication and addition: `_bar` has the slack for it."""
    return cast("F", njit(cache=True, nogil=True, fastmath={"contract"})(function))


def _population(_: Any, word: Any) -> Any:
    """Number of set bits, as one instruction; loops over it are vectorised."""
    return types.uint64(types.uint64), lambda _c, builder, _s, args: builder.ctpop(args[0])


_n_ones: Any = intrinsic(_population)


@compiled
def _score(kind: int, b: float, tp: int, size: int, n_on: int, n_cells: int) -> float:
    """The objective, operation by operation as in `objectives.py`."""
    if kind == IOU:
        above, below = float(tp), float(size - tp + n_on) + b
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
        p, q, r = 1 + floor, -floor, -floor * (on + b)
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
def _lay(out: NDArray[np.uint64], bank: Bank, concept: int) -> None:
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
def _join(
    out: NDArray[np.uint64], f: NDArray[np.uint64], c: NDArray[np.uint64],
    table: NDArray[np.uint64], full: NDArray[np.uint64],
) -> None:  # fmt: skip
    """Words of the formula that a step makes of f and c."""
    ff, ft, tf, tt = table
    for w in range(len(out)):
        made = (ff & ~f[w] & ~c[w]) | (ft & c[w] & ~f[w]) | (tf & f[w] & ~c[w]) | (tt & f[w] & c[w])
        out[w] = made & full[w]


@compiled
def _are_equal(mine: NDArray[np.uint64], theirs: NDArray[np.uint64]) -> bool:
    for w in range(len(mine)):  # noqa: SIM110, a compiled loop
        if mine[w] != theirs[w]:
            return False
    return True


@compiled
def _join_candidate(
    out: NDArray[np.uint64], bank: Bank, rules: Rules, store: Store, parent: int,
    parts: NDArray[np.int64],
) -> None:  # fmt: skip
    table = rules.tables[parts[STEP]]
    _lay(store.scratch[2], bank, parts[CONCEPT])
    _join(out, store.words[parent], store.scratch[2], table, bank.full)


@compiled
def _enter(
    bank: Bank, rules: Rules, levels: Levels, store: Store, level: int, score: float,
    new: NDArray[np.int64],
) -> None:  # fmt: skip
    """Sort a candidate into the beam, unless it equals a formula of the last or of this one.

    Candidates come in order of enumeration, so those of equal score are passed by.
    """
    scores, parts, n = levels.scores[level], levels.parts[level], levels.n_kept[level]
    size, on = new[SIZE], new[ON]
    last = n if n < len(scores) else n - 1
    if rules.drops_equals:
        is_joined = False
        parent = len(store.words) - 1
        if level:
            places, before = store.place[level - 1], levels.parts[level - 1]
            parent = places[new[PARENT]]
            for i in range(levels.n_kept[level - 1]):
                if before[i, SIZE] == size and before[i, ON] == on:
                    if not is_joined:
                        is_joined = True
                        _join_candidate(store.scratch[0], bank, rules, store, parent, new)
                    if _are_equal(store.scratch[0], store.words[places[i]]):
                        return
        for i in range(n):
            if parts[i, STEP] != CARRIED and parts[i, SIZE] == size and parts[i, ON] == on:
                if not is_joined:
                    is_joined = True
                    _join_candidate(store.scratch[0], bank, rules, store, parent, new)
                other = store.place[level - 1, parts[i, PARENT]] if level else parent
                _join_candidate(store.scratch[1], bank, rules, store, other, parts[i])
                if _are_equal(store.scratch[0], store.scratch[1]):
                    if scores[i] >= score:
                        return
                    last = i
                    break
    if last == n:
        levels.n_kept[level] = n + 1
    while last > 0 and scores[last - 1] < score:
        scores[last] = scores[last - 1]
        for k in range(len(new)):
            parts[last, k] = parts[last - 1, k]
        last -= 1
    scores[last] = score
    for k in range(len(new)):
        parts[last, k] = new[k]


@compiled
def _floor(levels: Levels, level: int) -> float:
    """What a candidate must score above to enter the beam."""
    n, width = levels.n_kept[level], levels.scores.shape[1]
    return float(levels.scores[level, n - 1]) if n == width else -np.inf


@compiled
def _n_common(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> int:
    n = 0
    for w in range(len(a)):
        n += np.int64(_n_ones(a[w] & b[w]))
    return n


@compiled
def _n_common_with(a: NDArray[np.uint64], rows: NDArray[np.uint64], row: int) -> int:
    n = 0
    for w in range(len(a)):
        n += np.int64(_n_ones(a[w] & rows[row, w]))
    return n


@compiled
def _add(
    row: NDArray[Any], words: NDArray[np.uint64], sign: int, weights: NDArray[Any],
    planes: NDArray[np.uint64], bank: Bank,
) -> None:  # fmt: skip
    """Add to the count of every concept the weights of some signatures, or take them away.

    Cost: the concepts of those signatures; or, where that is less, packed words of the frequent
    concepts and the rare concepts of those signatures.
    """
    n, n_words = _n_common(words, words), len(words)
    if n == 0:
        return
    indptr, indices = bank.indptr, bank.indices
    n_saved = n * (len(indices) - len(bank.rare_indices)) // len(weights)
    if n_saved > bank.word_price * (len(bank.frequent) * n_words * len(planes)):
        indptr, indices = bank.rare_indptr, bank.rare_indices
        part, frequent, all_words = np.empty_like(words), bank.frequent, bank.words
        for i in range(len(planes)):
            for w in range(n_words):
                part[w] = words[w] & planes[i, w]
            for k in range(len(frequent)):
                row[frequent[k]] += sign * (_n_common_with(part, all_words, k) << i)
    for w in range(n_words):
        word = words[w]
        while word != 0:
            rest = word & (word - np.uint64(1))
            s = np.uint64(w * 64) + _n_ones((word ^ rest) - np.uint64(1))
            word = rest
            weight = sign * weights[s]
            for j in range(np.uint64(indptr[s]), np.uint64(indptr[s + np.uint64(1)])):
                row[indices[j]] += weight


@compiled
def together(row: NDArray[Any], bank: Bank, concept: int) -> None:
    """Cells of every concept together with one, into a row of zeros."""
    words = np.empty_like(bank.full)
    _lay(words, bank, concept)
    _add(row, words, 1, bank.size, bank.size_planes, bank)


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
    counts, on_counts, kind, b = bank.counts, unit.on_count, rules.kind, rules.parameter
    n_on, n_cells, floor = unit.n_on, unit.n_cells, rules.start_floor
    for concept in range(len(counts)):
        tp, size = on_counts[concept], counts[concept]
        if size < rules.min_support:
            continue
        score = _score(kind, b, tp, size, n_on, n_cells)
        if score > floor:
            new[CONCEPT], new[SIZE], new[ON] = concept, size, tp
            _enter(bank, rules, levels, store, 0, score, new)
            floor = max(_floor(levels, 0), rules.start_floor)


@filtering
def _any_above(
    lines: NDArray[np.float64], first_line: int, p: float, q: float,
    on_counts: NDArray[np.float64], on_both: NDArray[Any],
    counts: NDArray[np.float64], all_both: NDArray[Any], first: np.uint64, stop: np.uint64,
) -> bool:  # fmt: skip
    """Whether any candidate of three steps may score above the floor; see `_bar`."""
    i = first_line
    base_0, c_0, both_0 = lines[i, 0], lines[i, 1], lines[i, 2]
    base_1, c_1, both_1 = lines[i + 1, 0], lines[i + 1, 1], lines[i + 1, 2]
    base_2, c_2, both_2 = lines[i + 2, 0], lines[i + 2, 1], lines[i + 2, 2]
    is_any = False
    for j in range(first, stop):
        c = p * on_counts[j] + q * counts[j]
        both = p * float(on_both[j]) + q * float(all_both[j])
        is_any |= (
            (base_0 + c_0 * c + both_0 * both > 0)
            | (base_1 + c_1 * c + both_1 * both > 0)
            | (base_2 + c_2 * c + both_2 * both > 0)
        )
    return is_any


@filtering
def _mark(
    marks: NDArray[np.uint8], bit: int, lines: NDArray[np.float64], p: float, q: float,
    on_counts: NDArray[np.float64], on_both: NDArray[Any],
    counts: NDArray[np.float64], all_both: NDArray[Any], first: np.uint64, stop: np.uint64,
) -> None:  # fmt: skip
    """Mark the candidates of one step that may score above the floor."""
    base, of_c, of_both = lines[bit, 0], lines[bit, 1], lines[bit, 2]
    for j in range(first, stop):
        c = p * on_counts[j] + q * counts[j]
        both = p * float(on_both[j]) + q * float(all_both[j])
        marks[j] |= np.uint8(base + of_c * c + of_both * both > 0) << bit


@compiled
def _unmark(
    marks: NDArray[np.uint8], bit: int, lines: NDArray[np.float64], change: float,
    counts: NDArray[np.float64], all_both: NDArray[Any], first: np.uint64, stop: np.uint64,
) -> None:  # fmt: skip
    """Take the mark from those whose size is their parent's."""
    of_c, of_both = lines[bit, 1], lines[bit, 2]
    for j in range(first, stop):
        is_same = change + of_c * counts[j] + of_both * float(all_both[j]) == 0
        marks[j] &= ~(np.uint8(is_same) << bit)


@compiled
def _expand(
    bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store, level: int, slot: int,
    counts: NDArray[np.float64], on_counts: NDArray[np.float64], marks: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Walk all expansions of one formula and sort those that are good enough into the beam.

    Blocks of concepts are passed by as a whole where no candidate can be good enough. Arrays are
    not sliced in loops: that would count references.
    """
    f, f_on, depth = levels.parts[level - 1, slot, SIZE:]
    alls, ons = store.all[store.place[level - 1, slot]], store.on[store.place[level - 1, slot]]
    kind, b, n_on, n_cells = rules.kind, rules.parameter, unit.n_on, unit.n_cells
    steps, may_add = rules.steps, rules.may_add
    n_steps, n_concepts = len(steps), len(counts)
    sizes = steps[:, 0] * n_cells + steps[:, 1] * f
    tps = steps[:, 0] * n_on + steps[:, 1] * f_on
    factors = rules.factors[depth - 1 + rules.added]
    drops, factor = rules.one_sided & rules.drops_equals, factors.max()
    n_lines = -(-n_steps // 3) * 3
    lines = np.zeros((n_lines, 3))
    lines[:, 0] = -np.inf
    lines[:n_steps, 1:] = steps[:, 2:]
    new = np.empty(6, np.int64)
    floor = _floor(levels, level)
    for start_of_block in range(0, n_concepts, BLOCK):
        first = np.uint64(start_of_block)
        stop = np.uint64(min(start_of_block + BLOCK, n_concepts))
        p, q, r = _bar(kind, b, floor / factor, n_on, n_cells)
        for i in range(n_steps):
            lines[i, 0] = p * float(tps[i]) + q * float(sizes[i]) + r
        is_any = False
        for i in range(0, n_lines, 3):
            is_any |= _any_above(lines, i, p, q, on_counts, ons, counts, alls, first, stop)
        if not is_any:
            continue
        for j in range(first, stop):
            marks[j] = 0
        for i in range(n_steps):
            _mark(marks, i, lines, p, q, on_counts, ons, counts, alls, first, stop)
            if drops[i]:
                _unmark(marks, i, lines, float(sizes[i] - f), counts, alls, first, stop)
        for j in range(first, stop):
            if marks[j] == 0 or not may_add[j]:
                continue
            for i in range(n_steps):
                if not (marks[j] >> i) & 1:
                    continue
                size = sizes[i] + steps[i, 2] * np.int64(counts[j])
                size += steps[i, 3] * np.int64(alls[j])
                if size < rules.min_support:
                    continue
                tp = tps[i] + steps[i, 2] * np.int64(on_counts[j]) + steps[i, 3] * np.int64(ons[j])
                score = _score(kind, b, tp, size, n_on, n_cells) * factors[i]
                if score > floor:
                    new[PARENT], new[STEP], new[CONCEPT] = slot, i, np.int64(j)
                    new[SIZE], new[ON], new[DEPTH] = size, tp, depth + rules.added[i]
                    _enter(bank, rules, levels, store, level, score, new)
                    floor = _floor(levels, level)


@compiled
def _derive(
    bank: Bank, unit: Unit, rules: Rules, store: Store, parent: int, step: int, concept: int,
    child: int,
) -> None:  # fmt: skip
    """Words and rows of a child from those of its parent; anew where that is less work."""
    words, before = store.words[child], store.words[parent]
    _lay(store.scratch[2], bank, concept)
    _join(words, before, store.scratch[2], rules.tables[step], bank.full)
    n = _n_common(words, words)
    n_delta = n + _n_common(before, before) - 2 * _n_common(words, before)
    is_anew = n < n_delta
    if is_anew:
        store.all[child] = 0
        store.on[child] = 0
    else:
        store.all[child] = store.all[parent]
        store.on[child] = store.on[parent]
    keep = np.uint64(0) if is_anew else ~np.uint64(0)
    changed, fires = np.empty_like(words), unit.fires
    for sign in (1, -1):
        if sign < 0 and is_anew:
            break
        for w in range(len(words)):
            old = before[w] & keep
            changed[w] = words[w] & ~old if sign > 0 else old & ~words[w]
        _add(store.all[child], changed, sign, bank.size, bank.size_planes, bank)
        for w in range(len(words)):
            changed[w] &= fires[w]
        _add(store.on[child], changed, sign, unit.on, unit.on_planes, bank)


@compiled
def lay_atoms(bank: Bank, unit: Unit, levels: Levels, store: Store) -> None:
    """Words of the single concepts in the beam, and their rows of firing cells."""
    words = np.empty_like(bank.full)
    for slot in range(levels.n_kept[0]):
        store.place[0, slot] = slot
        store.on[slot] = 0
        _lay(store.words[slot], bank, levels.parts[0, slot, CONCEPT])
        for w in range(len(words)):
            words[w] = store.words[slot, w] & unit.fires[w]
        _add(store.on[slot], words, 1, unit.on, unit.on_planes, bank)


@compiled
def grow(bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store) -> tuple[int, int]:
    """The beams from length 2; single concepts and their rows are there.

    Returns:
        How many levels are filled (the rest would repeat the last), and how many formulas were
        scored, counting all expansions of every beam.
    """
    counts, on_counts = bank.counts.astype(np.float64), unit.on_count.astype(np.float64)
    length, width = levels.scores.shape
    n_operands = np.sum(rules.may_add)
    n_scored = 0
    is_taken, marks = np.zeros(2 * width, np.bool_), np.empty(len(counts), np.uint8)
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
                _expand(bank, unit, rules, levels, store, level, slot, counts, on_counts, marks)
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
