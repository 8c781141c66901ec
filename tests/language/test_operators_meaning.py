"""Operators: their facts, and what they evaluate to."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from some_operators import BITS, NAMES, bank_of_rows, every_row, holds, is_registered, register

from logicx.banks.bank import ConceptBank
from logicx.errors import OperatorError
from logicx.language.formula import Apply, Concept
from logicx.language.parsing import parse
from logicx.language.registry import OPERATORS
from logicx.language.validation import FACTS
from logicx.scoring.counts import MAX_TABLE_ARGS, evaluate


def facts_that_hold(table) -> set[str]:
    """The facts of a two-argument connective, by their definitions."""
    found = set()
    if all(table(a, b) == table(b, a) for a, b in product(BITS, BITS)):
        found.add("commutative")
    if all(table(a, a) == a for a in BITS):
        found.add("idempotent")
    triples = product(BITS, BITS, BITS)
    if all(table(table(a, b), c) == table(a, table(b, c)) for a, b, c in triples):
        found.add("associative")
    return found


@pytest.mark.parametrize("number", range(16))
def test_facts_are_checked_against_the_truth_table(number):
    def table(a, b):
        return bool(number >> (2 * a + b) & 1)

    true = facts_that_hold(table)
    for fact in FACTS - {"involution"}:
        with OPERATORS.scope():
            if fact in true:
                register("MINE", table, facts=[fact])
                assert is_registered("MINE")
            else:
                with pytest.raises(OperatorError, match=f"its truth table is not {fact}$"):
                    register("MINE", table, facts=[fact])
    with OPERATORS.scope():
        register("MINE", table, facts=sorted(true))
        assert OPERATORS.get("MINE").facts == true


@pytest.mark.parametrize(("low", "high"), list(product(BITS, BITS)))
def test_involutions_are_checked_against_the_truth_table(low, high):
    def table(a):
        return high if a else low

    with OPERATORS.scope():
        if low != high:
            register("MINE", table, 1, facts=["involution"])
            assert is_registered("MINE")
        else:
            with pytest.raises(OperatorError, match="its truth table is not involution"):
                register("MINE", table, 1, facts=["involution"])


@settings(deadline=None)
@given(st.integers(3, 5), st.data())
def test_commutativity_is_checked_on_all_arguments(n, data):
    rows = list(product(BITS, repeat=n))
    true = set(data.draw(st.lists(st.sampled_from(rows), max_size=4)))
    if data.draw(st.booleans()):
        true = {other for row in true for other in permutations(row)}
    is_symmetric = all(other in true for row in true for other in permutations(row))
    with OPERATORS.scope():
        if is_symmetric:
            register("MINE", lambda *row: row in true, n, facts=["commutative"])
            assert OPERATORS.get("MINE").is_symmetric
        else:
            with pytest.raises(OperatorError, match="not commutative"):
                register("MINE", lambda *row: row in true, n, facts=["commutative"])


def test_commutativity_of_any_number_of_arguments_is_checked_beyond_the_fewest():
    with OPERATORS.scope(), pytest.raises(OperatorError, match="not commutative"):
        register("MINE", lambda *row: row[0], (1, None), facts=["commutative"])
    with OPERATORS.scope(), pytest.raises(OperatorError, match="not commutative"):
        register("MINE", lambda *row: row[-1] and len(row) > 2, (2, 3), facts=["commutative"])


@pytest.mark.parametrize("keyword", ["AND", "OR", "XOR"])
def test_built_in_operators_state_all_their_facts(keyword):
    one = OPERATORS.get(keyword)
    assert one.facts == facts_that_hold(one.meaning)
    assert one.pair_table() == tuple(one.meaning(a, b) for a, b in product(BITS, BITS))


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 5), st.data())
def test_any_connective_equals_brute_force(n, data):
    rows = list(product(BITS, repeat=n))
    values = data.draw(st.lists(st.booleans(), min_size=2**n, max_size=2**n))
    table = dict(zip(rows, values, strict=True))
    order = data.draw(st.permutations(range(n)))
    negated = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    args = [
        Apply("NOT", (Concept(NAMES[i]),)) if flip else Concept(NAMES[i])
        for i, flip in zip(order, negated, strict=True)
    ]
    with OPERATORS.scope():
        register("MINE", lambda *row: table[row], n)
        found = holds(Apply("MINE", tuple(args)), every_row(n))
    brute = [
        table[tuple(row[i] != flip for i, flip in zip(order, negated, strict=True))] for row in rows
    ]
    assert found == brute


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 5), st.data())
def test_any_symmetric_connective_equals_brute_force(n, data):
    by_number = data.draw(st.lists(st.booleans(), min_size=n + 1, max_size=n + 1))
    which = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    with OPERATORS.scope():
        register("MINE", lambda *row: by_number[sum(row)], n, facts=["commutative"])
        found = holds(Apply("MINE", tuple(Concept(NAMES[i]) for i in which)), every_row(n))
    rows = product(BITS, repeat=n)
    assert found == [by_number[sum(row[i] for i in which)] for row in rows]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 12),
    st.lists(st.integers(0, 4), min_size=1, max_size=10),
    st.lists(st.tuples(*[st.booleans()] * 5), min_size=1, max_size=70),
)
def test_atleast_counts(k, which, rows):
    formula = Apply("ATLEAST", tuple(Concept(NAMES[i]) for i in which), (k,))
    assert holds(formula, bank_of_rows(rows)) == [sum(row[i] for i in which) >= k for row in rows]


@pytest.mark.parametrize(
    ("k", "n_args"), [(0, 1), (1, 1), (2, 1), (0, 5), (5, 5), (6, 5), (10**9 - 1, 3)]
)
def test_atleast_at_its_limits(k, n_args):
    formula = Apply("ATLEAST", tuple(Concept(name) for name in NAMES[:n_args]), (k,))
    rows = list(product(BITS, repeat=n_args))
    assert holds(formula, every_row(n_args)) == [sum(row) >= k for row in rows]


def test_atleast_of_many_arguments():
    source = np.random.default_rng(0)
    masks = source.random((150, 90)) < 0.5
    names = [f"c{i}" for i in range(150)]
    bank = ConceptBank.from_masks(masks, names)
    for k in (1, 70, 75, 80, 150):
        formula = parse(f"ATLEAST({k}, {', '.join(names)})")
        assert bank.cells(evaluate(formula, bank)).tolist() == (masks.sum(0) >= k).tolist()


def test_a_table_too_large_to_write_out_is_refused():
    n = MAX_TABLE_ARGS + 1
    args = tuple(Concept("a") for _ in range(n))
    with OPERATORS.scope():
        register("MINE", lambda *row: row[0], (1, None))
        assert holds(Apply("MINE", args[1:]), every_row(1)) == [False, True]
        with pytest.raises(OperatorError, match=f"at most {MAX_TABLE_ARGS} arguments, not {n}"):
            evaluate(Apply("MINE", args), every_row(1))
