"""A bank of Broden's size: compiled, searched, proven and scored, each in a process of its own.

    python benchmarks/vision.py FOLDER [--images 22000] [--units 512] [--n-units 20]

Images and units are made up (`broden_like.py`) and kept in the folder. Times are CPU seconds of one
thread unless they are called wall; peaks are resident memory (VmHWM), of which pages of mapped
files are shared and go when memory is short. The first units are also held against a plain beam,
which goes through all concepts of all signatures for every formula, and against torch's own masks.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from broden_like import add_settings, chosen_settings, folder_of, made
from common import asked, in_fresh_process, machine, memory, searched, table
from plain import PlainSignatures, whole_beams

from logicx import ConceptBank, Units, explain, score
from logicx.units import maps as unitmaps

if TYPE_CHECKING:
    from collections.abc import Iterator

Asked = list[tuple[str, str, float, float]]
THRESHOLD = "quantile(0.005)"
FORMULA = "(water OR river) AND NOT blue"
SEARCHES = {(5, 3): 15, (5, 10): 20, (10, 3): 25, (10, 10): 30}
"""Milliseconds per unit that were asked for at these beams and lengths."""
N_BY_TORCH = 3
"""Units whose counts are made again by torch."""


# ---- the parts, each run in a fresh process


def binned(kept: Path, n_units: int, way: str) -> dict[str, Any]:
    """Units cut, upsampled and binned by signature; kept for the searches."""
    unitmaps.COMPILED_FROM = 0 if way == "numba" else sys.maxsize
    bank = ConceptBank.open(kept / "images.bank")
    units = Units.open(kept / "maps.units", THRESHOLD)
    names = units.names[:n_units]
    units.on(bank, names[0])  # what is mapped is read, kernels are loaded
    started = time.process_time()
    on = [units.on(bank, name) for name in names]
    seconds = (time.process_time() - started) / len(names)
    Units.counted(bank, names, on).save(kept / "counted.units")
    used = memory()
    by_torch = [on_by_torch(bank, units, name) for name in names[:N_BY_TORCH]]
    same = all(np.array_equal(*pair) for pair in zip(on, by_torch, strict=False))
    share = float(np.mean([one.sum() for one in on])) / bank.universe.n_cells
    return {"seconds": seconds, "same": same, "share": share, **used}


def on_by_torch(bank: ConceptBank, units: Units, name: str) -> np.ndarray:
    """On-counts from whole masks: torch's bilinear maps above the exact quantile."""
    import torch

    n, height, width = bank.universe.shape
    assert units.universe is not None
    maps = torch.from_numpy(units.activations(name).astype(np.float32))
    bar = np.quantile(maps.numpy(), 1 - 0.005)
    maps = maps.reshape(n, 1, *units.universe.shape[1:])
    on = np.zeros(bank.n_signatures, np.int64)
    for image in range(n):
        grid = torch.nn.functional.interpolate(
            maps[image : image + 1], (height, width), mode="bilinear", align_corners=False
        )
        signatures = bank.cell_map.of_group(image)[(grid.numpy() > bar).ravel()]
        np.add.at(on, signatures[signatures >= 0], 1)
    return on


def compared(kept: Path, n_units: int) -> dict[str, Any]:
    """Whole beams against the plain way."""
    bank, units = ConceptBank.open(kept / "images.bank"), Units.open(kept / "counted.units")
    slow, length = PlainSignatures(bank), max(length for _, length in SEARCHES)
    n_slots, seconds, best = 0, 0.0, {}
    for width in sorted({width for width, _ in SEARCHES}):
        for name in units.names[:n_units]:
            on = units.on(bank, name)
            started = time.process_time()
            levels = slow.beams(on, width, length)
            seconds += time.process_time() - started
            if whole_beams(bank, on, "numba", width, length) != levels:
                raise SystemExit(f"numba differs from the plain beam at the unit {name!r}")
            n_slots += sum(len(level) for level in levels)
            for _, at in (one for one in SEARCHES if one[0] == width):
                best.setdefault(f"{width} {at}", []).append(levels[at - 1][0])
    return {"slots": n_slots, "seconds": seconds, "best": best}


