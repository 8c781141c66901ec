"""Maps are upsampled as torch does it, and only where they can be high."""

from __future__ import annotations

from fractions import Fraction
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from image_maps import by_torch, sizes, some_maps

from logicx.units.upsampling import Grid, fused, squares, upsampled


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

    from logicx.units.map_kernels import fma

    compiled = numba.njit(lambda a, b, c: fma(a, b, c))
    rng = np.random.default_rng(1)
    a, b, c = (rng.standard_normal(300).astype(np.float32) for _ in range(3))
    a[0], b[0], c[0] = 2.0**-24 * (1 + 2.0**-18), 1 - 2.0**-18, 1 + 2.0**-23
    assert [compiled(*one) for one in zip(a, b, c, strict=True)] == fused(a, b, c).tolist()


@settings(deadline=None)
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
