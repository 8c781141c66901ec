"""What formulas mean, slowly: Python sets of cell numbers, nothing of logicx but the node classes.

Everything fast is held against this.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import NamedTuple

from structure_oracle import STRUCTURAL, Groups

from logicx.language.formula import Apply, Concept, Formula


class OracleCounts(NamedTuple):
    tp: int
    fp: int
    fn: int
    tn: int


NUMBERS = {
    "ATLEAST": lambda n, n_args, k: n >= k,
    "ATMOST": lambda n, n_args, k: n <= k,
    "EXACTLY": lambda n, n_args, k: n == k,
    "MAJORITY": lambda n, n_args, k: n > n_args - n,
    "NAND": lambda n, n_args, k: n < n_args,
    "NOR": lambda n, n_args, k: n == 0,
}
"""Of operators that only count: whether n arguments that hold, of so many, are right."""


def cells_of(
    formula: Formula, concepts: Mapping[str, Set[int]], universe: Set[int], groups: Groups = ()
) -> frozenset[int]:
    """The cells of a universe at which a formula holds; concepts mean nothing outside of it.

    Images and documents are given as `groups`, for structural operators.
    """
    if isinstance(formula, Concept):
        return frozenset(concepts[formula.name] & universe)
    assert isinstance(formula, Apply)
    args = [cells_of(arg, concepts, universe, groups) for arg in formula.args]
    if formula.operator in STRUCTURAL:
        holds_in = STRUCTURAL[formula.operator]
        inside = [holds_in(rows, *formula.parameters, *args) for rows in groups]
        return frozenset().union(*inside) & universe
    if formula.operator == "NOT":
        (inside,) = args
        return frozenset(universe - inside)
    if formula.operator in NUMBERS:
        may_be = NUMBERS[formula.operator]
        k = formula.parameters[0] if formula.parameters else 0
        return frozenset(
            cell
            for cell in universe
            if may_be(len([arg for arg in args if cell in arg]), len(args), k)
        )
    left, right = args
    if formula.operator == "AND":
        return left & right
    if formula.operator == "OR":
        return left | right
    if formula.operator == "IMPLIES":
        return frozenset(universe - (left - right))
    if formula.operator == "IFF":
        return (left & right) | frozenset(universe - left - right)
    assert formula.operator == "XOR", formula.operator
    return left ^ right


def counts(
    formula: Formula, concepts: Mapping[str, Set[int]], universe: Set[int], unit: Set[int]
) -> OracleCounts:
    """Cells at which formula and unit agree and differ; a unit means nothing outside."""
    holds, fires = cells_of(formula, concepts, universe), unit & universe
    return OracleCounts(
        len(holds & fires),
        len(holds - fires),
        len(fires - holds),
        len(universe - holds - fires),
    )
