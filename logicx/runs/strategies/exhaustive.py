"""The strategy that tries everything, and its option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from logicx.runs.strategies.options import check_switch, option
from logicx.runs.strategies.several import checked_alternatives, checked_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx.runs.strategies.optimal import Shape


@dataclass(frozen=True)
class Exhaustive:
    """Tries every formula of a small bank.

    Args:
        shape: `tree` (any formulas are joined) or `chain` (one concept is added at a time, as the
            beam does).
        literals: Whether any concept may have NOT before it, also the first; see `Optimal`.
        steps: The connectives, as of the beam (a list, or text with commas between them); their
            slots hold any formulas.
        alternatives: So many of the best formulas of different meaning are told.
        within: All irreducible formulas are told that score at most so much less than the best;
            see docs/optimal.md.
    """

    name: ClassVar[str] = "exhaustive"

    shape: Shape = option("tree", "Formulas of the space: tree, or chain as the beam grows.")
    literals: bool = option(True, "Whether any concept may have NOT before it, also the first.")
    steps: str | Sequence[str] = option(
        ("OR", "AND", "AND NOT"), "Connectives, such as 'OR, AND, IMPLIES, MAJORITY'."
    )
    alternatives: int = option(1, "So many of the best formulas of different meaning are told.")
    within: float | None = option(
        None, "Tell all irreducible formulas so near the best.", kind=float
    )

    def __post_init__(self) -> None:
        """Refuse what means nothing."""
        check_switch("literals", self.literals)
        object.__setattr__(self, "alternatives", checked_alternatives(self.alternatives))
        object.__setattr__(self, "within", checked_within(self.within, self.alternatives))
