"""Sheets of images: where units fire, and where their formulas are true.

`unit_sheet` has a row for each unit, text at the left and images at the right; `image_sheet` has
one unit, and its images in a grid. How an image and its masks are drawn is told in `overlays`.
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

from logicx.banks.replacing import replacing
from logicx.report.overlays import (
    FORMULA_COLOR,
    FORMULA_INK,
    RIM_COLOR,
    UNIT_COLOR,
    Panel,
    draw,
    draw_filled,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Panel", "SheetRow", "image_sheet", "pick_scenes", "unit_sheet"]

MAKER = "logicx"
"""What the pictures' metadata name as their software, so that no other picture is replaced."""

# Inches; type sizes are in points, so the sheet is laid out in absolute measures.
_PICTURE = 1.85
_LARGE = 2.75
_GAP = 0.08
_LINE = 0.17
_ROW_GAP = 0.12
_TEXT = 3.1
_MARGIN = 0.12
_LEGEND = 0.34
_LEAST_WIDTH = 6.9
_PER_INCH = 15.5
"""Characters of small print in an inch."""
_DPI = 120


@dataclass(frozen=True)
class SheetRow:
    """One unit of a sheet.

    Attributes:
        heading: such as "unit 483   IoU 0.292".
        formula: as the formula language writes it.
        details: lines of small print.
        panels: its images.
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


def is_ours(path: Path) -> bool:
    """Whether a file is a picture that was drawn here, which may be replaced."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as found:
            return bool(found.info.get("Software") == MAKER)
    except (OSError, UnidentifiedImageError):
        return False


def unit_sheet(
    path: str | os.PathLike[str], rows: Sequence[SheetRow], title: str, note: str
) -> None:
    """Draw a sheet with a row for each unit as a PNG; the file appears whole or not at all.

    Args:
        path: file to write or replace.
        rows: at least one, from top to bottom.
        title: one line above everything.
        note: small print at the foot; may be empty.

    Raises:
        ValueError: there is nothing to draw.
        ModuleNotFoundError: matplotlib is not installed (the extra `report`).
    """
    panels = [panel for row in rows for panel in row.panels]
    if not panels:
        raise ValueError("a sheet needs at least one row with at least one panel")
    texts = [_row_text(row) for row in rows]
    n_columns = max(len(row.panels) for row in rows)
    width = 2 * _MARGIN + _TEXT + n_columns * (_PICTURE + _GAP) - _GAP
    width = max(width, _LEAST_WIDTH)  # the legend needs as much
    notes = textwrap.wrap(note, int(width * _PER_INCH))
    legend = _legend_lines(panels, width)
    head = _MARGIN + 0.34 + _LEGEND * len(legend)
    height = head + sum(text.height + _ROW_GAP for text in texts) - _ROW_GAP + _foot(notes)
    sheet = _Sheet(width, height)
    sheet.write(_MARGIN, _MARGIN, title, size=13, weight="bold")
    sheet.legend(_MARGIN + 0.34, legend)
    top = head
    for row, text in zip(rows, texts, strict=True):
        sheet.row_text(top, row.heading, text)
        for column, panel in enumerate(row.panels):
            left = _MARGIN + _TEXT + column * (_PICTURE + _GAP)
            sheet.panel(left, top, panel, _PICTURE, _shape_of(row.panels, _PICTURE))
        top += text.height + _ROW_GAP
    sheet.notes(top - _ROW_GAP, notes)
    sheet.save(path)


