"""Every formula is a hole in a context: which contexts there are, worked out by enumeration.

A formula of k >= 2 concepts has somewhere two sibling concepts, a and b. Seen from there it is a
*hole* g = a op b inside an outer formula over the other k - 2 concepts (here c and z). As g occurs
once, the outer formula either grows with g or shrinks with it, and only inside some *region*:

    growing:   base OR (region AND g)          shrinking:   base AND NOT (region AND g)

Region and base are sets of the four *cells* of (c, z): neither, c only, z only, both. A set of
cells is a number whose bits 0 to 3 are those cells. For given c and z, of all outer formulas with
the same region and direction only the one with the best base matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from logicx.formula import Concept, Formula
from logicx.search.shapes import COMBINE, CONNECTIVES, Shape, join, parts

HOLE, C, Z = Concept("hole"), Concept("c"), Concept("z")
C_CELLS, Z_CELLS, ALL_CELLS = 0b1010, 0b1100, 0b1111
OR_ONLY, ALL_OPS = 0b001, 0b111
"""Sets of connectives, by their place in `CONNECTIVES`."""

Split = tuple[int, int, int, int]
"""Counts in a set of cells from those of (everything, c, z, c and z): the four factors."""


class Outer(NamedTuple):
    """One outer formula: what it adds to its group, and on which side its concepts stand.

    Args:
        base: The cells where it holds if the hole is empty.
        c_grows: Whether it grows with c, as opposed to shrinking.
        z_grows: The same for z.
        formula: The formula, with the concepts named `hole`, `c`, `z`.
    """

    base: int
    c_grows: bool
    z_grows: bool
    formula: Formula


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
def contexts(n_outer: int, shape: Shape) -> tuple[Context, ...]:
    """The contexts with so many outer concepts, 0 to 2.

    Left out is what another context has anyway: (a op b) AND NOT (c op z) is also a hole c op z
    that shrinks the outer formula a op b.

    Example:
        >>> [len(contexts(n, "tree")) for n in (0, 1, 2)]
        [1, 3, 12]
    """
    groups: dict[tuple[int, bool, int], dict[tuple[int, bool, bool], Outer]] = {}
    for formula in _outer_formulas(frozenset((C, Z)[:n_outer])):
        empty, full = _cells(formula, 0), _cells(formula, ALL_CELLS)
        region, grows = empty ^ full, not empty & ~full
        ops = _hole_ops(formula, shape)
        if not region or not ops or (n_outer == 2 and _is_hole_and_not_rest(formula)):
            continue
        c_grows = _grows_with(formula, C)
        z_grows = _grows_with(formula, Z) if n_outer == 2 else c_grows
        outer = Outer(empty, c_grows, z_grows, formula)
        alike = groups.setdefault((region, grows, ops), {})
        alike.setdefault(outer[:3], outer)
    return tuple(Context(*key, tuple(alike.values())) for key, alike in sorted(groups.items()))


def split_of(cells: int) -> Split:
    """The factors that give counts in a set of cells."""
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
    return sorted(trees, key=_is_chain, reverse=True)


def _hole_ops(formula: Formula, shape: Shape) -> int:
    """The connectives with which the hole keeps the whole formula in shape."""
    if shape == "tree" or _is_chain(formula):
        return ALL_OPS
    is_last = any(formula == join("AND NOT", f, HOLE) for f in _trees(frozenset({C, Z})))
    return OR_ONLY if is_last else 0  # f AND NOT (a OR b) is the chain f AND NOT a AND NOT b


def _is_chain(formula: Formula) -> bool:
    """Whether concepts are added to the hole one by one."""
    f = formula
    while (found := parts(f)) is not None:
        _, f, g = found
        if g == HOLE or not isinstance(g, Concept):
            return False
    return f == HOLE


def _is_hole_and_not_rest(formula: Formula) -> bool:
    """Whether it denotes hole AND NOT (c op z), for some op."""
    empty, full = _cells(formula, 0), _cells(formula, ALL_CELLS)
    rests = [_cells(one, 0) for one in _trees(frozenset({C, Z}))]
    return empty == 0 and ALL_CELLS & ~full in rests


def _cells(formula: Formula, hole: int) -> int:
    """The cells where it holds, given those of the hole."""
    value = {HOLE: hole, C: C_CELLS, Z: Z_CELLS}

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
