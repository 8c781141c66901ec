"""Recording: what the units of a layer do on every row or token of a data set, put on file.

A forward hook reads the layer's output while batches run through the model. Batches go to a part
file as they come (`logicx.probe.partfile`); at the end it is turned into a `*.units` file.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from logicx.banks.universe import Universe
from logicx.errors import FileError, OptionError
from logicx.probe.cells import Patches
from logicx.probe.fingerprints import fingerprint, fingerprint_of_model
from logicx.probe.hooks import (
    Batch,
    call,
    check_model,
    evaluating,
    first_part,
    is_scripted,
    module_at,
    watching,
)
from logicx.probe.identity import (
    check_frame,
    check_order,
    check_paths,
    check_photographs,
    paths_of,
    peeked,
)
from logicx.probe.layouts import batch_first_of, check_layout
from logicx.probe.partfile import PartFile
from logicx.probe.running import Run, other_data, universe_of
from logicx.resources import __version__
from logicx.runs.differences import refuse_other
from logicx.units.activations import DTYPES, write_activations
from logicx.units.maps import hash_of_names
from logicx.units.unitsfile import UnitsFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from logicx.banks.bank import ConceptBank

    Progress = Callable[[str, int, int | None], None]

__all__ = ["Batch", "Layer", "Recording", "layers", "record"]


class Recording(NamedTuple):
    """A finished recording.

    Args:
        path: The `*.units` file.
        layer: Path of the layer.
        n_units: Units of the layer.
        n_cells: Rows or real tokens.
        n_batches: Batches in all.
        n_resumed: Batches of these that were on file before.
        content: Hash of the file's content.
        notes: What a person should know of how the file was found.
        universe: The cells: of maps, their images, height and width.
    """

    path: Path
    layer: str
    n_units: int
    n_cells: int
    n_batches: int
    n_resumed: int
    content: str
    notes: tuple[str, ...] = ()
    universe: Universe | None = None


class Layer(NamedTuple):
    """A module of a model.

    Args:
        path: Its path, as in `model.named_modules()`.
        kind: Its class.
        calls: How often one batch calls it, or None where none was run.
        shape: Shape of the output that would be recorded, or None where it is no tensor.
    """

    path: str
    kind: str
    calls: int | None = None
    shape: tuple[int, ...] | None = None


def record(
    model: nn.Module,
    layer: str,
    batches: Iterable[Any],
    out: str | Path,
    *,
    dtype: str = "float32",
    bank: ConceptBank | None = None,
    universe: Universe | None = None,
    layout: str | None = None,
    output: str | int | None = None,
    batch_first: bool | None = None,
    grid: tuple[int, int] | None = None,
    skip_tokens: int = 0,
    images: Sequence[str] | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Recording:
    """Record the activations of all units of a layer in a `*.units` file.

    The model runs in eval mode without gradients. An output `[batch, units]` gives a cell for each
    row; `[batch, tokens, units]` a cell for each real token, in order, and a document for each row;
    `[batch, units, height, width]` a map for each image, a cell for each of its places, row by row.
    Which axis holds the units is known from the kind of layer (`logicx.probe.layouts`), or is said
    by `layout`; a note says what was taken as what. Of several outputs the first is taken if
    `output` names none; packed sequences are padded, and their lengths are the mask.

    Until it is finished, the recording is called `x.units.part`; a run that is killed at any moment
    goes on with it, and the file becomes, byte for byte, the same.

    Args:
        model: Any module.
        layer: Path of one of its modules, as in `model.named_modules()`; `""` is the model itself.
        batches: What the model is called with, batch after batch: a tensor, a tuple or list of
            positional arguments, a mapping of keyword arguments, or a `Batch` with a mask. They
            must lie on the model's device.
        out: The file to write; its name ends in `.units`.
        dtype: `float32`, or `float16` for half the size: about three digits, up to 65,504, and
            below 3e-8 all is zero.
        bank: The bank that the units are for: its cells must come out, and where the batches say
            which images or texts they hold, they must be its own in its order, and images cut as
            its masks are.
        universe: The cells that must come out, without a bank; by default tokens in their
            documents, or rows of which only the number is known. Of maps only the number of images
            must be the universe's: they are upsampled when they are counted.
        layout: What the axes of the output are: `nchw`, `nhwc`, `btd`, `tbd`, `bdt`, `bthd` or
            `bhtd`, with b or n for the batch, c or d for the units, t for tokens, h for heads.
        output: Which of several outputs, by number or key, joined by dots where they are nested.
        batch_first: Whether outputs with tokens are `[batch, tokens, units]` or
            `[tokens, batch, units]`; by default as the layer's attribute `batch_first` says, else
            true.
        grid: Height and width of the patches of a vision transformer, whose tokens are then places
            of maps.
        skip_tokens: Tokens before the patches, such as 1 for [CLS].
        images: Names of the images in order, as `bank.source["images"]` has them. Where the batches
            say which images they hold, they are compared, and the units are then refused on banks
            of other images; else a note says that only their number is known.
        resume: Go on with an unfinished recording if there is one. Its batches are taken again and
            compared, but not run; so it is with all where the recording is finished already.
        progress: Called with what is done, steps done, and steps in all or None.

    Raises:
        DataError: The layer is not there, is not called once a batch, or gives no activations:
            other axes, NaN, infinity, too large for float16; maps that change their size; or cells
            that are not the universe's. The batches come in an order of chance, or are of other
            images than the bank's. Which axis holds the units cannot be told.
        FileError: The file exists or cannot be written, or was begun with another layer, model,
            type or data.

    Cost: memory for about two batches, and 100 MB to turn the file at the end; on the disk twice
    the size of the recording, for a moment. Of the model's parameters a sample is compared.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from logicx import open_units
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
        >>> batches = [torch.ones(2, 4), torch.zeros(1, 4)]
        >>> with TemporaryDirectory() as folder:
        ...     found = record(model, "1", batches, folder + "/acts.units")
        ...     units = open_units(found.path, "value(0.5)")
        >>> found.n_units, found.n_cells, units.names
        (3, 3, ('0', '1', '2'))
    """
    out = Path(out)
    module = module_at(model, layer)
    if dtype not in DTYPES:
        raise OptionError(f"dtype is {' or '.join(DTYPES)}, not {dtype!r}")
    if out.suffix != ".units" or out.is_dir():
        raise FileError(f"{out} cannot be written: it must be a file whose name ends in .units")
    patches = Patches.of(grid, skip_tokens)
    check_layout(layout, batch_first)
    notes = check_order(batches)
    names = images
    if bank is not None:
        universe = universe or bank.universe
        names = names or bank.source.get("images")
        check_frame(batches, bank.source.get("settings") or {})
    paths = paths_of(batches) if names is not None else None
    if names is not None and paths is not None:
        check_paths(paths, names)
        if len(paths) < len(names):
            check_paths([*paths, "(none)"], names)
        if bank is not None and images is None:
            check_photographs(paths, bank.source)
    if batch_first is None:
        batch_first = layout != "tbd"
        if layout is None:
            first, batches = peeked(batches)
            batch_first = batch_first_of(model, layer, Batch.of(first).mask)
    source = {
        "layer": layer,
        "layer_type": type(module).__name__,
        "model": type(model).__name__,
        "parameters": fingerprint_of_model(model),
        "dtype": dtype,
        "batch_first": batch_first,
        "universe": None
        if universe is None
        else sha256(repr(universe.as_dict()).encode()).hexdigest(),
        "torch": str(torch.__version__),
        "logicx": __version__,
        **({} if patches is None else {"grid": list(patches[:2]), "skip_tokens": patches.skip}),
        **({} if layout is None else {"layout": layout}),
        **({} if output is None else {"output": str(output)}),
        **({} if names is None or paths is None else {"images": hash_of_names(names)}),
    }
    part = out.with_name(out.name + ".part")
    if out.exists():
        return _finished_before(out, part, source, batches, resume)
    with PartFile(part, source, resume=resume) as file:
        n_resumed = len(file.kept)
        file.notes += notes
        with watching(model, layer, output) as watch:
            run = Run(watch, file, universe, module, layer, patches)
            run.layout, run.tokens = layout, "btd" if batch_first else "tbd"
            run.names = None if paths is not None else names
            run.texts = bank if bank is not None and bank.texts is not None else None
            run.record(model, batches, progress)
        universe = universe_of(file, universe)
        source |= run.found
        content = _finish(file, out, source, universe, progress)
        return Recording(
            out,
            layer,
            file.n_units or 0,
            file.n_cells,
            len(file.kept),
            n_resumed,
            content,
            tuple(file.notes),
            universe,
        )


def layers(model: nn.Module, batch: Any = None) -> list[Layer]:
    """All modules of a model; with a batch, which is run once, also what they give."""
    check_model(model)
    modules = [(path, one) for path, one in model.named_modules() if path]
    found = {path: Layer(path, type(one).__name__) for path, one in modules}
    if batch is None:
        return list(found.values())
    outputs: dict[str, list[tuple[int, ...] | None]] = {path: [] for path, _ in modules}

    def watching(path: str) -> Callable[[nn.Module, Any, Any], None]:
        def seen(_: nn.Module, __: Any, output: Any) -> None:
            part = first_part(output)
            is_dense = isinstance(part, Tensor) and not part.is_nested
            outputs[path].append(tuple(part.shape) if is_dense else None)

        return seen

    hooks = [
        one.register_forward_hook(watching(path)) for path, one in modules if not is_scripted(one)
    ]
    try:
        with evaluating(model):
            call(model, Batch.of(batch).inputs, 0)
    finally:
        for hook in hooks:
            hook.remove()
    return [
        one._replace(calls=len(outputs[path]), shape=next(iter(outputs[path]), None))
        for path, one in found.items()
    ]


def _finish(
    file: PartFile,
    out: Path,
    source: dict[str, Any],
    universe: Universe | None,
    progress: Progress | None,
) -> str:
    """Turn the part file into the file of units, which then takes its name."""
    inputs = _joined(one.inputs for one in file.kept)
    new = out.with_name(out.name + ".new")
    try:
        content = write_activations(
            new,
            [str(i) for i in range(file.n_units or 0)],
            file.n_cells,
            source["dtype"],
            file.rows(),
            universe=universe,
            source={**source, "n_batches": len(file.kept), "inputs": inputs},
            progress=progress and (lambda done, total: progress("writing units", done, total)),
        )
        try:
            new.replace(out)
        except OSError as error:
            raise FileError(f"cannot write {out}: {error.strerror}") from error
    except FileError as error:
        error.hint = (
            f"all batches are in {file.path} and stay; mend this, then go on with --resume "
            "(Python: resume=True)"
        )
        raise
    finally:
        new.unlink(missing_ok=True)
    file.remove()
    return content


def _finished_before(
    out: Path, part: Path, source: dict[str, Any], batches: Iterable[Any], resume: bool
) -> Recording:
    """What is on file, if it is this very recording; a part file that was left is removed."""
    if not resume:
        raise FileError(f"{out} exists already", hint="delete it, or name another file")
    stored = UnitsFile(out)
    there = stored.manifest.get("source", {})
    refuse_other(out, {key: there.get(key) for key in source}, source)
    if _joined(fingerprint(Batch.of(one)) for one in batches) != there.get("inputs"):
        raise other_data(out, "the batches are other than when it was recorded")
    part.unlink(missing_ok=True)
    return Recording(
        out,
        source["layer"],
        len(stored.says.names),
        stored.says.n_cells or 0,
        there.get("n_batches", 0),
        there.get("n_batches", 0),
        stored.content,
        (f"{out} was complete already",),
        stored.universe,
    )


def _joined(inputs: Iterable[str]) -> str:
    """One hash of the hashes of all batches."""
    found = sha256()
    for one in inputs:
        found.update(one.encode())
    return found.hexdigest()
