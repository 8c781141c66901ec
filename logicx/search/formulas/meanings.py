"""All meanings that formulas of some ways have, by length: the shortest formula of each.

A meaning is the set of rows (signatures) at which a formula holds, as the bits of a whole number.
"""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from logicx.search.formulas.steps import WORDWISE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logicx.language.formula import Formula
    from logicx.search.formulas.moves import Move
    from logicx.search.formulas.shapes import Shape

Level = dict[int, "Formula"]
"""Meanings of one length, each with its first formula."""


def splits(n_atoms: int, n_parts: int, shape: Shape) -> Iterator[tuple[int, ...]]:
    """Lengths of the operands of a formula; in a chain all but the first are concepts."""
    if n_parts == 1:
        yield (n_atoms,)
        return
    for first in range(1, n_atoms - n_parts + 2):
        for rest in splits(n_atoms - first, n_parts - 1, shape):
            if shape == "tree" or max(rest) == 1:
                yield (first, *rest)


def n_joined(levels: Sequence[Level], n_atoms: int, ways: Sequence[Move], shape: Shape) -> int:
    """How many formulas `joined` makes."""
    total = 0
    for way in ways:
        for lengths in splits(n_atoms, len(way.slots), shape):
            made = 1
            for one in lengths:
                made *= len(levels[one - 1])
            total += made
    return total


def joined(
    levels: Sequence[Level], n_atoms: int, ways: Sequence[Move], shape: Shape, full: int
) -> Iterator[tuple[int, Callable[[], Formula]]]:
    """Meanings of all formulas of so many atoms, each with a way to write it down.

    Args:
        levels: Meanings of each shorter length.
        n_atoms: How many atoms.
        ways: The connectives.
        shape: How operands may be made.
        full: The meaning of what holds everywhere.
    """
    by_slots: dict[int, list[tuple[Callable[..., int], Move]]] = {}
    for way in ways:
        by_slots.setdefault(len(way.slots), []).append((combining(way, full), way))
    for n_slots, those in by_slots.items():
        for lengths in splits(n_atoms, n_slots, shape):
            for parts in product(*(levels[one - 1].items() for one in lengths)):
                meanings, formulas = zip(*parts, strict=True)
                for combine, way in those:
                    yield combine(*meanings), partial(way.formula, formulas)


def combining(way: Move, full: int) -> Callable[..., int]:
    """The function of meanings that a connective is."""
    table = way.table
    if len(way.slots) == 2:  # rows: neither, the first, the second, both
        found = WORDWISE.get((table[0], table[2], table[1], table[3]))
        if found is not None:
            return found

    def combine(*parts: int) -> int:
        made = 0
        for r, holds in enumerate(table):
            if holds:
                row = full
                for i, one in enumerate(parts):
                    row &= one if r >> i & 1 else full ^ one
                made |= row
        return made

    return combine
