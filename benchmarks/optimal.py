"""Proven optima on the paper's own NLI bank: CPU seconds per unit, one thread, after compilation.

    python benchmarks/optimal.py length [time_limit]

64 units: the eight of the reference and 56 linear thresholds over all concepts (even numbers) or
3 % of them (odd), on at 0.5 to 40 % of the pairs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from logicx import ConceptBank
from logicx.search.optimal import optimal

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "reference" / "compexp_nli"
SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)


def unpacked(path):
    with np.load(path) as stored:
        n_cells = int(stored["shape"][0])
        masks = np.unpackbits(stored["packed"], axis=0, count=n_cells).astype(bool).T
        return masks, [str(name) for name in stored["names"]]


def linear_units(masks):
    dice = np.random.default_rng(7)
    cells = masks.T.astype(np.float32)
    for i in range(56):
        share = SHARES[i % len(SHARES)]
        weights = dice.standard_normal(len(masks)).astype(np.float32)
        if i % 2:
            weights *= dice.random(len(masks)) < 0.03
        activation = cells @ weights + 1e-3 * dice.random(len(cells))
        yield f"linear {i} at {share:.1%}", activation > np.quantile(activation, 1 - share)


def main() -> None:
    length = int(sys.argv[1])
    time_limit = float(sys.argv[2]) if len(sys.argv) > 2 else None
    masks, names = unpacked(DATA / "bank.npz")
    bank = ConceptBank.from_masks(masks, names)
    given, unit_names = unpacked(DATA / "units.npz")
    units = [*zip(unit_names, given, strict=True), *linear_units(masks)]
    optimal(bank, bank.on_counts(given[0]), length=length, node_limit=10)
    seconds, n_proven = [], 0
    for name, unit in units:
        start = time.process_time()
        found = optimal(bank, bank.on_counts(unit), length=length, time_limit=time_limit)
        seconds.append(time.process_time() - start)
        n_proven += found.is_proven
        print(f"{seconds[-1]:8.3f} s  {name:20} {found.score:.5f} <= {found.bound:.5f}", flush=True)
    quantiles = " / ".join(f"{q:.3f}" for q in np.quantile(seconds, [0.5, 0.9, 1]))
    print(f"{n_proven} of {len(units)} proven; CPU s median / 90 % / max: {quantiles}")


if __name__ == "__main__":
    main()
