"""Candidates from a plain list: what a space of one's own gives, without a class for each part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic

import numpy as np

from logicx.search.space import N

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Listed(Generic[N]):
    """All of some nodes, each scored when it is asked for: both `Candidates` and `Expansions`.

    Args:
        nodes: The nodes, in order of enumeration.
        score: Score of a node, larger is better; -inf for one that may not be kept.

    Example:
        >>> from logicx.search import Listed
        >>> Listed(["a", "bbb"], len).scores.tolist()
        [1.0, 3.0]
    """

    nodes: Sequence[N]
    score: Callable[[N], float]

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """One score each, `float64[n]`."""
        return np.array([self.score(one) for one in self.nodes], np.float64)

    @property
    def n_scored(self) -> int:
        """How many there are."""
        return len(self.nodes)

    def node(self, i: int) -> N:
        """The i-th of them."""
        return self.nodes[i]

    def above(self, floor: float, repeats: bool = True) -> Listed[N]:
        """All of them: no more is asked than that none above the floor is left out."""
        return self


@dataclass(frozen=True)
class Expected(Generic[N]):
    """All of some nodes, each with an estimate; scored are those that are visited: `Estimated`.

    Args:
        nodes: The nodes, in order of enumeration.
        estimate: What is expected of a node, on the scale of the scores. Where it is never below
            the score, a guided search finds what scoring everything finds.
        score: Score of a node.
    """

    nodes: Sequence[N]
    estimate: Callable[[N], float]
    score: Callable[[N], float]

    @cached_property
    def estimates(self) -> NDArray[np.float64]:
        """What is expected of each, `float64[n]`."""
        return np.array([self.estimate(one) for one in self.nodes], np.float64)

    def visit(self, which: NDArray[np.int64]) -> Listed[N]:
        """Those of these numbers, to be scored."""
        return Listed([self.nodes[i] for i in which.tolist()], self.score)
