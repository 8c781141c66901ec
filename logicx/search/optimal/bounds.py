"""Bounds on what two concepts are worth together, for one concept against a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.search.optimal.compiling import compiled
from logicx.search.optimal.kernels import HALF_X, HALF_Y, OTHER_X, OTHER_Y

if TYPE_CHECKING:
    from logicx.search.optimal.kernels import Floats, Longs, Plan, Side


@compiled
def bound_both(
    plan: Plan,
    k: int,
    side: Side,
    a: int,
    own: Floats,
    i: int,
    half_x: float,
    half_y: float,
    which: Longs,
    lists: Floats,
    first: int,
    last: int,
    is_upper: bool,
    bounds: Floats,
) -> None:
    """Bounds on the worth of `a and b` in the region, for the listed b.

    In a set H within a set U where the pair is counted exactly, `a and b` holds at no more cells
    than in U, than a alone in H, or b alone in H; and at no fewer than those of U without what a
    (or b) has in U outside H, and than a and b together exceed H.
    """
    u0, u1, u2, u3 = plan.pair_known[k]
    e0, e1, e2, e3 = plan.pair_rest[k]
    is_third = plan.n_outer == 3
    gain, loss = side.gain, side.loss
    all_x, part_x, all_y, part_y = side.all_x[a], side.part_x[a], side.all_y[a], side.part_y[a]
    in_x, in_part_x = side.in_x[a], side.in_part_x[a]
    in_y, in_part_y = side.in_y[a], side.in_part_y[a]
    a_x, a_y, a_other_x, a_other_y = (
        own[HALF_X, i],
        own[HALF_Y, i],
        own[OTHER_X, i],
        own[OTHER_Y, i],
    )
    b_x, b_y, b_other_x, b_other_y = lists[HALF_X], lists[HALF_Y], lists[OTHER_X], lists[OTHER_Y]
    for j in range(first, last):
        b = which[j]
        x, x_part = np.float64(all_x[b]), np.float64(part_x[b])
        y, y_part = np.float64(all_y[b]), np.float64(part_y[b])
        known_x, known_y = u0 * x + u1 * x_part, u0 * y + u1 * y_part
        rest_x, rest_y = e0 * x + e1 * x_part, e0 * y + e1 * y_part
        if is_third:
            x, x_part = np.float64(in_x[b]), np.float64(in_part_x[b])
            y, y_part = np.float64(in_y[b]), np.float64(in_part_y[b])
            known_x, known_y = known_x + u2 * x + u3 * x_part, known_y + u2 * y + u3 * y_part
            rest_x, rest_y = rest_x + e2 * x + e3 * x_part, rest_y + e2 * y + e3 * y_part
        if is_upper:
            high = min(known_x, min(a_x, b_x[j]))
            low = max(known_y - min(a_other_y, b_other_y[j]), a_y + b_y[j] - half_y)
            bounds[j] = gain * (high + rest_x) - loss * (max(low, 0.0) + rest_y)
        else:
            high = min(known_y, min(a_y, b_y[j]))
            low = max(known_x - min(a_other_x, b_other_x[j]), a_x + b_x[j] - half_x)
            bounds[j] = gain * (max(low, 0.0) + rest_x) - loss * (high + rest_y)


@compiled
def sort_by(worth: Floats, which: Longs, n: int, keys: Floats) -> None:
    """Sort the first n listed concepts by a worth, largest first (a Shell sort, in place)."""
    for i in range(n):
        keys[i] = worth[which[i]]
    for gap in (701, 301, 132, 57, 23, 10, 4, 1):
        for i in range(gap, n):
            key, concept, j = keys[i], which[i], i
            while j >= gap and keys[j - gap] < key:
                keys[j], which[j] = keys[j - gap], which[j - gap]
                j -= gap
            keys[j], which[j] = key, concept


@compiled
def n_above(descending: Floats, n: int, floor: float) -> int:
    """How many of the first n numbers, which descend, lie above the floor."""
    first, last = 0, n
    while first < last:
        middle = (first + last) // 2
        if descending[middle] > floor:
            first = middle + 1
        else:
            last = middle
    return first
