"""Units that are maps over images, such as those of a convolution, counted at a bank's cells.

A map is kept as the layer gives it, 7 x 7 or 14 x 14 numbers an image; a bank has many more cells.
Only the squares of a map are upsampled whose corners are high enough, and the cells that are on are
binned by signature at once: no mask of all cells is made.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, UniverseError
from logicx.units.activations import CutActivations
from logicx.units.cuts import Range, between_two, rank_of, top
from logicx.units.thresholds import Threshold
from logicx.units.upsampling import SLACK, Grid, reach, squares, upsampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.banks.cellmap import CellMap
    from logicx.banks.universe import Universe
    from logicx.units.unitsfile import UnitsFile

    Floats = NDArray[np.float32]

COMPILED_FROM = 1 << 26
"""Compiled functions take a second to load: they take over after so many cells of images on which
some value can be high."""

PER_UNIT = 1 << 22
"""What a unit takes besides, with NumPy, as cells."""

AT_ONCE = 1 << 22
"""Cells that are on at once, with NumPy: about 100 MB."""


class UnitMaps(CutActivations):
    """Units whose maps over images lie in a file; a bank's grid decides at how many cells.

    Args:
        stored: The file.
        rule: The threshold.
        universe: Images, and height and width of the maps.
    """

    def __init__(self, stored: UnitsFile, rule: Threshold, universe: Universe) -> None:
        """Take the file's manifest over; no map is read."""
        super().__init__(stored, rule)
        self.universe = universe
        self._cuts: dict[tuple[int, tuple[int, ...]], Range] = {}
        self._n_made = 0

    def maps(self, i: int) -> Floats:
        """The maps of a unit: `float32[n_images, h, w]`."""
        return self.activations(i).reshape(self.universe.shape).astype(np.float32)

    def grid(self, bank: ConceptBank) -> Grid:
        """From the maps to the bank's cells.

        Raises:
            UniverseError: The bank is not of as many images.
        """
        self.check(bank)
        return Grid.of(*self.universe.shape[1:], *bank.universe.shape[1:])

    def check(self, bank: ConceptBank) -> None:
        """Raise a `UniverseError` unless the bank is of the same images; their sizes may differ.

        Which images they are is known where the recording was told, else only how many.
        """
        cells = bank.universe
        if cells.kind != "pixels" or cells.n_groups != self.universe.n_groups:
            raise UniverseError(
                f"bank {bank.name!r} covers {cells}, but the set of units covers maps on "
                f"{self.universe}",
                hint="use units that were recorded on the images the bank was compiled from",
            )
        mine, names = self.source.get("images"), bank.source.get("images")
        if mine is not None and names is not None and mine != hash_of_names(names):
            raise UniverseError(
                f"bank {bank.name!r} is of other images than those on which the units were "
                "recorded, or has them in another order",
                hint="record the units on the images of this bank, or name the bank they belong to",
            )

    def range(self, i: int, bank: ConceptBank | None = None) -> Range:
        """Where a unit is on.

        Raises:
            DataError: The threshold is of upsampled values, and no bank says how large they are.
        """
        if self.rule.of_what == "maps":
            return super().range(i)
        if bank is None:
            raise DataError(
                f"the threshold {self.rule} depends on the size to which maps are upsampled",
                hint="name the bank, or set a threshold of the maps, such as quantile(0.005)",
            )
        key = i, bank.universe.shape
        if key not in self._cuts:
            self.check_finite(i)
            grid, maps, share = self.grid(bank), self.maps(i), self.rule.number
            is_fast = self._is_fast(maps, grid, _bound(maps, 2 * share))
            self._cuts[key] = Range(upsampled_quantile(maps, grid, share, is_fast))
        return self._cuts[key]

    def on(self, bank: ConceptBank, i: int) -> NDArray[np.int64]:
        """On-counts of a unit over the bank's signatures."""
        grid, on, maps = self.grid(bank), self.range(i, bank), self.maps(i)
        is_fast = self._is_fast(maps, grid, on.low)
        found = on_counts(maps, grid, on, bank.cell_map, bank.n_signatures, is_fast)
        return bank.checked_on(found)

    def mask(self, i: int, bank: ConceptBank | None = None) -> NDArray[np.bool_]:
        """Where a unit is on: at the places of its maps, or at the cells of a bank."""
        if bank is None:
            return super().mask(i)
        grid, on = self.grid(bank), self.range(i, bank)
        found = np.zeros((self.universe.n_groups, *grid.shape), bool)
        for one in squares(self.maps(i), grid, on.low):
            found[one.maps, one.rows, one.columns] = on.mask(one.values)
        return found.reshape(-1)

    def mask_of_image(self, i: int, image: int, bank: ConceptBank) -> NDArray[np.bool_]:
        """Where a unit is on in one image, at the bank's cells: `bool[height, width]`.

        Raises:
            DataError: There is no image of that number.
        """
        if not 0 <= image < self.universe.n_groups:
            raise DataError(
                f"there is no image {image:,}: they are numbered from 0 to "
                f"{self.universe.n_groups - 1:,}"
            )
        grid, on = self.grid(bank), self.range(i, bank)
        map_ = self.activations(i).reshape(self.universe.shape)[image].astype(np.float32)
        return on.mask(upsampled(map_[None], grid)[0])

    def _is_fast(self, maps: Floats, grid: Grid, low: float) -> bool:
        """Whether compiled functions are worth it: not for a unit or two, nor where none are."""
        if self._n_made < COMPILED_FROM:
            self._n_made += PER_UNIT + len(_high(maps, low)) * int(np.prod(grid.shape))
        return self._n_made >= COMPILED_FROM and _can_compile()


