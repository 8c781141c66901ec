"""The beam with each heuristic: formulas visited and estimated, CPU time, and whether the outcome
is that of scoring everything, in one run.

    python benchmarks/heuristics.py [--nli FOLDER] [--full] [--images 100] [--concepts 60]
        [--side 28] [--only-images] [--length 3] [--beam 10]

FOLDER holds bank.npz and units.npz of the paper's NLI study (`packed`: bits of an array of cells x
columns along cells, `shape`, `names`); without it, sentence pairs are made up by Zipf's law. Its
300 most frequent concepts are taken, with --full all of them too. The image bank is made up:
rectangles and ellipses, by default in images of 28 x 28 pixels; four units are noisy formulas
`(a OR b) AND NOT c`, four fire at a corner of where two concepts meet, so at few cells. NumPy does
everything, in one thread. Tables of the bank, which all units share, are made before the clock
starts.
"""

from __future__ import annotations

import argparse
import platform
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from logicx import ConceptBank, Units, explain
from logicx.banks.universe import Universe
from logicx.errors import OptionError
from logicx.search.heuristics import HEURISTICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from logicx.scoring.results import Explanation


def unpacked(path: Path) -> tuple[np.ndarray, list[str]]:
    with np.load(path, allow_pickle=False) as stored:
        n_cells, _ = stored["shape"]
        masks = np.unpackbits(stored["packed"], axis=0, count=int(n_cells)).astype(bool).T
        return masks, [str(name) for name in stored["names"]]


def made_up_pairs() -> tuple[np.ndarray, list[str], np.ndarray, list[str]]:
    dice = np.random.default_rng(0)
    share = 0.6 / np.arange(1, 4001) ** 0.9
    masks = dice.random((4000, 10_000)) < share[:, None]
    units = []
    for _ in range(8):
        a, b, c = masks[dice.integers(0, 60, 3)]
        units.append(((a | b) & ~c) ^ (dice.random(10_000) < 0.02))
    return masks, [f"w{i}" for i in range(4000)], np.array(units), [f"u{i}" for i in range(8)]


def pairs(folder: Path | None, n_concepts: int | None) -> tuple[ConceptBank, Units]:
    """Sentence pairs, with the most frequent concepts only."""
    if folder is None:
        masks, names, unit_masks, unit_names = made_up_pairs()
    else:
        masks, names = unpacked(folder / "bank.npz")
        unit_masks, unit_names = unpacked(folder / "units.npz")
    universe = Universe.pairs(masks.shape[1])
    if n_concepts:
        chosen = np.sort(np.argsort(-masks.sum(axis=1), kind="stable")[:n_concepts])
        masks, names = masks[chosen], [names[i] for i in chosen]
    bank = ConceptBank.from_masks(masks, names, universe=universe, name="pairs")
    return bank, Units.from_masks(unit_masks, unit_names, universe=universe)


def images(n: int, n_concepts: int, side: int) -> tuple[ConceptBank, Units]:
    """Regions that occur in some of the images, and noisy formulas over them."""
    dice = np.random.default_rng(1)
    masks = np.zeros((n_concepts, n, side, side), bool)
    rows, columns = np.mgrid[:side, :side]
    for concept in range(n_concepts):
        size = dice.uniform(0.1, 0.7)
        for image in np.flatnonzero(dice.random(n) < dice.uniform(0.05, 0.5)):
            height, width = np.maximum(2, side * size * dice.uniform(0.5, 1.5, 2)).astype(int)
            top, left = dice.integers(-height // 2, side - height // 2, 2)
            if concept % 2:
                inside = (rows >= top) & (rows < top + height)
                inside &= (columns >= left) & (columns < left + width)
            else:
                y = (rows - top - height / 2) / height
                x = (columns - left - width / 2) / width
                inside = x * x + y * y < 0.25
            masks[concept, image] = inside
    flat = masks.reshape(n_concepts, -1)
    units = []
    for _ in range(4):
        a, b, c = flat[dice.choice(n_concepts, 3, replace=False)]
        units.append(((a | b) & ~c) ^ (dice.random(flat.shape[1]) < 0.01))
    for _ in range(4):
        a, b = masks[np.argsort(-masks.sum(axis=(1, 2, 3)))[dice.choice(12, 2, replace=False)]]
        corner = (rows < side // 2) & (columns < side // 2)
        units.append((a & b & corner).reshape(-1) & (dice.random(flat.shape[1]) < 0.9))
    universe = Universe.pixels(n, side, side)
    names = [f"c{i}" for i in range(n_concepts)]
    bank = ConceptBank.from_masks(flat, names, universe=universe, name="images")
    return bank, Units.from_masks(np.array(units), universe=universe)


def essence(found: list[Explanation]) -> list[object]:
    return [(one.formula, one.score, one.by_length) for one in found]


def seconds(work: Callable[[], Iterable[Explanation]]) -> tuple[float, list[Explanation]]:
    started = time.process_time()
    found = list(work())
    return time.process_time() - started, found


def table(bank: ConceptBank, units: Units, length: int, beam: int) -> None:
    """One line per heuristic."""
    print(f"\n{bank}, {len(units)} units, length {length}, beam {beam}; per unit (mean)")
    print("| heuristic | admissible | visited | estimated | CPU ms | same | lost |")
    print("|---|---|---|---|---|---|---|")
    truth: list[Explanation] = []
    for name, one in HEURISTICS.items():
        options = {"length": length, "beam": beam, "engine": "numpy", "literals": False}
        search = partial(explain, bank, units, heuristic=name, **options)
        try:
            seconds(partial(search, unit=0))  # makes the tables of the bank, which all units share
            total, found = seconds(search)
        except OptionError as error:
            print(f"| `{name}` | | | | | | {error.message} |")
            continue
        truth = truth or found
        same = sum(a == b for a, b in zip(essence(found), essence(truth), strict=True))
        lost = max(a.score - b.score for a, b in zip(truth, found, strict=True))
        print(
            f"| `{name}` | {'yes' if one.is_admissible else 'no'} "
            f"| {np.mean([one.n_scored for one in found]):,.0f} "
            f"| {np.mean([one.n_estimated for one in found]):,.0f} "
            f"| {total / len(found) * 1e3:,.1f} | {same} of {len(found)} | {lost:.4f} |",
            flush=True,
        )


def main() -> None:
    """Print a table for each bank."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--nli", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--concepts", type=int, default=60, help="of the image bank")
    parser.add_argument("--side", type=int, default=28, help="pixels of an image's side")
    parser.add_argument("--only-images", action="store_true")
    parser.add_argument("--length", type=int, default=3)
    parser.add_argument("--beam", type=int, default=10)
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}")
    if not chosen.only_images:
        table(*pairs(chosen.nli, 300), chosen.length, chosen.beam)
    if chosen.full:
        table(*pairs(chosen.nli, None), chosen.length, chosen.beam)
    made = images(chosen.images, chosen.concepts, chosen.side)
    table(*made, chosen.length, chosen.beam)


if __name__ == "__main__":
    main()
