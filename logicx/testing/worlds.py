"""Small banks and units for kits, and every formula over them by a slow way.

Formulas are sets of cells here, and nothing of logicx counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.banks.universe import Universe
from logicx.language.formula import Apply, Concept
from logicx.units.units import Units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from logicx.language.formula import Formula

    Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class World:
    """A bank with some cells that do not count, and a unit that is like a formula with noise.

    Args:
        bank: The bank.
        units: The unit, called `u`.
        masks: The concepts at the cells that count, `bool[n_concepts, n_valid]`.
        unit: The unit at the cells that count, `bool[n_valid]`.
    """

    bank: ConceptBank
    units: Units
    masks: Masks
    unit: Masks

    @property
    def counts(self) -> tuple[int, int]:
        """Cells where the unit fires, and all that count."""
        return int(self.unit.sum()), len(self.unit)


def worlds(n: int, kinds: tuple[str, ...] = ("rows", "tokens", "pixels")) -> Iterator[World]:
    """So many worlds, the same ones each time; some units fire nearly everywhere or nowhere."""
    for seed in range(n):
        yield world(seed, kinds[seed % len(kinds)])


def world(seed: int, kind: str = "rows", n_concepts: int = 5) -> World:
    """One world of a kind of universe: rows, pairs, tokens or pixels."""
    dice = np.random.default_rng(seed)
    if kind == "pixels":
        universe = Universe.pixels(*dice.integers((2, 2, 2), (7, 6, 6)).tolist())
    elif kind == "tokens":
        universe = Universe.tokens(np.cumsum([0, *dice.integers(0, 9, 8), 5]))
    else:
        universe = Universe(kind, (int(dice.integers(20, 90)),))
    n_cells = universe.n_cells
    masks = dice.random((n_concepts, n_cells)) < dice.uniform(0.05, 0.9, (n_concepts, 1))
    masks[-1] = masks[0] & (dice.random(n_cells) < 0.8)  # concepts that hold within each other
    a, b, c = masks[dice.integers(0, n_concepts, 3)]
    unit = ((a | b) & ~c) ^ (dice.random(n_cells) < dice.choice([0, 0.05, 0.3]))
    valid = dice.random(n_cells) < dice.choice([0.8, 1.0])
    valid[:2], unit[:2] = True, [True, False]
    names = [f"c{i}" for i in range(n_concepts)]
    bank = ConceptBank.from_masks(masks, names, valid=valid, universe=universe)
    units = Units.from_masks(unit[None], ["u"], universe=universe)
    return World(bank, units, masks[:, valid], unit[valid])


STEPS: dict[str, Callable[[Masks, Masks], Masks]] = {
    "OR": lambda f, c: f | c,
    "AND": lambda f, c: f & c,
    "AND NOT": lambda f, c: f & ~c,
    "OR NOT": lambda f, c: f | ~c,
    "XOR": lambda f, c: f ^ c,
}
"""What some steps mean."""

DEFAULT = ("OR", "AND", "AND NOT")
"""The steps of a search."""


def expansions(formula: Masks, masks: Masks, steps: Sequence[str] = DEFAULT) -> Masks:
    """Every step from a formula with every concept, `bool[n_concepts, n_steps, n_valid]`."""
    return np.stack([STEPS[one](formula, masks) for one in steps], axis=1)


def cells_of(formula: Formula, one: World) -> Masks:
    """The cells at which a formula of OR, AND, XOR and NOT holds, `bool[n_valid]`."""
    if isinstance(formula, Concept):
        found: Masks = one.masks[one.bank.names.index(formula.name)]
        return found
    assert isinstance(formula, Apply)
    first, *others = (cells_of(arg, one) for arg in formula.args)
    return ~first if formula.operator == "NOT" else STEPS[formula.operator](first, *others)


def literals(masks: Masks) -> Masks:
    """Every concept, and every concept's NOT, `bool[2 n_concepts, n_valid]`."""
    return np.concatenate([masks, ~masks])


def trees_of_two(masks: Masks) -> Masks:
    """All that literals and pairs of them joined by OR or AND denote, `bool[n, n_valid]`."""
    some = literals(masks)
    pairs = [joined for one in some for joined in (one | some, one & some)]
    return np.concatenate([some, *pairs])


def tp_fp(formulas: Masks, unit: Masks) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Counts of formulas against a unit, over the last axis."""
    return (formulas & unit).sum(axis=-1), (formulas & ~unit).sum(axis=-1)
