"""Compiled functions over maps on a grid: what the functions of `logicx.units.maps` find, faster.

Importing this needs Numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from logicx.kernels import compiling
from logicx.units.upsampling import SLACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from logicx.banks.cellmap import GroupMap
    from logicx.units.thresholds import Range
    from logicx.units.upsampling import Grid

_SLACK = SLACK
_BIN, _UPPER, _LOWER = 0, 1, 2
_NO_BYTES = np.zeros(0, np.uint8)
_NO_PLACES = np.zeros(0, np.int64)


def on_counts(
    maps: NDArray[np.float32],
    grid: Grid,
    on: Range,
    cells: GroupMap,
    which: NDArray[np.int64],
    n_signatures: int,
) -> NDArray[np.int64]:
    """On-counts of the signatures, `int64[n_signatures]`; see `logicx.units.maps`."""
    found = np.zeros(n_signatures + 1, np.int64)  # the last for invalid cells
    limits = _limits(on.low, on.high)
    for images, *of_block in cells.packed(which):
        _visit(maps, images, _axes(grid), grid.is_small, limits, (_BIN, 0), tuple(of_block), found)
    return found[:-1]


def histogram(
    maps: NDArray[np.float32],
    grid: Grid,
    low: float,
    which: NDArray[np.int64],
    upper: int | None,
) -> NDArray[np.int64]:
    """Values above `low` by half of their keys, `int64[65536]`; see `logicx.units.maps`."""
    found = np.zeros(1 << 16, np.int64)
    mode = _UPPER if upper is None else _LOWER
    nothing = (_NO_BYTES, *[_NO_PLACES] * 4, np.zeros(0, np.int32))
    limits = _limits(low, np.inf)
    _visit(maps, which, _axes(grid), grid.is_small, limits, (mode, upper or 0), nothing, found)
    return found


def _axes(grid: Grid) -> tuple[NDArray[Any], ...]:
    rows, columns = grid.rows, grid.columns
    return rows.near, rows.far, rows.bands, columns.near, columns.far, columns.bands


def _limits(low: float, high: float) -> tuple[np.float32, np.float32]:
    """The highest float32 numbers that are not above the limits: they part float32 alike."""
    return _not_above(low), _not_above(high)


def _not_above(limit: float) -> np.float32:
    with np.errstate(over="ignore"):
        near = np.float32(limit)
    below: np.float32 = np.nextafter(near, np.float32(-np.inf))
    return near if float(near) <= limit else below


def _fma(_: Any, a: Any, b: Any, c: Any) -> Any:
    one = types.float32
    return one(one, one, one), lambda _c, builder, _s, args: builder.fma(*args)


fma = cast("Callable[[Any, Any, Any], Any]", intrinsic(_fma))
"""`a * b + c` of float32, rounded once."""


@compiling(is_inner=True)
def _across(map_: Any, y: int, near: Any, far: Any, bands: Any, line: Any) -> None:
    """A row of a map on all columns of the grid."""
    width = map_.shape[1]
    for x in range(width):
        p, q = map_[y, x], map_[y, min(x + 1, width - 1)]
        for column in range(bands[x], bands[x + 1]):
            line[column] = fma(p, near[column], q * far[column])


@compiling(is_inner=True)
def _down(
    upper: Any, lower: Any, near: np.float32, far: np.float32, first: int, stop: int, line: Any
) -> None:
    """Some columns of a row of the grid, between two rows of a map on all columns."""
    for column in range(first, stop):
        line[column] = fma(upper[column], near, lower[column] * far)


@compiling(is_inner=True)
def _by_products(
    map_: Any, y: int, near: Any, far: Any, row: Any, bands: Any, x: int, line: Any
) -> None:
    """A row of a square of a small grid; `row` holds both weights of the row."""
    y_after, x_after = min(y + 1, map_.shape[0] - 1), min(x + 1, map_.shape[1] - 1)
    p, q, r, s = map_[y, x], map_[y, x_after], map_[y_after, x], map_[y_after, x_after]
    for column in range(bands[x], bands[x + 1]):
        left, right = near[column], far[column]
        value = fma(row[0] * left, p, (row[0] * right) * q)
        line[column] = fma(row[1] * right, s, fma(row[1] * left, r, value))


@compiling(is_inner=True)
def _reach(map_: Any, tops: Any) -> None:
    """What no value can exceed of which a place of the map is the highest corner."""
    largest = np.float32(0)
    for y in range(map_.shape[0]):
        for x in range(map_.shape[1]):
            largest = max(largest, abs(map_[y, x]))
    for y in range(map_.shape[0]):
        for x in range(map_.shape[1]):
            tops[y, x] = np.float64(map_[y, x]) + np.float64(largest) * _SLACK


@compiling(is_inner=True)
def _is_high(tops: Any, y: int, y_after: int, x: int, low: Any) -> bool:
    """Whether a value of a square can exceed `low`."""
    x_after = min(x + 1, tops.shape[1] - 1)
    upper, lower = max(tops[y, x], tops[y, x_after]), max(tops[y_after, x], tops[y_after, x_after])
    return bool(max(upper, lower) > low)


@compiling(is_inner=True)
def _bin(
    line: Any,
    first: int,
    stop: int,
    low: Any,
    high: Any,
    own: Any,
    width: int,
    at: int,
    counts: Any,
) -> None:
    """Add the cells of a line that are on to the counts of their local numbers."""
    run, last = 0, 0  # neighbours are mostly alike: memory is touched once a run
    for column in range(first, stop):
        value = line[column]
        if value > low and value <= high:
            place = (at + column) * width
            number = np.int64(own[place])
            if width > 1:
                number |= np.int64(own[place + 1]) << 8  # numbers are little-endian
            if width > 2:
                number |= np.int64(own[place + 2]) << 16 | np.int64(own[place + 3]) << 24
            if number != last:
                if run:
                    counts[last] += run
                run, last = 0, number
            run += 1
    if run:
        counts[last] += run


@compiling(is_inner=True)
def _rank(
    line: Any, keys: Any, first: int, stop: int, low: Any, mode: int, upper: int, found: Any
) -> None:
    """Add values above `low` to the histogram of the upper or lower half of their keys."""
    for column in range(first, stop):
        if line[column] > low:
            bits = keys[column]
            key = ~bits if bits >> np.uint32(31) else bits | np.uint32(1 << 31)
            half = np.int64(key >> np.uint32(16))
            if mode == _UPPER:
                found[half] += 1
            elif half == upper:
                found[np.int64(key & np.uint32(0xFFFF))] += 1


@compiling(what="the upsampling of maps", seconds=5)
def _visit(
    maps: Any,
    images: Any,
    axes: Any,
    is_small: bool,
    limits: Any,
    what: Any,
    of_block: Any,
    found: Any,
) -> None:
    """Make the values of some images on the grid where they can exceed `low`, and count them.

    Of image i the local numbers begin at byte `starts[i]` of the block, each of `widths[i]` bytes;
    its table lies from `begins[i]` up to `ends[i]`.
    """
    row_near, row_far, row_bands, near, far, bands = axes
    low, high = limits
    mode, upper = what
    block, starts, widths, begins, ends, table = of_block
    height, width = maps.shape[1], maps.shape[2]
    n_columns = len(near)
    lines = np.empty((height, n_columns), np.float32)
    line = np.empty(n_columns, np.float32)
    keys = line.view(np.uint32)
    tops = np.empty((height, width), np.float64)
    row = np.empty(2, np.float32)
    for i in range(len(images)):
        map_ = maps[images[i]]
        _reach(map_, tops)
        if not is_small:
            for y in range(height):
                _across(map_, y, near, far, bands, lines[y])
        own, n_bytes, n_local = block, 0, 0
        if mode == _BIN:
            own, n_bytes, n_local = block[starts[i] :], widths[i], ends[i] - begins[i]
        counts = np.zeros(n_local, np.int64)
        for y in range(height):
            y_after = min(y + 1, height - 1)
            x = 0
            while x < width:
                begin = x  # of squares side by side that are high
                while x < width and _is_high(tops, y, y_after, x, low):
                    x += 1
                first, stop = bands[begin], bands[x]
                for k in range(row_bands[y], row_bands[y + 1] if begin < x else row_bands[y]):
                    row[0], row[1] = row_near[k], row_far[k]
                    if is_small:
                        for one in range(begin, x):
                            _by_products(map_, y, near, far, row, bands, one, line)
                    else:
                        _down(lines[y], lines[y_after], row[0], row[1], first, stop, line)
                    if mode == _BIN:
                        at = k * n_columns
                        _bin(line, first, stop, low, high, own, n_bytes, at, counts)
                    else:
                        _rank(line, keys, first, stop, low, mode, upper, found)
                x += 1
        for k in range(n_local):
            found[table[begins[i] + k]] += counts[k]
