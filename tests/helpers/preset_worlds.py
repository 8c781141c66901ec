"""What tests of presets share: random worlds of images, and what logicx keeps of them.

A formula is a tuple of (step, concept); the first step is empty.
"""

from __future__ import annotations

import numpy as np

from logicx import ConceptBank, Units
from logicx.banks.universe import Universe
from logicx.engines.numpy_engine import NumpyEngine
from logicx.runs.presets import PRESETS
from logicx.runs.running import search_compiled
from logicx.scoring.objectives import objective_named
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import DEFAULT_STEPS, Step

STEPS = {
    "": lambda _, c: c,
    "OR": lambda f, c: f | c,
    "AND": lambda f, c: f & c,
    "AND NOT": lambda f, c: f & ~c,
}
IMAGES, HEIGHT, WIDTH = 12, 3, 4


class World:
    """A random bank over images, and a unit; masks and unit without the invalid cells.

    Signatures weigh as much as their cells are many: with few concepts, all are repeated. Some
    concepts never meet the unit, one may hold nowhere and one is the copy of another.
    """

    def __init__(self, seed: int, n_concepts: int = 7) -> None:
        dice = np.random.default_rng(seed)
        n_cells = IMAGES * HEIGHT * WIDTH
        masks = dice.random((n_concepts, n_cells)) < dice.uniform(0.03, 0.6, (n_concepts, 1))
        unit = (masks[0] | masks[1]) & ~masks[2] ^ (dice.random(n_cells) < dice.choice([0, 0.15]))
        masks[3] &= ~unit
        masks[4] &= np.repeat(dice.random(IMAGES) < 0.5, HEIGHT * WIDTH)
        masks[5] &= bool(dice.random() < 0.7)
        masks[dice.integers(n_concepts)] = masks[dice.integers(n_concepts)]
        valid = dice.random(n_cells) < dice.choice([0.6, 0.9, 1.0])
        unit[np.flatnonzero(valid)[0]] = True
        names = [f"c{i}" for i in range(n_concepts)]
        universe = Universe.pixels(IMAGES, HEIGHT, WIDTH)
        self.bank = ConceptBank.from_masks(masks, names, universe=universe, valid=valid)
        self.units = Units.from_masks(unit[None], ["u"], universe=universe)
        self.masks, self.unit = masks[:, valid], unit[valid]
        self.images = np.repeat(np.arange(IMAGES), HEIGHT * WIDTH)[valid]

    def mask(self, formula):
        mask = None
        for step, concept in formula:
            mask = STEPS[step](mask, self.masks[concept])
        return mask

    def sizes(self, formula):
        """Cells in the intersection with the unit, and in the union."""
        mask = self.mask(formula)
        return int((mask & self.unit).sum()), int((mask | self.unit).sum())

    def levels(self, preset, width, length, penalty=1.0, engine_of=NumpyEngine):
        """What logicx keeps at each length: [(score, formula)]."""
        rules = PRESETS[preset]
        engine = engine_of(self.bank, self.units.on(self.bank, "u"))
        operands = np.arange(self.bank.n_concepts)
        if not rules.adds_absent:
            operands = np.flatnonzero(engine.on_count)
        space = FormulaSpace(
            engine,
            rules.goal(objective_named("iou")),
            [Step.of(one) for one in DEFAULT_STEPS],
            operands,
            penalty,
            rules.penalizes_not,
            rules.distinct,
            rules.skips_apart,
        )
        beam = rules.beam(width, length)
        is_compiled = engine_of is not NumpyEngine
        result = search_compiled(beam, space, True) if is_compiled else beam.search(space)
        found = result.levels
        return [[(one.score, one.node.formula) for one in level] for level in found]
