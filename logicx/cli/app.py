"""All commands with their options; what they do stands in other modules and is imported late.

Here are those about formulas; those about data are in `data_commands`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logicx.cli import data_commands
from logicx.cli.arguments import as_options, defaults, misspelt
from logicx.cli.options import (
    Bank,
    Cut,
    Goal,
    Header,
    Json,
    Layout,
    Missing,
    Quotes,
    Reading,
    Unit,
    UnitAxis,
    UnitsFile,
)
from logicx.cli.strategies import KEYS, PanelCommand, own_options, with_strategies
from logicx.errors import LogicxError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="logicx",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="When does this neuron fire? As a formula over concepts, with a score.\n\n"
    "Every option may be written --unit 483 or unit=483. Without bank and units, commands use "
    "the shipped demo. A logicx.toml in this folder sets defaults.",
)

COMPLETION = "_LOGICX_COMPLETE"
"""Set by a shell that asks how a line may go on."""

SETTINGS = (
    *("bank", "units", "unit", "threshold", "unit_axis", "objective", "dialect"),
    *("layout", "header", "quotes", "missing", "min_argument_support", "max_applications"),
    *("length", "strategy", *KEYS, "atoms", "min_active", "min_support", "min_atom_support"),
    *("only", "exclude", "operators", "threads", "images", "top", "order", "apart"),
)
"""What a logicx.toml may set."""


@app.command()
def score(
    formula: Annotated[str, typer.Argument(help="Such as '(water OR river) AND NOT blue'.")],
    unit: Unit = None,
    bank: Bank = None,
    units: UnitsFile = None,
    threshold: Cut = None,
    unit_axis: UnitAxis = None,
    layout: Layout = None,
    header: Header = None,
    quotes: Quotes = None,
    missing: Missing = None,
    objective: Goal = "iou",
    dialect: Annotated[
        str, typer.Option(help="standard, or chain: left to right, as the paper prints.")
    ] = "standard",
    within: Annotated[
        str,
        typer.Option(help="all cells, or category: of one concept, the images with its category."),
    ] = "all",
    json: Json = False,
) -> int:
    """Score a formula against a unit."""
    from logicx.cli import commands

    how = Reading(threshold, unit_axis, layout, header, quotes, missing)
    data = commands.open_data(bank, units, how)
    return commands.score(data, formula, unit or [], objective, dialect, json, within)


@app.command(cls=PanelCommand, context_settings={"allow_extra_args": True})
@with_strategies
def explain(
    context: typer.Context,
    unit: Unit = None,
    bank: Bank = None,
    units: UnitsFile = None,
    threshold: Cut = None,
    unit_axis: UnitAxis = None,
    layout: Layout = None,
    header: Header = None,
    quotes: Quotes = None,
    missing: Missing = None,
    length: Annotated[int, typer.Option(help="Most concepts in a formula.")] = 3,
    strategy: Annotated[
        str, typer.Option(help="beam, optimal (with a proof), exhaustive, or one of your own.")
    ] = "beam",
    objective: Goal = "iou",
    atoms: Annotated[
        str,
        typer.Option(
            help="Besides concepts: auto (NEIGHBORS where it applies), concepts, or names such as "
            "ABOVE,NEAR."
        ),
    ] = "auto",
    min_active: Annotated[int, typer.Option(help="Skip units that fire at fewer cells.")] = 1,
    min_support: Annotated[
        int, typer.Option(help="Keep only formulas that hold at so many cells.")
    ] = 0,
    min_atom_support: Annotated[
        int, typer.Option(help="Leave out concepts that hold at fewer cells.")
    ] = 0,
    only: Annotated[
        str, typer.Option(help="Concepts that take part: 'hyp:*, category:color'; default: all.")
    ] = "",
    exclude: Annotated[
        str, typer.Option(help="Concepts that take no part, named in the same way.")
    ] = "",
    operators: Annotated[
        str, typer.Option(help="Operators of formulas: 'OR, AND'; default: as the strategy says.")
    ] = "",
    min_argument_support: Annotated[
        int, typer.Option(help="Apply operators only to concepts that hold at so many cells.")
    ] = 0,
    max_applications: Annotated[
        int, typer.Option(help="Most atoms by each of the operators such as ABOVE.")
    ] = 500,
    threads: Annotated[int, typer.Option(help="Units that are searched at a time.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="A journal of the results to write, such as run.jsonl.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the journal if it exists.")
    ] = False,
    json: Json = False,
    **options: Any,
) -> int:
    """Find the best formula of one unit, several, or all.

    Options of a strategy of your own are written tries=3.
    """
    from logicx.cli import commands, runs

    runs.check(out, resume)
    options |= own_options(strategy, context.args, context.default_map or {})
    how = Reading(threshold, unit_axis, layout, header, quotes, missing)
    data = commands.open_data(bank, units, how)
    options |= {
        "length": length,
        "strategy": strategy,
        "objective": objective,
        "atoms": atoms,
        "min_active": min_active,
        "min_support": min_support,
        "min_atom_support": min_atom_support,
        "only": only,
        "exclude": exclude,
        "operators": operators,
        "min_argument_support": min_argument_support,
        "max_applications": max_applications,
        "threads": threads,
    }
    return commands.explain(data, unit or [], options, json, out, resume)


@app.command()
def table(
    journal: Annotated[Path, typer.Argument(help="A journal: explain with out=run.jsonl.")],
    unit: Annotated[
        list[str] | None,
        typer.Option(help="Name or number of a unit, in place of the best; repeat it for several."),
    ] = None,
    bank: Bank = None,
    units: UnitsFile = None,
    threshold: Cut = None,
    unit_axis: UnitAxis = None,
    layout: Layout = None,
    header: Header = None,
    quotes: Quotes = None,
    missing: Missing = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Weights of the units for classes: .csv, .tsv, .parquet or an array."),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(help="Names of the classes of an array of weights, with commas between."),
    ] = None,
    outputs: Annotated[
        Path | None,
        typer.Option(help="What else to show of each cell, such as predictions: a .csv or .tsv."),
    ] = None,
    limit: Annotated[int, typer.Option(help="Most units where none are named; 0 for all.")] = 10,
    length: Annotated[
        int | None,
        typer.Option(help="Show the best formulas of at most so many concepts; default: all."),
    ] = None,
    cells: Annotated[int, typer.Option(help="Cells of each unit, where it is highest.")] = 3,
    context: Annotated[
        int, typer.Option(help="For tokens: how many before and after are shown.")
    ] = 8,
    out: Annotated[Path | None, typer.Option(help="A .csv to write: a line for each cell.")] = None,
    json: Json = False,
) -> int:
    """Show the best units of a run, with class weights and the cells where they are highest."""
    from logicx.cli import unit_tables

    return unit_tables.table(
        journal,
        (bank, units, Reading(threshold, unit_axis, layout, header, quotes, missing)),
        (weights, classes, outputs),
        out,
        json,
        unit=unit or [],
        limit=limit,
        length=length,
        cells=cells,
        context=context,
    )


@app.command()
def show(
    formula: Annotated[
        str | None,
        typer.Argument(help="Such as '(water OR river) AND NOT blue'; default: the best."),
    ] = None,
    unit: Unit = None,
    bank: Bank = None,
    units: UnitsFile = None,
    threshold: Cut = None,
    unit_axis: UnitAxis = None,
    layout: Layout = None,
    header: Header = None,
    quotes: Quotes = None,
    missing: Missing = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images that the bank was compiled from.")
    ] = None,
    top: Annotated[int, typer.Option(help="Most images.")] = 8,
    order: Annotated[
        str,
        typer.Option(help="activation (highest first), cells (most that are on), or shared."),
    ] = "activation",
    apart: Annotated[
        int, typer.Option(help="Of images nearer to each other than this, show one: for films.")
    ] = 1,
    length: Annotated[
        int, typer.Option(help="Without a formula: most concepts of the best; 0 shows none.")
    ] = 3,
    beam: Annotated[int, typer.Option(help="Formulas kept at each step.")] = 10,
    dialect: Annotated[
        str, typer.Option(help="standard, or chain: left to right, as the paper prints.")
    ] = "standard",
    out: Annotated[Path | None, typer.Option(help="The .png to write; default: show.png.")] = None,
    terminal: Annotated[
        bool, typer.Option("--terminal", help="Show the images in a terminal of true colours, too.")
    ] = False,
    json: Json = False,
) -> int:
    """Draw the images in which a unit fires most, with its mask and its formula's."""
    from logicx.cli import commands, showing

    how = Reading(threshold, unit_axis, layout, header, quotes, missing)
    data = commands.open_data(bank, units, how)
    return showing.show(
        data,
        formula,
        unit or [],
        images,
        out,
        json,
        top=top,
        order=order,
        apart=apart,
        length=length,
        beam=beam,
        dialect=dialect,
        terminal=terminal,
    )


