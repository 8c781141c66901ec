"""The paper's image study on your images and your model, from photographs to pictures of units.

    python study.py --data camvid --out study --apart 15

Stages: compile the bank of images and masks; record the last conv layer on them; explain all units;
write a table of all and pictures of the best. Each leaves a file whose name holds a hash of all
that it was made from, so a run that was killed goes on by the same command, and other data or
settings never meet an old file.

The model is MobileNetV2 (`mobilenet.py`), or what `--model module:function` returns for the paths
of the images, in the bank's order: a torch module, and batches to call it with.

`--small` needs no data: it runs all of it on drawn scenes and a tiny network in seconds.

Source: Bau et al. 2017 (NetDissect); Mu and Andreas 2020, section 3, Figures 2 and 4.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from made_up import write_made_up

sys.path.append(str(Path(__file__).resolve().parents[1]))
from stages import (
    Clock,
    at_length,
    explained,
    hash_of,
    hash_of_folder,
    key_of,
    named,
    progress,
    share_on,
    status_of,
    write_rows,
    write_summary,
)

from logicx import ConceptBank, compile_recipe, open_units, parse, read_journal
from logicx.analysis.images import top_images
from logicx.banks.storage import replacing
from logicx.errors import DataError, OptionError
from logicx.probe.fingerprints import fingerprint, fingerprint_of_model
from logicx.probe.identity import peeked
from logicx.probe.recording import Batch, record
from logicx.report.photos import FolderPhotos
from logicx.report.pictures import SheetRow, image_sheet, unit_sheet
from logicx.report.showing import panels_of, sheet_row
from logicx.resources import resource
from logicx.scoring.score import score
from logicx.units.thresholds import Threshold

LENGTHS = (1, 3, 10)
SHOWN = 3
"""Length of the formulas on the pictures, as in the paper's figures."""

Load = Callable[[Sequence[Path]], tuple[torch.nn.Module, Iterable[Any]]]


@dataclass(frozen=True)
class Settings:
    """Of a study.

    Args:
        out: Folder of all files.
        data: Folder of images and masks, as the recipe reads it.
        images: Folder that the bank's paths are relative to; by default `images` in `data`.
        recipe: `folder`, `broden`, or a TOML file.
        changes: Settings in place of the recipe's.
        model: `module:function`, which is given the paths of the images.
        layer: The layer whose maps are the units.
        threshold: Where a unit is on.
        lengths: Lengths of formulas.
        beam: Width of the beam.
        best: Units with pictures.
        per_unit: Images of each.
        apart: Images nearer to each other than this are too much alike: one is shown.
        threads: Units that are searched at a time.
    """

    out: Path
    data: Path
    images: Path
    recipe: str = "folder"
    changes: tuple[tuple[str, Any], ...] = ()
    model: str = "mobilenet:load"
    layer: str = "features.18"
    threshold: str = "quantile(0.005)"
    lengths: tuple[int, ...] = LENGTHS
    beam: int = 10
    best: int = 10
    per_unit: int = 8
    apart: int = 1
    threads: int = 1


def study(settings: Settings) -> dict[str, Any]:
    """Run what is not on file yet, and sum it up; the summary is also written.

    Raises:
        LogicxError: Data cannot be read or do not fit.
    """
    settings.out.mkdir(parents=True, exist_ok=True)
    Threshold.of(settings.threshold)  # an error in it, or in the model, comes before the work
    load = loaded(settings.model)
    clock = Clock(settings.out / "stages.json")
    bank_file = compiled(settings, clock)
    units_file = recorded(settings, load, bank_file, clock)
    bank, units = ConceptBank.open(bank_file), open_units(units_file, settings.threshold)
    options = {"length": max(settings.lengths), "beam": settings.beam}
    journal = explained(clock, bank, units, settings.out, settings.threads, every=200, **options)
    rows = tabled(settings, bank_file, journal)
    pictures = pictured(settings, bank_file, units_file, journal, rows, clock)
    size = f"{bank.n_concepts:,} concepts, {bank.universe}, {bank.n_signatures:,} signatures"
    found = {"bank": size, **summed(settings, rows, journal)}
    files, packages = (
        (bank_file, units_file, journal, pictures),
        ("logicx", "torch", "numpy", "pillow"),
    )
    summary = write_summary(settings.out, found, files, clock, packages)
    show(settings, summary)
    clock.show()
    return summary


# ---- stages


