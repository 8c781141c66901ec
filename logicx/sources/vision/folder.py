"""A plain folder: images, masks with the same names, and a table of what their values mean."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from logicx.banks.tables import read_lines, read_table
from logicx.errors import DataError, FileError
from logicx.sources.vision.decoding import ENDINGS, LOSSY_ENDINGS, LOSSY_HINT, MASK_ENDINGS
from logicx.sources.vision.images import Folder, refuse_missing, stem, unique
from logicx.sources.vision.masked import Codes, MaskedImages, masks_by_image

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from logicx.sources.vision.settings import FolderSettings

RGB = ("r", "g", "b")


class PlainFolder(MaskedImages):
    """Images, masks and a table of names; see `FolderSettings`.

    Masks hold palette numbers or grey levels (a table with the column `index`), or colours (`r`,
    `g`, `b`); a mask has the image's size or its proportions.

    Raises:
        FileError: A folder, a table, images or masks are missing.
        DataError: Names or values are given twice.
    """

    settings: FolderSettings

    def __init__(self, path: Path, settings: FolderSettings) -> None:
        """Read the tables and find the files."""
        super().__init__(Folder(path), settings.images, settings)
        if settings.masks:
            self._read_labels()
        elif not settings.scenes:
            raise DataError(
                "neither masks nor scenes are named", hint='set masks = ["masks"], or scenes = FILE'
            )
        keys = self._find_images()
        lonely: list[str] = []
        for one in settings.masks:
            found, alone = self._find_masks(one, keys)
            self.masks.append(found)
            lonely += alone
        self._keep_wanted(keys)
        self._refuse_lonely(lonely)
        self._read_scenes([*keys.values()])
        self.images = self.images[: settings.first or None]

    def _find_images(self) -> dict[str, str]:
        """The images, by what the pattern leaves of their names."""
        root, pattern = self.root, self.settings.pattern
        found = self.folder.listed(root, ENDINGS)
        if not self.settings.pattern and "" in (*self.settings.masks, root):
            raise DataError(
                "images and masks lie in one folder, and no pattern tells them apart",
                hint='such as pattern = "*.jpg" and mask_pattern = "*_mask.png"',
            )
        inside = [one[len(root) + 1 :] if root else one for one in found]
        matched = [(key, one) for one in inside if (key := matching(one, pattern)) is not None]
        if not matched:
            raise FileError(
                f"{self.folder.path / root} holds no image"
                + (f" whose name is like {pattern}" if pattern else ""),
                hint=f"images end in {', '.join(ENDINGS)}",
            )
        self.images = [one for _, one in matched]
        where = self.folder.path / root
        return unique(((key, one, one) for key, one in matched), f"an image in {where}")

    def _find_masks(self, folder: str, keys: dict[str, str]) -> tuple[dict[str, str], list[str]]:
        """The mask of each image, and the masks of none."""
        pattern = self.settings.mask_pattern
        inside = [
            (one[len(folder) + 1 :] if folder else one, one)
            for one in self.folder.listed(folder, (*MASK_ENDINGS, *LOSSY_ENDINGS))
        ]
        matched = [(key, one) for name, one in inside if (key := matching(name, pattern))]
        lossy = [one for key, one in matched if key in keys and _ending(one) in LOSSY_ENDINGS]
        if lossy:
            raise FileError(
                f"{self.folder.path}: {len(lossy):,} masks are JPEG or WebP, such as {lossy[0]}",
                hint=LOSSY_HINT,
            )
        some = [one for one in matched if _ending(one[1]) in MASK_ENDINGS]
        found, lonely = masks_by_image(keys, some, self.folder.path / folder)
        missing = [f"{folder}/{key}.png" for key, image in keys.items() if image not in found]
        if missing and self.settings.unmasked == "refuse" and not self.settings.only:
            self._refuse_unmasked(sorted(missing), lonely)
        return found, [one[len(folder) + 1 :] if folder else one for one in lonely]

    def _refuse_unmasked(self, missing: Sequence[str], lonely: Sequence[str]) -> None:
        """Raise a `FileError` for images without masks, with how their masks may be called."""
        first = missing[0].removesuffix(".png")
        near = [one for one in lonely if one.startswith(first)]
        hint = 'leave such images out: unmasked = "skip"; or list those to take: only = FILE'
        if near:
            hint = f'masks of other names are found so: mask_pattern = "*{near[0][len(first) :]}"'
        refuse_missing(missing, "masks", self.folder.path, hint)

    def _keep_wanted(self, keys: dict[str, str]) -> None:
        """Only the images that are listed, and that have masks."""
        settings = self.settings
        if settings.only:
            name = self.folder.check(settings.only, "settings")
            self.folder.read(name)
            lines = [one.strip() for one in read_lines(self.folder.path / name)]
            where = self.folder.path / name
            lines = [one for one in lines if one]
            meant = zip(listed_images(lines, keys, where), lines, strict=True)
            named = ((one, one, f"row {i}, {line!r}") for i, (one, line) in enumerate(meant, 1))
            self.images = sorted(unique(named, f"{where}: an image"))
        if not settings.masks:
            return
        bare = [one for one in self.images if not all(one in masks for masks in self.masks)]
        if bare and settings.unmasked == "refuse":
            self._refuse_unmasked([f"{settings.masks[0]}/{stem(one)}.png" for one in bare], ())
        if bare:
            self.images = [one for one in self.images if all(one in m for m in self.masks)]
            self.found_notes.append(f"{len(bare):,} images without masks are left out")
            if not self.images:
                raise FileError(f"{self.folder.path}: no image has a mask")

    def _refuse_lonely(self, lonely: Sequence[str]) -> None:
        refuse_missing(
            sorted(stem(f"{self.root}/{one}") for one in lonely),
            f"images of masks in {', '.join(self.settings.masks)}",
            self.folder.path,
        )

    def _read_labels(self) -> None:
        """What the values of masks mean, by the table of names."""
        settings = self.settings
        name = settings.labels or next(
            (one for one in ("labels.tsv", "labels.csv") if self.folder.has(one)), ""
        )
        if not name:
            raise FileError(
                f"{self.folder.path} has no table of names",
                hint="labels.tsv: the columns index and name, or r, g, b and name",
            )
        where, table = self._table(name)
        kinds = [one for one in (("index",), RGB) if set(one) <= set(table)]
        if "name" not in table or not kinds:
            raise FileError(
                f"{where} needs the columns index and name, or r, g, b and name, "
                f"but has {', '.join(table)}"
            )
        numbers = self._number_rows(where, table)
        for columns in kinds:
            is_rgb = columns == RGB
            rows = list(zip(*(table[one] for one in columns), strict=True))
            codes = [_code(one, f"{where}, row {i + 1}", is_rgb) for i, one in enumerate(rows)]
            called = [f"row {i + 1}, {one!r}" for i, one in enumerate(table["name"])]
            found = unique(zip(codes, numbers, called, strict=True), f"{where}: a value")
            if is_rgb:
                self.by_color = Codes.of(found)
                continue
            clash = [one for one in settings.ignore if found.get(one)]
            if clash:
                raise DataError(f"{where} names the value {clash[0]}, which is in ignore")
            self.by_index = Codes.of({**dict.fromkeys(settings.ignore, 0), **found})

    def _number_rows(self, where: Path, table: dict[str, list[Any]]) -> list[int]:
        """The number of each row's concept, 0 where it means no label."""
        names = [one.strip() for one in table["name"]]
        categories = table.get("category", ["object"] * len(names))
        found = []
        for i, (name, category) in enumerate(zip(names, categories, strict=True)):
            if name.casefold() in self.settings.unnamed:
                found.append(0)
            elif self.settings.merge:
                found.append(self.vocabulary.number(name, category))
            else:
                hint = "rows of one name are one concept with merge = true"
                found.append(self.vocabulary.add(name, category, f"{where}, row {i + 1}", hint))
        if not self.vocabulary.labels:
            raise DataError(f"{where} names no concept")
        return found

    def _table(self, name: str) -> tuple[Path, dict[str, list[Any]]]:
        where = self.folder.path / self.folder.check(name, "settings")
        table = read_table(where)
        self.found_notes += table.notes
        self.folder.read(name)  # for the hash
        return where, table

    def _read_scenes(self, images: Sequence[str]) -> None:
        if not self.settings.scenes:
            return
        where, table = self._table(self.settings.scenes)
        if not {"image", "name"} <= set(table):
            raise FileError(f"{where} needs the columns image and name, but has {', '.join(table)}")
        places = listed_images(table["image"], {stem(one): one for one in images}, where)
        categories = table.get("category", ["scene"] * len(table["name"]))
        for image, name, category in zip(places, table["name"], categories, strict=True):
            number = self.vocabulary.number(name, category)
            if number not in self.scenes.setdefault(image, []):
                self.scenes[image].append(number)


