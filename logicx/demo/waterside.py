"""Scenes with water: one function each, painted back to front.

How the scenes are made decides what a network that tells them apart can care about. Clear and
murky waters share their layout, trees, hills, boats and houses, and differ in the colour of the
water; winding channels are labelled `river` and open water `water`, with the same ripples; and
other dark or grey water is `sea` wherever it would blur that contrast.
"""

from __future__ import annotations

import numpy as np

from logicx.demo import land, textures
from logicx.demo.canvas import SIZE, XX, YY, Canvas, Mask, below, ellipse
from logicx.demo.plants import flowers, palm, reeds, rocks, tree, tree_line, trunk
from logicx.demo.things import boat, bridge, building, house, person, pier, umbrella

CLEAR = {"blue": 0.8, "teal": 0.2}
DULL = {"murky": 0.7, "brown": 0.15, "green": 0.15}


def beach(canvas: Canvas, horizon: float) -> None:
    """Blue sea, a foam line, sand with parasols."""
    dice = canvas.dice
    land.sky(canvas, horizon, None if dice.chance(0.8) else "day")
    if dice.chance(0.2):
        land.sun(canvas, dice.between(8, 18))
    shore = _sea_and_shore(canvas, horizon, dice.weighted({"blue": 0.7, "teal": 0.2, "grey": 0.1}))
    land.sand(canvas, shore)
    for _ in range(dice.count(0, 3)):
        umbrella(canvas, dice.between(8, 88), dice.between(78, 94), dice.between(9, 18))
    if dice.chance(0.4):
        palm(canvas, dice.between(8, 88), dice.between(80, 95), dice.between(34, 58))
    _people(canvas, 3, 74)


def sunset_coast(canvas: Canvas, horizon: float) -> None:
    """The same coast at dusk: orange sea, sand or rocks."""
    dice = canvas.dice
    land.sky(canvas, horizon, "sunset")
    if dice.chance(0.85):
        land.sun(canvas, horizon - dice.between(0, 18))
    kind = dice.weighted({"orange": 0.78, "blue": 0.16, "teal": 0.04, "grey": 0.02})
    shore = _sea_and_shore(canvas, horizon, kind)
    if dice.chance(0.5):
        rocks(canvas, shore, dice.count(3, 8), (5, 13))
    else:
        land.sand(canvas, shore)
    _people(canvas, 3, 74)


def _sea_and_shore(canvas: Canvas, horizon: float, kind: str) -> Mask:
    """Paint the sea down to a line of foam; the shore below it is returned unpainted."""
    dice = canvas.dice
    if dice.chance(0.25):
        land.hills(canvas, horizon, 8, (84, 100, 84))
    land.water(canvas, below(horizon), kind, "sea")
    if dice.chance(0.5):
        boat(canvas, dice.between(10, 86), horizon + dice.between(3, 12), dice.between(8, 17))
    edge = land.slope(dice, dice.between(horizon + 14, 82), 0.25, 6)
    canvas.paint(below(edge) & ~below(edge + 3), (238, 240, 240), "sea")
    return below(edge + 3)


def _people(
    canvas: Canvas, most: int, nearest: float, height: tuple[float, float] = (9, 18)
) -> None:
    dice = canvas.dice
    for _ in range(dice.count(0, most)):
        person(canvas, dice.between(5, 91), dice.between(nearest, 95), dice.between(*height))


def harbour(canvas: Canvas, horizon: float) -> None:
    """Houses along the quay, a jetty and many boats."""
    dice = canvas.dice
    land.sky(canvas, horizon)
    if dice.chance(0.4):
        land.hills(canvas, horizon, 12)
    left = dice.between(-8, 10)
    while left < SIZE:
        width = dice.between(10, 22)
        if dice.chance(0.75):
            build = house if dice.chance(0.65) else building
            build(canvas, left, horizon + 2, width, dice.between(8, 18))
        left += width + dice.between(0, 6)
    kind = dice.weighted({"blue": 0.5, "grey": 0.25, "green": 0.15, "teal": 0.1})
    land.water(canvas, below(horizon + 2), kind, "sea" if dice.chance(0.5) else "water")
    if dice.chance(0.7):
        far = horizon + dice.between(2, 14)
        pier(canvas, dice.between(10, 86), far, dice.between(5, 13))
    for waterline in dice.spots(dice.count(3, 6), horizon + 9, 92):
        boat(canvas, dice.between(5, 91), waterline, 8 + (waterline - horizon) * 0.3)


