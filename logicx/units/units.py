"""Units: where each neuron (or any scalar feature) fires.

A unit that is held against a bank is one number per signature: how many of its cells are on.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks import storage
from logicx.banks.bits import Mask, unpack
from logicx.banks.universe import Universe
from logicx.errors import DataError, UniverseError
from logicx.units.activations import CutActivations
from logicx.units.firing import Firing
from logicx.units.forms import CellMasks, OnCounts, Validity
from logicx.units.known import PartlyKnown
from logicx.units.lookup import UnitLookup
from logicx.units.making import (
    as_mask_of_cells,
    check_numbers,
    check_unit_names,
    cut_rows,
    masks_of,
    rows_of,
    unit_names,
    universe_of,
)
from logicx.units.maps import UnitMaps
from logicx.units.thresholds import Threshold
from logicx.units.unitsfile import RecordedManifest, UnitsFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from logicx.banks.bank import ConceptBank


class Units(PartlyKnown):
    """Units of a model, over the cells of a universe.

    Build them with `from_masks`, `from_activations` or `counted`; `open` maps a `*.units` file.
    Units are equal only to themselves; `content` tells whether others are the same. A pickle or
    deep copy holds their masks or counts; activations on file are opened again, where they lie.

    Args:
        names: Name of each unit.
        universe: The cells, or None where only their number is known.
        held: Masks over cells, on-counts of one bank, or activations on file.
        cut: Where each unit was cut, such as `> 0.73`.
        threshold: The rule by which it was cut.

    Attributes:
        notes: What a person should know of how the data were read; not kept on file.
    """

    def __init__(
        self,
        names: Sequence[str],
        universe: Universe | None,
        held: CellMasks | OnCounts | CutActivations,
        cut: Sequence[str] = (),
        threshold: str = "",
    ) -> None:
        """Check the names and take the parts over."""
        self.names = tuple(names)
        self.universe = universe
        self._cut = tuple(cut)
        self.threshold = threshold
        self._held = held
        self.notes: tuple[str, ...] = ()
        check_unit_names(self.names)

    @classmethod
    def from_masks(
        cls,
        masks: Any,
        names: Sequence[str] | None = None,
        *,
        unit_axis: int | None = None,
        layout: str | None = None,
        universe: Universe | None = None,
    ) -> Units:
        """Units from one mask each.

        Values may be missing, in a masked array or as None or NA in a column: such a cell counts
        nowhere for that unit; see `valid`.

        Args:
            masks: An array of booleans (NumPy, torch, SciPy sparse, lists), or a data frame or
                mapping whose columns are the units.
            names: Names of the units; by default those of the columns, else their numbers.
            unit_axis, layout: Which axis of an array holds the units; see `from_activations`.
            universe: The cells; by default only their number is known, or what `layout` says.

        Shape: `masks: bool[n_units, n_cells]`.

        Example:
            >>> Units.from_masks(np.eye(3, dtype=bool), ["a", "b", "c"]).n_on.tolist()
            [1, 1, 1]
        """
        rows = rows_of(masks, "unit masks", unit_axis, layout)
        cells = universe_of(rows, universe)
        named = unit_names(names, rows.names, len(rows.values))
        return cls(named, cells, masks_of(rows))._told(rows.note)

    @classmethod
    def from_activations(
        cls,
        activations: Any,
        threshold: str | Threshold = "positive",
        *,
        names: Sequence[str] | None = None,
        unit_axis: int | None = None,
        layout: str | None = None,
        universe: Universe | None = None,
        valid: ArrayLike | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Units:
        """Units from activations, one unit at a time, so that a mapped file stays on disk.

        Values may be missing, in a masked array or as None or NA in a column: such a cell counts
        nowhere for that unit; see `valid`.

        Args:
            activations: An array of numbers (NumPy, torch, SciPy sparse, lists), or a data frame or
                mapping whose columns are the units.
            threshold: Such as `positive`, `quantile(q)`, `value(x)`, `ranges(k)`; see `Threshold`.
            names: Names of the units; by default those of the columns, else their numbers.
            unit_axis: 0 where the array is `[n_units, n_cells]`, 1 where `[n_cells, n_units]`; by
                default 0, and 1 of a data frame.
            layout: Of an array with three or four axes what they are, such as `nchw` for `[images,
                units, height, width]` or `btd` for `[documents, tokens, units]`; a note says it.
            universe: The cells; by default only their number is known, or what `layout` says.
            valid: Cells that count for the threshold, `bool[n_cells]`; by default all.
            progress: Called with units done and units in all.

        Raises:
            DataError: The array has other axes, or more and no layout; or holds NaN or infinity.

        Example:
            >>> units = Units.from_activations([[0.0, 1.0, 2.0, 3.0]], "quantile(0.25)")
            >>> units.n_on.tolist(), units.cut
            ([1], ('> 2.25',))
        """
        rows = rows_of(activations, "activations", unit_axis, layout)
        check_numbers(rows)
        cells = universe_of(rows, universe)
        counting = as_mask_of_cells(valid, rows.n_cells)
        rule = Threshold.of(threshold)
        named = unit_names(names, rows.names, len(rows.values))
        made = cut_rows(rows, named, rule, counting, progress)
        return cls(made.names, cells, made.held, made.cut, str(rule))._told(rows.note)

    @classmethod
    def counted(
        cls,
        bank: ConceptBank,
        names: Sequence[str],
        on: Iterable[NDArray[np.integer]],
        *,
        cut: Sequence[str] = (),
        threshold: str = "",
    ) -> Units:
        """Units that were already counted on a bank's signatures (large images).

        Args:
            bank: The bank.
            names: Names of the units.
            on: For each unit how many cells of each signature are on, `int[n_signatures]`.
            cut: Where each unit was cut.
            threshold: The rule by which it was cut.
        """
        held = OnCounts.of(bank, on)
        if held.signatures.n_rows != len(names):
            raise DataError(f"{held.signatures.n_rows} rows of on-counts but {len(names)} names")
        return cls(names, bank.universe, held, cut, threshold)

    def save(self, path: str | Path) -> str:
        """Write a `*.units` file of masks or on-counts and return its content hash.

        Of activations on file the masks are written, as the threshold cuts them.
        """
        return storage.save(Path(path), "units", self._held.parts(), self._manifest())

    @classmethod
    def open(cls, path: str | Path, threshold: str | Threshold | None = None) -> Units:
        """Map a `*.units` file.

        Args:
            path: The file.
            threshold: For a file of activations (`logicx probe`), by default `positive`. Each unit
                is read and cut when it is first used; maps over images are then upsampled to the
                cells of the bank (docs/vision.md).

        Raises:
            FileError: The file is damaged or no file of units.
            DataError: A threshold was given, but the units were cut already.
        """
        stored = UnitsFile(Path(path))
        universe, says = stored.universe, stored.says
        if isinstance(says, RecordedManifest):
            rule = Threshold.of(threshold or "positive")
            acts = CutActivations(stored, rule)
            if universe is not None and universe.kind == "pixels":
                acts = UnitMaps(stored, rule, universe)
            return cls(acts.names, universe, acts, threshold=str(acts.rule))
        if threshold is not None:
            raise DataError(
                f"{path} holds units that were cut already", hint="leave threshold away"
            )
        held: CellMasks | OnCounts
        if says.bank is not None:
            held = OnCounts(says.bank, *stored.on_counts)
        else:
            known = stored.validity
            validity = None if known is None else Validity(*known)
            held = CellMasks(stored.cell_words, says.n_cells or 0, validity)
        units = cls(says.names, universe, held, says.cut, says.threshold)
        units.__dict__["content"] = stored.content
        return units

    @cached_property
    def content(self) -> str:
        """Content hash: equal units have equal hashes, in memory and on disk.

        Of activations on file, it is a hash of the file's content and the threshold.
        """
        if isinstance(self._held, CutActivations):
            return self._held.content
        return storage.content_hash(self._held.parts(), self._manifest())

    def _manifest(self) -> dict[str, Any]:
        has_missing = isinstance(self._held, CellMasks) and self._held.validity is not None
        return {
            **({"has_missing": True} if has_missing else {}),
            "names": list(self.names),
            "universe": self.universe.as_dict() if self.universe else None,
            "cut": list(self.cut),
            "threshold": self.threshold,
            "bank": self._held.bank if isinstance(self._held, OnCounts) else None,
            "n_cells": None if isinstance(self._held, OnCounts) else self._held.n_cells,
        }

    def __len__(self) -> int:
        """Number of units."""
        return len(self.names)

    def __repr__(self) -> str:
        """How many units, over what, and how they were cut."""
        held = self._held
        cells = str(self.universe or f"{getattr(held, 'n_cells', 0):,} cells")
        kept = "counts by signature" if isinstance(held, OnCounts) else "masks"
        kept = "activations on file" if isinstance(held, CutActivations) else kept
        cut = f", cut by {self.threshold}" if self.threshold else ""
        plural = "" if len(self) == 1 else "s"
        return f"Units({len(self):,} unit{plural} over {cells}, {kept}{cut})"

    @cached_property
    def n_on(self) -> NDArray[np.int64]:
        """Cells at which each unit is on, `int64[n_units]` (invalid cells of a bank included).

        Of units that are maps over images, places of the maps: `on` counts at a bank's cells.
        """
        return self._held.n_on()

    @cached_property
    def cut(self) -> tuple[str, ...]:
        """Where each unit was cut, such as `> 0.73`; empty where that is not known."""
        if isinstance(self._held, CutActivations):
            return tuple(self.cut_of(i) for i in range(len(self)))
        return self._cut

    def cut_of(self, number: int, bank: ConceptBank | None = None) -> str:
        """Where the unit of this number was cut, or nothing where that is not known.

        Args:
            number: Place of the unit.
            bank: For maps over images whose threshold is `@upsampled`: to which cells.
        """
        if isinstance(self._held, CutActivations):
            return str(self._held.range(number, bank))
        return self._cut[number] if self._cut else ""

    def activations(self, unit: str | int) -> NDArray[np.floating]:
        """What a unit does at every cell, before it is cut: `float[n_cells]`.

        Example:
            The cells at which unit 483 is highest: `units.activations(483).argsort()[::-1][:10]`.

        Raises:
            DataError: Only masks or counts are known, not the activations.
        """
        if not isinstance(self._held, CutActivations):
            raise DataError(
                "these units are cut already: their activations were not kept",
                hint="open the file that was recorded: logicx probe, or logicx.probe.record",
            )
        return self._held.activations(self.number(unit))

    @cached_property
    def _lookup(self) -> UnitLookup:
        return UnitLookup(self.names)

    def number(self, unit: str | int) -> int:
        """Place of a unit, by its name; or by its number, where no name begins with a digit.

        Raises:
            UnknownUnit: There is none; the error suggests near names.
        """
        return self._lookup.number(unit)

    def on(self, bank: ConceptBank, unit: str | int) -> NDArray[np.int64]:
        """How many cells of each of the bank's signatures the unit fires at.

        Raises:
            UniverseError: The units speak of other cells than the bank.
        """
        return self.firing(bank, unit).dense()

    def firing(self, bank: ConceptBank, unit: str | int) -> Firing:
        """Where a unit fires, by the bank's signatures; those where it never does are left out.

        Raises:
            UniverseError: The units speak of other cells than the bank.
        """
        self.check_universe(bank)
        held = self._held
        if isinstance(held, OnCounts):
            return held.firing(bank, self.number(unit))
        return Firing.of(held.on(bank, self.number(unit)))

    @property
    def maps(self) -> UnitMaps | None:
        """The maps over images that the units are, or None: for what they do in single images."""
        return self._held if isinstance(self._held, UnitMaps) else None

    @property
    def has_masks(self) -> bool:
        """Whether the cells are known at which each unit fires, not only how many by signature."""
        return not isinstance(self._held, OnCounts)

    def mask(self, unit: str | int, bank: ConceptBank | None = None) -> Mask:
        """The cells at which a unit fires, `bool[n_cells]` (invalid cells of a bank included).

        Args:
            unit: Name or number.
            bank: The bank whose cells are meant. Without it, of units that are maps over images,
                the places of the maps.

        Raises:
            DataError: Only the number of cells of each signature is known; see `has_masks`.
            UniverseError: The units speak of other cells than the bank.
        """
        if bank is not None:
            self.check_universe(bank)
        if isinstance(self._held, CutActivations):
            return self._held.mask(self.number(unit), bank)
        if not isinstance(self._held, CellMasks):
            raise DataError(
                "these units are kept as counts by signature, not as cells",
                hint="make them with Units.from_masks or Units.from_activations",
            )
        return unpack(self._held.words[self.number(unit)], self._held.n_cells)

    def check_universe(self, bank: ConceptBank) -> None:
        """Raise a `UniverseError` unless the units speak of the bank's cells.

        Maps over images are upsampled to them, so that only the number of images must agree.
        """
        if isinstance(self._held, UnitMaps):
            self._held.check(bank)
        elif self.universe is not None:
            bank.universe.check_same(self.universe, f"bank {bank.name!r}", "the set of units")
        elif not isinstance(self._held, OnCounts) and self._held.n_cells != bank.universe.n_cells:
            raise UniverseError(
                f"bank {bank.name!r} covers {bank.universe}, "
                f"but the units have {self._held.n_cells:,} cells",
                hint="use units that were recorded on the data the bank was compiled from"
                + ("; or set unit_axis=1" if len(self) == bank.universe.n_cells else ""),
            )
