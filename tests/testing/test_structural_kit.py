"""The kit for structural operators: one in ten lines passes, and each of these mutants fails."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from logicx import ConceptBank, Units, Universe, explain, operator, score
from logicx.errors import LogicxError, OperatorError
from logicx.language.registry import OPERATORS
from logicx.testing import check_operator

PREV, IMAGE, WITHIN = (OPERATORS.get(one) for one in ("PREV", "IMAGE", "WITHIN"))
N_CALLS = count()


def mine(meaning, like=IMAGE, **changed):
    """IMAGE by another name, with another function."""
    numbers = "1, " if like.parameters else ""
    stated = {"keyword": "MINE", "example": f"MINE({numbers}a)", "owner": "here"}
    return replace(like, **{**stated, "meaning": meaning, **changed})


def writing(x):
    x[..., 0] = True
    return x


def raising(x):
    return x.nonsense


def refusing(n, x):
    raise OperatorError("not this number")


MUTANTS = {
    "looks at other images": mine(lambda x: np.full_like(x, x.any())),
    "looks at the image before": mine(lambda x: np.roll(x, 1, axis=0)),
    "tells how many images there are": mine(lambda x: x & (len(x) % 2 == 0)),
    "only the first image": mine(lambda x: np.concatenate([x[:1], ~x[1:]])),
    "runs on into the next document": mine(
        lambda x: np.roll(x.reshape(-1), 1).reshape(x.shape), PREV
    ),
    "writes to the masks": mine(writing),
    "gives numbers": mine(lambda x: x.astype(int)),
    "gives one value an image": mine(lambda x: x.any(axis=(-2, -1))),
    "gives one value each, to be spread": mine(lambda x: x.any(axis=(-2, -1), keepdims=True)),
    "gives nothing": mine(lambda x: None),
    "gives lists": mine(lambda x: x.tolist()),
    "gives other cells each time": mine(lambda x: x ^ (next(N_CALLS) % 2 == 1)),
    "raises": mine(raising),
    "takes no masks": mine(lambda: None),
    "does not take its number": mine(lambda x: x, WITHIN),
    "refuses all numbers": mine(refusing, WITHIN),
    "does not say where": mine(IMAGE.meaning, places=()),
    "says that it applies to rows": mine(IMAGE.meaning, places=("rows",)),
    "says a text for a list": mine(IMAGE.meaning, places="pixels"),
    "states facts": mine(IMAGE.meaning, facts=frozenset({"idempotent"})),
    "stands before its argument": mine(IMAGE.meaning, form="prefix"),
    "takes any number of masks": mine(lambda *x: x[0], max_args=None),
    "tries two numbers for one": mine(WITHIN.meaning, WITHIN, tries=((1, 2),)),
    "tries no whole number": mine(WITHIN.meaning, WITHIN, tries=((0.5,),)),
    "tries a number below 0": mine(WITHIN.meaning, WITHIN, tries=((-1,),)),
    "tries numbers that it does not take": mine(IMAGE.meaning, tries=((1,),)),
    "proposes, and not with which numbers": mine(
        WITHIN.meaning, WITHIN, tries=(), proposes=lambda bank: bank.names
    ),
    "proposes a name that is not there": mine(IMAGE.meaning, proposes=lambda bank: ["zzz"]),
    "proposes others each time": mine(
        IMAGE.meaning, proposes=lambda bank: [bank.names[next(N_CALLS) % 2]]
    ),
    "a connective that says where": replace(
        OPERATORS.get("NAND"), keyword="MINE", example="MINE(a, b)", places=("pixels",)
    ),
    "a connective that tries numbers": replace(
        OPERATORS.get("ATLEAST"), keyword="MINE", example="MINE(1, b)", tries=((1,),)
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_fails(mutant):
    with pytest.raises((AssertionError, LogicxError)):
        check_operator(MUTANTS[mutant])


@pytest.mark.parametrize("like", [IMAGE, PREV, WITHIN], ids=lambda one: one.keyword)
def test_what_the_mutants_were_made_of_passes(like):
    check_operator(mine(like.meaning, like))


def test_one_of_ones_own_in_ten_lines():
    with OPERATORS.scope():

        @operator("CORNER", kind="structural", where="pixels", args=1, example="CORNER(water)")
        def corner(x):
            """It holds here, and at the cells below and to the right."""
            found = np.zeros_like(x)
            found[..., :-1, :-1] = x[..., :-1, :-1] & x[..., 1:, :-1] & x[..., :-1, 1:]
            return found

        @operator("EDGE", kind="structural", where=["pixels", "tokens"], args=1, example="EDGE(1, x)",
                  parameters=["n"], tries=[1, 2])  # fmt: skip
        def edge(n, x):
            """It holds here, within n places of the left end."""
            return x & (np.arange(x.shape[-1]) < n)

        check_operator("CORNER")
        check_operator("EDGE")
        images = Universe.pixels(3, 2, 2)
        water = np.array([[1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1]], bool)
        bank = ConceptBank.from_masks(water, ["water"], universe=images)
        unit = np.isin(np.arange(12), [0, 4])
        units = Units.from_masks(unit[None], ["u"], universe=images)
        assert score("CORNER(water)", bank, units, "u").score == 1.0
        (found,) = explain(bank, units, atoms="CORNER,EDGE", length=1)
        assert str(found.formula) == "CORNER(water)"


def test_a_function_that_is_registered_anew_is_asked_anew():
    bank = ConceptBank.from_masks([[1, 0, 0]], ["a"], universe=Universe.tokens([0, 3]))
    units = Units.from_masks([[0, 1, 0]], ["u"], universe=bank.universe)
    found = []
    for step in (1, 2):
        with OPERATORS.scope():

            @operator("SHIFT", kind="structural", where="tokens", args=1, example="SHIFT(a)")
            def shift(x, step=step):
                """The token so many before holds it."""
                return np.roll(x, step, axis=-1)

            found.append(score("SHIFT(a)", bank, units, "u").score)
    assert found == [1.0, 0.0]
