"""What every scene is drawn with: a seeded source of choices, shapes, and a labelled canvas.

Scenes are painted back to front. Each stroke changes the picture and, at the same pixels, the label
maps, so the labels are exact: a pixel belongs to whatever was painted on it last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Mask = NDArray[np.bool_]
Color = Sequence[float] | Field
T = TypeVar("T")

SIZE = 96
"""Height and width of a scene in pixels."""

YY: Field
XX: Field
YY, XX = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
COLUMNS: Field = np.arange(SIZE, dtype=np.float32)

OBJECTS = (
    *("sky", "mountain", "hill", "grass", "ground", "sand", "rock", "road", "pavement", "snow"),
    *("tree", "palm", "conifer", "reeds", "cactus", "flowers", "house", "building", "bridge"),
    *("pier", "fence", "boat", "car", "person", "umbrella", "lamp", "sun", "moon", "water"),
    *("river", "sea", "pool", "waterfall"),
)
PARTS = (
    *("cloud", "trunk", "roof", "window", "door", "wheel", "sail", "head", "peak snow"),
    "road marking",
)
OBJECT_NUMBER = {name: number for number, name in enumerate(OBJECTS, start=1)}
PART_NUMBER = {name: number for number, name in enumerate(PARTS, start=1)}


@cache
def _lattice(cells: int) -> tuple[NDArray[np.intp], Field]:
    """Lattice point to the left of each pixel, and the smoothed way to the next one."""
    position = np.arange(SIZE) * cells / SIZE
    index = position.astype(np.intp)
    fraction = position - index
    return index, (fraction * fraction * (3 - 2 * fraction)).astype(np.float32)


class Dice:
    """All random choices of one scene, from one seeded stream.

    The legacy `RandomState` is used because NumPy promises that its streams never change;
    `Generator` streams may.
    """

    def __init__(self, seed: int) -> None:
        """A fresh stream; the same seed gives the same choices."""
        self._stream = np.random.RandomState(seed)

    def between(self, low: float, high: float) -> float:
        """A real number in [low, high)."""
        return low + (high - low) * float(self._stream.random_sample())

    def count(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return int(self._stream.randint(least, most + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return bool(self._stream.random_sample() < probability)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self._stream.randint(len(options)))]

    def weighted(self, weights: Mapping[str, float]) -> str:
        """One of the keys, with probability in proportion to its weight."""
        shares = np.cumsum(list(weights.values()))
        drawn = self._stream.random_sample() * shares[-1]
        return list(weights)[int(np.searchsorted(shares, drawn, side="right"))]

    def spots(self, n: int, low: float, high: float) -> list[float]:
        """`n` positions in ascending order: far things first when they are heights."""
        return [float(x) for x in np.sort(low + (high - low) * self._stream.random_sample(n))]

    def tint(self, color: Color, spread: float = 10) -> Field:
        """The colour, a little lighter or darker and a little off in hue."""
        shift = self._stream.normal(0, spread * 0.6) + self._stream.normal(0, spread * 0.5, 3)
        return np.asarray(color, np.float32) + shift.astype(np.float32)

    def noise(self, rows: int, columns: int) -> Field:
        """Smooth noise in [-1, 1] on the canvas: a random lattice, interpolated.

        The two numbers of cells set the grain: many rows and few columns give ripples, few rows
        and many columns give blades of grass. Interpolated elementwise rather than by a matrix
        product, whose last bit depends on the machine's BLAS.
        """
        lattice = self._stream.random_sample((rows + 1, columns + 1)).astype(np.float32) * 2 - 1
        row, down = _lattice(rows)
        column, right = _lattice(columns)
        lines = lattice[row] + (lattice[row + 1] - lattice[row]) * down[:, None]
        left = lines[:, column]
        result: Field = left + (lines[:, column + 1] - left) * right
        return result

    def profile(self, cells: int, octaves: int) -> Field:
        """A wavy line, one height per column: noise of `cells` bends with finer octaves on top."""
        line = np.zeros(SIZE, np.float32)
        for octave in range(octaves):
            index, fraction = _lattice(cells << octave)
            points = self._stream.random_sample((cells << octave) + 1).astype(np.float32) * 2 - 1
            line += (points[index] + (points[index + 1] - points[index]) * fraction) / 2**octave
        return line

    def flags(self, shape: tuple[int, ...], probability: float) -> Mask:
        """Independent yes/no draws."""
        result: Mask = self._stream.random_sample(shape) < probability
        return result

    def heights(self, low: float, high: float) -> Field:
        """One independent number in [low, high) per column."""
        return (low + (high - low) * self._stream.random_sample(SIZE)).astype(np.float32)

    def exposure(self, picture: Field) -> NDArray[np.uint8]:
        """The picture as a cheap camera takes it: gain, white balance, contrast, grey grain."""
        gain = np.exp(self._stream.normal(0, 0.07)) * np.exp(self._stream.normal(0, 0.035, 3))
        contrast = self.between(0.88, 1.12)
        brightness = float(self._stream.normal(0, 6))
        grain = self._stream.standard_normal((SIZE, SIZE, 1)).astype(np.float32) * 4
        seen = 128 + brightness + (picture * gain.astype(np.float32) - 128) * contrast + grain
        image: NDArray[np.uint8] = np.clip(seen, 0, 255).astype(np.uint8)
        return image


def below(profile: float | Field) -> Mask:
    """Everything at or below a height: one for all columns, or one each."""
    result: Mask = np.asarray(profile, np.float32) <= YY
    return result


def ellipse(x: float, y: float, half_width: float, half_height: float) -> Mask:
    """The inside of an ellipse."""
    result: Mask = ((XX - x) / half_width) ** 2 + ((YY - y) / half_height) ** 2 < 1
    return result


def rectangle(left: float, top: float, right: float, bottom: float) -> Mask:
    """An upright rectangle, its right and bottom edge excluded."""
    result: Mask = (left <= XX) & (right > XX) & (top <= YY) & (bottom > YY)
    return result


def triangle(x: float, top: float, bottom: float, half_width: float) -> Mask:
    """An upright triangle with its tip at (x, top) and `half_width` at its foot."""
    spread = (YY - top) / max(bottom - top, 1) * half_width
    result: Mask = (top <= YY) & (bottom > YY) & (np.abs(XX - x) <= spread)
    return result


class Canvas:
    """A picture and its two label maps, painted together.

    Attributes:
        dice: where every random choice of the scene comes from.
        picture: float32[96, 96, 3], RGB from 0 to 255, not yet clipped.
        objects: uint8[96, 96], 0 for none, else `OBJECT_NUMBER`.
        parts: uint8[96, 96], 0 for none, else `PART_NUMBER`.
    """

    def __init__(self, seed: int) -> None:
        """An empty, unlabelled, black canvas."""
        self.dice = Dice(seed)
        self.picture: Field = np.zeros((SIZE, SIZE, 3), np.float32)
        self.objects = np.zeros((SIZE, SIZE), np.uint8)
        self.parts = np.zeros((SIZE, SIZE), np.uint8)

    def paint(
        self,
        where: Mask,
        color: Color,
        thing: str | None = None,
        part: str | None = None,
        texture: Field | None = None,
        strength: float = 0,
    ) -> None:
        """Colour a region and label it.

        Args:
            where: the pixels to paint.
            color: one RGB colour, or one per pixel of the canvas.
            thing: object these pixels now belong to; they lose the part they had. Without it the
                object stays (a window is still house).
            part: part these pixels now belong to.
            texture: lightness pattern in about [-1, 1].
            strength: what a texture of 1 adds to each channel.
        """
        if not where.any():
            return
        value = np.asarray(color, np.float32)
        if value.ndim == 3:
            value = value[where]
        if texture is not None:
            value = value + (texture[where] * strength)[:, None]
        self.picture[where] = value
        if thing is not None:
            self.objects[where] = OBJECT_NUMBER[thing]
            self.parts[where] = 0
        if part is not None:
            self.parts[where] = PART_NUMBER[part]

    def where(self, thing: str) -> Mask:
        """The pixels that belong to an object at this moment."""
        result: Mask = self.objects == OBJECT_NUMBER[thing]
        return result

    def darken(self, thing: str, factor: float) -> None:
        """Multiply the colours of an object: night falls on it."""
        self.picture[self.where(thing)] *= factor

    def photograph(self) -> NDArray[np.uint8]:
        """The finished image: edges softened, then exposed."""
        picture = self.picture
        rows = picture.copy()
        rows[1:] += picture[:-1]
        rows[:-1] += picture[1:]
        rows[0] += picture[0]
        rows[-1] += picture[-1]
        block = rows.copy()
        block[:, 1:] += rows[:, :-1]
        block[:, :-1] += rows[:, 1:]
        block[:, 0] += rows[:, 0]
        block[:, -1] += rows[:, -1]
        return self.dice.exposure(0.55 * picture + 0.05 * block)
