"""Units by name, from masks, against a bank, and on file."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from some_units import ACTIVATIONS, masks_of

from logicx.banks.bank import ConceptBank
from logicx.banks.containers import as_array, as_booleans
from logicx.banks.universe import Universe
from logicx.errors import DataError, UniverseError, UnknownUnit
from logicx.units.units import Units

# ---- names and look-up


def test_units_are_found_by_name_before_number():
    units = Units.from_masks(np.eye(4, dtype=bool), ["b", "x1", "a", "c"])
    found = [units.number(one) for one in ("b", "0", 0, "a", "2", 2, "3", 3, np.int64(1))]
    assert found == [0, 0, 0, 2, 2, 2, 3, 3, 1]
    assert Units.from_masks(np.eye(2, dtype=bool)).names == ("0", "1")


@pytest.mark.parametrize("names", [["1", "2", "3"], ["0#1", "0#2", "1#1"], ["b", "0x", "a"]])
def test_numbers_are_no_places_where_a_name_begins_with_a_digit(names):
    """Else unit=1 could silently mean another unit than the one of that number."""
    units = Units.from_masks(np.eye(3, dtype=bool), names)
    assert [units.number(name) for name in names] == [0, 1, 2]
    with pytest.raises(UnknownUnit):
        units.number(0)


@pytest.mark.parametrize("unit", ["c", "-1", -1, "4", 4, "1.0", 1.0, "", "²", "9" * 5000, None])
def test_an_unknown_unit_is_told(unit):
    units = Units.from_masks(np.eye(4, dtype=bool), ["bird", "dog", "a", "b"])
    with pytest.raises(UnknownUnit, match=r"no unit .* among 4 units") as e:
        units.number(unit)
    assert "bird ... b" in e.value.hint


def test_a_near_name_is_offered():
    units = Units.from_masks(np.eye(2, dtype=bool), ["pred=entailment", "pred=neutral"])
    with pytest.raises(UnknownUnit) as e:
        units.number("pred=netural")
    assert "did you mean: pred=neutral?" in e.value.hint
    with pytest.raises(UnknownUnit, match="among 0 units") as e:
        Units.from_masks(np.zeros((0, 2), bool)).number(0)
    assert "none" in e.value.hint


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a", "a"], "the unit name 'a' is given twice"),
        ([1, "1"], "the unit name '1' is given twice"),
        (["a"], "2 units but 1 names"),
        (["a", "b\n"], r"a unit's name must be printable text, not 'b\\n'"),
        (["a", "\ud800"], "a unit's name must be printable text"),
    ],
)
def test_names_that_cannot_be_are_refused(names, why):
    with pytest.raises(DataError, match=why):
        Units.from_masks(np.eye(2, dtype=bool), names)
    bank = ConceptBank.from_masks([[1, 0]], ["c"])
    with pytest.raises(DataError, match=r"given twice|rows of on-counts|printable"):
        Units.counted(bank, names, [[1, 0], [0, 1]])


def test_names_may_be_an_array():
    units = Units.from_masks(np.eye(2, dtype=bool), np.array(["a", "b"]))
    assert units.content == Units.from_masks(np.eye(2, dtype=bool), ["a", "b"]).content


@pytest.mark.parametrize(
    "masks", [[1, 0], [[2, 0]], [["x"]], [[0.5]], [[np.nan]], [[1], [1, 0]], [[None]]]
)
def test_what_is_no_masks_is_refused(masks):
    with pytest.raises(DataError, match="unit masks"):
        Units.from_masks(masks)


def test_masks_may_be_torch_numbers_or_lists():
    expected = Units.from_masks(np.eye(3, dtype=bool)).content
    for same in (torch.eye(3), torch.eye(3).bool(), np.eye(3, dtype=np.int8), np.eye(3).tolist()):
        assert Units.from_masks(same).content == expected


def test_arrays_are_read_without_a_copy_where_they_can_be():
    array = np.eye(3, dtype=bool)
    assert as_booleans(array, "x", 2) is array
    assert as_array(torch.from_numpy(array), "x").ctypes.data == array.ctypes.data


# ---- against a bank

BANK = ConceptBank.from_masks(
    [[1, 1, 0, 0, 1], [1, 1, 0, 1, 0]], ["a", "b"], valid=[1, 1, 1, 1, 0], name="five"
)


def test_on_counts_are_cells_of_each_signature_without_the_invalid():
    units = Units.from_masks([[1, 1, 1, 0, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]], ["u", "v", "w"])
    assert BANK.size.tolist() == [2, 1, 1]
    assert [units.on(BANK, one).tolist() for one in ("u", 1, "w")] == [[2, 1, 0], [0] * 3, [0] * 3]
    assert units.n_on.tolist() == [4, 1, 0]


def test_units_of_other_cells_are_refused():
    for units in (
        Units.from_masks(np.ones((2, 6), bool)),
        Units.from_masks(np.ones((2, 5), bool), universe=Universe.pairs(5)),
        Units.from_masks(np.ones((2, 6), bool), universe=Universe.rows(6)),
    ):
        with pytest.raises(UniverseError, match="bank 'five' covers 5 rows, but"):
            units.on(BANK, 0)
    turned = Units.from_masks(np.ones((5, 2), bool))
    with pytest.raises(UniverseError) as e:
        turned.on(BANK, 0)
    assert "unit_axis=1" in e.value.hint
    Units.from_masks(np.ones((2, 5), bool), universe=Universe.rows(5)).on(BANK, 0)


def test_documents_of_other_lengths_are_told():
    bank = ConceptBank.from_masks([[1, 0, 0, 0]], ["dog"], universe=Universe.tokens([0, 1, 2, 4]))
    units = Units.from_masks([[1, 0, 0, 0]], universe=Universe.tokens([0, 1, 3, 4]))
    message = (
        "covers 4 tokens in 3 documents, 1 of them in document 1, "
        "but the set of units covers 2 there"
    )
    with pytest.raises(UniverseError, match=message):
        units.on(bank, 0)


def test_counted_units_hold_for_their_bank_only(tmp_path):
    units = Units.counted(BANK, ["u", "v"], [np.array([2, 0, 1]), [0, 0, 0]], cut=["> 1", "> 2"])
    units.save(tmp_path / "a.units")
    same = ConceptBank.from_masks(
        [[1, 1, 0, 0, 1], [1, 1, 0, 1, 0]], ["a", "b"], valid=[1, 1, 1, 1, 0], name="five"
    )
    other = ConceptBank.from_masks(
        [[1, 1, 0, 0, 0], [1, 1, 0, 1, 0]], ["a", "c"], valid=[1, 1, 1, 1, 0], name="five"
    )
    for one in (units, Units.open(tmp_path / "a.units")):
        assert [one.on(same, i).tolist() for i in range(2)] == [[2, 0, 1], [0, 0, 0]]
        assert one.n_on.tolist() == [3, 0]
        assert one.cut == ("> 1", "> 2")
        assert one.content == units.content
        with pytest.raises(UniverseError, match="were counted on another bank"):
            one.on(other, "u")


@pytest.mark.parametrize(
    "row",
    [
        [0, 0],
        [0, 0, 0, 0],
        [3, 0, 0],
        [-1, 0, 0],
        [0.5, 0, 0],
        [[0, 0, 0]],
        ["a", "b", "c"],
        [[0], 1],
    ],
)
def test_on_counts_that_cannot_be_are_refused(row):
    with pytest.raises(DataError, match="on-counts"):
        Units.counted(BANK, ["u"], [row])


# ---- files


@pytest.mark.parametrize("n_cells", [0, 1, 63, 64, 65, 1000])
@pytest.mark.parametrize("universe", [Universe.rows, None])
def test_save_and_open_give_the_same_units(tmp_path, n_cells, universe):
    masks = np.random.default_rng(n_cells).random((3, n_cells)) < 0.5
    over = universe(n_cells) if universe else None
    units = Units.from_masks(masks, ["a", "naïve, “b”", ""], universe=over)
    assert units.save(tmp_path / "a.units") == units.content
    opened = Units.open(tmp_path / "a.units")
    for what in ("names", "universe", "cut", "threshold", "content"):
        assert getattr(opened, what) == getattr(units, what)
    np.testing.assert_array_equal(masks_of(opened, n_cells), masks)
    opened.save(tmp_path / "b.units")
    assert (tmp_path / "b.units").read_bytes() == (tmp_path / "a.units").read_bytes()


def test_any_change_changes_the_hash():
    def make(array=ACTIVATIONS, threshold="positive", **changes):
        return Units.from_activations(array, threshold, **changes).content

    changed = ACTIVATIONS.copy()
    changed[1, 1] = 1
    hashes = {make(), make(changed), make(names=["a", "b"]), make(universe=Universe.rows(5))}
    hashes |= {make(universe=Universe.pairs(5)), make(threshold="value(0)"), make(ACTIVATIONS[:1])}
    assert len(hashes) == 7
    assert make() == make(ACTIVATIONS * 2)
