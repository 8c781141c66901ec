"""Panels and sheets of units in images, as `logicx show` and the vision example draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.language.printing import format_formula
from logicx.report.overlays import Panel
from logicx.report.pictures import SheetRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx.analysis.images import UnitImage
    from logicx.report.photos import Photos
    from logicx.scoring.results import Explanation

NAME, SHORT_NAME = 40, 27
"""Longest name of an image in a caption, large or small; of longer ones the end is shown."""


def panels_of(
    images: Sequence[UnitImage], photos: Photos, *, is_small: bool = False
) -> list[Panel]:
    """A panel for each image, with its name, IoU and, unless it is small, its counts."""
    read = photos.read([one.image for one in images])
    return [
        Panel(photo, one.fires, one.holds, caption(one, is_small), one.valid)
        for one, photo in zip(images, read, strict=True)
    ]


def caption(one: UnitImage, is_small: bool = False) -> str:
    """Name and counts of an image, in lines."""
    longest = SHORT_NAME if is_small else NAME
    name = one.name if len(one.name) <= longest else "…" + one.name[1 - longest :]
    counts = one.counts
    if one.holds is None:
        return f"{name}\nfires at {counts.fn:,} of {counts.n_cells:,} cells"
    lines = [name, f"IoU {one.iou:.2f}"]
    if not is_small:
        lines.append(f"agree {counts.tp:,}, miss {counts.fn:,}, false alarm {counts.fp:,}")
    return "\n".join(lines)


def sheet_row(
    found: Explanation, panels: Sequence[Panel], details: Sequence[str] = (), over: str = ""
) -> SheetRow:
    """A unit with its formula, scores and images.

    Args:
        found: Formula and scores.
        panels: Its images.
        details: Further small print.
        over: What the score is of, such as `500 images`.
    """
    goal = "IoU" if found.objective == "iou" else found.objective
    single = found.best_single
    return SheetRow(
        f"unit {found.unit}   {goal} {found.score:.3f}" + (f" over all {over}" if over else ""),
        format_formula(found.formula),
        [
            f"precision {found.precision:.3f}, recall {found.recall:.3f}",
            f"best single concept: {format_formula(single.formula)} {single.score:.3f}",
            *details,
        ],
        panels,
    )
