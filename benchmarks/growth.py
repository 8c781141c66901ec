"""How the CPU time of a unit grows: one thing varies at a time around a base case.

    python benchmarks/growth.py [--vary concepts cells density beam length units threads]

Base case: 4,000 concepts, 10,000 cells, 20 concepts a cell by Zipf's law, beam 10, length 5, units
that fire at 5 % of the cells. The least of three runs over all units, after one to load what is
mapped; the row `units` is the first run on a bank just opened, with all that it prepares.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import engines, machine, made_up, sparse_cells, sparse_units, table

from logicx import ConceptBank, Units, explain

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Case:
    """What is searched."""

    concepts: int = 4_000
    cells: int = 10_000
    density: int = 20
    beam: int = 10
    length: int = 5
    units: int = 8
    threads: int = 1

    @property
    def data(self) -> tuple[int, int, int, int]:
        """What decides bank and units."""
        return self.concepts, self.cells, self.density, self.units


VARIED = {
    "concepts": (500, 1_000, 2_000, 4_000, 10_000, 20_000),
    "cells": (1_000, 10_000, 100_000, 1_000_000),
    "density": (2, 5, 20, 50, 100, 200),
    "beam": (1, 3, 10, 30, 100),
    "length": (1, 2, 3, 5, 10, 30),
    "units": (1, 8, 64, 1_024),
    "threads": (1, 2),
}
MEANING = {"density": "concepts drawn for each cell"}


def made(case: Case, folder: Path) -> None:
    """Bank and units, on file."""
    cells = sparse_cells(case.cells, case.concepts, case.density)
    bank = ConceptBank.from_sparse(cells, [f"c{i}" for i in range(case.concepts)])
    bank.save(folder / "a.bank")
    sparse_units(bank, case.units, 0.05).save(folder / "a.units")


def measured(case: Case, engine: str, folder: Path, is_cold: bool) -> tuple[float, float]:
    """CPU and elapsed seconds per unit."""
    best = (float("inf"), float("inf"))
    bank, units = ConceptBank.open(folder / "a.bank"), Units.open(folder / "a.units")
    options: dict[str, Any] = {"beam": case.beam, "length": case.length, "engine": engine}
    options |= {"threads": case.threads, "literals": False}
    for turn in range(1 if is_cold else 4):
        started, began = time.process_time(), time.perf_counter()
        n = sum(1 for _ in explain(bank, units, unit="all", **options))
        passed = time.process_time() - started, time.perf_counter() - began
        if turn or is_cold:
            best = min(best[0], passed[0] / n), min(best[1], passed[1] / n)
    return best


def main() -> None:
    """Print a table for each thing that varies."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vary", nargs="+", choices=VARIED, default=list(VARIED))
    chosen = parser.parse_args()
    print(machine(), "\n")
    bank, units = made_up(1)
    for engine in engines():
        list(explain(bank, units, length=2, engine=engine))  # kernels are loaded
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        on_file: list[Any] = [None]

        def rows(what: str) -> Iterator[list[Any]]:
            for value in VARIED[what]:
                case = replace(Case(), **{what: value})
                if on_file[0] != case.data:
                    made(case, folder)
                    on_file[0] = case.data
                row: list[Any] = [value]
                for engine in engines():
                    cpu, elapsed = measured(case, engine, folder, what == "units")
                    row += [1e3 * cpu, *([1e3 * elapsed] if what == "threads" else [])]
                yield row

        for what in chosen.vary:
            head = [MEANING.get(what, what)]
            for engine in engines():
                head += [f"{engine}, CPU ms per unit"]
                head += [f"{engine}, elapsed ms"] if what == "threads" else []
            table(head, rows(what))


if __name__ == "__main__":
    main()
