"""What tests of heuristics share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logicx import ConceptBank, Units
from logicx.banks.universe import Universe
from logicx.engines.numpy_engine import NumpyEngine
from logicx.scoring.objectives import objective_named
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import Step
from logicx.search.heuristics import HEURISTICS
from logicx.search.heuristics.space import GuidedFormulas

DEFAULT = ("OR", "AND", "AND NOT")


ADMISSIBLE = [name for name, one in HEURISTICS.items() if one.is_admissible]


FOR_IMAGES = ("mmesh", "mmesh-exact")


@dataclass(frozen=True)
class World:
    """A bank with invalid cells, and a unit; the masks are those of all cells."""

    bank: ConceptBank
    units: Units
    masks: np.ndarray
    unit: np.ndarray
    valid: np.ndarray


def world(seed, kind="pixels", n_concepts=8):
    """Boxes with holes in images; or random concepts over pairs, documents or rows."""
    dice = np.random.default_rng(seed)
    if kind == "pixels":
        universe = Universe.pixels(*dice.integers((1, 2, 2), (8, 9, 9)).tolist())
    elif kind == "tokens":
        lengths = dice.integers(0, 12, dice.integers(1, 12))
        universe = Universe.tokens(np.concatenate([[0], np.cumsum([*lengths, 5])]))
    else:
        universe = Universe(kind, (int(dice.integers(5, 150)),))
    n_concepts, n = int(dice.integers(1, n_concepts + 1)), universe.n_cells
    masks = dice.random((n_concepts, n)) < dice.uniform(0, 0.8, (n_concepts, 1)) ** 2
    if kind == "pixels":
        images, height, width = universe.shape
        boxes = np.zeros((n_concepts, images, height, width), bool)
        for concept in range(n_concepts):
            for image in np.flatnonzero(dice.random(images) < 0.6):
                top, left = dice.integers(0, height), dice.integers(0, width)
                boxes[concept, image, top : top + dice.integers(1, height + 1), left:] = True
                boxes[concept, image, :, left + dice.integers(1, width + 1) :] = False
        masks = boxes.reshape(n_concepts, n) & (dice.random((n_concepts, n)) < 0.95)
    a, b, c = masks[dice.integers(0, n_concepts, 3)]
    unit = ((a | b) & ~c) ^ (dice.random(n) < dice.choice([0, 0.02, 0.1, 0.4]))
    valid = dice.random(n) < dice.choice([0.8, 1])
    unit[np.flatnonzero(valid)[:1]] = True
    valid[np.flatnonzero(unit)[0]] = True
    names = [f"c{i}" for i in range(n_concepts)]
    bank = ConceptBank.from_masks(masks, names, valid=valid, universe=universe)
    return World(bank, Units.from_masks(unit[None], ["u"], universe=universe), masks, unit, valid)


def space_of(one, name, steps=DEFAULT, goal="iou", penalty=1.0, penalizes_not=False, meeting=False):
    """The plain space, and the same one with a heuristic."""
    engine = NumpyEngine(one.bank, one.units.on(one.bank, "u"))
    operands = np.flatnonzero(engine.on_count) if meeting else np.arange(one.bank.n_concepts)
    parts = (engine, objective_named(goal), [Step.of(step) for step in steps], operands)
    plain = FormulaSpace(*parts, penalty, penalizes_not)
    mask = one.units.mask("u")
    return plain, GuidedFormulas(HEURISTICS[name], mask, *parts, penalty, penalizes_not)


def groups_of(universe):
    """The cells of each group."""
    cells = np.arange(universe.n_cells)
    return [cells[universe.cells_of(i)] for i in range(universe.n_groups)]
