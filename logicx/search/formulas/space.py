"""The space of logical formulas over a concept bank, against one unit.

Formulas grow by one atom at a time: f becomes `f OR c`, `f AND c`, `f AND NOT c`, or any other
two-argument connective that is asked for; its counts follow from its truth table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logicx.banks.bits import Mask, Words, pack, unpack
from logicx.engines.numpy_engine import NumpyEngine, Rows
from logicx.errors import OptionError
from logicx.language.canon import canonical
from logicx.language.formula import Apply, Formula
from logicx.scoring.counts import Counts, counts_of
from logicx.search.formulas.children import Children
from logicx.search.formulas.lines import Lines
from logicx.search.formulas.steps import Step

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from logicx.scoring.objectives import Objective


class _Atoms(NamedTuple):
    """All single concepts."""

    scores: NDArray[np.float64]
    space: FormulaSpace

    def node(self, i: int) -> FormulaNode:
        engine = self.space.engine
        size, n_both = int(engine.bank.count[i]), int(engine.on_count[i])
        return FormulaNode(self.space, None, None, i, size, n_both)


@dataclass(eq=False)
class FormulaNode:
    """A concept, or a formula with one more concept added.

    Args:
        space: Where it lives.
        parent: The formula it extends, or None for a single concept.
        step: How it extends it.
        concept: Number of the concept that was added.
        size: Cells where it holds.
        n_both: Cells where it holds and the unit fires.
        is_negated: Of a single concept: whether NOT stands before it.
    """

    space: FormulaSpace
    parent: FormulaNode | None
    step: Step | None
    concept: int
    size: int
    n_both: int
    is_negated: bool = False

    @cached_property
    def n_nots(self) -> int:
        """How many NOTs it has."""
        if self.parent is None or self.step is None:
            return int(self.is_negated)
        return self.parent.n_nots + self.step.n_nots

    @cached_property
    def length(self) -> int:
        """Number of atoms."""
        return 1 if self.parent is None else self.parent.length + 1

    @cached_property
    def concepts(self) -> frozenset[int]:
        """Numbers of its concepts."""
        rest = self.parent.concepts if self.parent else frozenset()
        return rest | {self.concept}

    @cached_property
    def apart(self) -> NDArray[np.bool_]:
        """Concepts that never meet it, as far as pairs of concepts tell, `bool[n_concepts]`."""
        never: NDArray[np.bool_] = self.space.engine.bank.together_with(self.concept) == 0
        if self.parent is None or self.step is None:
            return never
        rest = self.parent.apart
        ff, ft, tf, tt = self.step.table
        apart = np.full(len(never), not ff)
        for holds, part in ((ft, never), (tf, rest), (tt, never | rest)):
            if holds:
                apart &= part
        return apart

    @cached_property
    def n_nodes(self) -> int:
        """Number of atoms and NOTs, which the paper's code calls the length."""
        if self.parent is None or self.step is None:
            return 1
        return self.parent.n_nodes + 1 + self.step.n_nots

    @property
    def fingerprint(self) -> Hashable:
        """Its two sizes."""
        return self.size, self.n_both

    @property
    def meaning(self) -> Hashable:
        """Its packed bits; those of its parent where the step changed nothing."""
        parent, step = self.parent, self.step
        if parent and step and step.is_one_sided and self.size == parent.size:
            return parent.meaning
        return self.words.tobytes()

    def denotes_as(self, other: FormulaNode) -> bool:
        """Whether it holds at the same cells as another."""
        return self._is_made_as(other) or self.meaning == other.meaning

    def _is_made_as(self, other: FormulaNode) -> bool:
        """Whether it was made like another but for the order of the last two concepts."""
        mine, its = self.parent, other.parent
        if mine is None or its is None or self.step is None or other.step is None:
            return False
        if (self.concept, mine.concept) != (its.concept, other.concept):
            return False
        if mine.is_negated or its.is_negated:
            return False
        if mine.step is None or its.step is None:  # two concepts, exchanged
            is_symmetric = self.step.f == self.step.c
            return mine.step is its.step and self.step is other.step and is_symmetric
        is_exchanged = self.step is its.step and mine.step is other.step
        is_free = self.step.side == mine.step.side != ""
        return is_exchanged and is_free and mine.parent is its.parent

    @cached_property
    def form(self) -> Hashable:
        """Its canonical formula."""
        return canonical(self.formula)

    @cached_property
    def order(self) -> tuple[str, tuple[Hashable, ...]]:
        """The operator of its last chain, and that chain's operands, sorted if they may be.

        As the canonical form, but that repetitions stay.
        """
        parent, step = self.parent, self.step
        if parent is None or step is None:
            return "", ((self.concept, self.is_negated),)
        chain, operands = parent.order
        if chain not in ("", step.keyword) or not step.is_chain:
            operands = (parent.order,)
        both = [*operands, (self.concept, step.is_negated)]
        how = step.keyword if step.template is None else str(step)
        return how, tuple(sorted(both, key=repr) if step.is_sorted else both)

    @cached_property
    def words(self) -> Words:
        """Its packed bits over signatures."""
        concept = self.space.engine.bank.words_of(self.concept)
        if self.parent is None or self.step is None:
            return ~concept & self.space.full if self.is_negated else concept
        return self.step.combine(self.parent.words, concept, self.space.full)

    @cached_property
    def mask(self) -> Mask:
        """The signatures at which it holds, `bool[n_signatures]`."""
        return unpack(self.words, self.space.engine.bank.n_signatures)

    @cached_property
    def formula(self) -> Formula:
        """The formula itself."""
        concept = self.space.engine.bank.atom(self.concept)
        if self.parent is None or self.step is None:
            return Apply("NOT", (concept,)) if self.is_negated else concept
        first, is_symmetric = self.parent.formula, self.step.f == self.step.c
        if self.parent.is_negated and is_symmetric and not self.step.is_negated:
            return self.step.formula(concept, first)  # `c AND NOT a`, as people write it
        return self.step.formula(first, concept)

    @property
    def counts(self) -> Counts:
        """Its exact counts against the unit."""
        engine = self.space.engine
        return counts_of(self.n_both, self.size, engine.n_on, engine.n_cells)


class FormulaSpace:
    """All formulas that grow by one atom at a time.

    Args:
        engine: Counts against the unit.
        objective: What is maximised.
        steps: How formulas grow.
        operands: Numbers of the concepts that may be added, in order of enumeration.
        penalty: The score is multiplied by this for every atom after the first.
        penalizes_not: Whether a NOT counts for the penalty as an atom does.
        min_support: Formulas that hold at fewer cells score minus infinity, so that none is kept.
        distinct: Formulas up to this length are not made by adding a concept that is in them; by a
            step without NOT, and by one with NOT.
        skips_apart: Whether a formula is not narrowed by a concept of which pairs of concepts tell
            that the two never meet.

    Candidates are enumerated by formula, then by concept, then by step.
    """

    def __init__(
        self,
        engine: NumpyEngine,
        objective: Objective,
        steps: Sequence[Step],
        operands: NDArray[np.int64],
        penalty: float = 1.0,
        penalizes_not: bool = False,
        distinct: tuple[int, int] = (0, 0),
        skips_apart: bool = False,
        min_support: int = 0,
    ) -> None:
        """Take the parts over."""
        if not 0 < penalty <= 1:
            raise OptionError(f"penalty must lie above 0 and at most at 1, not {penalty:g}")
        self.engine = engine
        self.objective = objective
        self.steps = tuple(steps)
        self.operands = operands
        self.penalty = penalty
        self.penalizes_not = penalizes_not
        self.min_support = min_support
        self.distinct = distinct
        self.skips_apart = skips_apart
        self._rows: dict[FormulaNode, Rows] = {}

    @cached_property
    def full(self) -> Words:
        """The bits of all signatures."""
        return pack(np.ones(self.engine.bank.n_signatures, dtype=bool))

    @cached_property
    def lines(self) -> Lines:
        """What scores above a floor, as lines."""
        return Lines(self.objective, self.engine.n_on, self.engine.n_cells)

    def atoms(self) -> _Atoms:
        """All single concepts."""
        engine = self.engine
        sizes, both = engine.bank.count, engine.on_count
        scores = self.objective.score(both, sizes - both, engine.n_on, engine.n_cells)
        if self.min_support:
            scores = np.where(sizes >= self.min_support, scores, -np.inf)
        return _Atoms(scores, self)

    def expand(
        self, nodes: Sequence[FormulaNode], at_once: bool = False
    ) -> list[Children[FormulaNode]]:
        """Every step from every one of these formulas with every operand.

        The first is a part of its own: its expansions raise the floor under those of the others.
        So they do where formulas that denote the same score the same.
        """
        self._rows = self._rows_of(nodes)
        return self.children(nodes, at_once)

    def children(
        self, nodes: Sequence[FormulaNode], at_once: bool = False
    ) -> list[Children[FormulaNode]]:
        """All expansions of formulas whose rows are known, in parts."""
        rows = [self._rows[node] for node in nodes]
        if at_once or self.penalty != 1 or self.refuses_some:
            return [Children(self, nodes, rows, looks_ahead=False)]
        first = Children(self, nodes[:1], rows[:1], looks_ahead=False)
        rest = Children(self, nodes[1:], rows[1:], looks_ahead=True)
        return [first, rest] if len(nodes) > 1 else [first]

    def child(self, parent: FormulaNode, rows: Rows, concept: int, step: Step) -> FormulaNode:
        """A formula with one more concept, counted by the parent's rows."""
        engine = self.engine
        c, c_on = int(engine.bank.count[concept]), int(engine.on_count[concept])
        size = step.count(engine.n_cells, parent.size, c, int(rows.all[concept]))
        n_both = step.count(engine.n_on, parent.n_both, c_on, int(rows.on[concept]))
        return FormulaNode(self, parent, step, concept, size, n_both)

    def forget_rows(self) -> None:
        """Let go of what only further expansion needs, so that nothing waits to be collected."""
        self._rows = {}

    def added(self, step: Step) -> int:
        """What a step adds to the length that the penalty counts."""
        return 1 + (self.penalizes_not and step.n_nots)

    def factors(self, n: int) -> NDArray[np.float64]:
        """Factor of the score by what was added to a single concept, `float64[n]`."""
        return np.array([self.penalty**i for i in range(n)])

    def penalties(
        self, nodes: Sequence[FormulaNode], steps: Sequence[Step] | None = None
    ) -> NDArray[np.float64]:
        """Factor of each child's score, `float64[n_nodes, 1, n_steps]`."""
        steps = self.steps if steps is None else steps
        before = [node.n_nodes if self.penalizes_not else node.length for node in nodes]
        added = np.array([self.added(step) for step in steps])
        lengths = np.array(before)[:, None, None] - 1 + added
        return np.asarray(self.factors(int(lengths.max()) + 1)[lengths])

    @property
    def refuses_some(self) -> bool:
        """Whether not every step with every operand makes a candidate."""
        return any(self.distinct) or self.skips_apart

    def refused(self, nodes: Sequence[FormulaNode]) -> NDArray[np.bool_]:
        """Which expansions may not be made, `bool[n_nodes, n_operands, n_steps]`."""
        is_refused = np.zeros((len(nodes), len(self.operands), len(self.steps)), bool)
        limits = np.array([self.distinct[step.is_negated] for step in self.steps])
        narrowing = np.flatnonzero([not any(step.table[:2]) for step in self.steps])
        for i, node in enumerate(nodes):
            steps = np.flatnonzero(node.length < limits)
            if len(steps):
                repeated = np.flatnonzero(np.isin(self.operands, list(node.concepts)))
                is_refused[i, repeated[:, None], steps] = True
            if self.skips_apart:
                apart = np.flatnonzero(node.apart[self.operands])
                is_refused[i, apart[:, None], narrowing] = True
        return is_refused

    def _rows_of(self, nodes: Sequence[FormulaNode]) -> dict[FormulaNode, Rows]:
        """Rows of these nodes, from those of their parents, which were expanded before."""
        rows = {node: self._rows[node] for node in nodes if node in self._rows}
        atoms = [node for node in nodes if node not in rows and node.parent is None]
        if atoms:
            found = self.engine.atom_rows([node.concept for node in atoms])
            rows.update(
                (node, self.engine.without(one) if node.is_negated else one)
                for node, one in zip(atoms, found, strict=True)
            )
        children = [(node, node.parent) for node in nodes if node not in rows and node.parent]
        if children:
            found = self.engine.child_rows(
                np.array([node.words for node, _ in children]),
                np.array([parent.words for _, parent in children]),
                [self._rows.get(parent) for _, parent in children],
            )
            rows.update(zip((node for node, _ in children), found, strict=True))
        return rows
