"""Forms in which units are kept once they are cut: masks over cells, or on-counts of one bank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bits import Words, as_array, popcount, unpack
from logicx.banks.signatures import Incidence
from logicx.errors import DataError, FileError, UniverseError
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank


@dataclass(frozen=True, eq=False)
class CellMasks:
    """Masks over all cells, packed: `words: uint64[n_units, ceil(n_cells / 64)]`."""

    words: Words
    n_cells: int

    def on(self, bank: ConceptBank, i: int) -> NDArray[np.int64]:
        """On-counts of a unit over the bank's signatures."""
        return bank.on_counts(unpack(self.words[i], self.n_cells))

    def n_on(self) -> NDArray[np.int64]:
        """Cells at which each unit is on."""
        return popcount(self.words)

    def parts(self) -> dict[str, NDArray[Any]]:
        """What a file holds of them, by name."""
        return {"cell_words": self.words.view(np.int64)}


@dataclass(frozen=True, eq=False)
class OnCounts:
    """On-counts per signature of one bank, which is known by its content hash."""

    bank: str
    signatures: Incidence
    counts: NDArray[np.int64]

    @staticmethod
    def of(bank: ConceptBank, on: Iterable[NDArray[np.integer]]) -> OnCounts:
        """The on-counts of some units on a bank.

        Raises:
            DataError: They are no whole numbers between 0 and each signature's number of cells.
        """
        places = [np.zeros(0, np.int32)]
        counts = [np.zeros(0, np.int64)]
        for counted in on:
            row = as_array(counted, "on-counts")
            if row.shape != bank.size.shape or not (np.issubdtype(row.dtype, np.integer)):
                raise DataError("on-counts must be whole numbers, one for each signature")
            if (row < 0).any() or (row > bank.size).any():
                raise DataError("on-counts must lie between 0 and each signature's number of cells")
            where = np.flatnonzero(row)
            places.append(where.astype(np.int32))
            counts.append(row[where].astype(np.int64))
        indptr = np.cumsum([len(one) for one in places]).astype(np.int64)
        incidence = Incidence(indptr, np.concatenate(places))
        return OnCounts(bank.content, incidence, np.concatenate(counts))

    def firing(self, bank: ConceptBank, i: int) -> Firing:
        """Where a unit fires, by the bank's signatures."""
        if bank.content != self.bank:
            raise UniverseError(
                f"these units were counted on another bank ({self.bank[:12]}) "
                f"than {bank.name!r} ({bank.content[:12]})",
                hint="count them again on this bank",
            )
        row = slice(self.signatures.indptr[i], self.signatures.indptr[i + 1])
        signatures = self.signatures.indices[row].astype(np.int64)
        counts = np.asarray(self.counts[row])
        fits = int(signatures.max(initial=-1)) < bank.n_signatures
        if not fits or (counts > bank.size[signatures]).any():
            raise FileError(
                f"the on-counts do not fit the bank {bank.name!r} that they were counted on",
                hint="the file of units was forged or miscounted: count them again",
            )
        return Firing(signatures, counts, bank.n_signatures)

    def n_on(self) -> NDArray[np.int64]:
        """Cells at which each unit is on."""
        sums = np.concatenate([[0], np.cumsum(self.counts)])
        return np.diff(sums[self.signatures.indptr])

    def parts(self) -> dict[str, NDArray[Any]]:
        """What a file holds of them, by name."""
        return {
            "indptr": self.signatures.indptr,
            "indices": self.signatures.indices,
            "counts": self.counts,
        }
