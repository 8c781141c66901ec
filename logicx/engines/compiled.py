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
    FIRST,
    LINES_AT_ONCE,
    ON,
    PARENT,
    SECOND,
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
def _is_equal(bank: Bank, rules: Rules, store: Store, level: int, other: NDArray[np.int64]) -> bool:
    """Whether the candidate in the scratch equals another one of its level."""
    parent = len(store.words) - 1
    if level:
        parent = store.place[level - 1, other[PARENT]]
    _join_candidate(np.int64(1), bank, rules, store, parent, other)
    return are_equal(store.scratch[0], store.scratch[1])


@compiled
def _has_equal(
    bank: Bank, rules: Rules, levels: Levels, store: Store, level: int, lane: int,
    new: NDArray[np.int64],
) -> tuple[bool, bool]:  # fmt: skip
    """Whether a candidate equals a formula of the last beams, or of this one's first lane.

    Lanes up to the candidate's own are looked at; so equals of the second lane may be in the first.

    Returns:
        That, and whether the candidate's words lie in the scratch.
    """
    size, on, is_joined = new[SIZE], new[ON], False
    parent = len(store.words) - 1
    if level:
        places, before = store.place[level - 1], levels.parts[level - 1]
        parent = places[new[PARENT]]
        for one in range(lane + 1):
            first = one * rules.width
            for i in range(first, first + levels.n_kept[level - 1, one]):
                if before[i, SIZE] == size and before[i, ON] == on:
                    if not is_joined:
                        is_joined = True
                        _join_candidate(np.int64(0), bank, rules, store, parent, new)
                    if are_equal(store.scratch[0], store.words[places[i]]):
                        return True, True
    if lane:
        parts = levels.parts[level]
        for i in range(levels.n_kept[level, 0]):
            if parts[i, STEP] != CARRIED and parts[i, SIZE] == size and parts[i, ON] == on:
                if not is_joined:
                    is_joined = True
                    _join_candidate(np.int64(0), bank, rules, store, parent, new)
                if _is_equal(bank, rules, store, level, parts[i]):
                    return True, True
    return False, is_joined


@compiled
def _enter(
    bank: Bank, rules: Rules, levels: Levels, store: Store, level: int, lane: int, value: float,
    new: NDArray[np.int64],
) -> None:  # fmt: skip
    """Sort a candidate into a lane, unless it equals a formula of the last beam or of this one.

    Candidates come in order of enumeration, so those of equal score are passed by.
    """
    first = lane * rules.width
    stop = len(levels.scores[level]) if lane else rules.width
    scores, parts = levels.scores[level, first:stop], levels.parts[level, first:stop]
    n, size, on = levels.n_kept[level, lane], new[SIZE], new[ON]
    last = n if n < len(scores) else n - 1
    if rules.drops_equals:
        is_known, is_joined = _has_equal(bank, rules, levels, store, level, lane, new)
        if is_known:
            return
        for i in range(n):
            if parts[i, STEP] != CARRIED and parts[i, SIZE] == size and parts[i, ON] == on:
                if not is_joined:
                    is_joined = True
                    parent = len(store.words) - 1
                    if level:
                        parent = store.place[level - 1, new[PARENT]]
                    _join_candidate(np.int64(0), bank, rules, store, parent, new)
                if _is_equal(bank, rules, store, level, parts[i]):
                    if scores[i] >= value:
                        return
                    last = i
                    break
    if last == n:
        levels.n_kept[level, lane] = n + 1
    while last > 0 and scores[last - 1] < value:
        scores[last] = scores[last - 1]
        for k in range(len(new)):
            parts[last, k] = parts[last - 1, k]
        last -= 1
    scores[last] = value
    for k in range(len(new)):
        parts[last, k] = new[k]


@compiled
def _floor(rules: Rules, levels: Levels, level: int, lane: int) -> float:
    """What a candidate must score above to enter a lane."""
    first, stop = lane * rules.width, rules.width
    if lane:
        stop = levels.scores.shape[1]
    is_full = levels.n_kept[level, lane] == stop - first
    return float(levels.scores[level, stop - 1]) if is_full else -np.inf


