"""The true optimum over all formulas of a small bank, by trying every meaning.

Formulas that denote the same signatures are one: those of length k are made from all pairs of
distinct meanings of lengths i and k - i, the shortest of each. Any objective will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from logicx.errors import DataError, OptionError
from logicx.language.formula import Apply
from logicx.scoring.counts import counts_of
from logicx.scoring.objectives import objective_named as known_objective
from logicx.search.formulas.meanings import Level, joined, n_joined
from logicx.search.formulas.moves import connectives_of, is_plain
from logicx.search.formulas.several import best_of, counted
from logicx.search.formulas.shapes import (
    CONNECTIVES,
    Found,
    Outcome,
    Shape,
    check_space,
    describe_space,
    n_nots,
)
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.scoring.objectives import Objective

MAX_COMBINATIONS = 20_000_000
"""Pairs of meanings that are joined at most; a few million take a second."""


@dataclass(frozen=True)
class Exhausted(Outcome):
    """The optimum of a space of which every formula was tried.

    Args:
        by_length: The best of at most 1, 2, ... concepts; of equals the shortest, then the first.
            Lengths at which no formula holds at enough cells are left out.
        n_meanings: How many distinct sets of cells the formulas denote.
        space: The space in words.
        alternatives: The best formulas of different meaning, as many as were asked for, or as
            there are.
    """

    n_meanings: int
    space: str
    alternatives: tuple[Found, ...] = ()


def exhaustive(
    bank: ConceptBank,
    on: Firing | NDArray[np.int64],
    *,
    objective: str | Objective = "iou",
    length: int = 3,
    shape: Shape = "tree",
    min_support: int = 0,
    max_combinations: int = MAX_COMBINATIONS,
    literals: bool = False,
    steps: str | Sequence[str] = CONNECTIVES,
    alternatives: int = 1,
) -> Exhausted:
    """The true optimum over all formulas of at most `length` concepts.

    Args:
        bank: The concepts.
        on: Where the unit fires, or cells of each signature at which it does,
            `int64[n_signatures]`.
        objective: What is maximised; any.
        length: Most concepts of a formula, repetitions counted, from 1.
        shape: `tree`, or `chain` where every step adds one concept.
        min_support: The formula must hold at so many cells; those it is made of need not.
        max_combinations: Most pairs of meanings that may be joined.
        literals: Whether any concept may have NOT before it: then the complement of every formula
            is tried as well, which makes all trees over literals (see `signed`). With other
            connectives than the three, the literals are atoms.
        steps: The connectives, as of the beam; in a tree all their slots hold formulas.
        alternatives: So many of the best formulas of different meaning are told; 1 is the best.

    Raises:
        OptionError: An option means nothing, the space is too large, or no formula of it holds at
            `min_support` cells.

    Example:
        >>> from logicx import ConceptBank
        >>> bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["water", "blue"])
        >>> found = exhaustive(bank, bank.on_counts(np.array([True, False, False, False])))
        >>> str(found.formula), found.score
        ('water AND NOT blue', 1.0)
    """
    check_space(length, shape)
    if max_combinations < 1:
        raise OptionError(f"max_combinations must be at least 1, not {max_combinations}")
    if not bank.n_concepts:
        raise DataError(f"bank {bank.name!r} has no concepts")
    goal = known_objective(objective)
    firing = Firing.of(on)
    ways, everything = connectives_of(steps, shape), (1 << bank.n_signatures) - 1
    mirrors = literals and is_plain(ways)
    levels: list[Level] = [_atoms(bank)]
    if literals and not mirrors:
        for meaning, formula in list(levels[0].items()):
            levels[0].setdefault(everything ^ meaning, Apply("NOT", (formula,)))
    pick = partial(
        _best, bank=bank, firing=firing, goal=goal, min_support=min_support, literals=literals,
        mirrors=mirrors,
    )  # fmt: skip
    first = pick(levels[0])
    best = [] if first is None else [first]
    seen = set(levels[0])
    n_left = max_combinations
    for n_atoms in range(2, length + 1):
        n_new = n_joined(levels, n_atoms, ways, shape)
        n_left -= n_new
        if n_left < 0:
            raise OptionError(
                f"the space is too large to try: {n_new:,} combinations at length {n_atoms} "
                f"({len(levels[0]):,} distinct atoms), beyond {max_combinations:,} in all",
                hint="use strategy='optimal', a shorter length, or fewer concepts",
            )
        new: Level = {}
        for meaning, written in joined(levels, n_atoms, ways, shape, everything):
            if meaning not in seen:
                seen.add(meaning)
                new[meaning] = written()
        levels.append(new)
        found = pick(new)
        if found is not None and (not best or _rank(found, literals) > _rank(best[-1], literals)):
            best.append(found)
        elif best:
            best.append(best[-1])
    if not best:
        raise OptionError(
            f"no formula of at most {length} concepts holds at min_support={min_support:,} cells",
            hint="lower it, or allow longer formulas",
        )
    space = describe_space(
        bank, length, shape, min_support=min_support, literals=literals, ways=ways
    )
    if mirrors:
        seen |= {everything ^ one for one in seen}
    several: tuple[Found, ...] = ()
    if alternatives > 1:
        several = best_of(levels, alternatives, bank, firing, goal, min_support, literals, mirrors)
    return Exhausted(tuple(best), len(seen), space, several)


def _rank(found: Found, literals: bool) -> tuple[float, int]:
    """What is compared: the score; over literals, of equals those with fewer NOTs come first."""
    return found.score, -n_nots(found.formula) if literals else 0


def _atoms(bank: ConceptBank) -> Level:
    atoms: Level = {}
    for i, words in enumerate(bank.packed):
        meaning = int.from_bytes(words.astype("<u8").tobytes(), "little")
        atoms.setdefault(meaning, bank.atom(i))
    return atoms


def _best(
    level: Level,
    bank: ConceptBank,
    firing: Firing,
    goal: Objective,
    min_support: int,
    literals: bool,
    mirrors: bool,
) -> Found | None:
    """The first of the best formulas of one length that hold at enough cells, or None.

    Args:
        level: The formulas.
        bank: The concepts.
        firing: Where the unit fires.
        goal: What is maximised.
        min_support: How many cells are enough.
        literals: Whether of equals the one with the fewest NOTs is taken, not the first.
        mirrors: Whether their complements are tried as well.
    """
    best: Found | None = None
    n_on, n = firing.n_on, bank.n_valid
    for part in counted(level, bank, firing, mirrors):
        sizes, both = part.sizes, part.both
        scores = goal.score(both, sizes - both, n_on, n)
        scores = np.where(sizes >= min_support, scores, -np.inf)
        top = float(scores.max(initial=-np.inf))
        if top == -np.inf or (best is not None and top < best.score):
            continue
        for i in np.flatnonzero(scores == top).tolist() if literals else [int(np.argmax(scores))]:
            counts = counts_of(int(both[i]), int(sizes[i]), n_on, n)
            one = Found(part.formula(level, i), top, counts)
            if best is None or _rank(one, literals) > _rank(best, literals):
                best = one
    return best
