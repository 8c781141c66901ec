"""Proofs held against trying every formula, on random small problems: disagreements are printed.

    python benchmarks/fuzz_optimal.py n_problems [first_seed]

Problems have 4 to 9 concepts; planted formulas, repeated and invalid cells, signatures partly on;
lengths 2 to 5 (6 where it is small enough to try), chains and trees, every kind of objective. Each
is proven without a limit, where there is a proof, and under random limits, where bounds must hold.
What is taken only on large banks in practice (quick looks, cut lists) is forced on small ones.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "helpers"))

from test_optimal import RATIOS, world

from logicx.errors import OptionError
from logicx.search.formulas.exhaustive import exhaustive
from logicx.search.formulas.shapes import is_within
from logicx.search.optimal import proving
from logicx.search.optimal.searching import optimal

UNLIMITED = 10**15
MOST_TRIED = 1_500_000


@dataclass(frozen=True)
class PrecisionRecall:
    """Precision times recall, monotone but no ratio of sums: proofs may end with a bound."""

    name: str = "precision times recall"
    directions: tuple[int, int] = (1, -1)

    def score(self, tp, fp, n_on, n_cells):
        tp, fp = np.asarray(tp, float), np.asarray(fp, float)
        return np.divide(tp * tp, (tp + fp) * n_on, out=np.zeros(tp.shape), where=tp > 0)


def problem(seed: int):
    dice = np.random.default_rng(seed)
    length = int(dice.choice([2, 3, 4, 5, 6], p=[0.15, 0.3, 0.3, 0.2, 0.05]))
    goals = [*RATIOS, "iou", "mcc", PrecisionRecall()]
    goal = goals[int(dice.integers(len(goals)))]
    shape = "tree" if dice.random() < 0.6 else "chain"
    most = {2: 9, 3: 9, 4: 7, 5: 5, 6: 4}[length]
    bank, on = world(seed, n_concepts=int(dice.integers(4, most + 1)))
    return bank, on, {"length": length, "objective": goal, "shape": shape}, dice


def disagreements(bank, on, options, dice) -> list[str]:
    tried = exhaustive(bank, on, max_combinations=MOST_TRIED, **options)
    wrong = []

    def check(found, what):
        for one, best in zip(found.by_length, tried.by_length, strict=True):
            if one.score > best.score + 1e-12 or not is_within(one.formula, options["shape"]):
                wrong.append(f"{what}: {one.formula} is none of the space")
            if found.is_proven and one.score < best.score - 1e-12:
                wrong.append(f"{what}: proven {one.score}, but there is {best.score}")
        if found.bound < tried.score - 1e-12:
            wrong.append(f"{what}: bound {found.bound}, but there is {tried.score}")
        if found.is_proven and found.bound != found.score:
            wrong.append(f"{what}: proven, but open")

    whole = optimal(bank, on, node_limit=UNLIMITED, **options)
    check(whole, "whole")
    is_exact = not isinstance(options["objective"], PrecisionRecall) and options["length"] <= 5
    if is_exact and not whole.is_proven:
        wrong.append("no proof")
    if options["length"] <= 4:
        check(optimal(bank, on, **options), "without a limit")
    for node_limit in np.exp(dice.uniform(0, np.log(whole.counters.nodes + 2), 3)):
        check(optimal(bank, on, node_limit=max(1, int(node_limit)), **options), "limited")
    return wrong


def main() -> None:
    n_problems, first = (
        int((sys.argv[1:] or ["5000"])[0]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 0,
    )
    proving.FOCUS, proving.CALL_NODES = {2: 3, 3: 3}, 20
    n_wrong, n_tried, started = 0, Counter(), time.process_time()
    seed = first
    while sum(n_tried.values()) < n_problems:
        bank, on, options, dice = problem(seed)
        try:
            wrong = disagreements(bank, on, options, dice)
            n_tried[options["length"]] += 1
        except OptionError as error:
            if "too large to try" not in error.message:
                raise
            wrong = []
        for line in wrong:
            n_wrong += 1
            print(seed, options, line, flush=True)
        seed += 1
        if seed % 100 == 0:
            n_problems_tried = sum(n_tried.values())
            print(
                f"{n_problems_tried} problems, {n_wrong} disagreements", file=sys.stderr, flush=True
            )
    lengths = ", ".join(f"length {k}: {n}" for k, n in sorted(n_tried.items()))
    print(f"{sum(n_tried.values())} problems ({lengths}), seeds {first} to {seed - 1}")
    print(f"{n_wrong} disagreements; {time.process_time() - started:.0f} CPU s")


if __name__ == "__main__":
    main()
