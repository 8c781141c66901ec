"""Settings of banks that are made of images, as a recipe states them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from logicx.errors import OptionError
from logicx.sources.vision.frames import Frame

MAX_SIDE = 4096
"""Most cells along a side of the mask grid."""
ORIENTATIONS = ("stored", "turned", "refuse")
GROUNDS = ("white", "black", "gray", "hidden")


@dataclass(frozen=True)
class ImageSettings:
    """How label maps become concepts.

    Args:
        grid: Height and width of the mask grid, in cells. Label maps of another size are reduced:
            each cell takes the label of the pixel at its centre.
        colors: Where the concepts of colours come from: `pixels` (the mean colour of each cell of
            the grid, see `logicx.sources.vision.colors`), `maps` (those of the data set) or `none`.
        unlabelled: What holds where no label map says anything: `false` (no concept does, and the
            cell counts, as in the peers) or `invalid` (the cell counts nowhere). An image that has
            no label map at all is taken as labelled; colours are no labels.
        min_images: A concept that occurs in fewer images is left out; 0 keeps those that never do.
        categories: Only concepts of these categories; by default all.
        first: Only so many images, from the first; 0 means all.
        resize: Length that the shorter side of an image is scaled to before `crop` is cut out of
            its middle, as for the model; 0 takes whole images.
        crop: Height and width of what is cut out; the grid lies over it.
        orientation: What becomes of an EXIF note of how to turn a photograph or mask: `stored`
            (none is turned, and a note says how many should be), `turned` (all are turned) or
            `refuse`.
        transparent: What a photograph shows where it is transparent: a colour's name to lay it on,
            or `hidden` for the colours that are stored there.
        skip_bad: Whether images of which a file is damaged are left out, with a note.
    """

    grid: tuple[int, ...] = (112, 112)
    colors: str = "pixels"
    unlabelled: str = "false"
    min_images: int = 1
    categories: tuple[str, ...] = ()
    first: int = 0
    resize: int = 0
    crop: tuple[int, ...] = ()
    orientation: str = "stored"
    transparent: str = "white"
    skip_bad: bool = False

    COLORS: ClassVar[tuple[str, ...]] = ("pixels", "none")
    LATER: ClassVar[tuple[str, ...]] = (
        *("resize", "crop", "orientation", "transparent", "skip_bad"),
        *("layers", "only", "unmasked", "pattern", "mask_pattern", "merge"),
    )
    """Settings that a bank states only where they are set, so that banks keep their hashes."""

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        if len(self.grid) != 2 or not all(0 < side <= MAX_SIDE for side in self.grid):
            raise OptionError(
                f"grid is a height and a width from 1 to {MAX_SIDE:,}, not {list(self.grid)}"
            )
        if self.colors not in self.COLORS:
            raise OptionError(f"colors is one of {', '.join(self.COLORS)}, not {self.colors!r}")
        if self.unlabelled not in ("false", "invalid"):
            raise OptionError(f"unlabelled is false or invalid, not {self.unlabelled!r}")
        for name, value in (("min_images", self.min_images), ("first", self.first)):
            if value < 0:
                raise OptionError(f"{name} must be 0 or more, not {value}")
        if bool(self.resize) != bool(self.crop) or (
            self.crop and not (len(self.crop) == 2 and min(self.crop) > 0)
        ):
            raise OptionError(
                f"crop is a height and a width, and goes with resize, not {list(self.crop)} and "
                f"{self.resize}",
                hint="such as resize=256 crop=[224, 224]",
            )
        if self.crop and self.resize < max(self.crop):
            raise OptionError(f"resize={self.resize} is too small to cut {list(self.crop)} out of")
        if self.orientation not in ORIENTATIONS:
            raise OptionError(
                f"orientation is one of {', '.join(ORIENTATIONS)}, not {self.orientation!r}"
            )
        if self.transparent not in GROUNDS:
            raise OptionError(
                f"transparent is one of {', '.join(GROUNDS)}, not {self.transparent!r}"
            )

    @property
    def frame(self) -> Frame:
        """What of an image is seen, and the grid over it."""
        return Frame(self.grid, self.resize, self.crop)

    def stated(self) -> dict[str, Any]:
        """The settings as a bank keeps them."""
        default = {one.name: one.default for one in fields(self)}
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
            if key not in self.LATER or value != default[key]
        }


@dataclass(frozen=True)
class BrodenSettings(ImageSettings):
    """A folder in the layout of Broden; see also `ImageSettings`.

    Args:
        index: The index, a path in the folder.
        images: The folder of images and label maps, in the folder.
        split: Only images of this split, such as `train`; by default all.
    """

    colors: str = "maps"
    index: str = "index.csv"
    images: str = "images"
    split: str = ""

    COLORS: ClassVar[tuple[str, ...]] = ("maps", "pixels", "none")


@dataclass(frozen=True)
class FolderSettings(ImageSettings):
    """A plain folder of images, masks and a table of names; see also `ImageSettings`.

    Args:
        images: The folder of images, in the folder; all below it are taken, by path.
        masks: Folders of masks that may overlap; each has a mask for each image, of the same path
            but for the ending.
        labels: The table of names: `index` and `name`, or `r`, `g`, `b` and `name`, and if wanted
            `category`. By default `labels.tsv` or `labels.csv`.
        scenes: A table of whole-image concepts: `image` (as its path or name), `name` and if
            wanted `category`.
        unnamed: Names in the table that mean no label.
        ignore: Values of index masks that mean no label and stand in no table, such as 255.
        pattern: How images are called, with a star for what they share with their masks, such as
            `*_leftImg8bit.png`; by default their whole path but for the ending is shared.
        mask_pattern: How masks are called, such as `*_mask.png`.
        only: A text file that lists the images to take, one a line, with or without ending.
        unmasked: What becomes of images that lack a mask: `refuse` or `skip`.
        merge: Whether rows of the table that have one name are one concept.
    """

    images: str = "images"
    masks: tuple[str, ...] = ("masks",)
    labels: str = ""
    scenes: str = ""
    unnamed: tuple[str, ...] = ("unlabelled", "unlabeled", "void")
    ignore: tuple[int, ...] = ()
    pattern: str = ""
    mask_pattern: str = ""
    only: str = ""
    unmasked: str = "refuse"
    merge: bool = False

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        super().__post_init__()
        if self.unmasked not in ("refuse", "skip"):
            raise OptionError(f"unmasked is refuse or skip, not {self.unmasked!r}")
        for name, value in (("pattern", self.pattern), ("mask_pattern", self.mask_pattern)):
            if value and value.count("*") != 1:
                raise OptionError(
                    f"{name} has one star, not {value!r}", hint='such as "*_mask.png"'
                )


@dataclass(frozen=True)
class AdeSettings(ImageSettings):
    """A folder of ADE20K's full annotations; see also `ImageSettings`."""


@dataclass(frozen=True)
class CocoSettings(ImageSettings):
    """Images with COCO instance annotations; see also `ImageSettings`.

    Args:
        annotations: The JSON file of instances, a path in the folder.
        images: The folder of images, in the folder.
    """

    annotations: str = "annotations.json"
    images: str = "images"
