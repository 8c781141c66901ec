"""Maps over images: upsampled as torch does it, counted as if every cell had been looked at."""

from __future__ import annotations

import json
import re
import shlex
import sys
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx import ConceptBank, Units, Universe, explain, packing, score, unitmaps
from logicx.activations import write_activations
from logicx.cli import run
from logicx.errors import DataError, OptionError, UniverseError, UnknownUnit
from logicx.thresholds import Range, Threshold
from logicx.unitmaps import on_counts, upsampled_quantile
from logicx.upsampling import Grid, fused, squares, upsampled

ROOT = Path(__file__).resolve().parents[1]
WAYS = [False, pytest.param(True, marks=pytest.mark.skipif(not find_spec("numba"), reason="numba"))]
RULES = ("positive", "value(0.4)", "quantile(0.1)", "quantile(0.1)@upsampled", "ranges(3)")


def by_torch(maps, height, width) -> np.ndarray:
    """The way of torch that is matched: one channel."""
    tensor = torch.from_numpy(np.ascontiguousarray(maps, np.float32))[:, None]
    size = (int(height), int(width))
    found = torch.nn.functional.interpolate(tensor, size, mode="bilinear", align_corners=False)
    return found[:, 0].numpy()


def some_maps(rng, n, h, w) -> np.ndarray:
    """Maps of all kinds: with many zeros, of few digits, large, tiny, negative, constant."""
    maps = rng.standard_normal((n, h, w)) * 10.0 ** rng.integers(-3, 4)
    kind = rng.integers(6)
    if kind == 0:
        maps = np.maximum(maps, 0)
    elif kind == 1:
        maps = np.round(maps)
    elif kind == 2:
        maps = maps * 1e-38
    elif kind == 3:
        maps = np.full_like(maps, 0.1) + (maps > 1)
    return maps.astype(np.float32)


def a_bank(rng, n, height, width, valid_share=0.8, n_concepts=5) -> ConceptBank:
    n_cells = n * height * width
    return ConceptBank.from_masks(
        rng.random((n_concepts, n_cells)) < 0.3,
        [f"c{i}" for i in range(n_concepts)],
        universe=Universe.pixels(n, height, width),
        valid=rng.random(n_cells) < valid_share,
    )


def on_file(path, maps, dtype="float32"):
    """Maps of several units, `[n_units, n_images, h, w]`, as a recording holds them."""
    n_units, *shape = maps.shape
    rows = maps.reshape(n_units, -1).T
    names = [str(i) for i in range(n_units)]
    universe = Universe.pixels(*shape)
    write_activations(path, names, len(rows), dtype, [rows], universe=universe)
    return path


def dense(bank, mask) -> list[int]:
    """On-counts of a mask of all cells, cell by cell."""
    found = [0] * bank.n_signatures
    for signature, is_on in zip(bank.of_cell.tolist(), mask.reshape(-1).tolist(), strict=True):
        if is_on and signature >= 0:
            found[signature] += 1
    return found


# ---- upsampling

sizes = st.integers(1, 20)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32), sizes, sizes, st.integers(1, 150), st.integers(1, 150))
def test_upsampling_is_torchs_to_the_last_bit(seed, h, w, height, width):
    if torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"):
        pytest.skip("without fused multiply-adds torch rounds otherwise")
    maps = some_maps(np.random.default_rng(seed), 3, h, w)
    found = upsampled(maps, Grid.of(h, w, height, width))
    np.testing.assert_array_equal(found, by_torch(maps, height, width))


@pytest.mark.parametrize("size", [(112, 112), (64, 64), (100, 90), (24, 200)])
def test_other_ways_of_torch_differ_in_last_bits_only(size):
    """Three channels, many of them, and channels last: torch adds up in other orders."""
    maps = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 16, 7, 7), np.float32))
    n_differ = 0
    for tensor in (maps, maps[:, :3].contiguous(), maps.to(memory_format=torch.channels_last)):
        found = torch.nn.functional.interpolate(tensor, size, mode="bilinear")
        flat = tensor.reshape(-1, 7, 7).numpy()
        mine = upsampled(flat, Grid.of(7, 7, *size)).reshape(found.shape)
        np.testing.assert_allclose(mine, found.numpy(), rtol=0, atol=1e-6)
        n_differ += int((mine != found.numpy()).sum())
    assert n_differ > 0


