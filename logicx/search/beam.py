"""Beam search, exact: every one-step expansion of the beam is scored.

Source: Mu and Andreas 2020, section 2. As there, formulas found earlier stay in the beam while
nothing better replaces them, so the best of a beam never gets worse with length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal

import numpy as np

from logicx.errors import OptionError
from logicx.search.space import Candidates, Kept, N, SearchResult, Space

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

Dedupe = Literal["meaning", "form", "none"]
DEDUPES = ("meaning", "form", "none")


@dataclass(frozen=True)
class Beam:
    """The beam strategy.

    Args:
        width: How many formulas are kept, from 1.
        length: Most atoms of a formula, from 1.
        dedupe: `meaning`: of formulas that denote the same, only the first is kept; `form`: of
            formulas with the same canonical form; `none`: all are kept, as the peers do.
    """

    width: int = 10
    length: int = 3
    dedupe: Dedupe = "meaning"

    def __post_init__(self) -> None:
        """Refuse sizes that mean nothing."""
        for name, value in (("beam", self.width), ("length", self.length)):
            if not isinstance(value, int) or value < 1:
                raise OptionError(f"{name} must be a whole number from 1, not {value}")
        if self.dedupe not in DEDUPES:
            raise OptionError(f"dedupe is one of {', '.join(DEDUPES)}, not {self.dedupe!r}")

    def search(self, space: Space[N]) -> SearchResult[N]:
        """Search a space; ties are broken by order of enumeration, earlier beams first."""
        atoms = space.atoms()
        n_scored = len(atoms.scores)
        kept = self._select([], atoms)
        levels = [kept]
        for _ in range(1, self.length):
            children = space.expand([one.node for one in kept])
            n_scored += len(children.scores)
            grown = self._select(kept, children)
            has_grown = len(grown) != len(kept) or grown[-1].node is not kept[-1].node
            kept = grown
            levels.append(kept)
            if not has_grown:  # the same beam would be expanded again, with the same outcome
                levels += [kept] * (self.length - len(levels))
                break
        return SearchResult(levels, n_scored)

    def _select(self, kept: Sequence[Kept[N]], new: Candidates[N]) -> list[Kept[N]]:
        """The best of the beam and its expansions; at equal scores the beam comes first."""
        seen = _Seen[N](self.dedupe)
        for one in kept:
            seen.is_new(one.node)
        floor = kept[-1].score if len(kept) == self.width else -np.inf
        entering: list[Kept[N]] = []
        scores = new.scores
        repeats = getattr(new, "repeats", None)
        if self.dedupe == "meaning" and repeats is not None:  # often thousands
            scores = np.where(repeats, -np.inf, scores)
        for i in _best_first(scores, floor, self.width):
            if len(entering) == self.width:
                break
            node = new.node(i)
            if seen.is_new(node):
                entering.append(Kept(float(new.scores[i]), node))
        return sorted([*kept, *entering], key=lambda one: -one.score)[: self.width]


class _Seen(Generic[N]):
    """Formulas met so far, told apart as far as `dedupe` says."""

    def __init__(self, dedupe: Dedupe) -> None:
        self._dedupe = dedupe
        self._by_fingerprint: dict[Hashable, list[N]] = {}
        self._forms: set[Hashable] = set()

    def is_new(self, node: N) -> bool:
        """Whether no equal one was met; it has been, from now on."""
        if self._dedupe == "none":
            return True
        if self._dedupe == "form":
            is_known = node.form in self._forms
            self._forms.add(node.form)
            return not is_known
        alike = self._by_fingerprint.setdefault(node.fingerprint, [])
        if any(node.meaning == other.meaning for other in alike):
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
