"""Where formulas meet data: the exact counts of a formula against a unit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from bitarray.util import ones, zeros

from logicx.bits import as_bitarray, as_mask
from logicx.errors import LogicxError, OperatorError, UnknownConcept
from logicx.formula import Apply, Concept, Formula, fold
from logicx.operators import Operator, operators

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from bitarray import bitarray
    from numpy.typing import NDArray

    from logicx.bank import ConceptBank

MAX_TABLE_ARGS = 12
"""Most arguments of a connective whose truth table must be written out."""


@dataclass(frozen=True)
class Counts:
    """Cells where formula and unit agree and differ, as integers.

    Args:
        tp: Formula true, unit on.
        fp: Formula true, unit off.
        fn: Formula false, unit on.
        tn: Formula false, unit off.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def n_cells(self) -> int:
        """All valid cells."""
        return self.tp + self.fp + self.fn + self.tn


def resolve(formula: Formula, bank: ConceptBank) -> Formula:
    """The formula with rewrites carried out and every name known to the bank.

    Raises:
        UnknownConcept: Names that the bank does not have, all at once.
        OperatorError: An operator does not apply here.
    """
    known = {one.keyword: one for one in operators()}
    unknown: dict[str, UnknownConcept] = {}

    def concept(node: Concept) -> Formula:
        if node.name not in bank and node.name not in unknown:
            try:
                bank.number(node.name)
            except UnknownConcept as error:
                error.span = node.span
                unknown[node.name] = error
        return node

    def apply(node: Apply, args: list[Formula]) -> Formula:
        op = known.get(node.operator)
        wrong = "" if op is None else op.check_arity(len(args), node.parameters)
        if op is None or wrong:
            raise OperatorError(
                wrong or f"no operator {node.operator!r} is registered", span=node.span
            )
        if op.kind == "connective":
            return Apply(node.operator, tuple(args), node.parameters, node.span)
        if unknown:
            return node
        try:
            return op.meaning(bank, *node.parameters, *args)  # type: ignore[no-any-return]
        except LogicxError as error:
            error.span = error.span or node.span
            raise

    resolved = fold(formula, concept, apply)
    if unknown:
        first, *more = unknown.values()
        first.also = tuple(more)
        raise first
    return resolved


def evaluate(formula: Formula, bank: ConceptBank) -> NDArray[np.bool_]:
    """The signatures at which a formula holds, `bool[n_signatures]`.

    Cost: one pass over the packed words per operator; concepts are read in place.
    """
    known = {one.keyword: one for one in operators()}
    n = bank.n_signatures

    def concept(node: Concept) -> bitarray:
        return as_bitarray(bank.packed[bank.number(node.name)], n)

    def apply(node: Apply, args: list[bitarray]) -> bitarray:
        return _combine(known[node.operator], node.parameters, args, n)

    return as_mask(fold(resolve(formula, bank), concept, apply))


def count(formula: Formula, bank: ConceptBank, on: NDArray[np.int64]) -> Counts:
    """The exact counts of a formula against a unit's on-counts, `int64[n_signatures]`."""
    holds = evaluate(formula, bank)
    return counts_of(int(on[holds].sum()), int(bank.size[holds].sum()), int(on.sum()), bank.n_valid)


def counts_of(tp: int, n_formula: int, n_on: int, n_cells: int) -> Counts:
    """The four counts from sizes of formula, unit, both and everything."""
    return Counts(tp, n_formula - tp, n_on - tp, n_cells - n_formula - n_on + tp)


def _combine(
    op: Operator, parameters: Sequence[int], args: Sequence[bitarray], n_bits: int
) -> bitarray:
    """A connective on sets, from its truth table alone (Shannon expansion, shared sub-tables)."""
    table = _symmetric_table if op.is_symmetric else _full_table
    done: dict[tuple[bool, ...], bitarray] = {}
    level = {table(op, parameters, len(args))}
    levels = []
    for _ in args:  # the sub-tables that occur after fixing the first argument, the first two, ...
        levels.append(level)
        level = {half for one in level for half in _halves(one, op.is_symmetric)}
    for one in level:
        done[one] = ones(n_bits, "little") if one[0] else zeros(n_bits, "little")
    for arg, level in zip(reversed(args), reversed(levels), strict=True):
        done = {one: _choose(arg, one, op.is_symmetric, done) for one in level}
    return done[next(iter(levels[0]))]


def _full_table(op: Operator, parameters: Sequence[int], n_args: int) -> tuple[bool, ...]:
    if n_args > MAX_TABLE_ARGS:
        raise OperatorError(f"{op.keyword} takes at most {MAX_TABLE_ARGS} arguments, not {n_args}")
    rows = product((False, True), repeat=n_args)
    return tuple(bool(op.meaning(*parameters, *row)) for row in rows)


def _symmetric_table(op: Operator, parameters: Sequence[int], n_args: int) -> tuple[bool, ...]:
    """Its value when 0, 1, ..., n_args of the arguments hold."""
    return tuple(
        bool(op.meaning(*parameters, *[True] * k, *[False] * (n_args - k)))
        for k in range(n_args + 1)
    )


def _halves(
    table: tuple[bool, ...], is_symmetric: bool
) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """The table when the first argument fails, and when it holds."""
    if is_symmetric:
        return table[:-1], table[1:]
    return table[: len(table) // 2], table[len(table) // 2 :]


def _choose(
    arg: bitarray,
    table: tuple[bool, ...],
    is_symmetric: bool,
    done: dict[tuple[bool, ...], bitarray],
) -> bitarray:
    low, high = _halves(table, is_symmetric)
    if low == high:
        return done[low]
    if not any(low):
        return arg & done[high]
    if all(high):
        return arg | done[low]
    if all(low):
        return ~arg | done[high]
    if not any(high):
        return ~arg & done[low]
    return (arg & done[high]) | (~arg & done[low])
