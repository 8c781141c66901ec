"""The strategy with a proof, and its options."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar, Literal, TypeAlias

from logicx.runs.strategies.options import check_switch, option

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
        time_limit: CPU seconds for each unit, above 0; then `bound` is what was proven. From length
            5 on this or `node_limit` must be given.
        node_limit: How much is looked at for each unit, from 1; unlike with `time_limit` the
            outcome is always the same.
    """

    name: ClassVar[str] = "optimal"

    shape: Shape = option("tree", "Formulas of the space: tree, or chain as the beam grows.")
    literals: bool = option(True, "Whether any concept may have NOT before it, also the first.")
    time_limit: float | None = option(None, "CPU seconds for each unit.", kind=float)
    node_limit: int | None = option(None, "How much is looked at for each unit.", kind=int)

    def __post_init__(self) -> None:
        """Take whole numbers of NumPy's as Python's."""
        check_switch("literals", self.literals)
        if isinstance(self.node_limit, Integral) and not isinstance(self.node_limit, bool):
            object.__setattr__(self, "node_limit", int(self.node_limit))
