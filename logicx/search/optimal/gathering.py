"""All formulas above a bar, one by one: the passes of a proof, but that nothing is left out.

A scan looks for one formula that is worth more than a bar, so of outer formulas with the same
region it takes the best. Here every outer formula is taken, and every hole that lifts it above the
bar is noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logicx.search.optimal.compiling import compiled, entry
from logicx.search.optimal.kernels import CHOICES, Choice, need_all, need_in
from logicx.search.optimal.limits import TooManyFormulas
from logicx.search.optimal.outers import count_in, fill_sums, find_live, is_needed
from logicx.search.optimal.proving import blocks
from logicx.search.optimal.restriction import Kept, Problem, plan_for, restrict, scratch_for
from logicx.search.optimal.scan import best_hole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from logicx.search.formulas.shapes import Shape
    from logicx.search.optimal.kernels import Longs, Plan, Scratch, Side, Tables
    from logicx.search.optimal.limits import Limits
    from logicx.search.optimal.linear import Weights

ROOM = 1 << 16
"""Formulas that are noted in one call."""

MOST_ROOM = 1 << 20
"""Formulas with the same two outer concepts that are noted at most."""

NO_CUT = 1e15
"""Above every worth."""


class Bar(NamedTuple):
    """Which formulas are gathered.

    Args:
        weights: What cells are worth; the threshold is the floor that a formula must exceed.
        margin: Each concept of such a formula makes a difference of more than this.
        cut: Formulas are left out where what remains without some of their concepts is worth so
            much.
    """

    weights: Weights
    margin: int
    cut: float = NO_CUT


@entry
def gather(
    tables: Tables,
    grow: Side,
    shrink: Side,
    plan: Plan,
    w: int,
    first: int,
    last: int,
    floor: float,
    margin: float,
    cut: float,
    scratch: Scratch,
    counters: Longs,
) -> None:
    """Note all formulas above the floor with outer w and c in `first..last`, as far as room is.

    It stops where there is no more room: then `n_rows` is larger than the rows.
    """
    m = tables.bits.shape[0]
    x_sums, y_sums = scratch.x_sums, scratch.y_sums
    all_cells = 255 if plan.n_outer == 3 else 15
    if plan.n_outer == 3:
        need_all(tables, w)
    for c in range(first, last):
        z_first, z_last = (c + 1, m) if plan.n_outer >= 2 else (c, c + 1)
        third = w if plan.n_outer == 3 else c
        n_live = find_live(tables, grow, plan, c, third, floor, floor - margin, scratch)
        counters[CHOICES] += 1
        if n_live == 0:
            continue
        if plan.n_outer >= 2:
            need_all(tables, c)
        if plan.n_outer == 3:
            need_in(tables, Choice(c, c, w), c, scratch.hole)
        for z in range(z_first, z_last):
            at = Choice(c, z, third)
            fill_sums(plan, at, grow.x_total, grow.x, grow.all_x, grow.in_x, x_sums)
            fill_sums(plan, at, grow.y_total, grow.y, grow.all_y, grow.in_y, y_sums)
            counters[CHOICES] += 1
            scratch.place[1], scratch.place[2], scratch.place[3] = c, z, at.w
            for j in range(n_live):
                k = scratch.live[j]
                x, y = count_in(plan.region[k], x_sums), count_in(plan.region[k], y_sums)
                most = grow.gain * x if plan.sign[k] > 0 else shrink.gain * y
                if most <= margin:
                    continue
                for i in range(plan.first_outer[k], plan.first_outer[k + 1]):
                    is_z = z < tables.n_growing if plan.outer_z[i] else z >= tables.first_shrinking
                    if not (scratch.is_live[i] and is_z):
                        continue
                    if not is_needed(grow, plan, i, margin, scratch):
                        continue
                    bar = floor - left_over(grow, plan, k, i, all_cells, cut, scratch)
                    if most <= bar:
                        continue
                    scratch.place[0] = i
                    scratch.cuts[0] = cut - (floor - bar)
                    fill_holes(
                        tables, grow, shrink, plan, k, at, (x, y), most, bar, scratch, counters
                    )
                    if scratch.n_rows[0] > scratch.rows.shape[0]:
                        return


@compiled
def left_over(
    grow: Side, plan: Plan, k: int, i: int, all_cells: int, cut: float, scratch: Scratch
) -> float:
    """What an outer formula is worth with an empty hole; or -NO_CUT where it is to be left out.

    So it is where the cut is reached with the hole empty or full, unless nothing remains then.
    """
    empty = plan.outer_base[i]
    full = empty ^ plan.region[k]
    base = 0.0
    for cells in (full, empty):
        x, y = count_in(cells, scratch.x_sums), count_in(cells, scratch.y_sums)
        base = grow.gain * x - grow.loss * y
        if base >= cut and cells != 0 and cells != all_cells:
            return -NO_CUT
    return base


@compiled
def fill_holes(
    tables: Tables,
    grow: Side,
    shrink: Side,
    plan: Plan,
    k: int,
    at: Choice,
    region: tuple[float, float],
    most: float,
    bar: float,
    scratch: Scratch,
    counters: Longs,
) -> None:
    """Note the holes of a context that are worth more than a bar."""
    x, y = region
    half_x = count_in(plan.half[k], scratch.x_sums)
    half_y = count_in(plan.half[k], scratch.y_sums)
    if plan.sign[k] > 0:
        scratch.cuts[1] = grow.gain * x - grow.loss * y
        best_hole(tables, grow, plan, k, at, (half_x, half_y), most, bar, scratch, counters)
    else:
        scratch.cuts[1] = shrink.gain * y - shrink.loss * x
        best_hole(tables, shrink, plan, k, at, (half_y, half_x), most, bar, scratch, counters)


def gathered(
    problem: Problem, bar: Bar, length: int, shape: Shape, limits: Limits
) -> Iterator[tuple[Kept, NDArray[np.int64]]]:
    """The formulas of exactly so many concepts above a bar, from 2, some at a time.

    Yields:
        The concepts that the pass keeps, and of each formula the number of its outer formula in
        the plan, the connective, and the places of c, z, w, a and b among these concepts.

    Raises:
        LimitReached: Not all of them were looked at.
    """
    weights, margin = bar.weights, bar.margin
    kept = Kept.of(problem, weights, margin)
    if not kept.n_growing:
        return
    limits.n_passes += 1
    n_outer = length - 2
    restriction = restrict(problem, weights, kept, n_outer)
    plan = plan_for(n_outer, shape, n_outer == 3)
    scratch = scratch_for(restriction, plan, ROOM)
    sides = (restriction.tables, restriction.grow, restriction.shrink, plan)
    everything = np.ones(len(kept.concepts), np.uint8)
    for w, start, end in blocks(limits, restriction, n_outer, everything, n_outer == 3):
        left = [(start, end)]
        while left:
            first, last = left.pop()
            scratch.n_rows[0] = 0
            gather(
                *(*sides, w, first, last, float(weights.threshold), float(margin), bar.cut),
                *(scratch, limits.counters),
            )
            n_rows, n_room = int(scratch.n_rows[0]), len(scratch.rows)
            if n_rows <= n_room:
                if n_rows:
                    yield kept, scratch.rows[:n_rows].copy()
            elif last - first > 1:
                middle = (first + last) // 2
                left += [(middle, last), (first, middle)]
            elif n_room < MOST_ROOM:
                scratch = scratch_for(restriction, plan, n_room * 4)
                left.append((first, last))
            else:
                raise TooManyFormulas
            limits.check()
