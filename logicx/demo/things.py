"""Things that are built, and people."""

from __future__ import annotations

import numpy as np

from logicx.demo import textures
from logicx.demo.canvas import SIZE, XX, YY, Canvas, ellipse, rectangle


def house(canvas: Canvas, left: float, foot: float, width: float, height: float) -> None:
    """A house with a gable roof, a door in the middle and windows beside it."""
    dice = canvas.dice
    walls = [
        *((226, 214, 190), (196, 120, 90), (222, 190, 130)),
        *((170, 178, 186), (206, 90, 76), (238, 236, 230)),
    ]
    wall = dice.tint(dice.pick(walls))
    front = rectangle(left, foot - height, left + width, foot)
    canvas.paint(front, wall, "house", texture=textures.plaster(dice), strength=5)
    ridge = foot - height * 1.6
    gable = (ridge <= YY) & (foot - height > YY)
    gable &= np.abs(XX - left - width / 2) <= (YY - ridge) / (height * 0.6) * (width * 0.58)
    tiles = dice.tint(dice.pick([(150, 62, 46), (110, 70, 56), (92, 92, 102)]))
    canvas.paint(gable, tiles, "house", "roof", texture=dice.noise(70, 20), strength=12)
    glass = dice.tint((84, 110, 140), 8)
    bays = max(int(width // 7), 1)
    for bay in range(bays):
        x = left + width * (bay + 0.5) / bays
        if bay == bays // 2:
            half = width * 0.06 + 1
            door = rectangle(x - half, foot - height * 0.5, x + half, foot)
            canvas.paint(door, dice.tint((92, 58, 40)), part="door")
        else:
            window = rectangle(x - 1.6, foot - height * 0.75, x + 1.6, foot - height * 0.35)
            canvas.paint(window, glass, part="window")
    if bays == 1:
        beside = left + width * 0.1, left + width * 0.35
        window = rectangle(beside[0], foot - height * 0.8, beside[1], foot - height * 0.45)
        canvas.paint(window, glass, part="window")


def building(
    canvas: Canvas, left: float, foot: float, width: float, height: float, night: bool = False
) -> None:
    """A block with a grid of windows, half of them lit at night."""
    dice = canvas.dice
    if night:
        wall = dice.tint((32, 34, 46), 8)
    else:
        walls = [
            *((150, 146, 142), (186, 170, 150), (160, 110, 90)),
            *((122, 132, 146), (206, 200, 190)),
        ]
        wall = dice.tint(dice.pick(walls))
    front = rectangle(left, foot - height, left + width, foot)
    canvas.paint(front, wall, "building", texture=textures.plaster(dice), strength=5)
    bay, storey = dice.count(4, 5), dice.count(5, 7)
    across, down = (XX - left).astype(int), (YY - foot + height).astype(int)
    windows = front & (across % bay >= 2) & (down % storey >= 3) & (left + width - 1 > XX)
    if not night:
        glass = dice.tint(dice.pick([(66, 84, 108), (120, 146, 170), (50, 52, 60)]), 8)
        canvas.paint(windows, glass, part="window")
        return
    lights = dice.flags((40, 40), 0.5)
    lit = lights[down // storey % 40, across // bay % 40]
    canvas.paint(windows & lit, dice.tint((248, 212, 110)), part="window")
    canvas.paint(windows & ~lit, dice.tint((18, 20, 30), 4), part="window")


def boat(
    canvas: Canvas, x: float, waterline: float, size: float, sailing: bool | None = None
) -> None:
    """A hull with either a mast and a sail, or a cabin."""
    dice = canvas.dice
    hulls = [(240, 240, 240), (180, 50, 44), (50, 70, 120), (110, 74, 46), (230, 190, 60)]
    color = dice.tint(dice.pick(hulls), 8)
    deck = waterline - size * 0.28
    hull = (deck <= YY) & (waterline > YY) & (np.abs(XX - x) < size * 0.6 - (YY - deck) * 0.55)
    canvas.paint(hull, color, "boat", texture=dice.noise(60, 6), strength=6)
    if sailing is None:
        sailing = dice.chance(0.6)
    if not sailing:
        cabin = rectangle(x - size * 0.25, waterline - size * 0.55, x + size * 0.15, deck)
        canvas.paint(cabin, color * 0.5 + 110, "boat")
        return
    top = waterline - size * 1.4
    sail = (top <= YY) & (waterline - size * 0.34 > YY) & (x <= XX) & (x + (YY - top) * 0.5 > XX)
    cloth = {"white": (246, 244, 236), "cream": (238, 230, 210), "red": (224, 84, 60)}
    shade = cloth[dice.weighted({"white": 0.6, "cream": 0.2, "red": 0.2})]
    canvas.paint(sail, dice.tint(shade, 6), "boat", "sail")
    mast = rectangle(x - 0.8, waterline - size * 1.45, x + 0.4, deck)
    canvas.paint(mast, (90, 70, 50), "boat")


def car(canvas: Canvas, x: float, foot: float, size: float) -> None:
    """A car from the side."""
    dice = canvas.dice
    paints = [
        *((190, 36, 36), (40, 70, 150), (230, 230, 232)),
        *((40, 42, 46), (226, 190, 50), (60, 120, 80)),
    ]
    color = dice.tint(dice.pick(paints))
    sill, shoulder, roof = foot - size * 0.08, foot - size * 0.32, foot - size * 0.52
    canvas.paint(rectangle(x - size * 0.5, shoulder, x + size * 0.5, sill), color, "car")
    cabin = (roof <= YY) & (shoulder > YY) & (np.abs(XX - x) < size * 0.2 + (YY - roof) * 0.6)
    canvas.paint(cabin, color, "car")
    pane = (roof + size * 0.05 <= YY) & (shoulder - size * 0.02 > YY)
    pane &= np.abs(XX - x) < size * 0.18 + (YY - roof) * 0.4
    canvas.paint(pane, (120, 150, 175), part="window")
    tyre = size * 0.11 + 0.5
    for side in (-0.3, 0.3):
        canvas.paint(ellipse(x + side * size, sill, tyre, tyre), (24, 24, 26), "car", "wheel")


def person(canvas: Canvas, x: float, foot: float, height: float, swimming: bool = False) -> None:
    """A standing figure, or only the head of a swimmer."""
    dice = canvas.dice
    clothes = [
        *((200, 50, 60), (240, 200, 60), (50, 80, 170), (240, 240, 240)),
        *((60, 60, 64), (60, 150, 100), (200, 90, 170)),
    ]
    shirt = dice.tint(dice.pick(clothes))
    skin = dice.tint(dice.pick([(222, 178, 146), (150, 104, 76), (98, 66, 50)]), 6)
    if not swimming:
        trousers = dice.tint(dice.pick([(50, 54, 80), (70, 60, 50), (40, 40, 44)]), 6)
        half = height * 0.11 + 0.3
        legs = rectangle(x - half, foot - height * 0.4, x + half, foot)
        canvas.paint(legs, trousers, "person")
        torso = ellipse(x, foot - height * 0.55, height * 0.17 + 0.4, height * 0.26)
        canvas.paint(torso, shirt, "person")
    head = ellipse(x, foot - height * 0.88, height * 0.11 + 0.5, height * 0.12 + 0.4)
    canvas.paint(head, skin, "person", "head")


def umbrella(canvas: Canvas, x: float, foot: float, size: float) -> None:
    """A parasol, mostly striped."""
    dice = canvas.dice
    cloths = [(214, 50, 50), (240, 190, 40), (60, 110, 200), (240, 130, 50), (220, 90, 150)]
    cloth = dice.tint(dice.pick(cloths), 8)
    canvas.paint(rectangle(x - 0.6, foot - size, x + 0.6, foot), (220, 215, 205), "umbrella")
    shade = ellipse(x, foot - size * 0.75, size * 0.7, size * 0.5) & (foot - size * 0.72 > YY)
    canvas.paint(shade, cloth, "umbrella")
    if dice.chance(0.7):
        stripe = ((XX - x) / (size * 0.2)).astype(int) % 2 == 1
        canvas.paint(shade & stripe, (245, 242, 235))


def bridge(canvas: Canvas, foot: float, height: float, arched: bool) -> None:
    """A bridge from edge to edge, on arches or on posts."""
    dice = canvas.dice
    color = dice.tint(dice.pick([(150, 140, 128), (128, 88, 64), (176, 168, 156), (150, 60, 50)]))
    top = foot - height
    span = SIZE / dice.count(1, 3)
    along = (XX + dice.between(0, span)) % span
    body = (top <= YY) & (top + max(height * 0.35, 3) > YY)
    between = (top <= YY) & (foot > YY)
    if arched:
        opening = np.sqrt(np.clip(1 - (along / span * 2 - 1) ** 2, 0, 1))
        body |= between & (foot - height * 0.7 * opening > YY)
    else:
        body |= between & (along < 3)
    canvas.paint(body, color, "bridge", texture=dice.noise(36, 30), strength=12)
    canvas.paint(body & (top + 1.5 > YY), color - 34)


def pier(canvas: Canvas, x: float, far: float, width: float) -> None:
    """A wooden jetty from `far` down to the lower edge, with planks across."""
    dice = canvas.dice
    nearness = (YY - far) / (SIZE - far)
    middle = x + (YY - far) * dice.between(-0.5, 0.5)
    deck = (far <= YY) & (np.abs(XX - middle) < width * (0.35 + 0.65 * nearness))
    planks = (YY.astype(int) % 3 - 1).astype(np.float32)
    canvas.paint(deck, dice.tint((130, 98, 66), 9), "pier", texture=planks, strength=18)


def fence(canvas: Canvas, foot: float, height: float) -> None:
    """Posts and two rails from edge to edge, white or brown."""
    dice = canvas.dice
    posts = (XX.astype(int) % 9 < 2) & (foot - height <= YY) & (foot > YY)
    for level in (0.8, 0.4):
        rail = foot - height * level
        posts |= (rail <= YY) & (rail + 1.6 > YY)
    canvas.paint(posts, dice.tint(dice.pick([(236, 232, 222), (120, 88, 58)]), 6), "fence")


def lamp(canvas: Canvas, x: float, foot: float, height: float, lit: bool) -> None:
    """A street lamp."""
    canvas.paint(rectangle(x - 0.7, foot - height, x + 0.7, foot), (56, 58, 60), "lamp")
    globe = (252, 226, 140) if lit else (214, 214, 206)
    canvas.paint(ellipse(x, foot - height, 2.2, 2.2), globe, "lamp")
