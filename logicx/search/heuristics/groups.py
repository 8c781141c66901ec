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

from logicx.signatures import INVALID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from logicx.bank import ConceptBank
    from logicx.universe import Universe

CHUNK_CELLS = 1 << 22
"""About how many cells are sorted into parts at once."""


def has_groups(universe: Universe) -> bool:
    """Whether cells belong to groups; the rows of a table do not, and are one group."""
    return universe.kind != "rows"


def group_starts(universe: Universe) -> NDArray[np.int64]:
    """Where each group begins, and the number of cells, `int64[n_groups + 1]`."""
    if universe.kind == "tokens":
        return np.array(universe.offsets, np.int64)
    if universe.kind == "pixels":
        images, height, width = universe.shape
        return np.arange(images + 1, dtype=np.int64) * (height * width)
    if universe.kind == "pairs":
        return np.arange(universe.n_cells + 1, dtype=np.int64)
    return np.array([0, universe.n_cells], np.int64)


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
        self.starts = group_starts(bank.universe)
        self.n = len(self.starts) - 1
        keys, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for first, last in _chunks(self.starts):
            cells = slice(self.starts[first], self.starts[last])
            of_cell = bank.of_cell[cells].astype(np.int64)
            groups = np.repeat(np.arange(first, last), np.diff(self.starts[first : last + 1]))
            is_valid = of_cell != INVALID
            found = np.unique(
                groups[is_valid] * self.n_signatures + of_cell[is_valid], return_counts=True
            )
            keys.append(found[0])
            counts.append(found[1])
        self._keys = np.concatenate(keys)
        self.cells = np.concatenate(counts)
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
        cells = np.flatnonzero(mask)
        signatures = bank.of_cell[cells].astype(np.int64)
        cells, signatures = cells[signatures != INVALID], signatures[signatures != INVALID]
        groups = np.searchsorted(self.starts, cells, side="right") - 1
        places = np.searchsorted(self._keys, groups * self.n_signatures + signatures)
        return np.bincount(places, minlength=len(self._keys)).astype(np.int64)

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


def _chunks(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of groups that hold about `CHUNK_CELLS` cells."""
    first, n = 0, len(starts) - 1
    while first < n:
        last = int(np.searchsorted(starts, starts[first] + CHUNK_CELLS, side="right")) - 1
        last = min(n, max(last, first + 1))
        yield first, last
        first = last
