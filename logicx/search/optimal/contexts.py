"""Every formula is a hole in a context: which contexts there are, worked out by enumeration.

A formula of k >= 2 concepts has somewhere two sibling concepts, a and b. Seen from there it is a
*hole* g = a op b inside an outer formula over the other k - 2 concepts (here c, z and w). As g
occurs once, the outer formula either grows with g or shrinks with it, and only in some *region*:

    growing:   base OR (region AND g)          shrinking:   base AND NOT (region AND g)

Region and base are sets of the eight *cells* of (c, z, w): outside w neither, c only, z only, both,
then the same inside w. A set of cells is a number whose bits 0 to 7 are those cells; without w the
last four are never asked for. For given c, z and w, of all outer formulas with the same region and
direction only the one with the best base matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from logicx.language.formula import Concept, Formula
from logicx.search.formulas.shapes import COMBINE, CONNECTIVES, Shape, join, parts

HOLE, C, Z, W = Concept("hole"), Concept("c"), Concept("z"), Concept("w")
OUTER = (C, Z, W)
C_CELLS, Z_CELLS, W_CELLS, ALL_CELLS = 0b10101010, 0b11001100, 0b11110000, 0b11111111
OR_ONLY, ALL_OPS = 0b001, 0b111
"""Sets of connectives, by their place in `CONNECTIVES`."""

Split = tuple[int, int, int, int]
"""Counts in a set of cells from those of (everything, c, z, c and z): the four factors."""


class Need(NamedTuple):
    """A difference that one outer concept must make: more than the margin, or it can go.

    Args:
        cells: Where the formula may differ from the one without the concept.
        shrinks: Whether that is a part of it, so that cells on are at stake; else cells off are.
    """

    cells: int
    shrinks: bool


class Outer(NamedTuple):
    """One outer formula: what it adds to its group, and on which side its concepts stand.

    Args:
        base: The cells where it holds if the hole is empty.
        grows: Whether it grows with c, z and w, as opposed to shrinking; those it lacks are like c.
        formula: The formula, with the concepts named `hole`, `c`, `z`, `w`.
        needs: The differences that its concepts must make.
        is_twin: Whether it joins c and z, both shrinking, as siblings would be. So where c and z
            can only shrink formulas they are left out here: they are the hole of another context.
    """

    base: int
    grows: tuple[bool, bool, bool]
    formula: Formula
    needs: tuple[Need, ...]
    is_twin: bool


@dataclass(frozen=True)
class Context:
    """All outer formulas with one region and one direction.

    Args:
        region: The cells where the hole makes a difference.
        grows: Whether the formula grows with the hole, as opposed to shrinking.
        ops: The connectives that may join a and b, as a set of places in `CONNECTIVES`.
        outers: The outer formulas.
    """

    region: int
    grows: bool
    ops: int
    outers: tuple[Outer, ...]


@lru_cache
def contexts(n_outer: int, shape: Shape, is_whole: bool = False) -> tuple[Context, ...]:
    """The contexts with so many outer concepts, 0 to 3.

    Left out is what another context has anyway: (a op b) AND NOT (c op z) is also a hole c op z
    that shrinks the outer formula a op b. With three outer concepts the other context may have one
    of them twice; then some formula that means the same is in a third. Where that will not do, as
    every formula is asked for, `is_whole` leaves nothing out.

    Example:
        >>> [len(contexts(n, "tree")) for n in (0, 1, 2, 3)]
        [1, 3, 12, 96]
    """
    outer_concepts = OUTER[:n_outer]
    all_cells = ALL_CELLS if n_outer == 3 else ALL_CELLS & ~W_CELLS
    groups: dict[tuple[int, bool, int], dict[tuple[int, tuple[bool, ...]], Outer]] = {}
    left_out = _rests(outer_concepts) if n_outer >= 2 and not is_whole else frozenset()
    for formula in _outer_formulas(frozenset(outer_concepts)):
        empty, full = _cells(formula, 0) & all_cells, _cells(formula, ALL_CELLS) & all_cells
        region, grows = empty ^ full, not empty & ~full
        ops = _hole_ops(formula, shape)
        if not region or not ops or (empty == 0 and all_cells & ~full in left_out):
            continue
        sides = [_grows_with(formula, one) for one in outer_concepts]
        sides += [sides[0] if sides else True] * (len(OUTER) - n_outer)
        key = (empty, tuple(sides))
        alike = groups.setdefault((region, grows, ops), {})
        if key not in alike:
            needs = _needs(formula, outer_concepts, all_cells)
            may_go = shape == "tree" and n_outer == 3 and grows and not is_whole
            is_twin = may_go and _is_twin(formula)
            alike[key] = Outer(empty, (sides[0], sides[1], sides[2]), formula, needs, is_twin)
    return tuple(Context(*key, tuple(alike.values())) for key, alike in sorted(groups.items()))


def split_of(cells: int) -> Split:
    """The factors that give counts in a set of the first four cells."""
    neither, c, z, both = (cells >> k & 1 for k in range(4))
    return neither, c - neither, z - neither, both - c - z + neither


@lru_cache
def _outer_formulas(concepts: frozenset[Concept]) -> tuple[Formula, ...]:
    """All trees with the hole and these concepts as leaves, each once."""
    return tuple(_trees(frozenset({HOLE, *concepts})))


def _trees(leaves: frozenset[Concept]) -> list[Formula]:
    if len(leaves) == 1:
        return list(leaves)
    ordered = sorted(leaves, key=lambda one: one.name)
    trees: list[Formula] = []
    for choice in range(1, 2 ** len(ordered) - 1):
        left = frozenset(one for i, one in enumerate(ordered) if choice >> i & 1)
        for f, g in product(_trees(left), _trees(leaves - left)):
            trees += [join(keyword, f, g) for keyword in CONNECTIVES]
    return sorted(trees, key=lambda one: _is_chain(one, HOLE), reverse=True)


def _hole_ops(formula: Formula, shape: Shape) -> int:
    """The connectives with which the hole keeps the whole formula in shape."""
    if shape == "tree" or _is_chain(formula, HOLE):
        return ALL_OPS
    found = parts(formula)
    is_last = found is not None and found[0] == "AND NOT" and found[2] == HOLE
    if found is not None and is_last and _is_chain(found[1]):
        return OR_ONLY  # f AND NOT (a OR b) is the chain f AND NOT a AND NOT b
    return 0


def _is_chain(formula: Formula, first: Concept | None = None) -> bool:
    """Whether concepts other than the hole are added one by one, to `first` if given."""
    f = formula
    while (found := parts(f)) is not None:
        _, f, g = found
        if g == HOLE or not isinstance(g, Concept):
            return False
    return f != HOLE if first is None else f == first


def _rests(concepts: tuple[Concept, ...]) -> frozenset[int]:
    """The cells of every formula that has each of these concepts once."""
    all_cells = ALL_CELLS if len(concepts) == 3 else ALL_CELLS & ~W_CELLS
    return frozenset(_cells(one, 0) & all_cells for one in _trees(frozenset(concepts)))


def _needs(formula: Formula, concepts: tuple[Concept, ...], all_cells: int) -> tuple[Need, ...]:
    """Where each concept must make a difference.

    With the empty set in the place of a concept, or, beside an AND, with everything in its place,
    a formula of fewer concepts remains, and one of the same shape.
    """
    needs = set()
    for one in concepts:
        for value in (0, ALL_CELLS) if _is_beside_and(formula, one) else (0,):
            differ, is_lost = 0, False
            for hole in (0, ALL_CELLS):
                whole, without = _cells(formula, hole), _cells(formula, hole, {one: value})
                differ |= (whole ^ without) & all_cells
                is_lost |= bool(whole & ~without & all_cells)
            needs.add(Need(differ, is_lost))
    return tuple(sorted(needs))


def _is_twin(formula: Formula) -> bool:
    """Whether it shrinks with c and z, and depends on them by c OR z alone, or c AND z alone."""
    if _grows_with(formula, C) or _grows_with(formula, Z):
        return False
    by_or = by_and = True
    for hole, first in product((0, ALL_CELLS), (0, 4)):  # outside w, then inside
        cells = _cells(formula, hole)
        neither, c, z, both = (cells >> (first + k) & 1 for k in range(4))
        by_or &= c == z == both
        by_and &= c == z == neither
    return by_or or by_and


def _is_beside_and(formula: Formula, concept: Concept) -> bool:
    """Whether the concept is an operand of AND, without NOT before its sibling or itself."""
    found = parts(formula)
    if found is None:
        return False
    keyword, f, g = found
    if concept in (f, g):
        return keyword == "AND"
    return _is_beside_and(f, concept) or _is_beside_and(g, concept)


def _cells(formula: Formula, hole: int, changed: dict[Concept, int] | None = None) -> int:
    """The cells where it holds, given those of the hole and of concepts that are changed."""
    value = {HOLE: hole, C: C_CELLS, Z: Z_CELLS, W: W_CELLS, **(changed or {})}

    def evaluate(f: Formula) -> int:
        found = parts(f)
        if found is None:
            assert isinstance(f, Concept)
            return value[f]
        keyword, left, right = found
        return int(COMBINE[keyword](evaluate(left), evaluate(right))) & ALL_CELLS

    return evaluate(formula)


def _grows_with(formula: Formula, concept: Concept) -> bool:
    """Whether the concept stands under an even number of NOTs."""
    found = parts(formula)
    if found is None:
        return True
    keyword, f, g = found
    if concept.name in f.concepts:
        return _grows_with(f, concept)
    return _grows_with(g, concept) != (keyword == "AND NOT")
