"""Proofs over other connectives on the paper's own NLI bank: CPU seconds per unit, one thread.

    python benchmarks/connectives.py "OR, AND, AND NOT, XOR" [time_limit [step [literals]]]

The 64 units of `benchmarks/optimal.py`, of the linear ones every `step`-th; length 3.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
from common import REFERENCE, linear_units, unpacked

from logicx import ConceptBank, Optimal, Units, explain


def main() -> None:
    steps = sys.argv[1]
    time_limit = float(sys.argv[2]) if len(sys.argv) > 2 else None
    step = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    literals = len(sys.argv) > 4
    masks, names = unpacked(REFERENCE / "bank.npz")
    bank = ConceptBank.from_masks(masks, names)
    given, unit_names = unpacked(REFERENCE / "units.npz")
    units = [*zip(unit_names, given, strict=True), *[*linear_units(masks)][::step]]
    search = Optimal(steps=steps, time_limit=time_limit, literals=literals)
    seconds, n_proven = [], 0
    for name, unit in units:
        start = time.process_time()
        (found,) = explain(bank, Units.from_masks([unit], [name]), strategy=search, length=3)
        seconds.append(time.process_time() - start)
        n_proven += bool(found.is_proven)
        print(
            f"{seconds[-1]:8.3f} s  {name:20} {int(unit.sum()):6,} on  "
            f"{found.score:.5f} <= {found.bound:.5f}  {found.formula}",
            flush=True,
        )
    quantiles = " / ".join(f"{q:.3f}" for q in np.quantile(seconds, [0.5, 0.9, 1]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{n_proven} of {len(units)} proven; CPU s median / 90 % / max: {quantiles}; {peak} MB")


if __name__ == "__main__":
    main()
