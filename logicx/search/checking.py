"""What a space of someone else gives is checked before a search relies on it.

A wrong score, such as NaN, would be kept or dropped without a word; a node without a fingerprint
fails deep inside. So each is looked at where it comes in, and the message names the space.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from logicx.errors import PluginError
from logicx.parts import answering

if TYPE_CHECKING:
    from numpy.typing import NDArray

S = TypeVar("S")

NODE = ("length", "fingerprint", "form", "order")
"""What every node has, besides `denotes_as`."""

ASKED = {"meaning": ("fingerprint",), "form": ("form",), "order": ("order",), "none": ()}
"""What tells nodes apart, by `dedupe`."""


def checked(space: S, dedupe: str, is_guided: bool = False) -> S:
    """The space, with all that it gives checked; logicx's own ones are left as they are.

    Raises:
        PluginError: It has not the functions of a space.
    """
    if type(space).__module__.partition(".")[0] == "logicx":
        return space
    needed = ("atoms", "estimate") if is_guided else ("atoms", "expand")
    missing = [one for one in needed if not callable(getattr(space, one, None))]
    if missing:
        raise PluginError(
            f"the space {type(space).__name__} has no function {missing[0]!r}",
            hint=f"a {'guided ' if is_guided else ''}space has {' and '.join(needed)}; see "
            "docs/search-anything.md",
        )
    return cast("S", _Space(space, dedupe))


class _Space:
    def __init__(self, space: Any, dedupe: str) -> None:
        self._space, self._dedupe = space, dedupe
        self._what = f"the space {type(space).__name__}"
        self._owner = type(space).__module__

    def _told(self, place: str) -> str:
        return f"{place} of {self._what}"

    def atoms(self) -> _Candidates:
        with answering(self._told("atoms"), self._owner):
            found = self._space.atoms()
        return _Candidates(found, self._told("atoms()"), self._owner, self._dedupe)

    def expand(self, nodes: Sequence[Any], at_once: bool = False) -> Iterator[_Expansions]:
        place = self._told("expand()")
        with answering(self._told("expand"), self._owner):
            parts = self._space.expand(nodes, at_once)
        if not isinstance(parts, (list, tuple)):
            raise PluginError(
                f"{place} gave {type(parts).__name__}, not a list of parts",
                hint="give a list of expansions, of one part if there is no reason for more",
            )
        for part in parts:
            yield _Expansions(part, place, self._owner, self._dedupe)

    def estimate(self, nodes: Sequence[Any]) -> _Estimated:
        with answering(self._told("estimate"), self._owner):
            found = self._space.estimate(nodes)
        return _Estimated(found, self._told("estimate()"), self._owner, self._dedupe)


class _Part:
    def __init__(self, part: Any, place: str, owner: str, dedupe: str) -> None:
        self._part, self._place, self._owner, self._dedupe = part, place, owner, dedupe

    def _has(self, *names: str) -> None:
        for name in names:
            if not hasattr(self._part, name):
                raise PluginError(
                    f"{self._place} gave {type(self._part).__name__}, which has no {name!r}",
                    hint="logicx.search.Listed makes candidates of a list of nodes",
                )

    def _numbers(self, name: str) -> NDArray[np.float64]:
        with answering(f"{name} of {self._place}", self._owner):
            given = getattr(self._part, name)
        if not isinstance(given, np.ndarray) or given.ndim != 1 or given.dtype.kind not in "fiu":
            kind = f"{given.dtype}{list(given.shape)}" if isinstance(given, np.ndarray) else given
            raise PluginError(
                f"{name} of {self._place} are no NumPy array of numbers, one each: {kind!r:.60}",
                hint="np.array([...], float)",
            )
        wrong = np.isnan(given)
        if wrong.any():
            raise PluginError(
                f"{name} of {self._place}: number {int(np.argmax(wrong))} is NaN",
                hint="give -inf to what may not be kept",
            )
        return np.asarray(given, np.float64)


class _Candidates(_Part):
    def __init__(self, part: Any, place: str, owner: str, dedupe: str) -> None:
        super().__init__(part, place, owner, dedupe)
        self._has("scores", "node")
        self.scores = self._numbers("scores")

    def node(self, i: int) -> Any:
        with answering(f"node({i}) of {self._place}", self._owner):
            node = self._part.node(i)
            for name in ("length", *ASKED[self._dedupe]):
                if not hasattr(node, name):
                    raise PluginError(
                        f"node {i} of {self._place}, {node!r:.60}, has no {name!r}",
                        hint=f"a node has {', '.join(NODE)} and denotes_as",
                    )
            if type(node.length) is not int or node.length < 1:
                raise PluginError(
                    f"node {i} of {self._place} has the length {node.length!r}",
                    hint="length is a whole number of atoms, from 1",
                )
            for name in ASKED[self._dedupe]:
                try:
                    hash(getattr(node, name))
                except TypeError:
                    raise PluginError(
                        f"{name} of node {i} of {self._place} is no key: "
                        f"{getattr(node, name)!r:.60}",
                        hint="give a number, a text, bytes, or a tuple of such",
                    ) from None
            if self._dedupe == "meaning" and not callable(getattr(node, "denotes_as", None)):
                raise PluginError(f"node {i} of {self._place} has no function 'denotes_as'")
        return node


class _Expansions(_Part):
    @property
    def n_scored(self) -> int:
        self._has("n_scored")
        return int(self._part.n_scored)

    def above(self, floor: float, repeats: bool = True) -> _Candidates:
        self._has("above")
        with answering(f"above of {self._place}", self._owner):
            found = self._part.above(floor, repeats)
        return _Candidates(found, self._place, self._owner, self._dedupe)


class _Estimated(_Part):
    def __init__(self, part: Any, place: str, owner: str, dedupe: str) -> None:
        super().__init__(part, place, owner, dedupe)
        self._has("estimates", "visit")
        self.estimates = self._numbers("estimates")

    def visit(self, which: NDArray[np.int64]) -> _Candidates:
        with answering(f"visit of {self._place}", self._owner):
            found = self._part.visit(which)
        candidates = _Candidates(found, self._place, self._owner, self._dedupe)
        if len(candidates.scores) != len(which):
            raise PluginError(
                f"visit of {self._place} gave {len(candidates.scores)} scores for {len(which)}",
                hint="one for each number that is asked for, in their order",
            )
        return candidates
