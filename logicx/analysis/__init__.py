"""What is learned from a finished run: tables of its units, and what excites them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.faces import face

_HOMES = {
    "ClassWeights": "logicx.analysis.class_weights",
    "TopCell": "logicx.analysis.top_cells",
    "UnitImage": "logicx.analysis.images",
    "UnitRow": "logicx.analysis.top_cells",
    "image_counts": "logicx.analysis.images",
    "read_class_weights": "logicx.analysis.class_weights",
    "top_images": "logicx.analysis.images",
    "unit_table": "logicx.analysis.top_cells",
    "write_table": "logicx.analysis.top_cells",
}
"""Where each public name lives."""

if TYPE_CHECKING:
    from logicx.analysis.class_weights import ClassWeights, read_class_weights
    from logicx.analysis.images import UnitImage, image_counts, top_images
    from logicx.analysis.top_cells import TopCell, UnitRow, unit_table, write_table
else:
    __getattr__, __dir__ = face(__name__, _HOMES)

__all__ = [
    "ClassWeights",
    "TopCell",
    "UnitImage",
    "UnitRow",
    "image_counts",
    "read_class_weights",
    "top_images",
    "unit_table",
    "write_table",
]
