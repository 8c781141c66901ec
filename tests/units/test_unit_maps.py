"""Units of maps over images: counted as if every upsampled cell had been looked at."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_maps import WAYS, a_bank, by_torch, dense, on_file, sizes, some_maps

from logicx import ConceptBank, Units, explain, score
from logicx.banks import packing
from logicx.errors import DataError, OptionError, UniverseError, UnknownUnit
from logicx.units import maps as unitmaps
from logicx.units.maps import on_counts, upsampled_quantile
from logicx.units.thresholds import Range, Threshold
from logicx.units.upsampling import Grid

RULES = ("positive", "value(0.4)", "quantile(0.1)", "quantile(0.1)@upsampled", "ranges(3)")


# ---- counts


@pytest.mark.parametrize("is_compiled", WAYS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_counts_are_those_of_a_dense_evaluation(is_compiled, data):
    """With invalid cells, images of one cell, odd sizes, several blocks, and both bounds."""
    draw = data.draw
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, h, w = (draw(st.integers(1, k)) for k in (6, 9, 9))
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40) | st.just(120))
    maps = some_maps(rng, n, h, w)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "BLOCK_BYTES", 100)
        patch.setattr(unitmaps, "AT_ONCE", draw(st.sampled_from([1, 300, 1 << 20])))
        bank = a_bank(rng, n, height, width, draw(st.sampled_from([1.0, 0.7, 0.0])))
        whole = by_torch(maps, height, width)
        low, high = np.sort(rng.choice(whole.reshape(-1), 2)).tolist()
        for on in (Range(low), Range(low, high), Range(0.0), Range(-np.inf), Range(1e30)):
            grid = Grid.of(h, w, height, width)
            found = on_counts(maps, grid, on, bank.cell_map, bank.n_signatures, is_compiled)
            assert found.tolist() == dense(bank, on.mask(whole))


@pytest.mark.parametrize("n_concepts", [3, 12])
@pytest.mark.parametrize("is_compiled", WAYS)
def test_images_with_more_signatures_than_a_byte_tells_apart(is_compiled, n_concepts):
    rng = np.random.default_rng(0)
    bank = a_bank(rng, 3, 60, 70, 0.9, n_concepts)
    width = bank.cell_map.table_of(0)[1].dtype.itemsize
    assert width == (1 if n_concepts == 3 else 2)
    maps = rng.standard_normal((3, 7, 7)).astype(np.float32)
    found = on_counts(
        maps, Grid.of(7, 7, 60, 70), Range(0.3), bank.cell_map, bank.n_signatures, is_compiled
    )
    assert found.tolist() == dense(bank, by_torch(maps, 60, 70) > 0.3)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("rule", RULES)
def test_units_of_a_file_on_a_bank(tmp_path, rule, dtype, monkeypatch):
    rng = np.random.default_rng(3)
    maps = rng.standard_normal((3, 4, 5, 6)).astype(dtype)
    path = on_file(tmp_path / "a.units", maps, dtype)
    bank = a_bank(rng, 4, 21, 33)
    bank.save(tmp_path / "a.bank")
    bank = ConceptBank.open(tmp_path / "a.bank")
    whole = [by_torch(one, 21, 33) for one in maps]
    units = Units.open(path, rule)
    per_unit = len(units) // 3
    explained = list(explain(bank, units, length=2))
    assert len(explained) == len(units) == (9 if "ranges" in rule else 3)
    kind = Threshold.of(rule)
    plain = Threshold(kind.kind, kind.number)
    masks = []
    for i, name in enumerate(units.names):
        unit, k = divmod(i, per_unit)
        values = whole[unit] if "upsampled" in rule else maps[unit]
        on = plain.ranges(values.reshape(-1))[k]
        if kind.kind == "quantile":
            assert on.low == np.quantile(values.astype(np.float64), 1 - kind.number)
        assert units.cut_of(i, bank) == str(on)
        masks.append(on.mask(whole[unit]))
        assert units.on(bank, name).tolist() == dense(bank, masks[-1])
        assert (units.mask(name, bank) == masks[-1].reshape(-1)).all()
        assert (units.maps.mask_of_image(i, 2, bank) == masks[-1][2]).all()
    both = explain(bank, Units.open(path, rule), length=2, threads=2)
    assert [one.as_dict() for one in both] == [one.as_dict() for one in explained]
    by_masks = Units.from_masks(np.reshape(masks, (len(units), -1)), units.names)
    for one, other in zip(explained, explain(bank, by_masks, length=2), strict=True):
        assert (one.formula, one.counts) == (other.formula, other.counts)
        assert score(one.formula, bank, units, one.unit).counts == one.counts
    # Compiled functions take over after some work, and find the same.
    calls = []
    monkeypatch.setattr(unitmaps, "COMPILED_FROM", 0)
    monkeypatch.setattr(
        unitmaps, "_can_compile", lambda: calls.append(1) or bool(find_spec("numba"))
    )
    again = Units.open(path, rule)
    assert [again.on(bank, name).tolist() for name in again.names] == [
        dense(bank, mask) for mask in masks
    ]
    assert calls


def test_maps_of_the_banks_own_size_are_taken_as_they_are(tmp_path):
    rng = np.random.default_rng(4)
    maps = rng.standard_normal((2, 3, 6, 7)).astype(np.float32)
    bank = a_bank(rng, 3, 6, 7)
    units = Units.open(on_file(tmp_path / "a.units", maps), "value(0.2)")
    for i in range(2):
        assert units.on(bank, i).tolist() == dense(bank, maps[i] > np.float32(0.2))
        assert units.n_on[i] == (maps[i] > 0.2).sum()


def test_heuristics_that_look_at_cells_see_upsampled_ones(tmp_path):
    rng = np.random.default_rng(5)
    maps = rng.standard_normal((2, 3, 4, 4)).astype(np.float32)
    bank = a_bank(rng, 3, 12, 12)
    units = Units.open(on_file(tmp_path / "a.units", maps), "value(0.2)")
    masks = Units.from_masks([by_torch(one, 12, 12).reshape(-1) > 0.2 for one in maps])
    found, expected = (
        [(one.formula, one.score) for one in explain(bank, one, heuristic="mmesh")]
        for one in (units, masks)
    )
    assert found == expected


# ---- quantiles


@pytest.mark.parametrize("is_compiled", WAYS)
@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    share=st.sampled_from([0.005, 0.01, 0.25, 0.5, 0.9, 0.999, 1e-9]),
    size=st.tuples(*[st.integers(1, 5), sizes, sizes, st.integers(1, 50), st.integers(1, 90)]),
)
def test_the_quantile_of_upsampled_values_is_numpys(is_compiled, seed, share, size):
    n, h, w, height, width = size
    maps = some_maps(np.random.default_rng(seed), n, h, w)
    found = upsampled_quantile(maps, Grid.of(h, w, height, width), share, is_compiled)
    assert found == np.quantile(by_torch(maps, height, width).astype(np.float64), 1 - share)


@given(st.lists(st.floats(-1e4, 1e4, width=16), min_size=1), st.floats(1e-6, 1 - 1e-6))
def test_the_quantile_of_maps_is_numpys(values, share):
    for dtype in (np.float16, np.float32, np.float64):
        array = np.array(values, dtype)
        (found,) = Threshold("quantile", share).ranges(array)
        assert found.low == np.quantile(array.astype(np.float64), 1 - share)


def test_thresholds_that_are_upsampled(tmp_path):
    rule = Threshold.of("quantile(0.005)@upsampled")
    assert (str(rule), Threshold.of(str(rule))) == ("quantile(0.005)@upsampled", rule)
    assert Threshold.of("quantile:0.005 @ upsampled") == rule
    for text in ("positive@upsampled", "ranges(3)@upsampled", "quantile(0.1)@sideways"):
        with pytest.raises(OptionError, match=r"upsampled|sideways"):
            Threshold.of(text)
    path = on_file(tmp_path / "a.units", np.ones((2, 3, 4, 4), np.float32))
    both = [Units.open(path, one) for one in ("quantile(0.005)", rule)]
    assert both[0].content != both[1].content
    with pytest.raises(DataError, match="depends on the size to which maps are upsampled") as e:
        both[1].n_on  # noqa: B018
    assert "name the bank" in e.value.hint
    with pytest.raises(DataError, match="for maps over images"):
        Units.from_activations([[1.0, 2.0]], rule)


# ---- what does not fit


def test_banks_of_other_images_are_refused(tmp_path):
    units = Units.open(on_file(tmp_path / "a.units", np.ones((2, 3, 4, 4), np.float32)))
    for bank in (
        a_bank(np.random.default_rng(0), 4, 12, 12),
        ConceptBank.from_masks(np.eye(48, dtype=bool)[:2], ["a", "b"]),
    ):
        for use in (
            units.check_universe,
            lambda bank: units.on(bank, 0),
            lambda bank: units.mask(0, bank),
        ):
            with pytest.raises(UniverseError, match="but the set of units covers maps on 3 images"):
                use(bank)
    with pytest.raises(UnknownUnit):
        units.on(a_bank(np.random.default_rng(0), 3, 12, 12), 7)


@pytest.mark.parametrize("rule", ["value(1)", "quantile(0.1)@upsampled"])
def test_nan_is_refused(tmp_path, rule):
    maps = np.ones((2, 3, 4, 4), np.float32)
    maps[1, 1, 2, 3] = np.nan
    units = Units.open(on_file(tmp_path / "a.units", maps), rule)
    bank = a_bank(np.random.default_rng(0), 3, 12, 12)
    units.on(bank, 0)
    with pytest.raises(DataError, match="unit '1' has the activation nan at cell 27"):
        units.on(bank, 1)
