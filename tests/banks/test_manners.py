"""Banks, units and universes as objects: what they say they are, pickled, copied, compared."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from guided_worlds import world

from logicx import ConceptBank, Units, explain, score
from logicx.banks.universe import Universe
from logicx.errors import FileError
from logicx.search.formulas.support import supported
from logicx.units.activations import write_activations

KINDS = ("rows", "pairs", "tokens", "pixels")
COPIES = {
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),
    "deep copy": copy.deepcopy,
    "copy": copy.copy,
}


def used(bank, units):
    """The score and the search that fill what a bank and units keep for later."""
    score("c0 OR NOT c0", bank, units, units.names[0])
    (found,) = explain(bank, units, unit=units.names[0], heuristic="bounds", beam=3)
    explain(bank, units, unit=[units.names[0]], strategy="exhaustive", length=2).results()
    _ = bank.packed, bank.texts, bank.content, bank.of_cell, units.n_on, units.content
    bank.together_with(0)
    return found


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_mapped", [False, True])
def test_a_bank_is_copied_at_any_time(tmp_path, kind, is_mapped, how):
    one = world(5, kind)
    bank, units = one.bank, one.units
    if is_mapped:
        bank.save(tmp_path / "b.bank")
        units.save(tmp_path / "u.units")
        bank, units = ConceptBank.open(tmp_path / "b.bank"), Units.open(tmp_path / "u.units")
    for after in (lambda: None, lambda: used(bank, units)):
        after()
        other, others = COPIES[how](bank), COPIES[how](units)
        assert (other.content, others.content) == (bank.content, units.content)
        assert (repr(other), repr(others)) == (repr(bank), repr(units))
        mine, its = used(bank, units), used(other, others)
        assert (mine.formula, mine.score) == (its.formula, its.score)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bank_made_of_a_mapped_one_is_pickled(tmp_path, kind):
    one = world(5, kind)
    one.bank.save(tmp_path / "b.bank")
    some = supported(ConceptBank.open(tmp_path / "b.bank"), 2)
    other = pickle.loads(pickle.dumps(some))
    assert other.names == some.names
    assert np.array_equal(other.of_cell, some.of_cell)


def test_a_pickle_of_a_mapped_bank_is_its_path_and_hash(tmp_path, monkeypatch):
    one = world(5, "rows")
    monkeypatch.chdir(tmp_path)
    one.bank.save("b.bank")
    mapped = ConceptBank.open("b.bank")
    held = pickle.dumps(mapped)
    assert len(held) < 2000 + len(str(tmp_path))
    monkeypatch.chdir("/")
    assert pickle.loads(held).content == one.bank.content
    other = world(6, "rows").bank
    other.save(tmp_path / "b.bank")
    with pytest.raises(FileError, match="is another file than the one that was pickled"):
        pickle.loads(held)
    (tmp_path / "b.bank").unlink()
    with pytest.raises(FileError, match="no file"):
        pickle.loads(held)


def test_what_was_changed_since_it_was_opened_stays_changed(tmp_path):
    one = world(5, "rows")
    one.bank.save(tmp_path / "b.bank")
    mapped = ConceptBank.open(tmp_path / "b.bank")
    _ = mapped.content
    mapped.relate("NEIGHBORS", {"c0": ["c0"]})
    other = pickle.loads(pickle.dumps(mapped))
    assert other.relations == {"NEIGHBORS": {"c0": ["c0"]}}
    assert other.content == mapped.content != one.bank.content


@pytest.mark.parametrize("universe", [None, Universe.pixels(2, 2, 3)])
def test_activations_on_file_are_opened_again(tmp_path, universe):
    rows = np.random.default_rng(0).normal(size=(12, 3)).astype("f4")
    path = tmp_path / "a.units"
    write_activations(path, ["a", "b", "c"], 12, "float32", [rows], universe=universe)
    units = Units.open(path, "ranges(2)")
    for is_used in (False, True):
        other = pickle.loads(pickle.dumps(units))
        assert other.content == units.content
        assert other.names == units.names
        if is_used:
            assert other.cut == units.cut
            assert np.array_equal(other.mask("b#2"), units.mask("b#2"))
    assert len(pickle.dumps(Units.open(path))) < 1000


def test_counts_on_a_bank_are_copied():
    one = world(5, "pixels")
    counted = Units.counted(one.bank, ["u"], [one.units.on(one.bank, "u")])
    other = pickle.loads(pickle.dumps(counted))
    assert np.array_equal(other.on(one.bank, "u"), counted.on(one.bank, "u"))


def test_they_are_equal_to_themselves_only_and_can_be_hashed():
    one, same = world(5, "pixels"), world(5, "pixels")
    for mine, other in ((one.bank, same.bank), (one.units, same.units)):
        assert mine == mine
        assert mine != other
        assert len({mine, other, mine}) == 2
        assert mine.content == other.content
    for kept in (one.units._held, one.bank._signatures, one.bank.cell_map):
        assert kept == kept
        assert {kept: 1}
    assert Universe.tokens([0, 2, 5]) == Universe.tokens([0, 2, 5])
    assert hash(Universe.pixels(2, 3, 4)) == hash(Universe.pixels(2, 3, 4))


def test_they_say_what_they_are(tmp_path):
    assert repr(Universe.rows(1234)) == "Universe(1,234 rows)"
    assert repr(Universe.tokens([0, 2, 5])) == "Universe(5 tokens in 2 documents)"
    assert repr(Universe.pixels(3, 4, 5)) == "Universe(3 images of 4 x 5 pixels)"
    bank = ConceptBank.from_masks(np.eye(3, dtype=bool), ["a", "b", "c"])
    assert repr(bank) == "ConceptBank('bank': 3 concepts over 3 rows, 3 signatures)"
    units = Units.from_masks(np.eye(3, dtype=bool))
    assert repr(units) == "Units(3 units over 3 cells, masks)"
    units = Units.from_activations([[0.0, 1.0]], "value(0.5)", universe=Universe.rows(2))
    assert repr(units) == "Units(1 unit over 2 rows, masks, cut by value(0.5))"
    counted = Units.counted(bank, ["u"], [np.array([1, 0, 0])])
    assert repr(counted) == "Units(1 unit over 3 rows, counts by signature)"
    write_activations(tmp_path / "a.units", ["a"], 2, "float32", [np.zeros((2, 1), "f4")])
    units = Units.open(tmp_path / "a.units")
    assert repr(units) == "Units(1 unit over 2 cells, activations on file, cut by positive)"
