"""A recording in progress: batches run, and their cells go on file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from torch import Tensor

from logicx.banks.universe import Universe
from logicx.errors import DataError, FileError
from logicx.probe.cells import as_kept, cells_of, check_places
from logicx.probe.fingerprints import fingerprint
from logicx.probe.hooks import Batch
from logicx.probe.identity import UNKNOWN, UNKNOWN_TEXTS, check_paths, check_texts, taken_note
from logicx.probe.layouts import AXES, Axes
from logicx.units.maps import hash_of_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from torch import nn

    from logicx.banks.bank import ConceptBank
    from logicx.probe.cells import Cells, Patches
    from logicx.probe.hooks import Output, Watch
    from logicx.probe.partfile import PartFile

    Progress = Callable[[str, int, int | None], None]


class Run:
    """Batches on their way from a model to a part file.

    Args:
        watch: The model with a hook on the layer.
        file: The part file.
        universe: The cells that must come out, if they are known.
        module: The layer.
        layer: Its path.
        patches: How tokens lie in an image, if they are patches.

    Attributes:
        layout: What the axes of the output are, if it is said.
        tokens: The layout of an output with tokens, if none is said.
        names: The images that the batches must hold, where their ids are yet to be compared.
        texts: A bank whose texts the batches must hold, where their ids say which they hold.
        found: What the batches told, for the file.
    """

    def __init__(
        self,
        watch: Watch,
        file: PartFile,
        universe: Universe | None,
        module: nn.Module,
        layer: str,
        patches: Patches | None,
    ) -> None:
        """No batch was run yet."""
        self._watch, self._file, self._universe = watch, file, universe
        self._module, self._layer, self._patches = module, layer, patches
        self.layout: str | None = None
        self.tokens = "btd"
        self.names: Sequence[str] | None = None
        self.texts: ConceptBank | None = None
        self.found: dict[str, Any] = {}
        self._resolved: dict[int, str] = {}
        self._told: dict[str, Any] = {}
        self._ids: list[str] = []
        self._has_ids = True

    def record(self, model: nn.Module, batches: Iterable[Any], progress: Progress | None) -> None:
        """Run the batches that are not on file yet.

        Raises:
            FileError: Those on file are of other data.
            DataError: A batch gives no such cells, or is of other images.
        """
        file = self._file
        n_batches, n_before, n_given = _length(batches), len(file.kept), 0
        told = "recording batches"
        if progress:
            progress(told, n_before, n_batches)
        if n_before:
            self._heed(file.kept[0].told or {})
        for number, one in enumerate(batches):
            n_given += 1
            given = Batch.of(one)
            inputs = fingerprint(given)
            self._compare(given, number)
            if number < n_before:
                if inputs != file.kept[number].inputs:
                    why = f"batch {number:,} is other than when it was recorded"
                    raise other_data(file.path, why)
                continue
            cells = self._cells(model, given, number)
            check_places(self._universe, file, cells)
            rows = as_kept(cells.rows, file)
            file.append(rows, cells.lengths, inputs, cells.map, {} if number else self._told)
            if progress:
                progress(told, number + 1, n_batches)
        if n_given < n_before:
            raise other_data(file.path, f"it has {n_before:,} batches, now there are {n_given:,}")
        if not file.n_cells:
            raise DataError(f"the {n_given:,} batches gave no cell", hint="give at least one batch")
        self._check_all(n_given)
        file.notes += [one for one in getattr(batches, "notes", ()) if one not in file.notes]

    def _heed(self, told: Mapping[str, Any]) -> None:
        """What the first batch told, now or when it was recorded."""
        self._told = dict(told)
        self._file.notes += told.get("notes", ())
        layout = told.get("layout")
        if layout is not None:
            self._resolved[len(layout)] = layout
            if layout not in ("nchw", self.tokens):
                self.found["layout"] = layout

    def _cells(self, model: nn.Module, batch: Batch, number: int) -> Cells:
        axes = Axes()
        with axes.watching(model) if number == 0 and self.layout is None else nullcontext():
            output = self._watch.output(batch, number)
        if number == 0:
            self._heed(self._found_out(output, axes))
        n_axes = output.values.ndim if isinstance(output.values, Tensor) else 0
        layout = self.layout or self._resolved.get(n_axes, self.tokens)
        cells = cells_of(output, batch.mask, number, layout, self._patches)
        if cells.map is not None:
            self._check_batch(batch, cells, number)
        return cells

    def _found_out(self, output: Output, axes: Axes) -> dict[str, Any]:
        """The layout that the first output is taken for, and notes."""
        told: dict[str, Any] = {}
        notes = []
        shape = tuple(output.values.shape) if isinstance(output.values, Tensor) else ()
        if self.layout is None and len(shape) in (3, 4) and output.lengths is None:
            grid = None if self._patches is None else self._patches[:2]
            taken = axes.taken(self._module, shape, self.tokens, grid)
            told["layout"] = taken.layout
            notes.append(taken_note(self._layer, taken, AXES[taken.layout]))
        if self._watch.n_parts > 1 and self._watch.part is None:
            notes.append(
                f"of the {self._watch.n_parts} outputs of the layer {self._layer!r} the first is "
                "taken: output=1 takes the next"
            )
        return {**told, "notes": notes} if notes else told

    def _check_batch(self, batch: Batch, cells: Cells, number: int) -> None:
        """Raise a `DataError` if there are more or fewer maps than images in the batch."""
        n_given = _n_examples(batch.inputs)
        if cells.map is None or n_given is None:
            return
        n_maps = len(cells.rows) // (cells.map[0] * cells.map[1])
        if n_maps != n_given:
            raise DataError(
                f"the layer gives {n_maps:,} maps for the {n_given:,} images of batch {number:,}: "
                "its first axis is not that of images (windows or heads may be joined to it)",
                hint="name a layer before or after, or set layout",
            )

    def _compare(self, batch: Batch, number: int) -> None:
        """Hold the ids of a batch against the names of the images."""
        self._has_ids &= batch.ids is not None
        if not self._has_ids:  # of those that follow, the places are not known
            return
        if self.texts is not None:
            check_texts(batch.ids, self.texts, len(self._ids))
        ids = [str(one) for one in batch.ids]
        if self.names is not None:
            check_paths(ids, self.names, len(self._ids))
        self._ids += ids

    def _check_all(self, n_given: int) -> None:
        """Raise a `DataError` unless all cells of the universe were there."""
        file, universe = self._file, self._universe
        of_cells = universe_of(file, universe)
        is_told = bool(self._ids) and self._has_ids
        if self.texts is not None and not is_told:
            file.notes.append(UNKNOWN_TEXTS)
        if is_told and of_cells is not None and of_cells.kind == "pixels":
            if len(self._ids) != of_cells.n_groups:
                raise DataError(
                    f"the batches name {len(self._ids):,} images, but hold {of_cells.n_groups:,}"
                )
            self.found["images"] = hash_of_names(self.names or self._ids)
        elif self.names is not None and of_cells is not None and of_cells.kind == "pixels":
            file.notes.append(UNKNOWN)
        if universe is None or of_cells is None:
            return
        n_there, n_stated = file.n_cells, universe.n_cells
        if of_cells.kind == "pixels":
            n_there, n_stated = of_cells.n_groups, universe.n_groups
        if n_there < n_stated:
            what = "images" if of_cells.kind == "pixels" else "cells"
            raise DataError(
                f"the batches gave {n_there:,} {what}, but the universe has {universe}",
                hint="give all batches, of the data the bank was compiled from; what is recorded "
                f"is in {file.path}",
            )


def universe_of(file: PartFile, stated: Universe | None) -> Universe | None:
    """The cells on file: of maps, of their own size; else as stated."""
    first = file.kept[0]
    if first.map is not None:
        return Universe.pixels(file.n_cells // (first.map[0] * first.map[1]), *first.map)
    if stated is None and first.lengths is not None:
        lengths = (n for one in file.kept for n in one.lengths or ())
        return Universe.tokens(list(accumulate(lengths, initial=0)))
    return stated


def other_data(path: Path, why: str) -> FileError:
    """The error for batches that are not those of a file."""
    return FileError(
        f"{path} is of other data: {why}",
        hint="give the batches that it was begun with, in the same order (not shuffled), or name "
        "another file",
    )


def _n_examples(inputs: Any) -> int | None:
    """Examples in what a model is called with, where all its tensors agree."""
    values = inputs.values() if isinstance(inputs, Mapping) else inputs
    parts = [values] if isinstance(values, Tensor) else values
    try:
        sizes = {len(one) for one in parts if isinstance(one, Tensor) and one.ndim > 1}
    except TypeError:
        return None
    return sizes.pop() if len(sizes) == 1 else None


def _length(batches: Any) -> int | None:
    try:
        return len(batches)
    except TypeError:
        return None
