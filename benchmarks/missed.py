"""What the beam misses: proven optima against beams of several widths, on the paper's own NLI bank.

    python benchmarks/missed.py [longest]

The 64 units of `optimal.py`, lengths 2 to `longest` (3 by default), chains and trees. A unit is
missed where the optimum scores more than the best of the beam; the gap is over all units.
"""

from __future__ import annotations

import platform
import sys
import time

import numpy as np
from common import REFERENCE, linear_units, unpacked
from plain import whole_beams

from logicx import ConceptBank
from logicx.search.optimal.searching import optimal

WIDTHS = (1, 5, 10, 50)
SAME = 1e-9


def beam_scores(bank: ConceptBank, on: np.ndarray, width: int, longest: int) -> list[float]:
    """The best score of a beam at each length."""
    return [level[0][1] for level in whole_beams(bank, on, "numba", width, longest)]


def main() -> None:
    longest = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    masks, names = unpacked(REFERENCE / "bank.npz")
    bank = ConceptBank.from_masks(masks, names)
    given, unit_names = unpacked(REFERENCE / "units.npz")
    units = [*zip(unit_names, given, strict=True), *linear_units(masks)]
    gaps: dict[tuple[str, int, int], list[float]] = {}
    start = time.process_time()
    for name, unit in units:
        on = bank.on_counts(unit)
        proven = {}
        for shape in ("chain", "tree"):
            found = optimal(bank, on, length=longest, shape=shape)
            assert found.is_proven
            proven[shape] = [one.score for one in found.by_length]
        for width in WIDTHS:
            beam = beam_scores(bank, on, width, longest)
            for shape, best in proven.items():
                for k in range(2, longest + 1):
                    gap = best[k - 1] - beam[k - 1]
                    assert gap > -SAME
                    gaps.setdefault((shape, k, width), []).append(gap if gap > SAME else 0.0)
        print(f"{time.process_time() - start:8.1f} s  {name}", file=sys.stderr, flush=True)
    print(f"{len(units)} units; Python {platform.python_version()}, NumPy {np.__version__}")
    print("| optimum over | length | beam | units missed | mean gap | largest gap |")
    print("|---|---|---|---|---|---|")
    for (shape, k, width), all_gaps in sorted(gaps.items()):
        n_missed = sum(gap > 0 for gap in all_gaps)
        row = (f"{shape}s", k, width, n_missed, f"{np.mean(all_gaps):.4f}", f"{max(all_gaps):.3f}")
        print("| " + " | ".join(str(one) for one in row) + " |")


if __name__ == "__main__":
    main()
