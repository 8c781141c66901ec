"""Forms in which units are kept once they are cut: masks over cells, or on-counts of one bank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bits import Words, popcount, unpack
from logicx.errors import UniverseError
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.banks.signatures import Incidence


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class OnCounts:
    """On-counts per signature of one bank, which is known by its content hash."""

    bank: str
    signatures: Incidence
    counts: NDArray[np.int64]

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
        return Firing(signatures, np.asarray(self.counts[row]), bank.n_signatures)

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
