"""The recipes that make banks of images: which reader and which settings each kind has."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from logicx.sources.vision.ade20k import Ade20k
from logicx.sources.vision.broden import Broden
from logicx.sources.vision.coco import Coco
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
