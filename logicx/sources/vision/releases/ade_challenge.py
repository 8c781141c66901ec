"""ADEChallengeData2016: the 150 classes of the scene parsing challenge.

- `images/training/ADE_train_00000001.jpg`: photographs;
- `annotations/training/ADE_train_00000001.png`: grey levels, class numbers from 1, 0 for other
  objects, which means no label;
- `objectInfo150.txt`: `Idx`, `Ratio`, `Train`, `Val`, `Name`, separated by tabs;
- `sceneCategories.txt`, where it is there: an image's stem and its scene, a line each.

A class is called by the first of its names, as in ADE20K.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logicx.banks.tables import read_lines, read_table
from logicx.errors import DataError, FileError
from logicx.sources.vision.ade20k import names_of
from logicx.sources.vision.compiling import compile_images
from logicx.sources.vision.images import Folder, refuse_missing, stem, unique
from logicx.sources.vision.masked import Codes, MaskedImages, masks_by_image
from logicx.sources.vision.settings import ImageSettings

if TYPE_CHECKING:
    from pathlib import Path

    from logicx.banks.bank import ConceptBank

OBJECTS, SCENES = "objectInfo150.txt", "sceneCategories.txt"


@dataclass(frozen=True)
class AdeChallengeSettings(ImageSettings):
    """A folder in the layout of ADEChallengeData2016; see also `ImageSettings`.

    Args:
        split: `training` or `validation`; by default both.
    """

    split: str = ""


class AdeChallenge(MaskedImages):
    """Photographs and masks of the scene parsing challenge; see `AdeChallengeSettings`."""

    def __init__(self, path: Path, settings: AdeChallengeSettings) -> None:
        """Read the tables and find the files."""
        super().__init__(Folder(path), "images", settings)
        self._read_objects()
        below = f"/{settings.split}" if settings.split else ""
        found = [one[7:] for one in self.folder.listed(f"images{below}", (".jpg",))]
        by_stem = unique(((stem(one), one, one) for one in found), f"{path}: an image")
        masks = self.folder.listed(f"annotations{below}", (".png",))
        keyed = [(stem(one[len("annotations/") :]), one) for one in masks]
        of_image, lonely = masks_by_image(by_stem, keyed, path / "annotations")
        refuse_missing(lonely, "images of masks", path)
        refuse_missing([one for one in found if one not in of_image], "masks of images", path)
        if not found:
            raise FileError(f"{path / 'images'} holds no image")
        self.images, self.masks = found[: settings.first or None], [of_image]
        self._read_scenes(by_stem)

    def _read_objects(self) -> None:
        where = self.folder.path / OBJECTS
        if not self.folder.has(OBJECTS):
            raise FileError(f"no file {where}", hint="it names the classes; the release has it")
        self.folder.read(OBJECTS)
        table = read_table(where, form=".tsv")
        self.found_notes += table.notes
        if not {"Idx", "Name"} <= set(table):
            raise FileError(f"{where} needs the columns Idx and Name, but has {', '.join(table)}")
        found = []
        for value, name in zip(table["Idx"], table["Name"], strict=True):
            if not (value.isascii() and value.isdigit()) or not 0 < int(value) < 1 << 16:
                raise DataError(f"{where}: {value!r} is no class number from 1")
            full = names_of(name)
            found.append((int(value), self.vocabulary.number(full[0], "object", full=full), name))
        self.by_index = Codes.of({0: 0, **unique(found, f"{where}: a class")})

    def _read_scenes(self, images: dict[str, str]) -> None:
        if not self.folder.has(SCENES):
            return
        self.folder.read(SCENES)
        where = self.folder.path / SCENES
        by_name = {key.rpartition("/")[2]: one for key, one in images.items()}
        rows = [(i, line.split()) for i, line in enumerate(read_lines(where), 1) if line.strip()]
        wrong = [i for i, fields in rows if len(fields) != 2]
        if wrong:
            raise FileError(f"{where}, line {wrong[0]} is no image with its scene")
        of_stem = unique(((a, b, f"line {i}") for i, (a, b) in rows), f"{where}: an image")
        for name, scene in of_stem.items():
            if name in by_name:
                self.scenes[by_name[name]] = [self.vocabulary.number(scene, "scene")]


def compile_ade_challenge(
    folder: Path, settings: AdeChallengeSettings, **options: Any
) -> ConceptBank:
    """The bank of ADEChallengeData2016; see `logicx.sources.vision.compiling.compile_images`."""
    return compile_images(AdeChallenge(folder, settings), settings, **options)
