"""What the benchmarks share: input, clocks, memory, fresh processes and tables."""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx import ConceptBank, Units, explain
from logicx.banks.bits import unpack
from logicx.banks.signatures import Incidence
from logicx.runs.running import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logicx.scoring.results import Explanation

REFERENCE = Path(__file__).resolve().parents[1].parent / "shared" / "reference" / "compexp_nli"
SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
CHUNK = 50_000
"""Cells that are made up at a time."""


# ---- input


def unpacked(path: Path) -> tuple[np.ndarray, list[str]]:
    """Masks `bool[n, n_cells]` and names of a file of the reference."""
    with np.load(path) as stored:
        n_cells = int(stored["shape"][0])
        masks = np.unpackbits(stored["packed"], axis=0, count=n_cells).astype(bool).T
        return masks, [str(name) for name in stored["names"]]


def linear_units(masks: np.ndarray, n: int = 56) -> Iterator[tuple[str, np.ndarray]]:
    """Linear thresholds over all concepts (even numbers) or 3 % of them, on at 0.5 to 40 %."""
    dice = np.random.default_rng(7)
    cells = masks.T.astype(np.float32)
    for i in range(n):
        share = SHARES[i % len(SHARES)]
        weights = dice.standard_normal(len(masks)).astype(np.float32)
        if i % 2:
            weights *= dice.random(len(masks)) < 0.03
        activation = cells @ weights + 1e-3 * dice.random(len(cells))
        yield f"linear {i} at {share:.1%}", activation > np.quantile(activation, 1 - share)


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


def nli(n_units: int) -> tuple[ConceptBank, Units]:
    """The paper's own NLI bank, its eight units and linear ones; made up where it is not there."""
    if not REFERENCE.is_dir():
        return made_up(n_units)
    masks, names = unpacked(REFERENCE / "bank.npz")
    given, unit_names = unpacked(REFERENCE / "units.npz")
    more = dict(linear_units(masks, max(0, n_units - len(given))))
    units = Units.from_masks(np.array([*given, *more.values()]), [*unit_names, *more])
    return ConceptBank.from_masks(masks, names, name="compexp NLI"), units


def sparse_cells(
    n_cells: int, n_concepts: int, per_cell: int, seed: int = 0
) -> Iterator[Incidence]:
    """Cells that hold so many draws from concepts by Zipf's law, in chunks; repeats count once."""
    dice = np.random.default_rng(seed)
    share = 1 / np.arange(1, n_concepts + 1) ** 0.9
    below = np.cumsum(share) / share.sum()
    for first in range(0, n_cells, CHUNK):
        n = min(CHUNK, n_cells - first)
        drawn = np.searchsorted(below[:-1], dice.random((n, per_cell), np.float32)).astype(np.int32)
        drawn.sort(axis=1)
        is_new = np.ones(drawn.shape, bool)
        is_new[:, 1:] = drawn[:, 1:] != drawn[:, :-1]
        yield Incidence(np.append(0, np.cumsum(is_new.sum(axis=1))), drawn[is_new])


def sparse_units(bank: ConceptBank, n: int, share: float, seed: int = 1) -> Units:
    """Noisy formulas (even numbers) and linear thresholds, on at this share of all cells."""
    dice = np.random.default_rng(seed)
    counts = np.diff(bank.signatures_of.indptr)
    near = np.argsort(np.abs(counts - share * bank.n_signatures / 2), kind="stable")[:60]
    lengths = np.diff(bank.concepts_of.indptr)
    masks = []
    for i in range(n):
        if i % 2:
            weights = dice.standard_normal(bank.n_concepts).astype(np.float32)
            sums = np.add.reduceat(np.append(weights[bank.concepts_of.indices], 0),
                                   bank.concepts_of.indptr[:-1])  # fmt: skip
            activation = np.where(lengths > 0, sums, 0) + 1e-3 * dice.random(len(sums))
        else:
            a, b, c = (
                unpack(bank.words_of(one), bank.n_signatures) for one in dice.choice(near, 3)
            )
            activation = ((a | b) & ~c) + dice.random(bank.n_signatures) * 1.01
        activation = activation[bank.of_cell] + 1e-6 * dice.random(bank.universe.n_cells)
        masks.append(activation > np.quantile(activation, 1 - share))
    return Units.from_masks(np.array(masks))


