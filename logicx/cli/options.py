"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

Bank = Annotated[str | None, typer.Option(help="A .bank file; or demo: its bank and units.")]
Unit = Annotated[
    list[str] | None, typer.Option(help="Name or number of a unit; repeat it for several; or: all.")
]
UnitsFile = Annotated[
    str | None, typer.Option(help="Units: .units, .csv, .tsv, .parquet, .npy, .npz, .safetensors.")
]
Cut = Annotated[
    str | None,
    typer.Option(
        help="For activations: positive (default), quantile(0.005), value(1.5) or ranges(3); for "
        "maps over images also quantile(0.005)@upsampled."
    ),
]
UnitAxis = Annotated[
    int | None, typer.Option(help="Axis of an array along which the units lie: 0 (default) or 1.")
]
Layout = Annotated[
    str | None,
    typer.Option(help="Axes of an array that has three or four: nchw, nhwc, btd, tbd, nhw, ..."),
]
Header = Annotated[
    str | None,
    typer.Option(help="For a table of units: whether its first line is names: true or false."),
]
Quotes = Annotated[
    str | None,
    typer.Option(
        help="For a table of units: whether quotation marks stand around fields: true (default of "
        "a .csv) or false (of a .tsv)."
    ),
]
Missing = Annotated[
    str | None,
    typer.Option(
        help="For a table of units: what missing values are: invalid (they count nowhere for "
        "their unit; default), off or label."
    ),
]


class Reading(NamedTuple):
    """How a file of units is read, by the options of the same names."""

    threshold: str | None = None
    unit_axis: int | None = None
    layout: str | None = None
    header: str | None = None
    quotes: str | None = None
    missing: str | None = None


Goal = Annotated[str, typer.Option(help="iou, precision, recall, dice, fbeta(b), mcc or accuracy.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Pattern = Annotated[str, typer.Argument(help="Names to list, such as 'riv*'.")]
Limit = Annotated[int, typer.Option(help="Most rows to print; 0 for all.")]
