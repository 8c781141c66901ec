"""Units from activations: of NumPy or torch, with NaN, too large, of odd shapes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from some_units import ACTIVATIONS, masks_of

from logicx.banks.universe import Universe
from logicx.errors import DataError, LogicxError
from logicx.units.units import Units


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
