"""Where formulas meet data: the exact counts of a formula against a unit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from bitarray.util import ones, zeros

from logicx.banks.bits import as_bitarray, as_mask
from logicx.errors import LogicxError, OperatorError, PluginError, UnknownConcept
from logicx.language.declaration import PLACES
from logicx.language.formula import Apply, Concept, Formula, fold
from logicx.language.registry import OPERATORS, applied, operators
from logicx.language.signs import why_no_concept
from logicx.parts import answering
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from bitarray import bitarray
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.language.declaration import Operator

MAX_TABLE_ARGS = 10
"""Most arguments of a connective whose truth table is written out."""
MAX_REWRITES = 50
"""How deep rewrites may lead to further rewrites."""


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
    return _resolved(by_atoms(formula, bank), bank, MAX_REWRITES)


def by_atoms(formula: Formula, bank: ConceptBank) -> Formula:
    """The formula with the bank's own concept in place of each formula that it was derived from."""
    if not bank.derived:
        return formula

    def apply(node: Apply, args: list[Formula]) -> Formula:
        made = Apply(node.operator, tuple(args), node.parameters, node.span)
        standing = bank.standing_for(made)
        return made if standing is None else standing

    return fold(formula, lambda node: node, apply)


def _resolved(formula: Formula, bank: ConceptBank, n_left: int) -> Formula:
    known = {one.keyword: one for one in operators()}
    unknown: dict[str, UnknownConcept] = {}

    def concept(node: Concept) -> Formula:
        if node.name in bank:  # in the bank's own spelling, by which tables relate concepts
            return Concept(bank.names[bank.number(node.name)], node.span)
        if node.name not in unknown:
            try:
                bank.number(node.name)
            except UnknownConcept as error:
                error.span = node.span
                error.message += OPERATORS.missing()
                error.hint = why_no_concept(node.name, tuple(known.values())) or error.hint
                unknown[node.name] = error
        return node

    def apply(node: Apply, args: list[Formula]) -> Formula:
        try:
            op = applied(node.operator, len(args), node.parameters, known)
            if op.kind == "structural":
                _check_place(op, bank)
            if op.kind != "rewrite":
                return Apply(node.operator, tuple(args), node.parameters, node.span)
            if unknown:
                return node
            return _resolved_rewrite(op, node, args, bank, n_left)
        except LogicxError as error:
            for one in (error, *error.also):
                one.span = node.span
            raise

    resolved = fold(formula, concept, apply)
    if unknown:
        first, *more = unknown.values()
        first.also = tuple(more)
        raise first
    return resolved


def _check_place(op: Operator, bank: ConceptBank) -> None:
    """Refuse a structural operator where cells do not lie as it needs them."""
    if bank.universe.kind not in op.places:
        seen = " or ".join(PLACES[one] for one in op.places)
        raise OperatorError(
            f"{op.keyword} is for {seen}, but bank {bank.name!r} covers {bank.universe}",
            code="not-applicable",
            hint=f"here apply: {_that_apply(bank) or 'connectives and rewrites'}",
        )


def _that_apply(bank: ConceptBank) -> str:
    """The structural operators that apply to a bank."""
    return ", ".join(one.keyword for one in operators() if bank.universe.kind in one.places)


def _resolved_rewrite(
    op: Operator, node: Apply, args: list[Formula], bank: ConceptBank, n_left: int
) -> Formula:
    found = _rewritten(op, node, args, bank, n_left)
    try:
        return _resolved(found, bank, n_left - 1)
    except UnknownConcept as error:  # of the function, as all arguments are known
        error.message += _by(op)
        raise


def _by(op: Operator) -> str:
    """Whose a rewrite is, as the end of a message; nothing where it came with logicx."""
    owner = OPERATORS.owner(op)
    return "" if owner.is_builtin else f" (by the function of operator {op.keyword} of {owner})"


def _rewritten(
    op: Operator, node: Apply, args: list[Formula], bank: ConceptBank, n_left: int
) -> Formula:
    if not n_left:
        raise OperatorError(f"{op.keyword} is rewritten without end{_by(op)}")
    with answering(f"the function of operator {op.keyword}", OPERATORS.owner(op)):
        found = op.meaning(bank.vocabulary, *node.parameters, *args)
    if not isinstance(found, Formula):
        raise PluginError(
            f"the function of operator {op.keyword} of {OPERATORS.owner(op)} gave {found!r}, "
            "which is no formula",
            hint="a rewrite returns a formula over the bank's concepts",
        )
    return found


