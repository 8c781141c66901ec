"""The demo's bank and units: drawn and computed on first use, then kept in the user's cache.

The cache is keyed by a hash of everything that the result follows from: the code that draws and
counts, the network's weights, the settings and the file format.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from logicx.banks import storage
from logicx.banks.bank import ConceptBank
from logicx.banks.bankfile import BankFile
from logicx.banks.signatures import Incidence, SignatureBuilder
from logicx.banks.universe import Universe
from logicx.demo.colors import COLORS, color_map
from logicx.demo.network import N_UNITS, activations, load_weights
from logicx.demo.scenes import OBJECTS, PARTS, SCENES, SIZE, Scenes, render_scenes
from logicx.demo.upsample import upsample
from logicx.errors import FileError
from logicx.resources import cache_folder, resource, source_hash
from logicx.units.thresholds import Range, Threshold
from logicx.units.units import Units

N_SCENES = 500
"""Scenes with the seeds 0 to 499; the network was not trained on them."""
GRID = 48
"""Cells of the mask grid: every second pixel of a scene, from the second."""
THRESHOLD = Threshold("quantile", 0.05)
"""Top 5 % of the cells of each unit; docs/demo.md says why not the paper's 0.5 %."""

_DRAWN: dict[int, tuple[Scenes, NDArray[np.float32]]] = {}
"""What `draw_and_run` has made, by number of scenes."""

Progress = Callable[[str, int, int], None]
"""Called as progress(what, done, total)."""


class Demo(NamedTuple):
    """The demo's concepts and units."""

    bank: ConceptBank
    units: Units


def open_demo(progress: Progress | None = None) -> Demo:
    """The demo's bank and units, from the cache or made anew (about 10 s).

    Args:
        progress: Told what is being done and how far it is, if anything must be done.
    """
    bank_path, units_path = (_cache_folder() / f"waterside.{kind}" for kind in ("bank", "units"))
    try:
        BankFile(bank_path).check_hashes()
        return Demo(ConceptBank.open(bank_path), Units.open(units_path))
    except FileError:  # not made yet, or damaged: it is made anew
        pass
    scenes, maps = draw_and_run(progress)
    bank = concepts_of(scenes)
    ranges: list[str] = []
    units = Units.counted(
        bank,
        [str(i) for i in range(N_UNITS)],
        _on_counts(bank, maps, ranges, progress),
        cut=ranges,
        threshold=str(THRESHOLD),
    )
    with suppress(FileError):  # a cache that cannot be written costs time, not the result
        bank.save(bank_path)
        units.save(units_path)
    return Demo(bank, units)


def draw_and_run(progress: Progress | None = None) -> tuple[Scenes, NDArray[np.float32]]:
    """The demo's scenes, and the maps of all units on them; a process makes them once.

    Shape: maps are `float32[n_scenes, n_units, 12, 12]`.
    """

    def told(what: str) -> Callable[[int, int], None] | None:
        return (lambda done, total: progress(what, done, total)) if progress else None

    if N_SCENES not in _DRAWN:
        scenes = render_scenes(N_SCENES, 0, told("drawing the demo's scenes"))
        weights = load_weights(resource("concepts", "waterside", "cnn.safetensors"))
        maps = activations(weights, scenes.images, told("running the demo's network"))
        _DRAWN[N_SCENES] = scenes, maps
    return _DRAWN[N_SCENES]


def concepts_of(scenes: Scenes) -> ConceptBank:
    """Objects, parts, colours and scene labels on the mask grid."""
    n = len(scenes.images)
    step = SIZE // GRID
    grid = (slice(None), slice(step // 2, None, step), slice(step // 2, None, step))
    first_part, first_color = len(OBJECTS), len(OBJECTS) + len(PARTS)
    first_scene = first_color + len(COLORS)
    objects, parts = scenes.objects[grid].astype(np.int32), scenes.parts[grid].astype(np.int32)
    labels = np.broadcast_to(scenes.labels[:, None, None], objects.shape)
    layers = np.stack(  # of each cell, in ascending order; -1 for none
        [
            objects - 1,
            np.where(parts > 0, parts - 1 + first_part, -1),
            color_map(scenes.images)[grid].astype(np.int32) + first_color,
            labels.astype(np.int32) + first_scene,
        ],
        axis=-1,
    ).reshape(-1, 4)
    indptr = np.concatenate([[0], np.cumsum((layers >= 0).sum(axis=1))]).astype(np.int64)
    builder = SignatureBuilder(first_scene + len(SCENES))
    builder.add(Incidence(indptr, layers[layers >= 0]))
    families = {"object": OBJECTS, "part": PARTS, "color": COLORS, "scene": SCENES}
    return ConceptBank(
        "waterside",
        [name for names in families.values() for name in names],
        [category for category, names in families.items() for _ in names],
        Universe.pixels(n, GRID, GRID),
        builder.finish(),
        source={"demo": "waterside", "scenes": n, "threshold": str(THRESHOLD)},
    )


def unit_on(maps: NDArray[np.float32]) -> tuple[NDArray[np.bool_], Range]:
    """Where one unit is on, and where it was cut.

    Shape: `float32[n_scenes, 12, 12] -> bool[n_scenes, 48, 48]`.
    """
    values = upsample(np.ascontiguousarray(maps), GRID)
    (cut,) = THRESHOLD.ranges(values.reshape(-1))
    return cut.mask(values), cut


def _on_counts(
    bank: ConceptBank,
    maps: NDArray[np.float32],
    ranges: list[str],
    progress: Progress | None,
) -> Iterator[NDArray[np.int64]]:
    for i in range(N_UNITS):
        on, cut = unit_on(maps[:, i])
        ranges.append(str(cut))
        if progress:
            progress("cutting the demo's units", i + 1, N_UNITS)
        yield bank.on_counts(on.reshape(-1))


def _cache_folder() -> Path:
    return cache_folder() / f"demo-{_made_by()[:16]}"


@cache
def _made_by() -> str:
    """Hash of all that bank and units are made by."""
    found = hashlib.sha256(f"{storage.FORMAT_VERSIONS} {N_SCENES} {GRID} {THRESHOLD}".encode())
    found.update(source_hash(__name__).encode())
    found.update(resource("concepts", "waterside", "cnn.safetensors").read_bytes())
    return found.hexdigest()
