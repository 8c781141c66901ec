"""What the commands score, explain, compile and demo do."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logicx.banks.bank import ConceptBank
from logicx.cli import render
from logicx.cli.arguments import is_yes
from logicx.cli.options import Reading
from logicx.errors import DataError, FileError, did_you_mean
from logicx.resources import resource
from logicx.scoring.results import Explanation
from logicx.scoring.score import score as score_formula
from logicx.units.loading import open_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logicx.units.units import Units

DEMO = "demo"
DEMO_UNIT = "483"
NO_OPTION = Reading()
DEMO_FORMULA = "(water OR river) AND NOT blue"


@dataclass(frozen=True)
class Data:
    """What a command works on."""

    bank: ConceptBank
    units: Units
    where: str

    @property
    def is_demo(self) -> bool:
        """Whether it is the shipped demo."""
        return "demo" in self.bank.source


def open_data(
    bank: str | None,
    units: str | None,
    how: Reading = NO_OPTION,
) -> Data:
    """The bank and units of the options, or the shipped demo."""
    render.show_log()
    if bank == DEMO or (bank is None and units in (None, DEMO)):
        if how.threshold is not None:
            raise DataError(
                "the demo's units are cut already", hint="leave threshold away, or name units"
            )
        with render.progress() as progress:
            from logicx.demo.data import open_demo

            demo = open_demo(progress)
        return Data(demo.bank, demo.units, "the shipped demo (docs/demo.md)")
    if bank is None or units is None:
        missing = "bank" if bank is None else "units"
        raise DataError(
            f"no {missing} named",
            hint=f"set {missing}=FILE, here or in logicx.toml; without both, the demo is used",
        )
    opened = open_bank(bank)
    found = read_units(units, how)
    found.check_universe(opened)
    return Data(opened, found, f"bank {opened.name} ({bank}), units {units}")


def read_units(path: str, how: Reading) -> Units:
    """The units of a file, with its notes printed."""
    with render.progress() as progress:
        found = open_units(
            Path(path),
            how.threshold,
            unit_axis=how.unit_axis,
            layout=how.layout,
            header=None if how.header is None else is_yes("header", how.header),
            quotes=None if how.quotes is None else is_yes("quotes", how.quotes),
            missing=how.missing,  # type: ignore[arg-type]
            progress=_told(progress, "reading units"),
        )
    for text in found.notes:
        render.note(text)
    return found


def open_bank(bank: str | None) -> ConceptBank:
    """The bank of a file, or the demo's."""
    render.show_log()
    if bank in (None, DEMO):
        from logicx.demo.data import open_demo

        with render.progress() as progress:
            return open_demo(progress).bank
    path = Path(str(bank))
    if path.suffix == ".toml":
        raise FileError(
            f"{path} is a recipe, not a bank", hint=f"compile it: logicx compile {path}"
        )
    return ConceptBank.open(path)


def score(
    data: Data,
    formula: str,
    unit: Sequence[str],
    objective: str,
    dialect: str,
    as_json: bool,
    within: str = "all",
) -> int:
    """Score a formula against units and print the result."""
    names = units_named(data, unit)
    found: list[Explanation] = []
    dead: list[str] = []
    for name in names:
        if len(names) > 1 and not data.units.on(data.bank, name).any():
            dead.append(name)
            continue
        one = score_formula(
            formula,
            data.bank,
            data.units,
            name,
            objective=objective,
            dialect=dialect,  # type: ignore[arg-type]
            within=within,
        )
        found.append(one)
        if as_json:
            print(json.dumps(one.as_dict()), flush=True)
    for text in found[0].notes if found else ():
        render.note(text)
    if dead:
        render.note(f"{len(dead):,} of {len(names):,} units never fire, such as {dead[0]}")
    if not as_json:
        _show(data, found)
    return 0 if found else 1


def explain(
    data: Data,
    unit: Sequence[str],
    options: dict[str, Any],
    as_json: bool,
    out: Path | None = None,
    resume: bool = False,
) -> int:
    """Search the units' best formulas and print them; Ctrl-C prints those found so far."""
    from logicx.runs.explain import explain as search

    wanted = "all" if list(unit) == ["all"] else units_named(data, unit)
    plan = search(data.bank, data.units, unit=wanted, **options)
    if plan.note:
        render.note(plan.note)
    if out is not None:
        from logicx.cli import runs

        return runs.explain(plan, out, resume, data.where, as_json)
    found: list[Explanation] = []
    is_interrupted = False
    try:
        with render.progress() as progress:
            for one in _watched(plan, progress):
                with _whole():
                    found.append(one)
                    if as_json:
                        print(json.dumps(one.as_dict()), flush=True)
    except KeyboardInterrupt:
        is_interrupted = True
    if as_json:
        for skipped in plan.skipped:
            print(json.dumps({"unit": skipped.unit, "skipped": skipped.reason}))
    else:
        _show(data, found)
    noted = [one for one in found if one.notes]
    if noted:
        text = f"unit {noted[0].unit}: {noted[0].notes[0]}"
        render.note(text if len(noted) == 1 else f"{len(noted):,} units have notes, such as {text}")
    if plan.skipped:
        first = plan.skipped[0]
        render.note(
            f"{len(plan.skipped):,} of {len(plan):,} units skipped, such as {first.unit}: "
            f"{first.reason}"
        )
    if is_interrupted:
        render.note(f"interrupted: {len(found):,} of {len(plan):,} units are done")
        return 130
    if not found:
        render.note("no unit could be explained")
    return 0 if found else 1


