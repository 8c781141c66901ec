"""Settings of banks that are made of images, as a recipe states them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from logicx.errors import OptionError

MAX_SIDE = 4096
"""Most cells along a side of the mask grid."""


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
    """

    grid: tuple[int, ...] = (112, 112)
    colors: str = "pixels"
    unlabelled: str = "false"
    min_images: int = 1
    categories: tuple[str, ...] = ()
    first: int = 0

    COLORS: ClassVar[tuple[str, ...]] = ("pixels", "none")

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
    """

    images: str = "images"
    masks: tuple[str, ...] = ("masks",)
    labels: str = ""
    scenes: str = ""
    unnamed: tuple[str, ...] = ("unlabelled", "unlabeled", "void")
    ignore: tuple[int, ...] = ()


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
