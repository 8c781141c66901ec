"""Parts that are wrong, of each kind: each is refused, with its owner's name.

Some are refused when they are registered, others where what they return enters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import logicx
from logicx import Concept, ConceptBank, Counts, Preset, Units
from logicx.errors import LogicxError
from logicx.parts import KINDS
from logicx.runs.parts import kinds
from logicx.search.heuristics.bounds import Bounds
from logicx.testing.worlds import world

WORLD = world(7, n_concepts=8)


@pytest.fixture(autouse=True)
def scopes():
    from contextlib import ExitStack

    with ExitStack() as stack:
        for kind in kinds().values():
            stack.enter_context(kind.scope())
        yield


def operator(function=lambda a, b: a and b, use="", **stated):
    """Registers an operator, and has it used."""

    def meaning(*args):
        """Made to be wrong."""
        return function(*args)

    stated = {"form": "infix", "precedence": 30, "example": "a WRONG b"} | stated
    if stated["form"] != "infix":
        del stated["precedence"]
    logicx.operator(stated.pop("keyword", "WRONG"), **stated)(meaning)
    if use:
        logicx.score(use, WORLD.bank, WORLD.units, "u")


def rewrite(function, use="WRONG(c0)", **stated):
    operator(function, use, form="call", kind="rewrite", args=1, example="WRONG(a)", **stated)


def proposing(proposes):
    rewrite(lambda bank, a: a, use="", proposes=proposes)
    list(logicx.explain(WORLD.bank, WORLD.units))


def objective(function, name="wrong", **stated):
    """Registers an objective, and has it used."""

    def meaning(tp, fp, n_on, n_cells):
        """Made to be wrong."""
        return function(tp, fp, n_on, n_cells)

    logicx.objective(name, **stated)(meaning)
    list(logicx.explain(WORLD.bank, WORLD.units, objective=name))


@dataclass(frozen=True)
class Guide(Bounds):
    name: str = "wrong"
    doc: str = "made to be wrong"
    change: object = None

    def against(self, space, mask):
        plain = super().against(space, mask)
        found = type("Found", (), {})()
        found.estimate = lambda node: self.change(plain.estimate(node))
        return found


def heuristic(change=lambda one: one, **stated):
    """Registers a heuristic, and has it used."""
    logicx.heuristic(Guide(**stated, change=change))
    list(logicx.explain(WORLD.bank, WORLD.units, heuristic="wrong", beam=50))


def strategy(search, length=2):
    """Registers a strategy, and has it used."""

    @dataclass(frozen=True)
    class Wrong:
        """Made to be wrong."""

        name: ClassVar[str] = "wrong"

        def search(self, task, unit):
            return search(task, unit)

    logicx.strategy(Wrong)
    list(logicx.explain(WORLD.bank, WORLD.units, strategy="wrong", length=length))


def strategy_class(body, frozen=True, doc="Made to be wrong."):
    """Registers a class as a strategy."""
    decorate = dataclass(frozen=frozen)
    body = {"name": "wrong", "search": lambda self, task, unit: None} | body
    stated = {key: value for key, value in body.items() if value is not None}
    logicx.strategy(decorate(type("Wrong", (), {**stated, "__doc__": doc, "__module__": __name__})))


def threshold(function, name="wrong", **stated):
    """Registers a threshold, and has it used."""

    def meaning(*given):
        """Made to be wrong."""
        return function(*given)

    logicx.threshold(name, **stated)(meaning)
    _ = Units.from_activations([[0.0, 1.0, 2.0]], name).n_on


def source(folder, function, name="wrong", **stated):
    """Registers a source, and has a recipe use it."""

    def meaning(path, settings, *, name, source, progress):
        """Made to be wrong."""
        return function(name)

    logicx.source(name, **stated)(meaning)
    (folder / "r.toml").write_text(f'kind = "{name}"\n')
    (folder / "d.txt").write_text("a\n")
    logicx.compile_recipe(folder / "r.toml", folder / "d.txt")


def preset(**stated):
    """Registers a preset, and has it used."""
    made = Preset(**{"name": "wrong", "doc": "made to be wrong"} | stated)
    logicx.register("preset", made)
    list(logicx.explain(WORLD.bank, WORLD.units, preset=made))


def again(kind, part):
    """Registers what has the name of a part of logicx."""
    logicx.register(kind, part)


@dataclass
class OddSettings:
    odd: complex = 0j


WRONG = {
    "operator": {
        "an example that is not read": lambda _: operator(example="a WRONG"),
        "an example of another": lambda _: operator(example="a AND b"),
        "no example": lambda _: operator(example=""),
        "a function that gives None": lambda _: operator(lambda a, b: None),
        "a function that gives text": lambda _: operator(lambda a, b: "yes"),
        "a function that raises": lambda _: operator(lambda a, b: 1 / 0),
        "facts as text": lambda _: operator(facts="commutative"),
        "a false fact": lambda _: operator(lambda a, b: a, facts=["commutative"]),
        "proposes as a list": lambda _: proposing(["c0"]),
        "proposes that raises": lambda _: proposing(lambda bank: bank.nothing),
        "proposes a name that is not there": lambda _: proposing(lambda bank: ["zzz"]),
        "proposes a number": lambda _: proposing(lambda bank: 3),
        "a keyword that clashes": lambda _: operator(keyword="AND", example="a AND b"),
        "a symbol that clashes": lambda _: operator(symbol="&"),
        "a keyword in lower case": lambda _: operator(keyword="wrong"),
        "chains to the other side": lambda _: operator(associates="right"),
        "a rewrite to text": lambda _: rewrite(lambda bank, a: "c0"),
        "a rewrite that raises": lambda _: rewrite(lambda bank, a: bank.relations["no"]),
        "a rewrite without end": lambda _: rewrite(lambda bank, a: logicx.Apply("WRONG", (a,))),
        "a rewrite to a concept that is not there": lambda _: rewrite(
            lambda bank, a: Concept("zzz")
        ),
        "no operator": lambda _: again("operator", "WRONG"),
    },
    "objective": {
        "NaN": lambda _: objective(lambda tp, fp, n_on, n: tp / (tp + fp)),
        "infinity": lambda _: objective(lambda tp, fp, n_on, n: tp / fp),
        "not of arrays": lambda _: objective(lambda tp, fp, n_on, n: tp / (fp + 1) if fp else 0.0),
        "one number for all": lambda _: objective(lambda tp, fp, n_on, n: 0.5),
        "raises": lambda _: objective(lambda tp, fp, n_on, n: tp.nothing),
        "text": lambda _: objective(lambda tp, fp, n_on, n: np.full(np.shape(tp), "high")),
        "writes to the counts": lambda _: objective(lambda tp, fp, n_on, n: np.add(tp, 1, out=tp)),
        "named iou": lambda _: objective(
            lambda tp, fp, n_on, n: tp / (fp + n_on + 1.0), name="iou"
        ),
        "a bound that does not hold": lambda _: objective(
            lambda tp, fp, n_on, n: fp / (n + 1.0), directions=(1, -1)
        ),
        "a ratio that is not the score": lambda _: objective(
            lambda tp, fp, n_on, n: tp / (fp + n_on + 1.0),
            ratio=logicx.scoring.objectives.OBJECTIVES["iou"].ratio,
        ),
    },
    "heuristic": {
        "below the truth": lambda _: heuristic(lambda one: one / 2),
        "NaN": lambda _: heuristic(lambda one: one * np.nan),
        "a wrong shape": lambda _: heuristic(lambda one: one[:1]),
        "None": lambda _: heuristic(lambda one: None),
        "raises": lambda _: heuristic(lambda one: one.nothing),
        "named bounds": lambda _: heuristic(name="bounds"),
        "no doc": lambda _: heuristic(doc=""),
    },
    "strategy": {
        "too long": lambda _: strategy(
            lambda task, unit: task.bank.atom(0) & ~task.bank.atom(1) & task.bank.atom(2)
        ),
        "a concept that is not there": lambda _: strategy(lambda task, unit: Concept("zzz")),
        "outside the space": lambda _: strategy(
            lambda task, unit: logicx.Apply("NEIGHBORS", (Concept("c0"),))
        ),
        "an operator that is not there": lambda _: strategy(
            lambda task, unit: logicx.Apply("NO", (Concept("c0"),))
        ),
        "wrong counts": lambda _: strategy(
            lambda task, unit: (task.bank.atom(0), Counts(1, 2, 3, 4))
        ),
        "a wrong score": lambda _: strategy(lambda task, unit: (task.bank.atom(0), 7.0)),
        "text": lambda _: strategy(lambda task, unit: "c0"),
        "a number": lambda _: strategy(lambda task, unit: 3),
        "raises": lambda _: strategy(lambda task, unit: task.nothing),
        "an option of explain": lambda _: strategy_class(
            {"__annotations__": {"length": int}, "length": 3}
        ),
        "an option without a default": lambda _: strategy_class(
            {"__annotations__": {"tries": int}}
        ),
        "not frozen": lambda _: strategy_class({}, frozen=False),
        "no search": lambda _: strategy_class({"search": None}),
        "no doc": lambda _: strategy_class({}, doc=None),
        "named beam": lambda _: strategy_class({"name": "beam"}),
    },
    "threshold": {
        "floats": lambda _: threshold(lambda one: one * 2.0),
        "NaN": lambda _: threshold(lambda one: (np.nan, np.inf)),
        "upside down": lambda _: threshold(lambda one: (2.0, 1.0)),
        "too many": lambda _: threshold(lambda one: [(0.0, 1.0), (1.0, 2.0)]),
        "None": lambda _: threshold(lambda one: None),
        "raises": lambda _: threshold(lambda one: one.nothing),
        "writes": lambda _: threshold(lambda one: (one.sort(), 1.0)),
        "by chance": lambda _: threshold(lambda one: (np.random.random(), np.inf)),
        "named quantile": lambda _: threshold(lambda one: (0.0, np.inf), name="quantile"),
    },
    "source": {
        "two concepts of one name": lambda folder: source(
            folder, lambda name: ConceptBank.from_masks([[1, 0], [0, 1]], ["a", "a"], name=name)
        ),
        "no bank": lambda folder: source(folder, lambda name: [[1, 0]]),
        "raises": lambda folder: source(folder, lambda name: name.nothing),
        "a setting of an unknown type": lambda folder: source(
            folder, lambda name: None, settings=OddSettings
        ),
        "settings as text": lambda folder: source(folder, lambda name: None, settings="first"),
        "named pairs": lambda folder: source(folder, lambda name: None, name="pairs"),
        "a name in capitals": lambda folder: source(folder, lambda name: None, name="Lines"),
    },
    "preset": {
        "no preset": lambda _: again("preset", {"name": "wrong"}),
        "a rule that is not known": lambda _: preset(dedupe="meanings"),
        "a number for a truth value": lambda _: preset(adds_absent=1),
        "no doc": lambda _: preset(doc=" "),
        "distinct as a number": lambda _: preset(distinct=3),
        "an iou that is none": lambda _: preset(iou="float32"),
        "a width of nothing": lambda _: preset(first_factor=0),
        "named cce": lambda _: preset(name="cce"),
    },
}
CASES = [(kind, case) for kind in WRONG for case in WRONG[kind]]


def test_there_are_many_of_every_kind():
    assert tuple(sorted(WRONG)) == tuple(sorted(KINDS))
    assert len(CASES) >= 34
    assert all(len(cases) >= 5 for cases in WRONG.values())


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_it_is_refused_with_its_owners_name(kind, case, tmp_path):
    with pytest.raises(LogicxError) as caught:
        WRONG[kind][case](tmp_path)
    assert __name__ in str(caught.value)


def test_the_same_parts_made_right_are_taken(tmp_path):
    """So that it is for what is wrong with them that they are refused."""
    operator(use="c0 WRONG c1")
    objective(lambda tp, fp, n_on, n: tp / (fp + n_on + 1.0), directions=(1, -1))
    heuristic()
    strategy(lambda task, unit: task.bank.atom(0))
    threshold(lambda one: (float(one.mean()), np.inf))
    source(tmp_path, lambda name: ConceptBank.from_masks([[1, 0], [0, 1]], ["a", "b"], name=name))
    preset()
