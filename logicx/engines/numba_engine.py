"""The compiled search, seen from Python: banks and units as plain arrays, and beams of them."""

from __future__ import annotations

import threading
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from logicx.banks.bits import pack
from logicx.banks.holdings import KEPT_BYTES
from logicx.banks.signatures import Incidence
from logicx.engines import compiled, counting
from logicx.engines.layout import (
    BLOCK,
    CONCEPT,
    LINES_AT_ONCE,
    N_NOTED,
    N_SCRATCH,
    Bank,
    Found,
    Levels,
    Rules,
    Store,
    Unit,
)
from logicx.engines.numpy_engine import NumpyEngine

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank

WORD_PRICE = 1 / 8
"""What it costs to count one packed word, where one concept of one signature costs 1."""

MAX_PLANES = 8
"""Most binary digits of a weight for which packed words are counted."""

RARE_BYTES = 1 << 25
"""Room for a copy of all lists without frequent concepts; beyond it, none is counted by words."""


class CompiledBank:
    """A bank as the kernels read it, with what all units share; made once per bank."""

    _known: ClassVar[WeakKeyDictionary[ConceptBank, CompiledBank]] = WeakKeyDictionary()
    _lock = threading.Lock()

    def __init__(self, bank: ConceptBank) -> None:
        """Lay the arrays out; nothing that is mapped is copied."""
        self.weight = np.dtype(np.int32 if bank.n_valid < 1 << 31 else np.int64)
        digits = int(bank.size.max(initial=0)).bit_length()
        row_of = np.full(bank.n_concepts, -1)
        row_of[bank.frequent] = np.arange(len(bank.frequent))
        frequent, rare = bank.frequent, bank.concepts_of
        n_planes = digits if digits <= MAX_PLANES else 0
        if digits > MAX_PLANES or rare.indices.nbytes > RARE_BYTES:
            frequent = frequent[:0]
        else:
            rare = _without(rare, row_of >= 0)
        self.arrays = Bank(
            listed_indptr=_frozen(bank.signatures_of.indptr, np.int64),
            listed=_frozen(bank.signatures_of.indices.view(np.uint32), np.uint32),
            words=_frozen(bank.frequent_words, np.uint64),
            row_of=_frozen(row_of, np.int64),
            full=_frozen(pack(np.ones(bank.n_signatures, bool)), np.uint64),
            size=_frozen(bank.size, self.weight),
            size_planes=_frozen(_planes(bank.size, n_planes), np.uint64),
            counts=_frozen(bank.count, np.int64),
            weights=_frozen(bank.count, self.weight),
            float_counts=_frozen(bank.count, np.float32),
            indptr=_frozen(bank.concepts_of.indptr, np.int64),
            indices=_frozen(bank.concepts_of.indices.view(np.uint32), np.uint32),
            rare_indptr=_frozen(rare.indptr, np.int64),
            rare_indices=_frozen(rare.indices.view(np.uint32), np.uint32),
            frequent=_frozen(frequent, np.int64),
            word_price=WORD_PRICE,
        )
        self._of_thread = threading.local()

    @classmethod
    def of(cls, bank: ConceptBank) -> CompiledBank:
        """The one of this bank."""
        with cls._lock:
            if bank not in cls._known:
                cls._known[bank] = cls(bank)
            return cls._known[bank]

    @cached_property
    def together(self) -> Callable[[int], NDArray[Any]]:
        """Cells of every concept together with one, as many rows kept as there is room for."""
        row_bytes = max(1, len(self.arrays.counts) * self.weight.itemsize)

        @lru_cache(maxsize=max(16, KEPT_BYTES // row_bytes))
        def together(concept: int) -> NDArray[Any]:
            row = np.zeros(len(self.arrays.counts), self.weight)
            counting.together(row, self.arrays, concept, self.scratch(2))
            return row

        return together

    def scratch(self, n: int) -> NDArray[np.uint64]:
        """Working memory of a few sets of signatures, `uint64[n, n_words]`."""
        return np.empty((n, len(self.arrays.full)), np.uint64)

    def store(self, n_places: int, length: int, n_steps: int, n_known: int) -> Store:
        """Working memory, used again by later searches of this thread."""
        store: Store | None = getattr(self._of_thread, "store", None)
        shape, n_lines = (length, n_places), -(-n_steps // LINES_AT_ONCE) * LINES_AT_ONCE
        sizes = (shape, n_lines, n_known)
        if store is None or (store.place.shape, len(store.lines), len(store.known)) != sizes:
            n_concepts, n_words = len(self.arrays.counts), len(self.arrays.full)
            store = Store(
                words=np.zeros((2 * n_places + 1, n_words), np.uint64),
                all=np.empty((2 * n_places, n_concepts), self.weight),
                on=np.empty((2 * n_places, n_concepts), self.weight),
                place=np.zeros((length, n_places), np.int64),
                is_taken=np.zeros(2 * n_places, np.bool_),
                scratch=self.scratch(N_SCRATCH),
                lines=np.zeros((n_lines, 3), np.float32),
                marks=np.zeros(BLOCK, np.int32),
                new=np.zeros(N_NOTED, np.int64),
                known=np.zeros((n_known, n_words), np.uint64),
            )
            self._of_thread.store = store
        return store


class NumbaEngine(NumpyEngine):
    """Counts against one unit, and whole beam searches, compiled."""

    @cached_property
    def shared(self) -> CompiledBank:
        """What all units of the bank share."""
        return CompiledBank.of(self.bank)

    @cached_property
    def unit(self) -> Unit:
        """The unit as the kernels read it."""
        bank = self.shared.arrays
        digits = int(self.firing.counts.max(initial=0)).bit_length()
        if not len(bank.size_planes):
            digits = 0
        on = self.on.astype(self.shared.weight)
        fires = np.zeros(len(bank.full), np.uint64)
        planes = np.zeros((digits, len(bank.full)), np.uint64)
        counting.read_unit(on, fires, planes)
        n_on, n_cells = np.int64(self.n_on), np.int64(self.n_cells)
        unit = Unit(
            on=_read_only(on),
            fires=_read_only(fires),
            on_planes=_read_only(planes),
            on_count=_read_only(np.empty(0, np.int64)),
            float_on_count=_read_only(np.empty(0, np.float32)),
            n_on=n_on,
            n_cells=n_cells,
        )
        row = np.zeros(len(bank.counts), self.shared.weight)
        counting.count_on(row, bank, unit, self.shared.scratch(1)[0])
        return unit._replace(
            on_count=_read_only(row.astype(np.int64)),
            float_on_count=_read_only(row.astype(np.float32)),
        )

    @cached_property
    def on_count(self) -> NDArray[np.int64]:
        """Cells of each concept at which the unit fires, `int64[n_concepts]`."""
        return self.unit.on_count

    def beam(self, length: int, rules: Rules, extra: int = 0) -> Found:
        """The beams of all lengths.

        Args:
            length: Most atoms of a formula.
            rules: What is searched and how; the width of the first lane stands there.
            extra: Places of the second lane, or 0 for none.
        """
        shared, unit = self.shared, self.unit
        n_places = rules.width + extra
        n_known = max(0, length - 2) * n_places if rules.joins else 0
        bank, store = shared.arrays, shared.store(n_places, length, len(rules.steps), n_known)
        levels = Levels(
            scores=np.empty((length, n_places)),
            parts=np.zeros((length, n_places, N_NOTED), np.int64),
            n_kept=np.zeros((length, 2), np.int64),
            known=np.zeros((n_known, 2), np.int64),
        )
        compiled.start(bank, unit, rules, levels, store)
        n_atoms = len(bank.counts) + (int(rules.may_add.sum()) if rules.negates else 0)
        if length == 1:
            return Found(levels, 1, n_atoms)
        for lane, first in enumerate((0, rules.width)):
            for slot in range(first, first + int(levels.n_kept[0, lane])):
                store.all[slot] = shared.together(int(levels.parts[0, slot, CONCEPT]))
        compiled.lay_atoms(bank, unit, rules, levels, store)
        n_filled, n_scored = compiled.grow(bank, unit, rules, levels, store)
        return Found(levels, int(n_filled), n_atoms + int(n_scored))


def _frozen(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """The array as the kernels are compiled for: contiguous, aligned, read-only."""
    return _read_only(np.require(array, dtype, ["C", "A"]))


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view: NDArray[Any] = array.view()
    view.flags.writeable = False
    return view


def _without(cells: Incidence, concepts: NDArray[np.bool_]) -> Incidence:
    """The incidence without some concepts."""
    is_left = ~concepts[cells.indices]
    before = np.concatenate([[0], np.cumsum(is_left)])
    return Incidence(before[cells.indptr], cells.indices[is_left])


def _planes(values: NDArray[np.int64], n_digits: int) -> NDArray[np.uint64]:
    """Packed binary digits, `int64[n] -> uint64[n_digits, ceil(n / 64)]`."""
    return pack((values >> np.arange(n_digits)[:, None] & 1).astype(bool))
