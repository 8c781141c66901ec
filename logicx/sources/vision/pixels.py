"""What readers take from the images themselves: their size, and the colours of their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logicx.errors import DataError
from logicx.sources.vision.colors import COLORS, color_numbers
from logicx.sources.vision.decoding import TURN_HINT
from logicx.sources.vision.images import mark_of
from logicx.sources.vision.photographs import Photographs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.sources.vision.images import Folder
    from logicx.sources.vision.labels import Vocabulary
    from logicx.sources.vision.settings import ImageSettings


class Seen(NamedTuple):
    """What is taken from a photograph.

    Args:
        size: Its height and width.
        colors: The numbers of its cells' colours, if they are wanted.
        turn: Its note of orientation, 1 for none.
    """

    size: tuple[int, int]
    colors: NDArray[np.int64] | None
    turn: int


class Pixels:
    """The images of a data set, each read once.

    Args:
        folder: The folder of the data set.
        root: The folder of images in it.
        settings: Whether colours are wanted, on which grid, and how odd images are read.
        vocabulary: The colours are added to it.
    """

    def __init__(
        self, folder: Folder, root: str, settings: ImageSettings, vocabulary: Vocabulary
    ) -> None:
        """Number the colours."""
        self._folder = folder
        self._root = root
        self._frame = settings.frame
        self._photographs = Photographs(settings.orientation, settings.transparent)
        wanted = COLORS if settings.colors == "pixels" else ()
        self._numbers = np.array([vocabulary.number(one, "color") for one in wanted], np.int64)

    def of(self, path: str) -> Seen:
        """Height, width and colours of an image.

        Raises:
            FileError: It is missing or damaged.
        """
        name = f"{self._root}/{path}" if self._root else path
        return self.of_bytes(self._folder.read(name), self._folder.path / name, path)

    def of_bytes(self, data: bytes, where: Path | str, name: str) -> Seen:
        """The same of an image that was read already."""
        self._folder.marks[name] = mark_of(data)
        image, turn = self._photographs.read(data, where, name)
        size = (image.height, image.width)
        if not len(self._numbers):
            return Seen(size, None, turn)
        return Seen(size, self._numbers[color_numbers(image, self._frame)], turn)

    @property
    def notes(self) -> list[str]:
        """What was odd about the images read so far."""
        return self._photographs.notes


def check_shape(
    shape: Sequence[int],
    size: tuple[int, int],
    where: Path | str,
    whose: str,
    *,
    turn: int = 1,
    is_scaled: bool = False,
) -> None:
    """Raise a `DataError` unless a label map or photograph has the size that it must have.

    Args:
        shape: Its height and width.
        size: Height and width that it must have.
        where: Its file.
        whose: What has that size, for the error.
        turn: The photograph's note of orientation.
        is_scaled: Whether the same proportions are enough, to within the rounding of both sides.
    """
    height, width = shape[:2]
    if (height, width) == size:
        return
    # Where both sides are multiplied by one factor and rounded, each is off by 1/2 at most.
    is_close = 2 * abs(height * size[1] - width * size[0]) <= sum(size)
    if is_scaled and is_close and height != size[0] and width != size[1]:
        return
    hint = "height x width; a mask has the image's proportions" if is_scaled else ""
    if turn != 1 and (width, height) == size:
        hint = f"the photograph has an EXIF note that it is to be turned: {TURN_HINT}"
    raise DataError(
        f"{where} is {height} x {width} pixels, but {whose} is {size[0]} x {size[1]}", hint=hint
    )
