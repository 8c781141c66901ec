"""The beam search against one unit, compiled: exact, and of the same outcome as `search/beam.py`.

The method is that of `numpy_engine.py`: two rows of counts per formula, a child's rows from its
parent's. Three things make it fast besides: a candidate is first held against the worst formula of
the beam by a linear inequality (`filtering.py`); what enters the beam is sorted in at once, so that
the bar rises while candidates are walked (`entering.py`); and where scores follow from meaning, a
formula is expanded once only (see `Rules.expands_once`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.engines.counting import add, compiled, entry, lay, n_common
from logicx.engines.entering import enter, floor_of, lay_candidate
from logicx.engines.filtering import any_above, lay_lines, mark, score, unmark
from logicx.engines.joining import join_pairs, note_known
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


@entry
def start(bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store) -> None:
    """The beam of single concepts, and beside it that of their complements."""
    new = store.new
    counts, on_counts, kind, b = bank.counts, unit.on_count, rules.kind, rules.parameter
    n_on, n_cells = unit.n_on, unit.n_cells
    for lane in range(1 + rules.negates):
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
                enter(bank, rules, levels, store, np.int64(0), lane, value, new)
                floor = max(floor_of(rules, levels, np.int64(0), lane), rules.start_floor)


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
    floor = floor_of(rules, levels, level, lane)
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
                    enter(bank, rules, levels, store, level, lane, value, new)
                    floor = floor_of(rules, levels, level, lane)


@compiled
def _copy(rows: NDArray[Any], to: int, of: int) -> None:
    for k in range(rows.shape[1]):
        rows[to, k] = rows[of, k]


@compiled
def _derive(
    bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store, level: int, slot: int,
    child: int,
) -> None:  # fmt: skip
    """Words and rows of a formula from those of its parent, the empty set, or all signatures.

    Of the three, that from which it differs on the fewest signatures; without the first for one
    that two were joined into.
    """
    parts, parent = levels.parts[level, slot], len(store.words) - 1
    is_joined = parts[CONCEPT] < 0
    if not is_joined:
        parent = store.place[level - 1, parts[PARENT]]
    lay_candidate(np.int64(0), bank, rules, store, level, parts)
    words, before, fires = store.words[child], store.words[parent], unit.fires
    changed, part = store.scratch[3], store.scratch[4]
    for w in range(len(words)):
        words[w] = store.scratch[0, w]
    n = n_common(words, words)
    n_delta = n + n_common(before, before) - 2 * n_common(words, before)
    n_rest = len(bank.size) - n
    if is_joined:
        n_delta = len(bank.size) + 1
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
    n_scored, n_known, is_taken, width = 0, 0, store.is_taken, rules.width
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
                if steps_from == n_steps:
                    continue
                n_scored += n_operands * (n_steps - steps_from)
                _expand(
                    bank, unit, rules, levels, store, level, slot, np.int64(SECOND),
                    steps_from, np.int64(n_steps), float(most),
                )  # fmt: skip
        if rules.joins:
            n_known = note_known(rules, levels, store, level - 1, n_known)
            n_scored += join_pairs(bank, unit, rules, levels, store, level, n_known)
        for slot in range(len(is_taken)):
            is_taken[slot] = False
        n_new = 0
        for lane in range(2):
            for i in range(levels.n_kept[level - 1, lane]):
                is_taken[store.place[level - 1, lane * width + i]] = True
            for i in range(levels.n_kept[level, lane]):
                n_new += levels.parts[level, lane * width + i, STEP] != CARRIED
        if (n_new == 0 and not rules.joins) or level == length - 1:
            return level + 1, n_scored
        free = 0
        for lane in range(2):
            for slot in range(lane * width, lane * width + levels.n_kept[level, lane]):
                if levels.parts[level, slot, STEP] == CARRIED:
                    place = store.place[level - 1, levels.parts[level, slot, PARENT]]
                else:
                    while is_taken[free]:
                        free += 1
                    _derive(bank, unit, rules, levels, store, level, slot, free)
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
