"""Structural operators as atoms of a search: planted ones are found, and what is proposed is told."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from oracle import cells_of
from structure_oracle import groups_of

from logicx import ConceptBank, Units, Universe, explain, parse, score
from logicx.cli import run
from logicx.errors import DataError, OptionError
from logicx.language.formula import Apply, Concept
from logicx.language.registry import operators
from logicx.scoring.structure import refined
from logicx.search.formulas.atoms import atoms_in, atoms_of, chosen, with_atoms

IMAGES = Universe.pixels(30, 7, 8)
DOCUMENTS = Universe.tokens(np.cumsum([0, *np.random.default_rng(2).integers(0, 14, 120)]))
NAMES = ["a", "b", "c", "d"]
STRUCTURAL = [one for one in operators() if one.kind == "structural"]
SHARES = {"SHRINK": 0.97, "INSIDE": 0.97, "IMAGE": 0.03}
"""Of the cells at which concepts hold, where 0.2 would leave the operator nothing to tell apart."""


def world(universe, planted, share=0.2, known=None):
    """A bank, and a unit that fires where a formula holds, by the slow definition."""
    dice = np.random.default_rng(7)
    n = universe.n_cells
    shares = np.array([[1.0], [0.8], [0.6], [0.4]]) * share
    masks = dice.random((4, n)) < shares
    valid = dice.random(n) < 0.9
    bank = ConceptBank.from_masks(masks, NAMES, valid=valid, universe=universe, name="w")
    sets = {name: {*np.flatnonzero(one).tolist()} for name, one in zip(NAMES, masks, strict=True)}
    cells = cells_of(planted, sets, {*np.flatnonzero(valid).tolist()}, groups_of(universe))
    unit = np.zeros(n, bool)
    unit[list(cells)] = True
    rows = unit[None] if known is None else np.ma.array(unit[None], mask=~known[None])
    return bank, Units.from_masks(rows, ["u"], universe=universe)


@pytest.mark.parametrize("op", STRUCTURAL, ids=[one.keyword for one in STRUCTURAL])
def test_a_planted_formula_is_found(op):
    universe = IMAGES if "pixels" in op.places else DOCUMENTS
    share = SHARES.get(op.keyword, 0.2)
    args = tuple(map(Concept, ("a" if share > 0.9 else "ca")[: op.min_args]))
    atom = Apply(op.keyword, args, op.tries[0])
    bank, units = world(universe, atom & ~Concept("b"), share)
    (found,) = explain(bank, units, length=2, atoms=op.keyword)
    assert found.score == 1.0
    assert found.counts == score(found.formula, bank, units, "u").counts
    assert str(found.formula) == str(atom & ~Concept("b"))
    (without,) = explain(bank, units, length=2, atoms="concepts")
    assert without.score < 1.0
    assert found.settings["atoms"] == ["concepts", op.keyword]
    n = 4**op.min_args * len(op.tries)
    assert found.settings["applications"] == {op.keyword: [n, n]}
    assert found.settings["bank"] == bank.content


@pytest.mark.parametrize("engine", ["numpy", "numba", "torch:cpu"])
@pytest.mark.parametrize("strategy", ["beam", "optimal", "exhaustive"])
def test_every_strategy_and_engine_finds_it(engine, strategy):
    for name in (engine.partition(":")[0], "numba" if strategy != "beam" else "numpy"):
        pytest.importorskip(name)
    if strategy != "beam" and engine != "numba":
        pytest.skip("has no engine")
    bank, units = world(IMAGES, parse("ABOVE(a) AND NOT NEAR(1, b)"))
    more = {"engine": engine} if strategy == "beam" else {}
    plan = explain(bank, units, length=2, atoms="ABOVE,NEAR", strategy=strategy, **more)
    (found,) = plan
    assert str(found.formula) == "ABOVE(a) AND NOT NEAR(1, b)"
    assert plan.bank is bank


def test_atoms_are_concepts_of_a_finer_bank():
    bank, _ = world(DOCUMENTS, Concept("a"))
    atoms = atoms_of(bank, "PREV,NEXT")
    assert [str(one) for one in atoms][:2] == ["PREV(a)", "PREV(b)"]
    finer = refined(bank, atoms)
    more = with_atoms(finer, atoms)
    assert atoms_in(more) == ["concepts", "NEXT", "PREV"]
    assert finer.n_signatures > bank.n_signatures
    assert len({(*map(int, row),) for row in rows_of(more)}) == more.n_signatures
    for i, atom in enumerate(atoms, bank.n_concepts):
        assert more.atom(i) == atom
        assert more.count[i] == refined(bank, [atom]).size[held(atom, bank)].sum()


def rows_of(bank):
    own = bank.concepts_of
    return [own.indices[a:b] for a, b in pairwise(own.indptr)]


def held(formula, bank):
    from logicx.scoring.counts import evaluate

    return evaluate(formula, refined(bank, [formula]))


def test_what_is_proposed_is_limited_and_told(tmp_path, capsys):
    bank, units = world(IMAGES, parse("NEAR(1, b)"))
    all_of = chosen(bank, "NEAR")
    assert [str(one) for one in all_of.formulas[:3]] == ["NEAR(1, a)", "NEAR(3, a)", "NEAR(1, b)"]
    assert (len(all_of.formulas), all_of.note) == (8, "")
    few = chosen(bank, "NEAR", most=3)
    assert few.formulas == all_of.formulas[:3]
    assert few.settings["applications"] == {"NEAR": [3, 8]}
    assert "NEAR is applied to 3 of 8" in few.note
    least = int(bank.count[1])
    frequent = chosen(bank, "NEAR", least=least)
    assert [str(one) for one in frequent.formulas] == [
        f"NEAR({r}, {name})" for name in "ab" for r in (1, 3)
    ]
    (found,) = explain(bank, units, length=1, atoms="NEAR", max_applications=2)
    assert found.score < 1.0
    (found,) = explain(bank, units, length=1, atoms="NEAR", max_applications=3)
    assert (str(found.formula), found.settings["max_applications"]) == ("NEAR(1, b)", 3)
    (found,) = explain(bank, units, length=1, atoms="NEAR", min_argument_support=least + 1)
    assert str(found.formula) != "NEAR(1, b)"
    assert found.settings["min_argument_support"] == least + 1
    bank.save(tmp_path / "w.bank")
    units.save(tmp_path / "w.units")
    line = [f"bank={tmp_path}/w.bank", f"units={tmp_path}/w.units", "unit=u"]
    made = ["explain", *line, "atoms=NEAR", "max_applications=3", "length=1", "--json"]
    out = f"out={tmp_path}/run.jsonl"
    assert run([*made, out]) == 0
    assert "NEAR is applied to 3 of 8" in capsys.readouterr().err
    assert run([*made[:-3], "max_applications=4", "length=1", out, "--resume"]) == 2
    assert "max_applications" in capsys.readouterr().err
    assert run([*made, out, "--resume"]) == 0
    capsys.readouterr()
    assert run(["score", "NEAR(1, b)", *line, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["score"] == 1.0


def test_the_head_of_neighbors_may_have_a_least_support():
    masks = np.random.default_rng(0).random((4, 100)) < [[0.5], [0.3], [0.2], [0.1]]
    near = dict.fromkeys(NAMES, NAMES)
    bank = ConceptBank.from_masks(masks, NAMES, relations={"NEIGHBORS": near})
    least = int(bank.count[1])
    assert len(chosen(bank, "auto").formulas) == 4
    some = chosen(bank, "auto", least=least)
    assert [str(one) for one in some.formulas] == ["NEIGHBORS(a)", "NEIGHBORS(b)"]
    assert "NEIGHBORS is applied to 2 of 4" in some.note


def test_auto_leaves_them_out_and_where_they_do_not_apply_they_are_refused():
    bank, units = world(DOCUMENTS, Concept("a"))
    (found,) = explain(bank, units, length=1)
    assert found.settings["atoms"] == ["concepts"]
    assert "applications" not in found.settings
    with pytest.raises(OptionError, match="ABOVE is for pixels of images, but bank 'w' covers"):
        explain(bank, units, atoms="ABOVE")
    with pytest.raises(OptionError, match="999,999 cells or more"):
        explain(bank, units, atoms="AFTER", min_argument_support=999_999)
    for wrong in ({"max_applications": 0}, {"min_argument_support": -1}):
        with pytest.raises(OptionError, match=next(iter(wrong))):
            explain(bank, units, atoms="AFTER", **wrong)
    counted = Units.counted(bank, ["u"], [bank.size])
    with pytest.raises(DataError, match="kept as counts by signature"):
        explain(bank, counted, atoms="AFTER")


def test_units_that_are_not_known_everywhere_are_searched_with_all_labels():
    known = np.random.default_rng(3).random(DOCUMENTS.n_cells) < 0.6
    planted = parse("AFTER(c) AND NOT b")
    bank, units = world(DOCUMENTS, planted, known=known)
    (found,) = explain(bank, units, length=2, atoms="AFTER")
    assert (found.formula, found.score) == (planted, 1.0)
    assert found.counts == score(planted, bank, units, "u").counts
    assert found.counts.n_cells < bank.n_valid
