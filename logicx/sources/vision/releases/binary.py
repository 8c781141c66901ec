"""One binary mask for each concept of an image, such as CelebAMask-HQ.

- `masks/hair/a.png` for `images/a.jpg`: a folder for each concept (`naming = "{concept}/{image}"`);
- `CelebAMask-HQ-mask-anno/0/00000_hair.png` for `CelebA-HQ-img/0.jpg`: the concept after the image
  (`naming = "*/{image}_{concept}"`); numbers are the same with and without zeros before them.

A mask holds 0 and one other value. A concept without a mask for an image holds nowhere in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, FileError, OptionError
from logicx.sources.vision.compiling import compile_images
from logicx.sources.vision.decoding import ENDINGS, MASK_ENDINGS, mask_values
from logicx.sources.vision.images import Folder, refuse_missing, stem, unique
from logicx.sources.vision.labels import Labelled
from logicx.sources.vision.masked import MaskedImages
from logicx.sources.vision.pixels import check_shape
from logicx.sources.vision.settings import ImageSettings

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.sources.vision.pixels import Seen


@dataclass(frozen=True)
class BinarySettings(ImageSettings):
    """A folder of images with a binary mask for each concept; see also `ImageSettings`.

    Args:
        images: The folder of images.
        masks: The folder of masks.
        naming: How masks are called below it, without ending: `{image}`, `{concept}`, and `*` for a
            folder of any name.
    """

    images: str = "images"
    masks: str = "masks"
    naming: str = "{concept}/{image}"

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        super().__post_init__()
        if self.naming.count("{image}") != 1 or self.naming.count("{concept}") != 1:
            raise OptionError(
                f"naming has {{image}} and {{concept}} once, not {self.naming!r}",
                hint='such as "{concept}/{image}", or "*/{image}_{concept}" for CelebAMask',
            )


class BinaryMasks(MaskedImages):
    """Images with a binary mask for each concept; see `BinarySettings`."""

    def __init__(self, path: Path, settings: BinarySettings) -> None:
        """Find the files."""
        super().__init__(Folder(path), settings.images, settings)
        below = len(settings.images) + 1
        images = [one[below:] for one in self.folder.listed(settings.images, ENDINGS)]
        by_key = unique(((_key(stem(one)), one, one) for one in images), f"{path}: an image")
        entries, lonely = [], []
        for one in self.folder.listed(settings.masks, MASK_ENDINGS):
            found = _parts(stem(one[len(settings.masks) + 1 :]), settings.naming, by_key)
            if found is None:
                lonely.append(one)
            else:
                entries.append(((found[0], found[1]), one, one))
        refuse_missing(lonely, f"images of masks (naming = {settings.naming!r})", path)
        of_both = unique(entries, f"{path}: the mask of an image and a concept")
        concepts = sorted({concept for _, concept in of_both})
        if not concepts:
            raise FileError(f"{path / settings.masks} holds no mask of an image")
        numbers = {one: self.vocabulary.add(one, "object", str(path)) for one in concepts}
        self._of_image: dict[str, list[tuple[int, str]]] = {}
        for (image, concept), mask in of_both.items():
            self._of_image.setdefault(image, []).append((numbers[concept], mask))
        self.images = [one for one in images if one in self._of_image]
        if len(self.images) < len(images):
            n = len(images) - len(self.images)
            self.found_notes.append(f"{n:,} images without masks are left out")
        self.images = self.images[: settings.first or None]

    def labelled(self, i: int) -> Labelled:
        """An image with the masks of its concepts."""
        path = self.images[i]
        seen = self.pixels.of(path)
        masks = sorted(self._of_image[path])
        planes = [np.where(self._mask(one, seen), number, 0) for number, one in masks]
        return Labelled(path, planes, (), seen.colors)

    def _mask(self, name: str, seen: Seen) -> NDArray[np.bool_]:
        where = self.folder.path / name
        values = mask_values(self.folder.read(name), where, self.settings.orientation)
        check_shape(values.shape, seen.size, where, "the image", turn=seen.turn, is_scaled=True)
        flat = values if values.ndim == 2 else values.max(axis=2)
        others = np.unique(flat[flat != 0])
        if len(others) > 1:
            some = ", ".join(map(str, others[:5].tolist()))
            raise DataError(
                f"{where} is no binary mask: it holds 0, {some}",
                hint="a mask of several classes goes with the kind images",
            )
        found: NDArray[np.bool_] = self.settings.frame.of(flat, seen.size) != 0
        return found


def _parts(name: str, naming: str, images: dict[str, str]) -> tuple[str, str] | None:
    """The image and the concept of a mask; of several readings that of the longest image name."""
    text = re.escape(naming).replace(r"\*", "[^/]*")
    text = text.replace(r"\{concept\}", "(?P<concept>[^/]+)")
    found = []
    for key, image in _candidates(name, images):
        own = f"0*{key}" if key.isdigit() else re.escape(key)
        match = re.fullmatch(text.replace(r"\{image\}", own), name)
        if match:
            found.append((len(key), image, match["concept"]))
    return max(found)[1:] if found else None


def _candidates(name: str, images: dict[str, str]) -> list[tuple[str, str]]:
    """Images whose keys can be part of a mask's name: looked up by its pieces."""
    pieces = {name[i:j] for i, j in _spans(name)}
    return [(key, images[key]) for key in {_key(one) for one in pieces} if key in images]


def _spans(name: str) -> list[tuple[int, int]]:
    """Where pieces of a name begin and end: at folders, dashes, dots and underscores."""
    starts = [0, *(m.end() for m in re.finditer(r"[/_.-]", name))]
    ends = [*(m.start() for m in re.finditer(r"[/_.-]", name)), len(name)]
    return [(i, j) for i in starts for j in ends if i < j]


def _key(name: str) -> str:
    """A name by which images and masks meet: numbers without zeros before them."""
    return (name.lstrip("0") or "0") if name.isascii() and name.isdigit() else name


def compile_binary(folder: Path, settings: BinarySettings, **options: Any) -> ConceptBank:
    """The bank of binary masks; see `logicx.sources.vision.compiling.compile_images`."""
    return compile_images(BinaryMasks(folder, settings), settings, **options)
