"""Broden: an index of images with label maps of several categories, as NetDissect writes it.

- `index.csv`: `image, split, ih, iw, sh, sw`, then a column per category, which is empty, or lists
  by ";" label maps (paths below `images/`) or numbers of labels that hold at the whole image; the
  number 0, `-` and what begins with `~` mean that nothing is labelled, as NetDissect writes them;
- label maps: images whose pixels hold the label number R + 256 G, or 0;
- `label.csv`: `number, name, category, ...`, the category as in `material(36);object(3)`;
- `category.csv` and `c_<category>.csv` where present: held against the index and `label.csv`.

A label is one concept in whatever category's map it stands, as in NetDissect and the paper's code;
its own category is the first that `label.csv` states, which is the most frequent. NetDissect's
endings `-c` of colours and `-s` of scenes and textures are left away.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.tables import read_table
from logicx.errors import DataError, FileError
from logicx.sources.vision.decoding import mask_values
from logicx.sources.vision.images import Folder, refuse_doubled, refuse_missing
from logicx.sources.vision.labels import Labelled, Vocabulary
from logicx.sources.vision.pixels import Pixels, check_shape

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.sources.vision.settings import BrodenSettings

FIRST_COLUMNS = ("image", "split", "ih", "iw", "sh", "sw")
ENDING = {"color": "-c", "scene": "-s", "texture": "-s"}


class Row(NamedTuple):
    """An image of the index.

    Args:
        image: Its path.
        split: The split it belongs to.
        size: Height and width of the image.
        map_size: Height and width of its label maps.
        maps: Paths of label maps, by category.
        whole: Numbers of labels that hold at the whole image.
    """

    image: str
    split: str
    size: tuple[int, int]
    map_size: tuple[int, int]
    maps: dict[str, tuple[str, ...]]
    whole: tuple[int, ...]


def read_index(folder: Folder, name: str, root: str = "images") -> tuple[list[Row], list[str]]:
    """The rows of an index, and its categories.

    Args:
        folder: The folder of the data set.
        name: The index, a path in the folder.
        root: The folder of images and label maps.

    Raises:
        FileError: It is missing or truncated, or is no such table.
        DataError: A field means nothing, or a path is absolute or climbs.
    """
    where = folder.path / folder.check(name, "settings")
    folder.read(name)  # for the hash
    table = read_table(where)
    missing = [one for one in FIRST_COLUMNS if one not in table]
    if missing:
        raise FileError(
            f"{where} has no column {missing[0]!r}; an index begins with {', '.join(FIRST_COLUMNS)}"
        )
    categories = [one for one in table if one not in FIRST_COLUMNS]
    rows = []
    for i, fields in enumerate(zip(*table.values(), strict=True)):
        row = dict(zip(table, fields, strict=True))
        line = f"{where}, row {i + 1}"
        maps: dict[str, tuple[str, ...]] = {}
        whole: list[int] = []
        for category in categories:
            parts = [one.strip() for one in row[category].split(";")]
            parts = [one for one in parts if one and one != "-" and one[0] != "~"]
            whole += [int(one) for one in parts if _is_number(one) and int(one)]
            paths = [one for one in parts if not _is_number(one)]
            for path in paths:
                folder.check(f"{root}/{path}" if path[:1] != "/" else path, line)
            if paths:
                maps[category] = tuple(paths)
        image = row["image"]
        folder.check(f"{root}/{image}" if image[:1] != "/" else image, line)
        sizes = [row[one] for one in FIRST_COLUMNS[2:]]
        if not all(map(_is_number, sizes)):
            raise DataError(f"{line}: ih, iw, sh, sw are whole numbers, not {', '.join(sizes)}")
        ih, iw, sh, sw = map(int, sizes)
        rows.append(Row(image, row["split"], (ih, iw), (sh, sw), maps, tuple(whole)))
    refuse_doubled([one.image for one in rows], f"{where}: an image")
    return rows, categories


class Broden:
    """A folder in Broden's layout; see `BrodenSettings`.

    Raises:
        FileError: Files are missing or truncated.
        DataError: What they say cannot be.
    """

    def __init__(self, path: Path, settings: BrodenSettings) -> None:
        """Read the tables and look for all files."""
        self.folder = Folder(path)
        self.vocabulary = Vocabulary()
        self._settings = settings
        rows, categories = read_index(self.folder, settings.index, settings.images)
        splits = sorted({one.split for one in rows})
        if settings.split:
            rows = [one for one in rows if one.split == settings.split]
        self._rows = rows[: settings.first or None]
        if not self._rows:
            raise DataError(
                f"{path / settings.index} lists no image"
                + (f" of the split {settings.split!r}" if settings.split else ""),
                hint=f"splits: {', '.join(splits)}" if splits else "",
            )
        self.images = [one.image for one in self._rows]
        self._stated: dict[int, str] = {}
        self._number_of = self._read_labels()
        self._check_categories(categories)
        self._find_files()

    @cached_property
    def _pixels(self) -> Pixels:
        return Pixels(self.folder, self._settings.images, self._settings, self.vocabulary)

    @property
    def notes(self) -> list[str]:
        """What was odd about the images read so far."""
        return self._pixels.notes if self._settings.colors == "pixels" else []

    def labelled(self, i: int) -> Labelled:
        """An image of the index."""
        settings, row = self._settings, self._rows[i]
        colors = None
        if settings.colors == "pixels":
            seen = self._pixels.of(row.image)
            where = self.folder.path / settings.images / row.image
            check_shape(seen.size, row.size, where, "the index says it", turn=seen.turn)
            colors = seen.colors
        planes = []
        for category, paths in self._maps(row):
            for path in paths:
                plane = self._plane(path, row)
                if category == "color":
                    colors = plane
                else:
                    planes.append(plane)
        whole = [self._known(one, f"the index, image {row.image}") for one in row.whole]
        return Labelled(row.image, planes, whole, colors)

    def _maps(self, row: Row) -> list[tuple[str, tuple[str, ...]]]:
        has_colors = self._settings.colors == "maps"
        return [one for one in row.maps.items() if has_colors or one[0] != "color"]

    def _plane(self, path: str, row: Row) -> NDArray[np.int64]:
        name = f"{self._settings.images}/{path}"
        where = self.folder.path / name
        values = mask_values(self.folder.read(name), where, self._settings.orientation)
        if values.ndim != 3:
            raise FileError(f"{where} is no label map: its pixels must be R + 256 G")
        check_shape(values.shape, row.map_size, where, "the index says it")
        cells = self._settings.frame.of(values, row.size).astype(np.int64)
        numbers = cells[..., 0] + 256 * cells[..., 1]
        inside = numbers < len(self._number_of)
        named = np.where(inside, self._number_of[np.where(inside, numbers, 0)], 0)
        nameless = (named == 0) & (numbers > 0)
        if nameless.any():
            self._known(int(numbers[nameless][0]), str(where))
        return named

    def _known(self, number: int, where: str) -> int:
        found = int(self._number_of[number]) if number < len(self._number_of) else 0
        if not found:
            raise DataError(f"{where} holds the label {number}, which has no name in label.csv")
        return found

    def _read_labels(self) -> NDArray[np.int64]:
        """The concept of each label number, 0 where there is none."""
        where, table = self._table("label.csv", ("number", "name", "category"))
        found: dict[int, int] = {}
        categories = [re.split(r"[;(]", one)[0] for one in table["category"]]
        whole = {*zip(table["name"], categories, strict=True)}
        for i, (number, name, category) in enumerate(
            zip(table["number"], table["name"], categories, strict=True)
        ):
            line = f"{where}, row {i + 1}"
            if not _is_number(number) or int(number) > 0xFFFF:
                raise DataError(f"{line}: {number!r} is no label number from 0 to 65,535")
            if int(number) in found:
                raise DataError(f"{line}: the label {number} is given twice")
            self._stated[int(number)] = name
            short = name.removesuffix(ENDING.get(category, "")) or name
            if (short, category) in whole:
                short = name  # another label is called so without NetDissect's ending
            is_label = int(number) > 0  # 0 means no label
            found[int(number)] = self.vocabulary.add(short, category, line) if is_label else 0
        numbers = np.zeros(max(found, default=0) + 1, np.int64)
        numbers[list(found)] = list(found.values())
        return numbers

    def _check_categories(self, categories: list[str]) -> None:
        """Hold category.csv and c_*.csv, where present, against index and label.csv."""
        if self.folder.has("category.csv"):
            where, table = self._table("category.csv", ("name",))
            unknown = [one for one in table["name"] if one not in categories]
            if unknown:
                raise DataError(f"{where} lists {unknown[0]!r}, which is no column of the index")
        for category in categories:
            name = self.folder.check(f"c_{category}.csv", self._settings.index)
            if not self.folder.has(name):
                continue
            where, table = self._table(name, ("number", "name"))
            for number, label in zip(table["number"], table["name"], strict=True):
                if not _is_number(number) or int(number) == 0:
                    continue
                self._known(int(number), str(where))
                if label != self._stated[int(number)]:
                    raise DataError(
                        f"{where} calls the label {number} {label!r}, but label.csv calls it "
                        f"{self._stated[int(number)]!r}"
                    )

    def _table(self, name: str, columns: tuple[str, ...]) -> tuple[Path, dict[str, list[Any]]]:
        where = self.folder.path / name
        if not self.folder.has(name):
            raise FileError(f"no file {where}", hint="Broden has index.csv, label.csv and images/")
        self.folder.read(name)
        table = read_table(where)
        for one in columns:
            if one not in table:
                raise FileError(f"{where} has no column {one!r}")
        return where, table

    def _find_files(self) -> None:
        root = self._settings.images
        maps = [one for row in self._rows for _, paths in self._maps(row) for one in paths]
        has = self.folder.has
        missing = [one for one in [*self.images, *maps] if not has(f"{root}/{one}")]
        refuse_missing(missing, "images or label maps", self.folder.path / root)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
