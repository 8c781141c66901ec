"""The kit for strategies: the built-in ones pass, and each of these mutants fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import ClassVar

import numpy as np
import pytest

from logicx import Beam, Concept, Counts, Exhaustive, Optimal, strategy
from logicx.errors import LogicxError, OptionError
from logicx.runs.planners import search_of
from logicx.runs.strategies.registry import STRATEGY_KIND
from logicx.runs.strategies.roles import AskedUnit
from logicx.scoring.results import Explanation
from logicx.testing import check_strategy

N_CALLS = count()
BUILT_IN = ("beam", "optimal", "exhaustive")


def test_these_are_all_built_in_ones():
    assert {*BUILT_IN} == {*STRATEGY_KIND.table()}


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_ones_pass(name):
    check_strategy(name)


@pytest.mark.parametrize(
    "part",
    [Beam, Beam(width=2, steps="OR, AND, XOR"), Exhaustive("chain"), Optimal("chain")],
)
def test_they_pass_with_options(part):
    check_strategy(part)


@dataclass(frozen=True)
class Trying:
    """The built-in strategy that tries everything, through the door for others."""

    name: ClassVar[str] = "trying"

    shape: str = "chain"

    def search(self, task, unit):
        return self.found(task, unit)

    def found(self, task, unit):
        asked = AskedUnit("u", unit, lambda: None)
        (told,) = search_of(Exhaustive(self.shape), task).explain([asked], Event())
        return told.formula if isinstance(told, Explanation) else None


def test_the_original_of_the_mutants_passes():
    with STRATEGY_KIND.scope():
        strategy(Trying)
        check_strategy("trying")
    check_strategy(Trying("tree"))


class TooLong(Trying):
    def search(self, task, unit):
        return self.found(task, unit) & task.bank.atom(0) & task.bank.atom(1) & task.bank.atom(2)


class UnknownConcept(Trying):
    def search(self, task, unit):
        return Concept("zzz")


class NoFormula(Trying):
    def search(self, task, unit):
        return "c0 OR c1"


class Numbers(Trying):
    def search(self, task, unit):
        return [0]


class Raising(Trying):
    def search(self, task, unit):
        return unit.missing


class WrongCounts(Trying):
    def search(self, task, unit):
        return self.found(task, unit), Counts(1, 2, 3, 4)


class WrongScore(Trying):
    def search(self, task, unit):
        return self.found(task, unit), 2.0


class FindsNothing(Trying):
    def search(self, task, unit):
        return None


class FindsLittle(Trying):
    def search(self, task, unit):
        return self.found(task, unit) if unit.n_on == 1 else None


class Wavering(Trying):
    def search(self, task, unit):
        return task.bank.atom(next(N_CALLS) % task.bank.n_concepts)


class Remembering(Trying):
    seen: ClassVar[list] = []

    def search(self, task, unit):
        self.seen.append(unit.n_on)
        first = self.seen[0] == unit.n_on
        return task.bank.atom(0 if first else len(self.seen) % 3)


class WritingToTheUnit(Trying):
    def search(self, task, unit):
        found = self.found(task, unit)
        unit.counts[:] = 1
        unit.dense()[:] = 1
        return found


class WritingToSizes(Trying):
    def search(self, task, unit):
        task.bank.size[0] += 1
        return self.found(task, unit)


class IgnoringSupport(Trying):
    def search(self, task, unit):
        return [task.bank.atom(i) & ~task.bank.atom(0) for i in range(1, 5)][: task.length - 1] or (
            task.bank.atom(1)
        )


class FailsForFullUnits(Trying):
    def search(self, task, unit):
        return task.bank.atom(unit.n_on // (unit.dense().sum() < task.bank.n_valid))


class Rewriting(Trying):
    def search(self, task, unit):
        from logicx import Apply

        return Apply("NEIGHBORS", (Concept("c1"),))


@dataclass(frozen=True)
class Local:
    """Cannot be pickled."""

    name: ClassVar[str] = "local"
    by: object = field(default_factory=lambda: lambda: None, hash=False, compare=False)

    search = Trying.search


@dataclass
class Changeable:
    """No frozen one."""

    name: ClassVar[str] = "changeable"
    search = Trying.search


@dataclass(frozen=True)
class Clashing:
    """An option that explain has."""

    name: ClassVar[str] = "clashing"
    length: int = 3
    search = Trying.search


@dataclass(frozen=True)
class Needing:
    """An option without a default."""

    tries: int
    name: ClassVar[str] = "needing"
    search = Trying.search


@dataclass(frozen=True)
class NamedByOption:
    """The name is an option."""

    name: str = "named"
    search = Trying.search


@dataclass(frozen=True)
class Undocumented:
    name: ClassVar[str] = "undocumented"
    search = Trying.search


@dataclass(frozen=True)
class Searchless:
    """It cannot search."""

    name: ClassVar[str] = "searchless"


@dataclass(frozen=True)
class Refusing:
    """Refuses its defaults."""

    name: ClassVar[str] = "refusing"
    tries: int = 0
    search = Trying.search

    def __post_init__(self):
        if not self.tries:
            raise OptionError("no tries")


@dataclass(frozen=True)
class OddOption:
    """An option that no journal can note."""

    name: ClassVar[str] = "odd"
    by: object = np.float64
    search = Trying.search


class Plain:
    """No dataclass."""

    name = "plain"
    search = Trying.search


MUTANTS = [
    *(TooLong, UnknownConcept, NoFormula, Numbers, Raising, WrongCounts, WrongScore),
    *(FindsNothing, FindsLittle, Wavering, Remembering, WritingToTheUnit),
    *(WritingToSizes, IgnoringSupport, FailsForFullUnits, Rewriting, Local, Changeable, Clashing),
    *(Needing, NamedByOption, Undocumented, Searchless, Refusing, OddOption, Plain),
]


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_fails(mutant):
    if mutant.__doc__ is None:
        mutant.__doc__ = Trying.__doc__
    with pytest.raises((AssertionError, LogicxError)) as caught:
        check_strategy(mutant)
    assert "pickled" not in str(caught.value)
