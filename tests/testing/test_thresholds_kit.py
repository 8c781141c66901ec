"""The kit for thresholds: the built-in ones pass, and each of these mutants fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from logicx import threshold
from logicx.errors import LogicxError
from logicx.testing import check_threshold
from logicx.units.cuts import Range
from logicx.units.rules import Rule
from logicx.units.thresholds import THRESHOLD_KIND

INF = float("inf")


@pytest.mark.parametrize(
    "name", [*THRESHOLD_KIND.table(), "quantile(0.3)", "ranges(1)", "value:-1"]
)
def test_the_built_in_ones_pass(name):
    check_threshold(name)


def of(function, **stated):
    """`positive`, by another function."""
    return Rule("positive", "above 0", function, **stated)


def written_to(activations):
    activations.sort()
    return activations[-3], INF


class Remembering:
    """Cuts at the largest value it ever saw."""

    def __init__(self):
        self.seen = 0.0

    def __call__(self, activations):
        self.seen = max(self.seen, float(activations.max()))
        return self.seen / 2, INF


class OtherwiseEachTime:
    def __init__(self):
        self.dice = np.random.default_rng(0)

    def __call__(self, activations):
        return float(self.dice.normal()), INF


MUTANTS = {
    "a number": of(lambda a: 0.0),
    "an array of numbers": of(lambda a: np.array([0.0, INF])),
    "a list of numbers": of(lambda a: [0.0, INF]),
    "a mask": of(lambda a: a > 0),
    "text": of(lambda a: "positive"),
    "None": of(lambda a: None),
    "NaN": of(lambda a: (np.nan, INF)),
    "NaN of units that are constant": of(lambda a: ((a / a.std()).mean(), INF)),
    "the high one first": of(lambda a: (1.0, 0.0)),
    "three numbers": of(lambda a: (0.0, 1.0, 2.0)),
    "a range of text": of(lambda a: Range("low", "high")),
    "truth values": of(lambda a: (False, True)),
    "two ranges": of(lambda a: [(0.0, 1.0), (1.0, INF)]),
    "no range": of(lambda a: []),
    "one of two ranges": of(lambda a: (0.0, INF), ranges=2),
    "as many ranges as units have values": of(lambda a: [Range(x) for x in np.unique(a)], ranges=2),
    "fails": of(lambda a: (a[100], INF)),
    "fails where nothing is positive": of(lambda a: (a[a > 0].min(), INF)),
    "sorts the activations": of(written_to),
    "remembers other units": of(Remembering()),
    "by chance": of(OtherwiseEachTime()),
    "by the first cell": of(lambda a: (float(a[0]) / 2, INF)),
    "no doc": replace(of(lambda a: (0.0, INF)), doc=""),
    "no word": replace(of(lambda a: (0.0, INF)), name="above 0"),
    "a number without an example": of(lambda a, x: (x, INF), number="x"),
    "refuses its example": of(lambda a, x: (x, INF), number="x", example=0.5, ranges="x"),
    "as many ranges as nothing says": of(lambda a: (0.0, INF), ranges="k"),
    "not of a number": "positive(3)",
    "nobody's": "positiv",
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_fails(mutant):
    with pytest.raises((AssertionError, LogicxError)):
        check_threshold(MUTANTS[mutant])


def test_thresholds_of_ones_own_pass():
    with THRESHOLD_KIND.scope():

        @threshold("above-mean", number="times", example=2)
        def above_mean(activations, times):
            """On where the activation is above so many times the mean."""
            return times * activations.mean(), np.float32(np.inf)

        @threshold("tails", ranges=2)
        def tails(activations):
            """Its lowest and its highest values."""
            low, high = activations.min(), activations.max()
            return [(low - 1, low), Range(high - 1e-9 * abs(high))]

        check_threshold("above-mean")
        check_threshold("above-mean(0.5)")
        check_threshold("tails")
