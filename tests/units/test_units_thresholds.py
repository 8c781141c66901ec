"""Thresholds: where a unit is on, and how a threshold is written."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from some_units import ACTIVATIONS, masks_of

from logicx.errors import OptionError
from logicx.units.thresholds import Range, Threshold
from logicx.units.units import Units

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
    different = np.unique(positive)
    if len(different) < k:  # a range for each
        wanted = [{one} for one in different.tolist()] + [set()] * (k - len(different))
        assert [set(one.tolist()) for one in clusters(row, k)] == wanted
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
