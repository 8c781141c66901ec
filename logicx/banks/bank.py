"""Concept banks: named sets of cells, kept as lists of signatures and as packed bits over them."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks import storage
from logicx.banks.bankfile import BankFile
from logicx.banks.building import signatures_of_groups, signatures_of_masks, signatures_of_sparse
from logicx.banks.celltexts import CellTexts
from logicx.banks.containers import as_booleans, as_names
from logicx.banks.frames import named_columns, row_labels, table_columns
from logicx.banks.holdings import Holdings
from logicx.banks.naming import (
    NamedConcepts,
    Relations,
    check_names,
    check_relations,
    one_spelling,
    tidied,
    tidied_relations,
)
from logicx.banks.signatures import GroupCells, Signatures
from logicx.banks.tables import Column, concepts_of_columns
from logicx.banks.universe import Universe
from logicx.banks.vocabulary import BankVocabulary
from logicx.errors import DataError, is_plain_text
from logicx.language.formula import Concept, Formula
from logicx.language.lookalikes import told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from logicx.banks.bits import Words

CHUNK_BITS = 1 << 25
"""Concepts times cells that are unpacked at once while a bank is built from masks."""


class ConceptBank(NamedConcepts, Holdings):
    """A universe, its concepts, and where they hold.

    Build one with `from_masks`, `from_table` or a recipe; `open` maps a `*.bank` file. Banks are
    equal only to themselves (see `content`). A copy of one on file opens the file again.

    Args:
        name: What to call it.
        names: Concept names, each once.
        categories: Category of each concept, such as `color`.
        universe: The cells.
        signatures: Which concepts hold where.
        relations: Tables that relate concepts, such as `NEIGHBORS`.
        source: Where it came from: recipe, files and their hashes, settings.
        texts: The text of every cell, if it is to be kept.

    Attributes:
        derived: The formulas of those concepts that stand for one, by number.
        marks: Where formulas with structural operators hold, as packed bits over signatures; only
            of a bank that tells their cells apart.
        notes: What a person should know of how the data were read; not kept on file.
    """

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        categories: Sequence[str],
        universe: Universe,
        signatures: Signatures,
        relations: Relations | None = None,
        source: Mapping[str, Any] | None = None,
        texts: CellTexts | None = None,
    ) -> None:
        """Check the names and take the parts over."""
        self.name = name
        self.names = tidied(names, "names")
        self.categories = tuple(map(one_spelling, as_names(categories, "categories")))
        self.universe = universe
        self.relations: Relations = tidied_relations(relations or {})
        self.source = dict(source or {})
        self._texts = texts
        self._texts_per_cell = 0 if texts is None else texts.per_cell
        self._stored: BankFile | None = None
        self.derived: dict[int, Formula] = {}
        self.marks: dict[Formula, Words] = {}
        if not is_plain_text(name):
            raise DataError(f"the name of a bank must be printable text, not {name!r}")
        check_names(self.names, self.categories)
        check_relations(self.relations, self.names)
        self.notes = told_apart(self.names, "concepts")
        cells = signatures.cells
        for n_cells in (cells.n_cells, universe.n_cells if texts is None else len(texts)):
            if n_cells != universe.n_cells:
                raise DataError(f"{n_cells:,} cells were given for a universe of {universe}")
        self._signatures: Signatures | None = replace(signatures, cells=cells.over(universe))

    @classmethod
    def from_masks(
        cls,
        masks: Any,
        names: Sequence[str] | None = None,
        *,
        categories: Sequence[str] | None = None,
        universe: Universe | None = None,
        valid: ArrayLike | None = None,
        relations: Relations | None = None,
        name: str = "bank",
    ) -> ConceptBank:
        """A bank from one mask per concept.

        Args:
            masks: An array of booleans (NumPy, torch, SciPy sparse, lists), or a data frame or
                mapping whose columns are the concepts.
            names: Concept names; of a data frame by default those of its columns.
            categories: Category of each concept; by default none.
            universe: The cells; by default `Universe.rows(n_cells)`.
            valid: Cells that are labelled; the others count nowhere. By default all.
            relations: Tables that relate concepts, such as
                `{"NEIGHBORS": {"hyp:couch": ["hyp:sofa"]}}`.
            name: What to call the bank.

        Shape: `masks: bool[n_concepts, n_cells]`, `valid: bool[n_cells]`.

        Raises:
            DataError: Shapes, names or values do not fit.

        Example:
            >>> bank = ConceptBank.from_masks(np.eye(3, dtype=bool), ["a", "b", "c"])
            >>> bank.n_signatures, bank.count.tolist()
            (3, [1, 1, 1])
        """
        columns, labels = named_columns(masks), row_labels(masks)
        if columns is not None:
            masks = [as_booleans(one, f"the mask {key!r}", 1) for key, one in columns.items()]
            names = list(columns) if names is None else names
        if names is None:
            raise DataError("the masks have no names", hint="give a list of names, one a mask")
        names = as_names(names, "names")
        array = as_booleans(masks, "masks", 2)
        n_concepts = len(array)
        if len(names) != n_concepts:
            raise DataError(f"{n_concepts:,} masks but {len(names):,} names")
        signatures, n_cells = signatures_of_masks(array, valid, CHUNK_BITS)
        bank = cls(
            name,
            names,
            [""] * n_concepts if categories is None else categories,
            universe or Universe.rows(n_cells),
            signatures,
            relations,
        )
        bank.notes += labels
        if columns is None and n_concepts == n_cells > 1:
            bank.notes += (f"masks of shape {list(array.shape)} are taken as [concepts, cells]",)
        return bank

    @classmethod
    def from_sparse(
        cls,
        cells: Any,
        names: Sequence[str],
        *,
        categories: Sequence[str] | None = None,
        universe: Universe | None = None,
        valid: ArrayLike | None = None,
        relations: Relations | None = None,
        name: str = "bank",
    ) -> ConceptBank:
        """A bank from the concepts of each cell, where masks would not fit in memory.

        Args:
            cells: A sparse matrix of cells by concepts in CSR form (any object with `indptr` and
                `indices`, such as `scipy.sparse.csr_array`; stored values must not be 0), or an
                iterable of such for consecutive cells, of which one at a time is held.
            names: Concept names.
            categories: Category of each concept; by default none.
            universe: The cells; by default `Universe.rows(n_cells)`.
            valid: Cells that are labelled; by default all.
            relations: Tables that relate concepts.
            name: What to call the bank.

        Shape: `indptr: int[n_cells + 1]`, `indices: int[n]`, ascending and distinct in each row.

        Raises:
            DataError: Shapes, names or values do not fit.

        Example:
            >>> from types import SimpleNamespace
            >>> cells = SimpleNamespace(indptr=[0, 2, 2, 3], indices=[0, 1, 1])
            >>> bank = ConceptBank.from_sparse(cells, ["water", "blue"])
            >>> bank.n_signatures, bank.count.tolist()
            (3, [1, 2])
        """
        names = as_names(names, "names")
        signatures, n_cells = signatures_of_sparse(cells, len(names), valid)
        return cls(
            name,
            names,
            [""] * len(names) if categories is None else categories,
            universe or Universe.rows(n_cells),
            signatures,
            relations,
        )

    @classmethod
    def from_groups(
        cls,
        groups: Iterable[GroupCells],
        names: Sequence[str],
        *,
        universe: Universe | None = None,
        categories: Sequence[str] | None = None,
        relations: Relations | None = None,
        name: str = "bank",
        source: Mapping[str, Any] | None = None,
    ) -> ConceptBank:
        """A bank from images (or other groups of cells) that arrive one at a time.

        Args:
            groups: The cells of each group, of which one at a time is held.
            names: Concept names.
            universe: The cells, such as `Universe.pixels(n_images, height, width)`; by default
                `Universe.rows(n_cells)`.
            categories: Category of each concept; by default none.
            relations: Tables that relate concepts.
            name: What to call the bank.
            source: Where it came from.

        Raises:
            DataError: Shapes, names or values do not fit.

        Cost: of images, one or two bytes a cell, and the signatures a few times.

        Example:
            >>> from logicx import GroupCells, Incidence
            >>> sets = Incidence(np.array([0, 1, 3]), np.array([0, 0, 1], np.int32))
            >>> image = GroupCells(sets, np.array([0, 1, 1, 0], np.uint8))
            >>> images = Universe.pixels(2, 2, 2)
            >>> bank = ConceptBank.from_groups([image] * 2, ["water", "blue"], universe=images)
            >>> bank.count.tolist(), bank.cell_map.of_group(1).tolist()
            ([8, 4], [0, 1, 1, 0])
        """
        names = as_names(names, "names")
        signatures = signatures_of_groups(groups, len(names), universe)
        return cls(
            name,
            names,
            [""] * len(names) if categories is None else categories,
            universe or Universe.rows(signatures.cells.n_cells),
            signatures,
            relations,
            source,
        )

    @classmethod
    def from_table(
        cls,
        table: Any,
        columns: Mapping[str, Column | str],
        *,
        name: str = "bank",
        source: Mapping[str, Any] | None = None,
    ) -> ConceptBank:
        """A bank from the columns of a table.

        Args:
            table: A data frame (pandas, polars, pyarrow or any that speaks Arrow's PyCapsule or the
                dataframe interchange protocol), or a mapping of columns by name.
            columns: The columns to use, each with its kind: `"category"`, `"boolean"`,
                `"quantiles"`, or a `Column`.
            name: What to call the bank.
            source: Where the table came from.

        Example:
            >>> table = {"color": ["red", "blue", "red"], "age": [1, 2, 3]}
            >>> kinds = {"color": "category", "age": Column("quantiles", 2)}
            >>> ConceptBank.from_table(table, kinds).names
            ('color:blue', 'color:red', 'age:q1', 'age:q2')
        """
        kinds = {k: v if isinstance(v, Column) else Column(v) for k, v in columns.items()}
        if not kinds:
            raise DataError("no column of the table was chosen")
        found = concepts_of_columns(table_columns(table), kinds)
        bank = cls.from_masks(found.masks, found.names, categories=found.categories, name=name)
        bank.source = {**(source or {}), "quantile_edges": found.edges}
        bank.notes = (*told_apart(bank.names, "concepts"), *row_labels(table), *found.notes)
        return bank

    def relate(self, table: str, rows: Mapping[str, Sequence[str]]) -> None:
        """Give the bank a table that relates concepts, such as `NEIGHBORS`.

        Raises:
            DataError: It names a concept that the bank does not have.
        """
        relations = {**self.relations, **tidied_relations({table: rows})}
        check_relations(relations, self.names)
        self.relations = relations
        for made in ("content", "_restricted", "_refined"):
            self.__dict__.pop(made, None)

    def save(self, path: str | Path) -> str:
        """Write a `*.bank` file and return its content hash."""
        return storage.save(Path(path), "bank", self._parts(), self._manifest())

    @classmethod
    def open(cls, path: str | Path) -> ConceptBank:
        """Map a `*.bank` file; only what is used is read, and checked.

        Raises:
            FileError: It is no bank, or damaged; of a part this is told when it is first used.
        """
        stored = BankFile(Path(path))
        bank, says = cls.__new__(cls), stored.says
        bank.name = says.name
        bank.names, bank.categories = tuple(says.names), tuple(says.categories)
        bank.universe = stored.universe
        bank.relations, bank.source = says.relations, says.source
        bank._texts = None
        bank._texts_per_cell = says.texts_per_cell or 0
        bank._signatures = None
        bank._stored = stored
        bank.derived = {}
        bank.marks = {}
        bank.notes = ()
        return bank

    @cached_property
    def content(self) -> str:
        """Content hash: equal banks have equal hashes, in memory and on disk."""
        if self._stored is not None and self._stored.manifest == self._manifest():
            return self._stored.content
        return storage.content_hash(self._parts(), self._manifest())

    def _manifest(self) -> dict[str, Any]:
        kept = {"texts_per_cell": self._texts_per_cell} if self._texts_per_cell else {}
        return {
            **kept,
            "name": self.name,
            "names": list(self.names),
            "categories": list(self.categories),
            "universe": self.universe.as_dict(),
            "relations": self.relations,
            "source": self.source,
        }

    def _parts(self) -> dict[str, NDArray[Any]]:
        texts = self.texts
        return {
            **({} if texts is None else {"text": texts.bytes, "text_offsets": texts.offsets}),
            "size": self.size,
            "count": self.count,
            "concepts_indptr": self.concepts_of.indptr,
            "concepts_indices": self.concepts_of.indices,
            "signatures_indptr": self.signatures_of.indptr,
            "signatures_indices": self.signatures_of.indices,
            "frequent_words": self.frequent_words.view(np.int64),
            **self.cell_map.tensors(),
        }

    @cached_property
    def texts(self) -> CellTexts | None:
        """The texts of cells, as `bank.texts[7]` gives them, or None where the bank keeps none.

        A pair has two, premise and hypothesis; a text or a token has one.
        """
        return self._texts if self._stored is None else self._stored.texts

    def atom(self, i: int) -> Formula:
        """The i-th concept as a formula: its name, or what it was derived from."""
        return self.derived.get(i, Concept(self.names[i]))

    @property
    def vocabulary(self) -> BankVocabulary:
        """What operators may ask of it, read-only: of its own concepts, not of derived ones."""
        own = [i for i in range(self.n_concepts) if i not in self.derived]
        names, kinds = (tuple(all_[i] for i in own) for all_ in (self.names, self.categories))
        return BankVocabulary(self.name, names, kinds, self.relations, lambda: self.count[own])

    def standing_for(self, formula: Formula) -> Concept | None:
        """The concept that was derived from a formula, if there is one."""
        number = self._standing.get(formula)
        return None if number is None else Concept(self.names[number])

    @cached_property
    def _standing(self) -> dict[Formula, int]:
        return {formula: i for i, formula in self.derived.items()}

    def __repr__(self) -> str:
        """Name, number of concepts, cells and signatures."""
        return (
            f"ConceptBank({self.name!r}: {self.n_concepts:,} concepts over {self.universe}, "
            f"{self.n_signatures:,} signatures)"
        )
