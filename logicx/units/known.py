"""Units that are not known at every cell: there, nothing counts for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.restricting import restricted
from logicx.language.lookalikes import told_apart
from logicx.units.forms import CellMasks

if TYPE_CHECKING:
    from typing_extensions import Self

    from logicx.banks.bank import ConceptBank
    from logicx.banks.bits import Mask
    from logicx.units.activations import CutActivations
    from logicx.units.forms import OnCounts


class PartlyKnown(ABC):
    """What units say of the cells at which each of them is known."""

    names: tuple[str, ...]
    notes: tuple[str, ...]
    _held: CellMasks | OnCounts | CutActivations

    @abstractmethod
    def number(self, unit: str | int) -> int:
        """Place of a unit."""

    @abstractmethod
    def check_universe(self, bank: ConceptBank) -> None:
        """Raise a `UniverseError` unless the units speak of the bank's cells."""

    def valid(self, unit: str | int) -> Mask | None:
        """The cells at which a unit is known, `bool[n_cells]`; None where they are all.

        Elsewhere it counts nowhere: neither as on nor as off, nor in the number of cells.
        """
        known = self._held.valid(self.number(unit)) if isinstance(self._held, CellMasks) else None
        return known

    def bank_for(self, bank: ConceptBank, unit: str | int) -> ConceptBank:
        """The bank on which a unit is counted: itself, or only the cells at which it is known.

        Raises:
            UniverseError: The units speak of other cells than the bank.
        """
        known = self.valid(unit)
        if known is None:
            return bank
        self.check_universe(bank)
        return restricted(bank, known)

    def note_of(self, unit: str | int) -> str:
        """How many cells are missing for a unit, in words; nothing where none are."""
        known = self.valid(unit)
        if known is None:
            return ""
        n = len(known) - int(known.sum())
        return f"{n:,} of {len(known):,} cells are missing for unit {unit} and count nowhere for it"

    def known_everywhere(self) -> Self:
        """The same units, off where they were not known."""
        units = copy(self)
        if isinstance(self._held, CellMasks):
            units._held = CellMasks(self._held.words, self._held.n_cells)
        units.__dict__.pop("content", None)
        return units

    def _told(self, note: str = "") -> Self:
        """The units, with a note, and with others where cells are missing or names look alike."""
        held = self._held
        self.notes += (*((note,) if note else ()), *told_apart(self.names, "units"))
        if isinstance(held, CellMasks) and held.validity is not None:
            some = np.flatnonzero(held.validity.of_unit >= 0)
            more = f" (and of {len(some) - 1:,} more units)" if len(some) > 1 else ""
            self.notes += (f"{self.note_of(self.names[some[0]])}{more}",)
        return self
