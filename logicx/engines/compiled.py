"""The beam search against one unit, compiled: exact, and of the same outcome as `search/beam.py`.

The method is that of `numpy_engine.py`: two rows of counts per formula, a child's rows from its
parent's. Three things make it fast besides: a candidate is first held against the worst formula of
the beam by a linear inequality (`filtering.py`); what enters the beam is sorted in at once, so that
the bar rises while candidates are walked; and where scores follow from meaning, a formula is
expanded once only (see `Rules.expands_once`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.engines.counting import add, are_equal, compiled, entry, join, lay, n_common
from logicx.engines.filtering import any_above, lay_lines, mark, score, unmark
from logicx.engines.layout import (
    BLOCK,
    CARRIED,
    CONCEPT,
    DEPTH,
    LINES_AT_ONCE,
    ON,
    PARENT,
    SIZE,
    STEP,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.engines.layout import Bank, Levels, Rules, Store, Unit


@compiled
def _join_candidate(
    place: int, bank: Bank, rules: Rules, store: Store, parent: int, parts: NDArray[np.int64]
) -> None:
    """Words of a candidate, into a place of the scratch."""
    concept = store.scratch[2]
    lay(concept, bank, parts[CONCEPT])
    table = rules.tables[parts[STEP]]
    join(store.scratch[place], store.words[parent], concept, table, bank.full)


@compiled
def _enter(
    bank: Bank, rules: Rules, levels: Levels, store: Store, level: int, value: float,
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
                        _join_candidate(np.int64(0), bank, rules, store, parent, new)
                    if are_equal(store.scratch[0], store.words[places[i]]):
                        return
        for i in range(n):
            if parts[i, STEP] != CARRIED and parts[i, SIZE] == size and parts[i, ON] == on:
                if not is_joined:
                    is_joined = True
                    _join_candidate(np.int64(0), bank, rules, store, parent, new)
                other = store.place[level - 1, parts[i, PARENT]] if level else parent
                _join_candidate(np.int64(1), bank, rules, store, other, parts[i])
                if are_equal(store.scratch[0], store.scratch[1]):
                    if scores[i] >= value:
                        return
                    last = i
                    break
    if last == n:
        levels.n_kept[level] = n + 1
    while last > 0 and scores[last - 1] < value:
        scores[last] = scores[last - 1]
        for k in range(len(new)):
            parts[last, k] = parts[last - 1, k]
        last -= 1
    scores[last] = value
    for k in range(len(new)):
        parts[last, k] = new[k]


@compiled
def _floor(levels: Levels, level: int) -> float:
    """What a candidate must score above to enter the beam."""
    n, width = levels.n_kept[level], levels.scores.shape[1]
    return float(levels.scores[level, n - 1]) if n == width else -np.inf


@entry
def start(bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store) -> None:
    """The beam of single concepts."""
    new = store.new
    new[STEP], new[DEPTH], new[PARENT] = len(rules.steps), 1, 0
    counts, on_counts, kind, b = bank.counts, unit.on_count, rules.kind, rules.parameter
    n_on, n_cells, floor = unit.n_on, unit.n_cells, rules.start_floor
    for concept in range(len(counts)):
        tp, size = on_counts[concept], counts[concept]
        if size < rules.min_support:
            continue
        value = score(kind, b, tp, size, n_on, n_cells)
        if value > floor:
            new[CONCEPT], new[SIZE], new[ON] = concept, size, tp
            _enter(bank, rules, levels, store, np.int64(0), value, new)
            floor = max(_floor(levels, np.int64(0)), rules.start_floor)


@compiled
def _expand(
    bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store, level: int, slot: int,
    most: float,
) -> None:  # fmt: skip
    """Walk all expansions of one formula and sort those that are good enough into the beam.

    Blocks of concepts are passed by as a whole where no candidate can be good enough.
    """
    parent, place = levels.parts[level - 1, slot], store.place[level - 1, slot]
    f, f_on, depth = parent[SIZE], parent[ON], parent[DEPTH]
    alls, ons = store.all[place], store.on[place]
    marks, lines, new = store.marks, store.lines, store.new
    counts, on_counts = bank.float_counts, unit.float_on_count
    n_on, n_cells, steps = unit.n_on, unit.n_cells, rules.steps
    factor = 0.0
    for i in range(len(steps)):
        factor = max(factor, rules.factors[depth - 1 + rules.added[i]])
    for i in range(len(steps), len(lines)):
        lines[i, 0], lines[i, 1], lines[i, 2] = -np.inf, 0, 0
    floor = _floor(levels, level)
    laid, p, q = np.nan, np.float32(0), np.float32(0)
    for start_of_block in range(0, len(counts), BLOCK):
        first = np.uint64(start_of_block)
        stop = np.uint64(min(start_of_block + BLOCK, len(counts)))
        if floor != laid:
            p, q = lay_lines(lines, unit, rules, most, parent, floor / factor)
            laid = floor
        is_any = False
        for i in range(0, len(lines), LINES_AT_ONCE):
            is_any |= any_above(lines, i, p, q, on_counts, ons, counts, alls, first, stop)
        if not is_any:
            continue
        for j in range(BLOCK):
            marks[j] = 0
        for i in range(len(steps)):
            mark(marks, i, lines, p, q, on_counts, ons, counts, alls, first, stop)
            if rules.one_sided[i] and rules.drops_equals:
                change = steps[i, 0] * n_cells + steps[i, 1] * f - f
                unmark(marks, i, steps[i], change, bank.weights, alls, first, stop)
        for j in range(first, stop):
            marked = marks[j - first]
            if marked == 0 or not rules.may_add[j]:
                continue
            for i in range(len(steps)):
                if not (marked >> i) & 1:
                    continue
                by_all, by_f, by_c, by_both = steps[i]
                size = by_all * n_cells + by_f * f
                size += by_c * bank.counts[j] + by_both * np.int64(alls[j])
                if size < rules.min_support:
                    continue
                tp = by_all * n_on + by_f * f_on
                tp += by_c * unit.on_count[j] + by_both * np.int64(ons[j])
                value = score(rules.kind, rules.parameter, tp, size, n_on, n_cells)
                value *= rules.factors[depth - 1 + rules.added[i]]
                if value > floor:
                    new[PARENT], new[STEP], new[CONCEPT] = slot, i, np.int64(j)
                    new[SIZE], new[ON], new[DEPTH] = size, tp, depth + rules.added[i]
                    _enter(bank, rules, levels, store, level, value, new)
                    floor = _floor(levels, level)


@compiled
def _copy(rows: NDArray[Any], to: int, of: int) -> None:
    for k in range(rows.shape[1]):
        rows[to, k] = rows[of, k]


@compiled
def _derive(
    bank: Bank, unit: Unit, rules: Rules, store: Store, parent: int, step: int, concept: int,
    child: int,
) -> None:  # fmt: skip
    """Words and rows of a child from those of its parent; anew where that is less work."""
    words, before, fires = store.words[child], store.words[parent], unit.fires
    operand, changed, part = store.scratch[2], store.scratch[3], store.scratch[4]
    lay(operand, bank, concept)
    join(words, before, operand, rules.tables[step], bank.full)
    n = n_common(words, words)
    n_delta = n + n_common(before, before) - 2 * n_common(words, before)
    is_anew = n < n_delta
    if is_anew:
        for k in range(store.all.shape[1]):
            store.all[child, k] = store.on[child, k] = 0
    else:
        _copy(store.all, child, parent)
        _copy(store.on, child, parent)
    keep = np.uint64(0) if is_anew else ~np.uint64(0)
    for sign in (1, -1):
        if sign < 0 and is_anew:
            break
        for w in range(len(words)):
            old = before[w] & keep
            changed[w] = words[w] & ~old if sign > 0 else old & ~words[w]
        add(store.all[child], changed, sign, bank.size, bank.size_planes, bank, part)
        for w in range(len(words)):
            changed[w] &= fires[w]
        add(store.on[child], changed, sign, unit.on, unit.on_planes, bank, part)


@entry
def lay_atoms(bank: Bank, unit: Unit, levels: Levels, store: Store) -> None:
    """Words of the single concepts in the beam, and their rows of firing cells."""
    inside, part = store.scratch[3], store.scratch[4]
    for slot in range(levels.n_kept[0]):
        store.place[0, slot] = slot
        for k in range(store.on.shape[1]):
            store.on[slot, k] = 0
        lay(store.words[slot], bank, levels.parts[0, slot, CONCEPT])
        for w in range(len(inside)):
            inside[w] = store.words[slot, w] & unit.fires[w]
        add(store.on[slot], inside, np.int64(1), unit.on, unit.on_planes, bank, part)


@entry
def grow(bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store) -> tuple[int, int]:
    """The beams from length 2; single concepts and their rows are there.

    Returns:
        How many levels are filled (the rest would repeat the last), and how many formulas were
        scored, counting all expansions of every beam.
    """
    length, width = levels.scores.shape
    n_operands, most = 0, np.int64(0)
    for j in range(len(bank.counts)):
        n_operands += rules.may_add[j]
        most = max(most, bank.counts[j])
    n_scored, is_taken = 0, store.is_taken
    for level in range(1, length):
        n = levels.n_kept[level - 1]
        n_scored += n * n_operands * len(rules.steps)
        levels.n_kept[level] = n
        _copy(levels.scores, level, level - 1)
        for slot in range(width):
            _copy(levels.parts[:, slot], level, level - 1)
            levels.parts[level, slot, STEP], levels.parts[level, slot, PARENT] = CARRIED, slot
        for slot in range(n):
            if not rules.expands_once or levels.parts[level - 1, slot, STEP] != CARRIED:
                _expand(bank, unit, rules, levels, store, level, slot, float(most))
        for slot in range(len(is_taken)):
            is_taken[slot] = False
        n_new = 0
        for slot in range(n):
            is_taken[store.place[level - 1, slot]] = True
        for slot in range(levels.n_kept[level]):
            n_new += levels.parts[level, slot, STEP] != CARRIED
        if n_new == 0 or level == length - 1:
            return level + 1, n_scored
        free = 0
        for slot in range(levels.n_kept[level]):
            parent, step = levels.parts[level, slot, PARENT], levels.parts[level, slot, STEP]
            place = store.place[level - 1, parent]
            if step != CARRIED:
                while is_taken[free]:
                    free += 1
                concept = levels.parts[level, slot, CONCEPT]
                _derive(bank, unit, rules, store, place, step, concept, free)
                place, free = free, free + 1
            store.place[level, slot] = place
    return 1, n_scored
