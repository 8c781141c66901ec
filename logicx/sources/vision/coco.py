"""Images with instances in COCO's JSON: polygons and run-length masks, read by pycocotools.

Instances may overlap; the instances of a category (crowds too) are joined, and each category is a
concept of the category `object`. Masks have the image's size, and are reduced to the grid as label
maps are. Annotations that draw nothing (a box alone, fewer than three points, far outside the
image) are left out, and a note counts them.
"""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.strict_json import strict_json
from logicx.errors import DataError, FileError
from logicx.sources.vision.images import Folder, refuse_doubled, refuse_missing, unique
from logicx.sources.vision.labels import Labelled, Vocabulary
from logicx.sources.vision.pixels import Pixels, check_shape

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.sources.vision.settings import CocoSettings

ID = (int, str)
NEEDED: dict[str, dict[str, tuple[type, ...]]] = {
    "images": {"id": ID, "file_name": (str,), "height": (int,), "width": (int,)},
    "annotations": {"id": ID, "image_id": ID, "category_id": ID},
    "categories": {"id": ID, "name": (str,)},
}
"""What is used of the annotations, and the types that it may have."""
SHOWN = 5
"""Annotations that a note names."""
NO_MASK = "have no mask, but a box at most"
FEW_POINTS = "have polygons of fewer than three points"
FAR_OUT = "have polygons that leave the image by more than its size"


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
        self._left_out: dict[str, list[str]] = {}
        self._settings = settings
        self._where = path / self.folder.check(settings.annotations, "settings")
        stated = stated_parts(self.folder.read(settings.annotations), self._where, NEEDED)
        _find_pycocotools()
        self._numbers = {
            key: self.vocabulary.add(one["name"], "object", str(self._where))
            for key, one in by_id(stated["categories"], self._where, "a category", "name").items()
        }
        entries = [*by_id(stated["images"], self._where, "an image", "file_name").values()]
        known = {one["id"] for one in entries}
        self._entries = sorted(entries, key=lambda one: one["file_name"])
        self._entries = self._entries[: settings.first or None]
        for one in self._entries:
            self.folder.check(f"{settings.images}/{one['file_name']}", str(self._where))
        self.images = [one["file_name"] for one in self._entries]
        if not self.images:
            raise DataError(f"{self._where} lists no image")
        refuse_doubled(self.images, f"{self._where}: an image")
        self._of_image: dict[Any, list[dict[str, Any]]] = {}
        annotations = by_id(stated["annotations"], self._where, "an annotation", "image_id")
        for one in annotations.values():
            if one["image_id"] not in known or one["category_id"] not in self._numbers:
                raise DataError(
                    f"{self._where}: the annotation {one['id']} is of an image or a category that "
                    "is not listed"
                )
            self._of_image.setdefault(one["image_id"], []).append(one)
        if annotations and not any(_draws(one) for one in annotations.values()):
            raise DataError(
                f"{self._where}: no annotation has a mask",
                hint="a file of boxes or key points says of no pixel what is there",
            )
        missing = [one for one in self.images if not self.folder.has(f"{settings.images}/{one}")]
        refuse_missing(missing, "images", path / settings.images)

    @cached_property
    def _pixels(self) -> Pixels:
        return Pixels(self.folder, self._settings.images, self._settings, self.vocabulary)

    @property
    def notes(self) -> list[str]:
        """Annotations that are left out, and what was odd about the images."""
        told = [
            f"{len(ids):,} annotations {why}, and are left out there: {', '.join(ids[:SHOWN])}"
            + (", ..." if len(ids) > SHOWN else "")
            for why, ids in self._left_out.items()
        ]
        return [*told, *self._pixels.notes]

    def labelled(self, i: int) -> Labelled:
        """An image with its instances."""
        entry = self._entries[i]
        path = entry["file_name"]
        seen = self._pixels.of(path)
        stated = (entry["height"], entry["width"])
        check_shape(seen.size, stated, path, str(self._where), turn=seen.turn)
        masks: dict[int, NDArray[np.bool_]] = {}
        for annotation in self._of_image.get(entry["id"], ()):
            number = self._numbers[annotation["category_id"]]
            whole = self._mask(annotation, stated)
            if whole is not None:
                mask = self._settings.frame.of(whole)
                masks[number] = masks[number] | mask if number in masks else mask
        empty = np.zeros(self._settings.grid, np.int64)
        planes = [np.where(masks[number], number, empty) for number in sorted(masks)]
        return Labelled(path, planes or [empty], (), seen.colors)

    def _mask(self, annotation: Any, size: tuple[int, int]) -> NDArray[np.bool_] | None:
        """The mask of an annotation, or None where it draws nothing."""
        from pycocotools import mask as rle

        where = f"{self._where}, annotation {annotation['id']}"
        shape = annotation.get("segmentation")
        if isinstance(shape, dict):
            if not _is_run_lengths(shape, size):
                raise _no_mask(where, size)
        else:
            shape = self._drawn(annotation, size, where)
            if not shape:
                return None
        try:
            with warnings.catch_warnings():  # pycocotools has no `copy` in its __array__
                warnings.simplefilter("ignore", DeprecationWarning)
                if isinstance(shape, list) or isinstance(shape["counts"], list):
                    found = rle.frPyObjects(shape, *size)
                else:
                    found = shape
                mask = np.asarray(
                    rle.decode(rle.merge(found) if isinstance(found, list) else found)
                )
        except Exception as error:  # pycocotools raises what its C code meets
            raise DataError(f"{where}: its mask cannot be read: {error}") from error
        if isinstance(shape, dict) and not isinstance(shape["counts"], list):
            counts = shape["counts"].encode()
            # Too short a text leaves pixels as they happen to be, which then are not what it says.
            if mask.shape != size or rle.encode(np.asfortranarray(mask))["counts"] != counts:
                raise DataError(f"{where}: its run-length text does not fill the mask")
        is_there: NDArray[np.bool_] = mask.astype(bool)
        return is_there

    def _drawn(self, annotation: Any, size: tuple[int, int], where: str) -> list[list[float]]:
        """The polygons of an annotation that draw something; others are counted.

        pycocotools walks along every edge, so far points would take all time and memory, and of
        four numbers it makes a box.
        """
        shape = annotation.get("segmentation")
        polygons = [] if shape is None else shape
        if not isinstance(polygons, list) or not all(
            isinstance(polygon, list) and all(type(one) in (int, float) for one in polygon)
            for polygon in polygons
        ):
            raise _no_mask(where, size)
        sides = (size[1], size[0])
        found, wrong = [], {} if any(polygons) else {NO_MASK: None}
        for polygon in polygons:
            if polygon and len(polygon) < 6:
                wrong[FEW_POINTS] = None
            elif len(polygon) % 2:
                raise _no_mask(where, size)
            elif not all(-sides[i % 2] <= one <= 2 * sides[i % 2] for i, one in enumerate(polygon)):
                wrong[FAR_OUT] = None
            elif polygon:
                found.append(polygon)
        for why in wrong:
            self._left_out.setdefault(why, []).append(str(annotation["id"]))
        return found