# ---- clocks and memory


def timed(work: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    """CPU seconds for each of the results, and the results."""
    started = time.process_time()
    found = work()
    return (time.process_time() - started) / max(1, len(found)), found


def essence(found: Iterable[Explanation]) -> list[Any]:
    """What two engines must agree on."""
    return [(one.formula, one.score, one.counts, one.by_length, one.n_scored) for one in found]


def memory() -> dict[str, float]:
    """Peak resident MB of this process, and how much of what it holds now is mapped files."""
    status = Path("/proc/self/status")
    if not status.is_file():
        unit = 1 if sys.platform == "darwin" else 1024
        return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6}
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    read = {"peak": "VmHWM", "mapped": "RssFile"}
    return {name: int(lines[key].split()[0]) * 1024 / 1e6 for name, key in read.items()}


def in_fresh_process(script: str, *args: Any, python: str = sys.executable, **env: str) -> Any:
    """What a script prints as JSON on its last line, run by itself."""
    import os

    command = [python, script, *(str(one) for one in args)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **env}
    )
    return json.loads(done.stdout.splitlines()[-1])


def engines() -> list[str]:
    """The engines that are there."""
    needs = {"numba": "numba", "torch": "torch"}
    return [one for one in ENGINES if one != "auto" and find_spec(needs.get(one, "numpy"))]


class Clock:
    """CPU seconds that an iterable takes itself."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def running(self, items: Iterable[Any]) -> Iterator[Any]:
        iterator = iter(items)
        while True:
            started = time.process_time()
            item = next(iterator, None)
            self.seconds += time.process_time() - started
            if item is None:
                return
            yield item


def searched(
    bank_path: Path, units_path: Path, engine: str, length: int, beam: int, n_units: int | None
) -> dict[str, Any]:
    """What it takes to map a bank and explain units twice, and what is found."""
    if engine == "numba":  # load the kernels, which has nothing to do with the size
        tiny = ConceptBank.from_masks([[1, 1, 0], [0, 1, 1]], ["a", "b"])
        list(explain(tiny, Units.from_masks([[1, 0, 0]]), length=2, engine=engine))
    before = memory()["peak"]
    started = time.process_time()
    bank, units = ConceptBank.open(bank_path), Units.open(units_path)
    opened = time.process_time()
    names = units.names[:n_units]
    seconds, found = [], []
    options: dict[str, Any] = {"length": length, "beam": beam, "engine": engine, "literals": False}
    for _ in range(2):
        for one in names:
            began = time.process_time()
            found += explain(bank, units, unit=one, **options)
            seconds.append(time.process_time() - began)
    again = seconds[len(names) :]
    return {
        "open": opened - started,
        "first": seconds[0],
        "unit": sum(again) / len(again),
        "slowest": max(again),
        "before": before,
        "found": repr(essence(found[: len(names)])),
        "best": [(str(one.formula), one.score) for one in found[: len(names)]],
        **memory(),
    }


# ---- printing


def machine() -> str:
    """Processor and versions."""
    from importlib.metadata import PackageNotFoundError, version

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [one for one in info.read_text().splitlines() if one.startswith("model name")]
        cpu = models[0].split(":", 1)[1].strip() if models else cpu
    versions = [f"Python {platform.python_version()}"]
    for name in ("numpy", "numba", "torch"):
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"no {name}")
    return f"{cpu}; {', '.join(versions)}; {time.strftime('%Y-%m-%d')}"


def table(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table in Markdown, each line as soon as it is there."""
    print("| " + " | ".join(str(one) for one in head) + " |")
    print("|" + "---|" * len(head), flush=True)
    for row in rows:
        print("| " + " | ".join(shown(one) for one in row) + " |", flush=True)
    print()


def asked(rows: Iterable[tuple[str, str, float, float]]) -> None:
    """Print what was asked for beside what was measured: what, `<=` or `>=`, limit, value."""
    table(
        ["asked for", "limit", "measured", "met"],
        (
            [
                what,
                f"{sign} {limit:,g}",
                value,
                bool(value <= limit if sign == "<=" else value >= limit),
            ]
            for what, sign, limit, value in rows
        ),
    )


def shown(value: Any) -> str:
    """A number with three digits or so."""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)
