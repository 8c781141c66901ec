"""Two beams side by side: a first that is searched as if alone, and one of what else there is.

Adding to what a space offers can make a plain beam worse: the new formulas crowd out those that
would have led further. Here the first lane is the beam as it was, to the last digit, and all that
is new competes for the places of a second one. So nothing that is found is worse than without it.

A formula belongs to the first lane if it is made as the first space makes it, from one of its own;
all others belong to the second. What enters the second denotes what no formula of the first does,
in this step's beam or the last one's. Each formula is expanded into the second lane once, when it
is new.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from logicx.search.beam import Beam, Seen
from logicx.search.space import Candidates, Expansions, Kept, N, SearchResult, Space

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class LanedSpace(Space[N], Protocol[N]):
    """A space of which there is more than the first beam sees."""

    @property
    def grows_later(self) -> bool:
        """Whether formulas may come of those that were expanded already, at greater length."""
        ...

    def other_atoms(self) -> Candidates[N]:
        """Formulas of length one that the first lane does not have."""
        ...

    def expand_lanes(
        self,
        nodes: Sequence[N],
        new: Sequence[N],
        others: Sequence[N],
        known: Sequence[N],
        length: int,
        at_once: bool = False,
    ) -> tuple[Iterable[Expansions[N]], Iterable[Expansions[N]]]:
        """One-step expansions for either lane, in order of enumeration.

        Args:
            nodes: The formulas of the first lane.
            new: Those of them that were not expanded into the second one yet.
            others: Formulas of the second lane that were not expanded yet.
            known: All that either lane ever kept.
            length: How many atoms the expansions have.
            at_once: Whether the first lane's come in one part.
        """
        ...

    def rank(self, node: N) -> tuple[int, ...]:
        """What comes first of formulas that score the same: the smaller."""
        ...


@dataclass(frozen=True)
class Lanes:
    """A beam, and a second lane beside it.

    Args:
        beam: The first lane.
        extra: Width of the second one, from 1.
    """

    beam: Beam
    extra: int

    def search(self, space: LanedSpace[N]) -> SearchResult[N]:
        """Search a space; the levels hold both lanes, best first."""
        first, second = self.beam, replace(self.beam, width=self.extra)
        floor = -np.inf if first.starts_with_zeros else 0.0
        atoms, more = space.atoms(), space.other_atoms()
        kept = first.select([], atoms, first.first_factor * first.width, floor)
        seen = Seen[N](first.dedupe, [one.node for one in kept])
        others = second.select([], more, second.first_factor * second.width, floor, seen)
        n_scored = len(atoms.scores) + len(more.scores)
        levels = [_merged(space, kept, others)]
        expanded, known = set[int](), list[N]()
        for length in range(1, first.length):
            nodes = [one.node for one in kept]
            if first.expands == "newest":
                nodes = [node for node in nodes if node.length == length]
            new = [one.node for one in kept if id(one.node) not in expanded]
            new_others = [one.node for one in others if id(one.node) not in expanded]
            if not (new or new_others or space.grows_later):
                break
            expanded.update(map(id, (*new, *new_others)))
            known += [*new, *new_others]
            parts, more_parts = space.expand_lanes(
                nodes, new, new_others, known, length + 1, first.counts_remade
            )
            grown = first.grow(kept, parts)
            added = second.grow(others, more_parts, [*kept, *grown.kept])
            kept, others = grown.kept, added.kept
            n_scored += grown.n_scored + added.n_scored
            levels.append(_merged(space, kept, others))
        levels += [levels[-1]] * (first.length - len(levels))
        return SearchResult(levels, n_scored)


def _merged(
    space: LanedSpace[N], kept: Sequence[Kept[N]], others: Sequence[Kept[N]]
) -> list[Kept[N]]:
    return sorted([*kept, *others], key=lambda one: (-one.score, *space.rank(one.node)))