for name, function in data_commands.COMMANDS.items():
    app.command(name)(function)


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from logicx.resources import __version__

        print(f"logicx {__version__}")
        raise typer.Exit


def command(arguments: Sequence[str]) -> Any:
    """Run one command; errors are raised, not printed.

    Raises:
        LogicxError: The input is wrong.
    """
    group: Any = typer.main.get_command(app)
    commands = group.commands
    try:
        return _run(group, commands, arguments)
    except Exception as error:
        # Typer's usage errors; whose click they come from depends on the version of Typer.
        usage = getattr(error, "format_message", None)
        if usage is None and getattr(error, "code", "") != "usage":
            raise
        known = next((f"logicx {one} --help" for one in arguments if one in commands), None)
        hint = misspelt(arguments, commands) or f"see: {known or 'logicx --help'}"
        message = usage() if usage else getattr(error, "message", "")
        raise LogicxError(message, code="usage", hint=hint) from None


def _run(group: Any, commands: Any, arguments: Sequence[str]) -> Any:
    is_help = "--help" in arguments or not any(one in commands for one in arguments)
    known: dict[str, Any] = {} if is_help else defaults(commands, SETTINGS)
    given = as_options(arguments, commands)
    if COMPLETION in os.environ:
        return group.main(given, prog_name="logicx", standalone_mode=False)
    # Not `main`, which takes a closed pipe for a failure, and the end of a file for Ctrl-C.
    try:
        with group.make_context("logicx", given, default_map=known) as context:
            return group.invoke(context)
    except typer.Exit as end:
        return end.exit_code
