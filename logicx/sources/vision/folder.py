"""A plain folder: images, masks with the same names, and a table of what their values mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.tables import read_table
from logicx.errors import DataError, FileError
from logicx.sources.vision.images import (
    ENDINGS,
    MASK_ENDINGS,
    Folder,
    at_grid,
    mask_values,
    pack_colors,
    refuse_doubled,
    refuse_missing,
    stem,
)
from logicx.sources.vision.labels import Labelled, Vocabulary
from logicx.sources.vision.pixels import Pixels, check_shape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.sources.vision.settings import FolderSettings

RGB = ("r", "g", "b")


class PlainFolder:
    """Images, masks and a table of names; see `FolderSettings`.

    Masks hold palette numbers or grey levels (a table with the column `index`), or colours (`r`,
    `g`, `b`); a mask has the image's size or its proportions.

    Raises:
        FileError: A folder, a table, images or masks are missing.
        DataError: Names or values are given twice.
    """

    def __init__(self, path: Path, settings: FolderSettings) -> None:
        """Read the tables and find the files."""
        self.folder = Folder(path)
        self.vocabulary = Vocabulary()
        self.notes: list[str] = []
        self._settings = settings
        self._root = settings.images
        self._is_rgb = False
        self._codes, self._numbers = self._read_labels()
        found = self.folder.listed(settings.images, ENDINGS)
        if not found:
            raise FileError(
                f"{path / settings.images} holds no image",
                hint=f"images end in {', '.join(ENDINGS)}",
            )
        self.images = [one[len(self._root) + 1 :] for one in found]
        refuse_doubled([stem(one) for one in self.images], f"an image in {path / self._root}")
        self._masks = [self._find_masks(one) for one in settings.masks]
        self._scenes = self._read_scenes()
        self.images = self.images[: settings.first or None]

    def read(self) -> Iterator[Labelled]:
        """The images by path."""
        pixels = Pixels(self.folder, self._root, self._settings, self.vocabulary)
        for path in self.images:
            size, colors = pixels.of(path)
            planes = [self._plane(masks[stem(path)], size) for masks in self._masks]
            yield Labelled(path, planes, self._scenes.get(path, ()), colors)

    def _plane(self, mask: str, size: tuple[int, int]) -> NDArray[np.int64]:
        where = self.folder.path / mask
        values = mask_values(self.folder.read(mask), where)
        if self._is_rgb != (values.ndim == 3):
            has, needs = ("colours", "index") if values.ndim == 3 else ("index values", "r, g, b")
            raise DataError(
                f"{where} holds {has}, but the table of names does not",
                hint=f"a table of names has the column {needs}"
                if self._is_rgb
                else "a table of names for colour masks has the columns r, g, b and name",
            )
        check_shape(values, size, where, "the image", is_scaled=True)
        cells = at_grid(values, self._settings.grid)
        codes = pack_colors(cells) if self._is_rgb else cells.astype(np.int64)
        places = np.searchsorted(self._codes, codes)
        is_known = self._codes[np.minimum(places, len(self._codes) - 1)] == codes
        if not is_known.all():
            row, column = (int(one) for one in np.argwhere(~is_known)[0])
            raise DataError(
                f"{where} holds the value {cells[row, column].tolist()}, which has no name "
                f"(cell {row}, {column})",
                hint="name it in the table; if it means no label, as unlabelled"
                + ("" if self._is_rgb else ", or set=images.ignore=[...]"),
            )
        return self._numbers[places]

    def _read_labels(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The values that masks may hold, ascending, and the concept of each (0 for none)."""
        settings = self._settings
        name = settings.labels or next(
            (one for one in ("labels.tsv", "labels.csv") if self.folder.has(one)), ""
        )
        if not name:
            raise FileError(
                f"{self.folder.path} has no table of names",
                hint="labels.tsv: the columns index and name, or r, g, b and name",
            )
        where, table = self._table(name)
        rgb = [table.get(one) for one in RGB]
        self._is_rgb = all(rgb)
        if "name" not in table or not (self._is_rgb or "index" in table):
            raise FileError(
                f"{where} needs the columns index and name, or r, g, b and name, "
                f"but has {', '.join(table)}"
            )
        found: dict[int, int] = dict.fromkeys(settings.ignore, 0)
        names = table["name"]
        categories = table.get("category", ["object"] * len(names))
        values = list(zip(*(rgb if self._is_rgb else [table["index"]]), strict=True))
        for i, (name, category) in enumerate(zip(names, categories, strict=True)):
            line = f"{where}, row {i + 1}"
            code = sum(
                _whole(one, line, 255 if self._is_rgb else 1 << 31) << (8 * k)
                for k, one in enumerate(values[i])
            )
            if code in found and code not in settings.ignore:
                raise DataError(f"{line}: the value {' '.join(values[i])} is given twice")
            is_named = name.strip().casefold() not in settings.unnamed
            found[code] = self.vocabulary.add(name.strip(), category, line) if is_named else 0
        if not self.vocabulary.labels:
            raise DataError(f"{where} names no concept")
        codes = np.array(sorted(found), np.int64)
        return codes, np.array([found[one] for one in sorted(found)], np.int64)

    def _table(self, name: str) -> tuple[Path, dict[str, list[Any]]]:
        where = self.folder.path / self.folder.check(name, "settings")
        table = read_table(where)
        self.folder.read(name)  # for the hash
        return where, table

    def _find_masks(self, folder: str) -> dict[str, str]:
        """The mask of each image, by its path without ending."""
        found = {
            stem(one[len(folder) + 1 :]): one for one in self.folder.listed(folder, MASK_ENDINGS)
        }
        stems = {stem(one) for one in self.images}
        root = self.folder.path
        missing = [f"{folder}/{one}.png" for one in sorted(stems - set(found))]
        refuse_missing(missing, "masks", root)
        lonely = [f"{self._root}/{one}" for one in sorted(set(found) - stems)]
        refuse_missing(lonely, f"images of masks in {folder}", root)
        return found

    def _read_scenes(self) -> dict[str, list[int]]:
        if not self._settings.scenes:
            return {}
        where, table = self._table(self._settings.scenes)
        if not {"image", "name"} <= set(table):
            raise FileError(f"{where} needs the columns image and name, but has {', '.join(table)}")
        known = {**{stem(one): one for one in self.images}, **{one: one for one in self.images}}
        categories = table.get("category", ["scene"] * len(table["name"]))
        found: dict[str, list[int]] = {}
        for i, (image, name, category) in enumerate(
            zip(table["image"], table["name"], categories, strict=True)
        ):
            if image not in known:
                raise DataError(f"{where}, row {i + 1}: there is no image {image!r}")
            found.setdefault(known[image], []).append(self.vocabulary.number(name, category))
        return found


def _whole(text: str, where: str, most: int) -> int:
    if not (text.strip().isascii() and text.strip().isdigit()) or int(text) > most:
        raise DataError(f"{where}: {text!r} is no whole number from 0 to {most:,}")
    return int(text)
