"""Bilinear upsampling of maps, bit for bit as torch does it, only where values can be high.

What decides is whether a value lies above a threshold, so its last bit counts. Matched is
`interpolate(maps, size, mode="bilinear", align_corners=False)` of float32 maps `[n, 1, h, w]` on
x86 with FMA (AVX2, AVX-512). Its two ways of adding up are both here: grids with a height and width
of more than 128 together are interpolated along rows, then along columns; smaller ones by the
products of both weights. Sums are fused multiply-adds. Of several channels, and in other memory
formats, torch takes other ways, whose last bits differ.

Source: aten/src/ATen/native/cpu/UpSampleKernel.cpp, and trial of torch 2.13.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SMALL = 128
"""Up to this height plus width, torch multiplies the weights of both axes first."""

SLACK = 2.0**-20
"""By this share rounding may lift a value above the highest that it lies between."""

AT_ONCE = 1 << 21
"""Values that are made at once: about 50 MB."""


class Axis(NamedTuple):
    """Where the places of a grid lie along one axis of a map.

    Args:
        before: Place of the map at or before each place of the grid.
        after: The next one, or the same at the end.
        near: Weight of the one before.
        far: Weight of the one after.
        bands: Places of the grid from `bands[i]` up to `bands[i + 1]` have `before == i`.

    Shape: `before, after: int64[n_out]`, `near, far: float32[n_out]`, `bands: int64[n_in + 1]`.
    """

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    near: Floats
    far: Floats
    bands: NDArray[np.int64]

    @staticmethod
    def of(n_in: int, n_out: int) -> Axis:
        """The places of half-pixel centres, in float32 as torch finds them."""
        scale = np.float64(np.float32(n_in) / np.float32(n_out))
        if n_in == n_out:
            before, far = np.arange(n_out), np.zeros(n_out, np.float32)
        else:
            # A fused multiply-add: float64 holds the product and the sum exactly.
            places = (scale * (np.arange(n_out) + 0.5) - 0.5).astype(np.float32)
            places = np.maximum(places, np.float32(0))
            before = np.minimum(places.astype(np.int64), n_in - 1)
            far = np.clip(places - before.astype(np.float32), np.float32(0), np.float32(1))
        after = np.minimum(before + 1, n_in - 1)
        bands = np.searchsorted(before, np.arange(n_in + 1))
        return Axis(before, after, np.float32(1) - far, far, bands)


@dataclass(frozen=True)
class Grid:
    """From maps of one size to a grid of another.

    Args:
        rows: From height to height.
        columns: From width to width.
    """

    rows: Axis
    columns: Axis

    @staticmethod
    @lru_cache(maxsize=64)
    def of(height: int, width: int, to_height: int, to_width: int) -> Grid:
        """The grid of `to_height` x `to_width` over maps of `height` x `width`."""
        return Grid(Axis.of(height, to_height), Axis.of(width, to_width))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the grid."""
        return len(self.rows.before), len(self.columns.before)

    @property
    def is_small(self) -> bool:
        """Whether the weights of both axes are multiplied first."""
        return sum(self.shape) <= SMALL


class Square(NamedTuple):
    """Values between four neighbouring places of maps.

    Args:
        maps: Numbers of the maps, ascending.
        rows: Rows of the grid.
        columns: Columns of the grid.
        values: `float32[len(maps), rows, columns]`.
    """

    maps: NDArray[np.int64]
    rows: slice
    columns: slice
    values: Floats


