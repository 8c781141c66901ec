"""The kit for strategies."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import LogicxError, OptionError, PluginError
from logicx.language.formula import Apply, Concept, fold
from logicx.language.registry import OPERATORS
from logicx.parts import Owner
from logicx.runs.explain import explain
from logicx.runs.strategies.options import options_of, read_text
from logicx.runs.strategies.registry import STRATEGY_KIND, check_part, strategy_of
from logicx.scoring.counts import evaluate
from logicx.scoring.objectives import objective_named
from logicx.testing.worlds import world
from logicx.units.units import Units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logicx.banks.bank import ConceptBank
    from logicx.language.formula import Formula
    from logicx.scoring.results import Explanation, Scored
    from logicx.testing.worlds import Masks

N_WORLDS = 2
"""Banks that are tried of each kind of universe."""

LENGTHS = (1, 3)
GOALS = ("iou", "mcc")


def check_strategy(part: str | type[Any] | Any) -> None:
    """Hold a strategy against all that one must do.

    It is a frozen dataclass, named in a word and documented; each option has a default, is told by
    its name, can be written as text where it is a number, a text or a truth value, and none is
    `explain`'s own; it can be pickled. Over made-up banks, for units of all sizes (one cell, all
    cells), by two objectives: formulas are made of the bank's concepts and other atoms and are not
    too long, their counts and scores are those of a slow count of cells, and better by length; the
    same is found again, in another order of units and in several threads; formulas hold at as many
    cells as they must; nothing is changed. It finds something for most units.

    Args:
        part: The strategy: the name under which it is registered, its class, or an instance with
            options.

    Raises:
        AssertionError: It is not so.
        LogicxError: It is no strategy, or finds what is none of the space.

    Example:
        >>> check_strategy("exhaustive")
    """
    named: Any = STRATEGY_KIND.get(part) if isinstance(part, str) else part
    kind: Any = named if isinstance(named, type) else type(named)
    if not STRATEGY_KIND.owner(kind).is_builtin:
        check_part(kind, Owner("the strategy under test"))
    given = part if not isinstance(part, (str, type)) else kind()
    what = f"strategy {kind.name!r}"
    _check_options(kind, given, what)
    n_found = n_asked = 0
    for universe, seed in product(("rows", "tokens", "pixels"), range(N_WORLDS)):
        bank, masks, units = _world(universe, seed)
        for goal, length in product(GOALS, LENGTHS):
            n_asked += len(masks)
            n_found += _check_search(given, bank, masks, units, goal, length, what)
    assert 2 * n_found > n_asked, f"{what} finds a formula for {n_found} of {n_asked} units only"
    copied = _pickled(given, what)
    assert copied == given, f"{what} is another once it was pickled"
    assert hash(copied) == hash(given), f"{what} has another hash once it was pickled"


def _pickled(given: Any, what: str) -> Any:
    try:
        return pickle.loads(pickle.dumps(given))
    except Exception as error:
        raise AssertionError(f"{what} cannot be pickled: {error}") from error


def _check_options(kind: type[Any], given: Any, what: str) -> None:
    assert kind() == kind(), f"{what} is another each time it is made"
    assert replace(given) == given, f"{what} is another once it was copied"
    names = [one.name for one in fields(given) if one.init]
    for name in names[:1]:
        try:
            setattr(given, name, getattr(given, name))
        except FrozenInstanceError:
            pass
        else:
            raise AssertionError(f"{what} can be changed")
    found = STRATEGY_KIND.find(kind.name)
    is_registered = found is not None and found.part is kind
    for one in options_of(kind):
        if one.default is not None and one.kind in (int, float, str, bool):
            if not isinstance(one.default, (str, int, float)):
                continue
            text = str(one.default).lower() if one.kind is bool else str(one.default)
            read = read_text(one, text)
            assert read == one.default, f"{what}: {one.key}={text} is read as {read!r}"
        if is_registered:
            made = strategy_of(kind.name, {one.key: one.default})
            assert made == kind(), f"{what} is another where {one.key} is given its default"
    if is_registered:
        try:
            strategy_of(kind.name, {"zzz": 1})
        except OptionError:
            return
        raise AssertionError(f"{what} takes an option that it does not have")


def _world(universe: str, seed: int) -> tuple[ConceptBank, dict[str, Masks], Units]:
    """A bank, some units as masks, and the same as units; some fire at one cell, or at all."""
    one = world(seed, universe)
    dice = np.random.default_rng(seed)
    n_cells = one.bank.universe.n_cells
    everywhere, once = np.ones(n_cells, bool), np.zeros(n_cells, bool)
    once[int(np.flatnonzero(_valid(one.bank))[0])] = True
    masks = {
        "noise": dice.random(n_cells) < 0.3,
        "like": one.units.mask("u"),
        "all": everywhere,
        "one": once,
    }
    units = Units.from_masks(np.stack([*masks.values()]), [*masks], universe=one.bank.universe)
    c = one.bank.names
    one.bank.relate("NEIGHBORS", {c[0]: [c[1], c[2]]})  # so that there are other atoms
    return one.bank, masks, units


def _valid(bank: ConceptBank) -> Masks:
    return bank.cells(np.ones(bank.n_signatures, bool))


def _check_search(
    given: Any,
    bank: ConceptBank,
    masks: dict[str, Masks],
    units: Units,
    goal: str,
    length: int,
    what: str,
) -> int:
    """How many units were explained; each explanation is held against a slow count."""
    before = bank.content
    where = f"(length={length}, by {goal} over {bank.universe})"
    plan = explain(bank, units, strategy=given, objective=goal, length=length)
    found = {one.unit: one for one in plan}
    for name, one in found.items():
        _check_found(one, bank, masks[name], goal, length, f"{what} for unit {name!r} {where}")
    others = [*masks][::-1]
    for options in ({"unit": others}, {"threads": 2}):
        again = explain(
            bank,
            units,
            strategy=given,
            objective=goal,
            length=length,
            **options,
        )
        told = {one.unit: (one.formula, one.score, one.by_length) for one in again}
        mine = {name: (one.formula, one.score, one.by_length) for name, one in found.items()}
        assert told == mine, f"{what} finds {told} with {options}, and before {mine} {where}"
    _check_support(given, bank, units, goal, length, what)
    for name, mask in masks.items():
        assert np.array_equal(units.mask(name), mask), f"{what} changes unit {name!r} {where}"
    bank.__dict__.pop("content", None)
    assert bank.content == before, f"{what} changes the bank {where}"
    return len(found)


def _check_found(
    one: Explanation, bank: ConceptBank, unit: Masks, goal: str, length: int, what: str
) -> None:
    json.dumps(one.settings, allow_nan=False)
    assert one.length <= length, f"{what} finds {one.formula}, of {one.length} atoms"
    assert (one.formula, one.score, one.counts) == one.by_length[-1], (
        f"{what} tells {one.formula}, but {one.by_length[-1].formula} is the best"
    )
    least = -np.inf
    for scored in one.by_length:
        _check_scored(scored, bank, unit, goal, what)
        assert scored.score >= least, f"{what} finds worse formulas where they may be longer"
        least = scored.score


def _check_scored(scored: Scored, bank: ConceptBank, unit: Masks, goal: str, what: str) -> None:
    holds, valid = _slowly(scored.formula, bank), _valid(bank)
    tp, fp = (int((holds & fires & valid).sum()) for fires in (unit, ~unit))
    n_on, n_cells = int((unit & valid).sum()), int(valid.sum())
    counts = (tp, fp, n_on - tp, n_cells - n_on - fp)
    told = (scored.counts.tp, scored.counts.fp, scored.counts.fn, scored.counts.tn)
    assert told == counts, f"{what} counts {told} for {scored.formula}, and true is {counts}"
    true = float(objective_named(goal).score(tp, fp, n_on, n_cells))
    assert scored.score == true, f"{what} scores {scored.formula} {scored.score}, not {true}"


def _slowly(formula: Formula, bank: ConceptBank) -> Masks:
    """The cells at which a formula of connectives over atoms holds, by the functions themselves."""
    cells = {name: bank.cells(evaluate(Concept(name), bank)) for name in bank.names}

    def apply(node: Apply, args: list[Masks]) -> Masks:
        op = OPERATORS.get(node.operator)
        if op.kind != "connective":
            return bank.cells(evaluate(node, bank))
        rows, where = np.unique(np.stack(args, axis=1), axis=0, return_inverse=True)
        values = [bool(op.meaning(*node.parameters, *map(bool, row))) for row in rows]
        found: Masks = np.array(values)[where.reshape(-1)]
        return found

    return fold(formula, lambda node: cells[node.name], apply)


def _check_support(
    given: Any, bank: ConceptBank, units: Units, goal: str, length: int, what: str
) -> None:
    """Formulas that must hold at some cells do; a strategy may refuse to be asked for that."""
    least = 4
    try:
        found = [
            *explain(bank, units, strategy=given, objective=goal, length=length, min_support=least)
        ]
    except PluginError:
        raise
    except LogicxError:
        return
    for one in _all(found):
        n = one.counts.tp + one.counts.fp
        assert n >= least, f"{what} finds {one.formula}, which holds at {n} cells, not {least}"


def _all(found: list[Explanation]) -> Iterator[Scored]:
    for one in found:
        yield from one.by_length
