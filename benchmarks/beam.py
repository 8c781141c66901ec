"""The beam by each engine against the same beam by plain NumPy, in one run.

    python benchmarks/beam.py [--bank FILE --units FILE] [--lengths 3 5 10] [--n-units 8]

Without files: sentence pairs made up with word frequencies by Zipf's law, 10,000 pairs x 4,000
words, and units that are noisy formulas over them. All ways must give the same formulas and scores,
and the engines the same everything; CPU seconds are the process's own, one thread.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx import ConceptBank, Units, explain
from logicx.bits import pack, popcount, unpack
from logicx.formula import Concept, Formula
from logicx.loading import open_units
from logicx.search.formulas import DEFAULT_STEPS, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from logicx.results import Explanation


def made_up(n_units: int, n_words: int = 4000, n_pairs: int = 10_000) -> tuple[ConceptBank, Units]:
    """Word concepts by Zipf's law, and noisy formulas over them."""
    dice = np.random.default_rng(0)
    share = 0.6 / np.arange(1, n_words + 1) ** 0.9
    masks = dice.random((n_words, n_pairs)) < share[:, None]
    bank = ConceptBank.from_masks(masks, [f"w{i}" for i in range(n_words)], name="zipf")
    units = []
    for _ in range(n_units):
        a, b, c = masks[dice.integers(0, 60, 3)]
        units.append(((a | b) & ~c) ^ (dice.random(n_pairs) < 0.02))
    return bank, Units.from_masks(np.array(units))


def as_cells(bank: ConceptBank, units: Units, unit: str) -> np.ndarray:
    """A mask over cells with the unit's on-counts; which cells of a signature are on is free."""
    order = np.argsort(bank.of_cell, kind="stable")
    starts = np.concatenate([[0], np.cumsum(bank.size)])
    on = np.zeros(bank.universe.n_cells, bool)
    for signature, n in enumerate(units.on(bank, unit)):
        on[order[starts[signature] : starts[signature] + n]] = True
    return on


def plain(bank: ConceptBank, on: np.ndarray, width: int, length: int) -> tuple[Formula, float]:
    """The same beam; every candidate's counts by AND and popcount of packed cells.

    Works on cells (signatures of one cell each), keeps formulas of equal meaning once.
    """
    cells = np.flatnonzero(bank.of_cell >= 0)
    concepts = pack(unpack(bank.packed, bank.n_signatures)[:, bank.of_cell[cells]])
    unit, full = pack(on[cells]), pack(np.ones(len(cells), bool))
    n_on = int(popcount(unit))
    steps = [Step.of(one) for one in DEFAULT_STEPS]

    def grow(f: np.ndarray, step: Step) -> np.ndarray:
        return step.combine(np.broadcast_to(f, concepts.shape), concepts, full)

    def iou(words: np.ndarray) -> np.ndarray:
        both = popcount(words & unit)
        return both / (n_on + popcount(words) - both)

    beam = []  # (score, words, concept numbers and steps)
    seen = set()
    scores = iou(concepts)
    for k in np.argsort(-scores, kind="stable"):
        if len(beam) < width and concepts[k].tobytes() not in seen:
            seen.add(concepts[k].tobytes())
            beam.append((float(scores[k]), concepts[k], ((None, int(k)),)))
    for _ in range(1, length):
        scores = np.stack(
            [[iou(grow(words, step)) for step in steps] for _, words, _ in beam]
        ).transpose(0, 2, 1)
        known, grown = {words.tobytes() for _, words, _ in beam}, []
        for i in np.argsort(-scores, axis=None, kind="stable"):
            if len(grown) == width or (scores.flat[i] <= beam[-1][0] and len(beam) == width):
                break
            b, k, s = np.unravel_index(i, scores.shape)
            words = steps[s].combine(beam[b][1], concepts[k], full)
            if words.tobytes() not in known:
                known.add(words.tobytes())
                grown.append((float(scores.flat[i]), words, (*beam[b][2], (steps[s], int(k)))))
        beam = sorted([*beam, *grown], key=lambda one: -one[0])[:width]
    score, _, parts = beam[0]
    formula: Formula = Concept(bank.names[parts[0][1]])
    for step, k in parts[1:]:
        formula = step.formula(formula, Concept(bank.names[k]))
    return formula, score


def plain_of_all(bank: ConceptBank, masks: list[np.ndarray], width: int, length: int) -> list[Any]:
    return [plain(bank, mask, width, length) for mask in masks]


def timed(work: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    """CPU seconds for each of the results, and the results."""
    started = time.process_time()
    found = work()
    return (time.process_time() - started) / len(found), found


def essence(found: list[Explanation]) -> list[Any]:
    """What two engines must agree on."""
    return [(one.formula, one.score, one.counts, one.by_length, one.n_scored) for one in found]


def main() -> None:
    """Print one line per length."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--units", type=Path)
    parser.add_argument("--lengths", type=int, nargs="+", default=[3, 5, 10])
    parser.add_argument("--beam", type=int, default=10)
    parser.add_argument("--n-units", type=int, default=8)
    parser.add_argument("--torch", metavar="DEVICE", help="the engine torch too, such as on cuda:0")
    chosen = parser.parse_args()
    if chosen.bank and chosen.units:
        bank, units = ConceptBank.open(chosen.bank), open_units(chosen.units)
    else:
        bank, units = made_up(chosen.n_units)
    names = units.names[: chosen.n_units]
    engines = ["numpy", *(["numba"] if find_spec("numba") else [])]
    engines += [f"torch:{chosen.torch}"] if chosen.torch else []
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}")
    print(f"{bank}; {len(names)} units, beam {chosen.beam}, one thread; CPU ms per unit")
    print(f"{'':6}  {'plain':>8}" + "".join(f"  {one:>8}  ratio  same" for one in engines))

    def search(engine: str, length: int) -> list[Explanation]:
        options = {"length": length, "beam": chosen.beam, "engine": engine}
        return list(explain(bank, units, unit=names, **options))

    for engine in engines:
        search(engine, 2)  # read what is mapped and compile, once
    for length in chosen.lengths:
        found = {one: timed(partial(search, one, length)) for one in engines}
        masks = [as_cells(bank, units, one) for one in names[:2]]
        slow_time, slow = timed(partial(plain_of_all, bank, masks, chosen.beam, length))
        line = f"{length:6}  {slow_time * 1e3:8.1f}"
        for seconds, mine in found.values():
            is_same = [(one.formula, one.score) for one in mine[:2]] == slow
            is_same = is_same and essence(mine) == essence(found["numpy"][1])
            line += f"  {seconds * 1e3:8.2f}  {slow_time / seconds:5.0f}  {is_same!s:>4}"
        print(line)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the whole run, all ways: {peak:.0f} MB")


if __name__ == "__main__":
    main()
