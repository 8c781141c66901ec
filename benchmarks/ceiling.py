"""The ceiling of a unit: microseconds, and how far the beam is below it.

    python benchmarks/ceiling.py

On the paper's own NLI bank for linear thresholds over all concepts, and on the demo's units. Each
ceiling is held against the slow way: all prefixes of the signatures, by exact share of cells on.
"""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from logicx import ConceptBank, explain
from logicx.demo.data import open_demo
from logicx.scoring.objectives import objective_named
from logicx.search.formulas.ceiling import ceiling

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "reference" / "compexp_nli"
REPEATS = 50


def slow(size, on, goal):
    fires = np.flatnonzero(on)
    fires = sorted(fires, key=lambda i: -Fraction(int(on[i]), int(size[i])))
    tp, fp = np.cumsum(on[fires]).tolist(), np.cumsum((size - on)[fires]).tolist()
    ratio = goal.ratio(int(on.sum()), int(size.sum()))
    return float(max(ratio.at(*one) for one in zip(tp, fp, strict=True)))


def microseconds(bank, units, goal):
    spent = []
    for on in units:
        start = time.process_time()
        for _ in range(REPEATS):
            found = ceiling(bank.size, on, goal)
        spent.append((time.process_time() - start) / REPEATS * 1e6)
        assert found == slow(bank.size, on, goal)
    return f"{np.median(spent):.0f} us (median), {max(spent):.0f} us (most)"


def main() -> None:
    goal = objective_named("iou")
    with np.load(DATA / "bank.npz") as stored:
        n_cells = int(stored["shape"][0])
        masks = np.unpackbits(stored["packed"], axis=0, count=n_cells).astype(bool).T
        bank = ConceptBank.from_masks(masks, [str(name) for name in stored["names"]])
    dice = np.random.default_rng(7)
    cells = masks.T.astype(np.float32)
    for share in (0.005, 0.05, 0.4):
        values = [cells @ dice.standard_normal(len(masks)).astype(np.float32) for _ in range(16)]
        units = [bank.on_counts(one > np.quantile(one, 1 - share)) for one in values]
        print(f"NLI, on at {share:.1%}: {microseconds(bank, units, goal)}")
    demo = open_demo(None)
    names = demo.units.names[::16]
    units = [demo.units.on(demo.bank, name) for name in names]
    print(f"demo: {microseconds(demo.bank, units, goal)}")
    found = list(explain(demo.bank, demo.units, unit=names, literals=False))
    share = np.array([one.score / one.ceiling for one in found])
    print(f"demo, length 3: the beam reaches {np.median(share):.1%} of the ceiling (median)")


if __name__ == "__main__":
    main()
