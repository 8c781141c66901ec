"""Results for people to read: pictures of units and formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.faces import face

_HOMES = {
    "FolderPhotos": "logicx.report.photos",
    "Panel": "logicx.report.overlays",
    "Photos": "logicx.report.photos",
    "SheetRow": "logicx.report.pictures",
    "image_sheet": "logicx.report.pictures",
    "overlay": "logicx.report.overlays",
    "panels_of": "logicx.report.showing",
    "sheet_row": "logicx.report.showing",
    "unit_sheet": "logicx.report.pictures",
}
"""Where each public name lives; NumPy and Matplotlib are imported when they are first used."""

if TYPE_CHECKING:
    from logicx.report.overlays import Panel, overlay
    from logicx.report.photos import FolderPhotos, Photos
    from logicx.report.pictures import SheetRow, image_sheet, unit_sheet
    from logicx.report.showing import panels_of, sheet_row
else:
    __getattr__, __dir__ = face(__name__, _HOMES)

__all__ = [
    "FolderPhotos",
    "Panel",
    "Photos",
    "SheetRow",
    "image_sheet",
    "overlay",
    "panels_of",
    "sheet_row",
    "unit_sheet",
]
