"""How formulas grow by one atom: by a two-argument connective, with or without NOT after it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bits import Words
from logicx.errors import OptionError
from logicx.language.declaration import Truth
from logicx.language.formula import Apply, Formula, fold, post_order
from logicx.language.registry import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

Counted = Any
"""A number of cells, or an array of such."""

DEFAULT_STEPS = ("OR", "AND", "AND NOT")

WORDWISE: dict[Truth, Callable[[Any, Any], Any]] = {
    (False, True, True, True): lambda f, c: f | c,
    (False, False, False, True): lambda f, c: f & c,
    (False, False, True, False): lambda f, c: f & ~c,
    (False, True, True, False): lambda f, c: f ^ c,
}
"""Truth tables that are one or two operations on packed bits, be they words or whole numbers."""


@dataclass(frozen=True)
class Step:
    """One way to add an atom: `f keyword c`, or `f keyword NOT c`.

    The number of cells of the result is `all·N + f·|f| + c·|c| + both·|f and c|`.

    Args:
        keyword: The connective.
        is_negated: Whether NOT stands before the atom.
        all: Factor of all cells.
        f: Factor of those of the formula.
        c: Factor of those of the atom.
        both: Factor of those of both.
        template: How it is written where that is different, over `f` and one of `a, b, c, d`.
    """

    keyword: str
    is_negated: bool
    all: int
    f: int
    c: int
    both: int
    template: Formula | None = None

    @staticmethod
    def of(text: str) -> Step:
        """The step of a text such as `AND NOT`.

        Raises:
            OptionError: It names no two-argument connective.
        """
        keyword, _, negation = text.upper().partition(" ")
        op = OPERATORS.get(keyword)
        if op.kind != "connective" or op.form != "infix" or negation not in ("", "NOT"):
            raise OptionError(
                f"{text!r} is no way to extend a formula",
                hint="name infix connectives, with or without NOT: OR, AND, AND NOT, XOR",
            )
        ff, ft, tf, tt = map(int, op.pair_table())
        if negation:
            ff, ft, tf, tt = ft, ff, tt, tf
        return Step(op.keyword, bool(negation), ff, tf - ff, ft - ff, ff - ft - tf + tt)

    @staticmethod
    def of_template(template: Formula, table: Sequence[bool]) -> Step:
        """The step of a template over one formula and one atom, such as `a IMPLIES f`.

        Args:
            template: The template.
            table: Its truth where neither holds, where f does, where the atom does, where both do.
        """
        keyword = template.operator if isinstance(template, Apply) else ""
        ff, tf, ft, tt = map(int, table)
        return Step(keyword, False, ff, tf - ff, ft - ff, ff - ft - tf + tt, template)

    def __str__(self) -> str:
        """As it is written: `AND NOT`."""
        if self.template is not None:
            return str(self.template)
        return f"{self.keyword} NOT" if self.is_negated else self.keyword

    @cached_property
    def side(self) -> str:
        """Whether it `narrows` f, `widens` it, or `flips` some of its cells, or none of these.

        Two steps of the same side may be exchanged: the result is the same.
        """
        ff, ft, tf, tt = self.table
        if not (ff or ft):
            return "narrows"
        if tf and tt:
            return "widens"
        return "flips" if (ff, ft) == (not tf, not tt) else ""

    @cached_property
    def is_one_sided(self) -> bool:
        """Whether the result always lies within f, or always holds f."""
        return self.side in ("narrows", "widens")

    @cached_property
    def is_chain(self) -> bool:
        """Whether the order of a chain of this operator is without meaning."""
        facts = OPERATORS.get(self.keyword).facts
        return self.template is None and {"associative", "commutative"} <= facts

    @cached_property
    def n_nots(self) -> int:
        """How many NOTs it adds."""
        if self.template is None:
            return int(self.is_negated)
        nodes = post_order(self.template)
        return sum(isinstance(one, Apply) and one.operator == "NOT" for one in nodes)

    @cached_property
    def is_sorted(self) -> bool:
        """Whether its operands may be exchanged, but for a NOT that stays with its atom."""
        return self.template is None and "commutative" in OPERATORS.get(self.keyword).facts

    @cached_property
    def table(self) -> Truth:
        """Truth of the result at (not f, not c), (not f, c), (f, not c), (f, c)."""
        both = self.all + self.f + self.c + self.both
        return bool(self.all), bool(self.all + self.c), bool(self.all + self.f), bool(both)

    def count(self, n: Counted, f: Counted, c: Counted, both: Counted) -> Counted:
        """Cells of the result, from those of the universe, of f, of c, and of f and c."""
        rest = self.all * n + self.f * f
        if self.c:
            rest = rest + self.c * c
        return rest - both if self.both == -1 else rest + self.both * both

    def combine(self, f: Words, c: Words, full: Words) -> Words:
        """The packed bits of the result."""
        wordwise = WORDWISE.get(self.table)
        if wordwise:
            made: Words = wordwise(f, c)
            return made
        ff, ft, tf, tt = self.table
        out = np.zeros_like(f)
        if ff:
            out |= ~f & ~c & full
        if tf:
            out |= f & ~c
        if ft:
            out |= c & ~f
        if tt:
            out |= f & c
        return out

    def formula(self, f: Formula, c: Formula) -> Formula:
        """The formula of the result."""
        if self.template is not None:
            return fold(self.template, lambda node: f if node.name == "f" else c, rebuilt)
        return Apply(self.keyword, (f, Apply("NOT", (c,)) if self.is_negated else c))


def rebuilt(node: Apply, args: list[Formula]) -> Formula:
    """A node of a template with other arguments."""
    return Apply(node.operator, tuple(args), node.parameters)


def count_each(
    steps: Sequence[Step],
    which: NDArray[np.int64],
    n: int,
    f: NDArray[Any],
    c: NDArray[Any],
    both: NDArray[Any],
) -> NDArray[Any]:
    """Cells of some results, each made by a step of its own, as `Step.count` has them.

    Shape: `which: int64[n]`, numbers of steps; `f, c, both: [n] -> [n]`.
    """
    factors = np.array([(one.all, one.f, one.c, one.both) for one in steps], np.int64).T
    by_all, by_f, by_c, by_both = factors[:, which]
    cells: NDArray[Any] = by_all * n + by_f * f + by_c * c + by_both * both
    return cells