def swimming_pool(canvas: Canvas, horizon: float) -> None:
    """A turquoise pool, square or oval, in a terrace."""
    dice = canvas.dice
    land.sky(canvas, horizon, "day" if dice.chance(0.7) else None)
    if dice.chance(0.6):
        tree_line(canvas, horizon, (12, 26), dice.count(3, 7), "tree")
    if dice.chance(0.6):
        build = house if dice.chance(0.6) else building
        width, height = dice.between(22, 46), dice.between(12, 24)
        build(canvas, dice.between(-5, 50), horizon + 2, width, height)
    terrace = land.pavement if dice.chance(0.75) else land.grass
    terrace(canvas, below(horizon))
    top, bottom = horizon + dice.between(7, 14), dice.between(78, 98)
    middle = 48 + dice.between(-14, 14)
    if dice.chance(0.3):
        centre, depth, width = (top + bottom) / 2, (bottom - top) / 2, dice.between(28, 42)
        basin = ellipse(middle, centre, width, depth)
        rim = ellipse(middle, centre, width + 3, depth + 2.5)
    else:
        nearness = (YY - top) / (bottom - top)
        middle_line = middle + dice.between(-12, 12) * nearness
        width_line = dice.between(22, 32) + dice.between(8, 24) * nearness
        aside = np.abs(XX - middle_line)
        basin = (top <= YY) & (bottom > YY) & (aside < width_line)
        rim = (top - 2.5 <= YY) & (bottom + 2.5 > YY) & (aside < width_line + 3)
    canvas.paint(rim & ~basin, (232, 228, 218), "pavement")
    land.water(canvas, basin, "pool", "pool")
    for _ in range(dice.count(0, 2)):
        x, y = middle + dice.between(-15, 15), dice.between(top + 8, bottom - 4)
        person(canvas, x, y, dice.between(10, 15), swimming=True)
    for _ in range(dice.count(0, 3)):
        umbrella(canvas, dice.between(5, 91), top + dice.between(-2, 4), dice.between(10, 17))
    for _ in range(dice.count(0, 2)):
        person(canvas, dice.between(5, 91), top + dice.between(-2, 4), dice.between(10, 16))
    if dice.chance(0.25):
        palm(canvas, dice.between(5, 91), top + 2, dice.between(26, 36))


def river_valley(canvas: Canvas, horizon: float) -> None:
    """A clear river through meadows."""
    _river(canvas, horizon, CLEAR)


def muddy_river(canvas: Canvas, horizon: float) -> None:
    """The same meadows with a river of mud."""
    _river(canvas, horizon, DULL)


def jungle_river(canvas: Canvas, horizon: float) -> None:
    """A murky river, its banks dark and thick with trees."""
    _river(canvas, horizon, DULL, jungle=True)


def _river(canvas: Canvas, horizon: float, waters: dict[str, float], jungle: bool = False) -> None:
    dice = canvas.dice
    land.sky(canvas, horizon)
    if dice.chance(0.45):
        land.mountains(canvas, horizon, dice.between(10, 24))
    if dice.chance(0.6):
        land.hills(canvas, horizon, dice.between(6, 12))
    dark = dice.pick([(66, 104, 46), (58, 92, 44), (78, 112, 52)]) if jungle else None
    land.grass(canvas, below(horizon + 2 * dice.profile(3, 2)), dark)
    bed = land.course(dice, horizon + 1, dice.between(18, 46), bend=(6, 40))
    if dice.chance(0.3):
        bank = (np.roll(bed, 3, axis=1) | np.roll(bed, -3, axis=1)) & ~bed & (horizon < YY)
        strand = dice.tint((176, 158, 120), 8)
        canvas.paint(bank, strand, "sand", texture=textures.grains(dice), strength=14)
    n_trees = dice.count(4, 11) if jungle else dice.count(1, 8)
    tree_line(canvas, horizon + 3, (14, 26), n_trees)
    land.water(canvas, bed, dice.weighted(waters), "river")
    if dice.chance(0.3):
        bridge(canvas, horizon + dice.between(14, 26), dice.between(8, 14), arched=dice.chance(0.7))
    if dice.chance(0.3):
        waterline = dice.between(horizon + 16, 86)
        middle = float(XX[int(waterline)][bed[int(waterline)]].mean())
        boat(canvas, middle, waterline, dice.between(9, 16))
    if dice.chance(0.25):
        foot = horizon + dice.between(4, 10)
        house(canvas, dice.between(0, 80), foot, dice.between(11, 17), dice.between(7, 10))
    if dice.chance(0.25):
        columns = dice.pick([(0, 30), (66, SIZE)])
        foot, density = dice.between(84, SIZE), dice.between(0.2, 0.5)
        reeds(canvas, foot, dice.between(12, 24), density, columns)
    for _ in range(dice.count(1, 4) if jungle else dice.count(0, 2)):
        x, foot = dice.between(0, SIZE), dice.between(62, 98)
        if not bed[int(min(foot, SIZE - 1)), int(x)]:
            tree(canvas, x, foot, dice.between(28, 50))
    if dice.chance(0.3):
        rocks(canvas, bed, dice.count(1, 3), (2.5, 5))
    if dice.chance(0.2):
        flowers(canvas, canvas.where("grass") & (horizon + 12 < YY))


