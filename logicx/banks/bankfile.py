"""A bank on file: every part is read, and checked, when it is first asked for.

Nothing else reads the tensors, so whatever is compiled may trust them: numbers lie in their ranges,
lists ascend, starts never fall, bits beyond the last are clear, and sums agree. That two parts tell
the same in all places, such as the lists both ways round, is not checked: it would take longer than
the search. `docs/formats.md` states all that is.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from logicx.banks import faults
from logicx.banks.bits import are_frequent, n_words
from logicx.banks.cellmap import INVALID, CellMap, FlatMap, GroupMap, block_name
from logicx.banks.celltexts import CellTexts
from logicx.banks.packing import padded, starts_of, widths
from logicx.banks.schema import BankManifest, conforming
from logicx.banks.signatures import Incidence
from logicx.banks.storage import Stored
from logicx.errors import DataError, FileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.banks.bits import Words


class BankFile(Stored):
    """A `*.bank` file.

    Attributes:
        says: Its manifest.
        universe: The cells.

    Raises:
        FileError: It is no bank, or its header does not fit together.
    """

    def __init__(self, path: Path) -> None:
        """Read and check the header, with types and shapes of all tensors; none is touched."""
        super().__init__(path, "bank")
        self.says = conforming(self.manifest, BankManifest, path)
        try:
            self.says.check()
            self.universe = self.says.universe.universe()
        except DataError as error:
            raise self.damaged(error.message) from error
        self.n_concepts = len(self.says.names)
        self.n_signatures = self._length("size")
        n_entries = self._length("concepts_indices")
        self.expect(
            {
                "size": ("i8", (-1,)),
                "count": ("i8", (self.n_concepts,)),
                "concepts_indptr": ("i8", (self.n_signatures + 1,)),
                "concepts_indices": ("i4", (-1,)),
                "signatures_indptr": ("i8", (self.n_concepts + 1,)),
                "signatures_indices": ("i4", (n_entries,)),
                "frequent_words": ("i8", (-1, n_words(self.n_signatures))),
                **self._shapes_of_texts(),
                **self._shapes_of_map(),
            }
        )

    def _length(self, name: str) -> int:
        """Length of a tensor with one axis, before the shapes are checked."""
        held = self.held.get(name)
        return held.shape[0] if held is not None and held.shape else 0

    def _shapes_of_texts(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        per_cell = self.says.texts_per_cell
        if per_cell is None:
            return {}
        n_texts = self.universe.n_cells * per_cell
        return {"text": ("u1", (-1,)), "text_offsets": ("i8", (n_texts + 1,))}

    def _shapes_of_map(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        if self.universe.kind != "pixels":
            return {"of_cell": ("i4", (self.universe.n_cells,))}
        blocks = [block_name(k) for k in range(max(0, self._length("cell_block_starts") - 1))]
        n_bytes = sum(self._length(name) for name in blocks if name in self.held)
        if n_bytes < self.universe.n_cells:
            raise self.damaged(f"it holds no map of {self.universe}")
        return {
            "cell_table": ("i4", (-1,)),
            "cell_table_indptr": ("i8", (self.universe.n_groups + 1,)),
            "cell_block_starts": ("i8", (-1,)),
            **dict.fromkeys(blocks, ("u1", (-1,))),
        }

    @cached_property
    def size(self) -> NDArray[np.int64]:
        """Cells of each signature."""

        def fault(size: NDArray[np.int64]) -> str:
            n_cells = self.universe.n_cells
            if len(size) > n_cells or faults.outside(size, 1, n_cells):
                return f"does not fit {self.universe}"
            # Below 2^63 where the rounded sum is: no size exceeds the number of cells, of 2^48.
            is_more = float(size.sum(dtype=np.float64)) > 2.0 * n_cells
            return (
                "adds up to more cells than there are"
                if (is_more or int(size.sum()) > n_cells)
                else ""
            )

        return self.tensor("size", fault)

    @cached_property
    def count(self) -> NDArray[np.int64]:
        """Cells at which each concept holds."""
        n_cells = self.universe.n_cells
        return self.tensor("count", lambda count: faults.outside(count, 0, n_cells))

    @cached_property
    def concepts_of(self) -> Incidence:
        """The concepts of each signature; they add up to what `count` tells."""
        found = self._lists("concepts", self.n_concepts)
        sizes = np.dot(self.size, np.diff(found.indptr))
        if sizes != self.count.sum():
            raise self._disagree("its counts and the concepts of its signatures")
        return found

    @cached_property
    def signatures_of(self) -> Incidence:
        """The signatures of each concept, none of which is without cells.

        The packed bits of the frequent ones are checked with them, so that no engine goes by what
        another refuses.
        """
        self.frequent_words  # noqa: B018
        return self._signatures_of

    @cached_property
    def _signatures_of(self) -> Incidence:
        found = self._lists("signatures", self.n_signatures)
        if (np.diff(found.indptr) > self.count).any():
            raise self._disagree("its counts and the signatures of its concepts")
        return found

    def _lists(self, name: str, stop: int) -> Incidence:
        n_entries = self._length(f"{name}_indices")
        indptr = self.tensor(f"{name}_indptr", lambda one: faults.broken_starts(one, n_entries))
        indices = self.tensor(f"{name}_indices", lambda one: faults.broken_lists(indptr, one, stop))
        return Incidence(indptr, indices)

    @cached_property
    def frequent_words(self) -> Words:
        """Packed bits of the frequent concepts, as many in each as signatures are listed."""
        lengths = np.diff(self._signatures_of.indptr)
        lengths = lengths[are_frequent(lengths, self.n_signatures)]
        if self.held["frequent_words"].shape[0] != len(lengths):
            raise self._disagree("its packed bits and the signatures of its concepts")

        def fault(words: NDArray[np.int64]) -> str:
            return faults.broken_words(words.view(np.uint64), self.n_signatures, lengths)

        return self.tensor("frequent_words", fault).view(np.uint64)

    @cached_property
    def texts(self) -> CellTexts | None:
        """The texts of cells."""
        if self.says.texts_per_cell is None:
            return None
        n_bytes = self._length("text")
        offsets = self.tensor("text_offsets", lambda one: faults.broken_starts(one, n_bytes))
        text = self.tensor("text", lambda one: faults.broken_texts(one, offsets))
        return CellTexts(text, offsets, self.says.texts_per_cell)

    @cached_property
    def cell_map(self) -> CellMap:
        """The signature of each cell; of images, local numbers are read when first asked for."""
        last = self.n_signatures - 1
        if self.universe.kind != "pixels":
            of_cell = self.tensor("of_cell", lambda one: faults.outside(one, INVALID, last))
            return FlatMap(of_cell, self.universe)
        n_groups = self.universe.n_groups
        n_each = self.universe.shape[1] * self.universe.shape[2]
        n_table, n_blocks = self._length("cell_table"), self._length("cell_block_starts") - 1
        indptr = self.tensor("cell_table_indptr", lambda one: faults.broken_starts(one, n_table))
        table = self.tensor("cell_table", lambda one: faults.outside(one, INVALID, last))
        block_starts = self.tensor(
            "cell_block_starts", lambda one: faults.broken_starts(one, n_groups)
        )
        n_local = np.diff(indptr)
        width = widths(n_local)
        ends = starts_of(padded(width * n_each))
        lengths = np.diff(ends[block_starts])
        if lengths.tolist() != [self._length(block_name(k)) for k in range(n_blocks)]:
            raise self._disagree("its tables of images and the cells of its blocks")

        starts = np.arange(n_groups + 1, dtype=np.int64) * n_each
        block = partial(_block, self, block_starts, ends, width, n_local)
        return GroupMap(table, starts, indptr, block_starts, block)

    def check_on(self, on: NDArray[np.int64]) -> None:
        """Raise a `FileError` where more cells of a signature are on than it has."""
        if (on > self.size).any():
            raise self._disagree("the sizes of its signatures and its map of cells")

    def _disagree(self, what: str) -> FileError:
        return FileError(
            f"{self.path} is damaged: {what} disagree",
            hint="make the file anew, from data that you trust",
        )


def _block(
    file: BankFile,
    block_starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    width: NDArray[np.int64],
    n_local: NDArray[np.int64],
    k: int,
) -> NDArray[np.uint8]:
    """The local numbers of some images: a function of a module, so that a map can be pickled."""
    own = slice(*block_starts[k : k + 2].tolist())
    n_each = file.universe.shape[1] * file.universe.shape[2]

    def fault(numbers: NDArray[np.uint8]) -> str:
        places = ends[own] - ends[own.start]
        return faults.broken_groups(numbers, places, width[own], n_each, n_local[own])

    return file.tensor(block_name(k), fault)
