"""The objective `kappa`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import logicx


@logicx.objective("kappa", directions=(1, -1))
def kappa(
    tp: NDArray[np.int64], fp: NDArray[np.int64], n_on: int, n_cells: int
) -> NDArray[np.float64]:
    """Cohen's kappa: agreement of formula and unit beyond chance; 0 where there is 0/0."""
    n_formula = np.asarray(tp, np.float64) + fp
    both = 2 * (n_cells * np.asarray(tp, np.float64) - n_formula * n_on)
    below = n_formula * (n_cells - n_on) + float(n_on) * (n_cells - n_formula)
    return np.divide(both, below, out=np.zeros(np.shape(below)), where=below != 0)
