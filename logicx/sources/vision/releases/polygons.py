"""Polygons that labelling tools write: LabelMe's JSON files and CVAT's XML.

- LabelMe: beside each image (or in a folder of their own) a JSON of the same stem, with `shapes`:
  `label`, `points`, `shape_type`; polygons, rectangles and circles are areas; `flags` that are true
  hold at the whole image;
- CVAT for images 1.1: one `annotations.xml`, with `image` and in it `polygon`, `box` and `tag`,
  which holds at the whole image.

Each label of an area is a concept of the category `object`, each of an image one of `scene`; areas
may overlap. They are drawn by Pillow, edges included, as LabelMe itself draws them. Points, lines
and other shapes draw nothing: a note counts them.
"""

from __future__ import annotations

import cmath
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

import numpy as np

from logicx.banks.strict_json import strict_json
from logicx.errors import DataError, FileError
from logicx.language.numerals import real
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

_DIGITS = 6
"""Of turned corners: Pillow cuts off what is behind the point, so 1 must not become 0.999...9."""
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
    """What is said of an image.

    Args:
        size: Its height and width, if they are stated.
        shapes: Its areas.
        n_other: How many shapes are none.
        whole: Labels of the whole image.
    """

    size: tuple[int, int] | None
    shapes: Sequence[Shape]
    n_other: int
    whole: Sequence[str] = ()


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
        whole = {self.vocabulary.number(one, "scene") for one in drawn.whole}
        return Labelled(path, planes or [empty], sorted(whole), seen.colors)


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
        self._other_names: list[str] = []

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know of the files read so far."""
        others = self._other_names
        told = [] if not others else [f"{len(others):,} JSON files name another image: {others[0]}"]
        return [*told, *super().notes]

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
                points = [(_number(x), _number(y)) for x, y in one["points"]]
                shapes.append(Shape(_label(one["label"], where), kind, points))
            sides = stated.get("imageHeight"), stated.get("imageWidth")
            size = (int(_number(sides[0])), int(_number(sides[1]))) if all(sides) else None
            flags = (stated.get("flags") or {}).items()
            whole = [_label(one, where) for one, is_set in flags if is_set is True]
            its = str(stated.get("imagePath") or path).replace("\\", "/").rpartition("/")[2]
            if stem(its) != stem(path.rpartition("/")[2]):
                self._other_names.append(f"{name} ({its})")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileError(
                f"{where} is no annotation of LabelMe ({type(error).__name__}: {error})"
            ) from error
        return Drawn(size, shapes, n_other, whole)


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
        if root.find("track") is not None:
            raise FileError(
                f"{where} holds tracks, which go on from image to image",
                hint='export the task as "CVAT for images 1.1"',
            )
        named = ((key, one, f"id {one.get('id')}") for key, one in entries)
        self._entries = unique(named, f"{where}: an image")
        for one in self._entries:
            self.folder.check(f"{settings.images}/{one}", str(where))
        self.images = sorted(self._entries)[: settings.first or None]
        missing = [one for one in self.images if not self.folder.has(f"{settings.images}/{one}")]
        refuse_missing(missing, "images", path / settings.images)
        there = self.folder.listed(settings.images, ENDINGS)
        n = sum(one[len(settings.images) + 1 :] not in self._entries for one in there)
        if n:
            self.found_notes.append(f"{n:,} images without annotations are left out")

    def drawn(self, path: str) -> Drawn:
        """The shapes of an image's entry."""
        entry = self._entries[path]
        where = self.folder.path / self.settings.annotations
        try:
            shapes, whole, n_other = [], [], 0
            for one in entry:
                if one.tag == "tag":
                    whole.append(_label(one.attrib["label"], where))
                    continue
                if one.tag not in ("polygon", "box"):
                    n_other += 1
                    continue
                kind, points = _box(one) if one.tag == "box" else ("polygon", _points(one))
                shapes.append(Shape(_label(one.attrib["label"], where), kind, points))
            size = (int(real(entry.attrib["height"])), int(real(entry.attrib["width"])))
        except (KeyError, ValueError) as error:
            raise FileError(f"{where}, image {path}: {type(error).__name__}: {error}") from error
        return Drawn(size, shapes, n_other, whole)


def _points(polygon: ElementTree.Element) -> list[tuple[float, float]]:
    pairs = [point.split(",") for point in polygon.attrib["points"].split(";")]
    return [(real(x), real(y)) for x, y in pairs]


def _box(box: ElementTree.Element) -> tuple[str, list[tuple[float, float]]]:
    """A rectangle by two corners, or turned (clockwise, in degrees) a polygon by four."""
    x0, y0, x1, y1 = (real(box.attrib[key]) for key in ("xtl", "ytl", "xbr", "ybr"))
    degrees = real(box.attrib.get("rotation", "0"))
    if not degrees % 360:
        return "rectangle", [(x0, y0), (x1, y1)]
    turn, middle = cmath.exp(1j * math.radians(degrees)), complex(x0 + x1, y0 + y1) / 2
    corners = (complex(x0, y0), complex(x1, y0), complex(x1, y1), complex(x0, y1))
    turned = [middle + (one - middle) * turn for one in corners]
    return "polygon", [(round(one.real, _DIGITS), round(one.imag, _DIGITS)) for one in turned]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} is no number")
    return float(value)


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
