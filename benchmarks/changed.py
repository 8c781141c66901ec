"""What the default of literals changes, by how often a unit fires.

    python benchmarks/changed.py [LENGTH ...]
    python benchmarks/changed.py --bank camvid.bank --units maps.units --threshold "quantile(0.05)"

The reference bank and the shipped demo, or a bank and units on file; lengths 3 and 10 by default,
beam 10. A unit's formula is changed if it is another one, and better if its score is higher; no
score may be lower.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from common import machine, nli, table

from logicx import ConceptBank, Units, explain
from logicx.demo.data import open_demo
from logicx.units.loading import open_units

EDGES = (0, 0.02, 0.1, 0.3, 0.6, 1.0)


def changes(bank: ConceptBank, units: Units, length: int) -> list[Any]:
    """Share of cells at which it fires, whether the formula changes, and by how much the score."""
    plain, found = (
        {one.unit: one for one in explain(bank, units, length=length, literals=literals)}
        for literals in (False, True)
    )
    rows = []
    for name, old in plain.items():
        new = found[name]
        gain = new.score - old.score
        if gain < 0:
            raise AssertionError(f"unit {name} is worse: {new.score} < {old.score}")
        share = (old.counts.tp + old.counts.fn) / old.counts.n_cells
        rows.append((share, new.formula != old.formula, gain))
    return rows


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lengths", type=int, nargs="*", default=[3, 10])
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--units", type=Path)
    parser.add_argument("--threshold", default=None)
    chosen = parser.parse_args()
    if chosen.bank:
        units = open_units(chosen.units, chosen.threshold)
        some = [(chosen.bank.stem, ConceptBank.open(chosen.bank), units)]
    else:
        some = [("reference bank", *nli(64)), ("demo", *open_demo())]
    print(machine(), file=sys.stderr)
    told = []
    for name, bank, units in some:
        for length in chosen.lengths:
            rows = np.array(changes(bank, units, length))
            share = rows[:, 0]
            for low, high in [*pairwise(EDGES), (0, 1)]:
                part = rows[(share > low) & (share <= high)]
                if len(part):
                    shown = "all" if (low, high) == (0, 1) else f"{low:.0%} to {high:.0%}"
                    gains, n_other = part[:, 2], int(part[:, 1].sum())
                    counted = (len(part), n_other, int((gains > 0).sum()))
                    told.append(
                        [name, length, shown, *counted, f"{gains.mean():.4f}", f"{gains.max():.4f}"]
                    )
    head = ["units of", "length", "fires at", "units", "other formula", "better", "mean", "most"]
    table(head, told)


if __name__ == "__main__":
    main()