def evaluate(formula: Formula, bank: ConceptBank) -> NDArray[np.bool_]:
    """The signatures at which a formula holds, `bool[n_signatures]`.

    Signatures do not say where structural operators hold: a formula with such ones is evaluated on
    a bank that tells its cells apart, see `logicx.scoring.structure.refined`.

    Raises:
        OperatorError: An operator does not apply here, or the bank does not tell its cells apart.

    Cost: one pass over the packed words per operator.
    """
    known = {one.keyword: one for one in operators()}
    n = bank.n_signatures
    unseen: list[Apply] = []

    def concept(node: Concept) -> bitarray | None:
        return as_bitarray(bank.words_of(bank.number(node.name)), n)

    def apply(node: Apply, args: list[bitarray | None]) -> bitarray | None:
        op = known[node.operator]
        if op.kind == "structural":
            words = bank.marks.get(node)
            unseen.extend([node] if words is None else [])
            return None if words is None else as_bitarray(words, n)
        there = [one for one in args if one is not None]
        return None if len(there) < len(args) else combined(op, node.parameters, there, n)

    found = fold(resolve(formula, bank), concept, apply)
    if found is None:
        raise OperatorError(
            f"the signatures of bank {bank.name!r} do not say where {unseen[0]} holds",
            hint="refine the bank first: logicx.scoring.structure.refined(bank, [formula])",
        )
    return as_mask(found)


def count(formula: Formula, bank: ConceptBank, on: Firing | NDArray[np.int64]) -> Counts:
    """The exact counts of a formula against a unit, or its on-counts `int64[n_signatures]`."""
    holds, firing = evaluate(formula, bank), Firing.of(on)
    return counts_of(firing.within(holds), int(bank.size[holds].sum()), firing.n_on, bank.n_valid)


def counts_of(tp: int, n_formula: int, n_on: int, n_cells: int) -> Counts:
    """The four counts from sizes of formula, unit, both and everything."""
    return Counts(tp, n_formula - tp, n_on - tp, n_cells - n_formula - n_on + tp)


def combined(
    op: Operator, parameters: Sequence[int | str], args: Sequence[bitarray], n_bits: int
) -> bitarray:
    """A connective on sets, from its truth table alone.

    Where only the number of arguments that hold matters, and they are many, they are counted first,
    in binary digits of one set each; the table is then one over those digits.
    """
    if len(args) <= MAX_TABLE_ARGS:
        rows = product((False, True), repeat=len(args))
        table = tuple(op.truth(parameters, row) for row in rows)
        return _expand(table, args, n_bits)
    if not op.is_symmetric:
        raise OperatorError(
            f"{op.keyword} takes at most {MAX_TABLE_ARGS} arguments, not {len(args)}"
        )
    digits = _count_in_binary(args)
    by_number = [
        op.truth(parameters, [True] * k + [False] * (len(args) - k)) for k in range(len(args) + 1)
    ]
    unreachable = by_number[-1:] * (2 ** len(digits) - len(by_number))
    return _expand(tuple((by_number + unreachable)[: 2 ** len(digits)]), digits, n_bits)


def _count_in_binary(sets: Sequence[bitarray]) -> list[bitarray]:
    """How many of the sets hold each element, in binary digits, most significant first."""
    digits: list[bitarray] = []
    for one in sets:
        carry = one
        for i, digit in enumerate(digits):
            digits[i], carry = digit ^ carry, digit & carry
        if carry.any():
            digits.append(carry)
    return digits[::-1]


def _expand(table: tuple[bool, ...], args: Sequence[bitarray], n_bits: int) -> bitarray:
    """A truth table on sets: Shannon expansion by the first argument, equal halves shared."""
    levels = [{table}]
    for _ in args:
        levels.append({half for one in levels[-1] for half in _halves(one)})
    done = {one: (ones if one[0] else zeros)(n_bits, "little") for one in levels[-1]}
    for arg, level in zip(reversed(args), reversed(levels[:-1]), strict=True):
        done = {one: _choose(arg, one, done) for one in level}
    return done[table]


def _halves(table: tuple[bool, ...]) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """The table when its first argument fails, and when it holds."""
    return table[: len(table) // 2], table[len(table) // 2 :]


def _choose(
    arg: bitarray, table: tuple[bool, ...], done: dict[tuple[bool, ...], bitarray]
) -> bitarray:
    low, high = _halves(table)
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
