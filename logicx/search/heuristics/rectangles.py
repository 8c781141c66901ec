"""Rectangles of masks: the smallest around, and a largest within; and how much two overlap.

A rectangle is (top, left, bottom, right), the latter two exclusive; (0, 0, 0, 0) is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def bounding(masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The smallest rectangle around each mask, `bool[n, height, width] -> int64[n, 4]`."""
    found = np.zeros((len(masks), 4), np.int64)
    for axis, (low, high) in ((2, (0, 2)), (1, (1, 3))):
        lines = np.asarray(masks.any(axis=axis))
        found[:, low] = lines.argmax(axis=1)
        found[:, high] = lines.shape[1] - lines[:, ::-1].argmax(axis=1)
    found[~masks.any(axis=(1, 2))] = 0
    return found


def inscribed(masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A largest rectangle within each mask, `bool[n, height, width] -> int64[n, 4]`.

    Of equals the first by its bottom row, then by the column at which it was found.

    Cost: one pass over the masks, row by row, for all of them at once.
    """
    n, _, width = masks.shape
    best, found = np.zeros(n, np.int64), np.zeros((n, 4), np.int64)
    columns = np.arange(width)
    height = np.zeros((n, width), np.int64)
    left, right = np.zeros((n, width), np.int64), np.full((n, width), width)
    for row in range(masks.shape[1]):
        holds = masks[:, row]
        # Of each column: the run of this row that it lies in, and the widest rectangle that
        # reaches as high as the column does from here.
        start = np.maximum.accumulate(np.where(holds, 0, columns + 1), axis=1)
        ends = np.where(holds, width, columns)[:, ::-1]
        end = np.minimum.accumulate(ends, axis=1)[:, ::-1]
        height = np.where(holds, height + 1, 0)
        left = np.where(holds, np.maximum(left, start), 0)
        right = np.where(holds, np.minimum(right, end), width)
        area = height * (right - left)
        at = area.argmax(axis=1)[:, None]
        largest = np.take_along_axis(area, at, axis=1)[:, 0]
        better = largest > best
        parts = [np.take_along_axis(one, at, axis=1)[:, 0] for one in (height, left, right)]
        tops = row + 1 - parts[0]
        corners = np.stack([tops, parts[1], np.full(n, row + 1), parts[2]], axis=1)
        best[better], found[better] = largest[better], corners[better]
    return found


def overlap(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cells that two rectangles share, `int64[..., 4], int64[..., 4] -> int64[...]`."""
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    return np.asarray(np.maximum(sides, 0).prod(axis=-1))
