"""What the command table does."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logicx.analysis.class_weights import read_class_weights
from logicx.analysis.top_cells import unit_table, write_table
from logicx.banks.tablefiles import read_table
from logicx.cli import render
from logicx.cli.commands import check_output, open_data
from logicx.errors import OptionError
from logicx.runs.journal import read_journal

if TYPE_CHECKING:
    from rich.text import Text

    from logicx.analysis.top_cells import UnitRow


def table(
    journal: Path,
    data: tuple[Any, ...],
    extras: tuple[Path | None, str | None, Path | None],
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Print the table of a run, or write it, or both."""
    weights, classes, outputs = extras
    if classes is not None and weights is None:
        raise OptionError("classes are named, but no weights", hint="set weights=FILE")
    if out is not None:
        check_output(out, ".csv", [weights, outputs])
    run = read_journal(journal)
    opened = open_data(*data)
    named = None if classes is None else [one.strip() for one in classes.split(",")]
    known = None if weights is None else read_class_weights(weights, opened.units, named)
    for text in () if known is None else known.notes:
        render.note(text)
    shown = None if outputs is None else read_table(outputs).data(outputs)
    rows = list(unit_table(run, opened.bank, opened.units, weights=known, outputs=shown, **options))
    n_rows = run.n_rows
    if n_rows < run.header["n_units"]:
        render.note(f"{journal} is not complete: {n_rows:,} of {run.header['n_units']:,} units")
    if not rows:
        render.note(f"no unit of {journal} is explained")
        return 1
    if out is not None:
        write_table(out, rows)
        if not as_json:
            print(f"{out}: {len(rows):,} units")
            return 0
    for i, row in enumerate(rows):
        if as_json:
            print(json.dumps(row.as_dict()))
        else:
            if i:
                print()
            _show(row)
    return 0


def _show(row: UnitRow) -> None:
    """A unit as in the paper's figure: its formula, its numbers, and its cells below."""
    from rich.padding import Padding
    from rich.text import Text

    console = render.console()
    goal = render.goal_name(row.objective)
    numbers = [f"IoU {row.iou:.4f}"]
    if row.objective != "iou" or abs(row.score - row.iou) > 1e-12:
        numbers.append(f"{goal} {row.score:.4f}")
    numbers.append(f"fires at {row.n_on:,} cells ({row.share_on:.1%})")
    numbers.append(f"best single {row.best_single} ({row.best_single_iou:.4f})")
    console.print(Text(f"unit {row.unit}   " + "   ".join(numbers)))
    console.print(Padding(Text(row.formula, "bold"), (0, 0, 0, 2), expand=False))
    if row.weights:
        weights = ", ".join(f"{name} {value:+.3f}" for name, value in row.weights.items())
        console.print(Padding(Text(f"weights: {weights}"), (0, 0, 0, 2), expand=False))
    for one in row.cells:
        facts = [f"{one.activation:.2f}", f"cell {one.cell:,}"]
        facts.append("formula true" if one.holds else "formula false")
        facts += [f"{name} {_plain(value)}" for name, value in one.outputs.items()]
        console.print(Padding(Text("   ".join(facts), "dim"), (0, 0, 0, 4), expand=False))
        for line in _text_lines(one.text):
            console.print(Padding(line, (0, 0, 0, 6), expand=False))


def _text_lines(text: dict[str, str]) -> list[Text]:
    from rich.text import Text

    parts = {name: _plain(value) for name, value in text.items()}
    if "token" in parts:
        line = Text(f"{parts['before']} " if parts["before"] else "")
        line.append(f"[{parts['token']}]", "bold reverse")
        line.append(f" {parts['after']}" if parts["after"] else "")
        return [line]
    if len(parts) == 1:
        return [Text(*parts.values())]
    width = max(map(len, parts))
    return [Text(f"{name:{width}}  {value}") for name, value in parts.items()]


def _plain(text: str) -> str:
    """The text without what would steer a terminal."""
    return "".join(
        " " if one.isspace() else "\ufffd" if unicodedata.category(one) in ("Cc", "Cs") else one
        for one in text
    )
