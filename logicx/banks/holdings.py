"""Where concepts hold: over signatures, both ways around, as packed bits, and over cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bits import Words, are_frequent, n_words, pack, set_bits
from logicx.banks.cellmap import CellMap
from logicx.banks.signatures import Incidence, Signatures
from logicx.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from numpy.typing import NDArray

    from logicx.banks.bankfile import BankFile
    from logicx.banks.universe import Universe

CHUNK_BITS = 1 << 25
"""Concepts times signatures that are unpacked at once."""

KEPT_BYTES = 1 << 25
"""Room for rows of single concepts: of co-occurrence, and of packed bits."""


class Holdings(ABC):
    """Which concepts hold where, in memory or mapped, and what follows from that when needed."""

    universe: Universe
    _signatures: Signatures | None
    _stored: BankFile | None

    @property
    @abstractmethod
    def n_concepts(self) -> int:
        """Number of concepts."""

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle or deep copy holds: all but what follows from the rest."""
        made = {
            name
            for kind in type(self).__mro__
            for name, value in vars(kind).items()
            if isinstance(value, cached_property)
        }
        made |= {"_restricted", "_refined"}
        return {k: v for k, v in self.__dict__.items() if k not in made}

    @property
    def _file(self) -> BankFile:
        assert self._stored is not None
        return self._stored

    @property
    def n_signatures(self) -> int:
        """Number of distinct sets of concepts among the valid cells."""
        return len(self.size)

    @cached_property
    def n_valid(self) -> int:
        """Number of valid (labelled) cells."""
        return int(self.size.sum())

    @cached_property
    def size(self) -> NDArray[np.int64]:
        """Cells of each signature, `int64[n_signatures]`."""
        return self._signatures.size if self._signatures else self._file.size

    @cached_property
    def count(self) -> NDArray[np.int64]:
        """Cells at which each concept holds, `int64[n_concepts]`."""
        if self._stored is not None:
            return self._file.count
        everywhere = np.arange(self.n_signatures)
        sums = self.concepts_of.sums(everywhere, self.size, self.n_concepts)
        return np.asarray(sums[0], np.int64)

    @cached_property
    def concepts_of(self) -> Incidence:
        """The concepts of each signature."""
        if self._signatures:
            return self._signatures.concepts
        return self._file.concepts_of

    @cached_property
    def signatures_of(self) -> Incidence:
        """The signatures of each concept."""
        if self._signatures:
            return self._signatures.concepts.transposed(self.n_concepts)
        return self._file.signatures_of

    @cached_property
    def cell_map(self) -> CellMap:
        """Which signature holds at each cell; of images, kept small and asked image by image."""
        if self._signatures:
            return self._signatures.cells
        return self._file.cell_map

    @property
    def of_cell(self) -> NDArray[np.int32]:
        """Signature of each cell, or -1 where it is invalid, `int32[n_cells]`.

        Cost: of images it is made anew each time: four bytes a cell. See `cell_map`.
        """
        return self.cell_map.whole()

    @cached_property
    def frequent(self) -> NDArray[np.int64]:
        """Numbers of the concepts that hold at many signatures, ascending."""
        lengths = np.diff(self.signatures_of.indptr)
        return np.flatnonzero(are_frequent(lengths, self.n_signatures))

    @cached_property
    def frequent_words(self) -> Words:
        """Packed bits of the frequent concepts, `uint64[n_frequent, ceil(n_signatures / 64)]`."""
        if self._stored is not None:
            return self._file.frequent_words
        return self._words_of_lists(self.frequent)

    @cached_property
    def words_of(self) -> Callable[[int], Words]:
        """Packed bits of one concept over signatures, `uint64[ceil(n_signatures / 64)]`.

        Those of the frequent concepts are kept; others are made of their list of signatures, and
        the latest kept as far as there is room.
        """
        row_of = {concept: row for row, concept in enumerate(self.frequent.tolist())}
        indptr, signatures = self.signatures_of

        @lru_cache(maxsize=max(16, KEPT_BYTES // (8 * n_words(self.n_signatures) + 100)))
        def words_of(concept: int) -> Words:
            if concept in row_of:
                words: Words = self.frequent_words[row_of[concept]]
                return words
            made = set_bits(signatures[indptr[concept] : indptr[concept + 1]], self.n_signatures)
            made.flags.writeable = False
            return made

        return words_of

    @cached_property
    def packed(self) -> Words:
        """Packed bits of every concept over signatures, as NumPy words.

        Shape: `uint64[n_concepts, ceil(n_signatures / 64)]`.

        Cost: all of that memory, which for a large bank is many times what the bank takes: the
        searches by NumPy and Numba, and `optimal`, do without; see `words_of`.
        """
        return self._words_of_lists(np.arange(self.n_concepts))

    def _words_of_lists(self, concepts: NDArray[np.int64]) -> Words:
        words = np.empty((len(concepts), n_words(self.n_signatures)), np.uint64)
        step = max(1, CHUNK_BITS // max(1, self.n_signatures))
        for start in range(0, len(concepts), step):
            which = concepts[start : start + step]
            signatures, lengths = self.signatures_of.gather(which)
            mask = np.zeros((len(which), self.n_signatures), dtype=bool)
            mask[np.repeat(np.arange(len(which)), lengths), signatures] = True
            words[start : start + step] = pack(mask)
        return words

    @property
    def words(self) -> torch.Tensor:
        """The same memory as `packed`, as a torch tensor of `int64`; not to be written to."""
        import warnings

        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns that mapped memory is read-only
            return torch.from_numpy(self.packed.view(np.int64))

    @cached_property
    def together_with(self) -> Callable[[int], NDArray[np.int64]]:
        """Cells at which each concept holds together with one, `int64[n_concepts]`.

        The latest rows that were asked for are kept, as far as there is room.
        """

        @lru_cache(maxsize=max(16, KEPT_BYTES // (8 * self.n_concepts + 100)))
        def together_with(concept: int) -> NDArray[np.int64]:
            signatures, _ = self.signatures_of.gather(np.array([concept]))
            weights = self.size[signatures]
            sums = self.concepts_of.sums(signatures, weights, self.n_concepts)
            return np.asarray(sums[0], np.int64)

        return together_with

    def cells(self, signature_mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The cells of a set of signatures; invalid cells are false, `bool[n_cells]`."""
        return self.cell_map.cells(signature_mask)

    def on_counts(self, cells: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many cells of each signature are on, `bool[n_cells] -> int64[n_signatures]`.

        Raises:
            DataError: There are more or fewer cells.

        Cost: one pass over the cells; of images, one image at a time.
        """
        if len(cells) != self.universe.n_cells:
            raise DataError(f"{len(cells):,} cells were given for a universe of {self.universe}")
        return self.checked_on(self.cell_map.on_counts(cells, self.n_signatures))

    def checked_on(self, on: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same on-counts, none of which is larger than its signature.

        Raises:
            FileError: One is: sizes and map of the bank's file disagree.
        """
        if self._stored is not None:
            self._stored.check_on(on)
        return on
