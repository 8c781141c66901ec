"""What readers take from the images themselves: their size, and the colours of their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError
from logicx.sources.vision.colors import COLORS, color_numbers
from logicx.sources.vision.images import decode

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.sources.vision.images import Folder
    from logicx.sources.vision.labels import Vocabulary
    from logicx.sources.vision.settings import ImageSettings


class Pixels:
    """The images of a data set, each read once.

    Args:
        folder: The folder of the data set.
        root: The folder of images in it.
        settings: Whether colours are wanted, and on which grid.
        vocabulary: The colours are added to it.
    """

    def __init__(
        self, folder: Folder, root: str, settings: ImageSettings, vocabulary: Vocabulary
    ) -> None:
        """Number the colours."""
        self._folder = folder
        self._root = root
        self._grid = settings.grid
        wanted = COLORS if settings.colors == "pixels" else ()
        self._numbers = np.array([vocabulary.number(one, "color") for one in wanted], np.int64)

    def of(self, path: str) -> tuple[tuple[int, int], NDArray[np.int64] | None]:
        """Height and width of an image, and the numbers of its colours if they are wanted.

        Raises:
            FileError: It is missing or damaged.
        """
        name = f"{self._root}/{path}" if self._root else path
        image = decode(self._folder.read(name), self._folder.path / name)
        size = (image.height, image.width)
        if not len(self._numbers):
            return size, None
        return size, self._numbers[color_numbers(image, self._grid)]


def check_shape(
    values: NDArray[Any],
    size: tuple[int, int],
    where: Path,
    whose: str,
    *,
    is_scaled: bool = False,
) -> None:
    """Raise a `DataError` unless a label map has the size that it must have.

    Args:
        values: The map.
        size: Height and width that it must have.
        where: The map's file.
        whose: What has that size, for the error.
        is_scaled: Whether the same proportions are enough, to within the rounding of both sides.
    """
    height, width = values.shape[:2]
    if (height, width) == size:
        return
    # Where both sides are multiplied by one factor and rounded, each is off by 1/2 at most.
    is_close = 2 * abs(height * size[1] - width * size[0]) <= sum(size)
    if is_scaled and is_close and height != size[0] and width != size[1]:
        return
    raise DataError(
        f"{where} is {height} x {width} pixels, but {whose} is {size[0]} x {size[1]}",
        hint="height x width; a mask has the image's proportions" if is_scaled else "",
    )
