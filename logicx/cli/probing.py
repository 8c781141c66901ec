"""What the command probe does."""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from logicx.cli import render
from logicx.cli.commands import check_output, open_bank
from logicx.errors import DataError, LogicxError, OptionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

USAGE = "MODEL is module:function, such as mymodel:load for load() of mymodel.py in this folder"


class Reading(NamedTuple):
    """How the output of a layer is read; see `logicx.probe.record`."""

    grid: str | None = None
    skip_tokens: int = 0
    layout: str | None = None
    output: str | None = None


def check(layer: str | None, out: Path | None, resume: bool) -> None:
    """Refuse what cannot work before the model is loaded, which may take long."""
    if layer is None:
        if out is not None or resume:
            raise OptionError("no layer named", hint="list them: logicx probe MODEL")
        return
    if out is None:
        raise OptionError("no out named", hint="name the file to write: out=acts.units")
    check_output(out, ".units", [])


def list_layers(target: str, as_json: bool) -> int:
    """The model's layers, with what they give for the first batch."""
    model, batches = _loaded(target)
    from logicx.probe.recording import layers

    found = layers(model, next(iter(batches), None))
    if as_json:
        for one in found:
            row = {"layer": one.path, "type": one.kind, "calls": one.calls, "output": one.shape}
            print(json.dumps(row))
        return 0 if found else 1
    rows = [
        [
            one.path,
            one.kind,
            "" if one.calls is None else one.calls,
            "" if one.shape is None else list(one.shape),
        ]
        for one in found
    ]
    render.console().print(f"{target}: {len(found):,} layers", markup=False)
    if rows:
        render.print_table(("layer", "type", "calls in a batch", "output"), rows)
    return 0 if rows else 1


def record(
    target: str,
    layer: str,
    out: Path,
    dtype: str,
    bank: str | None,
    how: Reading,
    resume: bool,
    as_json: bool,
) -> int:
    """Record a layer; Ctrl-C leaves what is recorded and says how to go on."""
    opened = None if bank is None else open_bank(bank)
    patches = None if how.grid is None else _grid(how.grid)
    model, batches = _loaded(target)
    from logicx.probe.recording import record as recorded

    part = out.with_name(out.name + ".part")
    try:
        with render.progress() as progress:
            found = recorded(
                model,
                layer,
                batches,
                out,
                dtype=dtype,
                bank=opened,
                grid=patches,
                skip_tokens=how.skip_tokens,
                layout=how.layout,
                output=how.output,
                resume=resume,
                progress=progress,
            )
    except KeyboardInterrupt:
        on_file = f"what is recorded is in {part}" if part.exists() else "nothing is recorded yet"
        render.note(f"interrupted: {on_file}; go on by the same command with --resume")
        return 130
    for text in found.notes:
        render.note(text)
    result = {
        "units": str(found.path),
        "layer": found.layer,
        "n_units": found.n_units,
        "cells": found.n_cells,
        "batches": found.n_batches,
        "resumed": found.n_resumed,
        "bytes": found.path.stat().st_size,
        "content": found.content,
    }
    if as_json:
        print(json.dumps(result))
        return 0
    of, what = found.universe, f"{found.n_cells:,} cells"
    if of is not None and of.kind == "pixels":
        what = f"maps of {of.shape[1]} x {of.shape[2]} on {of.shape[0]:,} images"
    print(f"{found.path}: {found.n_units:,} units of layer {layer} at {what}")
    print(f"  {found.n_batches:,} batches, {result['bytes']:,} bytes, content {found.content[:16]}")
    return 0


def _grid(text: str) -> tuple[int, int]:
    """Height and width of a text such as `14x14`."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*[x,]\s*(\d{1,6})\s*", text)
    if found is None:
        raise OptionError(f"grid is height x width, such as 14x14, not {text!r}")
    return int(found[1]), int(found[2])


def _loaded(target: str) -> tuple[Any, Iterable[Any]]:
    """What the function that is named returns: the model and its batches."""
    module, _, name = target.partition(":")
    if not module or not name or module.endswith(".py"):
        raise OptionError(f"there is no model {target!r}", hint=USAGE)
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        home = import_module(module)
    except Exception as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module}.".startswith(f"{missing}."):
            raise OptionError(f"there is no module {module!r} to import", hint=USAGE) from None
        raise _broken(f"importing {module}", error) from error
    load = getattr(home, name, None)
    if not callable(load):
        names = [one for one in dir(home) if callable(getattr(home, one))]
        hint = did_you_mean(name, names) or USAGE
        raise OptionError(f"module {module!r} has no function {name!r}", hint=hint)
    try:
        given = load()
    except LogicxError:
        raise
    except Exception as error:
        raise _broken(target, error) from error
    if not isinstance(given, tuple) or len(given) != 2 or not hasattr(given[1], "__iter__"):
        raise DataError(
            f"{target} must return a model and its batches, not {_described(given)}",
            hint="return model, batches",
        )
    return given


def _broken(what: str, error: Exception) -> DataError:
    """What a user's own code raised, and where."""
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}, line {error.lineno})"
    else:
        frames = [one for one in traceback.extract_tb(error.__traceback__) if one.line]
        place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return DataError(f"{what} failed: {type(error).__name__}: {error}{place}")


def _described(given: Any) -> str:
    if isinstance(given, tuple):
        return f"({', '.join(type(one).__name__ for one in given)})"
    return type(given).__name__
