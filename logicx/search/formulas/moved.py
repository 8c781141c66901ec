"""Formulas made by moves of any arity, counted exactly; slower than steps of one atom.

The slots of a move are filled by formulas that were kept and by atoms. The last atom is counted for
all concepts at once, by the rows of counts that the other slots' conjunctions have; a move without
atoms is counted on packed bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import islice, permutations
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bits import unpack
from logicx.errors import OptionError
from logicx.search.formulas.space import FormulaNode

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from logicx.banks.bits import Words
    from logicx.language.formula import Formula
    from logicx.search.formulas.moves import Move
    from logicx.search.formulas.space import FormulaSpace

AT_ONCE = 1 << 21
"""So many results are scored at once; what is kept of them raises the floor for the next."""

MOST = 4 * 10**9
"""Results that a unit may ask for at one length; that many take minutes."""


@dataclass(eq=False)
class MovedNode(FormulaNode):
    """A formula made by a move.

    Args:
        move: The move.
        parts: What its slots hold.
    """

    move: Move | None = None
    parts: tuple[FormulaNode, ...] = ()

    @cached_property
    def _move(self) -> Move:
        assert self.move is not None
        return self.move

    @cached_property
    def length(self) -> int:
        """Number of atoms."""
        return sum(one.length for one in self.parts)

    @cached_property
    def n_nots(self) -> int:
        """How many NOTs it has."""
        return sum(one.n_nots for one in self.parts) + self._move.n_nots

    @cached_property
    def n_nodes(self) -> int:
        """Number of atoms and of NOTs."""
        return sum(one.n_nodes for one in self.parts) + self._move.n_nots

    @cached_property
    def concepts(self) -> frozenset[int]:
        """Numbers of its concepts."""
        return frozenset[int]().union(*(one.concepts for one in self.parts))

    @cached_property
    def order(self) -> tuple[str, tuple[Hashable, ...]]:
        """The move and what its slots hold, sorted if all may be exchanged."""
        held = [one.order for one in self.parts]
        n = len(held)
        is_free = len(self._move.alike) == n * (n - 1) // 2
        return str(self._move), tuple(sorted(held, key=repr) if is_free else held)

    @cached_property
    def words(self) -> Words:
        """Its packed bits over signatures."""
        return self._move.combine([one.words for one in self.parts], self.space.full)

    @cached_property
    def formula(self) -> Formula:
        """The formula itself."""
        return self._move.formula([one.formula for one in self.parts])

    @property
    def meaning(self) -> Hashable:
        """Its packed bits."""
        return self.words.tobytes()

    def _is_made_as(self, other: FormulaNode) -> bool:
        return False


@dataclass(frozen=True, eq=False)
class _Scored:
    """Some results of a move: which slots but the last, and which concept is in the last."""

    scores: NDArray[np.float64]
    which: NDArray[np.int64]
    last: NDArray[np.int64]
    counts: NDArray[np.int64]
    of: Moved

    def node(self, i: int) -> MovedNode:
        """The i-th of them."""
        parts = self.of.filled[int(self.which[i])]
        if self.of.move.n_atoms:
            parts = (*parts, atom(self.of.space, int(self.last[i])))
        size, n_both = self.counts[:, i].tolist()
        return MovedNode(
            self.of.space, parts[0], None, -1, size, n_both, False, self.of.move, parts
        )


class Moved:
    """Results of one move, in order of what fills its slots, then of the last atom.

    Args:
        space: Where they live.
        move: The move.
        filled: What fills its slots, without the last atom if it takes atoms.
    """

    def __init__(
        self, space: FormulaSpace, move: Move, filled: Sequence[tuple[FormulaNode, ...]]
    ) -> None:
        """Take the parts over; nothing is counted yet."""
        self.space, self.move, self.filled = space, move, filled

    @property
    def n_scored(self) -> int:
        """How many there are."""
        if not self.move.n_atoms:
            return len(self.filled)
        refused = self._refused
        n = len(self.filled) * len(self.space.operands)
        return n if refused is None else n - int(np.count_nonzero(refused))

    @cached_property
    def _refused(self) -> NDArray[np.bool_] | None:
        """Where the last atom is another one too, or comes before one that it is exchanged with."""
        last, n = len(self.move.slots) - 1, self.move.n_formulas
        if last == n:
            return None
        before = np.array([[one.concept for one in parts[n:]] for parts in self.filled])
        operands = self.space.operands[:, None]
        is_refused = (operands == before[:, None]).any(axis=2)
        twins = [i - n for i, j in self.move.alike if j == last]
        if twins:
            is_refused |= (operands <= before[:, None, twins]).any(axis=2)
        return np.asarray(is_refused)

    def above(self, floor: float, repeats: bool = True) -> _Scored:
        """Those that score above the floor."""
        space, engine = self.space, self.space.engine
        sizes, both = self._by_atom() if self.move.n_atoms else self._by_bits()
        scores = space.objective.score(both, sizes - both, engine.n_on, engine.n_cells)
        scores = np.asarray(scores, np.float64)
        if space.penalty != 1:
            n_more = int(self.move.n_atoms > 0)
            added = [sum(one.length for one in parts) + n_more - 1 for parts in self.filled]
            scores = scores * space.factors(max(added) + 1)[added][:, None]
        if space.min_support:
            scores = np.where(sizes >= space.min_support, scores, -np.inf)
        if self.move.n_atoms and self._refused is not None:
            scores = np.where(self._refused, -np.inf, scores)
        which, at = np.nonzero(scores > floor)
        counts = np.array([sizes[which, at], both[which, at]], np.int64)
        last = space.operands[at] if self.move.n_atoms else at
        return _Scored(scores[which, at], which, last, counts, self)

    def _by_bits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cells of each result, and those at which the unit fires, `int64[n, 1]`."""
        engine, move = self.space.engine, self.move
        words = [move.combine([one.words for one in parts], self.space.full)
                 for parts in self.filled]  # fmt: skip
        holds = unpack(np.array(words), engine.bank.n_signatures)
        firing = engine.firing
        return (
            (holds @ engine.bank.size)[:, None],
            (holds[:, firing.signatures] @ firing.counts)[:, None],
        )

    def _by_atom(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Cells of each result with each operand, and those on, `[n, n_operands]`."""
        space, factors = self.space, self.move.factors
        engine, n = space.engine, len(self.move.slots) - 1
        which: Any = space.operands
        found = []
        alone = [
            self._alone(
                [[one for i, one in enumerate(parts) if s >> i & 1] for parts in self.filled]
            )
            for s in range(1, 1 << n)
        ]
        for k, (everything, count) in enumerate(
            ((engine.n_cells, engine.bank.count), (engine.n_on, engine.on_count))
        ):
            cells = np.zeros((len(self.filled), len(which)))
            cells += factors[0] * everything + factors[1 << n] * count[which]
            for s, (size, rows) in enumerate(alone, start=1):
                if factors[s]:
                    cells += factors[s] * size[k][:, None]
                if factors[s | 1 << n]:
                    cells += factors[s | 1 << n] * rows[k][:, which]
            found.append(cells)
        return found[0], found[1]

    def _alone(self, parts: Sequence[Sequence[FormulaNode]]) -> tuple[Any, Any]:
        """Cells of some conjunctions, alone and with every concept, each counted once."""
        engine = self.space.engine
        made: dict[tuple[int, ...], Sequence[FormulaNode]] = {}
        for one in parts:
            made.setdefault(tuple(map(id, one)), one)
        words = []
        for one in made.values():
            meet = one[0].words
            for other in one[1:]:
                meet = meet & other.words
            words.append(meet)
        packed = np.array(words)
        rows = engine.child_rows(packed, np.zeros_like(packed), [None] * len(words))
        holds = unpack(packed, engine.bank.n_signatures)
        firing = engine.firing
        size = holds @ engine.bank.size, holds[:, firing.signatures] @ firing.counts
        place = {key: i for i, key in enumerate(made)}
        at = [place[tuple(map(id, one))] for one in parts]
        alls, ons = (np.array(one)[at] for one in zip(*rows, strict=True))
        return (size[0][at], size[1][at]), (alls, ons)


def atom(space: FormulaSpace, concept: int) -> FormulaNode:
    """A concept as a formula."""
    engine = space.engine
    size, n_both = int(engine.bank.count[concept]), int(engine.on_count[concept])
    return FormulaNode(space, None, None, concept, size, n_both)


def results(
    space: FormulaSpace, move: Move, pool: Sequence[FormulaNode], length: int
) -> Iterator[Moved]:
    """All results of a move that have so many atoms, in parts.

    Args:
        space: Where they live.
        move: The move.
        pool: The formulas that it may take.
        length: How many atoms a result has.
    """
    n_each = len(space.operands) if move.n_atoms else max(1, space.engine.bank.n_signatures // 64)
    filled = _filled(space, move, pool, length)
    while part := list(islice(filled, max(1, AT_ONCE // max(1, n_each)))):
        yield Moved(space, move, part)


def _filled(
    space: FormulaSpace, move: Move, pool: Sequence[FormulaNode], length: int
) -> Iterator[tuple[FormulaNode, ...]]:
    """What fills the slots of a move but its last atom: different formulas, different atoms.

    Those that may be exchanged come in one order.
    """
    n, n_outer = move.n_formulas, max(0, move.n_atoms - 1)
    formulas = [(i, j) for i, j in move.alike if j < n]
    outer = [(i - n, j - n) for i, j in move.alike if n <= i and j < n + n_outer]
    atoms = [atom(space, one) for one in space.operands.tolist()] if n_outer else []
    for which in permutations(range(len(pool)), n):
        if any(which[i] > which[j] for i, j in formulas):
            continue
        if sum(pool[i].length for i in which) != length - move.n_atoms:
            continue
        for at in permutations(range(len(atoms)), n_outer):
            if not any(at[i] > at[j] for i, j in outer):
                yield (*(pool[i] for i in which), *(atoms[i] for i in at))


def check_moves(moves: Sequence[Move], n_concepts: int, width: int) -> None:
    """Refuse moves of which a beam would ask for more results than it can wait for.

    Raises:
        OptionError: One does.
    """
    for move in moves:
        n = prod([2 * width] * move.n_formulas + [n_concepts] * move.n_atoms)
        if n > MOST:
            raise OptionError(
                f"{move} has about {float(n):.0e} results at each length, with {width:,} formulas "
                f"kept and {n_concepts:,} concepts: too many to try",
                hint="take fewer atoms, fewer concepts (min_atom_support=) or a smaller beam",
            )
