"""What objectives of other people are held to: when they are registered, and whenever they score.

The built-in ones are held to the same in the tests, not when they are imported.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import PluginError
from logicx.parts import Owned, answering
from logicx.parts.written import is_word
from logicx.scoring.objective import Family, Objective, Ratio, Sum, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from logicx.parts import Owner
    from logicx.scoring.objective import Directions

SMALL = 5
"""Registration looks at all counts of all units of up to so many cells."""

LARGE = ((10**9, 10**7), (1 << 40, 1 << 36))
"""Cells, and cells where the unit fires, whose products with each other need more than 64 bits."""

SLACK = 1e-9
"""What rounding may cost, as a share of the largest score."""


class Checked(Owned[Objective]):
    """An objective that is not our own: what it gives is checked, and its faults name its owner."""

    @property
    def directions(self) -> Directions | None:
        """How it changes with tp and fp, where that is stated.

        Raises:
            PluginError: It is no pair of -1, 0 and 1.
        """
        found: Any = getattr(self.part, "directions", None)
        if found is None:
            return None
        is_pair = isinstance(found, (tuple, list)) and len(found) == 2
        if not is_pair or any(type(one) is not int or abs(one) > 1 for one in found):
            raise self._fault(f"states directions={found!r}, not two of -1, 0 and 1")
        return found[0], found[1]

    @property
    def ratio(self) -> Callable[[int, int], Ratio] | None:
        """The exact ratio that it is, checked as the scores are; None where none is stated."""
        return None if getattr(self.part, "ratio", None) is None else self._ratio

    def _ratio(self, n_on: int, n_cells: int) -> Ratio:
        make: Any = getattr(self.part, "ratio", None)
        with answering(f"the ratio of objective {self.name!r}", self.owner):
            found = make(n_on, n_cells)
        is_ratio = isinstance(found, Ratio) and all(
            isinstance(one, Sum) and all(isinstance(term, Fraction) for term in one)
            for one in found
        )
        if not is_ratio:
            raise self._fault(
                f"gives {found!r} for its ratio", "a Ratio of two Sums, each made by Sum.of"
            )
        ratio: Ratio = found
        return ratio

    def score(self, tp: Values, fp: Values, n_on: int, n_cells: int) -> NDArray[np.float64]:
        """Scores of formulas against one unit, or an error that names the owner.

        Raises:
            PluginError: It fails, or gives something else than finite numbers of the same shape.
        """
        tp, fp = _read_only(tp), _read_only(fp)
        with answering(f"objective {self.name!r}", self.owner), np.errstate(all="ignore"):
            found = np.asarray(self.part.score(tp, fp, n_on, n_cells))
        shape = np.broadcast_shapes(tp.shape, fp.shape)
        if found.dtype.kind not in "fiub" or found.shape != shape:
            raise self._fault(
                f"gives {found.dtype} of shape {found.shape} for counts of shape {shape}",
                "scores are numbers, one for each pair of tp and fp, which may be arrays",
            )
        is_finite = np.isfinite(found)
        if not is_finite.all():
            place = tuple(np.argwhere(~is_finite)[0].tolist())
            at = [int(np.broadcast_to(one, shape)[place]) for one in (tp, fp)]
            raise self._fault(
                f"gives {found[place]} at tp={at[0]:,}, fp={at[1]:,}, n_on={n_on:,}, "
                f"n_cells={n_cells:,}",
                "say what the score is where there is 0/0, such as 0",
            )
        return found.astype(np.float64, copy=False)

    def _fault(self, what: str, hint: str = "") -> PluginError:
        return PluginError(f"objective {self.name!r} of {self.owner} {what}", hint=hint)


def check_part(part: Objective | Family, owner: Owner) -> None:
    """Refuse an objective, or a family of them, that is not what it says.

    Raises:
        PluginError: Its name is none, it has no doc, or `check_meaning` says what is wrong.
    """
    if owner.is_builtin:
        return
    name = getattr(part, "name", None)
    is_whole = isinstance(part, Family) or callable(getattr(part, "score", None))
    if not (is_whole and is_word(name)):
        raise PluginError(
            f"{owner} registers an objective that is none: {part!r}",
            hint="it has a name, a word in lower case, and score(tp, fp, n_on, n_cells)",
        )
    if not str(getattr(part, "doc", "") or "").strip():
        raise PluginError(
            f"objective {name!r} of {owner} has no documentation",
            hint="say what it measures in the docstring of the function",
        )
    if not isinstance(part, Family):
        check_meaning(Checked(part, owner))
        return
    if not part.number.isidentifier() or not part.examples:
        raise PluginError(
            f"the objectives {part.name!r} of {owner} take a number, but there is no "
            f"{'name of it' if not part.number.isidentifier() else 'example of one'}",
            hint='such as number="beta", examples=[0.5, 2]',
        )
    for value in part.examples:
        check_meaning(member_of(part, value, owner))


def member_of(part: Family, value: float, owner: Owner) -> Checked:
    """The objective of a family that a number stands for.

    Raises:
        PluginError: The family fails, or makes something else.
    """
    what = f"objective {part.name}({value!r})"
    with answering(what, owner):
        found = part.function(float(value))
    if not (callable(getattr(found, "score", None)) and hasattr(found, "name")):
        raise PluginError(f"{what} of {owner} is none: {found!r}", hint="it has a name and score")
    return Checked(found, owner)


def check_meaning(goal: Checked, n_cells: int = SMALL) -> None:
    """Hold an objective against all small counts, and some large ones.

    Args:
        goal: The objective.
        n_cells: All counts of all units of up to so many cells are small.

    Raises:
        PluginError: It gives something else than finite numbers of the same shape, an array is
            scored otherwise than its numbers, or directions or ratio are not true.
    """
    for n, n_on, tp, fp in _tables(n_cells):
        scores = goal.score(tp, fp, n_on, n)
        _check_alone(goal, tp, fp, n_on, n, scores)
        _check_directions(goal, tp, fp, n_on, n, scores)
        if goal.ratio is not None and n <= n_cells:
            _check_ratio(goal, tp, fp, n_on, n, scores)


def _tables(most: int) -> Iterator[tuple[int, int, NDArray[np.int64], NDArray[np.int64]]]:
    """Cells, cells where the unit fires, and pairs of counts, tp by row and fp by column."""
    for n_cells in range(1, most + 1):
        for n_on in range(n_cells + 1):
            tp, fp = np.mgrid[0 : n_on + 1, 0 : n_cells - n_on + 1]
            yield n_cells, n_on, tp, fp
    for n_cells, n_on in LARGE:
        n_off = n_cells - n_on
        some = [0, 1, n_on // 3, n_on - 1, n_on], [0, 1, n_off // 3, n_off - 1, n_off]
        tp, fp = np.meshgrid(*some, indexing="ij")
        yield n_cells, n_on, tp, fp


def _check_alone(goal: Checked, tp: Any, fp: Any, n_on: int, n: int, scores: Any) -> None:
    """Each number must be scored as it is among others: the last, one in the middle, the first."""
    for place in ((-1, -1), (len(tp) // 2, tp.shape[1] // 2), (0, 0)):
        alone = goal.score(int(tp[place]), int(fp[place]), n_on, n)
        if abs(float(alone) - scores[place]) > _slack(scores):
            raise goal._fault(
                f"gives {float(alone)} at tp={tp[place]:,}, fp={fp[place]:,}, n_on={n_on:,}, "
                f"n_cells={n:,}, but {scores[place]} where the counts stand in an array",
                "it is to score every pair of tp and fp by itself: use NumPy's functions",
            )


def _check_directions(goal: Checked, tp: Any, fp: Any, n_on: int, n: int, scores: Any) -> None:
    for axis, sign in enumerate(goal.directions or ()):
        change = np.diff(scores, axis=axis)
        is_wrong = np.abs(change) if sign == 0 else -sign * change
        if (is_wrong > _slack(scores)).any():
            i, j = np.argwhere(is_wrong > _slack(scores))[0].tolist()
            after = (i + 1, j) if axis == 0 else (i, j + 1)
            says = {1: "never falls", -1: "never rises", 0: "does not change"}[sign]
            raise goal._fault(
                f"states that it {says} with {('tp', 'fp')[axis]}, but goes from {scores[i, j]} at "
                f"tp={tp[i, j]:,}, fp={fp[i, j]:,} to {scores[after]} at tp={tp[after]:,}, "
                f"fp={fp[after]:,} (n_on={n_on:,}, n_cells={n:,})",
                "state other directions, or none",
            )


def _check_ratio(goal: Checked, tp: Any, fp: Any, n_on: int, n: int, scores: Any) -> None:
    ratio = goal._ratio(n_on, n)
    where = f"(n_on={n_on:,}, n_cells={n:,})"
    exact = {}
    for place, value in np.ndenumerate(scores):
        counts = int(tp[place]), int(fp[place])
        exact[counts] = ratio.at(*counts)
        if ratio.lower.at(*counts) < 0:
            raise goal._fault(
                f"has a ratio below a negative sum at tp={counts[0]}, fp={counts[1]} {where}"
            )
        if abs(float(exact[counts]) - value) > _slack(scores):
            raise goal._fault(
                f"scores {value} at tp={counts[0]}, fp={counts[1]}, but its ratio is "
                f"{exact[counts]} {where}"
            )
    for (hits, misses), value in exact.items():
        more_hits = exact.get((hits + 1, misses), value)
        more_misses = exact.get((hits, misses + 1), value)
        if more_hits < value or more_misses > value:
            raise goal._fault(
                f"has a ratio that falls with tp or grows with fp, at tp={hits}, "
                f"fp={misses} {where}",
                "proofs rest on ratios that grow with tp and not with fp: leave it away",
            )


def _slack(scores: NDArray[np.float64]) -> float:
    return SLACK * max(1.0, float(np.abs(scores).max()))


def _read_only(values: Values) -> NDArray[Any]:
    """Counts that another's code may look at and not write to."""
    shown: NDArray[Any] = np.asarray(values).view()
    shown.flags.writeable = False
    return shown
