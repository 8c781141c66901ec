"""What strategies and spaces know of each other: four small protocols.

A `Space` offers atoms and, for the formulas kept so far, all one-step expansions. Both come as
`Candidates`: scores of all of them at once, and a `Node` for those that are looked at closely.
A `Strategy` knows nothing else; the formulas may be made of bits or of anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np
    from numpy.typing import NDArray


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

    @property
    def meaning(self) -> Hashable:
        """Equal exactly for formulas that denote the same."""
        ...

    @property
    def form(self) -> Hashable:
        """Equal exactly for formulas of the same canonical form."""
        ...


N = TypeVar("N", bound=Node)
N_co = TypeVar("N_co", bound=Node, covariant=True)


class Candidates(Protocol[N_co]):
    """Formulas with their scores, in the order in which they are enumerated.

    They may state `repeats: bool[n]`, which of them denote what the formula denotes that they
    extend: where equals are kept once, these are not looked at one by one.
    """

    @property
    def scores(self) -> NDArray[np.float64]:
        """One score each, larger is better, `float64[n]`."""
        ...

    def node(self, i: int) -> N_co:
        """The i-th of them."""
        ...


class Space(Protocol[N]):
    """What is searched."""

    def atoms(self) -> Candidates[N]:
        """All formulas of length one."""
        ...

    def expand(self, nodes: Sequence[N]) -> Candidates[N]:
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
    """

    levels: list[list[Kept[N]]]
    n_scored: int


class Strategy(Protocol):
    """A way to search any space."""

    def search(self, space: Space[N]) -> SearchResult[N]:
        """The best formulas that it finds."""
        ...
