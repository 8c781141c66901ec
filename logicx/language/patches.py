"""Patches of masks: cells of an image that hang together by their sides, found run by run.

Both functions spread along whole runs of cells, of rows and of columns in turns, until nothing
changes: as often as a way through a patch turns, not as often as it has steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Masks = NDArray[np.bool_]


def patches(x: Masks) -> NDArray[np.int64]:
    """Of each cell of a patch the number of the patch's first cell, and its own of any other.

    Shape: `bool[n_images, height, width] -> int64` of the same shape; cells are numbered in reading
    order, image after image.

    Example:
        >>> patches(np.array([[[1, 0, 1], [1, 0, 0]]], bool))[0].tolist()
        [[0, 1, 2], [0, 4, 5]]
    """
    number = np.arange(x.size).reshape(x.shape)
    rows, columns = _Runs(x), _Runs(np.swapaxes(x, -1, -2))
    while True:
        new = rows.least(number)
        new = np.swapaxes(columns.least(np.swapaxes(new, -1, -2)), -1, -2)
        if (new == number).all():
            return number
        number = new


def reached(free: Masks, start: Masks) -> Masks:
    """The free cells that ways from the starts reach, up, down, left and right over free cells.

    Shape: `bool[n_images, height, width]`, all of them.
    """
    blocked = (~(start & free)).astype(np.int64)
    rows, columns = _Runs(free), _Runs(np.swapaxes(free, -1, -2))
    while True:
        new = rows.least(blocked)
        new = np.swapaxes(columns.least(np.swapaxes(new, -1, -2)), -1, -2)
        if (new == blocked).all():
            found: Masks = free & (blocked == 0)
            return found
        blocked = new


class _Runs:
    """Runs of cells along the last axis at which a mask holds; any other cell is one of its own."""

    def __init__(self, x: Masks) -> None:
        """Find where each run begins."""
        begins = np.ones(x.shape, bool)
        begins[..., 1:] = ~(x[..., 1:] & x[..., :-1])
        flat = begins.reshape(-1)
        self._starts = np.flatnonzero(flat)
        self._lengths = np.diff(np.append(self._starts, len(flat)))

    def least(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The least number of each run, at all its cells."""
        least = np.minimum.reduceat(numbers.reshape(-1), self._starts)
        return np.repeat(least, self._lengths).reshape(numbers.shape)