def hash_of_names(names: Sequence[str]) -> str:
    """By which a recording knows its images again: SHA-256 over their names in order."""
    return sha256(json.dumps(list(names)).encode()).hexdigest()


@cache
def _can_compile() -> bool:
    return find_spec("numba") is not None


def on_counts(
    maps: Floats,
    grid: Grid,
    on: Range,
    cells: CellMap,
    n_signatures: int,
    is_compiled: bool = False,
) -> NDArray[np.int64]:
    """How many cells of each signature are on, once maps are upsampled.

    Args:
        maps: `float32[n_images, h, w]`.
        grid: From the maps to the cells of an image.
        on: Where the unit is on.
        cells: The signatures of the cells of all images.
        n_signatures: How many there are.
        is_compiled: Whether Numba does it.

    Returns:
        `int64[n_signatures]`; both ways give the same.

    Cost: 22,000 images of 7 x 7, to 112 x 112, of which 0.5 % is on: see docs/vision.md.
    """
    which = _high(maps, on.low)
    if is_compiled:
        from logicx.banks.cellmap import GroupMap
        from logicx.units import map_kernels

        if isinstance(cells, GroupMap):
            return map_kernels.on_counts(maps, grid, on, cells, which, n_signatures)
    found = np.zeros(n_signatures + 1, np.int64)  # the last for invalid cells
    pieces = np.cumsum(_n_high(maps[which], grid, on.low)) // AT_ONCE
    for piece in np.split(which, np.flatnonzero(np.diff(pieces)) + 1):
        for image, places in _cells_on(maps, grid, on, piece):
            table, numbers = cells.table_of(image)
            found[table] += np.bincount(numbers[places], minlength=len(table))
    return found[:-1]


def _high(maps: Floats, low: float) -> NDArray[np.int64]:
    """Numbers of the maps on which a value can exceed `low`."""
    if not maps.size:
        return np.zeros(0, np.int64)
    of_each = maps.reshape(len(maps), -1)
    tops = of_each.max(axis=1).astype(np.float64)
    largest = max(float(tops.max()), -float(of_each.min()))
    return np.flatnonzero(tops + largest * SLACK > low)


