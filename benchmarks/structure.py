"""What structural operators cost: a walk over the cells, and how many signatures it adds.

    python benchmarks/structure.py [--tokens 1000000] [--images 2000] [--atoms 50]

Documents of 5 to 40 tokens, each of which has a word of 2,000 by Zipf's law and a tag of 20; images
of 112 x 112 cells, 12 rectangles of 150 objects each, one of 11 colours in blocks of 8 x 8. Each
operator on a concept of middling frequency, then on so many concepts at once, as a search proposes.
CPU time, one run each.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np
from common import machine, table

from logicx import ConceptBank, GroupCells, Incidence, Universe
from logicx.language.formula import Apply, Concept
from logicx.language.registry import operators
from logicx.scoring.structure import refined
from logicx.search.formulas.atoms import chosen

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = 112


def documents(n_tokens: int) -> ConceptBank:
    """A bank of tokens."""
    dice = np.random.default_rng(0)
    lengths = dice.integers(5, 41, n_tokens // 22)
    n = int(lengths.sum())
    words = np.minimum(dice.zipf(1.3, n), 2_000) - 1
    tags = 2_000 + (words + dice.integers(0, 3, n)) % 20
    cells = np.stack([words, tags], axis=1).astype(np.int32).reshape(-1)
    names = [*(f"word:{i}" for i in range(2_000)), *(f"tag:{i}" for i in range(20))]
    universe = Universe.tokens(np.concatenate([[0], np.cumsum(lengths)]))
    rows = Incidence(np.arange(0, 2 * n + 1, 2), cells)
    return ConceptBank.from_sparse(rows, names, universe=universe, name="tokens")


def images(n_images: int) -> ConceptBank:
    """A bank of images."""
    names = [*(f"object {i}" for i in range(150)), *(f"color {i}" for i in range(11))]
    universe = Universe.pixels(n_images, SIDE, SIDE)
    return ConceptBank.from_groups(_painted(n_images), names, universe=universe, name="images")


def _painted(n_images: int) -> Iterator[GroupCells]:
    dice = np.random.default_rng(0)
    for _ in range(n_images):
        label = np.zeros((SIDE, SIDE), np.int64)
        for one in np.minimum(dice.zipf(1.3, 12), 150) - 1:
            y, x = dice.integers(0, SIDE - 10, 2)
            h, w = dice.integers(5, 60, 2)
            label[y : y + h, x : x + w] = one
        color = np.kron(dice.integers(0, 11, (SIDE // 8, SIDE // 8)), np.ones((8, 8), np.int64))
        codes, numbers = np.unique((label * 11 + color).reshape(-1), return_inverse=True)
        both = np.stack([codes // 11, 150 + codes % 11], axis=1).astype(np.int32).reshape(-1)
        sets = Incidence(np.arange(0, len(both) + 1, 2), both)
        yield GroupCells(sets, numbers.reshape(-1))


def measured(bank: ConceptBank, n_atoms: int) -> Iterator[list[str]]:
    """A row for each operator that applies to a bank."""
    middling = [bank.names[i] for i in np.argsort(-bank.count)[[10, 12]]]
    for op in operators():
        if bank.universe.kind not in op.places:
            continue
        one = Apply(op.keyword, tuple(map(Concept, middling[: op.min_args])), op.tries[-1])
        row = [str(one)]
        for formulas in ([one], chosen(bank, op.keyword, most=n_atoms).formulas):
            start = time.process_time()
            finer = refined(bank, formulas)
            seconds = time.process_time() - start
            added = finer.n_signatures - bank.n_signatures
            row += [f"{seconds:.2f}", f"{added:,}", f"{finer.n_signatures / bank.n_signatures:.1f}"]
        yield row


def main() -> None:
    """Print a table for each kind of universe."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tokens", type=int, default=1_000_000)
    options.add_argument("--images", type=int, default=2_000)
    options.add_argument("--atoms", type=int, default=50)
    asked = options.parse_args()
    print(machine())
    for bank in (documents(asked.tokens), images(asked.images)):
        print(bank)
        heads = ["formula", "s", "added", "times", f"{asked.atoms} atoms: s", "added", "times"]
        table(heads, measured(bank, asked.atoms))


if __name__ == "__main__":
    main()
