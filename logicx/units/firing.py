"""Where one unit fires, by signature: what strategies, engines and heuristics are given of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Firing:
    """How many cells of each signature a unit fires at.

    Units of millions of cells fire at few of them, so the signatures at which a unit never fires
    are left out. This is provisional: later versions may give more of a unit.

    Args:
        signatures: Signatures with cells at which the unit fires, ascending.
        counts: How many cells of each, from 1.
        n_signatures: How many signatures the bank has.

    Shape: `signatures, counts: int64[n]`.

    Example:
        >>> firing = Firing.of(np.array([0, 3, 0, 1]))
        >>> firing.signatures.tolist(), firing.counts.tolist(), firing.n_on, firing.n_signatures
        ([1, 3], [3, 1], 4, 4)
        >>> firing.dense().tolist()
        [0, 3, 0, 1]
    """

    def __init__(
        self, signatures: NDArray[np.int64], counts: NDArray[np.int64], n_signatures: int
    ) -> None:
        """Take the parts over."""
        self.signatures = signatures
        self.counts = counts
        self.n_signatures = n_signatures

    @classmethod
    def of(cls, on: Firing | NDArray[Any]) -> Firing:
        """The same of counts for all signatures, which it then keeps; a `Firing` as it is."""
        if isinstance(on, Firing):
            return on
        dense = np.asarray(on)
        signatures = np.flatnonzero(dense != 0)  # of booleans that takes a fifth of the time
        firing = cls(signatures, dense[signatures].astype(np.int64, copy=False), len(dense))
        firing.__dict__["_dense"] = dense
        return firing

    @cached_property
    def n_on(self) -> int:
        """Cells at which the unit fires."""
        return int(self.counts.sum())

    def dense(self) -> NDArray[np.int64]:
        """The counts of all signatures, `int64[n_signatures]`; made once and not to be changed."""
        return self._dense

    @cached_property
    def _dense(self) -> NDArray[np.int64]:
        on = np.zeros(self.n_signatures, np.int64)
        on[self.signatures] = self.counts
        return on

    def within(self, holds: NDArray[np.bool_]) -> int:
        """Cells at which the unit fires among some signatures, `bool[n_signatures]`."""
        return int(self.counts[holds[self.signatures]].sum())

    def __repr__(self) -> str:
        """How often it fires."""
        n, of = len(self.signatures), self.n_signatures
        return f"<Firing at {self.n_on:,} cells of {n:,} of {of:,} signatures>"
