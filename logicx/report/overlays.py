"""One image with two masks: where a unit fires, where its formula is true, where they differ.

Both masks are outlined in colours that differ in lightness as well as in hue, each line on a dark
rim. Where they agree the image is as it is; a miss (the unit fires, the formula is false) and a
false alarm (the formula is true, the unit is silent) are striped in the colour of their outline,
and the stripes lean to opposite sides; elsewhere the image is dimmed. So no part is told by hue
alone, on any image and for any eye.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Extent = tuple[float, float, float, float]

UNIT_COLOR = "#ffe11a"
FORMULA_COLOR = "#ff5ad9"
FORMULA_INK = "#a3007d"
"""The formula's colour, dark enough for text on white."""
RIM_COLOR = "#1a1a1a"
DIMMED = 0.7
"""Brightness of the image where neither the unit fires nor the formula is true."""
UNLABELLED = 0.3
"""Brightness of the image where nothing is labelled, so that nothing counts."""
STRIPED, UNSTRIPED = 0.85, 0.18
"""How much of the stripe's colour is seen on a stripe, and between stripes."""
PERIOD = 0.032
"""From one stripe to the next, as a share of the image's longer side."""
STRIPE = 0.28
"""Width of a stripe, as a share of the period."""


@dataclass(frozen=True)
class Panel:
    """An image of a sheet.

    Attributes:
        image: uint8[height, width, 3], RGB.
        unit_mask: bool[h, w], where the unit fires; any grid over the whole image.
        formula_mask: bool[h, w], where the formula is true; None where there is none.
        caption: a few words below the image; lines are kept.
        valid: bool[h, w], the cells that count; None for all.
    """

    image: NDArray[np.uint8]
    unit_mask: NDArray[np.bool_]
    formula_mask: NDArray[np.bool_] | None
    caption: str
    valid: NDArray[np.bool_] | None = None

    @property
    def aspect(self) -> float:
        """Width of the image over its height."""
        return float(self.image.shape[1] / self.image.shape[0])


def overlay(panel: Panel, longer: int = 480, period: float = PERIOD) -> NDArray[np.uint8]:
    """What lies over the image: shade, and stripes where unit and formula differ.

    Args:
        panel: The image and its masks.
        longer: The longer side of what is returned, in pixels.
        period: From one stripe to the next, as a share of that.

    Shape: `-> uint8[height, width, 4]`, RGBA, not premultiplied.
    """
    height = longer if panel.aspect <= 1 else max(1, round(longer / panel.aspect))
    width = longer if panel.aspect >= 1 else max(1, round(longer * panel.aspect))

    def fitted(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        rows = np.arange(height) * mask.shape[0] // height
        columns = np.arange(width) * mask.shape[1] // width
        return mask[np.ix_(rows, columns)]

    fires = fitted(panel.unit_mask)
    valid = np.ones_like(fires) if panel.valid is None else fitted(panel.valid)
    holds = fires if panel.formula_mask is None else fitted(panel.formula_mask)
    made = np.zeros((height, width, 4), np.uint8)
    made[~fires & ~holds, 3] = _alpha(1 - DIMMED)
    rising = np.add.outer(np.arange(height), np.arange(width))
    falling = np.subtract.outer(np.arange(height), np.arange(width))
    for where, color, slope in (
        (fires & ~holds & valid, UNIT_COLOR, rising),
        (holds & ~fires & valid, FORMULA_COLOR, falling),
    ):
        is_stripe = slope % max(2.0, period * longer) < max(1.0, STRIPE * period * longer)
        made[where, :3] = rgb(color)
        made[where & is_stripe, 3] = _alpha(STRIPED)
        made[where & ~is_stripe, 3] = _alpha(UNSTRIPED)
    made[~valid] = (0, 0, 0, _alpha(1 - UNLABELLED))
    return made


def draw(axes: Axes, panel: Panel) -> None:
    """Draw an image with its overlay and both outlines; the axes have its shape already."""
    extent = draw_filled(axes, panel)
    # The formula lies over the unit: it is the thinner line, so both are seen where they meet.
    outline(axes, panel.unit_mask, extent, UNIT_COLOR, 2.4)
    if panel.formula_mask is not None:
        outline(axes, panel.formula_mask, extent, FORMULA_COLOR, 1.4)
    axes.set_xlim(extent[0], extent[1])
    axes.set_ylim(extent[2], extent[3])


def draw_filled(axes: Axes, panel: Panel, period: float = PERIOD) -> Extent:
    """Draw an image with its overlay, without outlines, and return where it lies."""
    if panel.image.ndim != 3 or panel.image.shape[2] != 3:
        raise ValueError(f"an image is [height, width, 3], not {list(panel.image.shape)}")
    axes.set_axis_off()
    height, width = panel.image.shape[:2]
    extent = (0.0, float(width), float(height), 0.0)
    axes.imshow(panel.image, extent=extent, interpolation="bicubic", aspect="auto")
    over = overlay(panel, period=period)
    axes.imshow(over, extent=extent, interpolation="antialiased", aspect="auto")
    return extent


def outline(
    axes: Axes, mask: NDArray[np.bool_], extent: Extent, color: str, linewidth: float
) -> None:
    """The border of a mask, along the edges of its cells with the corners cut.

    Beyond the picture counts as outside, so a mask that covers all of it is a frame.
    """
    from matplotlib.patheffects import Normal, Stroke

    if not mask.any():
        return
    x = _ruler(mask.shape[1], extent[1])
    y = _ruler(mask.shape[0], extent[2])
    inside = np.pad(mask, 1).astype(np.float32)
    border = axes.contour(x, y, inside, levels=[0.5], colors=[color], linewidths=[linewidth])
    border.set(path_effects=[Stroke(linewidth=linewidth + 1.3, foreground=RIM_COLOR), Normal()])


def rgb(color: str) -> tuple[int, int, int]:
    """Red, green and blue of a colour such as `#ffe11a`."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _alpha(share: float) -> int:
    return round(255 * share)


def _ruler(n_cells: int, length: float) -> NDArray[np.float64]:
    """Where the middles of the cells lie, with one more cell at either end.

    The added ones lie so that a border at the edge of the picture is drawn just inside it, or the
    edge would hide half of the line.
    """
    cell = length / n_cells
    middles: NDArray[np.float64] = np.arange(-0.5, n_cells + 1, dtype=np.float64) * cell
    inset = length / 120
    middles[0], middles[-1] = 2 * inset - middles[1], 2 * (length - inset) - middles[-2]
    return middles
