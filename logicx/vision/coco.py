"""Images with instances in COCO's JSON: polygons and run-length masks, read by pycocotools.

Instances may overlap; the instances of a category (crowds too) are joined, and each category is a
concept of the category `object`. Masks have the image's size, and are reduced to the grid as label
maps are.
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, FileError
from logicx.vision.images import Folder, at_grid, refuse_doubled, refuse_missing
from logicx.vision.labels import Labelled, Vocabulary
from logicx.vision.pixels import Pixels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.vision.settings import CocoSettings

NEEDED = {
    "images": ("id", "file_name", "height", "width"),
    "annotations": ("id", "image_id", "category_id", "segmentation"),
    "categories": ("id", "name"),
}


class Coco:
    """Images with COCO instance annotations; see `CocoSettings`.

    Raises:
        FileError: pycocotools, the annotations or images are missing.
        DataError: The annotations contradict themselves.
    """

    def __init__(self, path: Path, settings: CocoSettings) -> None:
        """Read the annotations and look for the images."""
        self.folder = Folder(path)
        self.vocabulary = Vocabulary()
        self.notes: list[str] = []
        self._settings = settings
        self._where = path / self.folder.check(settings.annotations, "settings")
        stated = _stated(self.folder.read(settings.annotations), self._where)
        self._coco = _index(stated)
        self._numbers = {
            one["id"]: self.vocabulary.add(str(one["name"]), "object", str(self._where))
            for one in stated["categories"]
        }
        self._entries = sorted(stated["images"], key=lambda one: str(one["file_name"]))
        self._entries = self._entries[: settings.first or None]
        for one in self._entries:
            self.folder.check(f"{settings.images}/{one['file_name']}", str(self._where))
        self.images = [str(one["file_name"]) for one in self._entries]
        if not self.images:
            raise DataError(f"{self._where} lists no image")
        refuse_doubled(self.images, f"{self._where}: an image")
        known = {one["id"] for one in stated["images"]}
        for one in stated["annotations"]:
            if one["image_id"] not in known or one["category_id"] not in self._numbers:
                raise DataError(
                    f"{self._where}: the annotation {one['id']} is of an image or a category that "
                    "is not listed"
                )
        missing = [one for one in self.images if not self.folder.has(f"{settings.images}/{one}")]
        refuse_missing(missing, "images", path / settings.images)

    def read(self) -> Iterator[Labelled]:
        """The images by path."""
        pixels = Pixels(self.folder, self._settings.images, self._settings, self.vocabulary)
        for entry in self._entries:
            path = str(entry["file_name"])
            size, colors = pixels.of(path)
            stated = (entry["height"], entry["width"])
            if size != stated:
                raise DataError(
                    f"{path} is {size[0]} x {size[1]} pixels, but {self._where} says "
                    f"{stated[0]} x {stated[1]}"
                )
            masks: dict[int, NDArray[np.bool_]] = {}
            for annotation in self._coco.loadAnns(self._coco.getAnnIds(imgIds=[entry["id"]])):
                number = self._numbers[annotation["category_id"]]
                mask = at_grid(self._mask(annotation, size), self._settings.grid)
                masks[number] = masks[number] | mask if number in masks else mask
            empty = np.zeros(self._settings.grid, np.int64)
            planes = [np.where(masks[number], number, empty) for number in sorted(masks)]
            yield Labelled(path, planes or [empty], (), colors)

    def _mask(self, annotation: Any, size: tuple[int, int]) -> NDArray[np.bool_]:
        shape = annotation["segmentation"]
        where = f"{self._where}, annotation {annotation['id']}"
        if isinstance(shape, dict):
            counts = shape.get("counts")
            if tuple(shape.get("size", ())) != size or (
                isinstance(counts, list) and sum(counts) != size[0] * size[1]
            ):
                raise DataError(
                    f"{where}: its mask has not the image's size, {size[0]} x {size[1]}"
                )
        try:
            with warnings.catch_warnings():  # pycocotools has no `copy` in its __array__
                warnings.simplefilter("ignore", DeprecationWarning)
                mask = self._coco.annToMask(annotation)
        except Exception as error:  # pycocotools raises what its C code meets
            raise DataError(f"{where}: its mask cannot be read: {error}") from error
        found: NDArray[np.bool_] = np.asarray(mask).astype(bool)
        return found


def _stated(data: bytes, where: Path) -> dict[str, Any]:
    """The annotations, of which all that is used is there."""
    try:
        stated: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{where} is no readable JSON ({error})") from error
    for part, keys in NEEDED.items():
        entries = stated.get(part) if isinstance(stated, dict) else None
        if not isinstance(entries, list):
            raise FileError(f"{where} holds no list {part!r}: these are no COCO instances")
        for i, one in enumerate(entries):
            lacking = [key for key in keys if not isinstance(one, dict) or key not in one]
            if lacking:
                raise FileError(f"{where}: entry {i} of {part!r} has no {lacking[0]!r}")
    found: dict[str, Any] = stated
    return found


def _index(stated: dict[str, Any]) -> Any:
    try:
        from pycocotools.coco import COCO
    except ImportError as error:
        raise FileError(
            "reading COCO's annotations needs pycocotools", hint='pip install "logicx[coco]"'
        ) from error
    coco = COCO()
    coco.dataset = stated
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco
