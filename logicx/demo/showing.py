"""The demo's picture: where a unit fires, and where its formula is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.counts import evaluate
from logicx.demo.data import GRID, N_SCENES, draw_and_run, unit_on
from logicx.demo.scenes import SCENES
from logicx.language import format_formula
from logicx.report.pictures import Panel, SheetRow, pick_scenes, unit_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from logicx.bank import ConceptBank
    from logicx.demo.data import Progress
    from logicx.results import Explanation

PEAK_CELLS = 5
"""Scenes are ranked by the mean of a unit's strongest cells, this many of them."""


def draw_unit(
    path: Path, bank: ConceptBank, found: Explanation, progress: Progress | None = None
) -> None:
    """Write a PNG of the scenes in which a unit of the demo fires most strongly."""
    scenes, maps = draw_and_run(progress)
    maps = maps[:, int(found.unit)]
    on, _ = unit_on(maps)
    holds = bank.cells(evaluate(found.formula, bank)).reshape(N_SCENES, GRID, GRID)
    strongest = np.sort(maps.reshape(N_SCENES, -1), axis=1)[:, -PEAK_CELLS:].mean(axis=1)
    panels = [
        Panel(scenes.images[i], on[i], holds[i], SCENES[scenes.labels[i]])
        for i in pick_scenes(strongest, scenes.labels, on.mean(axis=(1, 2))).tolist()
    ]
    single = found.best_single
    row = SheetRow(
        f"unit {found.unit}   IoU {found.iou:.3f}",
        format_formula(found.formula),
        [
            f"best single concept: {format_formula(single.formula)} {single.score:.3f}",
            f"precision {found.precision:.3f}, recall {found.recall:.3f}",
        ],
        panels,
    )
    note = f"The unit is on in the top 5 % of its cells. {N_SCENES} scenes; at most two of a kind."
    unit_sheet(path, [row], "Where a unit fires, and where its formula is true", note)
