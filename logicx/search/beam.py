"""Beam search, exact: every one-step expansion of the beam is scored.

Source: Mu and Andreas 2020, section 2. As there, formulas found earlier stay in the beam while
nothing better replaces them, so the best of a beam never gets worse with length.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, Literal

import numpy as np

from logicx.errors import OptionError
from logicx.search.checking import checked
from logicx.search.space import (
    LONGEST,
    Candidates,
    Expansions,
    Kept,
    N,
    SearchResult,
    Space,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

Dedupe = Literal["meaning", "form", "order", "none"]
DEDUPES = ("meaning", "form", "order", "none")
Expands = Literal["all", "newest"]
WIDEST = 100_000
"""Most formulas that a beam keeps."""


@dataclass(frozen=True)
class Grown(Generic[N]):
    """A beam one step further, and how many formulas were scored and estimated on the way."""

    kept: list[Kept[N]]
    n_scored: int
    n_estimated: int = 0


@dataclass(frozen=True)
class Beam:
    """The beam strategy.

    Args:
        width: How many formulas are kept, from 1.
        length: Most atoms of a formula, from 1.
        dedupe: `meaning`: of formulas that denote the same, only the first is kept; `form`: of
            formulas with the same canonical form; `order`: of formulas that differ in the order of
            operands only; `none`: all are kept.
        first_factor: The beam of atoms is so many times as wide.
        starts_with_zeros: Whether atoms may be kept that score 0 or less.
        expands: `all`: every kept formula at each step; `newest`: those of the last step.
        counts_remade: Whether an expansion that equals a kept formula takes a place from new ones.
    """

    width: int = 10
    length: int = 3
    dedupe: Dedupe = "meaning"
    first_factor: int = 1
    starts_with_zeros: bool = True
    expands: Expands = "all"
    counts_remade: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes that mean nothing."""
        for name, value, most in (("beam", self.width, WIDEST), ("length", self.length, LONGEST)):
            if not isinstance(value, int) or value < 1:
                raise OptionError(f"{name} must be a whole number from 1, not {value!r}")
            if value > most:
                raise OptionError(f"{name} may be {most:,} at most, not {value:,}")
        if self.dedupe not in DEDUPES:
            raise OptionError(f"dedupe is one of {', '.join(DEDUPES)}, not {self.dedupe!r}")

    def search(self, space: Space[N]) -> SearchResult[N]:
        """Search a space; ties are broken by order of enumeration, earlier beams first.

        Raises:
            PluginError: What a space of one's own gives is wrong.
        """
        space = checked(space, self.dedupe)
        return self.run(space.atoms(), partial(self._grow, space))

    def run(
        self, atoms: Candidates[N], grow: Callable[[list[Kept[N]], list[N]], Grown[N]]
    ) -> SearchResult[N]:
        """The beams from these atoms on; each is grown from the one before and its formulas."""
        n_scored, n_estimated = len(atoms.scores), 0
        floor = -np.inf if self.starts_with_zeros else 0.0
        kept = self.select([], atoms, self.first_factor * self.width, floor)
        levels = [kept]
        for length in range(1, self.length):
            nodes = [one.node for one in kept]
            if self.expands == "newest":
                nodes = [node for node in nodes if node.length == length]
            if not nodes:
                break
            grown = grow(kept, nodes)
            n_scored += grown.n_scored
            n_estimated += grown.n_estimated
            has_grown = len(grown.kept) != len(kept) or grown.kept[-1].node is not kept[-1].node
            kept = grown.kept
            levels.append(kept)
            if not has_grown:  # the same beam would be expanded again, or nothing at all
                break
        levels += [kept] * (self.length - len(levels))
        return SearchResult(levels, n_scored, n_estimated)

    def _grow(self, space: Space[N], kept: list[Kept[N]], nodes: list[N]) -> Grown[N]:
        """Part by part: what enters from one raises the floor for the next."""
        return self.grow(kept, space.expand(nodes, at_once=self.counts_remade))

    def grow(
        self,
        kept: list[Kept[N]],
        parts: Iterable[Expansions[N]],
        others: Sequence[Kept[N]] = (),
    ) -> Grown[N]:
        """The beam and the best of some expansions, but none that equals one of the others."""
        is_once = self.dedupe == "meaning" and not self.counts_remade
        n_scored, seen = 0, Seen[N](self.dedupe, [one.node for one in (*kept, *others)])
        for part in parts:
            children = part.above(self.floor(kept), repeats=not is_once)
            kept = self.select(kept, children, self.width, seen=seen)
            n_scored += part.n_scored
        return Grown(kept, n_scored)

    def floor(self, kept: Sequence[Kept[N]]) -> float:
        """The score that a candidate must exceed to enter."""
        return kept[self.width - 1].score if len(kept) >= self.width else -np.inf

    def select(
        self,
        kept: Sequence[Kept[N]],
        new: Candidates[N],
        width: int,
        floor: float = -np.inf,
        seen: Seen[N] | None = None,
    ) -> list[Kept[N]]:
        """The best of the beam and its expansions; at equal scores the beam comes first.

        Args:
            kept: The beam.
            new: Its expansions.
            width: How many formulas to keep.
            floor: What a formula must score above where the beam is not full.
            seen: The formulas of the beam, if they were noted before; others may have left it.
        """
        seen = seen or Seen[N](self.dedupe, [one.node for one in kept])
        made = Seen[N](self.dedupe)
        if len(kept) >= width:
            floor = kept[width - 1].score
        entering: list[Kept[N]] = []
        n_taken = n_before = 0
        for i in _best_first(new.scores, floor, width):
            score = float(new.scores[i])
            while n_before < len(kept) and kept[n_before].score >= score:  # the beam comes first
                n_before += 1
            if n_taken + n_before >= width:
                break
            node = new.node(i)
            is_new = seen.is_new(node)
            is_remade = self.counts_remade and made.is_new(node) and not is_new
            n_taken += is_new or is_remade
            if is_new:
                entering.append(Kept(score, node))
        return sorted([*kept, *entering], key=lambda one: -one.score)[:width]


