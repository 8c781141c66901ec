"""The slow ways that the fast ones are held against: whole beams by plain loops in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bits import pack, popcount, unpack
from logicx.language.formula import Concept, Formula
from logicx.runs.running import search_compiled
from logicx.scoring.objectives import objective_named
from logicx.search.beam import Beam
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import DEFAULT_STEPS, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx import ConceptBank, Units


def as_cells(bank: ConceptBank, units: Units, unit: str) -> np.ndarray:
    """A mask over cells with the unit's on-counts; which cells of a signature are on is free."""
    order = np.argsort(bank.of_cell, kind="stable")
    starts = np.concatenate([[0], np.cumsum(bank.size)])
    on = np.zeros(bank.universe.n_cells, bool)
    for signature, n in enumerate(units.on(bank, unit)):
        on[order[starts[signature] : starts[signature] + n]] = True
    return on


GROW: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "OR": lambda f, c: f | c,
    "AND": lambda f, c: f & c,
    "AND NOT": lambda f, c: f & ~c,
}

Slot = tuple[str, float]
"""A formula of a beam and its score."""


class Plain:
    """The same beam; every candidate's counts by AND and popcount of packed cells.

    Works on cells (signatures of one cell each), keeps formulas of equal meaning once.
    """

    def __init__(self, bank: ConceptBank) -> None:
        self.names = bank.names
        self.cells = np.flatnonzero(bank.of_cell >= 0)
        self.concepts = pack(unpack(bank.packed, bank.n_signatures)[:, bank.of_cell[self.cells]])

    def beams(self, on: np.ndarray, width: int, length: int) -> list[list[Slot]]:
        """The whole beam of every length."""
        self._read(on)
        beam: list[Any] = []  # (score, words, concept numbers and steps)
        seen = set()
        scores = self._of_concepts()
        for k in np.argsort(-scores, kind="stable"):
            concept = self._concept(k)
            if len(beam) < width and concept.tobytes() not in seen:
                seen.add(concept.tobytes())
                beam.append((float(scores[k]), concept, ((None, int(k)),)))
        beams = [beam]
        for _ in range(1, length):
            scores = np.stack([self._of_children(f) for _, f, _ in beam]).transpose(0, 2, 1)
            known, grown = {words.tobytes() for _, words, _ in beam}, []
            for i in np.argsort(-scores, axis=None, kind="stable"):
                if len(grown) == width or (scores.flat[i] <= beam[-1][0] and len(beam) == width):
                    break
                b, k, s = np.unravel_index(i, scores.shape)
                step = list(GROW)[s]
                words = GROW[step](beam[b][1], self._concept(k))
                if words.tobytes() not in known:
                    known.add(words.tobytes())
                    grown.append((float(scores.flat[i]), words, (*beam[b][2], (step, int(k)))))
            beam = sorted([*beam, *grown], key=lambda one: -one[0])[:width]
            beams.append(beam)
        return [[(str(self._formula(parts)), score) for score, _, parts in one] for one in beams]

    def best(self, on: np.ndarray, width: int, length: int) -> Slot:
        """The best formula."""
        return self.beams(on, width, length)[-1][0]

    def _read(self, on: np.ndarray) -> None:
        self._unit = pack(on[self.cells])
        self._n_on = int(popcount(self._unit))

    def _concept(self, k: int) -> np.ndarray:
        return self.concepts[k]

    def _of_concepts(self) -> np.ndarray:
        """Scores of single concepts, `float64[n_concepts]`."""
        return self._iou(self.concepts)

    def _of_children(self, f: np.ndarray) -> np.ndarray:
        """Scores of what a formula grows to, `float64[n_steps, n_concepts]`."""
        return np.stack([self._iou(grow(f, self.concepts)) for grow in GROW.values()])

    def _iou(self, words: np.ndarray) -> np.ndarray:
        both = popcount(words & self._unit)
        return both / (self._n_on + popcount(words) - both)

    def _formula(self, parts: Sequence[Any]) -> Formula:
        formula: Formula = Concept(self.names[parts[0][1]])
        for step, k in parts[1:]:
            formula = Step.of(step).formula(formula, Concept(self.names[k]))
        return formula


class PlainSignatures(Plain):
    """The same beam over the signatures of a bank whose cells are too many.

    For every formula of a beam all concepts of all signatures are gone through. A unit is its
    on-counts, `int64[n_signatures]`.
    """

    def __init__(self, bank: ConceptBank) -> None:
        self.names = bank.names
        self._bank = bank
        self._holder = np.repeat(np.arange(bank.n_signatures), np.diff(bank.concepts_of.indptr))

    def _read(self, on: np.ndarray) -> None:
        self._on, self._n_on = on, int(on.sum())
        self._sizes = self._with_all(self._bank.size)
        self._boths = self._with_all(on)

    def _concept(self, k: int) -> np.ndarray:
        return holds(self._bank, k)

    def _with_all(self, cells: np.ndarray) -> np.ndarray:
        """How many of these cells each concept holds at; exact below 2^53."""
        weights = cells[self._holder]
        return np.bincount(self._bank.concepts_of.indices, weights, len(self.names))

    def _of_concepts(self) -> np.ndarray:
        return self._boths / (self._n_on + self._sizes - self._boths)

    def _of_children(self, f: np.ndarray) -> np.ndarray:
        sizes, boths = (
            np.stack([total + alone - both, both, total - both])
            for total, alone, both in (
                (cells[f].sum(), alone, self._with_all(np.where(f, cells, 0)))
                for cells, alone in ((self._bank.size, self._sizes), (self._on, self._boths))
            )
        )
        return boths / (self._n_on + sizes - boths)


def holds(bank: ConceptBank, concept: int) -> np.ndarray:
    """The signatures at which a concept holds, `bool[n_signatures]`."""
    mask = np.zeros(bank.n_signatures, bool)
    indptr, signatures = bank.signatures_of
    mask[signatures[indptr[concept] : indptr[concept + 1]]] = True
    return mask


def whole_beams(
    bank: ConceptBank, on: np.ndarray, engine: str, width: int, length: int
) -> list[list[Slot]]:
    """All slots of the beams of every length, by an engine; `on` counts cells by signature."""
    from logicx.engines.numpy_engine import NumpyEngine

    kind = NumpyEngine
    if engine == "numba":
        from logicx.engines.numba_engine import NumbaEngine

        kind = NumbaEngine
    steps = [Step.of(one) for one in DEFAULT_STEPS]
    space = FormulaSpace(kind(bank, on), objective_named("iou"), steps, np.arange(bank.n_concepts))
    beam = Beam(width, length)
    found = search_compiled(beam, space, True) if engine == "numba" else beam.search(space)
    return [[(str(one.node.formula), one.score) for one in level] for level in found.levels]
