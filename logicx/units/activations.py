"""Activations on file: raw numbers of every unit at every cell, cut when they are asked for.

A recording of 200,000 tokens and 1,536 units is a gigabyte. Its file holds one row of cells for
each unit, in blocks of some megabytes: to explain a unit, only its block is read and checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks import storage
from logicx.banks.bits import n_words, pack
from logicx.errors import DataError
from logicx.units.unitsfile import RecordedManifest, UnitsFile, block_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.banks.universe import Universe
    from logicx.units.thresholds import Range, Threshold

DTYPES = ("float16", "float32")
"""Types in which activations are kept."""
BLOCK_BYTES = 8 << 20
"""Units are read and checked in blocks of about this size."""
TURNED_BYTES = 32 << 20
"""So much is turned from one row a cell to one row a unit at a time."""


def write_activations(
    path: Path,
    names: Sequence[str],
    n_cells: int,
    dtype: str,
    rows: Iterable[NDArray[np.floating]],
    *,
    universe: Universe | None = None,
    source: dict[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Write a `*.units` file of raw activations, in bounded memory, and return its content hash.

    Args:
        path: The file; it is written in place, not beside its name.
        names: Name of each unit.
        n_cells: Number of cells, from 1.
        dtype: `float16` or `float32`.
        rows: The activations in order, some cells at a time, `float[some cells, n_units]`.
        universe: The cells, where more is known than their number.
        source: Where they come from, in plain values.
        progress: Called with cells done and cells in all.

    Cost: each piece of about 32 MB is turned in memory and written as one run for each unit; then
    the file is read once for its hashes.
    """
    kept = np.dtype(dtype).newbyteorder("<")
    per_block = max(1, BLOCK_BYTES // (n_cells * kept.itemsize))
    shapes = {
        block_name(i): (kept, (min(per_block, len(names) - first), n_cells))
        for i, first in enumerate(range(0, len(names), per_block))
    }

    def fill(put: storage.Put) -> None:
        done = 0
        for piece in _pieces(rows, TURNED_BYTES):
            for unit, cells in enumerate(np.ascontiguousarray(piece.T)):
                put(block_name(unit // per_block), unit % per_block * n_cells + done, cells)
            done += len(piece)
            if progress:
                progress(done, n_cells)

    manifest = {
        "names": list(names),
        "universe": universe.as_dict() if universe else None,
        "n_cells": n_cells,
        "activations": {"dtype": dtype, "units_per_block": per_block},
        "source": source or {},
    }
    return storage.save_streamed(path, "units", shapes, manifest, fill)


def _pieces(rows: Iterable[NDArray[np.floating]], n_bytes: int) -> Iterator[NDArray[np.floating]]:
    """The same rows in pieces of about this size, so that each unit's runs are long."""
    held: list[NDArray[np.floating]] = []
    n_held = 0
    for some in rows:
        held.append(some)
        n_held += some.nbytes
        if n_held >= n_bytes:
            yield np.concatenate(held)
            held, n_held = [], 0
    if held:
        yield np.concatenate(held)


class CutActivations:
    """Units whose activations lie in a file; each is cut by a threshold when it is first used.

    Args:
        stored: The file.
        rule: The threshold; some, as `ranges(k)`, make several units of each.

    Attributes:
        names: Name of each unit, `483#1` and so on for ranges.
    """

    def __init__(self, stored: UnitsFile, rule: Threshold) -> None:
        """Take the file's manifest over; no activation is read."""
        assert isinstance(stored.says, RecordedManifest)
        self._stored = stored
        self.rule = rule
        self.source = stored.says.source
        self.n_cells = stored.says.n_cells
        self._per_block = stored.says.activations.units_per_block
        self._recorded = stored.says.names
        self._per_unit = rule.n_ranges
        self.names = [one for name in self._recorded for one in rule.names(name)]
        self._ranges: dict[int, list[Range]] = {}

    def activations(self, i: int) -> NDArray[np.floating]:
        """What a unit does at every cell: `float[n_cells]`, mapped."""
        block, place = divmod(i // self._per_unit, self._per_block)
        row: NDArray[np.floating] = self._stored.block(block)[place]
        return row

    def range(self, i: int, bank: ConceptBank | None = None) -> Range:
        """Where a unit is on; maps over images may be cut as a bank's grid asks."""
        unit, k = divmod(i, self._per_unit)
        if unit not in self._ranges:
            self._ranges[unit] = ranges_of(self._recorded[unit], self.activations(i), self.rule)
        return self._ranges[unit][k]

    def mask(self, i: int, bank: ConceptBank | None = None) -> NDArray[np.bool_]:
        """Where a unit is on: `bool[n_cells]`; of maps over images, at the cells of a bank."""
        return self.range(i).mask(self.activations(i))

    def check_finite(self, i: int) -> None:
        """Raise a `DataError` if there is NaN or infinity among a unit's activations."""
        _check_finite(self._recorded[i // self._per_unit], self.activations(i))

    def on(self, bank: ConceptBank, i: int) -> NDArray[np.int64]:
        """On-counts of a unit over the bank's signatures."""
        return bank.on_counts(self.mask(i))

    def n_on(self) -> NDArray[np.int64]:
        """Cells at which each unit is on (reads the whole file)."""
        return np.array([self.mask(i).sum() for i in range(len(self.names))], np.int64)

    def parts(self) -> dict[str, NDArray[Any]]:
        """The masks, which are what is saved (reads the whole file)."""
        words = np.zeros((len(self.names), n_words(self.n_cells)), np.uint64)
        for i in range(len(words)):
            words[i] = pack(self.mask(i))
        return {"cell_words": words.view(np.int64)}

    @property
    def content(self) -> str:
        """Hash of the file's content and the threshold."""
        of = {"activations": self._stored.content, **self.rule.identity}
        return storage.content_hash({}, of)


def ranges_of(
    name: str,
    activations: NDArray[np.floating],
    rule: Threshold,
    valid: NDArray[np.bool_] | None = None,
) -> list[Range]:
    """The range, or ranges, in which a unit is on.

    Args:
        name: The unit's name, for the error.
        activations: Its activations, `float[n_cells]`.
        rule: The threshold.
        valid: Cells that count for it; by default all.

    Raises:
        DataError: There is NaN or infinity among the activations.
    """
    _check_finite(name, activations)
    return rule.ranges(activations if valid is None else activations[valid])


def _check_finite(name: str, activations: NDArray[np.floating]) -> None:
    if not np.isfinite(activations).all():
        cell = int(np.flatnonzero(~np.isfinite(activations))[0])
        raise DataError(f"unit {name!r} has the activation {activations[cell]} at cell {cell:,}")
