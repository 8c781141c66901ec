"""The estimate `mmesh`: hits at most, and size at least by rectangles around and within masks.

Source: MMESH of Clustered Compositional Explanations (La Rosa et al. 2023, published code).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from logicx.errors import OptionError
from logicx.search.heuristics.groups import Groups
from logicx.search.heuristics.rectangles import bounding, inscribed, overlap
from logicx.search.heuristics.roles import AND, OR, check_published

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.banks.universe import Universe
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.space import FormulaNode, FormulaSpace
    from logicx.search.formulas.steps import Step

CHUNK_CELLS = 1 << 21
"""About how many cells of masks are unpacked at once."""


class Rectangles(NamedTuple):
    """Around and within some masks, `int64[n, 4]` each."""

    around: NDArray[np.int64]
    within: NDArray[np.int64]


@dataclass(frozen=True)
class Mmesh:
    """Hits and sizes in each image, by areas and rectangles.

    Args:
        name: What it is called.
        doc: What it does.
        is_admissible: Whether no estimate is below the truth.
        digits: Decimals to which estimates are rounded, or None.
    """

    name: str
    doc: str
    is_admissible: bool
    digits: int | None
    needs_mask: bool = True

    def check(self, universe: Universe, goal: Objective, steps: Sequence[Step]) -> None:
        """Refuse all but IoU, the three published steps, and images."""
        check_published(self.name, goal, steps)
        if universe.kind != "pixels":
            raise OptionError(
                f"the heuristic {self.name} needs rectangles, so images of height x width; "
                f"this bank has {universe}",
                hint="use heuristic=bounds or diou-group",
            )

    def against(self, space: FormulaSpace, mask: NDArray[np.bool_] | None) -> _Meshing:
        """Its estimates for one unit."""
        return _Meshing(self, space, mask)


class _Meshing:
    def __init__(self, rule: Mmesh, space: FormulaSpace, mask: NDArray[np.bool_] | None) -> None:
        self._rule, self._space = rule, space
        bank = space.engine.bank
        self._groups = Groups.of(bank)
        self._on = self._groups.on(bank, space.engine.on, mask)
        self._n = np.bincount(self._groups.group, self._on, minlength=self._groups.n).astype(
            np.int64
        )
        self._hits = self._groups.by_entry(self._on)
        self._concepts = _of_concepts(bank, self._groups)

    def estimate(self, node: FormulaNode) -> NDArray[np.float64]:
        groups, engine = self._groups, self._space.engine
        at = groups.entry_group
        i_f = groups.by_group(self._on, node.mask)
        a_f = groups.by_group(groups.cells, node.mask)
        around, within = self._of_formula(node, np.flatnonzero(a_f))
        n, i, i_c, a, a_c = self._n[at], i_f[at], self._hits, a_f[at], groups.area
        meets = overlap(around[at], self._concepts.around)
        found = np.empty((groups.n_concepts, len(self._space.steps)))
        for k, step in enumerate(self._space.steps):
            if step.table == AND:
                hits = np.minimum(i, i_c)
                sizes = np.maximum(overlap(within[at], self._concepts.within), hits)
                tp, size = groups.by_concept(hits), groups.by_concept(sizes)
            else:
                if step.table == OR:
                    hits = np.minimum(n, i + i_c)
                    sizes = np.maximum(np.maximum(a, a_c), np.maximum(a + a_c - meets, hits))
                else:
                    hits = np.minimum(i, n - i_c)
                    sizes = np.maximum(a - meets, hits)
                # Where the concept does not occur, the formula stays what it is.
                tp = i_f.sum() + groups.by_concept(hits - i)
                size = a_f.sum() + groups.by_concept(sizes - a)
            found[:, k] = self._space.objective.score(tp, size - tp, engine.n_on, engine.n_cells)
        return found if self._rule.digits is None else found.round(self._rule.digits)

    def _of_formula(self, node: FormulaNode, images: NDArray[np.int64]) -> Rectangles:
        """The formula's rectangles in each image; empty where it does not occur."""
        bank = self._space.engine.bank
        n, height, width = bank.universe.shape
        holds = np.append(node.mask, False)  # the last for invalid cells, whose number is -1
        found = Rectangles(np.zeros((n, 4), np.int64), np.zeros((n, 4), np.int64))
        step = max(1, CHUNK_CELLS // (height * width))
        for start in range(0, len(images), step):
            some = images[start : start + step]
            masks = holds[_of_images(bank, some)]
            found.around[some], found.within[some] = bounding(masks), inscribed(masks)
        return found


_known: WeakKeyDictionary[ConceptBank, Rectangles] = WeakKeyDictionary()
_lock = threading.Lock()


def _of_concepts(bank: ConceptBank, groups: Groups) -> Rectangles:
    """The rectangles of each concept in each image in which it holds; made once per bank."""
    with _lock:
        if bank not in _known:
            _known[bank] = _measured(bank, groups)
        return _known[bank]


def _measured(bank: ConceptBank, groups: Groups) -> Rectangles:
    _, height, width = bank.universe.shape
    n_entries = len(groups.entry_group)
    found = Rectangles(np.zeros((n_entries, 4), np.int64), np.zeros((n_entries, 4), np.int64))
    step = max(1, CHUNK_CELLS // (height * width))
    for start in range(0, n_entries, step):
        part = slice(start, start + step)
        signatures = _of_images(bank, groups.entry_group[part])
        words = bank.packed[groups.entry_concept[part, None, None], np.maximum(signatures, 0) >> 6]
        bits = words >> (signatures & 63).astype(np.uint64) & np.uint64(1)
        masks = (bits != 0) & (signatures >= 0)
        found.around[part], found.within[part] = bounding(masks), inscribed(masks)
    return found


def _of_images(bank: ConceptBank, images: NDArray[np.int64]) -> NDArray[np.int32]:
    """Signatures of the cells of some images, `int32[n, height, width]`."""
    found = [bank.cell_map.of_group(image) for image in images.tolist()]
    return np.stack(found).reshape(len(images), *bank.universe.shape[1:])
