"""Outer formulas: what they are worth, and which of them can be part of a better formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.search.optimal.compiling import compiled
from logicx.search.optimal.kernels import NOTHING

if TYPE_CHECKING:
    from logicx.search.optimal.kernels import Choice, Floats, Ints, Plan, Scratch, Side, Tables


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
def fill_sums(
    plan: Plan, at: Choice, total: float, x: Ints, every: Ints, inside: Ints, sums: Floats
) -> None:
    """The counts of all sets of cells outside w, then of those inside."""
    c, z, both = np.float64(x[at.c]), np.float64(x[at.z]), np.float64(x[at.c])
    if plan.n_outer >= 2:
        both = np.float64(every[at.c, at.z])
    if plan.n_outer < 3:
        fill_cell_sums(total, c, z, both, sums[0])
        return
    w, in_c, in_z = (
        np.float64(x[at.w]),
        np.float64(every[at.w, at.c]),
        np.float64(every[at.w, at.z]),
    )
    in_both = np.float64(inside[at.c, at.z])
    fill_cell_sums(total - w, c - in_c, z - in_z, both - in_both, sums[0])
    fill_cell_sums(w, in_c, in_z, in_both, sums[1])


@compiled
def count_in(cells: int, sums: Floats) -> float:
    """The count of a set of cells."""
    count: float = sums[0, cells & 15] + sums[1, cells >> 4]
    return count


@compiled
def find_live(
    tables: Tables,
    grow: Side,
    plan: Plan,
    c: int,
    w: int,
    best: float,
    shorter: float,
    scratch: Scratch,
) -> int:
    """List the contexts, and mark the outer formulas, that may be in a better one for some z."""
    n_growing, first_shrinking = tables.n_growing, tables.first_shrinking
    x_sums, y_sums = scratch.x_quarters, scratch.y_quarters
    x_w = x_both = y_w = y_both = 0.0
    if plan.n_outer == 3:
        x_w, x_both = np.float64(grow.x[w]), np.float64(grow.all_x[w, c])
        y_w, y_both = np.float64(grow.y[w]), np.float64(grow.all_y[w, c])
    fill_cell_sums(grow.x_total, np.float64(grow.x[c]), x_w, x_both, x_sums)
    fill_cell_sums(grow.y_total, np.float64(grow.y[c]), y_w, y_both, y_sums)
    n_live, margin = 0, best - shorter
    for k in range(plan.region.shape[0]):
        region = plan.region_quarters[k]
        worth = grow.gain * x_sums[region] if plan.sign[k] > 0 else grow.loss * y_sums[region]
        if worth + shorter <= best:
            continue
        is_any = False
        for i in range(plan.first_outer[k], plan.first_outer[k + 1]):
            is_live = c < n_growing if plan.outer_c[i] else c >= first_shrinking
            is_live &= w < n_growing if plan.outer_w[i] else w >= first_shrinking
            if c >= n_growing and (plan.outer_z[i] or plan.outer_twin[i]):
                is_live = False  # nor can z, which comes later, help a formula grow
            for j in range(plan.first_need[i], plan.first_need[i + 1]):
                if not is_live:
                    break
                quarters = plan.need_quarters[j]
                if plan.need_shrinks[j]:
                    is_live = grow.gain * x_sums[quarters] > margin
                else:
                    is_live = grow.loss * y_sums[quarters] > margin
            scratch.is_live[i] = is_live
            is_any |= is_live
        if is_any:
            scratch.live[n_live] = k
            n_live += 1
    return n_live


@compiled
def best_base(
    tables: Tables, grow: Side, plan: Plan, k: int, at: Choice, margin: float, scratch: Scratch
) -> float:
    """The most that an outer formula of a context is worth, of those that may be in a better one.

    Its concepts must stand on their sides, and each must make a difference above the margin. Of
    `find_live` is known which cannot, whatever z is.
    """
    n_growing, first_shrinking = tables.n_growing, tables.first_shrinking
    x_sums, y_sums = scratch.x_sums, scratch.y_sums
    base = NOTHING
    for i in range(plan.first_outer[k], plan.first_outer[k + 1]):
        is_z = at.z < n_growing if plan.outer_z[i] else at.z >= first_shrinking
        if not (scratch.is_live[i] and is_z):
            continue
        cells = plan.outer_base[i]
        worth = grow.gain * count_in(cells, x_sums) - grow.loss * count_in(cells, y_sums)
        if worth <= base:
            continue
        if is_needed(grow, plan, i, margin, scratch):
            base = worth
    return base


@compiled
def is_needed(grow: Side, plan: Plan, i: int, margin: float, scratch: Scratch) -> bool:
    """Whether each concept of an outer formula can make a difference above the margin."""
    for j in range(plan.first_need[i], plan.first_need[i + 1]):
        if plan.need_shrinks[j]:
            most = grow.gain * count_in(plan.need_cells[j], scratch.x_sums)
        else:
            most = grow.loss * count_in(plan.need_cells[j], scratch.y_sums)
        if most <= margin:
            return False
    return True
