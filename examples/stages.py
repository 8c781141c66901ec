"""What studies of several stages share: files that are keyed by what they are made from, times.

Each stage leaves a file whose name holds a hash of all that it was made from, so a study that was
killed goes on by the same command, and other data or settings never meet an old file.
"""

from __future__ import annotations

import csv
import json
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from logicx import (
    Apply,
    Concept,
    ConceptBank,
    Formula,
    LogicxError,
    Units,
    explain,
    read_journal,
    run_journal,
)
from logicx.banks.storage import replacing
from logicx.errors import DataError


class Clock:
    """Times and peak memory of the stages, kept on file: times of a stage that went on add up."""

    def __init__(self, path: Path) -> None:
        """Read what is on file."""
        self.path = path
        self.stages: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    @contextmanager
    def stage(
        self, name: str, file: Path, is_done: Callable[[], bool] = lambda: True
    ) -> Iterator[bool]:
        """Time a stage; whether it was done before."""
        is_there = file.exists() and is_done()
        print(f"{name}: {file}" + (" is there" if is_there else ""), flush=True)
        forget_peak()
        wall, cpu = time.perf_counter(), time.process_time()
        before = self.stages.get(name, {})
        if before.get("file") != str(file):
            before = {"wall": 0.0, "cpu": 0.0, "peak_mb": 0.0}
        try:
            yield is_there
        finally:
            if not is_there:
                self.stages[name] = {
                    "file": str(file),
                    "wall": before["wall"] + time.perf_counter() - wall,
                    "cpu": before["cpu"] + time.process_time() - cpu,
                    "peak_mb": max(before.get("peak_mb", 0.0), peak_mb()),
                }
                with replacing(self.path) as unfinished:
                    unfinished.write_text(json.dumps(self.stages, indent=2) + "\n")

    def show(self) -> None:
        """Print a line for each stage."""
        for stage, one in self.stages.items():
            peak = f"peak {one['peak_mb']:,.0f} MB" if one.get("peak_mb") else "peak not known"
            print(f"{stage}: {one['wall']:.1f} s, {one['cpu']:.1f} CPU s, {peak}, {one['file']}")


STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """Let the peak of memory begin anew, where the system can (Linux)."""
    with suppress(OSError):
        CLEAR.write_text("5")


def peak_mb() -> float:
    """Most memory that this process had in use since `forget_peak`, else since it began."""
    with suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def progress(what: str, every: int) -> Callable[[str, int, int | None], None]:
    """A function that prints a line now and then."""

    def told(step: str, done: int, total: int | None) -> None:
        if done % every == 0 or done == total:
            print(f"  {what}: {step} {done:,} of {total or 0:,}", flush=True)

    return told


def hash_of(path: Path) -> str:
    """Hash of a file's content.

    Raises:
        DataError: It cannot be read.
    """
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def hash_of_folder(path: Path) -> str:
    """Hash of the paths and contents of all files below a folder.

    Raises:
        DataError: There is no such folder, or a file cannot be read.
    """
    if not path.is_dir():
        raise DataError(f"no folder {path}")
    files = sorted(one for one in path.rglob("*") if one.is_file())
    return key_of([(one.relative_to(path).as_posix(), hash_of(one)) for one in files])


def key_of(*parts: object) -> str:
    """A short hash of plain values."""
    return sha256(json.dumps(parts).encode()).hexdigest()[:12]


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """A CSV file."""
    with replacing(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


# ---- stages and ends that are the same


def explained(
    clock: Clock,
    bank: ConceptBank,
    units: Units,
    out: Path,
    threads: int,
    every: int,
    **options: int,
) -> Path:
    """The journal of the best formulas of all units.

    Args:
        clock: Of the study.
        bank: Concepts.
        units: Units on them.
        out: Folder of all files.
        threads: Units that are searched at a time.
        every: Units between two lines of progress.
        options: Of `explain`: the journal's name holds a hash of them.
    """
    path = out / f"run-{key_of(bank.content, units.content, options)}.jsonl"
    with clock.stage("explain", path, is_done=lambda: read_journal(path).is_complete) as is_there:
        if not is_there:
            plan = explain(bank, units, threads=threads, literals=False, **options)
            told = progress("explaining", every)
            run_journal(plan, path, resume=True, progress=lambda n, total: told("units", n, total))
    return path


def write_summary(
    out: Path, found: dict[str, Any], files: Sequence[Path], clock: Clock, packages: Sequence[str]
) -> dict[str, Any]:
    """What was found, with the files, times, machine and versions, also as `summary.json`."""
    summary = {
        **found,
        "files": [str(one) for one in files],
        "stages": clock.stages,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "versions": {name: version(name) for name in packages},
    }
    with replacing(out / "summary.json") as unfinished:
        unfinished.write_text(json.dumps(summary, indent=2) + "\n")
    return summary


def status_of(study: Callable[[], object]) -> int:
    """Run a study: 0 where all is done, 2 where the input is wrong, 130 where interrupted."""
    try:
        study()
    except LogicxError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: go on by the same command", file=sys.stderr)
        return 130
    return 0


# ---- rows of a journal


def at_length(row: dict[str, Any], length: int) -> dict[str, Any]:
    """The best formula of at most so many concepts."""
    entries: list[dict[str, Any]] = row["by_length"]
    return entries[min(length, len(entries)) - 1]


def share_on(counts: dict[str, int]) -> float:
    """Share of the cells at which a unit fires: what a formula that is always true would score."""
    return (counts["tp"] + counts["fn"]) / sum(counts.values())


def named(formula: Formula, is_negated: bool = False) -> Iterator[str]:
    """The atoms of a formula, with NOT before those under an odd number of negations."""
    is_atom = isinstance(formula, Concept) or (formula.n_atoms == 1 and formula.operator != "NOT")
    if is_atom:
        yield f"NOT {formula}" if is_negated else str(formula)
    elif isinstance(formula, Apply):
        for one in formula.args:
            yield from named(one, is_negated != (formula.operator == "NOT"))
