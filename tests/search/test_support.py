"""Least support of formulas and of concepts: every strategy and engine, against the slow way."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from searched_worlds import DEFAULT, plain_beam, world

from logicx import ConceptBank, Units, explain, parse, run_journal
from logicx.banks.bits import pack, unpack
from logicx.cli import run as run_command
from logicx.errors import JournalError, OptionError
from logicx.scoring.counts import count
from logicx.scoring.objectives import OBJECTIVES, objective_named
from logicx.search.formulas.exhaustive import exhaustive
from logicx.search.formulas.support import supported


@settings(deadline=None, max_examples=80)
@given(
    st.integers(0, 10**6),
    st.integers(1, 5),
    st.integers(1, 12),
    st.sampled_from([*OBJECTIVES, "fbeta(2)"]),
    st.sampled_from([DEFAULT, ("AND", "AND NOT"), ("AND NOT", "OR NOT", "XOR NOT")]),
    st.sampled_from(["meaning", "none"]),
    st.sampled_from(["default", "compexp"]),
    st.sampled_from([1, 7]),
    st.integers(0, 45),
    st.integers(0, 45),
)
def test_both_engines_equal_the_slow_way(
    seed, length, width, goal, steps, dedupe, preset, repeats, min_support, min_atom_support
):  # fmt: skip
    bank, units, masks, unit = world(seed, repeats=repeats)
    least = {"min_support": min_support * repeats, "min_atom_support": min_atom_support * repeats}
    assume(bank.count.max() >= max(least.values()))
    options = {"length": length, "beam": width, "objective": goal, "steps": steps}
    options |= {"dedupe": dedupe, "preset": preset, "literals": False, **least}
    wanted = plain_beam(
        masks, unit, objective_named(goal), width, length, steps, dedupe == "meaning",
        preset == "default", **least,
    )  # fmt: skip
    engines = ["numpy"]
    try:
        import numba  # noqa: F401
    except ImportError:
        pass
    else:
        engines.append("numba")
    for engine in engines:
        (found,) = explain(bank, units, engine=engine, **options)
        assert found.settings["engine"] == engine
        mine = [(one.score, one.formula) for one in found.by_length]
        assert mine == [(level[0][0], parse(level[0][1])) for level in wanted]
        for one in found.by_length:
            assert one.counts.tp + one.counts.fp >= least["min_support"]
            for name in one.formula.concepts:
                assert bank.count[bank.number(name)] >= least["min_atom_support"]


def test_whole_beams_of_both_engines_are_the_same():
    pytest.importorskip("numba")
    from engine_worlds import levels_of, random_world

    from logicx.engines.numba_engine import NumbaEngine
    from logicx.engines.numpy_engine import NumpyEngine
    from logicx.runs.running import search_compiled
    from logicx.search.beam import Beam
    from logicx.search.formulas.space import FormulaSpace
    from logicx.search.formulas.steps import Step

    n_partly = 0
    for seed in range(60):
        bank, (on,) = random_world(seed, 20, 150, 1 + seed % 3, n_units=1)
        least = int(np.sort(bank.count)[seed % 20])
        beam = Beam(1 + seed % 9, 1 + seed % 5, ("meaning", "none")[seed % 2])
        found = []
        for engine in (NumpyEngine(bank, on), NumbaEngine(bank, on)):
            space = FormulaSpace(
                engine, objective_named("iou"), [Step.of(one) for one in DEFAULT], np.arange(20),
                (1.0, 0.9)[seed % 2], min_support=least,
            )  # fmt: skip
            is_compiled = isinstance(engine, NumbaEngine)
            result = search_compiled(beam, space, True) if is_compiled else beam.search(space)
            found.append((levels_of(result), result.n_scored))
        assert found[0] == found[1]
        n_partly += len(found[0][0][0]) < beam.width
    assert n_partly


def test_a_bank_of_fewer_concepts_denotes_the_same(tmp_path):
    bank, units, _, _ = world(4, n_concepts=9, n_cells=200)
    bank.save(tmp_path / "a.bank")
    least = int(np.sort(bank.count)[4])
    for one in (bank, ConceptBank.open(tmp_path / "a.bank")):
        small = supported(one, least)
        kept = np.flatnonzero(one.count >= least)
        assert 0 < small.n_concepts == len(kept) < one.n_concepts
        assert small.names == tuple(one.names[i] for i in kept)
        np.testing.assert_array_equal(small.count, one.count[kept])
        np.testing.assert_array_equal(small.packed, one.packed[kept])
        mask = np.zeros((len(kept), small.n_signatures), bool)
        for i in range(small.n_signatures):
            mask[small.concepts_of.gather(np.array([i]))[0], i] = True
        np.testing.assert_array_equal(pack(mask), small.packed)
        text = " OR ".join(small.names)
        on = units.on(one, "u")
        np.testing.assert_array_equal(on, units.on(small, "u"))
        assert count(parse(text), small, on) == count(parse(text), one, on)
    assert supported(bank, 0) is supported(bank, int(bank.count.min())) is bank
    with pytest.raises(
        OptionError, match=r"no concept holds at 10,000 cells: the most frequent, 'c\d'"
    ):
        supported(bank, 10_000)


def empty_and_small():
    """A concept that holds nowhere and one that holds at a cell, beside larger ones."""
    masks = np.zeros((4, 40), bool)
    masks[1, 0] = masks[2, :12] = masks[3, 10:30] = True
    unit = np.zeros((1, 40), bool)
    unit[0, [0, 10, 11]] = True
    return ConceptBank.from_masks(masks, ["none", "one", "twelve", "twenty"]), Units.from_masks(
        unit
    )


def first(bank, units, **options):
    (found,) = explain(bank, units, **options)
    return found


def test_each_option_changes_what_is_found():
    bank, units = empty_and_small()
    free = first(bank, units, length=2)
    assert str(free.formula) == "twelve AND twenty"
    assert free.counts.tp + free.counts.fp == 2
    for least in (2, 3, 12, 13):
        found = first(bank, units, length=2, min_support=least)
        assert found.counts.tp + found.counts.fp >= least
        assert (found.formula == free.formula) == (least == 2)
    assert str(first(bank, units, length=1, min_support=13).formula) == "twenty"
    assert str(first(bank, units, length=1).formula) == "one"
    assert str(first(bank, units, length=1, min_atom_support=2).formula) == "twelve"
    assert "one" in str(first(bank, units, length=3).formula)
    assert "one" not in str(first(bank, units, length=3, min_atom_support=2).formula)


def test_small_formulas_are_reached_only_through_large_ones():
    """At length 3 a small parent is needed; the beam may not pass through it, exhaustive may."""
    masks = np.zeros((3, 30), bool)
    masks[0, :10] = masks[1, 9:20] = masks[2, 20:30] = True
    unit = (masks[0] & masks[1]) | masks[2]
    bank = ConceptBank.from_masks(masks, ["a", "b", "c"])
    units = Units.from_masks(unit[None])
    options = {"length": 3, "min_support": 5}
    beam = first(bank, units, beam=100, **options)
    tried = first(bank, units, strategy="exhaustive", **options)
    assert tried.formula in (parse("(a AND b) OR c"), parse("c OR (a AND b)"))
    assert beam.score < tried.score == 1 == first(bank, units, beam=100, length=3).score


def test_by_default_all_take_part_even_those_that_hold_nowhere():
    bank, units = empty_and_small()
    for strategy in ("beam", "exhaustive"):
        found = first(bank, units, strategy=strategy, length=2)
        zero = first(bank, units, strategy=strategy, length=2, min_support=0, min_atom_support=0)
        assert found == zero
    assert first(bank, units, length=1, literals=False).n_scored == 4
    assert first(bank, units, length=1, literals=False, min_atom_support=1).n_scored == 3


@pytest.mark.parametrize("shape", ["tree", "chain"])
def test_exhaustive_passes_through_small_formulas_and_returns_large_ones(shape):
    n_lower = 0
    for seed in range(25):
        bank, units, _, _ = world(seed, n_concepts=4, n_cells=60)
        on = units.on(bank, "u")
        least = int(np.sort(bank.count)[2])
        best = {}
        # Every meaning with the fewest concepts it takes, by hand.
        masks = unpack(bank.packed, bank.n_signatures)
        levels = [{mask.tobytes(): mask for mask in masks}]
        for n in (2, 3):
            pairs = [(n - 1, 1)] if shape == "chain" else [(i, n - i) for i in range(1, n)]
            levels.append(
                {
                    new.tobytes(): new
                    for i, j in pairs
                    for f in levels[i - 1].values()
                    for g in levels[j - 1].values()
                    for new in (f | g, f & g, f & ~g)
                }
            )
        for n in (1, 2, 3):
            scores = [
                float(
                    objective_named("iou").score(
                        on @ mask, bank.size @ mask - on @ mask, on.sum(), 99
                    )
                )
                for level in levels[:n]
                for mask in level.values()
                if bank.size @ mask >= least
            ]
            best[n] = max(scores)
        found = exhaustive(bank, on, length=3, shape=shape, min_support=least)
        assert [one.score for one in found.by_length] == [best[n] for n in (1, 2, 3)]
        assert all(one.counts.tp + one.counts.fp >= least for one in found.by_length)
        n_lower += found.score < exhaustive(bank, on, length=3, shape=shape).score
        assert f"hold at {least} cells or more" in found.space
    assert n_lower


def test_exhaustive_may_find_its_first_formula_at_length_2():
    masks = np.zeros((2, 20), bool)
    masks[0, :8] = masks[1, 8:16] = True
    bank, units = ConceptBank.from_masks(masks, ["a", "b"]), Units.from_masks(masks[:1])
    plain = {"strategy": "exhaustive", "min_support": 10, "literals": False}
    found = first(bank, units, length=3, **plain)
    assert [str(one.formula) for one in found.by_length] == ["a OR b", "a OR b"]
    assert (str(found.formula), str(found.best_single.formula)) == ("a OR b", "a")
    with pytest.raises(OptionError, match=r"no formula of at most 1 concepts holds at min_support"):
        first(bank, units, length=1, **plain)
    with pytest.raises(OptionError, match=r"no concept holds at min_support=10 cells"):
        explain(bank, units, min_support=10)


def test_optimal_proves_over_the_concepts_that_take_part():
    pytest.importorskip("numba")
    n_lower = 0
    for seed in range(10):
        bank, units, _, _ = world(seed, n_concepts=7)
        least = int(np.sort(bank.count)[3])
        options = {"length": 3, "min_atom_support": least}
        proven = first(bank, units, strategy="optimal", **options)
        tried = first(bank, units, strategy="exhaustive", **options)
        assert (proven.score, proven.is_proven, proven.space) == (tried.score, True, tried.space)
        n = int((bank.count >= least).sum())
        assert f"of {n} concepts that hold at {least} cells or more" in proven.space
        n_lower += proven.score < first(bank, units, strategy="optimal", length=3).score
    assert n_lower
    with pytest.raises(OptionError, match="optimal has no min_support"):
        explain(bank, units, strategy="optimal", min_support=3)


@pytest.mark.parametrize("option", ["min_support", "min_atom_support"])
@pytest.mark.parametrize("value", [-1, 1.5, "3"])
def test_what_is_no_number_of_cells_is_refused(option, value):
    bank, units = empty_and_small()
    for strategy in ("beam", "exhaustive"):
        with pytest.raises(OptionError, match=f"{option} must be a whole number of cells"):
            explain(bank, units, strategy=strategy, **{option: value})


def test_what_no_concept_reaches_is_refused_before_the_search():
    bank, units = empty_and_small()
    for option in ("min_support", "min_atom_support"):
        with pytest.raises(
            OptionError, match=r"no concept .*the most frequent, 'twenty', holds at 20"
        ):
            explain(bank, units, **{option: np.int64(21)})
        assert first(bank, units, length=1, **{option: np.int64(20)}).formula == parse("twenty")


def test_on_the_command_line_and_in_journals(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    bank, units = empty_and_small()
    bank.save("a.bank")
    units.save("a.units")
    where = ["explain", "bank=a.bank", "units=a.units", "unit=0", "--json"]
    assert run_command([*where, "min_support=13", "length=1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["formula"], found["settings"]["min_support"]) == ("twenty", 13)
    (tmp_path / "logicx.toml").write_text("min_atom_support = 2\nlength = 1\n")
    assert run_command(where) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["formula"], found["settings"]["min_atom_support"]) == ("twelve", 2)
    assert run_command([*where, "min_support=21"]) == 2
    run_journal(explain(bank, units, min_support=3), tmp_path / "run.jsonl")
    run_journal(explain(bank, units, min_support=3), tmp_path / "run.jsonl", resume=True)
    for other in ({"min_support": 4}, {"min_support": 3, "min_atom_support": 1}):
        with pytest.raises(JournalError, match=next(reversed(other))):
            run_journal(explain(bank, units, **other), tmp_path / "run.jsonl", resume=True)
