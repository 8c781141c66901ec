"""What the expansions of formulas ask of the formulas and of the space in which they grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from logicx.engines.numpy_engine import NumpyEngine, Rows
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.lines import Lines
    from logicx.search.formulas.steps import Step


class Grown(Protocol):
    """A formula, by the cells where it holds.

    Args:
        size: Their number.
        n_both: How many of them the unit fires at.
    """

    size: int
    n_both: int


N = TypeVar("N", bound=Grown)


class Growth(Protocol[N]):
    """The rules by which formulas of one kind grow; see `logicx.search.formulas.space`."""

    engine: NumpyEngine
    objective: Objective
    steps: tuple[Step, ...]
    operands: NDArray[np.int64]
    penalty: float
    min_support: int

    @property
    def lines(self) -> Lines:
        """What scores above a floor, as lines."""
        ...

    @property
    def refuses_some(self) -> bool:
        """Whether not every step with every operand makes a candidate."""
        ...

    def child(self, parent: N, rows: Rows, concept: int, step: Step) -> N:
        """A formula with one more concept."""
        ...

    def penalties(
        self, nodes: Sequence[N], steps: Sequence[Step] | None = None
    ) -> NDArray[np.float64]:
        """Factor of each child's score, `float64[n_nodes, 1, n_steps]`."""
        ...

    def refused(self, nodes: Sequence[N]) -> NDArray[np.bool_]:
        """Which expansions may not be made, `bool[n_nodes, n_operands, n_steps]`."""
        ...
