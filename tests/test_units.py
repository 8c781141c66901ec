from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from logicx.bank import ConceptBank
from logicx.bits import as_array, as_booleans
from logicx.errors import DataError, LogicxError, OptionError, UniverseError, UnknownUnit
from logicx.thresholds import Range, Threshold
from logicx.units import Units
from logicx.universe import Universe

ACTIVATIONS = np.array([[0.0, 1.0, 2.0, 3.0, -1.0], [0.5, 0.0, 0.0, 0.25, 0.0]])


def masks_of(units: Units, n_cells: int) -> np.ndarray:
    """Where each unit is on, by a bank in which every cell is a signature."""
    every = np.eye(max(n_cells, 1), n_cells, dtype=bool)
    bank = ConceptBank.from_masks(every, [str(i) for i in range(len(every))])
    rows = [units.on(bank, name)[bank.of_cell] for name in units.names]
    return np.array(rows, bool).reshape(len(units), n_cells)


# ---- thresholds

finite = st.floats(-1e6, 1e6)
rows = hnp.arrays(np.float64, st.integers(1, 60), elements=finite | st.integers(-3, 3).map(float))


@settings(deadline=None)
@given(rows)
def test_positive_is_above_zero_and_value_is_above_it(row):
    assert masks_of(Units.from_activations([row]), len(row)).tolist() == [(row > 0).tolist()]
    for cut in (-2.0, 0.0, 1.0, float(row[0])):
        units = Units.from_activations([row], f"value({cut})")
        assert masks_of(units, len(row)).tolist() == [[one > cut for one in row.tolist()]]


@settings(deadline=None)
@given(rows, st.floats(0.001, 0.999))
@example(np.array([1.0, 1.0, 1.0, 1.0]), 0.5)
@example(np.array([0.0, 1.0, 1.0, 1.0]), 0.25)
def test_quantile_is_that_of_numpy_and_ties_are_off(row, q):
    cut = np.quantile(row, 1 - q)
    found = masks_of(Units.from_activations([row], Threshold("quantile", q)), len(row))
    assert found.tolist() == [[one > cut for one in row.tolist()]]
    assert found.sum() <= np.ceil(q * len(row))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("q", [0.5, 0.2, 0.8])
def test_a_cut_between_neighbouring_numbers_is_not_rounded_to_one(dtype, q):
    numbers = [dtype(1)]
    for _ in range(5):
        numbers.append(np.nextafter(numbers[-1], dtype(2)))
    row = np.array(numbers, dtype)
    cut = np.quantile(row.astype(np.float64), 1 - q)
    units = Units.from_activations(row[None], f"quantile({q})")
    assert masks_of(units, 6).tolist() == [[float(one) > cut for one in row]]


def test_cuts_beyond_a_small_type_are_not_rounded_into_it():
    row = np.array([[60000, 1, 0.1]], np.float16)
    assert Units.from_activations(row, "value(1e6)").n_on.tolist() == [0]
    assert Units.from_activations(row, "value(0.1)").n_on.tolist() == [2]  # float16(0.1) < 0.1
    assert Units.from_activations(np.array([[0.1]], np.float32), "value(0.1)").n_on.tolist() == [1]
    whole = np.array([[127, -128, 3]], np.int8)
    assert Units.from_activations(whole, "value(-1000)").n_on.tolist() == [3]
    assert Units.from_activations(whole, "value(126.5)").n_on.tolist() == [1]


def clusters(row: np.ndarray, k: int) -> list[np.ndarray]:
    return [row[one.mask(row)] for one in Threshold("ranges", k).ranges(row)]


@settings(deadline=None, max_examples=300)
@given(
    hnp.arrays(
        np.float64,
        st.integers(1, 40),
        elements=st.integers(-2, 8).map(float) | st.floats(0, 100) | st.sampled_from([1e3, 1e5]),
    ),
    st.integers(1, 5),
)
@example(np.array([0.7146, 0.193, 0.5734, 0.193, 0.0525, 0.1484, 1.3037]), 5)  # one emptied once
@example(np.array([1 + 2**-52, 1 + 2**-51]), 2)  # the middle of neighbours rounds upwards
@example(np.array([17576.0] * 2 + [85184.0, 804357.0, 27.0, 21952.0, 658503.0, 46656.0]), 5)
def test_ranges_cut_the_positive_activations_at_a_fixed_point_of_k_means(row, k):
    positive = row[row > 0]
    if len(np.unique(positive)) < k:
        assert [one.mask(row).any() for one in Threshold("ranges", k).ranges(row)] == [False] * k
        return
    found = clusters(row, k)
    assert len(found) == k
    assert all(len(one) for one in found)
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.sort(positive))
    assert all(a.max() < b.min() for a, b in pairwise(found))
    ranges = Threshold("ranges", k).ranges(row)
    assert ranges[0].low == 0
    assert ranges[-1].high == np.inf
    assert all(a.high == b.low for a, b in pairwise(ranges))
    centers = [one.mean() for one in found]
    middles = [(a + b) / 2 for a, b in pairwise(centers)]
    np.testing.assert_allclose([one.low for one in ranges[1:]], middles, rtol=1e-9)