def proven(kept: Path, n_units: int) -> dict[str, Any]:
    """Optima of length 3."""
    bank, units = ConceptBank.open(kept / "images.bank"), Units.open(kept / "counted.units")
    options: dict[str, Any] = {"strategy": "optimal", "length": 3, "literals": False}
    list(explain(bank, units, unit=units.names[:1], node_limit=1, **options))  # loads kernels
    seconds, n_proven, beaten = [], 0, 0
    for name in units.names[:n_units]:
        started = time.process_time()
        (found,) = explain(bank, units, unit=[name], **options)
        seconds.append(time.process_time() - started)
        (by_beam,) = explain(
            bank, units, unit=[name], length=3, beam=10, engine="numba", literals=False
        )
        n_proven += bool(found.is_proven)
        beaten += found.score > by_beam.score
    return {
        "proven": n_proven,
        "units": len(seconds),
        "median": float(np.median(seconds)),
        "max": max(seconds),
        "beaten": beaten,
        **memory(),
    }


def all_units(kept: Path, beam: int, length: int, threads: int) -> dict[str, Any]:
    """All units from their maps to formulas."""
    started, cpu = time.perf_counter(), time.process_time()
    bank = ConceptBank.open(kept / "images.bank")
    units = Units.open(kept / "maps.units", THRESHOLD)
    options: dict[str, Any] = {"beam": beam, "length": length, "threads": threads}
    options["literals"] = False
    found = list(explain(bank, units, engine="numba", **options))
    return {
        "units": len(found),
        "iou": float(np.mean([one.iou for one in found])),
        "wall": time.perf_counter() - started,
        "cpu": time.process_time() - cpu,
        **memory(),
    }


def typed(kept: Path, cut: str) -> dict[str, float]:
    """CPU seconds to open bank and units and score a formula, then to score it again.

    What start-up takes, imports and the grammar, is gone through before on a bank of three cells.
    """
    tiny = ConceptBank.from_masks(np.eye(3, dtype=bool), ["water", "river", "blue"])
    score(FORMULA, tiny, Units.from_masks([[1, 0, 0]]), 0)
    started = time.process_time()
    bank = ConceptBank.open(kept / "images.bank")
    units = Units.open(kept / f"{cut}.units", THRESHOLD if cut == "maps" else None)
    score(FORMULA, bank, units, units.names[0])
    first = time.process_time()
    score(FORMULA, bank, units, units.names[0])
    return {"first": first - started, "next": time.process_time() - first, **memory()}


# ---- the tables


def command(*words: str) -> float:
    """Least CPU seconds of five runs of a `logicx` command, each a process of its own."""
    run = [sys.executable, "-c", "import sys; from logicx.cli import main; sys.exit(main())"]
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*run, *words], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(seconds)


def compiled(kept: Path, run: Any) -> Asked:
    """Print what the files took, and return rows of what was asked for."""
    images, maps = run("images"), run("maps")
    path = kept / "images.bank"
    bank = ConceptBank.open(path)
    per = len(bank.concepts_of.indices) / max(1, bank.n_signatures)
    print(f"{bank}, {per:.2f} concepts each\n")
    head = ["images made, CPU s", "compiled, CPU s", "written, CPU s", "peak, MB", "file, MB"]
    head += ["units recorded, CPU s", "units file, MB"]
    size = path.stat().st_size / 1e6
    of_units = (kept / "maps.units").stat().st_size / 1e6
    row = [images[one] for one in ("making", "compile", "write", "peak")]
    table(head, [[*row, size, maps["making"], of_units]])
    return [("bank on disk, MB", "<=", 600, size)]


def searches(run: Any, n_units: int) -> Asked:
    """Print the searches, and return rows of what was asked for."""
    plain_way = run("compared")
    rows_asked: Asked = []
    peaks: list[float] = []

    def rows() -> Iterator[list[Any]]:
        for (beam, length), limit in SEARCHES.items():
            for engine in ("numba", "numpy"):
                one = run("search", engine, beam, length)
                same = one["best"] == plain_way["best"][f"{beam} {length}"]
                milliseconds = [1e3 * one[k] for k in ("open", "first", "unit", "slowest")]
                yield [engine, beam, length, *milliseconds, one["peak"], one.get("mapped", ""),
                       one["before"], same]  # fmt: skip
                if engine == "numba":
                    what = f"beam {beam}, length {length}, CPU ms per unit"
                    rows_asked.append((what, "<=", limit, 1e3 * one["unit"]))
                    peaks.append(one["peak"])

    head = ["engine", "beam", "length", "open, ms", "first unit, ms", "unit, ms", "slowest, ms"]
    table([*head, "peak, MB", "of it mapped", "before opening", "as plain"], rows())
    print(f"all {plain_way['slots']:,} slots of the beams of {n_units} units, lengths 1 to 10, are "
          f"those of the plain beam (it took {plain_way['seconds']:.0f} CPU s)\n")  # fmt: skip
    return [*rows_asked, ("peak of a search, MB", "<=", 300, max(peaks))]