def _draws(annotation: dict[str, Any]) -> bool:
    shape = annotation.get("segmentation")
    return any(shape) if isinstance(shape, list) else bool(shape)


def _no_mask(where: str, size: tuple[int, int]) -> DataError:
    return DataError(
        f"{where}: its mask is not one of an image of {size[0]} x {size[1]} pixels",
        hint="polygons [[x, y, x, y, x, y, ...], ...], or {size: [...], counts: ...}",
    )


def _is_run_lengths(shape: dict[str, Any], size: tuple[int, int]) -> bool:
    """Whether a run-length mask is of that size; of a text only the size is known yet."""
    stated, counts = shape.get("size"), shape.get("counts")
    if not isinstance(stated, list) or tuple(stated) != size:
        return False
    if isinstance(counts, str):
        return counts.isascii()
    is_counts = isinstance(counts, list) and all(type(one) is int and one >= 0 for one in counts)
    return is_counts and sum(counts) == size[0] * size[1]  # type: ignore[arg-type]


def stated_parts(
    data: bytes, where: Path, needed: dict[str, dict[str, tuple[type, ...]]]
) -> dict[str, Any]:
    """The annotations, of which all that is used is there."""
    stated: Any = strict_json(data, where)
    for part, keys in needed.items():
        entries = stated.get(part) if isinstance(stated, dict) else None
        if not isinstance(entries, list):
            raise FileError(f"{where} holds no list {part!r}: these are no annotations of COCO")
        for i, one in enumerate(entries):
            for key, types in keys.items():
                if not isinstance(one, dict) or type(one.get(key)) not in types:
                    raise FileError(
                        f"{where}: entry {i} of {part!r} has no {key!r} that can be one"
                    )
    found: dict[str, Any] = stated
    return found


def by_id(
    entries: list[dict[str, Any]], where: Path, what: str, shown: str
) -> dict[Any, dict[str, Any]]:
    """Entries by their ids, of which each is given once; an error shows this field of both."""
    named = [
        (one["id"], one, f"entry {i}, {shown} {one[shown]!r}") for i, one in enumerate(entries)
    ]
    return unique(named, f"{where}: the id of {what}", "annotations of two files were joined?")


def _find_pycocotools() -> None:
    from importlib.util import find_spec

    if find_spec("pycocotools") is None:
        raise FileError(
            "reading COCO's annotations needs pycocotools", hint='pip install "logicx[coco]"'
        )