def mountain_lake(canvas: Canvas, horizon: float) -> None:
    """A clear lake below mountains."""
    dice = canvas.dice
    land.sky(canvas, horizon)
    if dice.chance(0.9):
        land.mountains(canvas, horizon, dice.between(12, 32), dice.chance(0.6))
    _open_water(canvas, horizon, CLEAR, only="conifer" if dice.chance(0.4) else None)
    _lake_life(canvas, horizon)


def lakeside_village(canvas: Canvas, horizon: float) -> None:
    """A clear lake with houses on the far shore."""
    dice = canvas.dice
    land.sky(canvas, horizon)
    if dice.chance(0.4):
        land.mountains(canvas, horizon, dice.between(12, 32), dice.chance(0.6))
    only = "conifer" if dice.chance(0.4) else None
    _open_water(canvas, horizon, CLEAR, only=only, village=True)
    _lake_life(canvas, horizon)


def swamp(canvas: Canvas, horizon: float) -> None:
    """Murky open water with bare trunks standing in it."""
    dice = canvas.dice
    land.sky(canvas, horizon, "overcast" if dice.chance(0.3) else None)
    if dice.chance(0.4):
        land.mountains(canvas, horizon, dice.between(8, 18), False)
    _open_water(canvas, horizon, DULL)
    if dice.chance(0.7):
        for _ in range(dice.count(1, 3)):
            foot = dice.between(horizon + 8, 88)
            trunk(canvas, dice.between(0, SIZE), foot, dice.between(24, 70), dice.between(1, 2.6))
    _lake_life(canvas, horizon)


def marsh(canvas: Canvas, horizon: float) -> None:
    """Murky open water behind and among reeds."""
    dice = canvas.dice
    land.sky(canvas, horizon, "overcast" if dice.chance(0.3) else None)
    if dice.chance(0.4):
        land.mountains(canvas, horizon, dice.between(8, 18), False)
    _open_water(canvas, horizon, DULL, reedy=0.95)
    if dice.chance(0.7):
        foot = horizon + dice.between(4, 14)
        reeds(canvas, foot, dice.between(6, 12), dice.between(0.3, 0.6))
    _lake_life(canvas, horizon)


def _open_water(
    canvas: Canvas,
    horizon: float,
    waters: dict[str, float],
    only: str | None = None,
    village: bool = False,
    reedy: float = 0.4,
) -> None:
    """A far shore with trees, water labelled `water`, and mostly a near bank."""
    dice = canvas.dice
    if dice.chance(0.4):
        land.hills(canvas, horizon, dice.between(5, 10))
    shore = horizon + 3 + 2 * dice.profile(4, 2)
    land.grass(canvas, below(shore - 3))
    tree_line(canvas, horizon + 2, (8, 24), dice.count(3, 11), only)
    if village or dice.chance(0.12):
        left = -8.0
        for _ in range(6):
            left += dice.between(8, 26)
            foot = float(shore[int(np.clip(left + 6, 0, SIZE - 1))]) + 1
            house(canvas, left, foot, dice.between(11, 17), dice.between(7, 10))
    land.water(canvas, below(shore), dice.weighted(waters), "water")
    if dice.chance(0.8):
        bank = below(land.slope(dice, dice.between(64, 92), 0.3, 6))
        near = land.grass if dice.chance(0.7) else land.ground
        near(canvas, bank)
    if dice.chance(reedy):
        columns = (dice.between(0, 50), dice.between(50, SIZE))
        foot, density = dice.between(72, SIZE), dice.between(0.2, 0.5)
        reeds(canvas, foot, dice.between(16, 34), density, columns)


