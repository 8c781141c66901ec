"""The kit for objectives: the built-in ones pass, and each of these mutants fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from logicx.errors import LogicxError
from logicx.scoring.objectives import (
    OBJECTIVE_KIND,
    OBJECTIVES,
    CountObjective,
    Family,
    objective,
    objective_named,
)
from logicx.testing import check_objective

IOU, MCC = OBJECTIVES["iou"], OBJECTIVES["mcc"]


@pytest.mark.parametrize("name", [*OBJECTIVES, "fbeta", "fbeta(0.5)", "fbeta:3"])
def test_the_built_in_ones_pass(name):
    check_objective(name)


def of(function, **stated):
    return CountObjective("iou", function, "intersection over union", **stated)


class Forgetful:
    """IoU that answers a little more each time."""

    n = 0

    def __call__(self, tp, fp, n_on, n_cells):
        self.n += 1
        return tp / np.maximum(1, fp + n_on) + self.n * 1e-7


def nan_where_nothing_is(tp, fp, n_on, n_cells):
    return tp / (fp + n_on)


def infinite(tp, fp, n_on, n_cells):
    return np.where(fp + n_on == 0, np.inf, tp / np.maximum(1, fp + n_on))


def of_all_at_once(tp, fp, n_on, n_cells):
    return tp / np.maximum(1, np.max(fp) + n_on)


def one_number(tp, fp, n_on, n_cells):
    return float(np.mean(tp / np.maximum(1, fp + n_on)))


def not_of_arrays(tp, fp, n_on, n_cells):
    return tp / (fp + n_on) if fp + n_on else 0.0


def writing(tp, fp, n_on, n_cells):
    fp += n_on
    return tp / np.maximum(1, fp)


def text(tp, fp, n_on, n_cells):
    return np.full(np.shape(tp), "high")


def nothing(tp, fp, n_on, n_cells):
    pass


def constant(tp, fp, n_on, n_cells):
    return np.zeros(np.shape(tp))


def overflowing(tp, fp, n_on, n_cells):
    """MCC whose products do not fit 64 bits."""
    fn = n_on - tp
    tn = n_cells - tp - fp - fn
    below = (tp + fp) * (n_cells - tp - fp) * n_on * (n_cells - n_on)
    return (tp * tn - fp * fn) / np.sqrt(np.maximum(1, below))


MUTANTS = {
    "NaN at 0/0": of(nan_where_nothing_is),
    "inf at 0/0": of(infinite),
    "looks at the largest of all": of(of_all_at_once),
    "one number for all": of(one_number),
    "an if on arrays": of(not_of_arrays),
    "writes to the counts": of(writing),
    "gives text": of(text),
    "gives None": of(nothing),
    "always the same": of(constant),
    "never the same": of(Forgetful()),
    "states that it grows with fp": replace(IOU, directions=(1, 1)),
    "states that it does not change with fp": replace(IOU, directions=(1, 0)),
    "states directions in words": replace(IOU, directions=("up", "down")),
    "the ratio of another": replace(IOU, ratio=OBJECTIVES["dice"].ratio),
    "a ratio of floats": replace(IOU, ratio=lambda n_on, n: (0.5, 0.5)),
    "a ratio that fails": replace(IOU, ratio=lambda n_on, n: n // 0),
    "upside down": of(lambda tp, fp, n_on, n: -tp / np.maximum(1, fp + n_on), directions=(1, -1)),
    "products of more than 64 bits": replace(MCC, formula=overflowing),
    "no doc": replace(IOU, doc=" "),
    "a name in capitals": replace(IOU, name="IoU"),
    "no objective": "iou of nobody",
    "a family without an example": Family("f", "doc", "b", OBJECTIVES.get, (), "here"),
    "a family whose function fails": Family("f", "doc", "b", lambda b: b / 0, (1.0,), "here"),
    "a family of something else": Family("f", "doc", "b", lambda b: b, (1.0,), "here"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_fails(mutant):
    with pytest.raises((AssertionError, LogicxError)):
        check_objective(MUTANTS[mutant])


def test_an_objective_of_ones_own_passes():
    with OBJECTIVE_KIND.scope():

        @objective("gmean", directions=(1, -1))
        def gmean(tp, fp, n_on, n_cells):
            """Geometric mean of precision and recall."""
            return tp / np.sqrt(np.maximum(1.0, tp + fp) * max(1, n_on))

        check_objective("gmean")
        check_objective(objective_named("gmean"))
