"""A sheet of pictures: where each unit fires, and where its formula is true.

One row per unit, text at the left, scenes at the right. Both masks are outlined in colours that
differ in lightness as well as in hue, each line on a dark rim, so that they stay apart on any
picture and for any eye.
"""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from logicx.storage import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNIT_COLOR = "#ffe11a"
FORMULA_COLOR = "#ff5ad9"
FORMULA_INK = "#a3007d"
"""The formula's colour, dark enough for text on white."""
RIM_COLOR = "#1a1a1a"
DIMMED = 0.7
"""Brightness of the picture where the unit is silent."""

# Inches; type sizes are in points, so the sheet is laid out in absolute measures.
_PICTURE = 1.85
_GAP = 0.08
_CAPTION = 0.24
_ROW_GAP = 0.12
_TEXT = 3.1
_MARGIN = 0.12
_LEGEND = 0.34
_LEAST_WIDTH = 6.9
_DPI = 120


@dataclass(frozen=True)
class Panel:
    """One scene of a row.

    Attributes:
        image: uint8[height, width, 3], RGB.
        unit_mask: bool[h, w], where the unit fires; any grid over the whole image.
        formula_mask: bool[h, w], where the formula is true.
        caption: a few words below the scene.
    """

    image: NDArray[np.uint8]
    unit_mask: NDArray[np.bool_]
    formula_mask: NDArray[np.bool_]
    caption: str


@dataclass(frozen=True)
class SheetRow:
    """One unit of a sheet.

    Attributes:
        heading: such as "unit 483   IoU 0.292".
        formula: as the formula language writes it.
        details: lines of small print.
        panels: its scenes.
    """

    heading: str
    formula: str
    details: Sequence[str]
    panels: Sequence[Panel]


def pick_scenes(
    peak_values: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    unit_on_fraction: NDArray[np.floating[Any]],
    top: int = 5,
    per_label: int = 2,
    min_fraction: float = 0.01,
) -> NDArray[np.int64]:
    """The scenes that show a unit best: strongest first, but not all of one kind.

    Args:
        peak_values: [n], how strongly the unit fires in each scene.
        labels: [n], the kind of each scene.
        unit_on_fraction: [n], the share of each scene where the unit is on.
        top: at most this many scenes.
        per_label: at most this many of one kind.
        min_fraction: scenes where the unit is on in less than this share are passed over.

    Returns:
        Indices of scenes, at most `top`; ties go to the earlier scene.
    """
    chosen: list[int] = []
    taken: Counter[int] = Counter()
    for index in np.argsort(-peak_values, kind="stable").tolist():
        if len(chosen) == top:
            break
        label = int(labels[index])
        if unit_on_fraction[index] >= min_fraction and taken[label] < per_label:
            chosen.append(index)
            taken[label] += 1
    return np.array(chosen, np.int64)


def unit_sheet(
    path: str | os.PathLike[str], rows: Sequence[SheetRow], title: str, note: str
) -> None:
    """Draw the sheet as a PNG; the file appears whole or not at all.

    Args:
        path: file to write or replace.
        rows: at least one, from top to bottom.
        title: one line above everything.
        note: small print at the foot; may be empty.

    Raises:
        ValueError: there is nothing to draw.
        ModuleNotFoundError: matplotlib is not installed (the extra `report`).
    """
    if not any(row.panels for row in rows):
        raise ValueError("a sheet needs at least one row with at least one panel")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = _drawn_sheet(rows, title, note)
    FigureCanvasAgg(figure)
    with replacing(Path(path)) as unfinished:
        figure.savefig(unfinished, format="png", dpi=_DPI)


@dataclass(frozen=True)
class _RowText:
    """The text of a row, broken into lines, and the height of the row that holds it."""

    formula: list[str]
    details: list[str]
    height: float


def _row_text(row: SheetRow) -> _RowText:
    formula = textwrap.wrap(row.formula, 32) or [""]
    details = [line for text in row.details for line in textwrap.wrap(text, 46) or [""]]
    text_height = 0.3 + 0.23 * len(formula) + 0.08 + 0.17 * len(details)
    return _RowText(formula, details, max(_PICTURE + _CAPTION, text_height))


