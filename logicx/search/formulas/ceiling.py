"""What no formula of any length can exceed, from the signatures alone."""

from __future__ import annotations

from math import gcd, lcm
from typing import TYPE_CHECKING

import numpy as np

from logicx.units.firing import Firing

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from logicx.scoring.objectives import Objective, Ratio

WIDE = 2**62
"""From here on products might not fit 64 bits, and Python's own numbers are used."""


def ceiling(
    size: NDArray[np.int64], on: Firing | NDArray[np.int64], goal: Objective
) -> float | None:
    """The best score that any formula of any length can have, whatever its connectives.

    A formula cannot tell the cells of a signature apart: it holds at a union of signatures, and
    with OR, AND and NOT every union is some formula's. So this is the best score of a union, found
    exactly. Scores above a bar t are those with gain·tp - loss·fp > threshold (see `Ratio`), and
    among all unions the left side is largest for the one that takes each signature for which
    gain·on > loss·(size - on), and no other. The score of that union is the next bar (Dinkelbach
    1967); where it is no higher than the last, no union is. As neither gain nor loss is below 0,
    only signatures where the unit fires are ever taken: those whose share of cells on exceeds
    loss / (gain + loss), a prefix of them all by descending share.

    Args:
        size: Cells of each signature.
        on: Where the unit fires, or cells of each at which it does.
        goal: The objective.

    Shape: `size, on: int64[n_signatures]`.

    Returns:
        The score of that union; None for an objective without an exact `ratio`. A length penalty
        only lowers scores, so the ceiling stands.

    Cost: a few passes over the signatures where the unit fires.

    Example:
        >>> from logicx.scoring.objectives import objective_named
        >>> ceiling(np.array([4, 4, 4]), np.array([3, 1, 0]), objective_named("iou"))
        0.6
    """
    make = getattr(goal, "ratio", None)
    if make is None:
        return None
    firing = Firing.of(on)
    inside: NDArray[Any] = firing.counts
    off: NDArray[Any] = size[firing.signatures] - inside
    n_on, n_cells = firing.n_on, int(size.sum())
    is_mixed = off > 0  # the others are taken at every bar: their cells all gain
    inside, off = inside[is_mixed], off[is_mixed]
    n_pure = n_on - int(inside.sum())
    ratio: Ratio = make(n_on, n_cells)
    scale = lcm(*(one.denominator for part in ratio for one in part))
    upper, lower = ([one.numerator * (scale // one.denominator) for one in part] for part in ratio)

    def counted(is_taken: NDArray[Any]) -> tuple[int, int]:
        which = np.flatnonzero(is_taken)
        return n_pure + int(inside[which].sum()), int(off[which].sum())

    def at(tp: int, fp: int) -> tuple[int, int]:
        below = lower[0] * tp + lower[1] * fp + lower[2]
        return (upper[0] * tp + upper[1] * fp + upper[2], below) if below else (0, 1)

    def is_better(one: tuple[int, int], other: tuple[int, int]) -> bool:
        (a, b), (c, d) = at(*one), at(*other)
        return a * d > c * b

    most = counted(inside > off)
    best = most if is_better(most, (0, 0)) else (0, 0)
    while True:
        above, below = at(*best)
        gain, loss = upper[0] * below - above * lower[0], above * lower[1] - upper[1] * below
        shared = gcd(gain, loss) or 1
        gain, loss = gain // shared, loss // shared
        if max(gain, loss) * n_cells >= WIDE:
            inside, off = inside.astype(object), off.astype(object)
        new = counted(gain * inside > loss * off)
        if not is_better(new, best):
            return float(goal.score(*best, n_on, n_cells))
        best = new
