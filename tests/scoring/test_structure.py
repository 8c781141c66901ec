"""Structural operators against a slow definition, cell by cell, and what a finer bank keeps."""

from __future__ import annotations

import copy
import pickle
from contextlib import suppress
from dataclasses import astuple

import numpy as np
import pytest
from oracle import cells_of, counts
from structure_oracle import STRUCTURAL, groups_of

from logicx import ConceptBank, Units, Universe, parse, score
from logicx.errors import DataError, LogicxError, OperatorError
from logicx.language.formula import Apply, Concept
from logicx.language.registry import operators
from logicx.scoring import walking
from logicx.scoring.counts import evaluate
from logicx.scoring.structure import refined

IN_FORCE = [one for one in operators() if one.kind == "structural"]
NUMBERS = (0, 1, 2, 3, 50, 999_999_999)

UNIVERSES = {
    "images": Universe.pixels(7, 5, 4),
    "images of one row": Universe.pixels(4, 1, 6),
    "images of one column": Universe.pixels(4, 6, 1),
    "images of one cell": Universe.pixels(9, 1, 1),
    "one image": Universe.pixels(1, 6, 7),
    "no image": Universe.pixels(0, 3, 3),
    "documents": Universe.tokens([0, 4, 9, 9, 10, 16, 21, 24, 24]),
    "documents of one token": Universe.tokens(list(range(9))),
    "empty documents": Universe.tokens([0, 0, 0, 0]),
    "no document": Universe.tokens([0]),
    "one document": Universe.tokens([0, 40]),
}


def made(universe, seed, share=0.5, valid_share=0.8):
    """A bank, and what the oracle is told of it."""
    dice = np.random.default_rng(seed)
    n = universe.n_cells
    masks = dice.random((3, n)) < share
    valid = dice.random(n) < valid_share
    bank = ConceptBank.from_masks(masks, ["a", "b", "c"], valid=valid, universe=universe)
    sets = {name: {*np.flatnonzero(mask).tolist()} for name, mask in zip("abc", masks, strict=True)}
    return bank, sets, {*np.flatnonzero(valid).tolist()}


def held(formula, bank) -> set[int]:
    finer = refined(bank, [formula])
    return {*np.flatnonzero(finer.cells(evaluate(formula, finer))).tolist()}


def applications(op):
    args = (Concept("a"), parse("b OR NOT c"))[: op.min_args]
    for number in NUMBERS if op.parameters else [None]:
        yield Apply(op.keyword, args, () if number is None else (number,))
        yield Apply(op.keyword, args[::-1], () if number is None else (number,))


@pytest.mark.parametrize("universe", UNIVERSES.values(), ids=UNIVERSES)
@pytest.mark.parametrize("op", IN_FORCE, ids=[one.keyword for one in IN_FORCE])
def test_it_holds_where_the_slow_definition_says(op, universe):
    for seed in range(6):
        bank, sets, valid = made(universe, seed, (0.1, 0.3, 0.5, 0.7, 0.9, 0.0)[seed])
        for formula in applications(op):
            if universe.kind in op.places:
                want = cells_of(formula, sets, valid, groups_of(universe))
                assert held(formula, bank) == want, (str(formula), seed)
            else:
                with pytest.raises(OperatorError, match=f"{op.keyword} is for "):
                    held(formula, bank)


def test_every_structural_operator_has_a_slow_definition():
    assert {one.keyword for one in IN_FORCE} == {*STRUCTURAL}


@pytest.mark.parametrize("kind", ["rows", "pairs"])
def test_where_cells_do_not_lie_anywhere_it_is_refused_in_a_sentence(kind):
    bank = ConceptBank.from_masks([[1, 0, 1]], ["a"], universe=Universe(kind, (3,)), name="x")
    for op in IN_FORCE:
        formula = next(applications(op))
        if op.min_args == 1 and formula.concepts == ("a",):
            with pytest.raises(OperatorError) as caught:
                held(formula, bank)
            where = "pixels of images" if "pixels" in op.places else "tokens of documents"
            assert caught.value.message == (
                f"{op.keyword} is for {where}, but bank 'x' covers 3 {kind}"
            )


def drawn(dice, depth, keywords):
    """A random formula of any operators."""
    if not depth or dice.random() < 0.2:
        return Concept("abcd"[dice.choice(4, p=[0.33, 0.33, 0.33, 0.01])])
    op = keywords[dice.integers(len(keywords))]
    n = op.min_args + (op.max_args is None) * int(dice.integers(0, 3))
    args = tuple(drawn(dice, depth - 1, keywords) for _ in range(n))
    numbers = tuple(int(dice.integers(0, 4)) for _ in op.parameters)
    if op.takes_text:
        return Apply(op.keyword, (), (*numbers, "abc*"[dice.integers(4)]))
    return Apply(op.keyword, args, numbers)


@pytest.mark.parametrize("kind", ["pixels", "tokens"])
def test_nested_formulas_are_what_the_oracle_says(kind):
    dice = np.random.default_rng(3)
    keywords = [
        one
        for one in operators()
        if one.kind == "connective" or (one.kind == "structural" and kind in one.places)
    ]
    for seed in range(60):
        universe = UNIVERSES["images" if kind == "pixels" else "documents"]
        bank, sets, valid = made(universe, seed, 0.3)
        formula = drawn(dice, 4, keywords)
        if "d" not in formula.concepts:
            assert held(formula, bank) == cells_of(formula, sets, valid, groups_of(universe))


