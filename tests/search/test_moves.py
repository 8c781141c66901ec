"""Moves of any arity and form: read, counted, and searched by the beam."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from all_formulas import best_by_length, register_others

from logicx import Beam, ConceptBank, Units, explain, read_journal, run_journal
from logicx.banks.bits import pack, unpack
from logicx.engines.numpy_engine import NumpyEngine
from logicx.errors import LogicxError, OptionError
from logicx.language.registry import OPERATORS
from logicx.scoring.counts import count
from logicx.scoring.objectives import objective_named
from logicx.search.beam import Beam as Beam_
from logicx.search.formulas.literals import LiteralSpace
from logicx.search.formulas.moved import atom, check_moves, results
from logicx.search.formulas.moves import Move, ways_of
from logicx.search.lanes import Lanes

TEMPLATES = ("f OR (a AND b)", "(f AND NOT a) XOR g", "ATLEAST(2, f, g, h)", "NOT f OR NOT g")


@pytest.fixture
def scope():
    with OPERATORS.scope():
        register_others()
        yield


def told(texts):
    return [str(one) for ways in ways_of(texts) for one in ways]


def world(seed, n_concepts=8, n_cells=300):
    dice = np.random.default_rng(seed)
    masks = dice.random((n_concepts, n_cells)) < 0.4
    return masks, ConceptBank.from_masks(masks, [f"c{i}" for i in range(n_concepts)]), dice


def test_a_name_stands_for_all_that_its_connective_can_do(scope):
    assert told("or, and not, xor") == ["OR", "AND NOT", "XOR"]
    assert told("IF") == ["IF", "a IF f"]
    assert told("IF NOT") == ["IF NOT"]
    assert told("MOST, OR") == ["OR", "MOST(f, a, b)"]
    assert told("ATLEAST(2, f, a, b), OR, ATLEAST(2, f, g, a)") == [
        "OR", "ATLEAST(2, f, a, b)", "ATLEAST(2, f, g, a)",
    ]  # fmt: skip
    assert told(["a IF f", "a IF f"]) == ["a IF f"]
    assert told(told("MOST, IF, AND NOT")) == told("MOST, IF, AND NOT")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("OR(f", "no way to make a formula"),
        ("f OR (f AND a)", "names a slot twice"),
        ("f OR (a AND x)", "no slot is called 'x'"),
        ("a AND (b OR c)", "takes no formula that was kept"),
        ("NOT (f)", "a formula alone does not grow"),
        ("ATLEAST", "needs a number"),
        ("NEIGHBORS", "no way to extend a formula"),
        ("NEIGHBORS(f)", "is no connective"),
        ("CATEGORY", "atoms=CATEGORY"),
        ("->", "no operator '->'"),
        ("&", r"'&' is a symbol[\s\S]*write AND, or a template such as f & a"),
        ("OR AND", "f, g, h for formulas"),
        ("water OR boat", "f, g, h for formulas"),
        ("NONSENSE", "no operator 'NONSENSE'"),
        ("", "steps is empty"),
    ],
)
def test_what_is_no_move_is_refused(text, why):
    with pytest.raises(LogicxError, match=why):
        ways_of(text)


def test_commas_within_parentheses_of_any_depth_part_nothing():
    texts = ["ATLEAST(2, f, (a OR b), c)", "f AND (a OR (b AND c))", "OR"]
    steps, moves = ways_of(", ".join(texts))
    assert [*map(str, moves), *map(str, steps)] == [
        "ATLEAST(2, f, a OR b, c)",
        "f AND (a OR (b AND c))",
        "OR",
    ]


@pytest.mark.parametrize("text", TEMPLATES)
def test_table_factors_and_words_follow_from_the_template(text):
    move = Move.of(text)
    n = len(move.slots)
    rows = np.array(list(product([False, True], repeat=n)), bool)[:, ::-1]  # row r: bits of r
    assert [bool(one) for one in move.table] == [
        move.table[sum(int(bit) << i for i, bit in enumerate(row))] for row in rows.tolist()
    ]
    bank = ConceptBank.from_masks(rows.T, list(move.slots))
    wanted = count(move.template, bank, bank.on_counts(np.array(move.table)))
    assert (wanted.fp, wanted.fn) == (0, 0)
    dice = np.random.default_rng(0)
    masks = dice.random((n, 200)) < 0.5
    words, full = pack(masks), pack(np.ones(200, bool))
    holds = unpack(move.combine(list(words), full), 200)
    index = sum(masks[i].astype(int) << i for i in range(n))
    assert holds.tolist() == np.array(move.table)[index].tolist()
    meets = [np.logical_and.reduce([masks[i] for i in range(n) if s >> i & 1]) if s else
             np.ones(200, bool) for s in range(1 << n)]  # fmt: skip
    assert sum(k * one.sum() for k, one in zip(move.factors, meets, strict=True)) == holds.sum()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "steps", ["OR,AND,MOST(f,a,b)", "OR,MOST(f,g,a)", "XOR,MOST(f,g,h)", "MOST"]
)
def test_a_beam_that_keeps_all_finds_what_trying_all_finds(seed, steps, scope):
    masks, bank, dice = world(seed, n_concepts=5, n_cells=60)
    unit = dice.random(60) < 0.4
    names = [one for one in ("OR", "AND", "XOR", "MOST") if one in re.split(r"\W", steps)]
    wanted = best_by_length(masks, unit, names, 3, objective_named("iou"))
    beam = Beam(width=300, steps=steps, literals=False)
    (found,) = explain(bank, Units.from_masks([unit]), strategy=beam, length=3)
    assert [one.score for one in found.by_length] == wanted


@pytest.mark.parametrize("seed", range(5))
def test_what_is_kept_is_counted_as_one_by_one(seed, scope):
    masks, bank, dice = world(seed)
    engine = NumpyEngine(bank, bank.on_counts(dice.random(masks.shape[1]) < 0.3))
    _, moves = ways_of(["MOST(f, a, b)", "MOST(f, g, a)", "f OR (a AND b)", "(f AND g) XOR h"])
    parts = (engine, objective_named("iou"), ways_of("OR,AND NOT")[0], np.arange(8), 0.9)
    parts += (False, (0, 0), False, 20)
    space = LiteralSpace(*parts, negates=False, moves=moves)
    levels = Lanes(Beam_(20, 5), 40).search(space).levels
    kinds = set()
    for one in levels[-1]:
        counts = one.node.counts
        assert counts == count(one.node.formula, bank, engine.on)
        assert one.node.length == one.node.formula.n_atoms <= 5
        plain = counts.tp / (counts.tp + counts.fp + counts.fn)
        assert one.score == pytest.approx(plain * 0.9 ** (one.node.length - 1))
        assert counts.tp + counts.fp >= 20
        kinds.add(type(one.node).__name__)
    assert kinds == {"FormulaNode", "MovedNode"}
    assert len({one.node.words.tobytes() for one in levels[-1]}) == len(levels[-1])


def test_each_result_of_a_move_is_made_once(scope):
    _, bank, dice = world(1)
    engine = NumpyEngine(bank, bank.on_counts(dice.random(300) < 0.3))
    parts = (engine, objective_named("iou"), ways_of("OR")[0], np.arange(8))
    space = LiteralSpace(*parts, negates=False)
    pool = [atom(space, i) for i in range(8)]
    for text, n in (
        ("MOST(f, a, b)", 8 * 28),
        ("MOST(f, g, a)", 28 * 8),
        ("MOST(f, g, h)", 56),
        ("f OR (a AND NOT b)", 8 * 56),
    ):
        made = list(results(space, Move.of(text), pool, 3))
        assert sum(one.n_scored for one in made) == n
        found = [one.node(i) for part in made for one in [part.above(-np.inf)]
                 for i in range(len(one.scores))]  # fmt: skip
        assert len(found) == n
        assert len({one.formula for one in found}) == n


def test_planted_formulas_of_each_form_win(scope):
    masks, bank, _ = world(2)
    planted = {
        "MOST(f, a, b)": masks[:3].sum(axis=0) >= 2,
        "ATLEAST(3, f, a, b, c)": masks[:4].sum(axis=0) >= 3,
        "f OR (a AND b)": masks[0] | (masks[1] & masks[2]),
        "IF": ~masks[4] | masks[5],
    }
    for steps, unit in planted.items():
        units = Units.from_masks([unit])
        beam = Beam(steps=f"OR, AND, {steps}", literals=False)
        (found,) = explain(bank, units, strategy=beam, length=4)
        (without,) = explain(bank, units, strategy=Beam(literals=False), length=4)
        assert found.score == 1.0 > without.score


@pytest.mark.parametrize("seed", range(10))
def test_no_unit_is_worse_with_moves_beside_the_steps(seed, scope):
    _, bank, dice = world(seed, n_concepts=15)
    units = Units.from_masks(dice.random((4, 300)) < 0.3)
    plain = explain(bank, units, strategy=Beam(width=3, literals=False), length=5)
    moved = Beam(width=3, steps="OR,AND,AND NOT,MOST,MOST(f,g,a)", literals=False)
    for old, new in zip(plain, explain(bank, units, strategy=moved, length=5), strict=True):
        assert new.score >= old.score


def test_both_directions_are_searched_by_all_engines_alike(scope):
    _, bank, dice = world(3, n_concepts=20)
    units = Units.from_masks(dice.random((6, 300)) < 0.7)
    found = []
    for engine in ("numpy", "numba", "torch"):
        beam = Beam(steps="IF, AND", engine=engine, literals=False)
        plan = explain(bank, units, strategy=beam, length=3)
        assert plan.settings["steps"] == ["IF", "a IF f", "AND"]
        found.append([(one.formula, one.score) for one in plan])
    assert found[0] == found[1] == found[2]
    assert "IF" in str(found[0])


def test_moves_are_searched_by_numpy_which_is_told():
    _, bank, dice = world(3)
    units = Units.from_masks(dice.random((1, 300)) < 0.3)
    plan = explain(bank, units, strategy=Beam(steps="OR,f OR (a AND b)", engine="numba"))
    assert plan.engine == "numpy"
    assert "f OR (a AND b) is not compiled" in plan.note


def test_a_journal_notes_moves_and_goes_on_with_them(tmp_path, scope):
    _, bank, dice = world(4)
    units = Units.from_masks(dice.random((5, 300)) < 0.3)
    beam = Beam(steps="OR, IF, MOST", literals=False)
    whole, path = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    run_journal(explain(bank, units, strategy=beam), whole)
    header = read_journal(whole).header
    assert header["settings"]["steps"] == ["OR", "IF", "a IF f", "MOST(f, a, b)"]
    assert header["truth_tables"] == ["0111", "1101", "1011", "00010111"]
    assert sorted(header["parts"]) == ["operator IF", "operator MOST"]
    lines = whole.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]))
    run_journal(explain(bank, units, strategy=beam), path, resume=True)
    assert path.read_bytes() == whole.read_bytes()


def test_moves_with_too_many_results_and_those_of_presets_are_refused(scope):
    masks, bank, _ = world(5)
    units = Units.from_masks(masks[:1])
    with pytest.raises(OptionError, match="too many to try"):
        check_moves(ways_of("MOST(f,a,b), ATLEAST(2,f,a,b,c)")[1], 4004, 10)
    with pytest.raises(OptionError, match="steps means nothing to the preset cce"):
        explain(bank, units, strategy=Beam(steps="MOST", preset="cce"))
    with pytest.raises(OptionError, match="bound_time proves bounds over OR, AND and AND NOT"):
        explain(bank, units, strategy=Beam(steps="OR,MOST", bound_time=1))


def test_a_way_that_is_too_long_for_the_search_is_told_of():
    bank = ConceptBank.from_masks(np.eye(4, dtype=bool), ["p", "q", "r", "s"])
    units = Units.from_masks([[1, 1, 0, 0]])
    told = [
        explain(bank, units, steps="OR, MAJORITY", length=length)[0].notes for length in (1, 2, 3)
    ]
    note = (
        "MAJORITY(f, a, b) has no part in it: it makes formulas of 3 concepts or more, and "
        "length is 2"
    )
    assert told == [(), (note,), ()]
