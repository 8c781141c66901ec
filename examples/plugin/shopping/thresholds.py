"""The threshold `otsu`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import logicx


@logicx.threshold("otsu")
def otsu(activations: NDArray[np.float64]) -> tuple[float, float]:
    """On above the cut into two classes of least variance (Otsu 1979)."""
    values, counts = np.unique(activations, return_counts=True)
    if len(values) < 2:
        return np.inf, np.inf
    share = values / np.abs(values).max()
    below, all_cells = np.cumsum(counts)[:-1], counts.sum()
    sums = np.cumsum(share * counts)
    mean_below = sums[:-1] / below
    mean_above = (sums[-1] - sums[:-1]) / (all_cells - below)
    between = below * (all_cells - below) * (mean_above - mean_below) ** 2
    return float(values[int(np.argmax(between))]), np.inf
