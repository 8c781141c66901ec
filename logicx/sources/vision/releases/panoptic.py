"""COCO's panoptic annotations: a PNG of segment numbers for each image, and their classes in JSON.

- `val2017/000000000139.jpg`: photographs;
- `annotations/panoptic_val2017.json`: `images`, `categories`, and for each image the
  `segments_info` with `id` and `category_id`;
- `annotations/panoptic_val2017/000000000139.png`: segment numbers as R + 256 G + 65,536 B, 0 for
  none.

Things are concepts of the category `object`, stuff of `stuff`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, FileError
from logicx.sources.vision.coco import ID, by_id, stated_parts
from logicx.sources.vision.compiling import compile_images
from logicx.sources.vision.decoding import mask_values
from logicx.sources.vision.images import (
    Folder,
    pack_colors,
    refuse_doubled,
    refuse_missing,
    unique,
)
from logicx.sources.vision.labels import Labelled
from logicx.sources.vision.masked import Codes, MaskedImages
from logicx.sources.vision.pixels import check_shape
from logicx.sources.vision.settings import ImageSettings

if TYPE_CHECKING:
    from pathlib import Path

    from logicx.banks.bank import ConceptBank

NEEDED: dict[str, dict[str, tuple[type, ...]]] = {
    "images": {"id": ID, "file_name": (str,)},
    "annotations": {"image_id": ID, "file_name": (str,), "segments_info": (list,)},
    "categories": {"id": ID, "name": (str,)},
}


@dataclass(frozen=True)
class PanopticSettings(ImageSettings):
    """Images with COCO's panoptic annotations; see also `ImageSettings`.

    Args:
        annotations: The JSON file, a path in the folder.
        images: The folder of photographs.
        masks: The folder of PNGs; by default that of the JSON file's name.
    """

    annotations: str = "annotations/panoptic_val2017.json"
    images: str = "val2017"
    masks: str = ""


class Panoptic(MaskedImages):
    """Photographs and segments of COCO panoptic; see `PanopticSettings`."""

    def __init__(self, path: Path, settings: PanopticSettings) -> None:
        """Read the annotations and look for the files."""
        super().__init__(Folder(path), settings.images, settings)
        name = self.folder.check(settings.annotations, "settings")
        self._where = where = path / name
        stated = stated_parts(self.folder.read(name), where, NEEDED)
        root = settings.masks or name.removesuffix(".json")
        self._numbers = {
            key: self.vocabulary.add(
                one["name"], "object" if one.get("isthing", 1) else "stuff", str(where)
            )
            for key, one in by_id(stated["categories"], where, "a category", "name").items()
        }
        files = by_id(stated["images"], where, "an image", "file_name")
        refuse_doubled((one["file_name"] for one in files.values()), f"{where}: an image")
        of_image = unique(
            ((one["image_id"], one, one["file_name"]) for one in stated["annotations"]),
            f"{where}: the annotation of image",
        )
        foreign = [key for key in of_image if key not in files]
        if foreign:
            raise DataError(f"{where}: an annotation is of the image {foreign[0]}, not listed")
        self._segments: dict[str, Codes] = {}
        for key, one in of_image.items():
            image = files[key]["file_name"]
            self.folder.check(f"{root}/{one['file_name']}", str(where))
            self._segments[image] = self._codes(one)
        self.images = sorted(self._segments)[: settings.first or None]
        if not self.images:
            raise FileError(f"{where} annotates no image")
        if len(of_image) < len(files):
            n = len(files) - len(of_image)
            self.found_notes.append(f"{n:,} images without annotations are left out")
        masks = {files[key]["file_name"]: one["file_name"] for key, one in of_image.items()}
        self.masks = [{image: f"{root}/{mask}" for image, mask in masks.items()}]
        paths = [f"{self.root}/{one}" for one in self.images]
        paths += [self.masks[0][one] for one in self.images]
        refuse_missing([one for one in paths if not self.folder.has(one)], "files", path)

    def _codes(self, annotation: dict[str, Any]) -> Codes:
        where = f"{self._where}, {annotation['file_name']}"
        found = []
        for one in annotation["segments_info"]:
            number = one.get("id") if isinstance(one, dict) else None
            if type(number) is not int or not 0 < number < 1 << 24:
                raise FileError(f"{where}: a segment has no id from 1 to 16,777,215")
            if one.get("category_id") not in self._numbers:
                raise DataError(f"{where}: the segment {number} is of a category not listed")
            category = one["category_id"]
            found.append((number, self._numbers[category], f"category {category}"))
        return Codes.of({0: 0, **unique(found, f"{where}: a segment")})

    def labelled(self, i: int) -> Labelled:
        """An image with its segments."""
        path = self.images[i]
        seen = self.pixels.of(path)
        mask = self.masks[0][path]
        where = self.folder.path / mask
        values = mask_values(self.folder.read(mask), where, self.settings.orientation)
        if values.ndim != 3:
            raise FileError(f"{where} is no panoptic map: its pixels must be R + 256 G + 65,536 B")
        check_shape(values.shape, seen.size, where, "the image", turn=seen.turn)
        codes = pack_colors(self.settings.frame.of(values, seen.size)).astype(np.int64)
        plane, is_known = self._segments[path].find(codes)
        if not is_known.all():
            raise DataError(
                f"{where} holds the segment {int(codes[~is_known][0])}, which {self._where} does "
                "not list"
            )
        return Labelled(path, [plane], (), seen.colors)


def compile_panoptic(folder: Path, settings: PanopticSettings, **options: Any) -> ConceptBank:
    """The bank of COCO panoptic; see `logicx.sources.vision.compiling.compile_images`."""
    return compile_images(Panoptic(folder, settings), settings, **options)
