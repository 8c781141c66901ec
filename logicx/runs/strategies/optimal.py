"""The strategy with a proof, and its options."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from logicx.runs.strategies.options import check_switch, option
from logicx.runs.strategies.several import checked_alternatives, checked_within

if TYPE_CHECKING:
    from collections.abc import Sequence

Shape: TypeAlias = Literal["tree", "chain"]


@dataclass(frozen=True)
class Optimal:
    """Proves that no formula of a stated space is better, or how much better one can be.

    It needs the extra `fast`; see docs/optimal.md.

    Args:
        shape: `tree` (any formulas are joined) or `chain` (one concept is added at a time, as the
            beam does).
        literals: Whether any concept may have NOT before it, also the first: then trees are all
            trees of OR, AND and NOT of so many atoms, and chains come with their complements.
        alternatives: So many of the best formulas of different meaning are told.
        within: All irreducible formulas are told that score at most so much less than the best;
            see docs/optimal.md.
        time_limit: CPU seconds for each unit, above 0; then `bound` is what was proven. From length
            5 on this or `node_limit` must be given.
        node_limit: How much is looked at for each unit, from 1; unlike with `time_limit` the
            outcome is always the same.
        steps: The connectives, as of the beam (a list, or text with commas between them); their
            slots hold any formulas. Others than OR, AND and AND NOT are proven up to
            length 3, for objectives that are ratios.
    """

    name: ClassVar[str] = "optimal"

    shape: Shape = option("tree", "Formulas of the space: tree, or chain as the beam grows.")
    literals: bool = option(True, "Whether any concept may have NOT before it, also the first.")
    steps: str | Sequence[str] = option(
        ("OR", "AND", "AND NOT"), "Connectives, such as 'OR, AND, IMPLIES, MAJORITY'."
    )
    alternatives: int = option(1, "So many of the best formulas of different meaning are told.")
    within: float | None = option(
        None, "Tell all irreducible formulas so near the best.", kind=float
    )
    time_limit: float | None = option(None, "CPU seconds for each unit.", kind=float)
    node_limit: int | None = option(None, "How much is looked at for each unit.", kind=int)

    def __post_init__(self) -> None:
        """Take whole numbers of NumPy's as Python's, and refuse some that mean nothing."""
        check_switch("literals", self.literals)
        object.__setattr__(self, "alternatives", checked_alternatives(self.alternatives))
        object.__setattr__(self, "within", checked_within(self.within, self.alternatives))
        if isinstance(self.node_limit, Integral) and not isinstance(self.node_limit, bool):
            object.__setattr__(self, "node_limit", int(self.node_limit))
