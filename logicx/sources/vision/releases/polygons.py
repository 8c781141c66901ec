"""Polygons that labelling tools write: LabelMe's JSON files and CVAT's XML.

- LabelMe: beside each image (or in a folder of their own) a JSON of the same stem, with `shapes`:
  `label`, `points`, `shape_type`; polygons, rectangles and circles are areas;
- CVAT for images 1.1: one `annotations.xml`, with `image` and in it `polygon` and `box`.

Each label is a concept of the category `object`; areas may overlap. They are drawn by Pillow, edges
included, as LabelMe itself draws them. Points, lines and other shapes draw nothing: a note counts
them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

import numpy as np

from logicx.banks.strict_json import strict_json
from logicx.errors import DataError, FileError
from logicx.sources.vision.compiling import compile_images
from logicx.sources.vision.decoding import ENDINGS
from logicx.sources.vision.images import Folder, refuse_missing, stem, unique
from logicx.sources.vision.labels import Labelled
from logicx.sources.vision.masked import MaskedImages
from logicx.sources.vision.pixels import check_shape
from logicx.sources.vision.settings import ImageSettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank

FAR = 10
"""How many times its size a shape may leave an image by."""


class Shape(NamedTuple):
    """An area of an image.

    Args:
        label: Its label.
        kind: `polygon`, `rectangle` (two corners) or `circle` (its middle and a point of it).
        points: Its points, x and y.
    """

    label: str
    kind: str
    points: Sequence[tuple[float, float]]


class Drawn(NamedTuple):
    """An image with its shapes, and height and width as they are stated, if they are."""

    size: tuple[int, int] | None
    shapes: Sequence[Shape]
    n_other: int


@dataclass(frozen=True)
class LabelMeSettings(ImageSettings):
    """A folder of images and LabelMe's JSON files; see also `ImageSettings`.

    Args:
        images: The folder of images; by default the data set's own.
        annotations: The folder of JSON files; by default that of the images.
    """

    images: str = ""
    annotations: str = ""


@dataclass(frozen=True)
class CvatSettings(ImageSettings):
    """A folder of images and CVAT's XML (CVAT for images 1.1); see also `ImageSettings`.

    Args:
        images: The folder of images.
        annotations: The XML file, a path in the folder.
    """

    images: str = "images"
    annotations: str = "annotations.xml"


class Polygons(MaskedImages, ABC):
    """Images with areas that are drawn; what each data set is of is up to it."""

    def __init__(self, folder: Folder, root: str, settings: ImageSettings) -> None:
        """Nothing is found yet."""
        super().__init__(folder, root, settings)
        self.n_other = 0

    @abstractmethod
    def drawn(self, path: str) -> Drawn:
        """The shapes of an image."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of the files read so far."""
        if not self.n_other:
            return super().notes
        return [f"{self.n_other:,} shapes are no areas, and draw nothing", *super().notes]

    def labelled(self, i: int) -> Labelled:
        """An image with its areas."""
        path = self.images[i]
        seen = self.pixels.of(path)
        drawn = self.drawn(path)
        if drawn.size is not None:
            check_shape(seen.size, drawn.size, path, "its annotation says it", turn=seen.turn)
        self.n_other += drawn.n_other
        masks: dict[int, NDArray[np.bool_]] = {}
        for shape in drawn.shapes:
            number = self.vocabulary.number(shape.label, "object")
            mask = self.settings.frame.of(area(shape, seen.size, path))
            masks[number] = masks[number] | mask if number in masks else mask
        empty = np.zeros(self.settings.grid, np.int64)
        planes = [np.where(masks[number], number, empty) for number in sorted(masks)]
        return Labelled(path, planes or [empty], (), seen.colors)


def area(shape: Shape, size: tuple[int, int], where: str) -> NDArray[np.bool_]:
    """The pixels of a shape, edges included.

    Raises:
        DataError: It has too few points, or they are far outside the image.
    """
    from PIL import Image, ImageDraw

    n_points = {"rectangle": 2, "circle": 2}.get(shape.kind)
    is_whole = len(shape.points) == n_points if n_points else len(shape.points) >= 3
    reach = FAR * max(size)
    if not is_whole or not all(-reach <= one <= reach for point in shape.points for one in point):
        raise DataError(
            f"{where}: the {shape.kind} of {shape.label!r} has {len(shape.points)} points, or "
            "leaves the image by far",
            hint="a polygon has three points or more, a rectangle and a circle have two",
        )
    canvas = Image.new("1", (size[1], size[0]))
    draw = ImageDraw.Draw(canvas)
    points = [(float(x), float(y)) for x, y in shape.points]
    if shape.kind == "circle":
        (x, y), edge = points
        radius = math.dist((x, y), edge)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1, outline=1)
    elif shape.kind == "rectangle":
        xs, ys = zip(*points, strict=True)
        draw.rectangle((min(xs), min(ys), max(xs), max(ys)), fill=1, outline=1)
    else:
        draw.polygon(points, fill=1, outline=1)
    found: NDArray[np.bool_] = np.array(canvas, bool)
    return found


