"""What tests of searches share: random worlds, a slow beam, a space of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from logicx import ConceptBank, Units, explain
from logicx.engines.numpy_engine import NumpyEngine
from logicx.search.beam import Beam
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import Step

if TYPE_CHECKING:
    from collections.abc import Sequence


DEFAULT = ("OR", "AND", "AND NOT")


def world(seed: int, n_concepts: int = 6, n_cells: int = 90, repeats: int = 1):
    """A random bank with some invalid cells, and a unit; `repeats` makes signatures weigh more."""
    dice = np.random.default_rng(seed)
    masks = dice.random((n_concepts, n_cells)) < dice.uniform(0.05, 0.6, (n_concepts, 1))
    masks = np.repeat(masks, repeats, axis=1)
    valid = dice.random(masks.shape[1]) < 0.9
    unit = (masks[0] | masks[1]) & ~masks[2] ^ (dice.random(masks.shape[1]) < 0.15)
    unit[np.flatnonzero(valid)[0]] = True
    names = [f"c{i}" for i in range(n_concepts)]
    bank = ConceptBank.from_masks(masks, names, valid=valid)
    return bank, Units.from_masks(unit[None], ["u"]), masks[:, valid], unit[valid]


def plain_beam(
    masks, unit, goal, width, length, steps, dedupe, absent=True, min_support=0, min_atom_support=0
):
    """The same search, cell by cell and formula by formula: [(score, text, mask)] at each length.

    Order and ties as documented: earlier beams first, then formula, concept, step.
    """
    n_on, n = int(unit.sum()), len(unit)

    def value(mask):
        tp = int((mask & unit).sum())
        return float(goal.score(tp, int(mask.sum()) - tp, n_on, n))

    def best(entries):
        kept, seen = [], set()
        entries = [one for one in entries if one[2].sum() >= min_support]
        for entry in sorted(entries, key=lambda one: -one[0]):
            meaning = entry[2].tobytes()
            if dedupe and meaning in seen:
                continue
            seen.add(meaning)
            kept.append(entry)
        return kept[:width]

    combine = {
        "OR": lambda f, c: f | c,
        "AND": lambda f, c: f & c,
        "AND NOT": lambda f, c: f & ~c,
        "XOR": lambda f, c: f ^ c,
        "OR NOT": lambda f, c: f | ~c,
        "XOR NOT": lambda f, c: ~(f ^ c),
    }
    taking_part = [i for i, mask in enumerate(masks) if mask.sum() >= min_atom_support]
    atoms = [(value(masks[i]), f"c{i}", masks[i]) for i in taking_part]
    beam = best(atoms)
    levels = [beam]
    operands = [i for i in taking_part if absent or (masks[i] & unit).any()]
    for _ in range(1, length):
        grown = [
            (value(mask), f"({text}) {step} c{i}", mask)
            for _, text, f in beam
            for i in operands
            for step in steps
            for mask in [combine[step](f, masks[i])]
        ]
        beam = best([*beam, *grown])
        levels.append(beam)
    return levels


def searched(bank, units, goal, width, length, steps, dedupe="meaning", absent=True):
    engine = NumpyEngine(bank, units.on(bank, "u"))
    operands = np.arange(bank.n_concepts) if absent else np.flatnonzero(engine.on_count)
    space = FormulaSpace(engine, goal, [Step.of(one) for one in steps], operands)
    return Beam(width, length, dedupe).search(space).levels


@dataclass(frozen=True)
class Number:
    """A value of an arithmetic expression, for a space that has nothing to do with bits."""

    text: str
    value: int
    length: int

    @property
    def fingerprint(self) -> int:
        return self.value % 7

    def denotes_as(self, other: Number) -> bool:
        return self.value == other.value

    @property
    def form(self) -> str:
        return self.text


class Numbers:
    """Expressions over 2, 3 and 7 with + and *; the closer to the target, the better."""

    class Some:
        def __init__(self, nodes: Sequence[Number], target: int) -> None:
            self.nodes = nodes
            self.scores = np.array([-abs(node.value - target) for node in nodes], float)
            self.n_scored = len(nodes)

        def above(self, floor: float, repeats: bool = True) -> Numbers.Some:
            return self

        def node(self, i: int) -> Number:
            return self.nodes[i]

    def __init__(self, target: int) -> None:
        self.target = target

    def atoms(self) -> Numbers.Some:
        return self.Some([Number(str(n), n, 1) for n in (2, 3, 7)], self.target)

    def expand(self, nodes: Sequence[Number], at_once: bool = False) -> list[Numbers.Some]:
        grown = [
            Number(f"({node.text}{sign}{n})", value, node.length + 1)
            for node in nodes
            for n in (2, 3, 7)
            for sign, value in (("+", node.value + n), ("*", node.value * n))
        ]
        return [self.Some(grown, self.target)]


def run(**options):
    bank, units, _, _ = world(options.pop("seed", 3), n_concepts=8)
    (found,) = explain(bank, units, **options)
    return found
