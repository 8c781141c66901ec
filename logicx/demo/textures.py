"""Lightness patterns of materials: sums of smooth noise, told apart by grain and direction."""

from __future__ import annotations

from logicx.demo.canvas import Dice, Field


def ripples(dice: Dice) -> Field:
    """Water: long and flat, in three sizes."""
    pattern: Field = 0.6 * dice.noise(40, 5) + 0.5 * dice.noise(24, 4) + 0.25 * dice.noise(48, 12)
    return pattern


def blades(dice: Dice) -> Field:
    """Grass: fine and upright, over broad patches."""
    pattern: Field = 0.6 * dice.noise(24, 95) + 0.4 * dice.noise(48, 48) + 0.35 * dice.noise(4, 4)
    return pattern


def leaves(dice: Dice) -> Field:
    """Foliage: blotches of two sizes."""
    pattern: Field = 0.7 * dice.noise(24, 24) + 0.6 * dice.noise(48, 48)
    return pattern


def grains(dice: Dice) -> Field:
    """Sand: fine grain over flat, broad waves."""
    pattern: Field = 0.25 * dice.noise(80, 80) + 0.5 * dice.noise(10, 3)
    return pattern


def crags(dice: Dice) -> Field:
    """Rock: dark creases where the coarse noise changes sign, and some grain."""
    pattern: Field = 1.6 * abs(dice.noise(8, 8)) - 0.8 + 0.5 * dice.noise(32, 32)
    return pattern


def plaster(dice: Dice) -> Field:
    """Walls and paving: almost even."""
    pattern: Field = 0.3 * dice.noise(60, 60) + 0.3 * dice.noise(3, 3)
    return pattern


def falls(dice: Dice) -> Field:
    """Falling water: upright streaks."""
    pattern: Field = 0.7 * dice.noise(5, 60) + 0.4 * dice.noise(8, 30)
    return pattern