def _drawn_sheet(rows: Sequence[SheetRow], title: str, note: str) -> Figure:
    """The whole figure, measured from its content."""
    from matplotlib.figure import Figure

    texts = [_row_text(row) for row in rows]
    n_columns = max(len(row.panels) for row in rows)
    width = 2 * _MARGIN + _TEXT + n_columns * (_PICTURE + _GAP) - _GAP
    width = max(width, _LEAST_WIDTH)  # the legend needs as much
    notes = textwrap.wrap(note, int(width * 15.5))
    head = _MARGIN + 0.34 + _LEGEND
    foot = _MARGIN + (0.06 + 0.17 * len(notes) if notes else 0)
    height = head + sum(text.height + _ROW_GAP for text in texts) - _ROW_GAP + foot
    figure = Figure(figsize=(width, height), facecolor="white")
    sheet = _Sheet(figure, width, height)

    sheet.write(_MARGIN, _MARGIN, title, size=13, weight="bold")
    sheet.legend(_MARGIN + 0.34)
    top = head
    for row, text in zip(rows, texts, strict=True):
        sheet.row_text(top, row.heading, text)
        for column, panel in enumerate(row.panels):
            left = _MARGIN + _TEXT + column * (_PICTURE + _GAP)
            sheet.panel(left, top, panel)
        top += text.height + _ROW_GAP
    for number, line in enumerate(notes):
        sheet.write(_MARGIN, top - _ROW_GAP + 0.06 + 0.17 * number, line, size=8, color="#555555")
    return figure


class _Sheet:
    """A figure on which places are given in inches from the top left corner."""

    def __init__(self, figure: Figure, width: float, height: float) -> None:
        self.figure = figure
        self.width = width
        self.height = height

    def write(self, left: float, top: float, text: str, **style: Any) -> None:
        """A line of plain text (a dollar sign is a dollar sign)."""
        x, y = left / self.width, 1 - top / self.height
        self.figure.text(x, y, text, ha="left", va="top", parse_math=False, **style)

    def legend(self, top: float) -> None:
        """What the two outlines mean, in the colours they have on the pictures."""
        from matplotlib.lines import Line2D
        from matplotlib.patheffects import Normal, Stroke

        left = _MARGIN
        rim = [Stroke(linewidth=4.2, foreground=RIM_COLOR), Normal()]
        for color, text, step in (
            (UNIT_COLOR, "the unit fires inside", 2.1),
            (FORMULA_COLOR, "the formula is true inside", 2.4),
        ):
            y = 1 - (top + 0.1) / self.height
            ends = (left / self.width, (left + 0.34) / self.width)
            style: dict[str, Any] = {"linewidth": 2.4, "path_effects": rim}
            line = Line2D(ends, (y, y), color=color, solid_capstyle="butt", **style)
            self.figure.add_artist(line)
            self.write(left + 0.44, top + 0.015, text, size=9.5)
            left += step
        self.write(left, top + 0.015, "dimmed: the unit is silent", size=9.5, color="#555555")

    def row_text(self, top: float, heading: str, text: _RowText) -> None:
        """Heading, formula and small print at the left of a row."""
        self.write(_MARGIN, top, heading, size=12, weight="bold")
        top += 0.3
        for line in text.formula:
            self.write(_MARGIN, top, line, size=11.5, color=FORMULA_INK)
            top += 0.23
        top += 0.08
        for line in text.details:
            self.write(_MARGIN, top, line, size=8.5, color="#444444")
            top += 0.17

    def panel(self, left: float, top: float, panel: Panel) -> None:
        """One scene with its outlines and caption."""
        box = (
            left / self.width,
            1 - (top + _PICTURE) / self.height,
            _PICTURE / self.width,
            _PICTURE / self.height,
        )
        axes: Axes = self.figure.add_axes(box)
        axes.set_axis_off()
        height, width = panel.image.shape[:2]
        extent = (0.0, float(width), float(height), 0.0)
        axes.imshow(_dimmed(panel), extent=extent, interpolation="bicubic", aspect="auto")
        # The formula lies over the unit: it is the thinner line, so both are seen where they meet.
        _outline(axes, panel.unit_mask, extent, UNIT_COLOR, 2.4)
        _outline(axes, panel.formula_mask, extent, FORMULA_COLOR, 1.4)
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        self.write(left + 0.02, top + _PICTURE + 0.04, panel.caption, size=8.5, color="#333333")


def _dimmed(panel: Panel) -> NDArray[np.uint8]:
    """The picture, darker where the unit is silent."""
    height, width = panel.image.shape[:2]
    mask = panel.unit_mask
    rows = np.arange(height) * mask.shape[0] // height
    columns = np.arange(width) * mask.shape[1] // width
    fires = mask[np.ix_(rows, columns)]
    bright = np.where(fires[:, :, None], 1.0, DIMMED)
    shown: NDArray[np.uint8] = (panel.image * bright).astype(np.uint8)
    return shown


def _outline(
    axes: Axes,
    mask: NDArray[np.bool_],
    extent: tuple[float, float, float, float],
    color: str,
    linewidth: float,
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
