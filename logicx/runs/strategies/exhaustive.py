"""The strategy that tries everything, and its option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from logicx.runs.strategies.options import option

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
    """

    name: ClassVar[str] = "exhaustive"

    shape: Shape = option("tree", "Formulas of the space: tree, or chain as the beam grows.")
    literals: bool = option(False, "Whether any concept may have NOT before it, also the first.")
    steps: str | Sequence[str] = option(
        ("OR", "AND", "AND NOT"), "Connectives, such as 'OR, AND, IMPLIES, MAJORITY'."
    )