def loaded(target: str) -> Load:
    """The function that is named.

    Raises:
        OptionError: There is no such module or function.
    """
    module, _, name = target.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        load = getattr(import_module(module), name, None) if module and name else None
    except ModuleNotFoundError as error:
        if error.name != module:
            raise  # a module that the user's own code lacks
        load = None
    if not callable(load):
        raise OptionError(
            f"there is no function {target!r}",
            hint="MODEL is module:function, such as mymodel:load for load(paths) of mymodel.py",
        )
    return load  # type: ignore[no-any-return]


def compiled(settings: Settings, clock: Clock) -> Path:
    """The bank of the images."""
    path = Path(settings.recipe)
    recipe = path if path.suffix else resource("concepts", f"{settings.recipe}.toml")
    key = key_of(hash_of_folder(settings.data), hash_of(recipe), settings.changes)
    bank_file = settings.out / f"{recipe.stem}-{key}.bank"
    with clock.stage("compile", bank_file) as is_there:
        if not is_there:
            told = progress("compiling", every=500)
            bank = compile_recipe(
                recipe,
                settings.data,
                lambda n, total: told("images", n, total),
                dict(settings.changes),
            )
            for note in bank.source.get("notes", ()):
                print(f"  note: {note}")
            bank.save(bank_file)
    return bank_file


def recorded(settings: Settings, load: Load, bank_file: Path, clock: Clock) -> Path:
    """The maps of the layer on every image.

    Raises:
        DataError: Images of the bank are missing.
    """
    bank = ConceptBank.open(bank_file)
    paths = [settings.images / one for one in bank.source["images"]]
    missing = [one for one in paths if not one.is_file()]
    if missing:
        raise DataError(
            f"{len(missing):,} of the bank's {len(paths):,} images are missing in "
            f"{settings.images}, such as {missing[0].name}",
            hint="set --images to the folder that the bank's paths are relative to",
        )
    model, batches = load(paths)
    first, batches = peeked(batches)
    sample = fingerprint(Batch.of(first))
    key = key_of(bank.content, settings.layer, fingerprint_of_model(model), sample)
    path = settings.out / f"maps-{key}.units"
    with clock.stage("probe", path) as is_there:
        if not is_there:
            told = progress("recording", every=5)
            record(
                model,
                settings.layer,
                batches,
                path,
                dtype="float16",
                bank=bank,
                resume=True,
                progress=told,
            )
    return path


def tabled(settings: Settings, bank_file: Path, journal: Path) -> list[dict[str, Any]]:
    """The table of all units, best first, as CSV and JSONL.

    Raises:
        DataError: No unit could be explained.
    """
    bank = ConceptBank.open(bank_file)
    category = dict(zip(bank.names, bank.categories, strict=True))
    rows = []
    for row in read_journal(journal):
        if "skipped" in row:
            continue
        made = {"unit": row["unit"], "share_on": share_on(row["counts"])}
        for length in settings.lengths:
            best = at_length(row, length)
            made[f"iou_{length}"] = best["score"]
            made[f"formula_{length}"] = best["formula"]
        atoms = named(parse(at_length(row, min(SHOWN, max(settings.lengths)))["formula"]))
        made["categories"] = " ".join(
            sorted({category.get(one.removeprefix("NOT "), "") for one in atoms})
        )
        rows.append(made)
    if not rows:
        raise DataError("no unit could be explained", hint="did the layer's units ever fire?")
    key = f"iou_{shown_of(settings)}"
    rows.sort(key=lambda one: -one[key])
    write_rows(journal.with_suffix(".csv"), list(rows[0]), [list(one.values()) for one in rows])
    with replacing(journal.with_name(f"{journal.stem}-table.jsonl")) as unfinished:
        unfinished.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return rows


def pictured(
    settings: Settings,
    bank_file: Path,
    units_file: Path,
    journal: Path,
    rows: Sequence[dict[str, Any]],
    clock: Clock,
) -> Path:
    """Pictures of the best units: one of all, one of each."""
    shown = (settings.best, settings.per_unit, settings.apart, settings.lengths)
    sheet = settings.out / f"best-{key_of(journal.name, shown)}.png"
    with clock.stage("pictures", sheet) as is_there:
        if is_there:
            return sheet
        bank, units = ConceptBank.open(bank_file), open_units(units_file, settings.threshold)
        photos = FolderPhotos(bank, settings.images)
        lines: list[SheetRow] = []
        length = shown_of(settings)
        for rank, row in enumerate(rows[: settings.best], 1):
            unit, formula = row["unit"], row[f"formula_{length}"]
            found = score(formula, bank, units, unit)
            images = top_images(bank, units, unit, formula, settings.per_unit, apart=settings.apart)
            longest = max(settings.lengths)
            details = [f"at length {longest}: IoU {row[f'iou_{longest}']:.3f}"]
            over = f"{bank.universe.n_groups:,} images"
            alone = sheet_row(found, panels_of(images, photos), details, over)
            each = sheet.with_name(f"{sheet.stem}-{rank:02}-unit-{sha_name(unit)}.png")
            image_sheet(
                each, alone, f"{len(images)} images, those of the unit's highest activation."
            )
            few = panels_of(images[:5], photos, is_small=True)
            lines.append(sheet_row(found, few, details))
        title = f"The {len(lines)} best of {len(rows):,} units at length {length}"
        unit_sheet(sheet, lines, title, f"Layer {settings.layer}; on at {settings.threshold}.")
    return sheet


