"""Proven optima on the paper's own NLI bank: CPU seconds per unit, one thread, after compilation.

    python benchmarks/optimal.py length [time_limit [step]]

64 units: the eight of the reference and 56 linear thresholds over all concepts (even numbers) or
3 % of them (odd), on at 0.5 to 40 % of the pairs; of the latter every `step`-th.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from common import REFERENCE, linear_units, unpacked

from logicx import ConceptBank
from logicx.search.optimal.searching import optimal


def main() -> None:
    length = int(sys.argv[1])
    time_limit = float(sys.argv[2]) if len(sys.argv) > 2 else None
    step = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    masks, names = unpacked(REFERENCE / "bank.npz")
    bank = ConceptBank.from_masks(masks, names)
    given, unit_names = unpacked(REFERENCE / "units.npz")
    units = [*zip(unit_names, given, strict=True), *[*linear_units(masks)][::step]]
    optimal(bank, bank.on_counts(given[0]), length=length, node_limit=10)  # loads kernels
    seconds, n_proven = [], 0
    for name, unit in units:
        start = time.process_time()
        found = optimal(bank, bank.on_counts(unit), length=length, time_limit=time_limit)
        seconds.append(time.process_time() - start)
        n_proven += found.is_proven
        print(
            f"{seconds[-1]:8.3f} s  {name:20} {int(unit.sum()):6,} on  "
            f"{found.score:.5f} <= {found.bound:.5f}",
            flush=True,
        )
    quantiles = " / ".join(f"{q:.3f}" for q in np.quantile(seconds, [0.5, 0.9, 1]))
    print(f"{n_proven} of {len(units)} proven; CPU s median / 90 % / max: {quantiles}")


if __name__ == "__main__":
    main()
