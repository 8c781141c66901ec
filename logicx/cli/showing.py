"""What the command show does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logicx.analysis.images import UnitImage, check_images, masks_of, top_images
from logicx.cli import render
from logicx.cli.commands import DEMO_UNIT, Data, check_output, explanation_of, units_named
from logicx.demo.showing import DemoUnit
from logicx.errors import DataError, OptionError
from logicx.report.showing import panels_of, sheet_row
from logicx.scoring.score import score as score_formula

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx.analysis.images import ImageMasks
    from logicx.report.overlays import Panel
    from logicx.report.photos import Photos
    from logicx.scoring.results import Explanation

DEFAULT_OUT = Path("show.png")


def show(
    data: Data,
    formula: str | None,
    unit: Sequence[str],
    folder: Path | None,
    out: Path | None,
    as_json: bool,
    *,
    top: int,
    order: str,
    apart: int,
    length: int,
    beam: int,
    dialect: str,
    terminal: bool,
) -> int:
    """Draw the images in which a unit fires most, with its formula, and list their counts."""
    check_images(data.bank)
    for option, value, low in (("top", top, 1), ("length", length, 0), ("beam", beam, 1)):
        if value < low:
            raise OptionError(f"{option} must be at least {low}, not {value}")
    target = None if as_json and out is None else out or DEFAULT_OUT
    if target is not None:
        check_output(target, ".png", [])
        _check_matplotlib()
    name = _unit(data, unit)
    masks, photos = _sources(data, name, folder, is_drawn=target is not None or terminal)
    found = _formula(data, name, formula, length, beam, dialect)
    images = top_images(
        data.bank,
        data.units,
        name,
        None if found is None else found.formula,
        top,
        order=order,
        apart=apart,
        masks=masks,
    )
    if not images:
        raise DataError(f"unit {name!r} never fires on a valid cell: there is nothing to show")
    if isinstance(photos, DemoUnit):
        images = [replace(one, name=photos.name(one.image)) for one in images]
    panels = [] if photos is None else panels_of(images, photos)
    for text in getattr(photos, "notes", ()):
        render.note(text)
    if target is not None:
        _draw(target, data, name, found, _ordered(order, images), images, panels)
    if as_json:
        print(json.dumps(_as_dict(name, found, images, target)))
        return 0
    if found is not None:
        explanation_of(data, found)
    _list(images)
    if terminal:
        _show_here(panels)
    print(f"\npicture: {target}")
    return 0


def _unit(data: Data, unit: Sequence[str]) -> str:
    if not unit and data.is_demo:
        unit = [DEMO_UNIT]
    if len(unit) > 1 or list(unit) == ["all"]:
        raise OptionError("show draws one unit at a time", hint="name one: unit=483")
    if not unit:
        raise DataError("no unit named", hint="set unit=NAME; list them: logicx units")
    return units_named(data, unit)[0]


def _sources(
    data: Data, name: str, folder: Path | None, is_drawn: bool
) -> tuple[ImageMasks, Photos | None]:
    """The masks of the unit in each image, and the images, where they are to be drawn."""
    if data.is_demo and not data.units.has_masks:
        with render.progress() as progress:
            drawn = DemoUnit(data.units.number(name), progress)
        return drawn, drawn
    photos: Photos | None = None
    if is_drawn:
        if folder is None:
            raise OptionError(
                "no folder of images named",
                hint="set images=FOLDER to the images that the bank was compiled from, here or in "
                "logicx.toml",
            )
        from logicx.report.photos import FolderPhotos

        photos = FolderPhotos(data.bank, folder)
    return masks_of(data.bank, data.units, name), photos


def _formula(
    data: Data, name: str, formula: str | None, length: int, beam: int, dialect: str
) -> Explanation | None:
    """The formula with its score: as typed, or the best of so many concepts, or none."""
    if formula is not None:
        found = score_formula(formula, data.bank, data.units, name, dialect=dialect)  # type: ignore[arg-type]
        for text in found.notes:
            render.note(text)
        return found
    if not length:
        return None
    from logicx.runs.explain import explain

    (best,) = explain(data.bank, data.units, unit=name, length=length, beam=beam)
    return best


def _draw(
    out: Path,
    data: Data,
    name: str,
    found: Explanation | None,
    ordered: str,
    images: Sequence[UnitImage],
    panels: Sequence[Panel],
) -> None:
    from logicx.report.pictures import SheetRow, image_sheet

    cut = data.units.cut_of(data.units.number(name), data.bank)
    where = f"unit on where {cut}" if cut else ""
    details = [where] if where else []
    if found is None:
        row = SheetRow(f"unit {name}", "", details, panels)
    else:
        row = sheet_row(found, panels, details, str(data.bank.universe))
    note = f"{len(images)} images, {ordered}. Bank {data.bank.name}. Counts are of labelled cells."
    image_sheet(out, row, note)


def _ordered(order: str, images: Sequence[UnitImage]) -> str:
    """By what images are ordered, in words."""
    if order == "shared":
        return "those that share most cells with the formula"
    if order == "cells" or images[0].peak is None:
        return "those in which the unit fires at most cells"
    return "those of its highest activation"


def _as_dict(
    name: str, found: Explanation | None, images: Sequence[UnitImage], target: Path | None
) -> dict[str, Any]:
    whole = {} if found is None else found.as_dict()
    return {
        "unit": name,
        "formula": whole.get("formula"),
        "iou": None if found is None else found.iou,
        "counts": whole.get("counts"),
        "picture": None if target is None else str(target),
        "images": [one.as_dict() for one in images],
    }


def _list(images: Sequence[UnitImage]) -> None:
    has_formula, has_peaks = images[0].holds is not None, images[0].peak is not None
    heads = [
        *(["activation"] if has_peaks else []),
        *(["IoU", "tp", "fp", "fn", "tn"] if has_formula else ["fires at", "cells"]),
    ]
    rows = []
    for one in images:
        counts = one.counts
        peak = [] if one.peak is None else [f"{one.peak:.4g}"]
        four = [f"{n:,}" for n in (counts.tp, counts.fp, counts.fn, counts.tn)]
        its = [f"{one.iou:.4f}", *four] if has_formula else [four[2], f"{counts.n_cells:,}"]
        rows.append([one.name, *peak, *its])
    print()
    render.print_table(("image", *heads), rows, heads, ("tn", "activation"))


def _show_here(panels: Sequence[Panel]) -> None:
    from logicx.report.terminal import can_show
    from logicx.report.terminal import show as show_in_terminal

    console = render.console()
    if can_show(console):
        print()
        show_in_terminal(console, panels)
    elif console.is_terminal:
        render.note("this terminal shows no true colours: see the picture (or set COLORTERM)")


def _check_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise OptionError(
            "pictures are drawn by Matplotlib, which is not installed",
            hint='pip install "logicx[report]"; or list the images: --json',
        ) from None
