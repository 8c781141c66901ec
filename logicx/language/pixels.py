"""The built-in operators that see where the pixels of an image lie.

Operators that relate cells (ABOVE, BELOW, LEFT, RIGHT, NEAR, TOUCHES) never count the cell itself;
those that shape what holds (GROW, SHRINK, LARGEST, IMAGE) do. Nothing lies beyond the border of an
image. A cell without labels holds nothing, neither x nor NOT x.

All are functions of masks `bool[n_images, height, width]`; see `logicx.language.registration`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.language.patches import patches, reached
from logicx.language.registration import operator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Masks = NDArray[np.bool_]


@operator("ABOVE", kind="structural", where="pixels", args=1, example="ABOVE(water)")
def _above(x: Masks) -> Masks:
    """Some cell further down in the same column of the image holds it."""
    found: Masks = np.flip(_below(np.flip(x, -2)), -2)
    return found


@operator("BELOW", kind="structural", where="pixels", args=1, example="BELOW(sky)")
def _below(x: Masks) -> Masks:
    """Some cell further up in the same column of the image holds it."""
    found = np.zeros_like(x)
    found[..., 1:, :] = np.logical_or.accumulate(x, axis=-2)[..., :-1, :]
    return found


@operator("LEFT", kind="structural", where="pixels", args=1, example="LEFT(tree)")
def _left(x: Masks) -> Masks:
    """Some cell further right in the same row of the image holds it: the cell is left of it."""
    found: Masks = np.flip(_right(np.flip(x, -1)), -1)
    return found


@operator("RIGHT", kind="structural", where="pixels", args=1, example="RIGHT(tree)")
def _right(x: Masks) -> Masks:
    """Some cell further left in the same row of the image holds it: the cell is right of it."""
    found = np.zeros_like(x)
    found[..., 1:] = np.logical_or.accumulate(x, axis=-1)[..., :-1]
    return found


@operator(
    "NEAR",
    kind="structural",
    where="pixels",
    args=1,
    parameters=["r"],
    tries=[1, 3],
    example="NEAR(3, water)",
)
def _near(r: int, x: Masks) -> Masks:
    """Some other cell of the image, at most r rows and r columns away, holds it."""
    around = _window_sums(_window_sums(x.astype(np.int32), r, -1), r, -2)
    found: Masks = around > x
    return found


@operator("TOUCHES", kind="structural", where="pixels", args=1, example="TOUCHES(water)")
def _touches(x: Masks) -> Masks:
    """It does not hold here, but at the cell above, below, left or right."""
    return _grown(x) & ~x


@operator("INSIDE", kind="structural", where="pixels", args=1, example="INSIDE(house)")
def _inside(x: Masks) -> Masks:
    """It does not hold here, and every way to the border, by steps over sides, meets it."""
    free = ~x
    at_border = np.zeros_like(x)
    at_border[..., [0, -1], :] = at_border[..., [0, -1]] = True
    found: Masks = free & ~reached(free, at_border & free)
    return found


@operator(
    "GROW",
    kind="structural",
    where="pixels",
    args=1,
    parameters=["r"],
    tries=[1, 3],
    example="GROW(2, boat)",
)
def _grow(r: int, x: Masks) -> Masks:
    """It holds here, or at a cell that r steps up, down, left or right reach, or fewer."""
    for _ in range(min(r, x.shape[-1] + x.shape[-2])):
        x = _grown(x)
    return x


@operator(
    "SHRINK",
    kind="structural",
    where="pixels",
    args=1,
    parameters=["r"],
    tries=[1, 3],
    example="SHRINK(2, water)",
)
def _shrink(r: int, x: Masks) -> Masks:
    """It holds here and at all cells that r steps up, down, left or right reach, or fewer."""
    found: Masks = ~_grow(r, ~x)
    return found


@operator("LARGEST", kind="structural", where="pixels", args=1, example="LARGEST(water)")
def _largest(x: Masks) -> Masks:
    """The largest patch of it in the image: cells that hang together by their sides.

    Of patches of one size, that of the first cell in reading order.
    """
    number = patches(x)  # the place of its first cell, so that of equals the first is taken
    sizes = np.bincount(number[x], minlength=x.size).reshape(len(x), -1)
    largest = sizes.argmax(axis=1) + np.arange(len(x)) * sizes.shape[1]
    found: Masks = x & (number == largest[:, None, None])
    return found


@operator("IMAGE", kind="structural", where="pixels", args=1, example="IMAGE(boat)")
def _image(x: Masks) -> Masks:
    """The whole image, if it holds anywhere in it."""
    return np.broadcast_to(np.any(x, axis=(-2, -1), keepdims=True), x.shape)


def _grown(x: Masks) -> Masks:
    """The cells that hold it, and those beside one."""
    found: Masks = x.copy()
    found[..., 1:, :] |= x[..., :-1, :]
    found[..., :-1, :] |= x[..., 1:, :]
    found[..., 1:] |= x[..., :-1]
    found[..., :-1] |= x[..., 1:]
    return found


def _window_sums(numbers: NDArray[np.int32], r: int, axis: int) -> NDArray[np.int32]:
    """Sums over the places at most r away along an axis."""
    n = numbers.shape[axis]
    before = np.concatenate([np.zeros_like(numbers.take([0], axis)), numbers], axis).cumsum(axis)
    first = np.maximum(np.arange(n) - r, 0)
    end = np.minimum(np.arange(n) + min(r, n) + 1, n)
    found: NDArray[np.int32] = before.take(end, axis) - before.take(first, axis)
    return found
