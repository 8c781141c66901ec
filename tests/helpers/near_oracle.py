"""Irreducible formulas near the best, the slow way: every tree written down, over sets of cells.

Nothing is shared with what it is held against: trees are nested tuples, and atoms are taken out of
them one by one, as the definition says.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, lru_cache


@lru_cache
def trees(n_concepts: int, n_atoms: int, shape: str, literals: bool) -> tuple:
    """All trees by OR, AND and NOT: `("or", f, g)`, `("and", f, g)`, `("not", f)`, a number."""
    if n_atoms == 1:
        return tuple(range(n_concepts))
    found = []
    first = n_atoms - 1 if shape == "chain" else 1
    for i in range(first, n_atoms):
        for f in trees(n_concepts, i, shape, literals):
            for g in trees(n_concepts, n_atoms - i, shape, literals):
                found += [("or", f, g), ("and", f, g), ("and", f, ("not", g))]
    return tuple(found)


def atoms_of(tree, path=()):
    """The paths to all atoms."""
    if isinstance(tree, int):
        return [path]
    return [one for i, part in enumerate(tree[1:], 1) for one in atoms_of(part, (*path, i))]


def taken_out(tree, path):
    """The tree without an atom: its sibling stands in the place of the two; None if none is left."""
    if isinstance(tree, int):
        return None
    head, rest = path[0], path[1:]
    part = taken_out(tree[head], rest)
    if tree[0] == "not":
        return None if part is None else ("not", part)
    if part is None:
        return tree[3 - head]
    return tuple(part if i == head else one for i, one in enumerate(tree))


def all_left(tree):
    """What remains where one or more atoms are taken out, but not all."""
    found, new = set(), {tree}
    while new:
        left = {taken_out(one, path) for one in new for path in atoms_of(one)} - {None}
        new = left - found
        found |= left
    return found


def holds(tree, concepts, everything):
    """The cells at which a tree holds."""
    if isinstance(tree, int):
        return concepts[tree]
    if tree[0] == "not":
        return everything - holds(tree[1], concepts, everything)
    f, g = (holds(one, concepts, everything) for one in tree[1:])
    return f | g if tree[0] == "or" else f & g


def near(masks, unit, ratio, within, length, shape, literals, single=False):
    """The cells of every irreducible formula near the best, with its score.

    Args:
        masks: The concepts.
        unit: Where the unit fires.
        ratio: Exact scores of tp and fp.
        within: How far from the best.
        length: Most atoms.
        shape: Tree or chain.
        literals: Whether complements belong to the space.
        single: Whether only one atom at a time may go.
    """
    everything = frozenset(range(len(unit)))
    concepts = [frozenset(one.nonzero()[0].tolist()) for one in masks]
    on = frozenset(unit.nonzero()[0].tolist())
    allowed = Fraction(str(within))

    @cache
    def score(cells):
        return ratio(len(cells & on), len(cells - on))

    space = [
        one
        for n_atoms in range(1, length + 1)
        for plain in trees(len(concepts), n_atoms, shape, literals)
        for one in ((plain, ("not", plain)) if literals else (plain,))
    ]
    cells_of = {one: holds(one, concepts, everything) for one in space}
    best = max(map(score, cells_of.values()))
    found = {}
    for tree, cells in cells_of.items():
        mine = score(cells)
        if best - mine > allowed or cells in (frozenset(), everything) or cells in found:
            continue
        if single:
            left = {taken_out(tree, path) for path in atoms_of(tree)} - {None}
        else:
            left = all_left(tree)
        if all(mine - score(holds(one, concepts, everything)) > allowed for one in left):
            found[cells] = mine
    return found


def as_cells(mask):
    """The cells of a mask."""
    return frozenset(mask.nonzero()[0].tolist())


__all__ = ["all_left", "as_cells", "holds", "near", "taken_out", "trees"]