def rounded(exact: Fraction) -> np.float32:
    """The float32 number nearest to a fraction; of two, the even one."""
    near = np.float32(float(exact))
    around = [np.nextafter(near, np.float32(to)) for to in (-np.inf, np.inf)] + [near]
    around.sort(key=lambda one: (abs(Fraction(float(one)) - exact), int(one.view(np.int32)) & 1))
    return around[0]


def test_multiply_adds_are_rounded_once():
    rng = np.random.default_rng(0)
    a, b, c = (rng.standard_normal(2000).astype(np.float32) for _ in range(3))
    twice = [  # float64 rounds these sums onto the midpoint of two float32 numbers
        (2.0**-24 * (1 + 2.0**-18), 1 - 2.0**-18, 1 + 2.0**-23),
        (2.0**-24 * (1 + 2.0**-18), 1 + 2.0**-18, 1.0),
        (-(2.0**-24) * (1 + 2.0**-18), 1 - 2.0**-18, -1 - 2.0**-23),
        (2.0**-130, 2.0**-20 + 2.0**-40, 2.0**-149),
        (2.0**-75 * (1 + 2.0**-20), 2.0**-75, 2.0**-149),
    ]
    a, b, c = (
        np.append(x, np.float32(y))
        for x, y in zip((a, b, c), zip(*twice, strict=True), strict=True)
    )
    exact = [
        Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
        for x, y, z in zip(a, b, c, strict=True)
    ]
    found = fused(a, b, c)
    assert found.tolist() == [float(rounded(one)) for one in exact]
    once = (a.astype(np.float64) * b + c).astype(np.float32)
    assert (found != once)[-len(twice) :].any(), "what was made to be rounded twice is not"


@pytest.mark.skipif(not find_spec("numba"), reason="numba")
def test_compiled_multiply_adds_are_the_same():
    import numba

    from logicx.engines.map_kernels import fma

    compiled = numba.njit(lambda a, b, c: fma(a, b, c))
    rng = np.random.default_rng(1)
    a, b, c = (rng.standard_normal(300).astype(np.float32) for _ in range(3))
    a[0], b[0], c[0] = 2.0**-24 * (1 + 2.0**-18), 1 - 2.0**-18, 1 + 2.0**-23
    assert [compiled(*one) for one in zip(a, b, c, strict=True)] == fused(a, b, c).tolist()


@given(st.integers(0, 2**32), sizes, sizes, st.integers(1, 60), st.integers(1, 60))
def test_only_what_can_be_high_is_upsampled(seed, h, w, height, width):
    maps = some_maps(np.random.default_rng(seed), 3, h, w)
    whole = by_torch(maps, height, width)
    low = float(np.quantile(whole, 0.9))
    high = np.zeros(whole.shape, bool)
    n_made = 0
    for one in squares(maps, Grid.of(h, w, height, width), low):
        high[one.maps, one.rows, one.columns] = one.values > low
        n_made += one.values.size
    assert (high == (whole > low)).all()
    assert high.sum() <= n_made <= whole.size
    assert not list(squares(maps, Grid.of(h, w, height, width), float(maps.max()) * 2 + 1e6))


def test_little_is_upsampled_where_little_is_high():
    maps = np.zeros((10, 7, 7), np.float32)
    maps[3, 2, 2] = 1
    made = [one.values.size for one in squares(maps, Grid.of(7, 7, 112, 112), 0.5)]
    assert sum(made) == 4 * 16 * 16


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


