"""How much the formulas of a recording say: on other sentences, and against chance.

    python explain.py sentences.txt --out explained --most 8000
    python check.py explained/tokens.bank explained/layer3.units

Formulas are searched on the first half of the documents and scored on the second. For chance, each
unit fires at as many tokens drawn at random. What a search finds there it has read into noise.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from explain import fires_at
from numpy.typing import NDArray

from logicx import ConceptBank, Units, Universe, explain, open_units, score
from logicx.banks.bits import unpack
from logicx.errors import LogicxError

LENGTHS = (1, 3, 5)


def part(bank: ConceptBank, first: int, end: int) -> ConceptBank:
    """The bank on some of its documents."""
    offsets = np.array(bank.universe.offsets[first : end + 1])
    cells = bank.of_cell[offsets[0] : offsets[-1]]
    return ConceptBank.from_masks(
        unpack(bank.packed, bank.n_signatures)[:, cells],
        bank.names,
        categories=bank.categories,
        universe=Universe.tokens(offsets - offsets[0]),
    )


def mean_scores(
    bank: ConceptBank, other: ConceptBank, fires: NDArray[np.bool_], held_out: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Mean IoU where the formulas were searched, and on other cells, for each length.

    Shape: `fires: bool[n_units, n_cells of bank]`, `held_out: bool[n_units, n_cells of other]`
    -> `float[2, lengths]`.
    """
    units, others = Units.from_masks(fires), Units.from_masks(held_out)
    found = []
    for one in explain(bank, units, length=max(LENGTHS), literals=False):
        best = [one.by_length[min(n, len(one.by_length)) - 1] for n in LENGTHS]
        there = [score(each.formula, other, others, one.unit).score for each in best]
        found.append([[each.score for each in best], there])
    means: NDArray[np.float64] = np.mean(found, axis=0)
    return means


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("bank", type=Path)
    parser.add_argument("units", type=Path)
    parser.add_argument("--threshold", default="quantile:0.005")
    parser.add_argument("--n", type=int, default=200, help="units, at even distances")
    options = parser.parse_args()
    bank = ConceptBank.open(options.bank)
    units = open_units(options.units, options.threshold)
    units.check_universe(bank)
    n = bank.universe.n_groups
    first, second = part(bank, 0, n // 2), part(bank, n // 2, n)
    cut = first.universe.n_cells
    chosen = np.linspace(0, len(units) - 1, options.n).astype(int).tolist()
    fires = np.array([fires_at(units, units.names[i]) for i in chosen])
    fires = fires[fires[:, :cut].any(axis=1) & fires[:, cut:].any(axis=1)]
    print(f"{len(fires)} units; {first.universe}; then {second.universe}")
    dice = np.random.default_rng(0)
    chance = dice.permuted(fires, axis=1)
    chance = chance[chance[:, :cut].any(axis=1) & chance[:, cut:].any(axis=1)]
    for what, masks in (("units", fires), ("chance", chance)):
        searched, held_out = mean_scores(first, second, masks[:, :cut], masks[:, cut:])
        for length, here, there in zip(LENGTHS, searched, held_out, strict=True):
            print(f"{what}, length {length}: IoU {here:.4f}; on other sentences {there:.4f}")


if __name__ == "__main__":
    try:
        main()
    except LogicxError as error:
        sys.exit(str(error))
