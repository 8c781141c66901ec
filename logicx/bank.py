"""Concept banks: named sets of cells, kept as packed bits over signatures."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx import storage
from logicx.bits import Words, as_booleans, pack
from logicx.errors import DataError, UnknownConcept, did_you_mean, is_plain_text
from logicx.formula import Concept, Formula
from logicx.signatures import INVALID, Incidence, SignatureBuilder, Signatures
from logicx.tables import Column, concepts_of_columns
from logicx.universe import Universe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from numpy.typing import ArrayLike, NDArray

CHUNK_BITS = 1 << 25
"""Concepts times cells that are unpacked at once while a bank is built from masks."""

MAX_ROWS = 1024
"""Most co-occurrence rows that a bank keeps."""

Relations = dict[str, dict[str, list[str]]]


class ConceptBank:
    """A universe, its concepts, and where they hold.

    Build one with `from_masks`, `from_table` or a recipe; `open` maps a `*.bank` file.

    Args:
        name: What to call it.
        names: Concept names, each once.
        categories: Category of each concept, such as `color`.
        universe: The cells.
        signatures: Which concepts hold where.
        relations: Tables that relate concepts, such as `NEIGHBORS`.
        source: Where it came from: recipe, files and their hashes, settings.

    Attributes:
        derived: The formulas of those concepts that stand for one (see `logicx.atoms`), by number.
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
    ) -> None:
        """Check the names and take the parts over."""
        self.name = name
        self.names = tuple(names)
        self.categories = tuple(categories)
        self.universe = universe
        self.relations: Relations = relations or {}
        self.source = dict(source or {})
        self._signatures: Signatures | None = signatures
        self._stored: storage.Stored | None = None
        self.derived: dict[int, Formula] = {}
        if not is_plain_text(name):
            raise DataError(f"the name of a bank must be printable text, not {name!r}")
        _check_names(self.names, self.categories)
        _check_relations(self.relations, self.names)
        if len(signatures.of_cell) != universe.n_cells:
            raise DataError(
                f"{len(signatures.of_cell):,} cells were given for a universe of {universe}"
            )

    # ---- building

    @classmethod
    def from_masks(
        cls,
        masks: ArrayLike,
        names: Sequence[str],
        *,
        categories: Sequence[str] | None = None,
        universe: Universe | None = None,
        valid: ArrayLike | None = None,
        relations: Relations | None = None,
        name: str = "bank",
    ) -> ConceptBank:
        """A bank from one mask per concept.

        Args:
            masks: NumPy array or torch tensor of booleans.
            names: Concept names.
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
        array = as_booleans(masks, "masks", 2)
        n_concepts, n_cells = array.shape
        if len(names) != n_concepts:
            raise DataError(f"{n_concepts:,} masks but {len(names):,} names")
        labelled = None if valid is None else as_booleans(valid, "valid", 1)
        if labelled is not None and len(labelled) != n_cells:
            raise DataError(f"valid has {len(labelled):,} cells, the masks have {n_cells:,}")
        builder = SignatureBuilder(n_concepts)
        step = max(1, CHUNK_BITS // max(1, n_concepts))
        for start in range(0, n_cells, step):
            part = slice(start, start + step)
            cells = Incidence.of_masks(array[:, part])
            builder.add(cells, None if labelled is None else labelled[part])
        return cls(
            name,
            names,
            [""] * n_concepts if categories is None else categories,
            universe or Universe.rows(n_cells),
            builder.finish(),
            relations,
        )

    @classmethod
    def from_table(
        cls,
        table: Mapping[str, Sequence[Any]],
        columns: Mapping[str, Column | str],
        *,
        name: str = "bank",
        source: Mapping[str, Any] | None = None,
    ) -> ConceptBank:
        """A bank from the columns of a table (any mapping of columns, such as a data frame).

        Args:
            table: Columns by name.
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
        names, categories, masks, edges = concepts_of_columns(table, kinds)
        bank = cls.from_masks(masks, names, categories=categories, name=name)
        bank.source = {**(source or {}), "quantile_edges": edges}
        return bank

    def relate(self, table: str, rows: Mapping[str, Sequence[str]]) -> None:
        """Give the bank a table that relates concepts, such as `NEIGHBORS`.

        Raises:
            DataError: It names a concept that the bank does not have.
        """
        relations = {**self.relations, table: {k: list(v) for k, v in rows.items()}}
        _check_relations(relations, self.names)
        self.relations = relations
        self.__dict__.pop("content", None)

    # ---- files

    def save(self, path: str | Path) -> str:
        """Write a `*.bank` file and return its content hash."""
        return storage.save(Path(path), "bank", self._parts(), self._manifest())

    @classmethod
    def open(cls, path: str | Path) -> ConceptBank:
        """Map a `*.bank` file; only what is used is read."""
        stored = storage.Stored(Path(path), "bank")
        bank = cls.__new__(cls)
        manifest = stored.manifest
        bank.name = manifest["name"]
        bank.names = tuple(manifest["names"])
        bank.categories = tuple(manifest["categories"])
        bank.universe = Universe.from_dict(manifest["universe"])
        bank.relations = manifest["relations"]
        bank.source = manifest["source"]
        bank._signatures = None
        bank._stored = stored
        bank.derived = {}
        return bank

    @cached_property
    def content(self) -> str:
        """Content hash: equal banks have equal hashes, in memory and on disk."""
        if self._stored is not None and self._stored.manifest == self._manifest():
            return self._stored.content
        return storage.content_hash(self._parts(), self._manifest())

    def _manifest(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "names": list(self.names),
            "categories": list(self.categories),
            "universe": self.universe.as_dict(),
            "relations": self.relations,
            "source": self.source,
        }

    def _parts(self) -> dict[str, NDArray[Any]]:
        return {
            "size": self.size,
            "count": self.count,
            "concepts_indptr": self.concepts_of.indptr,
            "concepts_indices": self.concepts_of.indices,
            "words": self.packed.view(np.int64),
            "of_cell": self.of_cell,
        }

    def _part(self, name: str) -> NDArray[Any]:
        assert self._stored is not None
        return self._stored.tensor(name)

    # ---- what it holds

    @property
    def n_concepts(self) -> int:
        """Number of concepts."""
        return len(self.names)

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
        return self._signatures.size if self._signatures else self._part("size")

    @cached_property
    def count(self) -> NDArray[np.int64]:
        """Cells at which each concept holds, `int64[n_concepts]`."""
        if self._stored is not None:
            return self._part("count")
        weights = np.repeat(self.size, np.diff(self.concepts_of.indptr))
        sums = np.bincount(self.concepts_of.indices, weights, minlength=self.n_concepts)
        return sums.astype(np.int64)

    @cached_property
    def concepts_of(self) -> Incidence:
        """The concepts of each signature."""
        if self._signatures:
            return self._signatures.concepts
        return Incidence(self._part("concepts_indptr"), self._part("concepts_indices"))

    @cached_property
    def signatures_of(self) -> Incidence:
        """The signatures of each concept."""
        return self.concepts_of.transposed(self.n_concepts)

    @cached_property
    def of_cell(self) -> NDArray[np.int32]:
        """Signature of each cell, or -1 where it is invalid, `int32[n_cells]`."""
        return self._signatures.of_cell if self._signatures else self._part("of_cell")

    @cached_property
    def packed(self) -> Words:
        """Packed bits of every concept over signatures, as NumPy words.

        Shape: `uint64[n_concepts, ceil(n_signatures / 64)]`.
        """
        if self._stored is not None:
            return self._part("words").view(np.uint64)
        rows = []
        step = max(1, CHUNK_BITS // max(1, self.n_signatures))
        for start in range(0, self.n_concepts, step):
            which = np.arange(start, min(start + step, self.n_concepts))
            signatures, lengths = self.signatures_of.gather(which)
            mask = np.zeros((len(which), self.n_signatures), dtype=bool)
            mask[np.repeat(which - start, lengths), signatures] = True
            rows.append(pack(mask))
        return np.concatenate(rows) if rows else pack(np.zeros((0, self.n_signatures), bool))

    @property
    def words(self) -> torch.Tensor:
        """The same memory as `packed`, as a torch tensor of `int64`; not to be written to."""
        import warnings

        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns that mapped memory is read-only
            return torch.from_numpy(self.packed.view(np.int64))

    def together_with(self, concept: int) -> NDArray[np.int64]:
        """Cells at which each concept holds together with this one, `int64[n_concepts]`.

        The rows of concepts that were asked for are kept, the latest `MAX_ROWS` of them.
        """
        rows = self._together
        if concept not in rows:
            signatures, _ = self.signatures_of.gather(np.array([concept]))
            concepts, lengths = self.concepts_of.gather(signatures)
            weights = np.repeat(self.size[signatures], lengths)
            sums = np.bincount(concepts, weights, minlength=self.n_concepts)
            if len(rows) == MAX_ROWS:
                del rows[next(iter(rows))]
            rows[concept] = sums.astype(np.int64)
        return rows[concept]

    @cached_property
    def _together(self) -> dict[int, NDArray[np.int64]]:
        return {}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def __contains__(self, name: object) -> bool:
        """Whether it has a concept of that name."""
        return name in self._numbers

    def number(self, name: str) -> int:
        """Number of the concept of that name.

        Raises:
            UnknownConcept: There is none; the error suggests near names.
        """
        if name not in self._numbers:
            raise UnknownConcept(
                f"no concept {name!r} in bank {self.name!r} ({self.n_concepts:,} concepts)",
                hint=self._suggest(name),
            )
        return self._numbers[name]

    def _suggest(self, name: str) -> str:
        words = name.split(" ")
        for i in range(1, len(words)):
            left, right = " ".join(words[:i]), " ".join(words[i:])
            if left in self and right in self:
                return f"{left!r} and {right!r} are concepts: is an operator missing between them?"
        where = f" bank={self._stored.path}" if self._stored and "demo" not in self.source else ""
        listing = f"list them: logicx concepts '{name[:3]}*'{where}"
        ending = [one for one in self.names if one.endswith(f":{name}")][:3]
        near = f"did you mean: {', '.join(ending)}?" if ending else did_you_mean(name, self.names)
        return "    ".join(one for one in (near, listing) if one)

    def atom(self, i: int) -> Formula:
        """The i-th concept as a formula: its name, or what it was derived from."""
        return self.derived.get(i) or Concept(self.names[i])

    def cells(self, signature_mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The cells of a set of signatures; invalid cells are false, `bool[n_cells]`."""
        return np.asarray(np.append(signature_mask, False)[self.of_cell])

    def on_counts(self, cells: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many cells of each signature are on, `bool[n_cells] -> int64[n_signatures]`."""
        signatures = self.of_cell[cells]
        signatures = signatures[signatures != INVALID]
        return np.bincount(signatures, minlength=self.n_signatures).astype(np.int64)

    def __repr__(self) -> str:
        """Name, number of concepts, cells and signatures."""
        return (
            f"ConceptBank({self.name!r}: {self.n_concepts:,} concepts over {self.universe}, "
            f"{self.n_signatures:,} signatures)"
        )


def _check_relations(relations: Relations, names: Sequence[str]) -> None:
    known = set(names)
    for table, rows in relations.items():
        for name, others in rows.items():
            unknown = [one for one in (name, *others) if one not in known]
            if unknown:
                raise DataError(f"the table {table} names no concept: {unknown[0]!r}")


def _check_names(names: Sequence[str], categories: Sequence[str]) -> None:
    if len(categories) != len(names):
        raise DataError(f"{len(names):,} names but {len(categories):,} categories")
    for category in categories:
        if not is_plain_text(category):
            raise DataError(f"a category must be printable text, not {category!r}")
    seen: set[str] = set()
    for i, name in enumerate(names):
        if not name or not is_plain_text(name):
            raise DataError(f"concept {i} has no printable name: {name!r}")
        if name in seen:
            raise DataError(f"the concept name {name!r} is given twice")
        seen.add(name)
