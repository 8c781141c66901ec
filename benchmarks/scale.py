"""A large sparse bank is compiled, mapped and searched, each in a process of its own.

    python benchmarks/scale.py [--concepts 20000] [--cells 1000000] [--per-cell 20] [--n-units 6]

Cells hold about 20 concepts by Zipf's law, units fire at 1 % of them. CPU seconds of one thread;
the peak is that of resident memory (VmHWM), of which pages of the mapped file are shared by all
processes that map it, and go when memory is short.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import (
    Clock,
    engines,
    in_fresh_process,
    machine,
    memory,
    searched,
    sparse_cells,
    sparse_units,
    table,
)

from logicx import ConceptBank

if TYPE_CHECKING:
    from collections.abc import Iterator


def compiled(folder: Path, n_concepts: int, n_cells: int, per_cell: int) -> dict[str, Any]:
    making = Clock()
    started = time.process_time()
    cells = making.running(sparse_cells(n_cells, n_concepts, per_cell))
    bank = ConceptBank.from_sparse(cells, [f"c{i}" for i in range(n_concepts)], name="scale")
    built = time.process_time()
    bank.save(folder / "scale.bank")
    return {
        "build": built - started - making.seconds,
        "save": time.process_time() - built,
        "file": (folder / "scale.bank").stat().st_size / 1e6,
        "bank": repr(bank),
        "per cell": len(bank.concepts_of.indices) / max(1, bank.n_signatures),
        "frequent": len(bank.frequent),
        **memory(),
    }


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--concepts", type=int, default=20_000)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--per-cell", type=int, default=22, help="draws; about 9 %% are repeats")
    parser.add_argument("--lengths", type=int, nargs="+", default=[3, 10])
    parser.add_argument("--beam", type=int, default=10)
    parser.add_argument("--n-units", type=int, default=6)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        what, folder, *rest = chosen.part
        if what == "compile":
            found = compiled(Path(folder), chosen.concepts, chosen.cells, chosen.per_cell)
        elif what == "units":
            bank = ConceptBank.open(Path(folder) / "scale.bank")
            units = sparse_units(bank, chosen.n_units, chosen.share)
            units.save(Path(folder) / "scale.units")
            found = {}
        else:
            paths = (Path(folder) / "scale.bank", Path(folder) / "scale.units")
            found = searched(*paths, rest[0], int(rest[1]), chosen.beam, None)
        print(json.dumps(found))
        return
    sizes = [f"--concepts={chosen.concepts}", f"--cells={chosen.cells}"]
    sizes += [f"--per-cell={chosen.per_cell}", f"--n-units={chosen.n_units}"]
    sizes += [f"--share={chosen.share}", f"--beam={chosen.beam}"]
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        made = in_fresh_process(__file__, *sizes, "--part", "compile", folder)
        in_fresh_process(__file__, *sizes, "--part", "units", folder)
        print(f"{made['bank']}; {made['per cell']:.1f} concepts a signature, "
              f"{made['frequent']} frequent\n")  # fmt: skip
        head = ["compile, CPU s", "write, CPU s", "file, MB", "peak, MB"]
        table(head, [[made[one] for one in ("build", "save", "file", "peak")]])
        head = ["engine", "length", "open, ms", "first unit, ms", "unit, ms", "slowest, ms"]
        head += ["peak, MB", "of it mapped", "before opening", "same"]

        def rows() -> Iterator[list[Any]]:
            first: dict[int, str] = {}
            for engine in engines():
                for length in chosen.lengths:
                    part = ["--part", "search", folder, engine, length]
                    one = in_fresh_process(__file__, *sizes, *part)
                    is_same = one["found"] == first.setdefault(length, one["found"])
                    times = [1e3 * one[k] for k in ("open", "first", "unit", "slowest")]
                    sizes_of = [one["peak"], one.get("mapped", ""), one["before"]]
                    yield [engine, length, *times, *sizes_of, is_same]

        table(head, rows())


if __name__ == "__main__":
    main()
