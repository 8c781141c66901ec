"""Images in a terminal of true colours: each character shows two pixels, one above the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.report.overlays import overlay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from rich.console import Console
    from rich.text import Text

    from logicx.report.overlays import Panel

HALF_BLOCK = "▀"
COLUMNS = 40
"""Width of an image, in characters."""
GAP = 2
PERIOD = 0.2
"""From one stripe to the next, as a share of an image: there are few pixels."""


def can_show(console: Console) -> bool:
    """Whether it is a terminal, and one of true colours."""
    return console.is_terminal and console.color_system == "truecolor"


def show(console: Console, panels: Sequence[Panel], columns: int = COLUMNS) -> None:
    """Print images side by side, as many as there is room for, with their captions.

    Agreement, misses and false alarms are told by shade and stripes, as on a sheet; there is no
    room for outlines.

    Args:
        console: A console for which `can_show`.
        panels: The images.
        columns: Width of each, in characters.
    """
    columns = min(columns, console.width)
    side_by_side = max(1, (console.width + GAP) // (columns + GAP))
    for first in range(0, len(panels), side_by_side):
        row = [half_blocks(one, columns) for one in panels[first : first + side_by_side]]
        for number in range(max(map(len, row))):
            console.print(_joined([lines[number : number + 1] for lines in row], columns))
        console.print()


def half_blocks(panel: Panel, columns: int = COLUMNS) -> list[Text]:
    """An image as lines of half blocks, then its caption."""
    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

    pixels = blended(panel, columns)
    lines = []
    for y in range(0, len(pixels), 2):
        line = Text(no_wrap=True)
        for above, below in zip(pixels[y].tolist(), pixels[y + 1].tolist(), strict=True):
            style = Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below))
            line.append(HALF_BLOCK, style)
        lines.append(line)
    for text in panel.caption.split("\n"):
        caption = Text(text, no_wrap=True)
        caption.truncate(columns, overflow="ellipsis")
        lines.append(caption)
    return lines


def blended(panel: Panel, width: int) -> NDArray[np.uint8]:
    """The image with its overlay, `uint8[an even height, width, 3]`."""
    height = max(2, 2 * round(width / panel.aspect / 2))
    over = overlay(panel, max(width, height), PERIOD)
    over = over[_places(len(over), height)][:, _places(over.shape[1], width)].astype(np.float64)
    image = _shrunk(panel.image, height, width)
    share = over[:, :, 3:] / 255
    mixed = image * (1 - share) + over[:, :, :3] * share
    rounded: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return rounded


def _shrunk(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float64]:
    """Means of the pixels that fall on each pixel of a smaller image."""
    found = image.astype(np.float64)
    for axis, n in ((0, height), (1, width)):
        n_before = found.shape[axis]
        if n_before >= n:
            starts = np.arange(n) * n_before // n
            sizes = np.diff([*starts, n_before])
            sums = np.add.reduceat(found, starts, axis=axis)
            found = sums / sizes.reshape([-1 if i == axis else 1 for i in range(3)])
        else:
            found = np.take(found, _places(n_before, n), axis=axis)
    return found


def _places(n_before: int, n: int) -> NDArray[np.int64]:
    places: NDArray[np.int64] = np.arange(n) * n_before // n
    return places


def _joined(parts: Sequence[Sequence[Text]], columns: int) -> Text:
    """One line of several images."""
    from rich.text import Text

    line = Text(no_wrap=True)
    for number, part in enumerate(parts):
        one = part[0].copy() if part else Text()
        one.pad_right(columns - one.cell_len)
        if number:
            line.append(" " * GAP)
        line.append_text(one)
    return line
