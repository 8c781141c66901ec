"""Sums by group: where in a universe's images, pairs or documents concepts, formulas and unit hold.

A *part* is a signature within one group. Formulas are known by signature, so what one holds in a
group is a sum over parts; concepts hold in few groups, so theirs are kept as *entries*, one per
concept and group in which it holds.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.banks.universe import Universe


def has_groups(universe: Universe) -> bool:
    """Whether cells belong to groups; the rows of a table do not, and are one group."""
    return universe.kind != "rows"


class Groups:
    """The parts and entries of a bank; made once per bank.

    Shape:
        group, signature: `int64[n_parts]`, ascending by group, then signature.
        cells: `int64[n_parts]`, cells of each.

    Args:
        bank: The bank.
        is_one: Whether all cells are taken as one group.

    Cost: one pass over the bank's map of cells, unless all cells are one group.
    """

    _known: ClassVar[WeakKeyDictionary[ConceptBank, dict[bool, Groups]]] = WeakKeyDictionary()
    _lock = threading.Lock()

    def __init__(self, bank: ConceptBank, is_one: bool) -> None:
        """Find the parts."""
        self.is_one = is_one
        self.n_signatures = bank.n_signatures
        self.concepts_of = bank.concepts_of
        self.n_concepts = bank.n_concepts
        if is_one:
            self.n = 1
            self.signature = np.arange(bank.n_signatures)
            self.group = np.zeros(bank.n_signatures, np.int64)
            self.cells = bank.size
            return
        self.n = bank.universe.n_groups
        parts = bank.cell_map.parts()
        keys = parts.group * self.n_signatures + parts.signature
        self._keys, places = np.unique(keys, return_inverse=True)
        counts = np.bincount(places.reshape(-1), parts.n_cells, minlength=len(self._keys))
        self.cells = counts.astype(np.int64)
        self.group, self.signature = np.divmod(self._keys, max(1, self.n_signatures))

    @classmethod
    def of(cls, bank: ConceptBank, is_one: bool = False) -> Groups:
        """Those of this bank; tables have one group in any case."""
        is_one = is_one or not has_groups(bank.universe)
        with cls._lock:
            known = cls._known.setdefault(bank, {})
            if is_one not in known:
                known[is_one] = cls(bank, is_one)
            return known[is_one]

    def on(
        self, bank: ConceptBank, on: NDArray[np.int64], mask: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """Cells of each part at which a unit fires, `int64[n_parts]`.

        Args:
            bank: The bank.
            on: Cells of each signature at which it fires, `int64[n_signatures]`.
            mask: Cells at which it fires, `bool[n_cells]`; not needed for one group.
        """
        if self.is_one:
            return on
        assert mask is not None
        parts = bank.cell_map.parts(mask)
        places = np.searchsorted(self._keys, parts.group * self.n_signatures + parts.signature)
        found = np.bincount(places, parts.n_cells, minlength=len(self._keys))
        return found.astype(np.int64)

    def by_group(self, weights: NDArray[np.int64], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Weights of the parts of some signatures, summed by group.

        Shape: `weights: int64[n_parts], mask: bool[n_signatures] -> int64[n]`.
        """
        held = weights * mask[self.signature]
        return np.bincount(self.group, held, minlength=self.n).astype(np.int64)

    # ---- entries

    @cached_property
    def _incidence(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Keys of all entries, ascending; and of which part each pair of part and concept is."""
        concepts, lengths = self.concepts_of.gather(self.signature)
        parts = np.repeat(np.arange(len(self.signature)), lengths)
        keys, places = np.unique(concepts * self.n + self.group[parts], return_inverse=True)
        return keys, places.reshape(-1), parts

    @cached_property
    def entry_concept(self) -> NDArray[np.int64]:
        """The concept of each entry, ascending, `int64[n_entries]`."""
        return np.asarray(self._incidence[0] // self.n)

    @cached_property
    def entry_group(self) -> NDArray[np.int64]:
        """The group of each entry, ascending for each concept, `int64[n_entries]`."""
        return np.asarray(self._incidence[0] % self.n)

    @cached_property
    def entry_starts(self) -> NDArray[np.int64]:
        """Where the entries of each concept begin, `int64[n_concepts + 1]`."""
        return np.searchsorted(self.entry_concept, np.arange(self.n_concepts + 1))

    @cached_property
    def area(self) -> NDArray[np.int64]:
        """Cells of each entry."""
        return self.by_entry(self.cells)

    def by_entry(self, weights: NDArray[np.int64]) -> NDArray[np.int64]:
        """Weights of parts summed by entry, `int64[n_parts] -> int64[n_entries]`."""
        keys, places, parts = self._incidence
        return np.bincount(places, weights[parts], minlength=len(keys)).astype(np.int64)

    def by_concept(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Values of entries summed by concept, `int64[n_entries] -> int64[n_concepts]`."""
        sums = np.concatenate([[0], np.cumsum(values)])
        return np.asarray(np.diff(sums[self.entry_starts]))