def upsampled(maps: Floats, grid: Grid) -> Floats:
    """Whole maps on a grid: `float32[n, h, w] -> float32[n, H, W]`.

    Cost: `AT_ONCE` values at a time, but one map at least.
    """
    found = np.empty((len(maps), *grid.shape), np.float32)
    rows, columns = grid.rows, grid.columns
    step = max(1, AT_ONCE // max(1, grid.shape[0] * grid.shape[1]))
    for first in range(0, len(maps), step):
        some = maps[first : first + step]
        corners = [
            some[:, i[:, None], j]
            for i in (rows.before, rows.after)
            for j in (columns.before, columns.after)
        ]
        found[first : first + step] = _between(corners, grid, slice(None), slice(None))
    return found


def squares(maps: Floats, grid: Grid, low: float = -np.inf) -> Iterator[Square]:
    """The values on a grid, by squares between places of the maps, where they can exceed `low`.

    A value never exceeds the highest of its four corners by more than rounding, so squares whose
    corners are all lower are left out.

    Args:
        maps: Finite values, `float32[n, h, w]`.
        grid: The grid.
        low: Where a bound is wanted; by default every square is made.

    Cost: `AT_ONCE` values at a time.
    """
    rows, columns = grid.rows, grid.columns
    tops = reach(maps)
    for y in np.flatnonzero(np.diff(rows.bands)).tolist():
        own_rows = slice(*rows.bands[y : y + 2].tolist())
        y_after = rows.after[own_rows.start]
        pair = np.maximum(tops[:, y], tops[:, y_after])
        for x in np.flatnonzero(np.diff(columns.bands)).tolist():
            own_columns = slice(*columns.bands[x : x + 2].tolist())
            x_after = columns.after[own_columns.start]
            high = np.flatnonzero(np.maximum(pair[:, x], pair[:, x_after]) > low)
            n_values = (own_rows.stop - own_rows.start) * (own_columns.stop - own_columns.start)
            step = max(1, AT_ONCE // n_values)
            for first in range(0, len(high), step):
                which = high[first : first + step]
                corners = [
                    maps[which, i, j, None, None] for i in (y, y_after) for j in (x, x_after)
                ]
                values = _between(corners, grid, own_rows, own_columns)
                yield Square(which, own_rows, own_columns, values)


def reach(maps: Floats) -> NDArray[np.float64]:
    """What no value can exceed of which a place of the maps is the highest corner.

    Rounding is in proportion to the largest corner, of either sign, of the map.
    """
    largest = np.abs(maps).max(axis=(1, 2), keepdims=True).astype(np.float64)
    return np.asarray(maps + largest * SLACK)


def _between(corners: list[Floats], grid: Grid, rows: slice, columns: slice) -> Floats:
    """Values between corners, which are in order of rows, then columns.

    Shape: each corner `float32[n, rows or 1, columns or 1]` -> `float32[n, rows, columns]`.
    """
    p, q, r, s = corners
    top, bottom = grid.rows.near[rows][:, None], grid.rows.far[rows][:, None]
    left, right = grid.columns.near[columns], grid.columns.far[columns]
    if grid.is_small:
        found = fused(top * left, p, (top * right) * q)
        return fused(bottom * right, s, fused(bottom * left, r, found))
    upper, lower = fused(p, left, q * right), fused(r, left, s * right)
    return fused(upper, top, lower * bottom)


def fused(a: Floats, b: Floats, c: Floats) -> Floats:
    """`a * b + c`, rounded once to float32.

    In float64 the product is exact, but the sum is rounded, and may be rounded onto the midpoint of
    two float32 numbers. There it is made odd in its last bit, towards what was lost, which rounds
    to what the exact sum does (Boldo and Melquiond 2008).
    """
    product = np.multiply(a, b, dtype=np.float64)
    total = np.asarray(product + c)
    bits = total.view(np.int64)
    risky = ((bits & 0x1FFFFFFF) == 0x10000000) | (np.abs(total) < 2.0**-125)
    if risky.any():
        where = np.nonzero(risky)
        x, y = product[where], np.broadcast_to(c, total.shape)[where].astype(np.float64)
        sums = total[where]
        back = sums - x
        lost = (x - (sums - back)) + (y - back)
        is_even = (sums.view(np.int64) & 1) == 0
        towards = np.nextafter(sums, np.copysign(np.inf, lost))
        total[where] = np.where((lost != 0) & is_even, towards, sums)
    found: Floats = total.astype(np.float32)
    return found
