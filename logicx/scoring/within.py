"""Counts of single concepts over the images whose labels have the concept's category.

Data sets such as Broden label objects in some images and textures in others. NetDissect counts a
concept only in images that are labelled in its category, so that a texture is not held against a
unit that fires where nobody looked for textures.

Source: Bau et al. 2017, section 2.3; `tally_units_cat` of NetDissect-Lite. There an image has a
category if its index lists labels of it; here if a concept of that category holds at a cell of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logicx.errors import OptionError
from logicx.language.formula import Concept
from logicx.scoring.counts import counts_of
from logicx.scoring.results import Scored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.language.formula import Formula
    from logicx.scoring.counts import Counts
    from logicx.scoring.objectives import Objective
    from logicx.units.units import Units

WITHIN = ("all", "category")


class Part(NamedTuple):
    """The cells of the images that have a category.

    Args:
        size: How many of them each signature has.
        on: At how many of these the unit fires.
    """

    size: NDArray[np.int64]
    on: NDArray[np.int64]


def check_within(within: str, formula: Formula, bank: ConceptBank) -> None:
    """Refuse what has no category of its own.

    Raises:
        OptionError: It means nothing for this formula or bank.
    """
    if within not in WITHIN:
        raise OptionError(f"within is one of {', '.join(WITHIN)}, not {within!r}")
    if within == "all":
        return
    if not isinstance(formula, Concept):
        raise OptionError(
            "within=category is for formulas of one concept: a longer one has concepts of several "
            "categories, and no set of images in which all of them were looked for",
            hint="leave within away, or score its concepts one by one",
        )
    if bank.universe.kind != "pixels":
        raise OptionError(
            f"within=category is for banks of images, but bank {bank.name!r} covers {bank.universe}"
        )


def parts_of(bank: ConceptBank, units: Units, unit: str | int) -> dict[str, Part]:
    """The cells of each category's images, and where a unit fires there.

    Cost: one pass over the cell map, and the mask of the unit at all cells.
    """
    mask = units.mask(unit, bank)
    categories = list(dict.fromkeys(bank.categories))
    of_concept = np.array([categories.index(one) for one in bank.categories], np.int64)
    has = np.zeros((len(categories), bank.n_signatures), bool)
    lengths = np.diff(bank.concepts_of.indptr)
    has[of_concept[bank.concepts_of.indices], np.repeat(np.arange(bank.n_signatures), lengths)] = 1
    size = np.zeros((len(categories), bank.n_signatures), np.int64)
    on = np.zeros_like(size)
    for group in range(bank.universe.n_groups):
        signatures, numbers = bank.cell_map.table_of(group)
        own = mask[bank.universe.cells_of(group)]
        n_cells = np.bincount(numbers, minlength=len(signatures))
        n_on = np.bincount(numbers[own], minlength=len(signatures))
        valid = (signatures >= 0) & (n_cells > 0)
        there = signatures[valid]
        for k in np.flatnonzero(has[:, there].any(axis=1)):
            size[k, there] += n_cells[valid]
            on[k, there] += n_on[valid]
    return {one: Part(size[k], on[k]) for k, one in enumerate(categories)}


def count_within(concept: Concept, bank: ConceptBank, parts: dict[str, Part]) -> Counts:
    """The counts of a concept over the images of its category."""
    i = bank.number(concept.name)
    part = parts[bank.categories[i]]
    holds = bank.signatures_of.indices[
        bank.signatures_of.indptr[i] : bank.signatures_of.indptr[i + 1]
    ]
    return counts_of(
        int(part.on[holds].sum()),
        int(part.size[holds].sum()),
        int(part.on.sum()),
        int(part.size.sum()),
    )


def best_within(bank: ConceptBank, parts: dict[str, Part], goal: Objective) -> Scored:
    """The best single concept, each in the images of its category: NetDissect's answer."""
    found: Scored | None = None
    for name in bank.names:
        counts = count_within(Concept(name), bank, parts)
        n_on = counts.tp + counts.fn
        score = float(goal.score(counts.tp, counts.fp, n_on, counts.n_cells))
        if found is None or score > found.score:
            found = Scored(Concept(name), score, counts)
    if found is None:
        raise OptionError(f"bank {bank.name!r} has no concept")
    return found