class LabelMe(Polygons):
    """Images and LabelMe's JSON files; see `LabelMeSettings`."""

    settings: LabelMeSettings

    def __init__(self, path: Path, settings: LabelMeSettings) -> None:
        """Find the files."""
        super().__init__(Folder(path), settings.images, settings)
        root, beside = settings.images, settings.annotations or settings.images
        found = self.folder.listed(root, ENDINGS)
        images = [one[len(root) + 1 :] if root else one for one in found]
        files = self.folder.listed(beside, (".json",))
        names = [one[len(beside) + 1 :] if beside else one for one in files]
        by_stem = unique(((stem(one), one, one) for one in images), f"{path}: the stem of an image")
        lonely = [one for one in names if stem(one) not in by_stem]
        refuse_missing(lonely, "images of annotations", path)
        self._files = {by_stem[stem(name)]: one for name, one in zip(names, files, strict=True)}
        self.images = [one for one in images if one in self._files]
        if len(self.images) < len(images):
            n = len(images) - len(self.images)
            self.found_notes.append(f"{n:,} images without annotations are left out")
        if not self.images:
            raise FileError(f"{path} has no image with a JSON file of its name")
        self.images = self.images[: settings.first or None]

    def drawn(self, path: str) -> Drawn:
        """The shapes of an image's JSON file."""
        name = self._files[path]
        where = self.folder.path / name
        stated = strict_json(self.folder.read(name), where)
        try:
            shapes, n_other = [], 0
            for one in stated["shapes"]:
                kind = one.get("shape_type") or "polygon"
                if kind not in ("polygon", "rectangle", "circle"):
                    n_other += 1
                    continue
                points = [(float(x), float(y)) for x, y in one["points"]]
                shapes.append(Shape(_label(one["label"], where), kind, points))
            sides = stated.get("imageHeight"), stated.get("imageWidth")
            size = (int(sides[0]), int(sides[1])) if all(sides) else None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileError(
                f"{where} is no annotation of LabelMe ({type(error).__name__}: {error})"
            ) from error
        return Drawn(size, shapes, n_other)


class Cvat(Polygons):
    """Images and CVAT's XML; see `CvatSettings`."""

    settings: CvatSettings

    def __init__(self, path: Path, settings: CvatSettings) -> None:
        """Read the annotations and look for the images."""
        super().__init__(Folder(path), settings.images, settings)
        name = self.folder.check(settings.annotations, "settings")
        where = path / name
        data = self.folder.read(name)
        if b"<!" in data.replace(b"<!--", b""):
            raise FileError(f"{where} declares entities or types, which CVAT's files do not")
        try:
            root = ElementTree.fromstring(data)
        except ElementTree.ParseError as error:
            raise FileError(f"{where} is no readable XML ({error})") from error
        entries = [(one.get("name", ""), one) for one in root.iter("image")]
        if root.tag != "annotations" or not entries:
            raise FileError(
                f"{where} holds no image: it is no file of CVAT for images 1.1",
                hint='export the task as "CVAT for images 1.1"',
            )
        named = ((key, one, f"id {one.get('id')}") for key, one in entries)
        self._entries = unique(named, f"{where}: an image")
        for one in self._entries:
            self.folder.check(f"{settings.images}/{one}", str(where))
        self.images = sorted(self._entries)[: settings.first or None]
        missing = [one for one in self.images if not self.folder.has(f"{settings.images}/{one}")]
        refuse_missing(missing, "images", path / settings.images)

    def drawn(self, path: str) -> Drawn:
        """The shapes of an image's entry."""
        entry = self._entries[path]
        where = self.folder.path / self.settings.annotations
        try:
            shapes, n_other = [], 0
            for one in entry:
                if one.tag == "polygon":
                    pairs = [point.split(",") for point in one.attrib["points"].split(";")]
                    points = [(float(x), float(y)) for x, y in pairs]
                elif one.tag == "box":
                    x0, y0, x1, y1 = (
                        float(one.attrib[key]) for key in ("xtl", "ytl", "xbr", "ybr")
                    )
                    points = [(x0, y0), (x1, y1)]
                else:
                    n_other += one.tag not in ("tag",)
                    continue
                kind = "polygon" if one.tag == "polygon" else "rectangle"
                shapes.append(Shape(_label(one.attrib["label"], where), kind, points))
            size = (int(entry.attrib["height"]), int(entry.attrib["width"]))
        except (KeyError, ValueError) as error:
            raise FileError(f"{where}, image {path}: {type(error).__name__}: {error}") from error
        return Drawn(size, shapes, n_other)


def _label(text: Any, where: Path) -> str:
    if not isinstance(text, str) or not text.strip():
        raise FileError(f"{where}: a shape has the label {text!r}")
    return text.strip()


def compile_labelme(folder: Path, settings: LabelMeSettings, **options: Any) -> ConceptBank:
    """The bank of LabelMe's files; see `logicx.sources.vision.compiling.compile_images`."""
    return compile_images(LabelMe(folder, settings), settings, **options)


def compile_cvat(folder: Path, settings: CvatSettings, **options: Any) -> ConceptBank:
    """The bank of CVAT's files; see `logicx.sources.vision.compiling.compile_images`."""
    return compile_images(Cvat(folder, settings), settings, **options)