def sha_name(unit: str) -> str:
    """A unit's name where it can stand in a file's, else a hash of it."""
    return unit if unit.isalnum() else sha256(unit.encode()).hexdigest()[:8]


def shown_of(settings: Settings) -> int:
    """Length of the formulas that are shown: 3, or the nearest below that was asked for."""
    return max((one for one in settings.lengths if one <= SHOWN), default=min(settings.lengths))


# ---- summing up


def summed(settings: Settings, rows: Sequence[dict[str, Any]], journal: Path) -> dict[str, Any]:
    """Units explained and skipped, mean IoU at each length, the best units, what formulas name."""
    length = shown_of(settings)
    naming: dict[str, int] = {}
    for row in rows:
        for name in dict.fromkeys(named(parse(row[f"formula_{length}"]))):
            naming[name] = naming.get(name, 0) + 1
    n_units = sum(1 for _ in read_journal(journal))
    return {
        "n_units": n_units,
        "n_explained": len(rows),
        "n_skipped": n_units - len(rows),
        "mean_iou": {
            n: float(np.mean([row[f"iou_{n}"] for row in rows])) for n in settings.lengths
        },
        "median_iou": {
            n: float(np.median([row[f"iou_{n}"] for row in rows])) for n in settings.lengths
        },
        "mean_share_on": float(np.mean([row["share_on"] for row in rows])),
        "best": list(rows[: settings.best]),
        f"most_named_at_length_{length}": sorted(naming.items(), key=lambda one: (-one[1], one[0]))[
            :15
        ],
    }


def show(settings: Settings, summary: dict[str, Any]) -> None:
    """The summary in a few lines."""
    length = shown_of(settings)
    print(f"\n{summary['bank']}")
    print(f"units: {summary['n_explained']:,} explained, {summary['n_skipped']:,} skipped")
    for n, mean in summary["mean_iou"].items():
        print(f"IoU at length {n}: mean {mean:.4f}, median {summary['median_iou'][n]:.4f}")
    print(
        "most named: "
        + ", ".join(f"{name} {n}" for name, n in summary[f"most_named_at_length_{length}"])
    )
    for row in summary["best"]:
        print(f"unit {row['unit']:>5}  {row[f'iou_{length}']:.3f}  {row[f'formula_{length}']}")
    print(f"pictures: {summary['files'][-1]}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 where all is done, 2 where the input is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--small", action="store_true", help="drawn scenes and a tiny network")
    parser.add_argument("--data", type=Path, help="folder of images and masks")
    parser.add_argument("--images", type=Path, help="folder of the images; default: images in it")
    parser.add_argument("--out", type=Path, default=Path("study"), help="folder of all files")
    parser.add_argument("--recipe", default="folder", help="folder, broden, or a TOML file")
    parser.add_argument("--model", default="mobilenet:load", help="module:function")
    parser.add_argument("--layer", default="features.18")
    parser.add_argument("--threshold", default="quantile(0.005)")
    parser.add_argument("--beam", type=int, default=10)
    parser.add_argument("--best", type=int, default=10, help="units with pictures")
    parser.add_argument("--apart", type=int, default=1, help="of images nearer than this, show one")
    parser.add_argument("--threads", type=int, default=1)
    chosen = vars(parser.parse_args(arguments))
    torch.set_num_threads(1)
    if chosen.pop("small"):
        chosen |= {"data": write_made_up(chosen["out"] / "made-up"), "model": "made_up:load"}
        chosen |= {"layer": "2", "threshold": "quantile(0.05)", "best": 3}
    elif not chosen["data"]:
        parser.error("give --data, or --small")
    chosen["images"] = chosen["images"] or chosen["data"] / "images"
    return status_of(lambda: study(Settings(**chosen)))


if __name__ == "__main__":
    sys.exit(main())
