"""Proofs and trials over literals against brute force over all formulas of AND, OR and NOT.

    python benchmarks/fuzz_literals.py [n_problems] [seed]

Random problems: lengths 1 to 3 on 2 to 6 concepts, 4 on 2 to 4; invalid cells, cells that share
signatures, units that are formulas with noise, any objective. Brute force knows nothing of logicx
but the objective: sets of cells are whole numbers, and every formula of every length is made by
AND and OR of two shorter ones, and by NOT of each. `exhaustive` and `optimal` must find the same
best score at every length, with true counts, and none that is less than with `literals=off`.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from itertools import product

import numpy as np

from logicx import ConceptBank
from logicx.scoring.counts import count
from logicx.scoring.objectives import Objective, objective_named
from logicx.search.formulas.exhaustive import exhaustive
from logicx.search.optimal.searching import optimal

GOALS = ("iou", "iou", "iou", "precision", "recall", "dice", "accuracy", "mcc", "fbeta(0.5)")
SAME = 1e-12


def number(mask: np.ndarray) -> int:
    """A set of cells as a whole number."""
    return sum(1 << i for i in np.flatnonzero(mask).tolist())


def brute_force(
    masks: np.ndarray, unit: np.ndarray, valid: np.ndarray, length: int, goal: Objective
) -> list[float]:
    """The best score of at most 1, 2, ... concepts, over all formulas of AND, OR and NOT."""
    everything, fires = number(valid), number(unit & valid)
    levels = [{number(one & valid) for one in masks}]
    best, found = -np.inf, []
    for k in range(1, length + 1):
        made = levels[0] if k == 1 else set[int]()
        for i in range(1, k):
            for a, b in product(levels[i - 1], levels[k - i - 1]):
                made.add(a & b)
                made.add(a | b)
        made |= {everything ^ one for one in made}
        levels[k - 1 :] = [made]
        for one in made:
            tp = (one & fires).bit_count()
            fp, n_on = one.bit_count() - tp, fires.bit_count()
            best = max(best, float(goal.score(tp, fp, n_on, everything.bit_count())))
        found.append(best)
    return found


def main() -> None:
    """Count problems and disagreements."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    of_length, wrong, open_, better, started = Counter(), Counter(), 0, 0, time.process_time()
    for seed in range(first, first + n):
        dice = np.random.default_rng(seed)
        length = int(dice.integers(1, 5))
        k, n_cells = int(dice.integers(2, 5 if length == 4 else 7)), int(dice.integers(3, 24))
        masks = dice.random((k, n_cells)) < dice.random((k, 1))
        unit = dice.random(n_cells) < dice.random()
        if dice.random() < 0.4:
            a, b, c = masks[dice.integers(0, k, 3)]
            unit = ((~a | b) & ~c) ^ (dice.random(n_cells) < 0.1)
        times = dice.integers(1, dice.choice([2, 2, 5]), n_cells)
        masks, unit = np.repeat(masks, times, axis=1), np.repeat(unit, times)
        unit ^= dice.random(len(unit)) < dice.choice([0, 0.1])
        valid = dice.random(len(unit)) < dice.choice([0.9, 2])
        unit[0] = valid[0] = True
        goal = objective_named(GOALS[int(dice.integers(len(GOALS)))])
        bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(k)], valid=valid)
        on = bank.on_counts(unit)
        want = brute_force(masks, unit, valid, length, goal)
        of_length[length] += 1
        options = {"objective": goal, "length": length}
        tried = exhaustive(bank, on, **options, literals=True)
        proof = optimal(bank, on, **options, literals=True)
        for name, found in (("exhaustive", tried), ("optimal", proof)):
            if any(count(one.formula, bank, on) != one.counts for one in found.by_length):
                wrong[f"{name}: counts"] += 1
            if found is proof and not proof.is_proven:
                open_ += 1
                wrong["optimal: bound"] += proof.bound < want[-1] - SAME
            elif np.abs(np.array([one.score for one in found.by_length]) - want).max() > SAME:
                wrong[f"{name}: score"] += 1
                print(f"seed {seed}: {name} differs", file=sys.stderr)
        plain = exhaustive(bank, on, **options, literals=False)
        better += plain.score < want[-1]
        wrong["worse than literals=off"] += plain.score > want[-1]
    lengths = ", ".join(f"{of_length[one]:,} of length {one}" for one in sorted(of_length))
    print(f"{n:,} problems ({lengths}), {time.process_time() - started:.0f} CPU s")
    print(f"not proven, bound held: {open_}; better than with literals=off: {better}")
    print(f"disagreements: {dict(+wrong) or 0}")


if __name__ == "__main__":
    main()