def spread(parts: list[np.ndarray]) -> float:
    return sum(float(((one - one.mean()) ** 2).sum()) for one in parts)


def test_ranges_find_clusters_that_are_plain_to_see():
    rng = np.random.default_rng(0)
    for k in (1, 2, 3, 4):
        row = np.concatenate([rng.normal(100 * (i + 1), 1, 5) for i in range(k)])
        best = min(
            spread(np.split(np.sort(row), cuts)) for cuts in combinations(range(1, len(row)), k - 1)
        )
        assert spread(clusters(rng.permutation(row), k)) == pytest.approx(best)


def test_ranges_are_units_of_their_own():
    row = [0.0, -5.0, 1.0, 1.1, 10.0, 10.2]
    units = Units.from_activations([row], "ranges(2)", names=["u"])
    assert units.names == ("u#1", "u#2")
    assert masks_of(units, 6).astype(int).tolist() == [[0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]]
    assert units.cut == ("> 0, <= 5.575", "> 5.575")
    with_a_dead_one = Units.from_activations([row, [0.0] * 6], "ranges(2)")
    assert with_a_dead_one.names == ("0#1", "0#2", "1#1", "1#2")
    assert with_a_dead_one.n_on.tolist() == [2, 2, 0, 0]


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("positive", "positive", 0),
        (" positive ", "positive", 0),
        ("quantile(0.005)", "quantile", 0.005),
        ("quantile:0.005", "quantile", 0.005),
        ("quantile ( 5e-3 )", "quantile", 0.005),
        ("value(-1.5)", "value", -1.5),
        ("value:0", "value", 0),
        ("ranges(3)", "ranges", 3),
        ("ranges:3.0", "ranges", 3),
    ],
)
def test_thresholds_are_read_from_text(text, kind, number):
    assert Threshold.of(text) == Threshold(kind, number)
    assert Threshold.of(Threshold(kind, number)) == Threshold(kind, number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "positiv",
        "POSITIVE",
        "positive(1)",
        "positive()",
        "quantile",
        "quantile()",
        "value",
        "quantile(0)",
        "quantile(1)",
        "quantile(-1)",
        "quantile(x)",
        "quantile(nan)",
        "value(inf)",
        "value(nan)",
        "value(1,2)",
        "ranges(0)",
        "ranges(-1)",
        "ranges(2.5)",
        "ranges(inf)",
        "ranges(nan)",
        "ranges(1e999)",
        "top(3)",
        "value(1) or so",
        0.5,
        None,
        b"positive",
    ],
)
def test_what_names_no_threshold_is_refused(text):
    with pytest.raises(OptionError, match=r"threshold|quantile takes|ranges takes"):
        Units.from_activations(ACTIVATIONS, text)


@given(st.sampled_from(["quantile", "value", "ranges"]), st.floats(0, 1e300, exclude_min=True))
def test_a_threshold_is_written_as_it_is_read(kind, number):
    number = {"quantile": number % 1 or 0.5, "value": number, "ranges": float(int(number) + 1)}[
        kind
    ]
    assert Threshold.of(str(Threshold(kind, number))) == Threshold(kind, number)


def test_thresholds_are_written_short():
    written = [str(Threshold.of(one)) for one in ("quantile:5e-3", "value:1.50", "ranges(3)")]
    assert written == ["quantile(0.005)", "value(1.5)", "ranges(3)"]
    assert str(Threshold()) == "positive"
    assert [str(Range(0.5)), str(Range(0.5, 2))] == ["> 0.5", "> 0.5, <= 2"]


# ---- from activations


def test_the_parts_of_units_from_activations():
    units = Units.from_activations(ACTIVATIONS, "quantile(0.4)", names=["a", "b"])
    assert len(units) == 2
    assert units.names == ("a", "b")
    assert units.threshold == "quantile(0.4)"
    assert units.cut == ("> 1.4", "> 0.1")
    assert units.n_on.tolist() == [2, 2]
    assert masks_of(units, 5).astype(int).tolist() == [[0, 0, 1, 1, 0], [1, 0, 0, 1, 0]]


