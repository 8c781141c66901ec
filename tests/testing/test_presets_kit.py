"""The kit for presets: the built-in ones pass, and each of these mutants fails."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from logicx import Preset, register
from logicx.errors import LogicxError
from logicx.runs.presets import EVER, PRESET_KIND, PRESETS
from logicx.scoring.objectives import CountObjective, IoU
from logicx.search.beam import Beam
from logicx.testing import check_preset

DEFAULT, CCE = PRESETS["default"], PRESETS["cce"]
RULES = {
    "first_factor": 3,
    "starts_with_zeros": False,
    "expands": "newest",
    "adds_absent": False,
    "distinct": (EVER, 2),
    "skips_apart": True,
    "dedupe": "form",
    "counts_remade": True,
    "penalizes_not": True,
    "iou": IoU(epsilon=0.5),
}


@pytest.mark.parametrize("name", PRESETS)
def test_the_built_in_ones_pass(name):
    check_preset(name)


@pytest.mark.parametrize("rule", RULES)
def test_one_of_ones_own_passes(rule):
    with PRESET_KIND.scope():
        mine = replace(DEFAULT, name="mine", **{rule: RULES[rule]})
        register("preset", mine)
        check_preset("mine")
        check_preset(mine)


def with_beam(change):
    """A class of presets whose beam is changed."""

    class Changed(Preset):
        def beam(self, width, length, dedupe=None):
            return change(super().beam(width, length, dedupe))

    return Changed


class Longer(Beam):
    def __post_init__(self):
        object.__setattr__(self, "length", self.length + 1)


class WorstFirst(Beam):
    """Takes the second best for the best."""

    def run(self, atoms, grow):
        found = super().run(atoms, grow)
        levels = [level[1:] or level for level in found.levels]
        return replace(found, levels=levels)


class Wavering(Preset):
    """Another width each time."""

    n = [0]  # noqa: RUF012

    def beam(self, width, length, dedupe=None):
        self.n[0] += 1
        return super().beam(width if self.n[0] % 2 else 1, length, dedupe)


class OtherGoal(Preset):
    """Precision under the name of IoU."""

    def goal(self, objective):
        return CountObjective("iou", lambda tp, fp, on, n: tp / np.maximum(1, tp + fp), "precision")


@dataclass(frozen=True)
class OddIoU(IoU):
    def __call__(self, tp, fp, n_on, n_cells):
        return tp / (fp + n_on + 1.0)


def made(kind, like=DEFAULT, **rules):
    stated = {one: getattr(like, one) for one in RULES}
    return kind("mutant", "doc", adds_derived=like.adds_derived, **{**stated, **rules})


MUTANTS = {
    "another width": made(with_beam(lambda beam: replace(beam, width=beam.width + 1))),
    "a width of one": made(with_beam(lambda beam: replace(beam, width=1))),
    "shorter": made(with_beam(lambda beam: replace(beam, length=max(1, beam.length - 1)))),
    "longer": made(with_beam(lambda beam: Longer(beam.width, beam.length))),
    "the second best": made(with_beam(lambda beam: WorstFirst(beam.width, beam.length))),
    "zeros after all": made(
        with_beam(lambda beam: replace(beam, starts_with_zeros=True)), CCE, first_factor=2
    ),
    "the first beam as wide as the others": made(
        with_beam(lambda beam: replace(beam, first_factor=1)), CCE
    ),
    "remade ones do not count": made(
        with_beam(lambda beam: replace(beam, counts_remade=False)), CCE
    ),
    "keeps all": made(with_beam(lambda beam: replace(beam, dedupe="none"))),
    "another width each time": made(Wavering),
    "another objective": made(OtherGoal),
    "an IoU of its own": made(Preset, iou=OddIoU()),
    "no doc": replace(DEFAULT, doc=" "),
    "a name in capitals": replace(DEFAULT, name="Default"),
    "a factor of zero": replace(DEFAULT, first_factor=0),
    "a dedupe that is not known": replace(DEFAULT, dedupe="meanings"),
    "distinct as a number": replace(DEFAULT, distinct=3),
    "an iou that is text": replace(DEFAULT, iou="float32"),
    "a truth value as a number": replace(DEFAULT, skips_apart=1),
    "no preset": {"name": "default"},
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_fails(mutant):
    with pytest.raises((AssertionError, LogicxError)) as caught:
        check_preset(MUTANTS[mutant])
    assert "pickled" not in str(caught.value)
