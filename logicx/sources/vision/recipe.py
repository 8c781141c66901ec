"""The recipes that make banks of images: which reader and which settings each kind has."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from logicx.sources.settings import settings_of
from logicx.sources.vision.ade20k import Ade20k
from logicx.sources.vision.broden import Broden
from logicx.sources.vision.coco import Coco
from logicx.sources.vision.compiling import compile_images
from logicx.sources.vision.folder import PlainFolder
from logicx.sources.vision.releases.ade_challenge import AdeChallenge, AdeChallengeSettings
from logicx.sources.vision.releases.binary import BinaryMasks, BinarySettings
from logicx.sources.vision.releases.cityscapes import Cityscapes, CityscapesSettings
from logicx.sources.vision.releases.panoptic import Panoptic, PanopticSettings
from logicx.sources.vision.releases.parquet import ParquetImages, ParquetSettings
from logicx.sources.vision.releases.polygons import (
    Cvat,
    CvatSettings,
    LabelMe,
    LabelMeSettings,
)
from logicx.sources.vision.releases.voc import Voc, VocSettings
from logicx.sources.vision.settings import AdeSettings, BrodenSettings, CocoSettings, FolderSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from logicx.banks.bank import ConceptBank

READERS: dict[str, tuple[Any, Any]] = {
    "broden": (BrodenSettings, Broden),
    "images": (FolderSettings, PlainFolder),
    "ade20k": (AdeSettings, Ade20k),
    "coco": (CocoSettings, Coco),
    "voc": (VocSettings, Voc),
    "cityscapes": (CityscapesSettings, Cityscapes),
    "coco_panoptic": (PanopticSettings, Panoptic),
    "image_parquet": (ParquetSettings, ParquetImages),
    "ade_challenge": (AdeChallengeSettings, AdeChallenge),
    "labelme": (LabelMeSettings, LabelMe),
    "cvat": (CvatSettings, Cvat),
    "binary_masks": (BinarySettings, BinaryMasks),
}
"""Settings and reader of each kind of recipe."""


def known_settings(kind: str) -> list[str]:
    """Names of the settings that a kind of recipe has."""
    return [one.name for one in fields(READERS[kind][0])]


def compile_image_recipe(
    kind: str,
    given: Mapping[str, Any],
    where: str,
    folder: Path,
    *,
    name: str,
    source: dict[str, Any],
    progress: Callable[[int, int], None] | None = None,
) -> ConceptBank:
    """The bank that a recipe of one of these kinds describes.

    Args:
        kind: One of `READERS`.
        given: The settings that the recipe states.
        where: What to call them in errors.
        folder: The folder of the data set.
        name: What to call the bank.
        source: Further facts for `bank.source`.
        progress: Called with images done and images in all.

    Raises:
        FileError: Files are missing or damaged.
        DataError: Settings or labels mean nothing.
    """
    of_kind, reader_of = READERS[kind]
    settings = settings_of(of_kind, given, where)
    reader = reader_of(folder, settings)
    return compile_images(reader, settings, name=name, source=source, progress=progress)