def compile_bank(
    recipe: str, data: Path | None, out: Path | None, changes: Sequence[str], as_json: bool
) -> int:
    """Compile a recipe and say what came out."""
    from logicx.sources.recipes import compile_recipe, read_changes

    path = Path(recipe)
    if not path.suffix and not path.is_file():
        path = resource("concepts", f"{recipe}.toml")
        if not path.exists():
            known = sorted(one.stem for one in resource("concepts").glob("*.toml"))
            raise FileError(
                f"no recipe {recipe!r}",
                hint=did_you_mean(recipe, known) or f"shipped recipes: {', '.join(known)}",
            )
    target = out or Path(f"{path.stem}.bank")
    check_output(target, ".bank", [path, data])
    with render.progress() as progress:
        told = _told(progress, f"compiling {path.name}")
        bank = compile_recipe(path, data, told, read_changes(changes))
    content = bank.save(target)
    for text in (*bank.source.get("notes", ()), *bank.notes):
        render.note(text)
    families: dict[str, int] = {}
    for category in bank.categories:
        families[category] = families.get(category, 0) + 1
    result = {
        "bank": str(target),
        "concepts": bank.n_concepts,
        "families": families,
        "cells": bank.universe.n_cells,
        "valid_cells": bank.n_valid,
        "signatures": bank.n_signatures,
        "bytes": target.stat().st_size,
        "content": content,
    }
    if as_json:
        print(json.dumps(result))
        return 0
    listed = ", ".join(f"{n:,} {name or 'without category'}" for name, n in families.items())
    print(f"{target}: {bank.n_concepts:,} concepts ({listed})")
    print(f"  {bank.universe}, {bank.n_valid:,} valid cells, {bank.n_signatures:,} signatures")
    print(f"  {result['bytes']:,} bytes, content {content[:16]}")
    return 0


def demo(unit: str, out: Path) -> int:
    """Score the paper's formula, search the unit's best, and draw where both hold."""
    check_output(out, ".png", [])
    data = open_data(None, None)
    name = data.units.names[data.units.number(unit)]
    if name == DEMO_UNIT:
        score(data, DEMO_FORMULA, [name], "iou", "standard", False)
        print()
    from logicx.runs.explain import explain as search

    found = list(search(data.bank, data.units, unit=name))
    _show(data, found)
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        render.note('for the picture, install matplotlib: pip install "logicx[report]"')
        return 0
    from logicx.demo.showing import draw_unit

    with render.progress() as progress:
        draw_unit(out, data.bank, found[0], progress)
    print(f"\npicture: {out}")
    return 0


def check_output(out: Path, suffix: str, inputs: Sequence[Path | None]) -> None:
    """Refuse to write where the name is wrong or an input lies."""
    if out.suffix != suffix:
        raise FileError(f"{out} cannot be written: its name must end in {suffix}")
    if out.is_dir():
        raise FileError(f"{out} cannot be written: it is a folder")
    for one in inputs:
        if one is not None and out.exists() and one.exists() and out.samefile(one):
            raise FileError(f"{out} cannot be written: it is an input")
    if suffix == ".png" and out.exists():
        from logicx.report.pictures import is_ours

        if not is_ours(out):
            raise FileError(
                f"{out} cannot be written: there is a picture that logicx did not draw",
                hint="name another file, or remove it",
            )


@contextmanager
def _whole() -> Iterator[None]:
    """Ctrl-C waits for the end of the block, so that what is counted is printed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if caught:
            signal.raise_signal(signal.SIGINT)


def units_named(data: Data, unit: Sequence[str]) -> list[str]:
    """Names of the units that are asked for."""
    if not unit:
        raise DataError("no unit named", hint="set unit=NAME or unit=all; list them: logicx units")
    if list(unit) == ["all"]:
        return list(data.units.names)
    return list(dict.fromkeys(data.units.names[data.units.number(one)] for one in unit))


def _show(data: Data, found: Sequence[Explanation]) -> None:
    if not found:
        return
    if len(found) == 1:
        explanation_of(data, found[0])
    else:
        render.console().print(data.where, markup=False)
        render.explanations([one.as_dict() for one in found])


def explanation_of(data: Data, found: Explanation) -> None:
    """Print how often a unit fires, its formula and scores."""
    n_on, n_cells = found.counts.tp + found.counts.fn, found.counts.n_cells
    cut = data.units.cut_of(data.units.number(found.unit), data.bank)
    where = f", on where {cut}" if cut else ""
    render.console().print(
        f"unit {found.unit} in {data.where}: fires at {n_on:,} of {n_cells:,} cells "
        f"({n_on / n_cells:.2%}){where}",
        markup=False,
    )
    render.explanation(found.as_dict())


def _watched(plan: Any, progress: Callable[[str, int, int], None] | None) -> Iterator[Explanation]:
    told = _told(progress, "explaining units")
    if told:
        told(0, len(plan))
    for one in plan:
        yield one
        if told:
            told(plan.n_done, len(plan))


def _told(
    progress: Callable[[str, int, int], None] | None, what: str
) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress(what, done, total)
