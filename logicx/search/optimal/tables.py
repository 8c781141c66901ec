"""Truth tables of all formulas of at most three atoms over some connectives.

What a formula of three atoms does to three concepts is one of 256 truth tables. Those that some
connectives reach are worked out once, by making every formula over three variables; a search then
tries tables on concepts, and no formula twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from logicx.language.formula import Apply, Concept, Formula, fold
from logicx.search.formulas.meanings import Level, joined
from logicx.search.formulas.shapes import n_nots
from logicx.search.formulas.steps import rebuilt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx.search.formulas.moves import Move
    from logicx.search.formulas.shapes import Shape

LONGEST = 3
"""Most atoms of a formula that is tried so."""

VARIABLES = ("x", "y", "z")


@dataclass(frozen=True)
class Table:
    """A truth table that depends on all of its variables, and its shortest formula.

    Args:
        n_variables: How many, from 0.
        n_atoms: Length of the formula.
        n_nots: How many NOTs it has.
        truth: Its value where variable i holds if bit i of the row is set, `2^n_variables` of them.
        formula: The formula, over the concepts x, y, z.
    """

    n_variables: int
    n_atoms: int
    n_nots: int
    truth: tuple[bool, ...]
    formula: Formula

    @property
    def factors(self) -> tuple[int, ...]:
        """How often the cells count at which all variables of a set hold, by its bits."""
        found = [int(one) for one in self.truth]
        for i in range(self.n_variables):
            for r in range(len(found)):
                if r >> i & 1:
                    found[r] -= found[r ^ (1 << i)]
        return tuple(found)

    def written(self, concepts: Sequence[Formula]) -> Formula:
        """The formula over these concepts."""
        given = dict(zip(VARIABLES, concepts, strict=False))
        return fold(self.formula, lambda node: given[node.name], rebuilt)


@lru_cache(maxsize=64)
def tables_of(
    ways: tuple[Move, ...], length: int, shape: Shape, literals: bool
) -> tuple[Table, ...]:
    """All tables of formulas of at most so many atoms, the shortest first.

    A table of k variables is told for the first k of them only, in every order of them: whoever
    tries it on each set of k concepts once has tried every formula.
    """
    rows, full = 1 << len(VARIABLES), (1 << (1 << len(VARIABLES))) - 1
    atoms: Level = {}
    for i, name in enumerate(VARIABLES):
        atoms[sum(1 << r for r in range(rows) if r >> i & 1)] = Concept(name)
    if literals:
        atoms.update({full ^ one: Apply("NOT", (formula,)) for one, formula in atoms.items()})
    levels = [atoms]
    found: dict[int, Table] = {}
    for n_atoms in range(1, length + 1):
        if n_atoms > 1:
            new: Level = {}
            for meaning, written in joined(levels, n_atoms, ways, shape, full):
                if not any(meaning in level for level in levels):
                    made = written()
                    if meaning not in new or _rank(made) < _rank(new[meaning]):
                        new[meaning] = made
            levels.append(new)
        for meaning, formula in levels[-1].items():
            table = _table(meaning, formula, n_atoms)
            if table is not None:
                found.setdefault(meaning, table)
    return tuple(sorted(found.values(), key=lambda one: (one.n_atoms, one.n_variables)))


def _rank(formula: Formula) -> tuple[int, int]:
    """What is written down of equals: fewer NOTs first, then what needs fewer parentheses."""
    return n_nots(formula), str(formula).count("(")


def _table(meaning: int, formula: Formula, n_atoms: int) -> Table | None:
    """The table of a meaning, if it depends on the first few variables and on no other."""
    rows = range(1 << len(VARIABLES))
    needed = [
        any((meaning >> r & 1) != (meaning >> (r ^ (1 << i)) & 1) for r in rows)
        for i in range(len(VARIABLES))
    ]
    n = sum(needed)
    if not all(needed[:n]):
        return None
    truth = tuple(bool(meaning >> r & 1) for r in range(1 << n))
    names = dict.fromkeys(VARIABLES[n:], VARIABLES[0]) if n else dict.fromkeys(VARIABLES, "x")
    tidy = fold(formula, lambda node: Concept(names.get(node.name, node.name)), rebuilt)
    return Table(n, n_atoms, n_nots(tidy), truth, tidy)
