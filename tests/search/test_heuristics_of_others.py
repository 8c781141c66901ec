"""Heuristics that did not come with logicx: how they register, and what they are refused for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from guided_worlds import world

import logicx
from logicx.errors import OptionError, PluginError
from logicx.search.heuristics import HEURISTIC_KIND, HEURISTICS, heuristic_named
from logicx.search.heuristics.bounds import Bounds


@pytest.fixture(autouse=True)
def scope():
    with HEURISTIC_KIND.scope():
        yield


@dataclass(frozen=True)
class Halves(Bounds):
    """Half of what may be."""

    name: str = "halves"
    doc: str = "half of the bounds"

    def against(self, space, mask):
        plain = super().against(space, mask)
        found = type("Found", (), {})()
        found.estimate = lambda node: plain.estimate(node) / 2
        return found


def test_a_class_or_an_object_is_registered_and_found_by_name():
    assert logicx.heuristic(Halves) is Halves
    greater = logicx.heuristic(Halves("more-halves", is_admissible=False))
    one = world(7, n_concepts=12)
    (found,) = logicx.explain(one.bank, one.units, heuristic="more-halves", beam=2)
    (given,) = logicx.explain(one.bank, one.units, heuristic=greater, beam=2)
    assert found == given
    assert found.settings["heuristic"] == "more-halves"
    assert HEURISTIC_KIND.identity(heuristic_named("halves"))["module"] == __name__
    for name, built_in in HEURISTICS.items():
        assert heuristic_named(name) is built_in


def test_one_that_says_it_is_admissible_and_is_not_is_told_where_it_is_seen():
    one = world(7, n_concepts=12)
    with pytest.raises(PluginError, match="says that it is admissible, but expected") as caught:
        [*logicx.explain(one.bank, one.units, heuristic=Halves(), beam=50)]
    assert f"heuristic 'halves' of {__name__}" in str(caught.value)


class Unmade(Bounds):
    def __init__(self, scale):
        pass


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (Halves("bounds"), "registers the heuristic name 'bounds', which logicx"),
        (Halves(doc=" "), "has no documentation"),
        (Halves("My bounds"), "registers a heuristic named 'My bounds'"),
        (Halves(is_admissible=1), "has is_admissible=1, not True or False"),
        (Unmade, "heuristic Unmade of .* fails: TypeError"),
        (object, "has no name"),
    ],
)
def test_what_is_wrong_is_told_at_registration(part, why):
    with pytest.raises((PluginError, OptionError), match=why) as caught:
        logicx.heuristic(part)
    assert __name__ in str(caught.value) or part is object


@pytest.mark.parametrize("part", ["estimate", "against", "check"])
def test_an_exception_comes_out_with_its_owner(part, monkeypatch):
    def fails(*args):
        raise ZeroDivisionError("nothing to divide")

    one = world(3)
    guide = Halves()
    if part == "estimate":
        monkeypatch.setattr(
            Halves, "against", lambda self, space, mask: type("E", (), {part: fails})()
        )
    else:
        monkeypatch.setattr(Halves, part, fails)
    with pytest.raises(PluginError, match="heuristic 'halves' of test_heuristics_of_others fails"):
        [*logicx.explain(one.bank, one.units, heuristic=guide)]


def test_the_mask_is_not_to_be_written_to():
    class Writing(Halves):
        def against(self, space, mask):
            mask[:] = True

    one = world(3)
    with pytest.raises(PluginError, match="read-only"):
        [*logicx.explain(one.bank, one.units, heuristic=replace(Writing(), needs_mask=True))]
    assert np.array_equal(one.units.mask("u"), one.unit)
