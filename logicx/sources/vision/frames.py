"""What of an image is seen, and the grid of cells over it: label maps and colours are cut alike.

A model is mostly given the middle of an image, of which the shorter side was scaled before. Masks
that are cut in the same way lie where the places of the model's maps lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Frame:
    """A grid over an image, or over what is cut out of its middle.

    Args:
        grid: Height and width of the grid, in cells.
        resize: Length that the shorter side is scaled to before the cut; 0 for no cut.
        crop: Height and width of what is cut out.

    Example:
        >>> Frame((2, 2)).of(np.arange(16).reshape(4, 4)).tolist()
        [[5, 7], [13, 15]]
        >>> Frame((1, 2), 4, (2, 2)).of(np.arange(16).reshape(4, 4)).tolist()
        [[9, 10]]
    """

    grid: Sequence[int]
    resize: int = 0
    crop: Sequence[int] = ()

    def of(self, values: NDArray[Any], size: Sequence[int] | None = None) -> NDArray[Any]:
        """A label map at the grid: each cell takes the pixel that holds its centre.

        Args:
            values: The map.
            size: Height and width of its image, where the map is a reduced one.
        """
        if not self.resize and values.shape[:2] == tuple(self.grid):
            return values
        scaled, corner, seen = self.cut(size or values.shape[:2])
        rows, columns = (
            ((2 * np.arange(n) + 1) * part + 2 * n * first) * length // (2 * n * whole)
            for n, part, first, whole, length in zip(
                self.grid, seen, corner, scaled, values.shape[:2], strict=True
            )
        )
        reduced: NDArray[Any] = values[rows[:, None], columns]
        return reduced

    def box(self, size: Sequence[int]) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what is seen of an image, in its pixels."""
        (down, across), (top, left), (height, width) = self.cut(size)
        by_rows, by_columns = size[0] / down, size[1] / across
        return (
            left * by_columns,
            top * by_rows,
            min((left + width) * by_columns, size[1]),
            min((top + height) * by_rows, size[0]),
        )

    def cut(self, size: Sequence[int]) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """Of an image of this height and width: its scaled size, the cut's corner and its size."""
        height, width = int(size[0]), int(size[1])
        if not self.resize:
            return (height, width), (0, 0), (height, width)
        shorter = min(height, width)
        down, across = height * self.resize // shorter, width * self.resize // shorter
        top, left = round((down - self.crop[0]) / 2), round((across - self.crop[1]) / 2)
        return (down, across), (top, left), (int(self.crop[0]), int(self.crop[1]))
