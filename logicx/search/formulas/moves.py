"""How formulas are made of kept formulas and atoms: by any connective, of any arity and form.

A `Move` is a template such as `MAJORITY(f, a, b)`: the letters f, g, h stand for formulas that were
kept, a, b, c, d for atoms. A template of one formula and one atom is a `Step`, which engines run at
full speed; see `logicx.search.formulas.moved` for the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, combinations, pairwise, permutations
from typing import TYPE_CHECKING

import numpy as np

from logicx.errors import LogicxError, OptionError
from logicx.language.declaration import Operator
from logicx.language.formula import Apply, Concept, Formula, fold, post_order
from logicx.language.parsing import parse
from logicx.language.registry import OPERATORS, applied
from logicx.search.formulas.steps import Step, rebuilt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logicx.banks.bits import Words

FORMULAS, ATOMS = "fgh", "abcd"
"""What the slots of a template are called."""

HINT = (
    "name infix connectives, with or without NOT (OR, AND NOT, XOR), or write a template: "
    "f, g, h for formulas, a, b, c, d for atoms, such as MAJORITY(f, a, b)"
)


@dataclass(frozen=True)
class Move:
    """One way to make a formula: a template whose slots formulas and atoms take.

    Args:
        template: A formula over slots, each of which it names once.
    """

    template: Formula

    @staticmethod
    def of(text: str) -> Move:
        """The move of a template.

        Raises:
            OptionError: It is none.
        """
        try:
            template = parse(text)
            for node in post_order(template):
                if isinstance(node, Apply):
                    op = applied(node.operator, len(node.args), node.parameters)
                    if op.kind != "connective":
                        raise OptionError(f"{op.keyword} is no connective")
        except LogicxError as error:
            raise OptionError(
                f"{text!r} is no way to make a formula: {error.message}", hint=HINT
            ) from None
        move = Move(template)
        unknown = [one for one in template.concepts if one not in [*FORMULAS, *ATOMS]]
        wrong = f"no slot is called {unknown[0]!r}" if unknown else ""
        if not wrong and len(template.concepts) != template.n_atoms:
            wrong = "it names a slot twice"
        if not wrong and not move.n_formulas:
            wrong = "it takes no formula that was kept"
        if not wrong and len(move.slots) < 2:
            wrong = "a formula alone does not grow by it (literals=on searches NOT)"
        if wrong:
            raise OptionError(f"{text!r} is no way to make a formula: {wrong}", hint=HINT)
        return move

    def __str__(self) -> str:
        """As it is written."""
        return str(self.template)

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """Its slots: those of formulas, then those of atoms."""
        return tuple(one for one in [*FORMULAS, *ATOMS] if one in self.template.concepts)

    @property
    def n_formulas(self) -> int:
        """How many formulas it takes."""
        return sum(one in FORMULAS for one in self.slots)

    @property
    def n_atoms(self) -> int:
        """How many atoms it takes."""
        return len(self.slots) - self.n_formulas

    @property
    def n_nots(self) -> int:
        """How many NOTs it adds."""
        nodes = post_order(self.template)
        return sum(isinstance(one, Apply) and one.operator == "NOT" for one in nodes)

    @cached_property
    def table(self) -> tuple[bool, ...]:
        """Its truth by what its slots are: slot i holds in row r if bit i of r is set."""
        rows = range(1 << len(self.slots))
        return tuple(self._truth({one: bool(r >> i & 1) for i, one in enumerate(self.slots)})
                     for r in rows)  # fmt: skip

    def _truth(self, values: dict[str, bool]) -> bool:
        def apply(node: Apply, args: list[bool]) -> bool:
            return OPERATORS.get(node.operator).truth(node.parameters, args)

        return fold(self.template, lambda node: values[node.name], apply)

    @cached_property
    def factors(self) -> tuple[int, ...]:
        """How often the cells count at which all of some slots hold, by their bits.

        The cells of the result are the sum of these over all sets of slots (Möbius inversion of the
        truth table); that of no slot is all cells.
        """
        found = [int(one) for one in self.table]
        for i in range(len(self.slots)):
            for r in range(len(found)):
                if r >> i & 1:
                    found[r] -= found[r ^ (1 << i)]
        return tuple(found)

    @cached_property
    def alike(self) -> tuple[tuple[int, int], ...]:
        """Pairs of slots of one kind that may be exchanged without a change of the result."""
        found = []
        for i, j in combinations(range(len(self.slots)), 2):
            is_one_kind = (self.slots[i] in FORMULAS) == (self.slots[j] in FORMULAS)
            if is_one_kind and all(
                self.table[r] == self.table[r ^ (1 << i) ^ (1 << j)]
                for r in range(len(self.table))
                if (r >> i & 1) != (r >> j & 1)
            ):
                found.append((i, j))
        return tuple(found)

    @property
    def tables_of_orders(self) -> list[tuple[bool, ...]]:
        """Its truth table, and those with its slots in any other order."""
        n = len(self.slots)
        return [
            tuple(
                self.table[sum((r >> i & 1) << to for i, to in enumerate(order))]
                for r in range(1 << n)
            )
            for order in permutations(range(n))
        ]

    def combine(self, parts: Sequence[Words], full: Words) -> Words:
        """The packed bits of the result, from those of its slots."""
        found = np.zeros_like(full)
        for r, holds in enumerate(self.table):
            if holds:
                row = full
                for i, one in enumerate(parts):
                    row = row & one if r >> i & 1 else row & ~one
                found |= row
        return found

    def formula(self, parts: Sequence[Formula]) -> Formula:
        """The formula of the result, from those of its slots."""
        given = dict(zip(self.slots, parts, strict=True))
        return fold(self.template, lambda node: given[node.name], rebuilt)


def split_ways(texts: str | Iterable[object]) -> list[str]:
    """The ways in a text with commas between them, or in a list, each once and in capitals."""
    parts = _split(texts) if isinstance(texts, str) else texts
    tidy = (" ".join(str(one).split()) for one in parts)
    return list(dict.fromkeys(one if "(" in one else _tidy(one) for one in tidy if one))


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no parentheses, nested or not."""
    depths = accumulate((one == "(") - (one == ")") for one in text)
    cuts = [i for i, depth in enumerate(depths) if text[i] == "," and depth <= 0]
    return [text[i + 1 : j] for i, j in pairwise([-1, *cuts, len(text)])]