def rest(kept: Path, run: Any, of_binning: dict[str, Any], n_units: int) -> Asked:
    """Print binning, proofs, all units and scores, and return rows of what was asked for."""
    table(
        ["binned by", "CPU ms per unit", "cells on", "peak, MB", "as torch"],
        [[way, 1e3 * one["seconds"], f"{one['share']:.2%}", one["peak"], one["same"]]
         for way, one in of_binning.items()],
    )  # fmt: skip
    best = run("proven")
    table(
        ["optima proven", "median, CPU s", "slowest, CPU s", "beam 10 missed", "peak, MB"],
        [[f"{best['proven']} of {best['units']}", best["median"], best["max"], best["beaten"],
          best["peak"]]],
    )  # fmt: skip
    rows_asked: Asked = [("optima proven", ">=", n_units, best["proven"])]

    def rows() -> Iterator[list[Any]]:
        for beam, length in SEARCHES:
            one = run("all", beam, length, 2)
            yield [one["units"], beam, length, one["wall"], one["cpu"], one["peak"],
                   one.get("mapped", ""), one["iou"]]  # fmt: skip
            what = f"all units on two threads, beam {beam}, length {length}, wall s"
            rows_asked.append((what, "<=", 120, one["wall"]))

    head = ["units", "beam", "length", "wall s, 2 threads", "CPU s", "peak, MB", "of it mapped"]
    table([*head, "mean IoU"], rows())
    scored = {cut: run("typed", cut) for cut in ("counted", "maps")}
    of_bank = [f"bank={kept / 'images.bank'}", "unit=0"]
    commands = {
        "counted": command("score", FORMULA, f"units={kept / 'counted.units'}", *of_bank),
        "maps": command("score", FORMULA, f"units={kept / 'maps.units'}",
                        f"threshold={THRESHOLD}", *of_bank),
    }  # fmt: skip
    head = [
        "score of a formula, units",
        "command, CPU ms",
        "opened and scored",
        "again",
        "peak, MB",
    ]
    table(head, ([cut, *(1e3 * x for x in (commands[cut], one["first"], one["next"])), one["peak"]]
                 for cut, one in scored.items()))  # fmt: skip
    what = "a formula scored after start-up, CPU ms"
    rows_asked += [(f"{what}, {cut}", "<=", 100, 1e3 * one["first"]) for cut, one in scored.items()]
    return rows_asked


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--n-units", type=int, default=20, help="searched and proven one by one")
    add_settings(parser)
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    settings, n_units = chosen_settings(chosen), chosen.n_units
    kept = folder_of(chosen.folder, settings)
    if chosen.part:
        what, *of_part = chosen.part
        files = (kept / "images.bank", kept / "counted.units")
        found: Any = {
            "images": lambda: made(what, chosen.folder, settings),
            "maps": lambda: made(what, chosen.folder, settings),
            "binned": lambda way: binned(kept, n_units, way),
            "compared": lambda: compared(kept, n_units),
            "search": lambda engine, beam, length: searched(
                *files, engine, int(length), int(beam), n_units
            ),
            "proven": lambda: proven(kept, n_units),
            "all": lambda *numbers: all_units(kept, *map(int, numbers)),
            "typed": lambda cut: typed(kept, cut),
        }[what](*of_part)
        print(json.dumps(found))
        return
    options = [f"--{name}={getattr(chosen, name)}" for name in settings.__dataclass_fields__]

    def run(*part: Any) -> Any:
        common = [chosen.folder, *options, f"--n-units={n_units}", "--part"]
        return in_fresh_process(__file__, *common, *part)

    print(machine())
    rows_asked = compiled(kept, run)
    of_binning = {way: run("binned", way) for way in ("numpy", "numba")}
    rows_asked += searches(run, n_units)
    rows_asked += rest(kept, run, of_binning, n_units)
    asked(rows_asked)


if __name__ == "__main__":
    main()