@pytest.mark.parametrize("threshold", ["positive", "quantile(0.3)", "value(0.2)", "ranges(2)"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
def test_numpy_torch_and_the_other_axis_give_the_same_units(threshold, dtype):
    tensor = torch.tensor(ACTIVATIONS).to(getattr(torch, dtype))
    array = tensor.to(torch.float64).numpy()
    expected = Units.from_activations(array, threshold)
    assert expected.n_on.sum() > 0
    found = [
        Units.from_activations(tensor, threshold),
        Units.from_activations(tensor.clone().requires_grad_(), threshold),
        Units.from_activations(tensor.T, threshold, unit_axis=1),
        Units.from_activations(array.T, threshold, unit_axis=1),
        Units.from_activations(np.asfortranarray(array), threshold),
    ]
    assert {one.content for one in found} == {expected.content}


def test_a_mapped_file_gives_the_same_units(tmp_path):
    np.save(tmp_path / "a.npy", ACTIVATIONS.astype(np.float16))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    for threshold in ("positive", "quantile(0.3)", "ranges(2)"):
        expected = Units.from_activations(ACTIVATIONS.astype(np.float16), threshold)
        assert Units.from_activations(mapped, threshold).content == expected.content


def test_only_valid_cells_count_for_the_threshold():
    valid = np.array([1, 1, 1, 0, 0], bool)
    units = Units.from_activations(ACTIVATIONS[:1], "quantile(0.5)", valid=valid)
    assert units.cut == ("> 1",)
    for same in ([1, 1, 1, 0, 0], torch.tensor(valid)):
        assert Units.from_activations(ACTIVATIONS[:1], "quantile(0.5)", valid=same).cut == ("> 1",)
    nowhere = Units.from_activations(ACTIVATIONS, "quantile(0.5)", valid=np.zeros(5, bool))
    assert nowhere.n_on.tolist() == [0, 0]
    for wrong in (valid[:3], valid[None], [0, 1, 2, 0, 0]):
        with pytest.raises(DataError, match="valid"):
            Units.from_activations(ACTIVATIONS, valid=wrong)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_nan_and_infinity_are_told_with_unit_and_cell(bad, dtype):
    array = np.zeros((3, 2000), dtype)
    array[1, 1234] = array[2, 0] = bad
    with pytest.raises(DataError, match=rf"unit 'b' has the activation {bad} at cell 1,234$"):
        Units.from_activations(array, names=["a", "b", "c"])
    with pytest.raises(DataError, match=r"unit '1' has the activation"):
        Units.from_activations(torch.tensor(array.T), unit_axis=1)


@pytest.mark.parametrize(
    "activations",
    [
        [1.0, 2.0],
        [[[1.0]]],
        3.0,
        [["a"]],
        [[None]],
        [[1j]],
        [[True]],
        [[1.0], [1.0, 2.0]],
        {"a": 1},
        None,
        "text",
        [[10**400]],
        np.zeros((1, 1), "M8[s]"),
        np.zeros((1, 1), "V4"),
    ],
)
def test_what_is_no_activations_is_refused(activations):
    with pytest.raises(DataError, match="activations"):
        Units.from_activations(activations)


@pytest.mark.parametrize(
    ("row", "threshold"),
    [
        ([-1.7e308, 1.7e308], "quantile(0.5)"),
        ([1.5e308, 1.6e308, 1.7e308], "ranges(2)"),
        (np.array([1, 0], np.longdouble) * np.finfo(np.longdouble).max, "quantile(0.5)"),
    ],
)
def test_activations_that_overflow_are_refused(row, threshold):
    if np.asarray(row).max() < 1e300:
        pytest.skip("this machine's long double is no longer than double")
    with pytest.raises(DataError, match="activations are too large"):
        Units.from_activations([row] if isinstance(row, list) else row[None], threshold)


@settings(deadline=None, max_examples=200)
@given(
    hnp.arrays(
        hnp.floating_dtypes() | hnp.integer_dtypes() | hnp.unsigned_integer_dtypes(),
        hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5),
    ),
    st.sampled_from(["positive", "quantile(0.3)", "value(2)", "ranges(2)"]),
)
def test_any_array_of_numbers_ends_in_units_or_in_an_error_of_ours(array, threshold):
    try:
        units = Units.from_activations(array, threshold)
    except LogicxError:
        return
    per_unit = 2 if threshold == "ranges(2)" else 1
    assert len(units) == len(array) * per_unit
    assert (units.n_on <= array.shape[1]).all()


def test_options_of_activations_are_checked():
    with pytest.raises(DataError, match="unit_axis is 0 or 1, not 2"):
        Units.from_activations(ACTIVATIONS, unit_axis=2)
    with pytest.raises(DataError, match="2 units but 1 names"):
        Units.from_activations(ACTIVATIONS, names=["a"])
    with pytest.raises(DataError, match="5 cells were given for a universe of 4 rows"):
        Units.from_activations(ACTIVATIONS, universe=Universe.rows(4))
    seen = []
    Units.from_activations(ACTIVATIONS, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (0, 70), (3, 0)])
def test_no_units_or_no_cells_are_units_too(tmp_path, shape):
    units = Units.from_activations(np.zeros(shape))
    assert units.n_on.tolist() == [0] * shape[0]
    units.save(tmp_path / "a.units")
    assert Units.open(tmp_path / "a.units").content == units.content


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
