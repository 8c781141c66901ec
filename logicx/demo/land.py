"""Sky, relief, ground and water: what fills a scene from edge to edge."""

from __future__ import annotations

import numpy as np

from logicx.demo import textures
from logicx.demo.canvas import (
    COLUMNS,
    SIZE,
    XX,
    YY,
    Canvas,
    Color,
    Dice,
    Field,
    Mask,
    below,
    ellipse,
)

RGB = tuple[float, float, float]

SKIES: dict[str, list[tuple[RGB, RGB]]] = {
    "day": [((70, 130, 210), (170, 205, 235))],
    "overcast": [((150, 155, 162), (195, 198, 200)), ((120, 125, 135), (180, 182, 185))],
    "hazy": [((165, 190, 205), (220, 222, 215))],
    "sunset": [
        ((90, 70, 120), (250, 150, 70)),
        ((200, 90, 60), (250, 190, 100)),
        ((120, 80, 110), (245, 120, 80)),
    ],
    "night": [((8, 10, 25), (25, 28, 55))],
}
"""Colours of the sky by weather: (at the top, at the horizon)."""

CLOUDS: dict[str, RGB] = {
    "day": (245, 247, 250),
    "overcast": (222, 224, 226),
    "hazy": (245, 245, 245),
    "sunset": (250, 190, 150),
    "night": (60, 62, 80),
}

WATERS: dict[str, list[RGB]] = {
    "blue": [(45, 105, 185), (60, 125, 190), (40, 85, 150)],
    "teal": [(50, 150, 180), (70, 170, 200)],
    "green": [(74, 100, 66), (92, 112, 78), (62, 88, 66)],
    "brown": [(122, 94, 60), (136, 108, 72), (106, 82, 52)],
    "grey": [(120, 126, 130), (98, 106, 112)],
    "murky": [(86, 88, 62), (100, 94, 70), (76, 82, 62), (110, 100, 74), (80, 76, 58)],
    "black": [(16, 18, 34)],
    "orange": [(205, 125, 75), (150, 90, 90), (222, 150, 90)],
    "pool": [(70, 180, 220), (60, 160, 215), (90, 200, 225)],
}
MURKY_PATCHES = np.array([16, 3, 4], np.float32)
"""Murky water drifts by this between brownish and greenish, within one body of water.

So neither `AND green` nor `AND brown` describes it, and `AND NOT blue` does.
"""


def sky(
    canvas: Canvas, horizon: float, weather: str | None = None, clouds: bool | None = None
) -> None:
    """The whole canvas becomes sky, brightest at the horizon, often with clouds.

    The weather is drawn independently of the scene unless given, so that the sky's colour does not
    give the scene away.
    """
    dice = canvas.dice
    if weather is None:
        weather = dice.weighted({"day": 0.58, "overcast": 0.22, "hazy": 0.15, "sunset": 0.05})
    top, bottom = dice.pick(SKIES[weather])
    height = np.clip(YY / max(horizon, 1), 0, 1)[:, :, None]
    color = dice.tint(top, 14) * (1 - height) + dice.tint(bottom, 12) * height
    canvas.paint(YY >= 0, color, "sky", texture=dice.noise(3, 4), strength=3)
    if clouds is None:
        clouds = dice.chance(0.15 if weather == "night" else 0.6)
    if clouds:
        bank = 0.8 * dice.noise(6, 3) + 0.5 * dice.noise(12, 7) + 0.3 * dice.noise(24, 14)
        cover = np.clip((bank - dice.between(0.15, 0.45)) * 3, 0, 0.95)
        cover[horizon + 3 < YY] = 0
        white = dice.tint(CLOUDS[weather], 6)
        mixed = canvas.picture * (1 - cover[:, :, None]) + white * cover[:, :, None]
        canvas.paint(cover > 0, mixed)
        canvas.paint(cover > 0.45, mixed, part="cloud")