def test_a_recording_knows_the_images_of_its_bank(tmp_path, monkeypatch, capsys):
    """By their names in order; another grid, or a bank that names none, is none the wiser."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "amodel", raising=False)
    (tmp_path / "amodel.py").write_text(
        "import torch\nload = lambda: (torch.nn.Conv2d(3, 2, 3), [torch.ones(3, 3, 6, 6)])\n"
    )
    rng = np.random.default_rng(0)
    names = {"own": "abc", "grid": "abc", "turned": "acb", "others": "xyz", "nameless": ""}
    for name, images in names.items():
        bank = a_bank(rng, 3, *((20, 9) if name == "grid" else (12, 12)))
        bank.source = {"images": [f"{one}.png" for one in images]} if images else {}
        bank.save(f"{name}.bank")
    assert run(["probe", "amodel:load", "layer=", "out=a.units", "bank=own.bank"]) == 0
    for name in names:
        units = ["units=a.units", "unit=0", "threshold=value(-9)"]
        status = run(["score", "c1", f"bank={name}.bank", *units])
        is_other = name in ("turned", "others")
        assert (status, "is of other images" in capsys.readouterr().err) == (2 * is_other, is_other)


@pytest.mark.parametrize("rule", ["value(1)", "quantile(0.1)@upsampled"])
def test_nan_is_refused(tmp_path, rule):
    maps = np.ones((2, 3, 4, 4), np.float32)
    maps[1, 1, 2, 3] = np.nan
    units = Units.open(on_file(tmp_path / "a.units", maps), rule)
    bank = a_bank(np.random.default_rng(0), 3, 12, 12)
    units.on(bank, 0)
    with pytest.raises(DataError, match="unit '1' has the activation nan at cell 27"):
        units.on(bank, 1)


# ---- the commands


def test_commands_count_maps_at_the_cells_of_a_bank(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(6)
    maps = rng.standard_normal((3, 4, 5, 5)).astype(np.float32)
    on_file(tmp_path / "a.units", maps)
    bank = a_bank(rng, 4, 20, 30)
    bank.save("a.bank")

    def rows(*arguments):
        assert run([*arguments, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    places = rows("units", "units=a.units", "threshold=value(0.5)")
    assert [one["cells"] for one in places] == (maps > 0.5).sum(axis=(1, 2, 3)).tolist()
    for rule in ("value(0.5)", "quantile(0.05)@upsampled"):
        units = Units.open("a.units", rule)
        listed = rows("units", "units=a.units", f"threshold={rule}", "bank=a.bank", "out=b.units")
        n_on = [int(units.on(bank, i).sum()) for i in range(3)]
        assert [one["cells"] for one in listed] == n_on
        assert [one["cut"] for one in listed] == [units.cut_of(i, bank) for i in range(3)]
        kept = Units.open("b.units")
        assert kept.on(bank, 1).tolist() == units.on(bank, 1).tolist()
        command = ("bank=a.bank", "units=a.units", f"threshold={rule}", "unit=1")
        [found] = rows("score", "c1 AND NOT c2", *command)
        assert found["counts"]["tp"] + found["counts"]["fn"] == n_on[1]
        assert rows("explain", *command)[0]["score"] >= found["score"]
    assert run(["units", "units=a.units"]) == 0
    out, err = capsys.readouterr()
    assert "at the places of maps of 5 x 5 on 4 images" in out
    assert "bank=FILE" in err
    assert run(["score", "c1", *command]) == 0
    assert f"on where {units.cut_of(1, bank)}" in " ".join(capsys.readouterr().out.split())
    assert run(["units", "units=a.units", "threshold=quantile(0.1)@upsampled"]) == 2
    assert "depends on the size to which maps are upsampled" in capsys.readouterr().err


def test_the_commands_of_the_page_run(tmp_path, monkeypatch, capsys):
    image = pytest.importorskip("PIL.Image")
    page = (ROOT / "docs" / "vision.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    commands = re.findall(r"^ {4}(logicx .*?maps\.units.*)$", page, flags=re.MULTILINE)
    assert len(commands) == 3
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mymodel", raising=False)
    (tmp_path / "mymodel.py").write_text(next(one for one in blocks if "def load" in one))
    (tmp_path / "images").mkdir()
    rng = np.random.default_rng(0)
    for i in range(3):
        pixels = rng.integers(0, 256, (50, 70, 3), np.uint8)
        image.fromarray(pixels).save(tmp_path / "images" / f"{i}.png")
    a_bank(rng, 3, 20, 30).save("scenes.bank")
    for command in commands:
        assert run(shlex.split(command)[1:]) == 0, (command, capsys.readouterr())
    assert "maps of 8 x 8 on 3 images" in capsys.readouterr().out
