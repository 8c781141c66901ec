"""Units on file: masks, on-counts or activations, each part checked when it is first read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from msgspec import Meta, Struct

from logicx.banks import faults
from logicx.banks.bits import n_words
from logicx.banks.schema import MOST, Hash, Size, UniverseEntry, conforming
from logicx.banks.signatures import Incidence
from logicx.banks.storage import Stored
from logicx.errors import DataError, is_plain_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.banks.bits import Words


class CutManifest(Struct, forbid_unknown_fields=True):
    """The manifest of units that are cut already: masks, or on-counts of the bank it names."""

    names: list[str]
    universe: UniverseEntry | None
    cut: list[str]
    threshold: str
    bank: Hash | None
    n_cells: Size | None
    has_missing: bool = False


class ActivationsEntry(Struct, forbid_unknown_fields=True):
    """How activations are kept."""

    dtype: Literal["float16", "float32"]
    units_per_block: Annotated[int, Meta(ge=1, le=MOST)]


class RecordedSource(Struct):
    """Of the facts on where activations came from, those that logicx reads again."""

    images: str | None = None
    layer: str | None = None
    inputs: str | None = None
    n_batches: Size | None = None


class RecordedManifest(Struct, forbid_unknown_fields=True):
    """The manifest of units whose activations are on file."""

    names: list[str]
    universe: UniverseEntry | None
    n_cells: Size
    activations: ActivationsEntry
    source: dict[str, Any]


class UnitsFile(Stored):
    """A `*.units` file.

    Attributes:
        says: Its manifest.
        universe: The cells, where they are known.

    Raises:
        FileError: It holds no units, or its header does not fit together.
    """

    def __init__(self, path: Path) -> None:
        """Read and check the header, with types and shapes of all tensors; none is touched."""
        super().__init__(path, "units")
        self.says: CutManifest | RecordedManifest
        if "activations" in self.manifest:
            self.says = conforming(self.manifest, RecordedManifest, path)
            conforming(self.says.source, RecordedSource, path)
            self.expect(self._shapes_of_activations(self.says))
        else:
            self.says = conforming(self.manifest, CutManifest, path)
            self.expect(self._shapes_of_cut(self.says))
        try:
            of_cells = self.says.universe
            self.universe = None if of_cells is None else of_cells.universe()
        except DataError as error:
            raise self.damaged(error.message) from error
        stated, cells = self.says.n_cells, self.universe
        if stated is not None and cells is not None and stated != cells.n_cells:
            raise self.damaged(f"{stated:,} cells in a universe of {cells}")
        odd = [name for name in self.says.names if not is_plain_text(name)]
        if odd or len(set(self.says.names)) < len(self.says.names):
            raise self.damaged("its units' names are not distinct printable texts")

    def _shapes_of_activations(
        self, says: RecordedManifest
    ) -> dict[str, tuple[str, tuple[int, ...]]]:
        n_units, per_block = len(says.names), says.activations.units_per_block
        dtype = np.dtype(says.activations.dtype).str[1:]
        return {
            block_name(k): (dtype, (min(per_block, n_units - first), says.n_cells))
            for k, first in enumerate(range(0, n_units, per_block))
        }

    def _shapes_of_cut(self, says: CutManifest) -> dict[str, tuple[str, tuple[int, ...]]]:
        n_units = len(says.names)
        if len(says.cut) not in (0, n_units) or (says.bank is None) != (says.n_cells is not None):
            raise self.damaged("it is not clear what its units are")
        if says.has_missing and says.bank is not None:
            raise self.damaged("on-counts have no cells that are missing")
        if says.bank is None:
            words = n_words(says.n_cells or 0)
            of_missing: dict[str, tuple[str, tuple[int, ...]]] = {
                "valid_words": ("i8", (-1, words)),
                "valid_of_unit": ("i8", (n_units,)),
            }
            masks: dict[str, tuple[str, tuple[int, ...]]] = {"cell_words": ("i8", (n_units, words))}
            return {**masks, **(of_missing if says.has_missing else {})}
        n_counts = self.held["counts"].shape[0] if "counts" in self.held else 0
        return {
            "indptr": ("i8", (n_units + 1,)),
            "indices": ("i4", (n_counts,)),
            "counts": ("i8", (n_counts,)),
        }

    @cached_property
    def cell_words(self) -> Words:
        """Masks over cells, packed; nothing is set beyond the last cell."""
        n_cells = self.says.n_cells or 0

        def fault(words: NDArray[np.int64]) -> str:
            return faults.set_tails(words.view(np.uint64), n_cells)

        return self.tensor("cell_words", fault).view(np.uint64)

    @cached_property
    def validity(self) -> tuple[Words, NDArray[np.int64]] | None:
        """Masks of the cells at which units are known, packed, and which of them each unit has.

        None where all units are known at all cells.
        """
        says, n_cells = self.says, self.says.n_cells or 0
        if isinstance(says, RecordedManifest) or not says.has_missing:
            return None

        def fault(words: NDArray[np.int64]) -> str:
            return faults.set_tails(words.view(np.uint64), n_cells)

        words = self.tensor("valid_words", fault).view(np.uint64)
        n_masks = len(words)
        of_unit = self.tensor("valid_of_unit", lambda one: faults.outside(one, -1, n_masks - 1))
        return words, of_unit

    @cached_property
    def on_counts(self) -> tuple[Incidence, NDArray[np.int64]]:
        """Signatures at which each unit fires, ascending, and at how many cells of each.

        That they are signatures of the bank, and have so many cells, is checked against the bank.
        """
        n_counts = self.held["counts"].shape[0]
        indptr = self.tensor("indptr", lambda one: faults.broken_starts(one, n_counts))
        indices = self.tensor("indices", lambda one: faults.broken_lists(indptr, one, 1 << 31))
        counts = self.tensor("counts", lambda one: faults.outside(one, 1, MOST))
        return Incidence(indptr, indices), counts

    def block(self, number: int) -> NDArray[Any]:
        """Activations of some units, a row each; NaN and infinity are refused where one is cut."""
        return self.tensor(block_name(number))


def block_name(number: int) -> str:
    """Name of the tensor of a block of activations."""
    return f"activations.{number}"