@entry
def start(bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store) -> None:
    """The beam of single concepts, and beside it that of their complements."""
    new = store.new
    counts, on_counts, kind, b = bank.counts, unit.on_count, rules.kind, rules.parameter
    n_on, n_cells = unit.n_on, unit.n_cells
    for lane in range(1 + (levels.scores.shape[1] > rules.width)):
        new[STEP], new[DEPTH], new[PARENT] = len(rules.steps) + lane, 1, 0
        floor = rules.start_floor
        for concept in range(len(counts)):
            tp, size = on_counts[concept], counts[concept]
            if lane:
                tp, size = n_on - tp, n_cells - size
                if not rules.may_add[concept]:
                    continue
            if size < rules.min_support:
                continue
            value = score(kind, b, tp, size, n_on, n_cells)
            if value > floor:
                new[CONCEPT], new[SIZE], new[ON] = concept, size, tp
                _enter(bank, rules, levels, store, np.int64(0), lane, value, new)
                floor = max(_floor(rules, levels, np.int64(0), lane), rules.start_floor)


@compiled
def _expand(
    bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store, level: int, slot: int,
    lane: int, steps_from: int, steps_to: int, most: float,
) -> None:  # fmt: skip
    """Walk expansions of one formula by some steps and sort those that are good enough into a lane.

    Blocks of concepts are passed by as a whole where no candidate can be good enough.
    """
    parent, place = levels.parts[level - 1, slot], store.place[level - 1, slot]
    f, f_on, depth = parent[SIZE], parent[ON], parent[DEPTH]
    alls, ons = store.all[place], store.on[place]
    marks, lines, new = store.marks, store.lines, store.new
    counts, on_counts = bank.float_counts, unit.float_on_count
    n_on, n_cells, steps = unit.n_on, unit.n_cells, rules.steps
    factor = 0.0
    for i in range(steps_from, steps_to):
        factor = max(factor, rules.factors[depth - 1 + rules.added[i]])
    line_from = steps_from // LINES_AT_ONCE * LINES_AT_ONCE
    floor = _floor(rules, levels, level, lane)
    laid, p, q = np.nan, np.float32(0), np.float32(0)
    for start_of_block in range(0, len(counts), BLOCK):
        first = np.uint64(start_of_block)
        stop = np.uint64(min(start_of_block + BLOCK, len(counts)))
        if floor != laid:
            p, q = lay_lines(lines, unit, rules, most, parent, floor / factor)
            for i in range(len(lines)):
                if i < steps_from or i >= steps_to:
                    lines[i, 0], lines[i, 1], lines[i, 2] = -np.inf, 0, 0
            laid = floor
        is_any = False
        for i in range(line_from, steps_to, LINES_AT_ONCE):
            is_any |= any_above(lines, i, p, q, on_counts, ons, counts, alls, first, stop)
        if not is_any:
            continue
        for j in range(BLOCK):
            marks[j] = 0
        for i in range(steps_from, steps_to):
            mark(marks, i, lines, p, q, on_counts, ons, counts, alls, first, stop)
            if rules.one_sided[i] and rules.drops_equals:
                change = steps[i, 0] * n_cells + steps[i, 1] * f - f
                unmark(marks, i, steps[i], change, bank.weights, alls, first, stop)
        for j in range(first, stop):
            marked = marks[j - first]
            if marked == 0 or not rules.may_add[j]:
                continue
            for i in range(steps_from, steps_to):
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
                    _enter(bank, rules, levels, store, level, lane, value, new)
                    floor = _floor(rules, levels, level, lane)


@compiled
def _copy(rows: NDArray[Any], to: int, of: int) -> None:
    for k in range(rows.shape[1]):
        rows[to, k] = rows[of, k]


@compiled
def _derive(
    bank: Bank, unit: Unit, rules: Rules, store: Store, parent: int, step: int, concept: int,
    child: int,
) -> None:  # fmt: skip
    """Words and rows of a child from those of its parent, of the empty set, or of all signatures.

    Of the three, that from which it differs on the fewest signatures.
    """
    words, before, fires = store.words[child], store.words[parent], unit.fires
    operand, changed, part = store.scratch[2], store.scratch[3], store.scratch[4]
    lay(operand, bank, concept)
    join(words, before, operand, rules.tables[step], bank.full)
    n = n_common(words, words)
    n_delta = n + n_common(before, before) - 2 * n_common(words, before)
    n_rest = len(bank.size) - n
    is_anew, is_rest = n < n_delta and n <= n_rest, n_rest < n_delta and n_rest < n
    if is_anew:
        for k in range(store.all.shape[1]):
            store.all[child, k] = store.on[child, k] = 0
    elif is_rest:
        for k in range(store.all.shape[1]):
            store.all[child, k], store.on[child, k] = bank.weights[k], unit.on_count[k]
    else:
        _copy(store.all, child, parent)
        _copy(store.on, child, parent)
    for sign in (1, -1):
        if (sign < 0 and is_anew) or (sign > 0 and is_rest):
            continue
        for w in range(len(words)):
            old = bank.full[w] if is_rest else np.uint64(0) if is_anew else before[w]
            changed[w] = words[w] & ~old if sign > 0 else old & ~words[w]
        add(store.all[child], changed, sign, bank.size, bank.size_planes, bank, part)
        for w in range(len(words)):
            changed[w] &= fires[w]
        add(store.on[child], changed, sign, unit.on, unit.on_planes, bank, part)


