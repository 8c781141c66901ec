"""The kit for thresholds."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from logicx.banks.universe import Universe
from logicx.errors import OptionError
from logicx.parts import Owner
from logicx.units.activations import write_activations
from logicx.units.rules import Rule, check_part, ranges_by, some_units
from logicx.units.thresholds import THRESHOLD_KIND, Threshold
from logicx.units.units import Units

N_CELLS = 48
"""Cells of the units that are cut; or images of 3 x 4."""


def check_threshold(name: str | Rule) -> None:
    """Hold a threshold against all that one must do.

    It is named in a word and documented; it gives as many ranges as it says for any unit, dead and
    constant ones too, the same whenever it is asked and whatever it was asked before, and whatever
    the order of the cells; it does not write to the activations; it is read as it is written; and
    units are cut alike in memory and on file, of every type of numbers, as tables and as maps.

    Args:
        name: The name under which it is registered, with a number if need be, such as
            `quantile(0.1)`; or the rule itself.

    Raises:
        AssertionError: It is not so.
        LogicxError: It gives something else than ranges, or is none.

    Example:
        >>> check_threshold("ranges(3)")
    """
    rule, number = _rule(name)
    owner = Owner("the threshold under test")
    check_part(rule, owner)
    what = f"threshold {rule.name!r}"
    units = [*some_units()]
    first = [ranges_by(rule, number, one, owner) for one in units]
    dice = np.random.default_rng(1)
    for one in units:
        ranges_by(rule, number, one * 1e40, owner)
    backwards = [ranges_by(rule, number, one, owner) for one in units[::-1]][::-1]
    assert first == backwards, f"{what} cuts a unit otherwise after other units"
    for one, ranges in zip(units, first, strict=True):
        shuffled = dice.permutation(one)
        again = [found.mask(shuffled) for found in ranges_by(rule, number, shuffled, owner)]
        for before, after in zip(ranges, again, strict=True):
            assert before.mask(shuffled).tolist() == after.tolist(), (
                f"{what} cuts a unit otherwise when its cells are in another order"
            )
    if THRESHOLD_KIND.find(rule.name) is not None:
        _check_units(rule, number, what)


def _rule(name: str | Rule) -> tuple[Rule, float]:
    if isinstance(name, Rule):
        return name, float(name.example or 0)
    found = THRESHOLD_KIND.find(name.strip())
    if found is not None:
        return found.part, float(found.part.example or 0)
    stated = Threshold.of(name)
    return stated.rule, stated.number


def _check_units(rule: Rule, number: float, what: str) -> None:
    stated = Threshold(rule.name, number)
    assert Threshold.of(str(stated)) == stated, f"{what} is not read as it is written: {stated}"
    try:
        Threshold(rule.name, number, "upsampled")
    except OptionError:
        pass
    else:
        assert rule.name == "quantile", f"{what} takes upsampled values, which it is never given"
    dice = np.random.default_rng(2)
    activations = np.maximum(dice.normal(size=(3, N_CELLS)), -0.5)
    activations[1] = 0
    with TemporaryDirectory() as folder:
        for dtype in ("float16", "float32"):
            kept = activations.astype(dtype)
            wanted = Units.from_activations(kept, stated)
            for universe in (Universe.rows(N_CELLS), Universe.pixels(N_CELLS // 12, 3, 4)):
                path = Path(folder) / f"{dtype}-{universe.kind}.units"
                names = [str(i) for i in range(len(kept))]
                write_activations(path, names, N_CELLS, dtype, [kept.T], universe=universe)
                found = Units.open(path, stated)
                assert found.names == wanted.names, f"{what}: {found.names}, not {wanted.names}"
                for name in found.names:
                    mine, its = found.mask(name), wanted.mask(name)
                    assert mine.tolist() == its.tolist(), (
                        f"{what} cuts unit {name} of {universe} on file otherwise than in memory"
                    )
                opened = Units.open(path, stated)
                assert opened.content == found.content, f"{what}: hashes of the same units differ"
