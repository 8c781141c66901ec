"""logicx against a published package on images with masks: the same masks in the same run.

    python benchmarks/compare_vision.py [--images 200] [--concepts 300] [--side 112] [--n-units 4]

Made-up images (`broden_like.py`) with their most frequent concepts, and units that are on at 0.5 %
of the cells. Each way runs in a process of its own; times are CPU seconds of one thread, from
masks over cells to formulas; beam 5, as the package has it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from broden_like import HiddenUnits, Images, Settings, names_and_categories
from common import asked, engines, in_fresh_process, machine, table
from compare import iou_beside, ours, package
from plain import holds

from logicx import ConceptBank, Units, Universe

if TYPE_CHECKING:
    from collections.abc import Iterator

BEAM, LENGTH = 5, 3


def put(folder: Path, settings: Settings, n_concepts: int) -> str:
    """Write a bank of the most frequent concepts, and units."""
    import torch

    names, _ = names_and_categories()
    images = Images(settings.side, settings.seed)
    universe = Universe.pixels(settings.images, settings.side, settings.side)
    groups = map(images.group, range(settings.images))
    whole = ConceptBank.from_groups(groups, names, universe=universe)
    kept = np.sort(np.argsort(-whole.count, kind="stable")[:n_concepts]).tolist()
    masks = np.array([whole.cells(holds(whole, i)) for i in kept])
    bank = ConceptBank.from_masks(masks, [names[i] for i in kept], universe=universe)
    bank.save(folder / "a.bank")
    maps = np.stack(list(HiddenUnits(whole, settings).rows()), axis=-1).astype(np.float32)
    grids = torch.from_numpy(maps.transpose(1, 2, 0).copy())
    grids = grids.reshape(settings.units, settings.images, settings.map, settings.map)
    size = (settings.side, settings.side)
    on = []
    for unit in grids:
        grown = torch.nn.functional.interpolate(unit[None], size, mode="bilinear")
        on.append(grown.numpy().ravel() > np.quantile(grown.numpy(), 0.995))
    Units.from_masks(np.array(on), universe=universe).save(folder / "a.units")
    return repr(bank)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--concepts", type=int, default=300)
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--n-units", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5, help="the least of so many is shown")
    parser.add_argument("--peers", type=Path, default=Path(".peers"))
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    n_units = chosen.n_units
    if chosen.part:
        what, folder = chosen.part[0], Path(chosen.part[1])
        found: Any
        if what == "put":
            settings = Settings(images=chosen.images, side=chosen.side, units=n_units)
            found = put(folder, settings, chosen.concepts)
        else:
            found = ours(folder, what, LENGTH, n_units, chosen.repeats, BEAM)
        print(json.dumps(found))
        return
    options = [f"--images={chosen.images}", f"--concepts={chosen.concepts}"]
    options += [f"--side={chosen.side}", f"--n-units={n_units}", f"--repeats={chosen.repeats}"]
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        print(in_fresh_process(__file__, *options, "--part", "put", name), "\n")
        measured = {one: in_fresh_process(__file__, *options, "--part", one, name)
                    for one in engines()}  # fmt: skip
        fastest = min(measured.values(), key=lambda one: one["seconds"])
        theirs: list[dict[str, Any]] = []

        def rows() -> Iterator[list[Any]]:
            for engine, one in measured.items():
                note = "as numpy" if one["essence"] == measured["numpy"]["essence"] else "NO"
                ratio = one["seconds"] / fastest["seconds"]
                yield [engine, n_units, 1e3 * one["seconds"], ratio, one["peak"], note]
            one = package(Path(name), chosen.peers, LENGTH, n_units, BEAM)
            if one is None:
                yield ["compositional-explanations", "not installed (make peers)", *[""] * 4]
                return
            theirs.append(one)
            ratio = one["seconds"] / fastest["seconds"]
            yield ["compositional-explanations", n_units, 1e3 * one["seconds"], ratio, one["peak"],
                   iou_beside(one["best"], fastest["best"])]  # fmt: skip

        table(["way", "units", "CPU ms per unit", "ratio to ours", "peak MB", "result"], rows())
    for one in theirs:
        pairs = list(zip(fastest["best"], one["best"], strict=True))
        n_as_good = sum(mine[1] >= other[1] for mine, other in pairs)
        table(["ours", "IoU", "the package's", "IoU"], [[*mine, *other] for mine, other in pairs])
        asked([
            ("package by ours, CPU seconds", ">=", 1000, one["seconds"] / fastest["seconds"]),
            ("units with the same or a better IoU", ">=", n_units, n_as_good),
        ])  # fmt: skip


if __name__ == "__main__":
    main()
