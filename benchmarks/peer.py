"""The beam of the package `compositional-explanations`, run by itself: it prints one line of JSON.

    PYTHONPATH=.peers python benchmarks/peer.py masks.npz length beam

`masks.npz` holds `concepts: bool[n_concepts, n_samples, n_cells]` and `units`, alike: images are
samples, and other cells one sample, the layout in which the package is fastest on such input. The
matrix of disjoint concepts, which it asks for, is not in its time. Imports nothing of logicx.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time

import numpy as np
import torch
from compositional_explanations import beam


def plain(formula):
    """The formula as nested lists."""
    name = type(formula).__name__
    if name == "Leaf":
        return int(formula.val)
    sides = [formula.val] if name == "Not" else [formula.left, formula.right]
    return [name.upper(), *(plain(one) for one in sides)]


def main() -> None:
    torch.set_num_threads(1)
    path, length, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with np.load(path) as given:
        concepts, units = given["concepts"], given["units"]
    disjoint = torch.ones(len(concepts), len(concepts), dtype=torch.bool)
    for sample in range(concepts.shape[1]):
        cells = torch.from_numpy(concepts[:, sample].astype(np.float32))
        disjoint &= cells @ cells.T == 0
    disjoint.fill_diagonal_(True)  # as in the package's own example
    masks = [torch.from_numpy(one) for one in concepts]
    found = []
    for unit in units:
        started = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            formula = beam.compute_beam_explanations(
                bitmaps=torch.from_numpy(unit),
                masks=masks,
                disjoint_info=disjoint,
                length=length,
                beam_size=width,
                device=torch.device("cpu"),
            )
        seconds = time.process_time() - started
        found.append([seconds, None if formula is None else plain(formula)])
    with open("/proc/self/status") as status:
        peak = next(int(one.split()[1]) * 1024 / 1e6 for one in status if one.startswith("VmHWM"))
    print(json.dumps({"found": found, "peak": peak}))


if __name__ == "__main__":
    main()
