"""Label maps of an image, as the distinct sets of concepts that hold at its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.signatures import GroupCells, Incidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TABLE = 1 << 18
"""Codes up to here are renumbered by a table, larger ones by sorting."""


def group_cells(
    planes: Sequence[NDArray[np.integer]],
    whole: Sequence[int],
    n_cells: int,
    valid: NDArray[np.bool_] | None = None,
) -> GroupCells:
    """The cells of an image by the distinct sets of concepts that hold there.

    The maps' values are joined into one code per cell by mixed radix, renumbered after each map, so
    that codes stay small; the distinct codes are turned into sets, of which equal ones are one.

    Args:
        planes: Label maps, which may overlap or repeat each other: concept numbers from 1, 0 for
            none.
        whole: Numbers of the concepts that hold at all cells.
        n_cells: Number of cells.
        valid: Cells that count; the others take no part, and have the number 0.

    Shape: `planes: int[n_cells]` (or any shape of so many) each, `valid: bool[n_cells]`.

    Cost: a few passes over the cells per map.

    Example:
        >>> group = group_cells([np.array([1, 1, 0]), np.array([2, 0, 2])], [4], 3)
        >>> group.numbers.tolist(), group.sets.indices.tolist()
        ([2, 0, 1], [0, 3, 1, 3, 0, 1, 3])
    """
    is_valid = slice(None) if valid is None else valid
    flat = [np.asarray(plane).reshape(-1)[is_valid] for plane in planes]
    n_counted = n_cells if valid is None else int(np.count_nonzero(valid))
    if not n_counted:
        none = Incidence(np.zeros(2, np.int64), np.zeros(0, np.int32))
        return GroupCells(none, np.zeros(n_cells, np.uint8), valid)
    codes = np.zeros(n_counted, np.int64)
    columns: list[NDArray[np.int64]] = []  # of each distinct code, its concept in each map
    for plane in flat:
        values, local = _renumbered(plane.astype(np.int64, copy=False))
        joined, codes = _renumbered(codes * len(values) + local)
        before, of_plane = np.divmod(joined, len(values))
        columns = [*(column[before] for column in columns), values[of_plane]]
    n_codes = int(codes.max()) + 1
    every = [np.full(n_codes, one, np.int64) for one in whole]
    table = np.stack([*columns, *every] or [np.zeros(n_codes, np.int64)], axis=1)
    table.sort(axis=1)
    table[:, 1:][table[:, 1:] == table[:, :-1]] = 0
    table.sort(axis=1)
    sets, of_code = np.unique(table, axis=0, return_inverse=True)
    numbers = np.zeros(n_cells, _dtype(len(sets)))
    numbers[is_valid] = of_code.reshape(-1)[codes]
    holds = sets > 0
    indptr = np.concatenate([[0], np.cumsum(holds.sum(axis=1))]).astype(np.int64)
    return GroupCells(Incidence(indptr, (sets[holds] - 1).astype(np.int32)), numbers, valid)


def without(group: GroupCells, new_numbers: NDArray[np.int32]) -> GroupCells:
    """The same cells with only some of the concepts.

    Args:
        group: The cells.
        new_numbers: The number of each concept among those that stay, in the same order; -1 where
            it does not stay.

    Example:
        >>> group = group_cells([np.array([1, 2])], [3], 2)
        >>> without(group, np.array([-1, 0, 1])).sets.indices.tolist()
        [1, 0, 1]
    """
    renamed = new_numbers[group.sets.indices]
    stays = renamed >= 0
    n_before = np.concatenate([[0], np.cumsum(stays)])
    sets = Incidence(n_before[group.sets.indptr], renamed[stays].astype(np.int32))
    return GroupCells(sets, group.numbers, group.valid)


def _renumbered(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct codes, ascending, and which of them each code is."""
    top = int(codes.max()) + 1
    if top > TABLE:
        values, numbers = np.unique(codes, return_inverse=True)
        return values, numbers.reshape(-1)
    occurs = np.zeros(top, bool)
    occurs[codes] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[codes]


def _dtype(n_sets: int) -> type[np.integer]:
    return np.uint8 if n_sets <= 1 << 8 else np.uint16 if n_sets <= 1 << 16 else np.int32
