"""The kit for heuristics."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from logicx.engines.numpy_engine import NumpyEngine
from logicx.errors import OptionError
from logicx.parts import Owner
from logicx.runs.explain import explain
from logicx.scoring.objectives import objective_named
from logicx.search.beam import Beam
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import Step
from logicx.search.heuristics import HEURISTIC_KIND
from logicx.search.heuristics.checks import Checked, check_part
from logicx.testing.worlds import DEFAULT, World, cells_of, expansions, tp_fp, world
from logicx.units.units import Units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx.search.formulas.space import FormulaNode
    from logicx.search.heuristics.roles import Heuristic

N_WORLDS = 10
"""Banks that are tried of each kind of universe."""

SEARCHES = (("iou", DEFAULT), ("mcc", DEFAULT), ("dice", (*DEFAULT, "XOR", "OR NOT")))
"""Objectives and steps that are tried, where the heuristic does not refuse them."""


def check_heuristic(part: str | Heuristic) -> None:
    """Hold a heuristic against all that one must do.

    It is named in a word and documented; what it cannot estimate it refuses by an `OptionError`,
    and not everything; estimates are numbers, one for each concept and step, and the same whenever
    they are asked for and in whatever order; nothing is written to. Where it says that it is
    admissible, no estimate is below the score of the formula, counted cell by cell, and searches
    find what they find without it.

    Args:
        part: The heuristic, or the name under which it is registered.

    Raises:
        AssertionError: An estimate is too low, or something else is found.
        LogicxError: It is not what it says.

    Example:
        >>> check_heuristic("cfh")
    """
    found = HEURISTIC_KIND.get(part) if isinstance(part, str) else part
    found = found.part if isinstance(found, Checked) else found
    owner = Owner("the heuristic under test")
    check_part(found, owner)
    guide = Checked(found, owner)
    n_tried = 0
    for kind, (goal, steps) in product(("rows", "pairs", "tokens", "pixels"), SEARCHES):
        for seed in range(N_WORLDS):
            one = world(seed, kind)
            if _is_refused(guide, one, goal, steps):
                break
            n_tried += 1
            _check_estimates(guide, one, goal, steps)
            _check_outcome(guide, one, goal, steps)
    assert n_tried, f"{guide.what} refuses every universe, objective and step that was tried"


def _is_refused(guide: Checked, one: World, goal: str, steps: Sequence[str]) -> bool:
    try:
        guide.check(one.bank.universe, objective_named(goal), [Step.of(step) for step in steps])
    except OptionError:
        return True
    return False


def _check_estimates(guide: Checked, one: World, goal: str, steps: Sequence[str]) -> None:
    """Every estimate of some formulas of up to three atoms."""
    objective = objective_named(goal)
    engine = NumpyEngine(one.bank, one.units.on(one.bank, "u"))
    operands = np.arange(one.bank.n_concepts)
    space = FormulaSpace(engine, objective, [Step.of(step) for step in steps], operands)
    nodes = _nodes(space)
    mask = one.units.mask("u") if guide.needs_mask else None
    estimator = guide.against(space, mask)
    estimates = [estimator.estimate(node) for node in nodes]
    backwards = [guide.against(space, mask).estimate(node) for node in nodes[::-1]][::-1]
    for node, expected, again in zip(nodes, estimates, backwards, strict=True):
        where = f"{node.formula}, by {goal} over {one.bank.universe}"
        assert np.array_equal(expected, again), (
            f"{guide.what} expects something else when asked again of {where}"
        )
        if not guide.is_admissible:
            continue
        grown = expansions(cells_of(node.formula, one), one.masks, steps)
        scores = objective.score(*tp_fp(grown, one.unit), *one.counts)
        too_low = np.argwhere(expected < scores)
        if len(too_low):
            concept, step = too_low[0].tolist()
            raise AssertionError(
                f"{guide.what} says that it is admissible, but expects "
                f"{expected[concept, step]} of ({node.formula}) {steps[step]} "
                f"{one.bank.names[concept]}, which scores {scores[concept, step]} by {goal} over "
                f"{one.bank.universe}"
            )


def _nodes(space: FormulaSpace) -> list[FormulaNode]:
    """Some formulas of each length up to three."""
    levels = Beam(6, 3).search(space).levels
    singles = [space.atoms().node(i) for i in range(space.engine.bank.n_concepts)]
    kept = [one.node for level in levels for one in level]
    return singles + [node for node in dict.fromkeys(kept) if node.length > 1]


def _check_outcome(guide: Checked, one: World, goal: str, steps: Sequence[str]) -> None:
    options = {"objective": goal, "steps": steps, "beam": 3, "length": 3, "literals": False}
    (found,) = explain(one.bank, one.units, heuristic=guide, **options)  # type: ignore[arg-type]
    (wanted,) = explain(one.bank, one.units, **options)  # type: ignore[arg-type]
    n_single = one.bank.n_concepts
    n_all = found.n_estimated + n_single
    assert found.n_scored <= n_all, f"{guide.what}: {found.n_scored} of {n_all} were visited"
    where = f"by {goal} over {one.bank.universe}"
    if guide.is_admissible:
        mine, its = (
            [(scored.formula, scored.score) for scored in result.by_length]
            for result in (found, wanted)
        )
        assert mine == its, f"with {guide.what} a search finds {mine}, without it {its} ({where})"
    if not guide.needs_mask:
        counted = Units.counted(one.bank, ["u"], [one.units.on(one.bank, "u")])
        (same,) = explain(one.bank, counted, heuristic=guide, **options)  # type: ignore[arg-type]
        assert same.formula == found.formula, (
            f"{guide.what} needs no mask, but finds something else without one ({where})"
        )
