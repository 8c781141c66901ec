"""Scenes without much water: one function each, painted back to front."""

from __future__ import annotations

import numpy as np

from logicx.demo import land
from logicx.demo.canvas import SIZE, XX, YY, Canvas, Mask, below, ellipse
from logicx.demo.plants import cactus, conifer, flowers, palm, rocks, tree, tree_line, trunk
from logicx.demo.textures import ripples
from logicx.demo.things import boat, bridge, building, car, fence, house, lamp, person


def forest(canvas: Canvas, horizon: float) -> None:
    """Trees, firs and bare trunks at every distance, sometimes a path."""
    dice = canvas.dice
    horizon = dice.between(24, 44)
    land.sky(canvas, horizon)
    tree_line(canvas, horizon + 2, (14, 34), dice.count(9, 15))
    floor = land.grass if dice.chance(0.45) else land.ground
    floor(canvas, below(horizon))
    if dice.chance(0.45):
        land.ground(canvas, land.course(dice, horizon, dice.between(8, 20), bend=(3, 12)))
    for foot in dice.spots(dice.count(7, 13), horizon + 5, SIZE + 5):
        x, height = dice.between(0, SIZE), 24 + (foot - horizon) * 0.6
        kind = dice.weighted({"tree": 0.5, "conifer": 0.2, "trunk": 0.3})
        if kind == "tree":
            tree(canvas, x, foot, height)
        elif kind == "conifer":
            conifer(canvas, x, foot, height)
        else:
            trunk(canvas, x, foot, foot, dice.between(1.5, 5))
    if dice.chance(0.12):
        person(canvas, dice.between(20, 76), dice.between(80, 94), dice.between(12, 18))


def village(canvas: Canvas, horizon: float) -> None:
    """Houses on a meadow, a lane, people."""
    dice = canvas.dice
    land.sky(canvas, horizon)
    if dice.chance(0.4):
        land.hills(canvas, horizon, 10)
    if dice.chance(0.3):
        land.mountains(canvas, horizon, 14)
    land.grass(canvas, below(horizon))
    tree_line(canvas, horizon + 4, (10, 20), dice.count(2, 6))
    if dice.chance(0.7):
        land.road(canvas, land.course(dice, horizon, dice.between(10, 24), bend=(3, 14)))
    if dice.chance(0.15):
        kind = dice.weighted({"blue": 0.6, "green": 0.2, "brown": 0.2})
        land.water(canvas, below(dice.between(82, 90)), kind, "river")
    for foot in dice.spots(dice.count(2, 5), horizon + 6, horizon + 40):
        scale = 0.7 + (foot - horizon) / 26
        width, height = dice.between(12, 18), dice.between(8, 11)
        house(canvas, dice.between(-8, 84), foot, width * scale, height * scale)
    if dice.chance(0.4):
        fence(canvas, dice.between(70, 90), dice.between(5, 9))
    for _ in range(dice.count(0, 2)):
        tree(canvas, dice.between(0, SIZE), dice.between(66, 95), dice.between(20, 36))
    for _ in range(dice.count(0, 2)):
        person(canvas, dice.between(0, SIZE), dice.between(76, 95), dice.between(10, 15))
    if dice.chance(0.3):
        car(canvas, dice.between(15, 80), dice.between(78, 94), dice.between(13, 20))


def field(canvas: Canvas, horizon: float) -> None:
    """Meadow or corn with flowers and a fence."""
    dice = canvas.dice
    land.sky(canvas, horizon)
    if dice.chance(0.3):
        land.mountains(canvas, horizon, 12)
    if dice.chance(0.5):
        land.hills(canvas, horizon, 8)
    corn = (190, 168, 84) if dice.chance(0.25) else None
    land.grass(canvas, below(horizon + dice.profile(2, 1)), corn)
    if dice.chance(0.55):
        tree_line(canvas, horizon + 2, (8, 16), dice.count(1, 6), "tree")
    if dice.chance(0.55):
        flowers(canvas, below(horizon + dice.between(4, 20)))
    if dice.chance(0.4):
        fence(canvas, dice.between(56, 88), dice.between(5, 11))
    if dice.chance(0.25):
        width, height = dice.between(11, 17), dice.between(7, 10)
        house(canvas, dice.between(0, 80), horizon + 4, width, height)
    if dice.chance(0.3):
        tree(canvas, dice.between(8, 88), dice.between(horizon + 8, 84), dice.between(24, 44))
    if dice.chance(0.15):
        land.road(canvas, land.course(dice, horizon, dice.between(5, 12), bend=(3, 14)))
    if dice.chance(0.4):
        person(canvas, dice.between(0, SIZE), dice.between(76, 95), dice.between(9, 14))


