"""Every hole in every context whose bound beats the best: the loops that prove.

All tests ask for more than the best so far, strictly, and all numbers are whole: see `linear`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.search.optimal.bounds import bound_both, n_above, sort_by
from logicx.search.optimal.compiling import compiled, entry
from logicx.search.optimal.kernels import (
    AND,
    AND_NOT,
    CHOICES,
    CONTEXTS,
    EVALUATIONS,
    GAIN,
    LOSS,
    NOTHING,
    OR,
    PAIRS,
    VALUE,
    Choice,
    fill_list,
    fill_mask,
    fill_singles,
    need_all,
    need_in,
    need_part,
    value_of,
)
from logicx.search.optimal.outers import best_base, count_in, fill_sums, find_live

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.search.optimal.kernels import Longs, Plan, Scratch, Side, Tables


@compiled
def need_rows(tables: Tables, plan: Plan, at: Choice, a: int, scratch: Scratch) -> None:
    """Have the pair counts of a concept that the contexts of this size use."""
    if plan.n_outer >= 2:
        need_part(tables, at.c, a, scratch.hole)
        if plan.n_outer == 3:
            need_in(tables, at, a, scratch.hole)
    else:
        need_all(tables, a)


@compiled
def note(op: int, a: int, b: int, scratch: Scratch) -> None:
    """Note a hole, unless what remains without one of its concepts reaches the cut.

    Without a, `a AND NOT b` is NOT b: the region without b.
    """
    value_a = scratch.gain_of[a] - scratch.loss_of[a]
    value_b = scratch.gain_of[b] - scratch.loss_of[b]
    if op == AND_NOT:
        value_b = scratch.cuts[1] - value_b
    if value_a >= scratch.cuts[0] or value_b >= scratch.cuts[0]:
        return
    n = scratch.n_rows[0]
    scratch.n_rows[0] = n + 1
    if n < scratch.rows.shape[0]:
        row = scratch.rows[n]
        row[0], row[1], row[2], row[3] = scratch.place[0], op, scratch.place[1], scratch.place[2]
        row[4], row[5], row[6] = scratch.place[3], a, b


@compiled
def try_hole(
    tables: Tables,
    side: Side,
    plan: Plan,
    k: int,
    at: Choice,
    op: int,
    a: int,
    b: int,
    bar: float,
    scratch: Scratch,
    counters: Longs,
) -> float:
    """The worth of a hole if it is above the bar, else the bar."""
    if scratch.found[0] < 0:
        scratch.found[0] = 0
        fill_mask(plan.region[k], tables.bits, at, plan.n_outer, scratch.mask)
    counters[EVALUATIONS] += 1
    value = value_of(tables, side, op, a, b, scratch.mask, scratch.hole)
    if value > bar:
        if scratch.rows.shape[0] > 0:
            note(op, a, b, scratch)
            return bar
        scratch.found[1], scratch.found[2], scratch.found[3] = op, a, b
        return value
    return bar


@compiled
def try_or(
    tables: Tables,
    side: Side,
    plan: Plan,
    k: int,
    at: Choice,
    half: tuple[float, float],
    whole: float,
    most_gain: float,
    most_value: float,
    bar: float,
    scratch: Scratch,
    counters: Longs,
) -> float:
    """The best `a OR b`: worth at most value(a) + gain(b), and value(b) + gain(a).

    Nor is it worth more than the gain of the whole region without the loss of a.
    """
    gain_of, loss_of = scratch.gain_of, scratch.loss_of
    while True:  # what the rest cannot lift over the bar goes, until nothing goes
        next_gain, next_value = 0.0, NOTHING
        for a in range(side.first, side.last):
            gain = gain_of[a]
            value = gain - loss_of[a]
            is_cheap = whole - loss_of[a] > bar
            if is_cheap and value + most_gain > bar and gain + most_value > bar:
                next_gain, next_value = max(next_gain, gain), max(next_value, value)
        if next_gain + next_value <= bar:
            return bar
        if next_gain == most_gain and next_value == most_value:
            break
        most_gain, most_value = next_gain, next_value
    n, which, lists, bounds = np.int64(0), scratch.which, scratch.lists, scratch.bounds
    for a in range(side.first, side.last):
        gain = gain_of[a]
        is_cheap = whole - loss_of[a] > bar
        if is_cheap and gain - loss_of[a] + most_gain > bar and gain + most_value > bar:
            which[n] = a
            n += 1
    sort_by(gain_of, which, n, bounds)
    fill_list(plan, k, side, at, which, n, scratch, lists)
    gains, values = lists[GAIN], lists[VALUE]
    for i in range(n):
        a = which[i]
        if 2 * gains[i] <= bar:
            break
        end = n_above(gains, n, bar - values[i])
        if end <= i + 1:
            continue
        need_rows(tables, plan, at, a, scratch)
        counters[PAIRS] += end - i - 1
        bound_both(
            plan, k, side, a, lists, i, half[0], half[1], which, lists, i + 1, end, False, bounds
        )
        for j in range(i + 1, end):
            if values[i] + values[j] - bounds[j] > bar and values[j] + gains[i] > bar:
                bar = try_hole(tables, side, plan, k, at, OR, a, which[j], bar, scratch, counters)
    return bar


@compiled
def try_and(
    tables: Tables,
    side: Side,
    plan: Plan,
    k: int,
    at: Choice,
    half: tuple[float, float],
    bar: float,
    scratch: Scratch,
    counters: Longs,
) -> float:
    """The best `a AND b` and `a AND NOT b`: a alone must gain more than the bar."""
    n, which, lists, bounds = np.int64(0), scratch.which, scratch.lists, scratch.bounds
    for a in range(side.first, side.last):
        if scratch.gain_of[a] > bar:
            which[n] = a
            n += 1
    if n == 0:
        return bar
    fill_list(plan, k, side, at, which, n, scratch, lists)
    values, losses = lists[VALUE], lists[LOSS]
    most_value, most_reachable = NOTHING, NOTHING
    for i in range(n):
        a = which[i]
        most_value = max(most_value, values[i])
        need_rows(tables, plan, at, a, scratch)
        saved = min(losses[i], side.loss * side.most_y[plan.known[k], a])
        most_reachable = max(most_reachable, values[i] + saved)
        if plan.ops[k] & 2 and i + 1 < n:
            counters[PAIRS] += n - i - 1
            bound_both(
                plan, k, side, a, lists, i, half[0], half[1], which, lists, i + 1, n, True, bounds
            )
            for j in range(i + 1, n):
                if bounds[j] > bar:
                    bar = try_hole(
                        tables, side, plan, k, at, AND, a, which[j], bar, scratch, counters
                    )
    if not plan.ops[k] & 4 or most_reachable <= bar:
        return bar
    removed, removed_lists = scratch.removed, scratch.removed_lists
    fill_singles(plan, k, side, at, side.first_removed, side.last_removed, scratch)
    n_removed = np.int64(0)
    for b in range(side.first_removed, side.last_removed):
        if scratch.loss_of[b] + most_value > bar:
            removed[n_removed] = b
            n_removed += 1
    if n_removed == 0:
        return bar
    sort_by(scratch.loss_of, removed, n_removed, bounds)
    fill_list(plan, k, side, at, removed, n_removed, scratch, removed_lists)
    removed_losses = removed_lists[LOSS]
    for i in range(n):
        a = which[i]
        saved = min(losses[i], side.loss * side.most_y[plan.known[k], a])
        if values[i] + saved <= bar:
            continue
        end = n_above(removed_losses, n_removed, bar - values[i])
        counters[PAIRS] += end
        bound_both(
            plan,
            k,
            side,
            a,
            lists,
            i,
            half[0],
            half[1],
            removed,
            removed_lists,
            np.int64(0),
            end,
            False,
            bounds,
        )
        for j in range(end):
            if values[i] - bounds[j] > bar and removed[j] != a:
                bar = try_hole(
                    tables, side, plan, k, at, AND_NOT, a, removed[j], bar, scratch, counters
                )
    return bar


@compiled
def best_hole(
    tables: Tables,
    side: Side,
    plan: Plan,
    k: int,
    at: Choice,
    half: tuple[float, float],
    whole: float,
    bar: float,
    scratch: Scratch,
    counters: Longs,
) -> float:
    """The worth of the best hole in a context if it is above the bar, else the bar."""
    counters[CONTEXTS] += 1
    scratch.found[0] = -1
    if plan.n_outer >= 1:
        need_all(tables, at.c)
    if plan.n_outer >= 2:
        need_part(tables, at.c, at.z, scratch.hole)
    if plan.n_outer == 3:
        need_in(tables, at, at.z, scratch.hole)
    fill_singles(plan, k, side, at, side.first, side.last, scratch)
    most_gain, most_value = 0.0, NOTHING
    for a in range(side.first, side.last):
        most_gain = max(most_gain, scratch.gain_of[a])
        most_value = max(most_value, scratch.gain_of[a] - scratch.loss_of[a])
    if plan.ops[k] & 1 and most_gain + most_value > bar:
        bar = try_or(
            tables, side, plan, k, at, half, whole, most_gain, most_value, bar, scratch, counters
        )
    if plan.ops[k] & 6 and most_gain > bar:
        bar = try_and(tables, side, plan, k, at, half, bar, scratch, counters)
    return bar


@entry
def scan(
    tables: Tables,
    grow: Side,
    shrink: Side,
    plan: Plan,
    w: int,
    first: int,
    last: int,
    is_chosen: NDArray[np.uint8],
    best: float,
    shorter: float,
    scratch: Scratch,
    counters: Longs,
    found: Longs,
) -> float:
    """The worth of the best formula with outer w and c in `first..last`, if above the best.

    Only chosen concepts may be outer ones. `shorter` is the most that formulas of one concept fewer
    are worth. `found` receives context, op, c, z, w, a, b.
    """
    m = tables.bits.shape[0]
    x_sums, y_sums = scratch.x_sums, scratch.y_sums
    if plan.n_outer == 3:
        need_all(tables, w)
    for c in range(first, last):
        if not is_chosen[c]:
            continue
        z_first, z_last = (c + 1, m) if plan.n_outer >= 2 else (c, c + 1)
        third = w if plan.n_outer == 3 else c
        n_live = find_live(tables, grow, plan, c, third, best, shorter, scratch)
        counters[CHOICES] += 1
        if n_live == 0:
            continue
        if plan.n_outer >= 2:
            need_all(tables, c)
        if plan.n_outer == 3:
            need_in(tables, Choice(c, c, w), c, scratch.hole)
        for z in range(z_first, z_last):
            if not is_chosen[z]:
                continue
            at = Choice(c, z, third)
            fill_sums(plan, at, grow.x_total, grow.x, grow.all_x, grow.in_x, x_sums)
            fill_sums(plan, at, grow.y_total, grow.y, grow.all_y, grow.in_y, y_sums)
            counters[CHOICES] += 1
            for i in range(n_live):
                k = scratch.live[i]
                region, half = plan.region[k], plan.half[k]
                x, y = count_in(region, x_sums), count_in(region, y_sums)
                most = grow.gain * x if plan.sign[k] > 0 else shrink.gain * y
                if most + shorter <= best:  # a base is a shorter formula
                    continue
                base = best_base(tables, grow, plan, k, at, best - shorter, scratch)
                bar = best - base
                if base == NOTHING or most <= bar:
                    continue
                half_x, half_y = count_in(half, x_sums), count_in(half, y_sums)
                if plan.sign[k] > 0:
                    value = best_hole(
                        tables, grow, plan, k, at, (half_x, half_y), most, bar, scratch, counters
                    )
                else:
                    value = best_hole(
                        tables, shrink, plan, k, at, (half_y, half_x), most, bar, scratch, counters
                    )
                if value > bar:
                    best = base + value
                    found[0], found[1], found[2] = k, scratch.found[1], c
                    found[3], found[4] = z, at.w
                    found[5], found[6] = scratch.found[2], scratch.found[3]
    return best
