"""The demo's pictures: where a unit fires, and where its formula is true."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.analysis.images import Seen
from logicx.demo.data import N_SCENES, draw_and_run, unit_on
from logicx.demo.scenes import SCENES
from logicx.report.overlays import Panel
from logicx.report.pictures import pick_scenes, unit_sheet
from logicx.report.showing import sheet_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.banks.bits import Mask
    from logicx.demo.data import Progress
    from logicx.scoring.results import Explanation

PEAK_CELLS = 5
"""Scenes are ranked by the mean of a unit's strongest cells, this many of them."""


class DemoUnit:
    """A unit of the demo in every scene, and the scenes: masks and photos for `logicx show`.

    Args:
        unit: Number of the unit.
        progress: Told how far drawing is.
    """

    known: Mask | None = None

    def __init__(self, unit: int, progress: Progress | None = None) -> None:
        """Draw the scenes, run the network and cut the unit."""
        self.scenes, maps = draw_and_run(progress)
        self._maps = maps[:, unit]

    @cached_property
    def on(self) -> Mask:
        """Where it fires: `bool[n_scenes, GRID, GRID]`."""
        return unit_on(self._maps)[0]

    def mask(self, image: int) -> Mask:
        """The cells of a scene at which it fires."""
        mask: Mask = self.on[image].reshape(-1)
        return mask

    def peaks(self) -> NDArray[np.floating[Any]]:
        """The mean of its strongest cells in each scene."""
        cells = self._maps.reshape(N_SCENES, -1)
        peaks: NDArray[np.floating[Any]] = np.sort(cells, axis=1)[:, -PEAK_CELLS:].mean(axis=1)
        return peaks

    def read(self, images: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Some scenes."""
        return [self.scenes.images[i] for i in images]

    def name(self, image: int) -> str:
        """What a scene is of."""
        return f"{SCENES[self.scenes.labels[image]]} ({image})"


def draw_unit(
    path: Path, bank: ConceptBank, found: Explanation, progress: Progress | None = None
) -> None:
    """Write a PNG of the scenes in which a unit of the demo fires most strongly."""
    drawn = DemoUnit(int(found.unit), progress)
    labels = drawn.scenes.labels
    seen = Seen(bank, drawn, found.formula)
    picked = pick_scenes(drawn.peaks(), labels, drawn.on.mean(axis=(1, 2))).tolist()
    panels = [
        Panel(photo, one.fires, one.holds, SCENES[labels[one.image]])
        for one, photo in zip(map(seen.image, picked), drawn.read(picked), strict=True)
    ]
    note = f"The unit is on in the top 5 % of its cells. {N_SCENES} scenes; at most two of a kind."
    title = "Where a unit fires, and where its formula is true"
    unit_sheet(path, [sheet_row(found, panels)], title, note)
