"""Universes: all cells of a data set, with their geometry and their groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, UniverseError

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("rows", "pairs", "tokens", "pixels")


@dataclass(frozen=True, repr=False)
class Universe:
    """All cells of a data set: at each of them a concept is true or false and a unit on or off.

    Build one with `rows`, `pairs`, `tokens` or `pixels`. Cells belong to groups (a row or pair is
    its own group; tokens belong to documents, pixels to images).

    Args:
        kind: One of `rows`, `pairs`, `tokens`, `pixels`.
        shape: Cells along each axis; for tokens, the number of cells.
        offsets: For tokens: where each document begins, and the number of cells.
    """

    kind: str
    shape: tuple[int, ...]
    offsets: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse geometry that means nothing."""
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        if self.kind not in KINDS:
            raise DataError(f"universe kind {self.kind!r} is not one of {', '.join(KINDS)}")
        if any(n < 0 for n in self.shape) or len(self.shape) != (3 if self.kind == "pixels" else 1):
            raise DataError(f"a universe of {self.kind} cannot have the shape {self.shape}")
        if self.kind == "tokens":
            steps = np.diff(self.offsets)
            if not self.offsets or self.offsets[0] != 0 or (steps < 0).any():
                raise DataError("token offsets must begin at 0 and never fall")
            if self.offsets[-1] != self.shape[0]:
                raise DataError("the last token offset must be the number of tokens")

    @staticmethod
    def rows(n: int) -> Universe:
        """The rows of a table."""
        return Universe("rows", (n,))

    @staticmethod
    def pairs(n: int) -> Universe:
        """Sentence pairs."""
        return Universe("pairs", (n,))

    @staticmethod
    def tokens(offsets: NDArray[np.integer] | list[int]) -> Universe:
        """Tokens of documents; document d is `offsets[d]` up to `offsets[d + 1]`."""
        ends = tuple(int(one) for one in offsets)
        return Universe("tokens", (ends[-1] if ends else 0,), ends)

    @staticmethod
    def pixels(images: int, height: int, width: int) -> Universe:
        """Cells of a mask grid over images, row by row, image after image."""
        return Universe("pixels", (images, height, width))

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    @property
    def n_groups(self) -> int:
        """Number of groups: rows, pairs, documents or images."""
        return len(self.offsets) - 1 if self.kind == "tokens" else self.shape[0]

    def cells_of(self, group: int) -> slice:
        """The cells of a group."""
        if self.kind == "tokens":
            return slice(self.offsets[group], self.offsets[group + 1])
        n_each = self.shape[1] * self.shape[2] if self.kind == "pixels" else 1
        return slice(group * n_each, (group + 1) * n_each)

    def groups_of(self, cells: NDArray[np.integer]) -> NDArray[np.int64]:
        """The group of each of some cells, `int[n] -> int64[n]`."""
        if self.kind == "tokens":
            return np.searchsorted(np.array(self.offsets, np.int64), cells, side="right") - 1
        n_each = self.shape[1] * self.shape[2] if self.kind == "pixels" else 1
        return np.asarray(cells, np.int64) // max(1, n_each)

    def __str__(self) -> str:
        """Such as `10,000 pairs` or `500 images of 48 x 48 pixels`."""
        if self.kind == "pixels":
            return f"{self.shape[0]:,} images of {self.shape[1]} x {self.shape[2]} pixels"
        if self.kind == "tokens":
            return f"{self.shape[0]:,} tokens in {self.n_groups:,} documents"
        return f"{self.shape[0]:,} {self.kind}"

    def __repr__(self) -> str:
        """Such as `Universe(10,000 pairs)`."""
        return f"Universe({self})"

    def check_same(self, other: Universe, mine: str, theirs: str) -> None:
        """Raise a `UniverseError` unless both speak of the same cells."""
        if self != other:
            covered, others = str(self), str(other)
            if covered == others:  # documents of other lengths
                lengths, of_other = np.diff(self.offsets), np.diff(other.offsets)
                first = int(np.flatnonzero(lengths != of_other)[0])
                covered += f", {lengths[first]:,} of them in document {first:,}"
                others = f"{of_other[first]:,} there"
            raise UniverseError(
                f"{mine} covers {covered}, but {theirs} covers {others}",
                hint="use units that were recorded on the data the bank was compiled from",
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a file's manifest."""
        return {"kind": self.kind, "shape": list(self.shape), "offsets": list(self.offsets)}