def sun(canvas: Canvas, height: float) -> None:
    """A yellow disc."""
    dice = canvas.dice
    radius = dice.between(3.5, 7)
    disc = ellipse(dice.between(10, SIZE - 10), height, radius, radius)
    canvas.paint(disc, dice.tint((252, 226, 110), 6), "sun")


def moon(canvas: Canvas) -> None:
    """A pale disc with craters."""
    dice = canvas.dice
    radius = dice.between(3.5, 6.5)
    disc = ellipse(dice.between(10, SIZE - 10), dice.between(8, 20), radius, radius)
    canvas.paint(
        disc, dice.tint((238, 236, 215), 5), "moon", texture=textures.crags(dice), strength=8
    )


def mountains(canvas: Canvas, horizon: float, height: float, snow: bool | None = None) -> None:
    """One or two ranges with ragged ridges, their peaks sometimes white."""
    dice = canvas.dice
    for distance in range(dice.count(1, 2)):
        peak = horizon - height * (0.75 - 0.25 * distance)
        ridge = peak + height * 0.45 * dice.profile(dice.count(2, 4), 4)
        body = below(ridge) & (horizon + 6 > YY)
        color = dice.tint(dice.pick([(105, 108, 118), (115, 98, 84), (88, 98, 112)]), 12)
        rough = 0.6 * dice.noise(10, 14) + 0.6 * dice.noise(32, 20)
        canvas.paint(body, color, "mountain", texture=rough, strength=16)
        if snow if snow is not None else dice.chance(0.3):
            depth = height * dice.between(0.15, 0.4) * (1 + 0.8 * dice.noise(4, 24))
            cap = body & (ridge + depth > YY) & (ridge < horizon - height * 0.35)
            white = dice.tint((238, 241, 246), 4)
            canvas.paint(cap, white, part="peak snow", texture=dice.noise(24, 24), strength=7)


def hills(canvas: Canvas, horizon: float, height: float, color: Color = (98, 140, 72)) -> None:
    """Low round hills along the horizon."""
    dice = canvas.dice
    ridge = horizon - height * 0.5 + height * 0.5 * dice.profile(2, 2)
    leaf = textures.leaves(dice)
    canvas.paint(below(ridge), dice.tint(color, 14), "hill", texture=leaf, strength=8)


def water(canvas: Canvas, where: Mask, kind: str, thing: str) -> None:
    """A body of water: sky-coloured far away, darker near by, with ripples and often glints.

    Args:
        canvas: painted on.
        where: its surface; may be empty.
        kind: colour, a key of `WATERS`.
        thing: what it is labelled: "water", "river", "sea" or "pool".
    """
    dice = canvas.dice
    color = dice.tint(dice.pick(WATERS[kind]), 11)
    if not where.any():
        return
    rows = YY[where]
    far, near = float(rows.min()), float(rows.max())
    nearness = np.clip((YY - far) / (near - far + 1), 0, 1)
    above = canvas.picture[max(int(far) - 14, 0) : max(int(far) - 6, 1)].reshape(-1, 3).mean(axis=0)
    shine = 0.0 if thing == "pool" else 0.3
    mirror = (shine * np.exp(-nearness * dice.between(3, 7)))[:, :, None]
    depth = ((nearness - 0.5) * dice.between(5, 25))[:, :, None]
    surface = (color - depth) * (1 - mirror) + above * mirror
    if kind == "murky":
        surface = surface + dice.noise(5, 3)[:, :, None] * MURKY_PATCHES
    wave = textures.ripples(dice)
    # Dull water would pass for a meadow without stronger ripples.
    strength = dice.between(20, 30) if kind in ("murky", "green") else dice.between(15, 25)
    canvas.paint(where, surface, thing, texture=wave, strength=strength)
    if thing != "pool" and dice.chance(0.75):
        glint = where & (wave + 0.4 * dice.noise(30, 4) > dice.between(0.75, 1.05))
        light = np.array([225, 230, 235], np.float32)
        canvas.paint(glint, canvas.picture * 0.6 + light * 0.4)


