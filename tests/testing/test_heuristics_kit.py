"""The kit for heuristics: the built-in ones pass, and each of these mutants fails."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from logicx.errors import LogicxError
from logicx.search.heuristics import HEURISTICS
from logicx.search.heuristics.bounds import Bounds
from logicx.testing import check_heuristic

BOUNDS, CFH, AREAS = (HEURISTICS[one] for one in ("bounds", "cfh", "areas"))


@pytest.mark.parametrize("name", HEURISTICS)
def test_the_built_in_ones_pass(name):
    check_heuristic(name)


@dataclass(frozen=True)
class Changed:
    """`bounds`, whose estimates are changed by a function of them."""

    change: object
    name: str = "changed"
    doc: str = "bounds, changed"
    is_admissible: bool = True
    needs_mask: bool = False
    calls: list = field(default_factory=list)

    def check(self, universe, goal, steps):
        BOUNDS.check(universe, goal, steps)

    def against(self, space, mask):
        plain = BOUNDS.against(space, mask)
        return Estimating(lambda node: self.change(self, plain.estimate(node)))


@dataclass
class Estimating:
    estimate: object


class Writing(Bounds):
    def against(self, space, mask):
        space.engine.on[:] = 0
        return super().against(space, mask)


class WritingToTheMask(Bounds):
    def against(self, space, mask):
        mask |= True
        return super().against(space, mask)


class NoEstimator(Bounds):
    def against(self, space, mask):
        return 0.5


class Failing(Bounds):
    def check(self, universe, goal, steps):
        raise KeyError(goal.name)


class Refusing(Bounds):
    def check(self, universe, goal, steps):
        replace(CFH).check(universe, CFH, steps)


def counting(self, estimates):
    self.calls.append(1)
    return estimates + len(self.calls) * 1e-3


def in_float16(self, estimates):
    return estimates.astype(np.float16)


MUTANTS = {
    "a little too low": Changed(lambda self, found: found - 1e-9),
    "half of the truth": Changed(lambda self, found: found / 2),
    "nothing of some concept": Changed(lambda self, found: found * (np.arange(5) != 3)[:, None]),
    "never AND NOT": Changed(
        lambda self, found: np.where([1, 1, 0, 1, 1][: found.shape[1]], found, 0)
    ),
    "NaN": Changed(lambda self, found: found * np.nan),
    "by step, then concept": Changed(lambda self, found: found.T),
    "one number": Changed(lambda self, found: found.max()),
    "of single concepts": Changed(lambda self, found: found[:, :1]),
    "text": Changed(lambda self, found: found.astype(str)),
    "None": Changed(lambda self, found: None),
    "fails": Changed(lambda self, found: found / {}["scale"]),
    "more each time": Changed(counting),
    "rounded down": Changed(in_float16),
    "areas that say they are admissible": replace(AREAS, is_admissible=True),
    "mmesh that says it is admissible": replace(HEURISTICS["mmesh"], is_admissible=True),
    "writes to the unit's counts": Writing(),
    "writes to the mask": WritingToTheMask(needs_mask=True),
    "no estimator": NoEstimator(),
    "fails when it checks": Failing(),
    "refuses everything": Refusing(),
    "no doc": replace(BOUNDS, doc=""),
    "no word": replace(BOUNDS, name="my bounds"),
    "admissible in words": replace(BOUNDS, is_admissible="yes"),
    "no heuristic": 5,
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_fails(mutant):
    with pytest.raises((AssertionError, LogicxError)):
        check_heuristic(MUTANTS[mutant])
