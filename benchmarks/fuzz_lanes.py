"""Second lanes by every engine against NumPy's, on random problems: all places of all beams.

    python benchmarks/fuzz_lanes.py [n_problems] [seed]

Literals, pairs, or both; concepts of any density, invalid cells, cells that share signatures, units
that are formulas with noise; every objective, several steps, penalties, ways to drop equals, least
supports, widths and lengths. What a result is compared by: formulas, scores to the last bit, exact
counts, order, and how many formulas were scored. And no unit is worse than by the beam alone.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

import numpy as np
from common import engines

from logicx import ConceptBank
from logicx.engines.numpy_engine import NumpyEngine
from logicx.runs.running import search_compiled, search_on_device
from logicx.scoring.objectives import objective_named
from logicx.search.beam import Beam
from logicx.search.formulas.literals import LiteralSpace
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import Step
from logicx.search.lanes import Lanes

GOALS = ("iou", "iou", "iou", "precision", "recall", "dice", "accuracy", "mcc", "fbeta(0.5)")
STEPS = (("OR", "AND", "AND NOT"), ("OR", "AND", "AND NOT"), ("AND", "OR NOT"), ("OR", "XOR"))


def problem(dice: np.random.Generator) -> tuple[ConceptBank, list[np.ndarray]]:
    """A bank, and the on-counts of three units."""
    k, n = int(dice.integers(1, 30)), int(dice.choice([5, 30, 64, 65, 300]))
    masks = dice.random((k, n)) < dice.random((k, 1)) ** dice.choice([1, 3])
    masks[dice.integers(k)] = masks[dice.integers(k)]
    masks = np.repeat(masks, dice.integers(1, dice.choice([2, 2, 12]), n), axis=1)
    valid = dice.random(masks.shape[1]) < dice.choice([0.9, 2])
    valid[0] = True
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(k)], valid=valid)
    units = []
    for _ in range(3):
        a, b, c, d = masks[dice.integers(0, k, 4)]
        made = (~a, (a & b) | (c & d), ~a & ~b, (a | b) & ~c, a & False)[int(dice.integers(5))]
        noise = dice.random(masks.shape[1]) < dice.choice([0, 0.1, 0.5])
        units.append(bank.on_counts(made ^ noise))
    return bank, units


def options(dice: np.random.Generator, n_concepts: int) -> tuple[Beam, int, dict[str, bool], Any]:
    """A beam, the width of its second lane, what is in that, and the rest of a space."""
    steps = [Step.of(one) for one in STEPS[int(dice.integers(len(STEPS)))]]
    goal = objective_named(GOALS[int(dice.integers(len(GOALS)))])
    dedupe = ("meaning", "meaning", "none")[int(dice.integers(3))]
    zeros = bool(dice.random() < 0.8)
    beam = Beam(int(dice.integers(1, 12)), int(dice.integers(1, 7)), dedupe, 1, zeros)  # type: ignore[arg-type]
    operands = np.flatnonzero(dice.random(n_concepts) < dice.choice([0.8, 2, 2]))
    penalty, least = float(dice.choice([1, 1, 0.95])), int(dice.choice([0, 0, 20]))
    lane = ({"negates": True}, {"joins": True}, {"negates": True, "joins": True})[
        int(dice.integers(3))
    ]
    lane = {"negates": False, "joins": False, **lane}
    return (
        beam,
        int(dice.integers(1, 6)),
        lane,
        (goal, steps, operands, penalty, False, (0, 0), False, least),
    )


def plain(result: Any) -> Any:
    """All places of all beams, and how many formulas were scored."""
    return result.n_scored, [
        [(one.score, one.node.size, one.node.n_both, str(one.node.formula)) for one in level]
        for level in result.levels
    ]


def main() -> None:
    """Count the problems and what differs."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    others = [one for one in engines() if one != "numpy"]
    wrong, started = Counter[str](), time.process_time()
    for seed in range(first, first + n):
        dice = np.random.default_rng(seed)
        bank, units = problem(dice)
        beam, extra, lane, parts = options(dice, bank.n_concepts)

        def space(on: np.ndarray, engine: Any = NumpyEngine) -> LiteralSpace:
            return LiteralSpace(engine(bank, on), *parts, **lane)  # noqa: B023

        want = [plain(Lanes(beam, extra).search(space(on))) for on in units]
        alone = [beam.search(FormulaSpace(NumpyEngine(bank, on), *parts)) for on in units]
        for one, (_, levels) in zip(alone, want, strict=True):
            worse = [a and a[0].score > b[0][0] for a, b in zip(one.levels, levels, strict=True)]
            wrong["worse than the beam alone"] += any(worse)
        for engine in others:
            if engine == "numba":
                from logicx.engines.numba_engine import NumbaEngine

                found = [
                    plain(search_compiled(beam, space(on, NumbaEngine), True, extra))
                    for on in units
                ]
            else:
                import torch

                device = torch.device("cpu")
                told = search_on_device(beam, [space(on) for on in units], device, True, extra)
                found = [plain(one) for one in told]
            if found != want:
                wrong[engine] += 1
                print(f"seed {seed}: {engine} differs", file=sys.stderr)
    print(f"{n:,} problems of 3 units, {time.process_time() - started:.0f} CPU s;", end=" ")
    print(f"numpy against {', '.join(others)}: {dict(+wrong) or 'no difference'}")


if __name__ == "__main__":
    main()
