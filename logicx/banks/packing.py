"""Local numbers of groups, packed into blocks of bytes.

A number has 8 bits where its group's table has at most 256 entries, 16 bits up to 65,536, and 32
beyond. Each group begins at a multiple of `ALIGNED` bytes within its block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

BLOCK_BYTES = 8 << 20
"""A block is full from this size on."""

ALIGNED = 4
"""Each group begins at a multiple of so many bytes within its block."""


class Packed(NamedTuple):
    """Local numbers of all groups, and where they are.

    Args:
        starts: Where each group's cells begin, and the number of cells.
        indptr: Where each group's table begins, and the length of all.
        block_starts: The first group of each block, and the number of groups.
        block: The bytes of a block, by its number.

    Shape: `starts, indptr: int64[n_groups + 1]`, `block_starts: int64[n_blocks + 1]`.
    """

    starts: NDArray[np.int64]
    indptr: NDArray[np.int64]
    block_starts: NDArray[np.int64]
    block: Callable[[int], NDArray[np.uint8]]


class Packer:
    """Local numbers of groups that arrive one by one."""

    def __init__(self) -> None:
        """Start with no group."""
        self._blocks: list[NDArray[np.uint8]] = []
        self._open: list[NDArray[np.uint8]] = []
        self._n_open = 0
        self._block_starts = [0]
        self._n_cells: list[int] = []
        self._n_local: list[int] = []

    def add(self, numbers: NDArray[np.integer], n_local: int) -> None:
        """Take the next group: a number below `n_local` for each of its cells."""
        packed = np.ascontiguousarray(numbers, local_dtype(n_local)).view(np.uint8)
        self._open += [packed, np.zeros(-len(packed) % ALIGNED, np.uint8)]
        self._n_open += len(packed)
        self._n_cells.append(len(numbers))
        self._n_local.append(n_local)
        if self._n_open >= BLOCK_BYTES:
            self._close()

    def _close(self) -> None:
        self._blocks.append(np.concatenate(self._open))
        self._open, self._n_open = [], 0
        self._block_starts.append(len(self._n_cells))

    def finish(self) -> Packed:
        """All groups so far."""
        if self._open:
            self._close()
        return Packed(
            starts_of(self._n_cells),
            starts_of(self._n_local),
            np.array(self._block_starts, np.int64),
            self._blocks.__getitem__,
        )


def widths(n_local: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bytes of each number of groups with tables of these lengths, `int64[n_groups]`."""
    return np.where(n_local <= 1 << 8, 1, np.where(n_local <= 1 << 16, 2, 4)).astype(np.int64)


def padded(n_bytes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bytes that groups take with what aligns the next."""
    return -(-n_bytes // ALIGNED) * ALIGNED


def local_dtype(n_local: int) -> np.dtype[Any]:
    """The smallest type that holds numbers below `n_local`: of 8, 16 or 32 bits."""
    return np.dtype("u1" if n_local <= 1 << 8 else "<u2" if n_local <= 1 << 16 else "<i4")


def by_appearance(
    codes: NDArray[np.integer], n_codes: int
) -> tuple[NDArray[np.int64], NDArray[np.integer]]:
    """The codes that occur, in order of first appearance, and the place of each code among them.

    Shape: `codes: int[n]`, each below `n_codes` -> `(int64[n_distinct], local_dtype[n])`.

    Example:
        >>> order, places = by_appearance(np.array([4, 1, 4, 0]), 5)
        >>> order.tolist(), places.tolist()
        ([4, 1, 0], [0, 1, 0, 2])
    """
    first = np.full(n_codes, len(codes))
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of equal codes, the last is kept
    order = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(codes))]
    place = np.zeros(n_codes, local_dtype(len(order)))
    place[order] = np.arange(len(order))
    return order, place[codes]


def starts_of(lengths: ArrayLike) -> NDArray[np.int64]:
    """Where pieces of these lengths begin, and where the last ends."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
