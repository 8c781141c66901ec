"""The commands about data: banks and units are made, and what there is is listed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from logicx.cli.options import (
    Bank,
    Cut,
    Header,
    Json,
    Layout,
    Limit,
    Missing,
    Pattern,
    Quotes,
    Reading,
    UnitAxis,
    UnitsFile,
)


def compile_(
    recipe: Annotated[str, typer.Argument(help="A TOML file, or a shipped recipe such as: snli.")],
    data: Annotated[
        Path | None, typer.Option(help="The data file, in place of the recipe's.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The .bank file to write.")] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(help="A setting in place of the recipe's, such as pairs.most_common=500."),
    ] = None,
    json: Json = False,
) -> int:
    """Compile a concept bank from a recipe."""
    from logicx.cli import commands

    return commands.compile_bank(recipe, data, out, set or [], json)


def probe(
    model: Annotated[
        str, typer.Argument(help="module:function that returns a torch model and its batches.")
    ],
    layer: Annotated[
        str | None, typer.Option(help="Path of the layer to record; without it, list the layers.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The .units file to write.")] = None,
    dtype: Annotated[
        str, typer.Option(help="float32, or float16 for half the size and three digits.")
    ] = "float32",
    bank: Annotated[
        str | None,
        typer.Option(help="A .bank file, whose cells (or images) must come out."),
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option(help="Patches of a vision transformer as maps: height x width, as in 14x14."),
    ] = None,
    skip_tokens: Annotated[
        int, typer.Option(help="With grid: tokens before the patches, such as 1 for [CLS].")
    ] = 0,
    layout: Annotated[
        str | None,
        typer.Option(help="Axes of the output, if its layer does not tell: nchw, nhwc, btd, ..."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(help="Which of several outputs of the layer: its number or key, as in 1."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an unfinished recording if there is one.")
    ] = False,
    json: Json = False,
) -> int:
    """Record the activations of a layer of a torch model; or list its layers."""
    from logicx.cli import probing

    probing.check(layer, out, resume)
    if layer is None or out is None:
        return probing.list_layers(model, json)
    how = probing.Reading(grid, skip_tokens, layout, output)
    return probing.record(model, layer, out, dtype, bank, how, resume, json)


def concepts(
    pattern: Pattern = "*",
    bank: Bank = None,
    category: Annotated[str | None, typer.Option(help="Only concepts of this category.")] = None,
    sort: Annotated[str, typer.Option(help="bank (order of the bank), name or cells.")] = "bank",
    limit: Limit = 50,
    json: Json = False,
) -> int:
    """List the concepts of a bank, with how often they hold."""
    from logicx.cli import listings

    return listings.concepts(pattern, bank, category, sort, limit, json)


def units(
    pattern: Pattern = "*",
    units: UnitsFile = None,
    bank: Annotated[
        str | None, typer.Option(help="For maps over images: the .bank at whose cells to count.")
    ] = None,
    threshold: Cut = None,
    unit_axis: UnitAxis = None,
    layout: Layout = None,
    header: Header = None,
    quotes: Quotes = None,
    missing: Missing = None,
    out: Annotated[Path | None, typer.Option(help="A .units file to write.")] = None,
    limit: Limit = 50,
    json: Json = False,
) -> int:
    """List the units of a file, with how often they fire; or convert it."""
    from logicx.cli import listings

    how = Reading(threshold, unit_axis, layout, header, quotes, missing)
    return listings.units(pattern, units, bank, how, out, limit, json)


def operators(json: Json = False) -> int:
    """List the operators of the formula language."""
    from logicx.cli import listings

    return listings.operators(json)


def list_(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="operator, objective, heuristic, strategy, threshold, source or preset; without "
            "it, these kinds are listed."
        ),
    ] = None,
    json: Json = False,
) -> int:
    """List the parts of a kind, with what they are and whose."""
    from logicx.cli import listings

    return listings.kinds(json) if kind is None else listings.parts(kind, json)


def grammar(
    dialect: Annotated[str, typer.Option(help="standard or chain.")] = "standard",
) -> int:
    """Print the whole grammar in force."""
    from logicx.language.parsing import grammar as in_force

    print(in_force(dialect), end="")  # type: ignore[arg-type]
    return 0


def demo(
    unit: Annotated[str, typer.Option(help="Number of a unit of the demo's network.")] = "483",
    out: Annotated[Path, typer.Option(help="The picture to write.")] = Path("logicx-demo.png"),
) -> int:
    """Explain a unit of the shipped demo, and draw where it fires."""
    from logicx.cli import commands

    return commands.demo(unit, out)


COMMANDS: dict[str, Callable[..., int]] = {
    "compile": compile_,
    "probe": probe,
    "concepts": concepts,
    "units": units,
    "operators": operators,
    "list": list_,
    "grammar": grammar,
    "demo": demo,
}
"""By what they are called."""