def _tidy(text: str) -> str:
    words = text.split()
    slots = {one.lower() for one in words} & {*FORMULAS, *ATOMS}
    return text if slots else text.upper()


def ways_of(texts: str | Iterable[object]) -> tuple[tuple[Step, ...], tuple[Move, ...]]:
    """Steps and moves of some texts, in order.

    A name alone stands for all that its connective can do with one formula: in both directions if
    the order matters, and for a call of any number of arguments, with two atoms.

    Raises:
        OptionError: A text is neither, or there is none.
    """
    steps: dict[Step, None] = {}
    moves: dict[Move, None] = {}
    for text in split_ways(texts):
        for one in _read(text):
            if isinstance(one, Step):
                steps[one] = None
            else:
                moves[one] = None
    if not steps and not moves:
        raise OptionError("steps is empty: name at least one way to extend a formula")
    return tuple(steps), tuple(moves)


def _read(text: str) -> list[Step | Move]:
    if "(" in text or _tidy(text) != text.upper():
        move = Move.of(text)
        is_step = (move.n_formulas, move.n_atoms) == (1, 1)
        return [Step.of_template(move.template, move.table) if is_step else move]
    keyword, _, negation = text.partition(" ")
    if negation not in ("", "NOT"):
        raise OptionError(f"{text!r} is no way to extend a formula", hint=HINT)
    op = _named(keyword)
    if op.form == "call" and not negation:
        return [_called(op, text)]
    step = Step.of(text)
    _, ft, tf, _ = step.table
    if negation or ft == tf or "commutative" in op.facts:
        return [step]
    return [step, *_read(f"a {keyword} f")]


def _named(keyword: str) -> Operator:
    """The connective of a name.

    Raises:
        OptionError: It is a symbol, or a rewrite.
        OperatorError: There is no such operator.
    """
    for one in OPERATORS.all():
        if keyword in one.part.symbols:
            raise OptionError(
                f"{keyword!r} is a symbol, and steps are named by keywords",
                hint=f"write {one.name}, or a template such as f {keyword} a",
            )
    op = OPERATORS.get(keyword)
    if op.kind != "connective":
        hint = f"what it proposes can be atoms: atoms={keyword}" if op.proposes else HINT
        raise OptionError(f"{keyword} is no connective, so no way to extend a formula", hint=hint)
    return op


def _called(op: Operator, text: str) -> Move | Step:
    """A call of one formula and as many atoms as it needs, two if it takes any number."""
    if op.parameters:
        letters = "".join(f", {one}" for one in "fab")
        raise OptionError(
            f"{text} needs a number to extend a formula",
            hint=f"write it with its slots: {op.keyword}(2{letters})",
        )
    most = op.max_args or max(3, op.min_args)
    n = op.min_args if op.min_args == op.max_args else min(max(3, op.min_args), most)
    letters = ", ".join(["f", *ATOMS][:n])
    (found,) = _read(f"{op.keyword}({letters})")
    return found


def connectives_of(texts: str | Iterable[object], shape: str = "tree") -> tuple[Move, ...]:
    """Ways of making formulas of any formulas: what is an atom of a step is a formula here.

    In a tree those that differ in the order or the names of their slots only are one.

    Raises:
        OptionError: A text is no way to make a formula, or there is none.
    """
    steps, moves = ways_of(texts)
    letters = [Concept(one) for one in (*FORMULAS, *ATOMS)]
    written = [one.formula(letters[0], letters[1]) for one in steps]
    written += [one.formula(letters[: len(one.slots)]) for one in moves]
    found: dict[tuple[bool, ...], Move] = {}
    for formula in written:
        move = Move(formula)
        found.setdefault(min(move.tables_of_orders) if shape == "tree" else move.table, move)
    return tuple(found.values())


def is_plain(ways: Sequence[Move]) -> bool:
    """Whether these are OR, AND and AND NOT, no more and no less."""
    return {str(one) for one in ways} == {"f OR g", "f AND g", "f AND NOT g"}
