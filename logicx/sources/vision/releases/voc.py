"""Pascal VOC's segmentations: palette PNGs for some of the photographs.

- `JPEGImages/2007_000032.jpg`: all photographs, most of them without a mask;
- `SegmentationClass/2007_000032.png`: palette numbers of the 20 classes, 0 for the background and
  255 for borders, which mean no label;
- `ImageSets/Segmentation/train.txt` (or `val`, `trainval`): stems, one a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logicx.errors import FileError
from logicx.sources.vision.compiling import compile_images
from logicx.sources.vision.images import Folder, refuse_missing, stem, unique
from logicx.sources.vision.masked import Codes, MaskedImages, masks_by_image
from logicx.sources.vision.releases.splits import listed_stems
from logicx.sources.vision.settings import ImageSettings

if TYPE_CHECKING:
    from pathlib import Path

    from logicx.banks.bank import ConceptBank

CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)
BORDER = 255


@dataclass(frozen=True)
class VocSettings(ImageSettings):
    """A folder in the layout of Pascal VOC, such as `VOCdevkit/VOC2012`; see also `ImageSettings`.

    Args:
        split: A list of `ImageSets/Segmentation`, such as `train`; by default all that have a mask.
        masks: The folder of masks.
    """

    split: str = ""
    masks: str = "SegmentationClass"


class Voc(MaskedImages):
    """Photographs and palette masks of Pascal VOC; see `VocSettings`."""

    def __init__(self, path: Path, settings: VocSettings) -> None:
        """Find the files."""
        super().__init__(Folder(path), "JPEGImages", settings)
        folder = self.folder
        if not (path / self.root).is_dir():
            raise FileError(
                f"{path} has no folder {self.root}",
                hint="data= names the folder of one year, such as VOCdevkit/VOC2012",
            )
        numbers = {i: self.vocabulary.add(one, "object", "VOC") for i, one in enumerate(CLASSES, 1)}
        self.by_index = Codes.of({**numbers, 0: 0, BORDER: 0})
        root = f"{self.root}/"
        photographs = [one[len(root) :] for one in folder.listed(self.root, (".jpg",))]
        by_stem = unique(((stem(one), one, one) for one in photographs), f"{path}: a photograph")
        prefix = f"{settings.masks}/"
        masks = [
            (stem(one[len(prefix) :]), one) for one in folder.listed(settings.masks, (".png",))
        ]
        found, lonely = masks_by_image(by_stem, masks, path / settings.masks)
        refuse_missing(lonely, "photographs of masks", path)
        self.images = [one for one in photographs if one in found]
        if settings.split:
            stems = listed_stems(folder, f"ImageSets/Segmentation/{settings.split}.txt")
            missing = [one for one in stems if by_stem.get(one) not in found]
            refuse_missing(missing, f"photographs with masks of {settings.split}", path)
            self.images = sorted(by_stem[one] for one in stems)
        elif len(self.images) < len(photographs):
            n = len(photographs) - len(self.images)
            self.found_notes.append(f"{n:,} photographs without masks are left out")
        if not self.images:
            raise FileError(f"{path} has no photograph with a mask")
        self.images = self.images[: settings.first or None]
        self.masks = [found]


def compile_voc(folder: Path, settings: VocSettings, **options: Any) -> ConceptBank:
    """The bank of a folder of Pascal VOC; see `logicx.sources.vision.compiling.compile_images`."""
    return compile_images(Voc(folder, settings), settings, **options)
