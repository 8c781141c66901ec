"""logicx against a plain loop and a published package: the same input in the same run.

    python benchmarks/compare.py [--n-units 64] [--peers .peers]
    python benchmarks/compare.py --check 200 [--length 5]

Input: the paper's own NLI bank (10,000 pairs, 4,004 concepts), its eight units and linear
thresholds, where it is there (`../shared/reference`); else as many made-up words. Each way runs in
a process of its own; times are CPU seconds of one thread, peaks resident memory of the process.
`--check` holds whole beams of every length against the plain loop: formulas, order and float64.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from common import asked, engines, essence, in_fresh_process, machine, memory, nli, table
from plain import Plain, as_cells, holds, whole_beams

from logicx import ConceptBank, Units, explain, score
from logicx.language.formula import Apply, Concept, Formula

if TYPE_CHECKING:
    from collections.abc import Iterator

BEAM = 10
LENGTHS = (3, 5, 10, 30)
TARGETS = {"numba": (1.0, 1.4, 2.2, 5.0), "numpy": (6.0, 10.0, 17.0, 40.0)}
"""Milliseconds per unit at these lengths that were asked for."""


# ---- the parts, each run in a fresh process


def ours(
    folder: Path, engine: str, length: int, n_units: int, repeats: int, beam: int = BEAM
) -> dict[str, Any]:
    bank, units = ConceptBank.open(folder / "a.bank"), Units.open(folder / "a.units")
    names = list(units.names[:n_units])
    options: dict[str, Any] = {"beam": beam, "engine": engine, "literals": False}
    list(explain(bank, units, unit=names[:2], length=2, **options))  # kernels are loaded
    seconds, found = [], []
    for _ in range(repeats):
        started = time.process_time()
        found = list(explain(bank, units, unit=names, length=length, **options))
        seconds.append((time.process_time() - started) / len(names))
    best = [(str(one.formula), one.score) for one in found]
    return {"seconds": min(seconds), "best": best, "essence": repr(essence(found)), **memory()}


def plain(folder: Path, length: int, n_units: int) -> dict[str, Any]:
    bank, units = ConceptBank.open(folder / "a.bank"), Units.open(folder / "a.units")
    slow = Plain(bank)
    masks = [as_cells(bank, units, one) for one in units.names[:n_units]]
    started = time.process_time()
    best = [slow.best(one, BEAM, length) for one in masks]
    seconds = (time.process_time() - started) / len(masks)
    return {"seconds": seconds, "best": best, **memory()}


def package(
    folder: Path, peers: Path, length: int, n_units: int, beam: int = BEAM
) -> dict[str, Any] | None:
    """The published package on the same cells, or None where it is not installed.

    It is given images as its samples, and other cells as one sample.
    """
    if not (peers / "compositional_explanations").is_dir():
        return None
    bank, units = ConceptBank.open(folder / "a.bank"), Units.open(folder / "a.units")
    names = units.names[:n_units]
    n_samples = bank.universe.n_groups if bank.universe.kind == "pixels" else 1
    shape = (-1, n_samples, bank.universe.n_cells // n_samples)
    np.savez(
        folder / "peer.npz",
        concepts=np.array([bank.cells(holds(bank, i)) for i in range(bank.n_concepts)]).reshape(
            shape
        ),
        units=np.array([units.mask(one) for one in names]).reshape(shape),
    )
    script = str(Path(__file__).with_name("peer.py"))
    made = in_fresh_process(script, folder / "peer.npz", length, beam, PYTHONPATH=str(peers))
    best = []
    for name, (_, listed) in zip(names, made["found"], strict=True):
        formula = _read(listed, bank) if listed is not None else None
        value = 0.0 if formula is None else score(formula, bank, units, name).score
        best.append((str(formula), value))
    seconds = sum(one for one, _ in made["found"]) / len(names)
    return {"seconds": seconds, "best": best, "peak": made["peak"]}


def _read(listed: Any, bank: ConceptBank) -> Formula:
    if isinstance(listed, int):
        return Concept(bank.names[listed])
    return Apply(listed[0], tuple(_read(one, bank) for one in listed[1:]))


# ---- the tables


def compared(folder: Path, chosen: argparse.Namespace) -> dict[tuple[str, int], dict[str, Any]]:
    """Print the comparison and return what was measured by way and length."""
    measured: dict[tuple[str, int], dict[str, Any]] = {}

    def rows() -> Iterator[list[Any]]:
        for length in LENGTHS:
            for engine in engines():
                part = ["--part", "ours", folder, engine, length, chosen.n_units, chosen.repeats]
                measured[engine, length] = in_fresh_process(__file__, *part)
            mine = measured[engines()[0], length]
            fastest = min(measured[one, length]["seconds"] for one in engines())
            for engine in engines():
                one = measured[engine, length]
                is_same = one["essence"] == mine["essence"]
                ratio = one["seconds"] / fastest
                yield [length, engine, chosen.n_units, 1e3 * one["seconds"], ratio, one["peak"],
                       "as numpy" if is_same else "NO"]  # fmt: skip
            if length <= 10:
                one = in_fresh_process(__file__, "--part", "plain", folder, length, 2)
                measured["plain", length] = one
                is_same = one["best"] == mine["best"][:2]
                yield [length, "plain loop", 2, 1e3 * one["seconds"], one["seconds"] / fastest,
                       one["peak"], "as numpy" if is_same else "NO"]  # fmt: skip
            if length == 3:
                one = package(folder, chosen.peers, length, chosen.n_peer_units)
                name = "compositional-explanations"
                if one is None:
                    yield [length, name, "not installed (make peers): skipped", *[""] * 4]
                    continue
                measured["package", length] = one
                note = iou_beside(one["best"], mine["best"])
                yield [length, name, len(one["best"]), 1e3 * one["seconds"],
                       one["seconds"] / fastest, one["peak"], note]  # fmt: skip

    head = ["length", "way", "units", "CPU ms per unit", "ratio to ours", "peak MB", "result"]
    table(head, rows())
    return measured


def iou_beside(theirs: list[Any], mine: list[Any]) -> str:
    """How often scores are the same, and which are not."""
    pairs = [(a[1], b[1]) for a, b in zip(theirs, mine, strict=False)]
    other = [f"{a:.6f} for {b:.6f}" for a, b in pairs if abs(a - b) >= 1e-12]
    note = f"same IoU {len(pairs) - len(other)} of {len(pairs)}"
    return f"{note} ({', '.join(other)})" if other else note


def many(folder: Path) -> dict[str, dict[str, Any]]:
    """Print what 1,024 units at length 10 take."""
    found = {}

    def rows() -> Iterator[list[Any]]:
        for engine in engines():
            one = in_fresh_process(__file__, "--part", "ours", folder, engine, 10, 1024, 1)
            found[engine] = one
            yield [engine, len(one["best"]), 10, len(one["best"]) * one["seconds"], one["peak"]]

    table(["engine", "units", "length", "CPU s in all", "peak MB"], rows())
    return found


def targets(measured: dict[tuple[str, int], Any], of_many: dict[str, Any]) -> None:
    """Print what was asked for beside what was measured."""
    rows: list[tuple[str, str, float, float]] = []
    for engine, limits in TARGETS.items():
        for length, limit in zip(LENGTHS, limits, strict=True):
            if (engine, length) in measured:
                ms = 1e3 * measured[engine, length]["seconds"]
                rows.append((f"{engine}, length {length}, ms per unit", "<=", limit, ms))
    best = "numba" if ("numba", 3) in measured else "numpy"
    for way, length, least in (("plain", 3, 50), ("plain", 5, 50), ("plain", 10, 50),
                               ("package", 3, 5000)):  # fmt: skip
        if (way, length) in measured:
            ratio = measured[way, length]["seconds"] / measured[best, length]["seconds"]
            name = {"plain": "plain loop"}.get(way, "compositional-explanations")
            rows.append((f"{name} by {best}, length {length}", ">=", least, ratio))
    if best in of_many:
        one = of_many[best]
        seconds = len(one["best"]) * one["seconds"]
        rows.append((f"1,024 units, length 10, {best}, CPU s", "<=", 5, seconds))
        rows.append(("its peak, MB", "<=", 500, one["peak"]))
    asked(rows)


def check(n_units: int, length: int) -> None:
    """Hold whole beams of every length against the plain loop."""
    bank, units = nli(n_units)
    slow = Plain(bank)
    n_slots = 0
    for done, name in enumerate(units.names[:n_units], 1):
        on = units.on(bank, name)
        expected = slow.beams(as_cells(bank, units, name), BEAM, length)
        for engine in (one for one in engines() if one in ("numpy", "numba")):
            levels = whole_beams(bank, on, engine, BEAM, length)
            if levels != expected:
                raise SystemExit(f"{engine} differs from the plain loop at the unit {name!r}")
            n_slots += sum(len(level) for level in levels)
        if done % 20 == 0:
            print(f"{done} units, {n_slots:,} slots: identical", flush=True)
    print(f"{n_units} units, beam {BEAM}, lengths 1 to {length}, {n_slots:,} slots of all engines: "
          "formulas, order and float64 are those of the plain loop")  # fmt: skip


def main() -> None:
    """Print the tables, or check."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n-units", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5, help="the least of so many is shown")
    parser.add_argument("--peers", type=Path, default=Path(".peers"))
    parser.add_argument("--n-peer-units", type=int, default=2)
    parser.add_argument(
        "--check", type=int, metavar="N", help="hold N units against the plain loop"
    )
    parser.add_argument("--length", type=int, default=5, help="for --check")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        what, folder, *rest = chosen.part
        if what == "ours":
            found = ours(Path(folder), rest[0], *(int(one) for one in rest[1:]))
        else:
            found = plain(Path(folder), *(int(one) for one in rest))
        print(json.dumps(found))
        return
    if chosen.check:
        check(chosen.check, chosen.length)
        return
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bank, units = nli(1024)
        bank.save(folder / "a.bank")
        units.save(folder / "a.units")
        print(f"{bank}; beam {BEAM}, one thread\n")
        del bank, units
        measured = compared(folder, chosen)
        targets(measured, many(folder))


if __name__ == "__main__":
    main()
