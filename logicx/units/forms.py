"""Forms in which units are kept once they are cut: masks over cells, or on-counts of one bank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bits import Words, n_words, pack, popcount, unpack
from logicx.banks.containers import as_array
from logicx.banks.signatures import Incidence
from logicx.errors import DataError, FileError, UniverseError
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank


@dataclass(frozen=True, eq=False)
class Validity:
    """Cells at which single units are known; elsewhere nothing counts for them.

    Args:
        words: The different masks of such cells, packed.
        of_unit: Which of them each unit has, or -1 where all its cells are known.

    Shape: `words: uint64[n_masks, ceil(n_cells / 64)]`, `of_unit: int64[n_units]`.
    """

    words: Words
    of_unit: NDArray[np.int64]

    @staticmethod
    def of(masks: Sequence[NDArray[np.bool_] | None], n_cells: int) -> Validity | None:
        """From the mask of each unit, None where all its cells are known; None where all have none.

        Equal masks are kept once.
        """
        rows: dict[bytes, int] = {}
        words: list[Words] = []
        of_unit = np.full(len(masks), -1, np.int64)
        for i, mask in enumerate(masks):
            if mask is not None and not mask.all():
                packed = pack(mask)
                of_unit[i] = rows.setdefault(packed.tobytes(), len(rows))
                words += [packed] if len(words) < len(rows) else []
        if not words:
            return None
        return Validity(np.stack(words).reshape(len(words), n_words(n_cells)), of_unit)


@dataclass(frozen=True, eq=False)
class CellMasks:
    """Masks over all cells, packed: `words: uint64[n_units, ceil(n_cells / 64)]`."""

    words: Words
    n_cells: int
    validity: Validity | None = None

    def on(self, bank: ConceptBank, i: int) -> NDArray[np.int64]:
        """On-counts of a unit over the bank's signatures."""
        return bank.on_counts(unpack(self.words[i], self.n_cells))

    def valid(self, i: int) -> NDArray[np.bool_] | None:
        """The cells at which a unit is known; None where they are all."""
        if self.validity is None or self.validity.of_unit[i] < 0:
            return None
        return unpack(self.validity.words[self.validity.of_unit[i]], self.n_cells)

    def n_on(self) -> NDArray[np.int64]:
        """Cells at which each unit is on."""
        return popcount(self.words)

    def parts(self) -> dict[str, NDArray[Any]]:
        """What a file holds of them, by name."""
        known = self.validity
        return {
            "cell_words": self.words.view(np.int64),
            **({} if known is None else {"valid_words": known.words.view(np.int64)}),
            **({} if known is None else {"valid_of_unit": known.of_unit}),
        }


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