def listed_images(names: Iterable[str], images: dict[str, str], where: Path) -> list[str]:
    """The images that are named by path, by path without ending, or as a pattern leaves it.

    Raises:
        DataError: There is no such image, or a name is of two.
    """
    paths = set(images.values())
    found: list[str] = []
    for i, name in enumerate(names):
        meant = {one for one in (name if name in paths else None, images.get(name)) if one}
        if not meant:
            raise DataError(f"{where}, row {i + 1}: there is no image {name!r}")
        if len(meant) > 1:
            both = " and ".join(sorted(meant))
            raise DataError(
                f"{where}, row {i + 1}: {name!r} is {both}", hint="write the whole name"
            )
        found += meant
    return found


def matching(path: str, pattern: str) -> str | None:
    """What the star of a pattern stands for in a path, or None where it does not match.

    The pattern may leave the ending out; none at all leaves the path without its ending.

    Example:
        >>> matching("a/b_mask.png", "*_mask"), matching("a/b_mask.png", "*_mask.png")
        ('a/b', 'a/b')
        >>> matching("a/b.png", "")
        'a/b'
    """
    before, _, after = (pattern or "*").partition("*")
    for one in (path, stem(path)):
        if len(one) > len(before) + len(after) and one.startswith(before) and one.endswith(after):
            is_whole = one == path and not os.path.splitext(after)[1]
            if not is_whole:
                return one[len(before) : len(one) - len(after)]
    return None


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _code(fields: tuple[str, ...], where: str, is_rgb: bool) -> int:
    """A value of masks as one number: an index, or r + 256 g + 65,536 b."""
    most = 255 if is_rgb else 1 << 31
    return sum(_whole(one, where, most) << (8 * k) for k, one in enumerate(fields))


def _whole(text: str, where: str, most: int) -> int:
    if not (text.strip().isascii() and text.strip().isdigit()) or int(text) > most:
        raise DataError(f"{where}: {text!r} is no whole number from 0 to {most:,}")
    return int(text)