def course(dice: Dice, horizon: float, half_width: float, bend: tuple[float, float]) -> Mask:
    """The surface of a river or road that runs from the viewer to the horizon.

    Bends are even on the ground, so in the picture they narrow and crowd together with distance.

    Args:
        dice: random choices.
        horizon: height where it vanishes.
        half_width: in pixels at the lower edge of the picture.
        bend: range of the swing to either side, in pixels at the lower edge.
    """
    ahead = np.clip((YY - horizon) / (SIZE - horizon), 0, 1)
    vanishing, drift = dice.between(25, 70), dice.between(-25, 25)
    swing, phase = dice.between(*bend), dice.between(0, 2 * np.pi)
    distance = 1 / (ahead + 0.16)
    swings = swing * (0.12 + 0.88 * ahead) * np.sin(phase + dice.between(1.5, 2.4) * distance)
    middle = vanishing + drift * ahead + swings
    width = 1.5 + half_width * ahead ** dice.between(0.9, 1.3)
    result: Mask = (horizon <= YY) & (np.abs(XX - middle + 2 * dice.noise(16, 2)) < width)
    return result


def grass(canvas: Canvas, where: Mask, color: Color | None = None) -> None:
    """Meadow in one of four greens, unless a colour is given."""
    dice = canvas.dice
    greens = [(88, 142, 52), (112, 150, 62), (72, 122, 48), (136, 146, 70)]
    color = dice.tint(color or dice.pick(greens), 12)
    canvas.paint(where, color, "grass", texture=textures.blades(dice), strength=20)


def ground(canvas: Canvas, where: Mask) -> None:
    """Bare earth."""
    dice = canvas.dice
    color = dice.tint(dice.pick([(118, 90, 60), (96, 74, 50), (140, 112, 80)]))
    canvas.paint(where, color, "ground", texture=textures.crags(dice), strength=14)


def sand(canvas: Canvas, where: Mask) -> None:
    """Dry sand."""
    dice = canvas.dice
    color = dice.tint(dice.pick([(226, 204, 152), (212, 182, 128), (232, 214, 176)]), 9)
    canvas.paint(where, color, "sand", texture=textures.grains(dice), strength=18)


def snow(canvas: Canvas, where: Mask) -> None:
    """Snow on the ground (on peaks it is a part of the mountain)."""
    dice = canvas.dice
    drifts = 0.5 * dice.noise(6, 4) + 0.3 * dice.noise(24, 10)
    canvas.paint(where, dice.tint((234, 239, 246), 5), "snow", texture=drifts, strength=12)


def pavement(canvas: Canvas, where: Mask) -> None:
    """Stone slabs with dark joints."""
    dice = canvas.dice
    color = dice.tint(dice.pick([(188, 182, 172), (205, 196, 180), (170, 168, 166)]), 8)
    canvas.paint(where, color, "pavement", texture=textures.plaster(dice), strength=6)
    slab = dice.count(6, 10)
    joint = ((XX + YY * 0.3).astype(int) % slab == 0) | (YY.astype(int) % slab == 0)
    canvas.paint(where & joint, color - 28)


def road(canvas: Canvas, where: Mask, marking: Mask | None = None) -> None:
    """Asphalt, with a painted line if given."""
    dice = canvas.dice
    texture = textures.plaster(dice)
    canvas.paint(where, dice.tint((86, 86, 90), 9), "road", texture=texture, strength=9)
    if marking is not None:
        canvas.paint(where & marking, dice.tint((228, 226, 212), 6), part="road marking")


def slope(dice: Dice, height: float, tilt: float, wave: float) -> Field:
    """A profile around `height`, tilted to either side and gently wavy: a shore or a bank."""
    tilted = dice.between(-tilt, tilt) * (COLUMNS - SIZE / 2)
    profile: Field = height + wave * dice.profile(2, 2) + tilted
    return profile
