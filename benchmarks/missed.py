"""What the beam misses: proven optima against beams of several widths, on the paper's own NLI bank.

    python benchmarks/missed.py [longest]
    python benchmarks/missed.py pairs LENGTH [SECONDS [UNIT ...]]

The 64 units of `optimal.py`, lengths 2 to `longest` (3 by default), chains and trees, without
literals. A unit is missed where the optimum scores more than the best of the beam; the gap is over
all units.

With `pairs`: what of the optima of one length, over all trees, the beam misses with `grow=atoms`
and with `grow=pairs`, without literals and with them, and what a unit takes (in turns, the least of
five). Of 5 concepts, only the units of which the optimum is proven in SECONDS of CPU time (60); of
those named, or of all.
"""

from __future__ import annotations

import platform
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from common import REFERENCE, linear_units, machine, table, unpacked
from plain import whole_beams

from logicx import ConceptBank, Units, explain
from logicx.search.optimal.searching import UNLIMITED, optimal

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTHS = (1, 5, 10, 50)
SAME = 1e-9


def beam_scores(bank: ConceptBank, on: np.ndarray, width: int, longest: int) -> list[float]:
    """The best score of a beam at each length."""
    return [level[0][1] for level in whole_beams(bank, on, "numba", width, longest)]


def joining(length: int, seconds: float, asked: Sequence[str]) -> None:
    """Print what is missed with and without pairs."""
    masks, names = unpacked(REFERENCE / "bank.npz")
    bank = ConceptBank.from_masks(masks, names)
    given, unit_names = unpacked(REFERENCE / "units.npz")
    named = dict([*zip(unit_names, given, strict=True), *linear_units(masks)])
    units = Units.from_masks(np.array([*named.values()]), [*named])
    limit = {"time_limit": seconds} if length > UNLIMITED else {}
    rows = []
    for literals in (False, True):
        gaps: dict[tuple[int, str], list[float]] = {}
        cost: dict[tuple[int, str], list[float]] = {}
        n_proven = 0
        for name in asked or named:
            on = units.on(bank, name)
            proof = optimal(bank, on, length=length, literals=literals, **limit)
            print(f"{name} {proof.is_proven} {proof.counters.cpu_seconds:.0f} s", file=sys.stderr)
            if not proof.is_proven:
                continue
            n_proven += 1
            for width in (10, 50):
                for grow in ("atoms", "pairs"):
                    options = {"literals": literals, "grow": grow, "engine": "numba"}
                    plan = explain(bank, units, unit=name, length=length, beam=width, **options)
                    gap = proof.score - next(iter(plan)).score
                    assert gap > -SAME
                    gaps.setdefault((width, grow), []).append(gap if gap > SAME else 0.0)
        for _ in range(5):
            for width, grow in gaps:
                options = {"literals": literals, "grow": grow, "engine": "numba"}
                started = time.process_time()
                list(explain(bank, units, length=length, beam=width, **options))
                spent = (time.process_time() - started) / len(named)
                cost.setdefault((width, grow), []).append(spent)
        for (width, grow), found in gaps.items():
            n_missed = sum(gap > 0 for gap in found)
            told = "yes" if literals else "off"
            row = (told, length, f"{n_proven} of {len(asked) or len(named)}", width, grow, n_missed)
            row += (f"{np.mean(found):.4f}", f"{max(found):.3f}", min(cost[width, grow]) * 1e3)
            rows.append(row)
    head = ["literals", "length", "proven", "beam", "grow", "missed", "mean gap", "largest", "ms"]
    print(machine())
    table(head, rows)


def main() -> None:
    if sys.argv[1:2] == ["pairs"]:
        joining(int(sys.argv[2]), float((sys.argv[3:4] or ["60"])[0]), sys.argv[4:])
        return
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
