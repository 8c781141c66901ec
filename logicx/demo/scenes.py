"""The waterside scenes: what there is, and how to draw scene number so-and-so.

Twenty kinds of scene, drawn from a seed by the functions of `waterside` and `inland`, with exact
maps of 33 objects and 10 parts. The network is trained on twelve coarser classes (as Places365 is
coarser than the labels of ADE20k): trained on the twenty themselves, its units would be described
best by scene labels alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from logicx.demo import inland, waterside
from logicx.demo.canvas import OBJECTS, PARTS, SIZE, Canvas

__all__ = [
    "CLASSES",
    "CLASS_OF_SCENE",
    "OBJECTS",
    "PARTS",
    "SCENES",
    "SIZE",
    "Scene",
    "Scenes",
    "render_scene",
    "render_scenes",
]

Draw = Callable[[Canvas, float], None]
Progress = Callable[[int, int], None]
"""Called as progress(done, total)."""

_TABLE: tuple[tuple[str, str, Draw], ...] = (
    ("beach", "coast", waterside.beach),
    ("sunset coast", "coast", waterside.sunset_coast),
    ("harbour", "harbour", waterside.harbour),
    ("swimming pool", "pool", waterside.swimming_pool),
    ("river valley", "clear water", waterside.river_valley),
    ("jungle river", "wetland", waterside.jungle_river),
    ("mountain lake", "clear water", waterside.mountain_lake),
    ("swamp", "wetland", waterside.swamp),
    ("canal", "canal town", waterside.canal),
    ("waterfall scene", "waterfall", waterside.waterfall),
    ("forest", "forest", inland.forest),
    ("village", "countryside", inland.village),
    ("field", "countryside", inland.field),
    ("desert", "desert", inland.desert),
    ("street", "city", inland.street),
    ("city at night", "city", inland.city_at_night),
    ("ski slope", "winter", inland.ski_slope),
    ("muddy river", "wetland", waterside.muddy_river),
    ("marsh", "wetland", waterside.marsh),
    ("lakeside village", "clear water", waterside.lakeside_village),
)

SCENES = tuple(name for name, _, _ in _TABLE)
CLASSES = tuple(dict.fromkeys(coarse for _, coarse, _ in _TABLE))
CLASS_OF_SCENE: NDArray[np.int64] = np.array([CLASSES.index(coarse) for _, coarse, _ in _TABLE])
"""Index into `CLASSES` for every index into `SCENES`."""


@dataclass(frozen=True)
class Scene:
    """One picture with its label maps.

    Attributes:
        image: uint8[96, 96, 3], RGB.
        objects: uint8[96, 96], 0 for none, k for `OBJECTS[k - 1]`.
        parts: uint8[96, 96], 0 for none, k for `PARTS[k - 1]`.
    """

    image: NDArray[np.uint8]
    objects: NDArray[np.uint8]
    parts: NDArray[np.uint8]


@dataclass(frozen=True)
class Scenes:
    """Many pictures with their label maps.

    Attributes:
        images: uint8[n, 96, 96, 3], RGB.
        objects: uint8[n, 96, 96], 0 for none, k for `OBJECTS[k - 1]`.
        parts: uint8[n, 96, 96], 0 for none, k for `PARTS[k - 1]`.
        labels: int64[n], index into `SCENES`.
    """

    images: NDArray[np.uint8]
    objects: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    labels: NDArray[np.int64]


def render_scene(scene_index: int, seed: int) -> Scene:
    """The scene of one kind that a seed stands for.

    Args:
        scene_index: index into `SCENES`.
        seed: 0 to 2**32 - 1. The same seed gives the same scene on the same machine; elsewhere
            single RGB values may differ by one, where sines and exponentials round differently.
    """
    if not 0 <= scene_index < len(SCENES):
        raise IndexError(f"scene_index must be 0 to {len(SCENES) - 1}, got {scene_index}")
    canvas = Canvas(seed)
    _, _, draw = _TABLE[scene_index]
    draw(canvas, canvas.dice.between(26, 50))
    return Scene(canvas.photograph(), canvas.objects, canvas.parts)


def render_scenes(n: int, first_seed: int, progress: Progress | None = None) -> Scenes:
    """`n` scenes in turn: scene i is of kind i % 20 and has seed first_seed + i.

    Cost: about 4 ms a scene.
    """
    images = np.empty((n, SIZE, SIZE, 3), np.uint8)
    objects = np.empty((n, SIZE, SIZE), np.uint8)
    parts = np.empty((n, SIZE, SIZE), np.uint8)
    labels = np.arange(n, dtype=np.int64) % len(SCENES)
    for i, label in enumerate(labels.tolist()):
        scene = render_scene(label, first_seed + i)
        images[i], objects[i], parts[i] = scene.image, scene.objects, scene.parts
        if progress is not None:
            progress(i + 1, n)
    return Scenes(images, objects, parts, labels)
