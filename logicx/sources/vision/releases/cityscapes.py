"""Cityscapes: streets of many cities, with masks of label ids.

- `leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png`: photographs;
- `gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png`: their masks (or `gtCoarse`).

Ids 7 to 33 are classes, each a concept of the category `object`; 0 to 6 (unlabeled, ego vehicle,
rectification border, out of roi, static, dynamic, ground) are the release's `void` and mean no
label. Instance masks, colours and polygons of the same folders are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logicx.errors import FileError, OptionError
from logicx.sources.vision.compiling import compile_images
from logicx.sources.vision.folder import matching
from logicx.sources.vision.images import Folder, refuse_missing, unique
from logicx.sources.vision.masked import Codes, MaskedImages, masks_by_image
from logicx.sources.vision.settings import ImageSettings

if TYPE_CHECKING:
    from pathlib import Path

    from logicx.banks.bank import ConceptBank

N_VOID = 7
CLASSES = (
    *("road", "sidewalk", "parking", "rail track", "building", "wall", "fence", "guard rail"),
    *("bridge", "tunnel", "pole", "polegroup", "traffic light", "traffic sign", "vegetation"),
    *("terrain", "sky", "person", "rider", "car", "truck", "bus", "caravan", "trailer", "train"),
    *("motorcycle", "bicycle"),
)
"""Names of the ids from 7."""


@dataclass(frozen=True)
class CityscapesSettings(ImageSettings):
    """A folder in the layout of Cityscapes; see also `ImageSettings`.

    Args:
        split: `train` or `val`; by default all that have masks.
        masks: `gtFine` or `gtCoarse`.
    """

    split: str = ""
    masks: str = "gtFine"

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        super().__post_init__()
        if self.masks not in ("gtFine", "gtCoarse"):
            raise OptionError(f"masks is gtFine or gtCoarse, not {self.masks!r}")


class Cityscapes(MaskedImages):
    """Photographs and masks of Cityscapes; see `CityscapesSettings`."""

    def __init__(self, path: Path, settings: CityscapesSettings) -> None:
        """Find the files."""
        super().__init__(Folder(path), "leftImg8bit", settings)
        numbers = {
            i: self.vocabulary.add(one, "object", "Cityscapes")
            for i, one in enumerate(CLASSES, N_VOID)
        }
        self.by_index = Codes.of({**dict.fromkeys(range(N_VOID), 0), **numbers})
        images = self._matched("leftImg8bit", "*_leftImg8bit.png", settings.split)
        masks = self._matched(settings.masks, f"*_{settings.masks}_labelIds.png", settings.split)
        if not images:
            raise FileError(
                f"{path}: no image is like {self.root}/train/aachen/..._leftImg8bit.png",
                hint="data= names the folder that holds leftImg8bit and gtFine",
            )
        below = len(self.root) + 1
        by_key = unique(((key, one[below:], one) for key, one in images), f"{path}: an image")
        found, lonely = masks_by_image(by_key, masks, path / settings.masks)
        refuse_missing(lonely, "images of masks", path)
        self.images = [one for one in by_key.values() if one in found]
        if len(self.images) < len(by_key):
            n = len(by_key) - len(self.images)
            self.found_notes.append(f"{n:,} photographs without masks are left out")
        if not self.images:
            raise FileError(f"{path} has no photograph with a mask of {settings.masks}")
        self.images = self.images[: settings.first or None]
        self.masks = [found]

    def _matched(self, root: str, pattern: str, split: str) -> list[tuple[str, str]]:
        """Files of that pattern, with what the star stands for."""
        below = f"{root}/{split}" if split else root
        found = [(matching(one, f"{root}/{pattern}"), one) for one in self._png(below)]
        return [(key, one) for key, one in found if key is not None]

    def _png(self, below: str) -> list[str]:
        return self.folder.listed(below, (".png",))


def compile_cityscapes(folder: Path, settings: CityscapesSettings, **options: Any) -> ConceptBank:
    """The bank of a folder of Cityscapes; see `logicx.sources.vision.compiling.compile_images`."""
    return compile_images(Cityscapes(folder, settings), settings, **options)
