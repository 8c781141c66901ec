"""The kit for objectives."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from logicx.parts import Owner
from logicx.runs.explain import explain
from logicx.scoring.objective import Family, Objective
from logicx.scoring.objective_checks import SLACK, Checked, check_meaning, check_part, member_of
from logicx.scoring.objectives import OBJECTIVE_KIND, objective_named
from logicx.search.formulas.ceiling import ceiling
from logicx.testing.worlds import World, expansions, tp_fp, trees_of_two, worlds

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_CELLS = 8
"""All counts of units of up to so many cells are tried."""


def check_objective(part: str | Objective | Family) -> None:
    """Hold an objective, or a family of them at its examples, against all that one must do.

    It is named in a word and documented; scores are finite, also where there is 0/0, of the shape
    of the counts, the same whether counts stand alone or in arrays and however often they are asked
    for, and not all equal; it does not write to the counts; `directions` and `ratio` are true, on
    all small counts and on some beyond 2^32; and searches by it find what brute force finds.

    Args:
        part: The objective, or the name under which it is registered, such as `fbeta(2)`.

    Raises:
        AssertionError: Searches find something else than brute force, or scores vary.
        LogicxError: It is not what it says.

    Example:
        >>> check_objective("dice")
    """
    found: Objective | Family
    if isinstance(part, str):
        registered = OBJECTIVE_KIND.find(part)
        found = registered.part if registered else objective_named(part)
    else:
        found = part
    owner = Owner("the objective under test")
    if isinstance(found, Family):
        check_part(found, owner)
        members = [member_of(found, one, owner) for one in found.examples]
    else:
        found = found.part if isinstance(found, Checked) else found
        if "(" not in found.name:  # one of a family has its number in its name
            check_part(found, owner)
        members = [Checked(found, owner)]
    for one in members:
        _check_one(one)


def _check_one(goal: Checked) -> None:
    check_meaning(goal, N_CELLS)
    tp, fp = np.mgrid[0:5, 0:9]
    scores, again = (goal.score(tp, fp, 4, 12) for _ in range(2))
    assert np.array_equal(scores, again), f"{goal.name} scores the same counts in two ways"
    assert np.ptp(scores) > 0, f"{goal.name} scores all counts alike, so it tells nothing"
    for one in worlds(9):
        _check_searches(goal, one)


def _check_searches(goal: Checked, one: World) -> None:
    """Searches by brute force, and the ceiling by all unions of signatures."""
    grown = np.concatenate(
        [expansions(mask, one.masks).reshape(-1, len(one.unit)) for mask in one.masks]
    )
    least = _scores(goal, one, np.concatenate([one.masks, grown])).max()
    most = _scores(goal, one, trees_of_two(one.masks)).max()
    for options in ({"strategy": "exhaustive"}, {"beam": 10**3}):
        (found,) = explain(one.bank, one.units, length=2, objective=goal, **options)
        counts = found.counts
        own = goal.score(counts.tp, counts.fp, *one.counts)
        assert found.score == own, f"{goal.name} gives {own} for what was found with {found.score}"
        slack = SLACK * max(1.0, abs(most))
        assert least - slack <= found.score <= most + slack, (
            f"a search finds {found.score} by {goal.name}, but brute force {least} to {most}"
        )
    size, on = one.bank.size[:10], one.units.on(one.bank, "u")[:10]
    if goal.ratio is None or not on.any():
        return
    top = ceiling(size, on, goal)
    unions = np.array([*product((0, 1), repeat=len(size))])
    both = unions @ on
    best = goal.score(both, unions @ size - both, int(on.sum()), int(size.sum())).max()
    assert top is not None
    assert np.isclose(top, best, rtol=1e-9, atol=1e-12), (
        f"by its ratio no formula exceeds {top} of {goal.name}, but by its scores {best}"
    )


def _scores(goal: Checked, one: World, formulas: NDArray[np.bool_]) -> NDArray[np.float64]:
    return goal.score(*tp_fp(formulas, one.unit), *one.counts)
