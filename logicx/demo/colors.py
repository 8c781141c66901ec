"""Eleven colour names for pixels.

The names are the eleven basic colour terms of English that Broden uses for its colour concepts.
Broden takes them from the mapping learned by van de Weijer et al. ("Learning Color Names for
Real-World Applications", 2009): a 32 x 32 x 32 table from RGB to names. The table here has the same
form but is our own and not learned: each of its cells is given the name of the nearest of some
fifty prototypes below, in CIE Lab with lightness counted at 0.7. The prototypes were chosen by eye
for the demo's scenes (olive is green, turquoise is blue, sand is yellow).

A pixel is named by the mean of its 3 x 3 neighbourhood, so that sensor grain does not speckle
the masks.

`logicx.sources.vision.colors` names the colours of photographs: by what people called them, over
the pixels of a cell, through Pillow. A fifth of the scenes' pixels would have another name, and the
demo draws and counts with NumPy alone. What both need, CIE Lab, is there.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from logicx.sources.vision.colors import lab

PROTOTYPES: dict[str, list[tuple[int, int, int]]] = {
    "black": [(0, 0, 0), (30, 30, 34), (22, 22, 40)],
    "blue": [
        *((30, 60, 200), (70, 130, 205), (140, 185, 225), (40, 85, 140), (60, 170, 215)),
        *((30, 40, 90), (110, 160, 210), (60, 110, 150), (90, 200, 225)),
    ],
    "brown": [(110, 70, 35), (145, 105, 65), (85, 58, 40), (125, 95, 60), (165, 95, 70)],
    "grey": [(128, 128, 128), (85, 86, 90), (170, 172, 174), (60, 60, 64), (195, 197, 200)],
    "green": [
        *((50, 130, 50), (90, 150, 60), (35, 75, 45), (130, 170, 90), (75, 105, 65)),
        *((95, 115, 60), (55, 90, 45)),
    ],
    "orange": [(240, 140, 40), (230, 120, 60), (250, 165, 90), (222, 135, 85)],
    "pink": [(240, 160, 180), (225, 120, 165), (235, 180, 175)],
    "purple": [(120, 60, 150), (150, 110, 180), (95, 70, 120)],
    "red": [(205, 45, 45), (150, 40, 36), (225, 60, 60)],
    "white": [(250, 250, 250), (232, 234, 236)],
    "yellow": [(240, 215, 60), (248, 226, 110), (228, 206, 150), (212, 184, 120), (190, 165, 80)],
}
COLORS = tuple(PROTOTYPES)

_LIGHTNESS_WEIGHT = 0.7


@cache
def color_table() -> NDArray[np.uint8]:
    """Index into `COLORS` for every cell of an RGB cube with 32 steps a side.

    Shape: uint8[32, 32, 32]; a pixel (r, g, b) looks up [r // 8, g // 8, b // 8].
    """
    centres = np.arange(32) * 8 + 4
    cube = np.stack(np.meshgrid(centres, centres, centres, indexing="ij"), axis=-1)
    owners = [k for k, name in enumerate(COLORS) for _ in PROTOTYPES[name]]
    prototypes = lab([rgb for name in COLORS for rgb in PROTOTYPES[name]])
    weight = np.array([_LIGHTNESS_WEIGHT, 1.0, 1.0])
    offset = (lab(cube)[..., None, :] - prototypes) * weight
    table: NDArray[np.uint8] = np.array(owners, np.uint8)[(offset**2).sum(axis=-1).argmin(axis=-1)]
    return table


def color_map(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colour name of every pixel, as an index into `COLORS`.

    Args:
        images: uint8[n, height, width, 3], RGB. The border is continued outwards for the mean.

    Returns:
        uint8[n, height, width].
    """
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"expected images uint8[n, height, width, 3], got {images.dtype}{list(images.shape)}"
        )
    table = color_table().ravel()
    names = np.empty(images.shape[:3], np.uint8)
    height, width = images.shape[1:3]
    for number, image in enumerate(images):
        framed = np.pad(image.astype(np.uint16), ((1, 1), (1, 1), (0, 0)), mode="edge")
        rows = framed[:-2] + framed[1:-1] + framed[2:]
        block = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
        cell = (block // 9 >> 3).astype(np.int32).reshape(height * width, 3)
        index = (cell[:, 0] * 32 + cell[:, 1]) * 32 + cell[:, 2]
        names[number] = table[index].reshape(height, width)
    return names