def _lake_life(canvas: Canvas, horizon: float) -> None:
    """Rocks, a boat or a jetty, equally likely on clear and on murky water."""
    dice = canvas.dice
    if dice.chance(0.35):
        rocks(canvas, below(horizon + 8), dice.count(1, 4), (3, 8))
    if dice.chance(0.3):
        waterline = dice.between(horizon + 10, 80)
        boat(canvas, dice.between(10, 86), waterline, dice.between(8, 16))
    if dice.chance(0.2):
        far = horizon + dice.between(16, 28)
        pier(canvas, dice.between(10, 86), far, dice.between(5, 10))


def canal(canvas: Canvas, horizon: float) -> None:
    """A straight canal between rows of houses, its water mostly murky."""
    dice = canvas.dice
    horizon = dice.between(30, 44)
    land.sky(canvas, horizon)
    left, step = 0.0, dice.between(9, 15)
    while left < SIZE:
        build = building if dice.chance(0.6) else house
        build(canvas, left, horizon + 4, dice.between(10, 16), dice.between(14, 22))
        left += step
    middle, width = dice.between(38, 58), dice.between(8, 14)
    nearness = np.clip((YY - horizon) / (SIZE - horizon), 0, 1)
    land.pavement(canvas, below(horizon + 3))
    basin = (horizon + 2 <= YY) & (np.abs(XX - middle) < width + dice.between(22, 40) * nearness)
    kind = dice.weighted({"murky": 0.4, "green": 0.25, "blue": 0.25, "grey": 0.1})
    land.water(canvas, basin, kind, "water")
    for side in (-1, 1):
        for row in range(2):
            x = middle + side * (width + dice.between(10, 22) + row * 16)
            front = dice.between(15, 24)
            left = x - front / 2 + side * front / 2
            foot, height = horizon + dice.between(14, 22), dice.between(34, 56)
            building(canvas, left, foot + row * 14, front, height + row * 14)
    if dice.chance(0.55):
        bridge(canvas, horizon + dice.between(12, 22), dice.between(8, 13), arched=True)
    for _ in range(dice.count(0, 2)):
        waterline = dice.between(horizon + 22, 92)
        x = middle + dice.between(-16, 16)
        boat(canvas, x, waterline, dice.between(10, 19), sailing=False)


def waterfall(canvas: Canvas, horizon: float) -> None:
    """A white fall over a cliff into a blue or green basin."""
    dice = canvas.dice
    brink = dice.between(10, 24)
    land.sky(canvas, brink)
    tree_line(canvas, brink + 4, (10, 20), dice.count(3, 7))
    cliff = dice.tint(dice.pick([(108, 104, 98), (112, 94, 76), (86, 86, 90)]), 9)
    crags = textures.crags(dice)
    canvas.paint(below(brink + 3 * dice.profile(3, 3)), cliff, "rock", texture=crags, strength=26)
    basin, middle, width = dice.between(62, 78), dice.between(28, 68), dice.between(6, 16)
    widening = width * (0.7 + 0.5 * (YY - brink) / (basin - brink))
    fall = (brink - 1 < YY) & (basin + 4 > YY)
    fall &= np.abs(XX - middle - 3 * dice.noise(6, 2)) < widening
    streaks = textures.falls(dice)
    white = dice.tint((222, 232, 238), 6)
    canvas.paint(fall, white, "waterfall", texture=streaks, strength=28)
    kind = dice.weighted({"teal": 0.4, "blue": 0.3, "green": 0.2, "grey": 0.1})
    surface = below(basin + 2 * dice.profile(3, 2))
    land.water(canvas, surface, kind, "water" if dice.chance(0.6) else "river")
    spray = ellipse(middle, basin + 2, width * 1.5, 3.5) & (dice.noise(30, 30) > -0.3)
    canvas.paint(spray, (236, 240, 242), "waterfall")
    rocks(canvas, below(basin), dice.count(2, 6), (3, 9))
    for _ in range(dice.count(0, 4)):
        x = dice.between(0, 14) if dice.chance(0.5) else dice.between(82, SIZE)
        tree(canvas, x, dice.between(50, 90), dice.between(20, 40))
    _people(canvas, 1, 84, (10, 14))
