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
from logicx.sources.vision.images import Folder, at_grid, refuse_doubled, refuse_missing
from logicx.sources.vision.labels import Labelled, Vocabulary
from logicx.sources.vision.pixels import Pixels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.sources.vision.settings import CocoSettings

ID = (int, str)
NEEDED: dict[str, dict[str, tuple[type, ...]]] = {
    "images": {"id": ID, "file_name": (str,), "height": (int,), "width": (int,)},
    "annotations": {"id": ID, "image_id": ID, "category_id": ID, "segmentation": (dict, list)},
    "categories": {"id": ID, "name": (str,)},
}
"""What is used of the annotations, and the types that it may have."""


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
            one["id"]: self.vocabulary.add(one["name"], "object", str(self._where))
            for one in stated["categories"]
        }
        self._entries = sorted(stated["images"], key=lambda one: one["file_name"])
        self._entries = self._entries[: settings.first or None]
        for one in self._entries:
            self.folder.check(f"{settings.images}/{one['file_name']}", str(self._where))
        self.images = [one["file_name"] for one in self._entries]
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
            path = entry["file_name"]
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
        where = f"{self._where}, annotation {annotation['id']}"
        shape = annotation["segmentation"]
        if not (_is_run_lengths(shape, size) if isinstance(shape, dict) else _is_near(shape, size)):
            raise DataError(
                f"{where}: its mask is not one of an image of {size[0]} x {size[1]} pixels",
                hint="polygons [[x, y, x, y, x, y, ...], ...], or {size: [...], counts: ...}",
            )
        try:
            with warnings.catch_warnings():  # pycocotools has no `copy` in its __array__
                warnings.simplefilter("ignore", DeprecationWarning)
                mask = np.asarray(self._coco.annToMask(annotation))
        except Exception as error:  # pycocotools raises what its C code meets
            raise DataError(f"{where}: its mask cannot be read: {error}") from error
        if isinstance(shape, dict) and not isinstance(shape["counts"], list):
            from pycocotools.mask import encode

            counts = shape["counts"].encode()
            # Too short a text leaves pixels as they happen to be, which then are not what it says.
            if mask.shape != size or encode(np.asfortranarray(mask))["counts"] != counts:
                raise DataError(f"{where}: its run-length text does not fill the mask")
        found: NDArray[np.bool_] = mask.astype(bool)
        return found


def _is_run_lengths(shape: dict[str, Any], size: tuple[int, int]) -> bool:
    """Whether a run-length mask is of that size; of a text only the size is known yet."""
    stated, counts = shape.get("size"), shape.get("counts")
    if not isinstance(stated, list) or tuple(stated) != size:
        return False
    if isinstance(counts, str):
        return counts.isascii()
    is_counts = isinstance(counts, list) and all(type(one) is int and one >= 0 for one in counts)
    return is_counts and sum(counts) == size[0] * size[1]  # type: ignore[arg-type]


def _is_near(shape: Any, size: tuple[int, int]) -> bool:
    """Whether it is polygons that lie within an image, or outside by no more than its size.

    pycocotools walks along every edge, so far points would take all time and memory.
    """
    if not isinstance(shape, list):
        return False
    sides = (size[1], size[0])
    return all(
        isinstance(polygon, list)
        and len(polygon) >= 6
        and len(polygon) % 2 == 0
        and all(type(one) in (int, float) for one in polygon)
        and all(-sides[i % 2] <= one <= 2 * sides[i % 2] for i, one in enumerate(polygon))
        for polygon in shape
    )


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
            for key, types in keys.items():
                if not isinstance(one, dict) or type(one.get(key)) not in types:
                    raise FileError(
                        f"{where}: entry {i} of {part!r} has no {key!r} that can be one"
                    )
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
