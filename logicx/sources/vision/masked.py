"""Images with label maps whose values a table names: what plain folders and most releases are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.errors import DataError
from logicx.sources.vision.decoding import mask_values, palette_colors
from logicx.sources.vision.images import Folder, pack_colors, unique
from logicx.sources.vision.labels import Labelled, Vocabulary
from logicx.sources.vision.pixels import Pixels, check_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.sources.vision.pixels import Seen
    from logicx.sources.vision.settings import ImageSettings


class Codes(NamedTuple):
    """Values that label maps may hold, and the concept of each.

    Args:
        values: The values, ascending.
        numbers: Number of each one's concept, 0 for none.
    """

    values: NDArray[np.int64]
    numbers: NDArray[np.int64]

    @staticmethod
    def of(numbers: Mapping[int, int]) -> Codes:
        """From a mapping of values to numbers of concepts."""
        values = sorted(numbers)
        found = [numbers[one] for one in values]
        return Codes(np.array(values, np.int64), np.array(found, np.int64))

    def find(self, codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The concept at each cell, and whether its value is known."""
        if not len(self.values):
            return np.zeros(codes.shape, np.int64), np.zeros(codes.shape, bool)
        places = np.minimum(np.searchsorted(self.values, codes), len(self.values) - 1)
        return self.numbers[places], self.values[places] == codes


class MaskedImages:
    """A data set of images with label maps; a reader, see `logicx.sources.vision.labels.Reader`.

    Args:
        folder: The folder of the data set.
        root: The folder of images in it.
        settings: How label maps become concepts.
    """

    def __init__(self, folder: Folder, root: str, settings: ImageSettings) -> None:
        """Nothing is found yet: that is up to each data set."""
        self.folder, self.root, self.settings = folder, root, settings
        self.vocabulary = Vocabulary()
        self.images: list[str] = []
        self.masks: list[dict[str, str]] = []
        """Paths of the label maps of each image, in the folder."""
        self.scenes: dict[str, list[int]] = {}
        self.by_index: Codes | None = None
        self.by_color: Codes | None = None
        self.found_notes: list[str] = []

    @cached_property
    def pixels(self) -> Pixels:
        """What is read of the images; asked for once all labels are numbered."""
        return Pixels(self.folder, self.root, self.settings, self.vocabulary)

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of the files read so far."""
        return [*self.found_notes, *self.pixels.notes]

    def labelled(self, i: int) -> Labelled:
        """An image with its labels."""
        path = self.images[i]
        seen = self.pixels.of(path)
        planes = [self._plane(masks[path], seen) for masks in self.masks if path in masks]
        return Labelled(path, planes, self.scenes.get(path, ()), seen.colors)

    def _plane(self, mask: str, seen: Seen) -> NDArray[np.int64]:
        data, where = self.folder.read(mask), self.folder.path / mask
        return self.plane_of(data, where, seen)

    def plane_of(self, data: bytes, where: Path | str, seen: Seen) -> NDArray[np.int64]:
        """The concepts at the grid's cells, from the file of a label map."""
        values = mask_values(data, where, self.settings.orientation)
        check_shape(values.shape, seen.size, where, "the image", turn=seen.turn, is_scaled=True)
        if values.ndim == 3:
            return self._named(values, self.by_color, where, seen)
        of_palette = None
        if self.by_color is not None:
            of_palette = palette_colors(data, where, self.settings.orientation)
        if of_palette is None:
            return self._named(values, self.by_index, where, seen)
        if self.by_index is None:
            return self._named(of_palette, self.by_color, where, seen)
        plane = self._named(values, self.by_index, where, seen)
        codes = pack_colors(self._at_grid(of_palette, seen)).astype(np.int64)
        by_palette, is_known = self.by_color.find(codes) if self.by_color else (plane, codes > 0)
        if is_known.all() and not np.array_equal(by_palette, plane):
            raise DataError(
                f"{where}: its palette numbers and their colours are of other labels in the table "
                "of names",
                hint="leave either index or r, g, b out of the table",
            )
        return plane

    def _at_grid(self, values: NDArray[Any], seen: Seen) -> NDArray[Any]:
        return self.settings.frame.of(values, seen.size)

    def _named(
        self, values: NDArray[Any], codes: Codes | None, where: Path | str, seen: Seen
    ) -> NDArray[np.int64]:
        is_rgb = values.ndim == 3
        if codes is None:
            has, needs = ("colours", "r, g, b") if is_rgb else ("index values", "index")
            raise DataError(
                f"{where} holds {has}, but the table of names does not",
                hint=f"a table of names for such masks has the columns {needs} and name",
            )
        cells = self._at_grid(values, seen)
        packed = pack_colors(cells) if is_rgb else cells
        found, is_known = codes.find(packed.astype(np.int64))
        if not is_known.all():
            row, column = (int(one) for one in np.argwhere(~is_known)[0])
            raise DataError(
                f"{where} holds the value {cells[row, column].tolist()}, which has no name "
                f"(cell {row}, {column})",
                hint="name it in the table; if it means no label, as unlabelled"
                + ("" if is_rgb else ", or set=images.ignore=[...]"),
            )
        return found


def masks_by_image(
    images: Mapping[str, str], masks: Sequence[tuple[str, str]], where: Path | str
) -> tuple[dict[str, str], list[str]]:
    """The label map of each image, and maps that are of none.

    Args:
        images: Images by what their names share with those of their maps.
        masks: Those shared parts of the maps' names, with their paths.
        where: Their folder, for errors.

    Raises:
        DataError: An image has two maps; both are named.
    """
    by_key = unique(((key, path, path) for key, path in masks), f"{where}: the mask of an image")
    found = {images[key]: path for key, path in by_key.items() if key in images}
    return found, [path for key, path in by_key.items() if key not in images]
