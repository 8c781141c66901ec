"""Packed bits: 64 positions to a word, least significant bit first, tail bits zero.

Words are little-endian `uint64` to NumPy and `int64` to torch; both see the same memory, and
`bitarray` sees it as a buffer. bitarray evaluates formulas: it knows its length, so `~` needs no
mask for the tail, and it reads a mapped file without a copy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from bitarray import bitarray
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]
WORD_BITS = 64
FREQUENT = 1 / 32
"""Share of all positions from which on packed bits take no more room than a list of positions."""


def n_words(n_bits: int) -> int:
    """How many words hold `n_bits` bits."""
    return -(-n_bits // WORD_BITS)


def pack(mask: NDArray[Any]) -> Words:
    """Words of a boolean array along its last axis.

    Shape: `bool[..., n] -> uint64[..., ceil(n / 64)]`.
    """
    n = mask.shape[-1]
    packed = np.packbits(mask.astype(bool, copy=False), axis=-1, bitorder="little")
    padded = np.zeros((*mask.shape[:-1], n_words(n) * 8), dtype=np.uint8)
    padded[..., : packed.shape[-1]] = packed
    return padded.view(np.dtype("<u8")).astype(np.uint64, copy=False)


def unpack(words: Words, n_bits: int) -> Mask:
    """The boolean array of packed words.

    Shape: `uint64[..., ceil(n / 64)] -> bool[..., n]`.
    """
    octets = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    if not n_bits:
        return np.zeros((*words.shape[:-1], 0), dtype=bool)
    return np.unpackbits(octets, axis=-1, count=n_bits, bitorder="little").view(np.bool_)


def popcount(words: Words) -> NDArray[np.int64]:
    """Number of set bits along the last axis."""
    return np.asarray(np.bitwise_count(words).sum(axis=-1, dtype=np.int64))


def set_bits(positions: NDArray[np.integer], n_bits: int) -> Words:
    """Words in which exactly these positions are set."""
    mask = np.zeros(n_bits, dtype=bool)
    mask[positions] = True
    return pack(mask)


def are_frequent(lengths: NDArray[np.integer], n_bits: int) -> Mask:
    """Which lists of positions are so long that packed bits of them are kept."""
    found: Mask = lengths >= FREQUENT * n_bits
    return found


def as_bitarray(words: Words, n_bits: int) -> bitarray:
    """The first `n_bits` bits of contiguous words as a bitarray (read only, not copied)."""
    view: bitarray = bitarray(buffer=words.data.cast("B"), endian="little")
    return view if len(view) == n_bits else view[:n_bits]


def as_mask(bits: bitarray) -> Mask:
    """The boolean array of a bitarray."""
    return np.frombuffer(bits.unpack(), dtype=np.bool_)
