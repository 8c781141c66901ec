"""The eleven basic colour names of pixels.

The names are the basic colour terms of English (Berlin and Kay 1969), which Broden has for its
colour concepts. NetDissect takes them from a table learned by van de Weijer et al. (2009); here a
colour has the name of the nearest of 441 prototypes in CIE Lab (Euclidean, D65). The prototypes are
the colours of the xkcd colour survey (Munroe 2010; 222,500 people named colours on their screens;
public domain, CC0) whose name ends in a basic term and holds no other: "dark olive green" and
"off white" are taken, "blue green" and "teal" are not; nor is "pale grey", which the survey has at
(253, 253, 254), whiter than "off white". They lie in `concepts/colors.tsv`.

Source: https://blog.xkcd.com/2010/05/03/color-survey-results/
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from logicx.resources import resource

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from PIL.Image import Image

    from logicx.sources.vision.frames import Frame

COLORS = (
    *("black", "blue", "brown", "gray", "green", "orange", "pink", "purple", "red", "white"),
    "yellow",
)
STEPS = 32
"""Steps along each side of the RGB cube: colours within one step have one name."""

_SRGB_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
_WHITE = np.array([0.9505, 1.0, 1.089])


def lab(rgb: ArrayLike) -> NDArray[np.float64]:
    """CIE Lab (D65) of sRGB values from 0 to 255, over the last axis."""
    value = np.asarray(rgb, np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    relative = linear @ _SRGB_TO_XYZ.T / _WHITE
    f = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


@cache
def prototypes() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The prototypes, and the number in `COLORS` of each.

    Shape: `uint8[n, 3]`, `uint8[n]`.
    """
    lines = resource("concepts", "colors.tsv").read_text(encoding="utf-8").split("\n")[1:]
    rows = [line.split("\t") for line in lines if line]
    rgb = np.array([list(bytes.fromhex(one[1:])) for _, one in rows], np.uint8)
    return rgb, np.array([COLORS.index(name) for name, _ in rows], np.uint8)


@cache
def color_table() -> NDArray[np.uint8]:
    """Number in `COLORS` of every cell of an RGB cube, by the colour at its centre.

    Shape: `uint8[STEPS, STEPS, STEPS]`; a pixel (r, g, b) looks up [r // 8, g // 8, b // 8].
    """
    width = 256 // STEPS
    centres = np.arange(STEPS) * width + width // 2
    cube = np.stack(np.meshgrid(centres, centres, centres, indexing="ij"), axis=-1)
    known, names = prototypes()
    points, targets = lab(cube).reshape(-1, 3), lab(known)
    table = np.empty(len(points), np.uint8)
    for start in range(0, len(points), 4096):
        part = points[start : start + 4096]
        distance = ((part[:, None, :] - targets) ** 2).sum(axis=-1)
        table[start : start + 4096] = names[distance.argmin(axis=1)]
    return table.reshape(STEPS, STEPS, STEPS)


def color_numbers(image: Image, frame: Frame) -> NDArray[np.uint8]:
    """The colour name of every cell of the frame's grid, as a number in `COLORS`.

    A cell has the mean of the image's pixels that it covers, by area (Pillow's box filter), so that
    grain does not speckle the masks.

    Shape: `-> uint8[height, width]`.
    """
    from PIL import Image as Images

    height, width = frame.grid
    box = frame.box((image.height, image.width)) if frame.resize else None
    rgb = image.convert("RGB").resize((width, height), Images.Resampling.BOX, box=box)
    cells = np.asarray(rgb) // (256 // STEPS)
    named: NDArray[np.uint8] = color_table()[cells[..., 0], cells[..., 1], cells[..., 2]]
    return named
