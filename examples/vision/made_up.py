"""Drawn scenes with label maps, as a plain folder, and a tiny network with weights at random."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import nn

from logicx.demo.scenes import OBJECTS, render_scenes
from logicx.sources.vision.preprocessing import ImageBatches

N_SCENES = 24
SIDE = 96


def write_made_up(folder: Path, n_scenes: int = N_SCENES) -> Path:
    """Scenes of the shipped demo as images, index masks and a table of names."""
    scenes = render_scenes(n_scenes, 0)
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for i in range(n_scenes):
        Image.fromarray(scenes.images[i]).save(folder / "images" / f"{i:03}.png")
        Image.fromarray(scenes.objects[i]).save(folder / "masks" / f"{i:03}.png")
    names = ["unlabelled", *OBJECTS]
    lines = [f"{i}\t{name}\n" for i, name in enumerate(names)]
    (folder / "labels.tsv").write_text("index\tname\n" + "".join(lines))
    return folder


def load(paths: Sequence[Path]) -> tuple[nn.Module, ImageBatches]:
    """A convolution of 12 x 12 places, whose 8 units look at colours and edges by chance."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 8, stride=8), nn.ReLU(), nn.Conv2d(8, 16, 1))
    return model, ImageBatches(paths, SIDE, batch=10)