def _n_high(maps: Floats, grid: Grid, low: float) -> NDArray[np.int64]:
    """Cells of each image in squares that can exceed `low`: `int64[n_images]`."""
    tops = reach(maps)
    rows, columns = (np.minimum(np.arange(1, n + 1), n - 1) for n in maps.shape[1:])
    tops = np.maximum(tops, tops[:, rows])
    tops = np.maximum(tops, tops[:, :, columns])
    area = np.outer(np.diff(grid.rows.bands), np.diff(grid.columns.bands))
    return np.asarray(((tops > low) * area).sum(axis=(1, 2)))


def _cells_on(maps: Floats, grid: Grid, on: Range, which: NDArray[np.int64]) -> Any:
    """Of some images those that have cells on, with the places of these in the image."""
    images, places = [np.zeros(0, np.uint16)], [np.zeros(0, np.int64)]
    for one in squares(maps[which], grid, on.low):
        own, row, column = np.nonzero(on.mask(one.values))
        images.append(one.maps[own].astype(np.uint16 if len(which) <= 1 << 16 else np.int64))
        places.append((row + one.rows.start) * grid.shape[1] + (column + one.columns.start))
    image = np.concatenate(images)
    order = np.argsort(image, kind="stable")  # numbers of 16 bits are sorted by radix
    sorted_places = np.concatenate(places)[order]
    counts = np.bincount(image, minlength=len(which))
    ends = np.cumsum(counts).tolist()
    for k in np.flatnonzero(counts).tolist():
        yield int(which[k]), sorted_places[ends[k] - counts[k] : ends[k]]


def upsampled_quantile(maps: Floats, grid: Grid, share: float, is_compiled: bool = False) -> float:
    """The (1 - share)-quantile of all upsampled values, exactly as `numpy.quantile` finds it.

    The two values that it lies between are found by histograms of the halves of their bit patterns,
    of those values alone that lie above a bound from the maps.

    Args:
        maps: `float32[n_images, h, w]`.
        grid: From the maps to the cells of an image.
        share: Share of values above it.
        is_compiled: Whether Numba does it.

    Cost: for small shares, twice the values that are high; no memory for them.
    """
    n = len(maps) * int(np.prod(grid.shape))
    if not n:
        return float(np.inf)
    rank, between = rank_of(share, n)
    wanted = 2 * share
    while True:
        low = _bound(maps, wanted)
        which = _high(maps, low)
        found = _histogram(maps, grid, low, which, None, is_compiled)
        below = n - int(found.sum())
        if below <= rank:
            break
        wanted *= 4
    ends = below + np.cumsum(found)
    values = []
    for one in (rank, min(rank + 1, n - 1)):
        upper = int(np.searchsorted(ends, one, side="right"))
        inside = _histogram(maps, grid, low, which, upper, is_compiled)
        before = int(ends[upper] - found[upper])
        lower = int(np.searchsorted(before + np.cumsum(inside), one, side="right"))
        key = np.uint32((upper << 16) | lower)
        bits = key ^ np.uint32(1 << 31) if key >> 31 else ~key
        values.append(float(bits.view(np.float32)))
    return between_two(np.array(values), between)


def _bound(maps: Floats, share: float) -> float:
    """A value that about this share of the maps lies above; that of all of them, minus infinity."""
    return top(maps.reshape(-1), share) if share < 1 else -np.inf


def _histogram(
    maps: Floats,
    grid: Grid,
    low: float,
    which: NDArray[np.int64],
    upper: int | None,
    is_compiled: bool,
) -> NDArray[np.int64]:
    """Values above `low` by the upper half of their keys; or of one such half, by the lower half.

    Keys are bit patterns that are turned so that they are in the order of the values.
    """
    if is_compiled:
        from logicx.units import map_kernels

        return map_kernels.histogram(maps, grid, low, which, upper)
    found = np.zeros(1 << 16, np.int64)
    for one in squares(maps[which], grid, low):
        bits = one.values[one.values > np.float64(low)].view(np.uint32)
        keys = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
        halves = keys >> 16
        if upper is not None:
            halves = keys[halves == upper] & np.uint32(0xFFFF)
        found += np.bincount(halves, minlength=1 << 16)
    return found
