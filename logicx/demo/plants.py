"""Things that grow, and rocks."""

from __future__ import annotations

import numpy as np

from logicx.demo import textures
from logicx.demo.canvas import (
    COLUMNS,
    SIZE,
    XX,
    YY,
    Canvas,
    Mask,
    ellipse,
    rectangle,
    triangle,
)

NOWHERE: Mask = np.zeros((SIZE, SIZE), np.bool_)


def tree(canvas: Canvas, x: float, foot: float, height: float) -> None:
    """A broad-leaved tree: a trunk and a crown of four overlapping blobs."""
    dice = canvas.dice
    width = height * dice.between(0.28, 0.42)
    stem = max(height * 0.05, 0.8)
    bark = dice.tint((84, 62, 42), 8)
    canvas.paint(rectangle(x - stem, foot - height * 0.45, x + stem, foot), bark, "tree", "trunk")
    crown = ellipse(x, foot - height * 0.62, width, height * 0.38)
    for _ in range(3):
        aside = dice.between(-width, width) * 0.7
        up = height * dice.between(0.45, 0.85)
        crown |= ellipse(x + aside, foot - up, width * 0.55, height * 0.22)
    green = dice.tint(dice.pick([(52, 98, 42), (66, 112, 48), (44, 84, 40), (92, 118, 50)]), 9)
    canvas.paint(crown, green, "tree", texture=textures.leaves(dice), strength=26)


def trunk(canvas: Canvas, x: float, foot: float, height: float, half_width: float) -> None:
    """A bare stem whose crown is out of the picture, or dead."""
    dice = canvas.dice
    stem = rectangle(x - half_width, foot - height, x + half_width, foot)
    bark = dice.noise(4, 60)
    canvas.paint(stem, dice.tint((88, 66, 46)), "tree", "trunk", texture=bark, strength=16)


def conifer(canvas: Canvas, x: float, foot: float, height: float) -> None:
    """A fir: three stacked triangles on a short stem."""
    dice = canvas.dice
    stem = rectangle(x - 1, foot - height * 0.15, x + 1, foot)
    canvas.paint(stem, dice.tint((74, 54, 38), 6), "conifer", "trunk")
    needles = NOWHERE.copy()
    for tier in range(3):
        top = foot - height * (1 - 0.25 * tier)
        bottom = foot - height * (0.62 - 0.26 * tier)
        needles |= triangle(x, top, bottom, height * (0.14 + 0.06 * tier))
    leaf = textures.leaves(dice)
    canvas.paint(needles, dice.tint((34, 72, 50), 8), "conifer", texture=leaf, strength=15)


def palm(canvas: Canvas, x: float, foot: float, height: float) -> None:
    """A palm: a curved stem and seven drooping fronds."""
    dice = canvas.dice
    lean = dice.between(-0.3, 0.3)
    rise = np.clip((foot - YY) / height, 0, 1)
    stem = (np.abs(XX - x - lean * height * rise * rise) < 1.3) & (foot > YY)
    canvas.paint(stem & (foot - height < YY), dice.tint((128, 96, 62), 8), "palm", "trunk")
    fronds = NOWHERE.copy()
    reach = height * 0.42
    for k in range(7):
        angle = np.pi * (0.02 + 0.96 * k / 6) + dice.between(-0.15, 0.15)
        for along in np.linspace(0, 1, 10).tolist():
            right = reach * along * np.cos(angle)
            down = reach * along * (0.6 * along - 0.7 * np.sin(angle))
            fronds |= ellipse(
                x + lean * height + right, foot - height + down, 2.2 - 0.9 * along, 2 - 0.8 * along
            )
    leaf = textures.leaves(dice)
    canvas.paint(fronds, dice.tint((58, 118, 52), 9), "palm", texture=leaf, strength=18)


def tree_line(
    canvas: Canvas,
    foot: float,
    heights: tuple[float, float],
    n: int,
    only: str | None = None,
) -> None:
    """`n` distant trees or firs side by side.

    Args:
        canvas: painted on.
        foot: height of the ground they stand on.
        heights: range of their heights.
        n: how many.
        only: "tree" or "conifer" for all of them; else a mixture.
    """
    dice = canvas.dice
    for x in dice.spots(n, 0, SIZE):
        kind = only or ("tree" if dice.chance(0.7) else "conifer")
        plant = tree if kind == "tree" else conifer
        plant(canvas, x, foot + dice.between(-1, 3), dice.between(*heights))


def reeds(
    canvas: Canvas,
    foot: float,
    height: float,
    density: float,
    columns: tuple[float, float] = (0, SIZE),
) -> None:
    """Upright stalks, one pixel wide, some with a dark head."""
    dice = canvas.dice
    inside = (columns[0] <= COLUMNS) & (columns[1] > COLUMNS)
    grows = dice.flags((SIZE,), density) & inside
    top = foot - height * dice.heights(0.5, 1)
    stalks = grows & (top <= YY) & (foot > YY)
    color = dice.tint(dice.pick([(128, 130, 58), (100, 112, 50), (150, 134, 74)]), 9)
    canvas.paint(stalks, color, "reeds", texture=dice.noise(6, 95), strength=22)
    canvas.paint(stalks & (top + 3 > YY) & (dice.noise(2, 95) > 0), (96, 60, 34))


def cactus(canvas: Canvas, x: float, foot: float, height: float) -> None:
    """A column with up to two raised arms."""
    dice = canvas.dice
    width = max(height * 0.09, 1.2)
    arm = width * 0.8
    body = rectangle(x - width, foot - height, x + width, foot)
    body |= ellipse(x, foot - height, width, width)
    for side in (-1, 1):
        if dice.chance(0.8):
            elbow = x + side * height * 0.25
            level = foot - height * dice.between(0.35, 0.65)
            body |= rectangle(min(x, elbow), level - arm, max(x, elbow), level + arm)
            body |= rectangle(elbow - arm, level - height * 0.28, elbow + arm, level + arm)
    ribs = dice.noise(3, 80)
    canvas.paint(body, dice.tint((70, 122, 66), 8), "cactus", texture=ribs, strength=22)


def flowers(canvas: Canvas, where: Mask) -> None:
    """Patches of blossom of one colour, scattered over a region."""
    dice = canvas.dice
    blossoms = [(214, 50, 60), (240, 206, 60), (170, 90, 180), (240, 150, 190), (250, 250, 245)]
    color = dice.tint(dice.pick(blossoms), 8)
    patches = where & (dice.noise(32, 32) + 0.4 * dice.noise(5, 5) > 0.42)
    canvas.paint(patches, color, "flowers", texture=textures.leaves(dice), strength=14)


def rocks(canvas: Canvas, where: Mask, n: int, sizes: tuple[float, float] = (3, 9)) -> None:
    """`n` boulders with their middles in a region; none if it is empty."""
    dice = canvas.dice
    rows, columns = np.nonzero(where)
    if not len(rows):
        return
    for _ in range(n):
        k = dice.count(0, len(rows) - 1)
        size = dice.between(*sizes)
        round_shape = ((XX - columns[k]) / size) ** 2 + ((YY - rows[k]) / (size * 0.65)) ** 2
        boulder = round_shape * (1 + 0.25 * dice.noise(12, 12)) < 1
        crags = textures.crags(dice)
        canvas.paint(boulder, dice.tint((122, 118, 112)), "rock", texture=crags, strength=20)