def test_all_operators_in_all_universes_give_cells_or_an_error_of_ours():
    dice = np.random.default_rng(0)
    banks = [made(one, 1)[0] for one in UNIVERSES.values()]
    banks += [ConceptBank.from_masks(np.eye(3, dtype=bool), list("abc"))]
    n_held = 0
    for _ in range(1500):
        formula = drawn(dice, 3, operators())
        assert parse(str(formula)) == formula
        bank = banks[dice.integers(len(banks))]
        with suppress(LogicxError):
            held(formula, bank)
            n_held += 1
    assert n_held > 100


@pytest.mark.parametrize("universe", UNIVERSES.values(), ids=UNIVERSES)
def test_counts_are_exact_and_a_finer_bank_is_the_same_bank(universe):
    op = "NEAR(1, a)" if universe.kind == "pixels" else "WITHIN(1, a)"
    formula = parse(f"{op} AND NOT b")
    bank, sets, valid = made(universe, 5)
    finer = refined(bank, [formula])
    assert (finer.names, finer.universe, finer.n_valid) == (bank.names, universe, bank.n_valid)
    assert finer.count.tolist() == bank.count.tolist()
    for name in bank.names:
        assert held(Concept(name), finer) == held(Concept(name), bank)
    assert refined(finer, [formula]) is finer
    assert refined(bank, [formula]) is finer
    dice = np.random.default_rng(0)
    unit = dice.random(universe.n_cells) < 0.4
    units = Units.from_masks(unit[None], ["u"], universe=universe)
    if (unit & finer.cells(np.ones(finer.n_signatures, bool))).any():
        found = score(formula, bank, units, "u")
        fires = {*np.flatnonzero(unit).tolist()}
        inside = cells_of(parse(op), sets, valid, groups_of(universe))
        want = counts(parse("s AND NOT b"), {**sets, "s": inside}, valid, fires)
        assert astuple(found.counts) == want
        assert found.settings["bank"] == bank.content
        assert found.best_single == score("a", bank, units, "u").best_single


def test_blocks_do_not_matter(monkeypatch):
    for name, kind in (("images", "NEAR(2, a)"), ("documents", "WITHIN(2, a)")):
        formula = parse(kind)
        whole = held(formula, made(UNIVERSES[name], 2)[0])
        monkeypatch.setattr(walking, "IMAGE_CELLS", 1)
        monkeypatch.setattr(walking, "TOKEN_CELLS", 1)
        assert held(formula, made(UNIVERSES[name], 2)[0]) == whole


def test_many_formulas_at_once_are_told_apart_by_more_bits_than_a_number_has():
    bank, sets, valid = made(UNIVERSES["one image"], 2, 0.3)
    formulas = [
        Apply(key, (Concept(one),), (r,))
        for key in ("NEAR", "GROW", "SHRINK")
        for one in "abc"
        for r in range(12)
    ]
    finer = refined(bank, formulas)
    assert len(finer.marks) == 108
    for formula in formulas:
        want = cells_of(formula, sets, valid, groups_of(bank.universe))
        assert {*np.flatnonzero(finer.cells(evaluate(formula, finer))).tolist()} == want
        assert refined(finer, [formula]) is finer


def test_a_bank_on_file_says_the_same(tmp_path):
    for name, text in (("images", "LARGEST(a)"), ("documents", "FIRST(a)")):
        bank = made(UNIVERSES[name], 2)[0]
        bank.save(tmp_path / "x.bank")
        opened = ConceptBank.open(tmp_path / "x.bank")
        assert held(parse(text), opened) == held(parse(text), bank)
        finer = refined(opened, [parse(text)])
        assert finer.content == refined(bank, [parse(text)]).content != bank.content
        for other in (pickle.loads(pickle.dumps(finer)), copy.deepcopy(finer)):
            assert (evaluate(parse(text), other) == evaluate(parse(text), finer)).all()


def test_units_that_are_not_known_everywhere_are_counted_where_they_are():
    """The operator sees all labels; only the counts leave cells out."""
    universe = UNIVERSES["documents"]
    bank, sets, valid = made(universe, 4)
    dice = np.random.default_rng(1)
    on = dice.random(universe.n_cells) < 0.5
    known = dice.random(universe.n_cells) < 0.6
    units = Units.from_masks(np.ma.array(on[None], mask=~known[None]), ["u"], universe=universe)
    found = score("AFTER(a) AND b", bank, units, "u")
    inside = cells_of(parse("AFTER(a)"), sets, valid, groups_of(universe))
    there = valid & {*np.flatnonzero(known).tolist()}
    fires = {*np.flatnonzero(on & known).tolist()}
    want = counts(parse("s AND b"), {**sets, "s": inside}, there, fires)
    assert astuple(found.counts) == want


def test_units_without_cells_are_refused():
    bank, _, _ = made(UNIVERSES["documents"], 4)
    units = Units.counted(bank, ["u"], [bank.size])
    assert score("a", bank, units, "u").counts.fn
    with pytest.raises(DataError, match="kept as counts by signature"):
        score("AFTER(a)", bank, units, "u")


def test_a_deep_formula_is_no_deeper_than_others():
    bank, _, _ = made(UNIVERSES["documents"], 4)
    formula = Concept("a")
    for k in range(3000):
        formula = Apply("AFTER" if k % 1000 == 0 else "NOT", (formula,))
    held(formula, bank)


@pytest.mark.parametrize(
    "name", ["left hand", "first place", "count", "near miss", "after", "image"]
)
def test_keywords_are_words_of_names_elsewhere(name):
    bank = ConceptBank.from_masks([[1, 0, 1]], [name], universe=Universe.tokens([0, 3]))
    assert parse(name) == Concept(name)
    assert str(Concept(name)) == name
    formula = parse(f"AFTER({name}) AND NOT {name}", names=bank.names)
    assert parse(str(formula), names=bank.names) == formula
    assert held(formula, bank) == {1}
    assert held(parse(f"before ({name})"), bank) == {0, 1}
