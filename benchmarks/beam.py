"""The beam by each engine against the same beam by plain NumPy, in one run.

    python benchmarks/beam.py [--bank FILE --units FILE] [--lengths 3 5 10] [--n-units 8]

Without files: sentence pairs made up with word frequencies by Zipf's law, 10,000 pairs x 4,000
words, and units that are noisy formulas over them. All ways must give the same formulas and scores,
and the engines the same everything; CPU seconds are the process's own, one thread.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import engines, essence, machine, made_up, memory, timed
from plain import Plain, as_cells

from logicx import ConceptBank, explain
from logicx.units.loading import open_units

if TYPE_CHECKING:
    import numpy as np

    from logicx.scoring.results import Explanation


def plain_of_all(slow: Plain, masks: list[np.ndarray], width: int, length: int) -> list[Any]:
    return [slow.best(mask, width, length) for mask in masks]


def main() -> None:
    """Print one line per length."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bank", type=Path)
    parser.add_argument("--units", type=Path)
    parser.add_argument("--lengths", type=int, nargs="+", default=[3, 5, 10])
    parser.add_argument("--beam", type=int, default=10)
    parser.add_argument("--n-units", type=int, default=8)
    chosen = parser.parse_args()
    if chosen.bank and chosen.units:
        bank, units = ConceptBank.open(chosen.bank), open_units(chosen.units)
    else:
        bank, units = made_up(chosen.n_units)
    names = units.names[: chosen.n_units]
    print(machine())
    print(f"{bank}; {len(names)} units, beam {chosen.beam}, one thread; CPU ms per unit")
    print(f"{'':6}  {'plain':>8}" + "".join(f"  {one:>8}  ratio  same" for one in engines()))
    slow_way = Plain(bank)

    def search(engine: str, length: int) -> list[Explanation]:
        options = {"length": length, "beam": chosen.beam, "engine": engine, "literals": False}
        return list(explain(bank, units, unit=names, **options))

    for engine in engines():
        search(engine, 2)  # read what is mapped and compile, once
    for length in chosen.lengths:
        found = {one: timed(partial(search, one, length)) for one in engines()}
        masks = [as_cells(bank, units, one) for one in names[:2]]
        slow_time, slow = timed(partial(plain_of_all, slow_way, masks, chosen.beam, length))
        line = f"{length:6}  {slow_time * 1e3:8.1f}"
        for seconds, mine in found.values():
            is_same = [(str(one.formula), one.score) for one in mine[:2]] == slow
            is_same = is_same and essence(mine) == essence(found["numpy"][1])
            line += f"  {seconds * 1e3:8.2f}  {slow_time / seconds:5.0f}  {is_same!s:>4}"
        print(line)
    print(f"peak memory of the whole run, all ways: {memory()['peak']:.0f} MB")


if __name__ == "__main__":
    main()
