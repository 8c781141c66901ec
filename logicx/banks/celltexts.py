"""The text of cells, kept beside a bank's concepts so that cells can be shown."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class CellTexts:
    """One text per cell, or several (a pair has two), as UTF-8 that may be memory-mapped.

    Args:
        bytes: All texts, one after the other.
        offsets: Where each begins, and the number of bytes.
        per_cell: Texts of each cell.

    Shape: `bytes: uint8[n_bytes]`, `offsets: int64[n_cells * per_cell + 1]`.
    """

    bytes: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    per_cell: int = 1

    @staticmethod
    def of(texts: Sequence[str], per_cell: int = 1) -> CellTexts:
        """The texts of all cells, those of one cell side by side.

        Example:
            >>> CellTexts.of(["A dog runs.", "It is still.", "Où ?", "Ici !"], per_cell=2)[1]
            ('Où ?', 'Ici !')
        """
        encoded = [text.encode() for text in texts]
        offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return CellTexts(np.frombuffer(b"".join(encoded), np.uint8), offsets, per_cell)

    def __len__(self) -> int:
        """Number of cells."""
        return (len(self.offsets) - 1) // self.per_cell

    def __getitem__(self, cell: int) -> tuple[str, ...]:
        """The texts of a cell.

        Raises:
            IndexError: There is no such cell.
        """
        if not -len(self) <= cell < len(self):
            raise IndexError(f"no cell {cell} among {len(self):,}")
        first = cell % len(self) * self.per_cell
        ends = self.offsets[first : first + self.per_cell + 1].tolist()
        return tuple(self.bytes[start:end].tobytes().decode() for start, end in pairwise(ends))
