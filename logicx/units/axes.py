"""What the axes of an array of activations are: its numbers do not tell.

`[a, b, c]` may be documents, tokens and units, or images of one unit. So an array of three or more
axes is read only if its layout is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.universe import Universe
from logicx.errors import DataError, OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Axes(NamedTuple):
    """The axes in words, and their order with the units (or heads and units) first."""

    words: str
    order: tuple[int, ...]


LAYOUTS = {
    "nhw": _Axes("[images, height, width] of one unit", (0, 1, 2)),
    "btd": _Axes("[documents, tokens, units]", (2, 0, 1)),
    "tbd": _Axes("[tokens, documents, units]", (2, 1, 0)),
    "bdt": _Axes("[documents, units, tokens]", (1, 0, 2)),
    "nchw": _Axes("[images, units, height, width]", (1, 0, 2, 3)),
    "nhwc": _Axes("[images, height, width, units]", (3, 0, 1, 2)),
    "cnhw": _Axes("[units, images, height, width]", (0, 1, 2, 3)),
    "bthd": _Axes("[documents, tokens, heads, units of a head]", (2, 3, 0, 1)),
    "bhtd": _Axes("[documents, heads, tokens, units of a head]", (1, 3, 0, 2)),
}
"""What an array's axes may be, a letter each; named as `logicx probe` names them."""


class Turned(NamedTuple):
    """An array with its units first, and what is known of its cells.

    Args:
        values: `[n_units, ...]`; all other axes are cells, in order.
        universe: The cells, where the layout says what they are.
        note: What the axes were taken for, where that could be doubted.
    """

    values: NDArray[Any]
    universe: Universe | None = None
    note: str = ""


def turned(
    array: NDArray[Any], what: str, unit_axis: int | None, layout: str | None = None
) -> Turned:
    """An array with its units first.

    Args:
        array: The array, which is not copied.
        what: What to call it in errors.
        unit_axis: Of two axes: 0 for `[n_units, n_cells]`, 1 for `[n_cells, n_units]`.
        layout: Of three and four axes, see `LAYOUTS`.

    Raises:
        DataError: It has other axes, or more than two and no layout.

    Example:
        >>> found = turned(np.zeros((5, 8, 8, 3)), "activations", None, "nhwc")
        >>> found.values.shape, found.universe
        ((3, 5, 8, 8), Universe(5 images of 8 x 8 pixels))
    """
    shape = list(array.shape)
    if layout is not None:
        return _laid_out(array, what, unit_axis, layout)
    must = "be numbers with" if what == "activations" else "have"
    are = f"{what} must {must} 2 axes, not {array.dtype} of shape {array.shape}"
    if array.ndim in (3, 4):
        fits = [f"{key} for {one.words}" for key, one in LAYOUTS.items() if len(key) == array.ndim]
        raise DataError(
            f"{are}: which axis holds the units cannot be told",
            hint=f"say it: layout={', '.join(fits)}",
            code="layout",
        )
    if array.ndim != 2:
        raise DataError(are)
    note = ""
    if unit_axis is None and shape[0] == shape[1] > 1:
        note = (
            f"{what} of shape {shape} are taken as [units, cells]; unit_axis=1 takes them as "
            "[cells, units]"
        )
    return Turned(array.T if unit_axis else array, None, note)


def _laid_out(array: NDArray[Any], what: str, unit_axis: int | None, layout: str) -> Turned:
    if layout not in LAYOUTS:
        raise OptionError(f"layout is one of {', '.join(LAYOUTS)}, not {layout!r}")
    if unit_axis is not None:
        raise OptionError(
            f"layout={layout} and unit_axis={unit_axis} both say which axis holds the units",
            hint="unit_axis is for arrays with 2 axes: leave it away",
        )
    axes, shape = LAYOUTS[layout], list(array.shape)
    if array.ndim != len(layout):
        raise DataError(
            f"{what} are of shape {shape}, but layout={layout} has {len(layout)} axes: "
            f"{axes.words}",
            hint="leave layout away for [units, cells]" if array.ndim == 2 else "",
        )
    values = array[None] if layout == "nhw" else array.transpose(axes.order)
    if layout in ("bthd", "bhtd"):
        values = values.reshape(-1, *values.shape[2:])
    cells = values.shape[1:]
    if len(cells) == 3:
        universe = Universe.pixels(*cells)
    else:
        n_documents, n_tokens = cells
        universe = Universe.tokens(np.arange(n_documents + 1) * n_tokens)
    return Turned(values, universe, f"{what} of shape {shape} are taken as {axes.words}")