@entry
def lay_atoms(bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store) -> None:
    """Words of the single concepts in the beams, and rows; those of cells are there by concept."""
    inside, part = store.scratch[3], store.scratch[4]
    for lane in range(2):
        first = lane * rules.width
        for slot in range(first, first + levels.n_kept[0, lane]):
            words, alls, ons = store.words[slot], store.all[slot], store.on[slot]
            store.place[0, slot] = slot
            for k in range(len(ons)):
                ons[k] = 0
            lay(words, bank, levels.parts[0, slot, CONCEPT])
            for w in range(len(inside)):
                inside[w] = words[w] & unit.fires[w]
            add(ons, inside, np.int64(1), unit.on, unit.on_planes, bank, part)
            if lane:
                for k in range(len(ons)):
                    alls[k], ons[k] = bank.weights[k] - alls[k], unit.on_count[k] - ons[k]
                for w in range(len(words)):
                    words[w] = ~words[w] & bank.full[w]


@entry
def grow(bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store) -> tuple[int, int]:
    """The beams from length 2; single concepts and their rows are there.

    Returns:
        How many levels are filled (the rest would repeat the last), and how many formulas were
        scored, counting all expansions of every beam.
    """
    length, n_places = levels.scores.shape
    n_operands, most, n_steps = 0, np.int64(0), len(rules.steps)
    for j in range(len(bank.counts)):
        n_operands += rules.may_add[j]
        most = max(most, bank.counts[j])
    n_scored, is_taken, width = 0, store.is_taken, rules.width
    for level in range(1, length):
        n = levels.n_kept[level - 1, FIRST]
        n_scored += n * n_operands * rules.n_first
        _carry(levels, level)
        for slot in range(n):
            if not rules.expands_once or levels.parts[level - 1, slot, STEP] != CARRIED:
                _expand(
                    bank, unit, rules, levels, store, level, slot, np.int64(FIRST),
                    np.int64(0), rules.n_first, float(most),
                )  # fmt: skip
        if n_places > width:
            for slot in range(width + levels.n_kept[level - 1, SECOND]):
                is_other = slot >= width
                is_there = is_other or slot < n
                if not is_there or levels.parts[level - 1, slot, STEP] == CARRIED:
                    continue
                steps_from = np.int64(0) if is_other else rules.n_first
                n_scored += n_operands * (n_steps - steps_from)
                _expand(
                    bank, unit, rules, levels, store, level, slot, np.int64(SECOND),
                    steps_from, np.int64(n_steps), float(most),
                )  # fmt: skip
        for slot in range(len(is_taken)):
            is_taken[slot] = False
        n_new = 0
        for lane in range(2):
            for i in range(levels.n_kept[level - 1, lane]):
                is_taken[store.place[level - 1, lane * width + i]] = True
            for i in range(levels.n_kept[level, lane]):
                n_new += levels.parts[level, lane * width + i, STEP] != CARRIED
        if n_new == 0 or level == length - 1:
            return level + 1, n_scored
        free = 0
        for lane in range(2):
            for slot in range(lane * width, lane * width + levels.n_kept[level, lane]):
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


@compiled
def _carry(levels: Levels, level: int) -> None:
    """Begin a level with the beams of the last one."""
    _copy(levels.scores, level, level - 1)
    for lane in range(2):
        levels.n_kept[level, lane] = levels.n_kept[level - 1, lane]
    for slot in range(levels.scores.shape[1]):
        _copy(levels.parts[:, slot], level, level - 1)
        levels.parts[level, slot, STEP], levels.parts[level, slot, PARENT] = CARRIED, slot
