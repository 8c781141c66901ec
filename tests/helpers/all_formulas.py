"""Every formula of some length over some connectives, the slow way: masks and plain Python."""

from __future__ import annotations

from itertools import product

import numpy as np
from some_operators import register

PLAIN = {
    "OR": lambda a, b: a | b,
    "AND": lambda a, b: a & b,
    "AND NOT": lambda a, b: a & ~b,
    "XOR": lambda a, b: a ^ b,
    "IF": lambda a, b: ~a | b,
    "MOST": lambda a, b, c: a.astype(int) + b + c >= 2,
}
"""What each connective does to masks; two of them are no built-in ones."""


def register_others() -> None:
    """The connectives that are no built-in ones, as anybody would register them."""
    register("IF", lambda a, b: (not a) or b, form="infix", precedence=5)
    register("MOST", lambda *args: 2 * sum(args) > len(args), n_args=(1, None),
             facts=["commutative"])  # fmt: skip


def masks_by_length(masks, connectives, length, literals=False):
    """All masks that formulas of exactly 1, 2, ... concepts have, as bytes, a set for each length.

    Operands are any formulas, repetitions counted.
    """
    first = {one.tobytes() for one in masks}
    first |= {(~one).tobytes() for one in masks} if literals else set()
    levels = [first]
    for n in range(2, length + 1):
        made = set()
        for name in connectives:
            n_args = 3 if name == "MOST" else 2
            for sizes in product(range(1, n), repeat=n_args):
                if sum(sizes) == n:
                    for parts in product(*(levels[size - 1] for size in sizes)):
                        made.add(
                            PLAIN[name](*(np.frombuffer(one, bool) for one in parts)).tobytes()
                        )
        levels.append(made)
    return levels


def best_by_length(masks, unit, connectives, length, goal, literals=False):
    """The best score of at most 1, 2, ... concepts."""
    best, found = -np.inf, []
    for level in masks_by_length(masks, connectives, length, literals):
        for one in level:
            holds = np.frombuffer(one, bool)
            tp, fp = int((holds & unit).sum()), int((holds & ~unit).sum())
            best = max(best, float(goal.score(tp, fp, int(unit.sum()), len(unit))))
        found.append(best)
    return found
