"""What tests of maps over images share: maps, banks, and slow ways to upsample and count."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from logicx import ConceptBank, Universe
from logicx.units.activations import write_activations

WAYS = [False, pytest.param(True, marks=pytest.mark.skipif(not find_spec("numba"), reason="numba"))]


def by_torch(maps, height, width) -> np.ndarray:
    """The way of torch that is matched: one channel."""
    tensor = torch.from_numpy(np.ascontiguousarray(maps, np.float32))[:, None]
    size = (int(height), int(width))
    found = torch.nn.functional.interpolate(tensor, size, mode="bilinear", align_corners=False)
    return found[:, 0].numpy()


def some_maps(rng, n, h, w) -> np.ndarray:
    """Maps of all kinds: with many zeros, of few digits, large, tiny, negative, constant."""
    maps = rng.standard_normal((n, h, w)) * 10.0 ** rng.integers(-3, 4)
    kind = rng.integers(6)
    if kind == 0:
        maps = np.maximum(maps, 0)
    elif kind == 1:
        maps = np.round(maps)
    elif kind == 2:
        maps = maps * 1e-38
    elif kind == 3:
        maps = np.full_like(maps, 0.1) + (maps > 1)
    return maps.astype(np.float32)


def a_bank(rng, n, height, width, valid_share=0.8, n_concepts=5) -> ConceptBank:
    n_cells = n * height * width
    return ConceptBank.from_masks(
        rng.random((n_concepts, n_cells)) < 0.3,
        [f"c{i}" for i in range(n_concepts)],
        universe=Universe.pixels(n, height, width),
        valid=rng.random(n_cells) < valid_share,
    )


def on_file(path, maps, dtype="float32"):
    """Maps of several units, `[n_units, n_images, h, w]`, as a recording holds them."""
    n_units, *shape = maps.shape
    rows = maps.reshape(n_units, -1).T
    names = [str(i) for i in range(n_units)]
    universe = Universe.pixels(*shape)
    write_activations(path, names, len(rows), dtype, [rows], universe=universe)
    return path


def dense(bank, mask) -> list[int]:
    """On-counts of a mask of all cells, cell by cell."""
    found = [0] * bank.n_signatures
    for signature, is_on in zip(bank.of_cell.tolist(), mask.reshape(-1).tolist(), strict=True):
        if is_on and signature >= 0:
            found[signature] += 1
    return found


sizes = st.integers(1, 20)
