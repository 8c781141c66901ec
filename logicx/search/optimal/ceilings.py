"""Ceilings: what no formula over some concepts is worth, however long it is.

Signatures that hold the same of these concepts are alike to every formula over them: it takes all
of their cells or none. And none takes the cells where none of the concepts holds. So no formula is
worth more than all such groups of cells together that are worth something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.signatures import Incidence, SignatureBuilder
from logicx.search.optimal.restriction import incidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.search.optimal.linear import Weights
    from logicx.search.optimal.restriction import Problem


def ceiling(problem: Problem, weights: Weights, concepts: NDArray[np.int64]) -> int:
    """The most that formulas of any length over these concepts may be worth."""
    cells = Incidence(*incidence(problem, concepts))
    builder = SignatureBuilder(len(concepts))
    builder.add(cells)
    groups = builder.finish().of_cell
    on = np.bincount(groups, problem.on)
    off = np.bincount(groups, problem.off)
    worth = weights.gain * on - weights.loss * off
    worth[groups[np.diff(cells.indptr) == 0]] = 0
    return int(np.maximum(worth, 0).sum())
