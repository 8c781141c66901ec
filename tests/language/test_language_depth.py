"""Formulas that are nested 10,000 deep, and names that are as long."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from some_formulas import A, no

from logicx.errors import LogicxError
from logicx.language.canon import canonical
from logicx.language.formula import Apply, Concept, fold, post_order
from logicx.language.parsing import parse
from logicx.language.printing import format_formula

DEPTH = 10_000


def nested(kind: str) -> str:
    """Text of a formula nested 10,000 deep."""
    return {
        "parentheses": "(" * DEPTH + "a" + ")" * DEPTH,
        "not": "NOT " * DEPTH + "a",
        "not-groups": "NOT (" * DEPTH + "a" + ")" * DEPTH,
        "neighbors": "NEIGHBORS(" * DEPTH + "a" + ")" * DEPTH,
        "left": " AND ".join(f"a{i}" for i in range(DEPTH + 1)),
        "right": "".join(f"a{i} AND (" for i in range(DEPTH)) + "a" + ")" * DEPTH,
        "alternating": "(" * DEPTH + "a" + " OR b) AND c)" * (DEPTH // 2),
        "atleast": "ATLEAST(1, " * DEPTH + "a" + ")" * DEPTH,
        "atleast-right": "ATLEAST(2, b, " * DEPTH + "a" + ")" * DEPTH,
    }[kind]


@pytest.mark.parametrize(
    ("kind", "n_atoms", "n_nodes"),
    [
        ("parentheses", 1, 1),
        ("not", 1, DEPTH + 1),
        ("not-groups", 1, DEPTH + 1),
        ("neighbors", 1, DEPTH + 1),
        ("left", DEPTH + 1, 2 * DEPTH + 1),
        ("right", DEPTH + 1, 2 * DEPTH + 1),
        ("alternating", DEPTH + 1, 2 * DEPTH + 1),
        ("atleast", 1, DEPTH + 1),
        ("atleast-right", DEPTH + 1, 2 * DEPTH + 1),
    ],
)
def test_nesting_of_any_depth(kind, n_atoms, n_nodes):
    text = nested(kind)
    formula = parse(text)
    assert formula.n_atoms == n_atoms
    assert sum(1 for _ in post_order(formula)) == n_nodes
    printed = format_formula(formula)
    again = parse(printed, "chain")
    assert again == formula
    assert hash(again) == hash(formula)
    assert repr(formula)
    assert no(formula) != formula
    first = formula.concepts[0]
    other = fold(
        formula,
        lambda leaf: Concept("z") if leaf.name == first else leaf,
        lambda node, args: Apply(node.operator, tuple(args), node.parameters),
    )
    assert other != formula
    form = canonical(formula)
    assert canonical(form) == form
    assert set(form.concepts) == set(formula.concepts)
    if kind in ("not", "not-groups"):
        assert form == A
    del formula, again, other, form


@pytest.mark.parametrize("opening", ["(", "NOT (", "ATLEAST(1, ", "a AND (", "NEIGHBORS("])
def test_an_error_at_any_depth(opening):
    for text, code in (
        (opening * DEPTH + "a", "unclosed-parenthesis"),
        (opening * DEPTH, "unfinished"),
        (opening * DEPTH + "a" + ")" * (DEPTH + 1), "unopened-parenthesis"),
    ):
        with pytest.raises(LogicxError) as caught:
            parse(text)
        assert caught.value.code == code
        assert max(map(len, str(caught.value).splitlines())) < 200


@example("a" * 100_000)
@example("'" + "\\" * 100_000 + "'")
@example('"' + "\\a" * 50_000 + '"')
@example(" ".join(["word"] * 20_000))
@settings(max_examples=20, deadline=None)
@given(st.text("ab ", min_size=1).filter(str.strip))
def test_long_names(text):
    name = parse(text)
    assert isinstance(name, Concept)
    assert parse(str(name)) == name
