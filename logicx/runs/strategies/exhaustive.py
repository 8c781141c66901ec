"""The strategy that tries everything, and its option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from logicx.runs.strategies.options import check_switch, option

if TYPE_CHECKING:
    from logicx.runs.strategies.optimal import Shape


@dataclass(frozen=True)
class Exhaustive:
    """Tries every formula of a small bank.

    Args:
        shape: `tree` (any formulas are joined) or `chain` (one concept is added at a time, as the
            beam does).
        literals: Whether any concept may have NOT before it, also the first; see `Optimal`.
    """

    name: ClassVar[str] = "exhaustive"

    shape: Shape = option("tree", "Formulas of the space: tree, or chain as the beam grows.")
    literals: bool = option(True, "Whether any concept may have NOT before it, also the first.")

    def __post_init__(self) -> None:
        """Refuse what means nothing."""
        check_switch("literals", self.literals)
