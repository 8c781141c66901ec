"""Compiled: scores of candidates, and which candidates need not be scored.

A candidate can enter a beam only where its score exceeds the worst one kept. For every objective
that is compiled, this is a linear inequality in its two counts; so all candidates are held against
a line, eight at a time, without a division and without making one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.engines.counting import compiled
from logicx.engines.layout import (
    ACCURACY,
    DICE,
    FBETA,
    IOU,
    ON,
    PRECISION,
    RECALL,
    SIZE,
)
from logicx.kernels import compiling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.engines.layout import Rules, Unit

ROUNDING = 2.0**-20
"""More than what single precision loses of a candidate's line, as a share of its largest terms:
eight roundings of at most 2^-24 each."""

SLACK = 1e-9
"""More than what a score above those of its limits may be rounded by; no score exceeds 1."""

filtering = compiling(is_inner=True, fastmath={"contract"}, error_model="numpy", _nrt=False)
"""Compile with fused multiplication and addition, which `ROUNDING` allows for."""


@compiled
def score(kind: int, b: float, tp: int, size: int, n_on: int, n_cells: int) -> float:
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
def _most(table: NDArray[np.uint64], f: int, g: int, n: int) -> int:
    """No formula that a step makes of f and g of so many cells, of n, holds at more."""
    outside, inside = 0, 0
    if table[0] != 0:
        outside = n - f if table[1] != 0 else min(n - f, n - g)
    elif table[1] != 0:
        outside = min(n - f, g)
    if table[2] != 0:
        inside = f if table[3] != 0 else min(f, n - g)
    elif table[3] != 0:
        inside = min(f, g)
    return outside + inside


@compiled
def _least(table: NDArray[np.uint64], f: int, g: int, n: int) -> int:
    """No formula that a step makes of f and g of so many cells, of n, holds at fewer."""
    outside, inside = 0, 0
    if table[0] != 0:
        outside = n - f if table[1] != 0 else max(0, n - f - g)
    elif table[1] != 0:
        outside = max(0, g - f)
    if table[2] != 0:
        inside = f if table[3] != 0 else max(0, f - g)
    elif table[3] != 0:
        inside = max(0, f + g - n)
    return outside + inside


@compiled
def joined_limits(
    table: NDArray[np.uint64], f: NDArray[np.int64], g: NDArray[np.int64], n_on: int, n_cells: int
) -> tuple[int, int]:
    """Least false and most true positives of a formula that a step makes of two.

    No score falls with the true ones or rises with the false ones, so none exceeds that of these.
    """
    least = _least(table, f[SIZE] - f[ON], g[SIZE] - g[ON], n_cells - n_on)
    return least, _most(table, f[ON], g[ON], n_on)


@compiled
def _bar(kind: int, b: float, floor: float, n_on: int, n_cells: int) -> tuple[float, float, float]:
    """Numbers p, q, r such that `p·tp + q·size + r > 0` wherever the score is above the floor.

    They are rounded themselves, and so is a score: `lay_lines` leaves room for it.
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
    return p, q, r


@compiled
def lay_lines(
    lines: NDArray[np.float32], unit: Unit, rules: Rules, most: float, parent: NDArray[np.int64],
    floor: float,
) -> tuple[np.float32, np.float32]:  # fmt: skip
    """Per step the line that a candidate must reach: `base + c·x(c) + both·x(f, c) > 0`.

    There x is `p·tp + q·size` of the concept, and of the concept together with the parent; p and q
    are returned. Nothing that scores above the floor is below its line, whatever is rounded.

    Args:
        lines: `float32[n_steps, 3]`, is filled: base, c, both.
        unit: The unit.
        rules: The rules.
        most: Cells of the largest concept.
        parent: What is noted of the formula that is expanded.
        floor: The score to exceed.
    """
    steps, n_on, n_cells = rules.steps, float(unit.n_on), float(unit.n_cells)
    p, q, r = _bar(rules.kind, rules.parameter, floor, unit.n_on, unit.n_cells)
    for i in range(len(steps)):
        tp = float(steps[i, 0]) * n_on + float(steps[i, 1] * parent[ON])
        size = float(steps[i, 0]) * n_cells + float(steps[i, 1] * parent[SIZE])
        n_terms = float(abs(steps[i, 2]) + abs(steps[i, 3]))
        largest = abs(p) * (tp + n_terms * n_on) + abs(q) * (size + n_terms * most) + abs(r)
        lines[i, 0] = p * tp + q * size + r + ROUNDING * largest
        lines[i, 1], lines[i, 2] = steps[i, 2], steps[i, 3]
    return np.float32(p), np.float32(q)


@filtering
def any_above(
    lines: NDArray[np.float32], first_line: int, p: np.float32, q: np.float32,
    on_counts: NDArray[np.float32], on_both: NDArray[Any],
    counts: NDArray[np.float32], all_both: NDArray[Any], first: np.uint64, stop: np.uint64,
) -> bool:  # fmt: skip
    """Whether any candidate of three steps is above its line."""
    i, zero = first_line, np.float32(0)
    base_0, c_0, both_0 = lines[i, 0], lines[i, 1], lines[i, 2]
    base_1, c_1, both_1 = lines[i + 1, 0], lines[i + 1, 1], lines[i + 1, 2]
    base_2, c_2, both_2 = lines[i + 2, 0], lines[i + 2, 1], lines[i + 2, 2]
    is_any = False
    for j in range(first, stop):
        c = p * on_counts[j] + q * counts[j]
        both = p * np.float32(on_both[j]) + q * np.float32(all_both[j])
        is_any |= (
            (base_0 + c_0 * c + both_0 * both > zero)
            | (base_1 + c_1 * c + both_1 * both > zero)
            | (base_2 + c_2 * c + both_2 * both > zero)
        )
    return is_any


@filtering
def mark(
    marks: NDArray[np.int32], bit: int, lines: NDArray[np.float32], p: np.float32, q: np.float32,
    on_counts: NDArray[np.float32], on_both: NDArray[Any],
    counts: NDArray[np.float32], all_both: NDArray[Any], first: np.uint64, stop: np.uint64,
) -> None:  # fmt: skip
    """Mark the candidates of one step that are above its line."""
    base, of_c, of_both = lines[bit, 0], lines[bit, 1], lines[bit, 2]
    mark, zero = np.int32(1 << bit), np.float32(0)
    for j in range(first, stop):
        c = p * on_counts[j] + q * counts[j]
        both = p * np.float32(on_both[j]) + q * np.float32(all_both[j])
        marks[j - first] |= mark if base + of_c * c + of_both * both > zero else np.int32(0)


@compiled
def unmark(
    marks: NDArray[np.int32], bit: int, step: NDArray[np.int64], change: int,
    counts: NDArray[Any], all_both: NDArray[Any], first: np.uint64, stop: np.uint64,
) -> None:  # fmt: skip
    """Take the mark from those whose size is their parent's.

    Sums may wrap around in the type of the weights; as sizes differ by less than half its numbers,
    those that come to zero are those that are zero.
    """
    weight = counts.dtype.type
    base, of_c, of_both, mark = weight(change), weight(step[2]), weight(step[3]), np.int32(1 << bit)
    for j in range(first, stop):
        by_c, by_both = weight(of_c * counts[j]), weight(of_both * all_both[j])
        is_same = weight(weight(base + by_c) + by_both) == 0
        marks[j - first] &= ~mark if is_same else np.int32(-1)
