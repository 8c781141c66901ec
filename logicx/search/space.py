"""What strategies and spaces know of each other: a few small protocols.

A `Space` offers atoms and, for the formulas kept so far, all one-step expansions. Both come as
`Candidates`: their scores at once, and a `Node` for those that are looked at closely.
A `GuidedSpace` offers the expansions as `Estimated`: what may be expected of each, and the scores
of those that are asked for. A `Strategy` knows nothing else; the formulas may be made of bits or of
anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Self


class Node(Protocol):
    """One formula in a search."""

    @property
    def length(self) -> int:
        """Number of atoms."""
        ...

    @property
    def fingerprint(self) -> Hashable:
        """Cheap; equal for formulas of equal meaning, and seldom for others."""
        ...

    def denotes_as(self, other: Self) -> bool:
        """Whether it denotes the same as another of its fingerprint."""
        ...

    @property
    def form(self) -> Hashable:
        """Equal exactly for formulas of the same canonical form."""
        ...

    @property
    def order(self) -> Hashable:
        """Equal exactly for formulas that differ in the order of operands only."""
        ...


N = TypeVar("N", bound=Node)

LONGEST = 1_000
"""Most atoms of a formula that is searched for."""
N_co = TypeVar("N_co", bound=Node, covariant=True)


class Candidates(Protocol[N_co]):
    """Formulas with their scores, in the order in which they are enumerated."""

    @property
    def scores(self) -> NDArray[np.float64]:
        """One score each, larger is better, and -inf for what may not be kept, `float64[n]`."""
        ...

    def node(self, i: int) -> N_co:
        """The i-th of them."""
        ...


class Expansions(Protocol[N_co]):
    """Formulas that extend others, of which some may be refused."""

    @property
    def n_scored(self) -> int:
        """How many of them are not refused."""
        ...

    def above(self, floor: float, repeats: bool = True) -> Candidates[N_co]:
        """Those that score above the floor; or more of them, but none is left out.

        Without `repeats` those may be left out that denote what they extend.
        """
        ...


class Space(Protocol[N]):
    """What is searched."""

    def atoms(self) -> Candidates[N]:
        """All formulas of length one."""
        ...

    def expand(self, nodes: Sequence[N], at_once: bool = False) -> Sequence[Expansions[N]]:
        """All formulas that are one step longer than one of these, in order of enumeration.

        In parts, where formulas of the same meaning score the same; in one if `at_once`.
        """
        ...


class Estimated(Protocol[N_co]):
    """Formulas that are not scored yet, in the order in which they are enumerated."""

    @property
    def estimates(self) -> NDArray[np.float64]:
        """What is expected of each, on the scale of the scores, `float64[n]`.

        Never NaN; -inf for what must not be visited at all.
        """
        ...

    def visit(self, which: NDArray[np.int64]) -> Candidates[N_co]:
        """Those of these numbers, scored."""
        ...


class GuidedSpace(Protocol[N]):
    """What is searched where a heuristic says what to look at first."""

    def atoms(self) -> Candidates[N]:
        """All formulas of length one."""
        ...

    def estimate(self, nodes: Sequence[N]) -> Estimated[N]:
        """All formulas that are one step longer than one of these."""
        ...


@dataclass(frozen=True)
class Kept(Generic[N]):
    """A formula that was kept, and its score."""

    score: float
    node: N


@dataclass(frozen=True)
class SearchResult(Generic[N]):
    """What a search found.

    Args:
        levels: What was kept at each maximum length, best first; `levels[0]` is for length 1.
        n_scored: How many formulas were scored.
        n_estimated: How many formulas a heuristic estimated.
    """

    levels: list[list[Kept[N]]]
    n_scored: int
    n_estimated: int = 0


class Strategy(Protocol):
    """A way to search any space."""

    def search(self, space: Space[N]) -> SearchResult[N]:
        """The best formulas that it finds."""
        ...