class Seen(Generic[N]):
    """Formulas met so far, told apart as far as `dedupe` says."""

    def __init__(self, dedupe: Dedupe, nodes: Iterable[N] = ()) -> None:
        """Take note of some formulas."""
        self._dedupe = dedupe
        self._by_fingerprint: dict[Hashable, list[N]] = {}
        self._keys: set[Hashable] = set()
        for one in nodes:
            self.is_new(one)

    def is_new(self, node: N) -> bool:
        """Whether no equal one was met; it has been, from now on."""
        if self._dedupe == "none":
            return True
        if self._dedupe != "meaning":
            key = node.form if self._dedupe == "form" else node.order
            is_known = key in self._keys
            self._keys.add(key)
            return not is_known
        alike = self._by_fingerprint.setdefault(node.fingerprint, [])
        for other in alike:
            if node.denotes_as(other):
                return False
        alike.append(node)
        return True


def _best_first(scores: NDArray[np.float64], floor: float, width: int) -> Iterator[int]:
    """Indices of scores above the floor, by descending score, then ascending index.

    Few are usually asked for, so ever larger heads are sorted, not the whole.
    """
    above = np.flatnonzero(scores > floor)
    values = scores[above]
    n_done, n_head = 0, 4 * width
    while n_done < len(above):
        if n_head < len(above):
            cut = np.partition(values, len(values) - n_head)[len(values) - n_head]
            head = np.flatnonzero(values >= cut)
        else:
            head = np.arange(len(values))
        order = head[np.argsort(-values[head], kind="stable")]
        yield from above[order[n_done:]].tolist()
        n_done, n_head = len(order), n_head * 8
