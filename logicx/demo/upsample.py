"""Bilinear upsampling of activation maps, as torch does it, without torch.

`logicx.units.upsampling` gives torch's very bits, for maps of which few cells are high. Here whole
maps are wanted, and the last bit is free: this way takes a fiftieth of the time. Five of the demo's
590 million cells would be on or off otherwise.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray


@cache
def _neighbours(n_in: int, n_out: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Per output position: the input position before it, and the way to the next one in [0, 1].

    Centres of cells are aligned, not corners; beyond the first and last centre the map is constant.
    """
    position = np.clip((np.arange(n_out) + 0.5) * n_in / n_out - 0.5, 0, n_in - 1)
    before = np.minimum(position.astype(np.intp), max(n_in - 2, 0))
    return before, (position - before).astype(np.float32)


def upsample(maps: NDArray[np.float32], size: int = 48) -> NDArray[np.float32]:
    """The maps on a grid of `size` x `size`, with half-pixel centres.

    Equal to `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)` up to rounding.
    Elementwise, so that the last bit, and with it which pixels pass a threshold, does not depend
    on the machine's BLAS.

    Args:
        maps: float32[..., height, width].
        size: height and width of the result.

    Returns:
        float32[..., size, size].
    """
    height, width = maps.shape[-2:]
    row, down = _neighbours(height, size)
    column, right = _neighbours(width, size)
    after_column = np.minimum(column + 1, width - 1)
    after_row = np.minimum(row + 1, height - 1)
    # Columns first: the array is then still short of rows.
    left = np.take(maps, column, axis=-1)
    wide = left + (np.take(maps, after_column, axis=-1) - left) * right
    upper = np.take(wide, row, axis=-2)
    result: NDArray[np.float32] = (
        upper + (np.take(wide, after_row, axis=-2) - upper) * down[:, None]
    )
    return result