def image_sheet(
    path: str | os.PathLike[str], row: SheetRow, note: str = "", n_columns: int = 4
) -> None:
    """Draw a unit with its images in a grid as a PNG; the file appears whole or not at all.

    Args:
        path: file to write or replace.
        row: the unit, with at least one image.
        note: small print at the foot; may be empty.
        n_columns: images side by side.

    Raises:
        ValueError: there is nothing to draw.
        ModuleNotFoundError: matplotlib is not installed (the extra `report`).
    """
    if not row.panels:
        raise ValueError("a sheet needs at least one panel")
    n_columns = max(2, min(n_columns, len(row.panels)))
    width = 2 * _MARGIN + n_columns * (_LARGE + _GAP) - _GAP
    room = width - 2 * _MARGIN
    heading = _wrapped(row.heading, room, size=14, weight="bold")
    formula = _wrapped(row.formula, room, size=13, weight="bold")
    details = _wrapped("; ".join(row.details), room, size=9.5)
    notes = textwrap.wrap(note, int(width * _PER_INCH))
    legend = _legend_lines(row.panels, width)
    text_height = 0.3 * len(heading) + 0.26 * len(formula) + 0.18 * len(details) + 0.06
    head = _MARGIN + text_height + _LEGEND * len(legend)
    shape = _shape_of(row.panels, _LARGE)
    step = shape + _caption_height(row.panels) + _ROW_GAP
    n_rows = -(-len(row.panels) // n_columns)
    sheet = _Sheet(width, head + n_rows * step - _ROW_GAP + _foot(notes))
    top = _MARGIN
    for text in heading:
        sheet.write(_MARGIN, top, text, size=14, weight="bold")
        top += 0.3
    for text in formula:
        sheet.write(_MARGIN, top, text, size=13, color=FORMULA_INK, weight="bold")
        top += 0.26
    for text in details:
        sheet.write(_MARGIN, top, text, size=9.5, color="#333333")
        top += 0.18
    sheet.legend(_MARGIN + text_height, legend)
    for number, panel in enumerate(row.panels):
        line, column = divmod(number, n_columns)
        left = _MARGIN + column * (_LARGE + _GAP)
        sheet.panel(left, head + line * step, panel, _LARGE, shape)
    sheet.notes(head + n_rows * step - _ROW_GAP, notes)
    sheet.save(path)


# ---- measures


@dataclass(frozen=True)
class _RowText:
    """The text of a row, broken into lines, and the height of the row that holds it."""

    formula: list[str]
    details: list[str]
    height: float


def _row_text(row: SheetRow) -> _RowText:
    formula = _wrapped(row.formula, _TEXT - 2 * _GAP, size=11.5) or [""]
    details = [line for text in row.details for line in textwrap.wrap(text, 46) or [""]]
    text_height = 0.3 + 0.23 * len(formula) + 0.08 + _LINE * len(details)
    pictures = _shape_of(row.panels, _PICTURE) + _caption_height(row.panels)
    return _RowText(formula, details, max(pictures, text_height))


def _wrapped(text: str, width: float, **style: Any) -> list[str]:
    """The text in lines of at most so many inches, as they are drawn; words are not divided."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(**style)

    def is_too_wide(line: str) -> bool:
        points, _, _ = text_to_path.get_text_width_height_descent(line, font, ismath=False)
        return float(points) > 72 * width

    lines: list[str] = []
    for word in text.split():
        if lines and not is_too_wide(f"{lines[-1]} {word}"):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _shape_of(panels: Sequence[Panel], side: float) -> float:
    """Height of the room for pictures that are at most as wide as a side, and as high."""
    return max((min(side, side / one.aspect) for one in panels), default=side)


def _caption_height(panels: Sequence[Panel]) -> float:
    return 0.07 + _LINE * max((len(one.caption.split("\n")) for one in panels), default=1)


def _foot(notes: Sequence[str]) -> float:
    return _MARGIN + (0.06 + _LINE * len(notes) if notes else 0)


_Entry = tuple[str, str, float]
"""A kind of mark, what it means, and its width in inches."""


def _legend_lines(panels: Sequence[Panel], width: float) -> list[list[_Entry]]:
    """The marks that these panels can show, in as many lines as they need."""
    has_formula = any(one.formula_mask is not None for one in panels)
    entries = [("unit", "the unit fires inside", 2.05)]
    if has_formula:
        entries += [
            ("formula", "the formula is true inside", 2.3),
            ("agree", "agree", 0.98),
            ("miss", "miss: fires, formula false", 2.3),
            ("false alarm", "false alarm: true, unit silent", 2.45),
        ]
    entries.append(("neither", "neither" if has_formula else "the unit is silent", 1.1))
    if any(one.valid is not None and not one.valid.all() for one in panels):
        entries.append(("unlabelled", "unlabelled: does not count", 2.2))
    lines: list[list[_Entry]] = [[]]
    for one in entries:
        if sum(it[2] for it in lines[-1]) + one[2] > width - 2 * _MARGIN:
            lines.append([])
        lines[-1].append(one)
    return lines


_YES, _NO = np.ones((1, 1), np.bool_), np.zeros((1, 1), np.bool_)
_SWATCHES = {
    "agree": (_YES, _YES, _YES),
    "miss": (_YES, _NO, _YES),
    "false alarm": (_NO, _YES, _YES),
    "neither": (_NO, _NO, _YES),
    "unlabelled": (_NO, _NO, _NO),
}
"""Unit, formula and labelled, for each fill of the legend."""


class _Sheet:
    """A figure on which places are given in inches from the top left corner."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.figure import Figure

        self.figure: Figure = Figure(figsize=(width, height), facecolor="white")
        self.width = width
        self.height = height

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the PNG."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        FigureCanvasAgg(self.figure)
        with replacing(Path(path)) as unfinished:
            self.figure.savefig(unfinished, format="png", dpi=_DPI, metadata={"Software": MAKER})

    def write(self, left: float, top: float, text: str, **style: Any) -> None:
        """A line of plain text (a dollar sign is a dollar sign)."""
        x, y = left / self.width, 1 - top / self.height
        self.figure.text(x, y, text, ha="left", va="top", parse_math=False, **style)

    def notes(self, top: float, lines: Sequence[str]) -> None:
        """Small print below everything."""
        for number, line in enumerate(lines):
            self.write(_MARGIN, top + 0.06 + _LINE * number, line, size=8, color="#555555")

    def legend(self, top: float, lines: Sequence[Sequence[_Entry]]) -> None:
        """What outlines and fills mean, as they look on the images."""
        for line in lines:
            left = _MARGIN
            for kind, text, step in line:
                self._mark(left, top, kind)
                self.write(left + 0.42, top + 0.015, text, size=9.5)
                left += step
            top += _LEGEND

    def _mark(self, left: float, top: float, kind: str) -> None:
        from matplotlib.lines import Line2D
        from matplotlib.patheffects import Normal, Stroke

        if kind in _SWATCHES:
            fires, holds, valid = _SWATCHES[kind]
            grey = np.full((18, 34, 3), 130, np.uint8)
            swatch = Panel(grey, fires, holds, "", valid)
            axes = self.figure.add_axes(self._box(left, top, 0.34, 0.18))
            draw_filled(axes, swatch, period=0.22)
            return
        y = 1 - (top + 0.1) / self.height
        ends = (left / self.width, (left + 0.34) / self.width)
        rim = [Stroke(linewidth=4.2, foreground=RIM_COLOR), Normal()]
        color = UNIT_COLOR if kind == "unit" else FORMULA_COLOR
        style: dict[str, Any] = {"linewidth": 2.4, "path_effects": rim}
        self.figure.add_artist(Line2D(ends, (y, y), color=color, solid_capstyle="butt", **style))

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
            top += _LINE

    def panel(self, left: float, top: float, panel: Panel, side: float, room: float) -> None:
        """One image with its outlines and caption, as wide and high as there is room."""
        height = min(side / panel.aspect, room)
        width = height * panel.aspect
        draw(self.figure.add_axes(self._box(left, top, width, height)), panel)
        for number, line in enumerate(panel.caption.split("\n")):
            place = top + room + 0.04 + _LINE * number
            self.write(left + 0.02, place, line, size=8.5, color="#333333")

    def _box(self, left: float, top: float, width: float, height: float) -> Any:
        return (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )
