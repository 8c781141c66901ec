"""A beam search with all its settings, for any unit of any bank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from logicx.search.formulas.literals import LiteralSpace
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import Step
from logicx.search.heuristics import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.engines.numpy_engine import NumpyEngine
    from logicx.runs.presets import Preset
    from logicx.scoring.objectives import Objective
    from logicx.search.beam import Beam
    from logicx.search.formulas.moves import Move
    from logicx.search.heuristics.roles import Heuristic


@dataclass(frozen=True)
class Plan:
    """What is searched and how; the outcome follows from it, from the bank and from the unit.

    Args:
        beam: The strategy.
        goal: What is maximised.
        rules: Those of a published tool, or the default.
        steps: How formulas grow.
        penalty: The score is multiplied by this for every atom after the first.
        min_support: Formulas that hold at fewer cells are not kept.
        heuristic: What estimates candidates before they are scored.
        negates: Whether any concept may have NOT before it.
        joins: Whether formulas that were kept are joined in pairs.
        moves: Other ways to make formulas of kept ones and atoms.
        alternatives: So many of the best formulas are told.
    """

    beam: Beam
    goal: Objective
    rules: Preset
    steps: tuple[Step, ...]
    penalty: float = 1.0
    min_support: int = 0
    heuristic: Heuristic = NONE
    negates: bool = False
    joins: bool = False
    moves: tuple[Move, ...] = ()
    alternatives: int = 1

    @property
    def extra(self) -> int:
        """Places of the second lane; 0 where there is none.

        For literals and joined formulas a fifth of those of the first: wider ones were measured,
        cost more and found next to nothing more. For moves, which were asked for, as many.
        """
        if self.moves:
            return self.beam.width
        return max(1, self.beam.width // 5) if self.negates or self.joins else 0

    def space(self, engine: NumpyEngine, mask: NDArray[np.bool_] | None = None) -> FormulaSpace:
        """The formulas over a bank, against a unit.

        Args:
            engine: Counts against the unit.
            mask: Cells at which it fires, for heuristics that need them.
        """
        rules = self.rules
        everything = np.arange(engine.bank.n_concepts)
        operands = everything if rules.adds_absent else np.flatnonzero(engine.on_count)
        parts = (engine, self.goal, self.steps, operands, self.penalty, rules.penalizes_not)
        parts += (rules.distinct, rules.skips_apart, self.min_support)  # type: ignore[assignment]
        if self.extra:
            return LiteralSpace(*parts, negates=self.negates, joins=self.joins, moves=self.moves)
        if self.heuristic is NONE:
            return FormulaSpace(*parts)
        from logicx.search.heuristics.space import GuidedFormulas

        return GuidedFormulas(self.heuristic, mask, *parts)