def desert(canvas: Canvas, horizon: float) -> None:
    """Dunes with cacti, seldom an oasis."""
    dice = canvas.dice
    weather = dice.weighted({"day": 0.6, "hazy": 0.28, "sunset": 0.12})
    land.sky(canvas, horizon, weather, dice.chance(0.2))
    if dice.chance(0.5):
        land.sun(canvas, dice.between(8, 20))
    if dice.chance(0.3):
        land.mountains(canvas, horizon, 14, False)
    for dune in range(dice.count(1, 3)):
        land.sand(canvas, below(horizon + dune * 12 - 4 + 9 * dice.profile(2, 2)))
    for foot in dice.spots(dice.count(0, 4), horizon + 9, horizon + 53):
        cactus(canvas, dice.between(4, 92), foot, 10 + (foot - horizon) * 0.5)
    if dice.chance(0.5):
        rocks(canvas, below(horizon + 6), dice.count(1, 5), (3, 9))
    if dice.chance(0.15):
        land.road(canvas, land.course(dice, horizon, dice.between(8, 18), bend=(3, 14)))
    if dice.chance(0.1):
        width, height = dice.between(10, 20), dice.between(3, 7)
        pond = ellipse(dice.between(20, 76), dice.between(66, 84), width, height)
        land.water(canvas, pond, dice.weighted({"blue": 0.5, "teal": 0.5}), "water")
        palm(canvas, dice.between(10, 86), dice.between(66, 80), dice.between(26, 40))


def ski_slope(canvas: Canvas, horizon: float) -> None:
    """Snow with firs below white peaks."""
    dice = canvas.dice
    land.sky(canvas, horizon)
    land.mountains(canvas, horizon, dice.between(14, 28), True)
    piste = below(land.slope(dice, horizon, 0.3, 5))
    land.snow(canvas, piste)
    rows, columns = np.nonzero(canvas.where("snow"))
    for spot in dice.spots(dice.count(2, 10), 0, len(rows)):
        foot = float(rows[int(spot)])
        conifer(canvas, float(columns[int(spot)]), foot + 2, 10 + (foot - 20) * 0.28)
    if dice.chance(0.3):
        foot = dice.between(56, 74)
        house(canvas, dice.between(0, 75), foot, dice.between(14, 22), dice.between(9, 12))
    for _ in range(dice.count(0, 4)):
        person(canvas, dice.between(5, 91), dice.between(60, 95), dice.between(9, 15))
    if dice.chance(0.25):
        rocks(canvas, piste, dice.count(1, 3), (3, 7))


def street(canvas: Canvas, horizon: float) -> None:
    """Buildings, pavement, a road with cars, by day."""
    kerb = _skyline(canvas, horizon, night=False)
    _roadway(canvas, kerb, night=False)
    _passers_by(canvas, kerb, night=False)
    dice = canvas.dice
    if dice.chance(0.4):
        tree(canvas, dice.between(3, 93), kerb + 5, dice.between(18, 30))


def city_at_night(canvas: Canvas, horizon: float) -> None:
    """The same street at night; sometimes black water instead, which counts as sea."""
    kerb = _skyline(canvas, horizon, night=True)
    if canvas.dice.chance(0.25):
        _night_water(canvas, kerb)
    else:
        _roadway(canvas, kerb, night=True)
    _passers_by(canvas, kerb, night=True)


def _skyline(canvas: Canvas, horizon: float, night: bool) -> float:
    """Sky and a row of buildings; the height of the kerb before them is returned."""
    dice = canvas.dice
    land.sky(canvas, horizon + 10, "night" if night else None)
    if night and dice.chance(0.6):
        land.moon(canvas)
    left = dice.between(-8, 0)
    while left < SIZE:
        width = dice.between(10, 24)
        height = dice.between(20 if night else 18, horizon + (18 if night else 12))
        building(canvas, left, horizon + 14, width, height, night)
        left += width + dice.between(0, 4)
    return horizon + 13


def _night_water(canvas: Canvas, shore: float) -> None:
    dice = canvas.dice
    land.water(canvas, below(shore), "black", "sea")
    lights = (shore < YY) & (dice.noise(3, 30) > 0.35) & (ripples(dice) > 0.1)
    canvas.paint(lights, dice.tint((200, 165, 80)))
    if dice.chance(0.5):
        bridge(canvas, shore + dice.between(8, 14), dice.between(8, 12), arched=True)
        canvas.darken("bridge", 0.55)
    if dice.chance(0.3):
        boat(canvas, dice.between(10, 86), dice.between(shore + 10, 92), 14, sailing=False)


def _roadway(canvas: Canvas, kerb: float, night: bool) -> None:
    """Pavement and a marked road, either across the picture or away from the viewer."""
    dice = canvas.dice
    land.pavement(canvas, below(kerb))
    edge = kerb + dice.between(4, 9)
    surface: Mask
    if dice.chance(0.55):
        surface = edge < YY
        line = (np.abs(YY - (edge + SIZE) / 2) < 1.2) & (XX.astype(int) // 8 % 2 == 0)
    else:
        nearness = (YY - kerb) / (SIZE - kerb)
        aside = np.abs(XX - dice.between(30, 66))
        surface = (kerb < YY) & (aside < 5 + dice.between(26, 44) * nearness)
        line = (aside < 0.6 + nearness * 1.2) & (YY.astype(int) // 6 % 2 == 0)
    land.road(canvas, surface, line)
    if night:
        canvas.darken("pavement", 0.38)
        canvas.darken("road", 0.45)
    for foot in dice.spots(dice.count(1, 4), edge + 6, SIZE + 2):
        car(canvas, dice.between(8, 88), foot, 12 + (foot - edge) * 0.35)


def _passers_by(canvas: Canvas, kerb: float, night: bool) -> None:
    dice = canvas.dice
    for _ in range(dice.count(0, 3)):
        person(canvas, dice.between(3, 93), kerb + dice.between(4, 10), dice.between(10, 15))
    for _ in range(dice.count(0, 2)):
        lamp(canvas, dice.between(3, 93), kerb + 5, dice.between(20, 32), lit=night)
