"""Every hole in every context whose bound beats the best: the loops that prove.

All tests ask for more than the best so far, strictly, and all numbers are whole: see `linear`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.search.optimal.bounds import bound_both, n_above, sort_by
from logicx.search.optimal.compiling import compiled
from logicx.search.optimal.kernels import (
    AND,
    AND_NOT,
    CONTEXTS,
    EVALUATIONS,
    GAIN,
    LOSS,
    OR,
    PAIRS,
    VALUE,
    fill_list,
    fill_mask,
    fill_singles,
    need_all,
    need_part,
    value_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.search.optimal.kernels import Floats, Longs, Plan, Scratch, Side, Tables

NOTHING = -1e15
"""Below every worth."""


@compiled
def need_rows(tables: Tables, plan: Plan, c: int, a: int, scratch: Scratch) -> None:
    """Have the pair counts of a concept that the contexts of this size use."""
    if plan.n_outer == 2:
        need_part(tables, c, a, scratch.hole)
    else:
        need_all(tables, a)


@compiled
def try_hole(
    tables: Tables,
    side: Side,
    plan: Plan,
    k: int,
    c: int,
    z: int,
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
        fill_mask(plan.region[k], tables.bits[c], tables.bits[z], scratch.mask)
    counters[EVALUATIONS] += 1
    value = value_of(tables, side, op, a, b, scratch.mask, scratch.hole)
    if value > bar:
        scratch.found[1], scratch.found[2], scratch.found[3] = op, a, b
        return value
    return bar


@compiled
def try_or(
    tables: Tables,
    side: Side,
    plan: Plan,
    k: int,
    c: int,
    z: int,
    half: tuple[float, float],
    most_gain: float,
    most_value: float,
    bar: float,
    scratch: Scratch,
    counters: Longs,
) -> float:
    """The best `a OR b`: worth at most value(a) + gain(b), and value(b) + gain(a)."""
    gain_of, loss_of = scratch.gain_of, scratch.loss_of
    while True:  # what the rest cannot lift over the bar goes, until nothing goes
        next_gain, next_value = 0.0, NOTHING
        for a in range(side.first, side.last):
            gain = gain_of[a]
            value = gain - loss_of[a]
            if value + most_gain > bar and gain + most_value > bar:
                next_gain, next_value = max(next_gain, gain), max(next_value, value)
        if next_gain + next_value <= bar:
            return bar
        if next_gain == most_gain and next_value == most_value:
            break
        most_gain, most_value = next_gain, next_value
    n, which, lists, bounds = 0, scratch.which, scratch.lists, scratch.bounds
    for a in range(side.first, side.last):
        gain = gain_of[a]
        if gain - loss_of[a] + most_gain > bar and gain + most_value > bar:
            which[n] = a
            n += 1
    sort_by(gain_of, which, n, bounds)
    fill_list(plan, k, side, c, z, which, n, scratch, lists)
    gains, values = lists[GAIN], lists[VALUE]
    for i in range(n):
        a = which[i]
        if 2 * gains[i] <= bar:
            break
        end = n_above(gains, n, bar - values[i])
        if end <= i + 1:
            continue
        need_rows(tables, plan, c, a, scratch)
        counters[PAIRS] += end - i - 1
        bound_both(
            plan, k, side, a, lists, i, half[0], half[1], which, lists, i + 1, end, False, bounds
        )
        for j in range(i + 1, end):
            if values[i] + values[j] - bounds[j] > bar and values[j] + gains[i] > bar:
                bar = try_hole(tables, side, plan, k, c, z, OR, a, which[j], bar, scratch, counters)
    return bar


@compiled
def try_and(
    tables: Tables,
    side: Side,
    plan: Plan,
    k: int,
    c: int,
    z: int,
    half: tuple[float, float],
    bar: float,
    scratch: Scratch,
    counters: Longs,
) -> float:
    """The best `a AND b` and `a AND NOT b`: a alone must gain more than the bar."""
    n, which, lists, bounds = 0, scratch.which, scratch.lists, scratch.bounds
    for a in range(side.first, side.last):
        if scratch.gain_of[a] > bar:
            which[n] = a
            n += 1
    if n == 0:
        return bar
    fill_list(plan, k, side, c, z, which, n, scratch, lists)
    values, losses = lists[VALUE], lists[LOSS]
    most_value, most_reachable = NOTHING, NOTHING
    for i in range(n):
        a = which[i]
        most_value = max(most_value, values[i])
        need_rows(tables, plan, c, a, scratch)
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
                        tables, side, plan, k, c, z, AND, a, which[j], bar, scratch, counters
                    )
    if not plan.ops[k] & 4 or most_reachable <= bar:
        return bar
    removed, removed_lists = scratch.removed, scratch.removed_lists
    fill_singles(plan, k, side, c, z, side.first_removed, side.last_removed, scratch)
    n_removed = 0
    for b in range(side.first_removed, side.last_removed):
        if scratch.loss_of[b] + most_value > bar:
            removed[n_removed] = b
            n_removed += 1
    if n_removed == 0:
        return bar
    sort_by(scratch.loss_of, removed, n_removed, bounds)
    fill_list(plan, k, side, c, z, removed, n_removed, scratch, removed_lists)
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
            0,
            end,
            False,
            bounds,
        )
        for j in range(end):
            if values[i] - bounds[j] > bar and removed[j] != a:
                bar = try_hole(
                    tables, side, plan, k, c, z, AND_NOT, a, removed[j], bar, scratch, counters
                )
    return bar


@compiled
def best_hole(
    tables: Tables,
    side: Side,
    plan: Plan,
    k: int,
    c: int,
    z: int,
    half: tuple[float, float],
    bar: float,
    scratch: Scratch,
    counters: Longs,
) -> float:
    """The worth of the best hole in a context if it is above the bar, else the bar."""
    counters[CONTEXTS] += 1
    scratch.found[0] = -1
    if plan.n_outer == 2:
        need_all(tables, c)
        need_part(tables, c, z, scratch.hole)
    elif plan.n_outer == 1:
        need_all(tables, c)
    fill_singles(plan, k, side, c, z, side.first, side.last, scratch)
    most_gain, most_value = 0.0, NOTHING
    for a in range(side.first, side.last):
        most_gain = max(most_gain, scratch.gain_of[a])
        most_value = max(most_value, scratch.gain_of[a] - scratch.loss_of[a])
    if plan.ops[k] & 1 and most_gain + most_value > bar:
        bar = try_or(
            tables, side, plan, k, c, z, half, most_gain, most_value, bar, scratch, counters
        )
    if plan.ops[k] & 6 and most_gain > bar:
        bar = try_and(tables, side, plan, k, c, z, half, bar, scratch, counters)
    return bar


@compiled
def fill_cell_sums(total: float, c: float, z: float, both: float, sums: Floats) -> None:
    """The counts of all 16 sets of cells of (c, z)."""
    sums[0], sums[1], sums[2] = 0.0, total - c - z + both, c - both
    sums[3] = sums[1] + sums[2]
    for cells in range(4):
        sums[4 + cells] = sums[cells] + z - both
    for cells in range(8):
        sums[8 + cells] = sums[cells] + both


@compiled
def scan(
    tables: Tables,
    grow: Side,
    shrink: Side,
    plan: Plan,
    first: int,
    last: int,
    is_chosen: NDArray[np.uint8],
    best: float,
    scratch: Scratch,
    counters: Longs,
    found: Longs,
) -> float:
    """The worth of the best formula with outer concept c in `first..last`, if above the best.

    Only chosen concepts may be outer ones. `found` receives context, c, z, op, a, b.
    """
    m, n_growing, first_shrinking = tables.bits.shape[0], tables.n_growing, tables.first_shrinking
    x_sums, y_sums = scratch.cell_sums[0], scratch.cell_sums[1]
    for c in range(first, last):
        if not is_chosen[c]:
            continue
        z_first, z_last = (c + 1, m) if plan.n_outer == 2 else (c, c + 1)
        if plan.n_outer == 2:
            need_all(tables, c)
        for z in range(z_first, z_last):
            if not is_chosen[z]:
                continue
            x_both, y_both = np.float64(grow.x[c]), np.float64(grow.y[c])
            if plan.n_outer == 2:
                x_both, y_both = np.float64(grow.all_x[c, z]), np.float64(grow.all_y[c, z])
            fill_cell_sums(grow.x_total, grow.x[c], grow.x[z], x_both, x_sums)
            fill_cell_sums(grow.y_total, grow.y[c], grow.y[z], y_both, y_sums)
            for k in range(plan.region.shape[0]):
                base = NOTHING
                for i in range(plan.first_outer[k], plan.first_outer[k + 1]):
                    is_c = c < n_growing if plan.outer_c[i] else c >= first_shrinking
                    is_z = z < n_growing if plan.outer_z[i] else z >= first_shrinking
                    if is_c and is_z:
                        cells = plan.outer_base[i]
                        worth = grow.gain * x_sums[cells] - grow.loss * y_sums[cells]
                        base = max(base, worth)
                if base == NOTHING:
                    continue
                bar, region, half = best - base, plan.region[k], plan.half[k]
                if plan.sign[k] > 0:
                    if grow.gain * x_sums[region] <= bar:
                        continue
                    value = best_hole(
                        tables,
                        grow,
                        plan,
                        k,
                        c,
                        z,
                        (x_sums[half], y_sums[half]),
                        bar,
                        scratch,
                        counters,
                    )
                else:
                    if shrink.gain * y_sums[region] <= bar:
                        continue
                    value = best_hole(
                        tables,
                        shrink,
                        plan,
                        k,
                        c,
                        z,
                        (y_sums[half], x_sums[half]),
                        bar,
                        scratch,
                        counters,
                    )
                if value > bar:
                    best = base + value
                    found[0], found[1], found[2] = k, c, z
                    found[3], found[4], found[5] = (
                        scratch.found[1],
                        scratch.found[2],
                        scratch.found[3],
                    )
    return best
