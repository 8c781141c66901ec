from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from logicx.banks.bits import as_bitarray, as_mask, n_words, pack, popcount, set_bits, unpack

SIZES = (0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 10_000)


def random_mask(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).random(shape) < 0.5


@pytest.mark.parametrize("n", SIZES)
def test_words_hold_bit_i_at_place_i_mod_64_and_nothing_behind_the_end(n):
    mask = random_mask(3, n)
    words = pack(mask)
    assert words.dtype == np.uint64
    assert words.shape == (3, n_words(n)) == (3, (n + 63) // 64)
    for row, one in zip(mask, words, strict=True):
        number = sum(int(word) << (64 * i) for i, word in enumerate(one))
        assert number == sum(1 << i for i in np.flatnonzero(row).tolist())


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("shape", [(), (0,), (2,), (2, 3)])
def test_unpack_undoes_pack(n, shape):
    mask = random_mask(*shape, n)
    found = unpack(pack(mask), n)
    assert found.dtype == bool
    np.testing.assert_array_equal(found, mask)
    np.testing.assert_array_equal(popcount(pack(mask)), mask.sum(axis=-1))


def test_pack_reads_any_memory_layout():
    mask = random_mask(70, 90)
    np.testing.assert_array_equal(pack(mask.T), pack(np.ascontiguousarray(mask.T)))
    np.testing.assert_array_equal(pack(mask[:, ::-3]), pack(mask[:, ::-3].copy()))
    np.testing.assert_array_equal(unpack(pack(mask)[::2], 90), mask[::2])
    np.testing.assert_array_equal(pack(mask.astype(int)), pack(mask))


@pytest.mark.parametrize("n", SIZES)
def test_bitarrays_see_the_words_and_negation_stays_inside(n):
    mask = random_mask(n)
    words = pack(mask)
    bits = as_bitarray(words, n)
    assert len(bits) == n
    assert bits.to01() == "".join("1" if one else "0" for one in mask)
    np.testing.assert_array_equal(as_mask(~bits), ~mask)
    assert (~bits).count() == n - mask.sum()


def test_a_bitarray_of_whole_words_is_no_copy_and_read_only():
    words = pack(random_mask(128))
    bits = as_bitarray(words, 128)
    assert bits.buffer_info().address == words.ctypes.data
    words.flags.writeable = False
    with pytest.raises(TypeError):
        as_bitarray(words, 128)[0] = 1


@settings(deadline=None)
@given(
    st.integers(0, 200).flatmap(
        lambda n: st.tuples(hnp.arrays(bool, n), st.lists(st.integers(0, max(0, n - 1))))
    )
)
def test_set_bits_sets_exactly_these(sample):
    mask, places = sample
    n = len(mask)
    places = np.array(places if n else [], int)
    assert np.flatnonzero(unpack(set_bits(places, n), n)).tolist() == sorted(set(places.tolist()))
    np.testing.assert_array_equal(set_bits(np.flatnonzero(mask), n), pack(mask))
