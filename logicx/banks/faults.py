"""What can be wrong with the values of a tensor that came from a file, in a word for the error.

Each function returns what is wrong, or nothing. They take one pass over the tensor, in pieces that
stay in the processor's cache, and no memory to speak of: a fifth of the time that its hash takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bits import WORD_BITS, Words

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE = 1 << 16
"""Entries that are looked at together."""


def outside(values: NDArray[np.signedinteger], low: int, high: int) -> str:
    """Values that are not within `low..high`."""
    if not values.size or (low <= int(values.min()) and int(values.max()) <= high):
        return ""
    return f"holds numbers outside {low:,} to {high:,}"


def broken_starts(starts: NDArray[np.int64], end: int) -> str:
    """Places where pieces begin that do not begin at 0, fall, or do not end at `end`."""
    if not len(starts) or int(starts[0]) != 0 or int(starts[-1]) != end:
        return f"does not run from 0 to {end:,}"
    return "falls" if bool((starts[1:] < starts[:-1]).any()) else ""


def broken_lists(indptr: NDArray[np.int64], indices: NDArray[np.int32], stop: int) -> str:
    """Lists of numbers that do not ascend, or hold others than `0..stop`.

    Args:
        indptr: Where each list begins, and where the last ends; checked already.
        indices: The lists, one after the other.
        stop: What no number reaches.
    """
    for first in range(0, len(indices), PIECE):
        piece = indices[first : first + PIECE + 1]
        if int(piece.view(np.uint32).max()) >= stop:
            return f"holds numbers outside 0 to {stop - 1:,}"
        ascends = piece[1:] > piece[:-1]
        if not ascends.all():
            begins = slice(*np.searchsorted(indptr, [first + 1, first + len(piece)]))
            ascends[indptr[begins] - first - 1] = True
            if not ascends.all():
                return "holds a list that does not ascend"
    return ""


def broken_words(words: Words, n_bits: int, n_set: NDArray[np.int64]) -> str:
    """Packed bits with bits beyond the last, or with others than so many set in each row."""
    fault = set_tails(words, n_bits)
    for row, expected in zip(words, () if fault else n_set.tolist(), strict=False):
        found = 0
        for first in range(0, len(row), PIECE):
            found += int(np.bitwise_count(row[first : first + PIECE]).sum(dtype=np.int64))
        if found != expected:
            return f"has {found:,} bits set where {expected:,} are listed"
    return fault


def set_tails(words: Words, n_bits: int) -> str:
    """Packed bits with bits set beyond the last."""
    tail = n_bits % WORD_BITS
    if words.size and tail and (words[:, -1] >> np.uint64(tail)).any():
        return f"has bits set beyond the last of {n_bits:,}"
    return ""


def broken_groups(
    block: NDArray[np.uint8],
    starts: NDArray[np.int64],
    widths: NDArray[np.int64],
    n_each: int,
    n_local: NDArray[np.int64],
) -> str:
    """Local numbers of groups that lie outside the group's table, or padding that is not clear.

    Args:
        block: The bytes of some groups.
        starts: At which of them each group begins, a multiple of four.
        widths: Bytes of each of its numbers: 1, 2 or 4.
        n_each: Numbers of each group.
        n_local: Length of each group's table.
    """
    if not n_each:
        return ""
    for width in np.unique(widths).tolist():
        which = widths == width
        values = block.view(f"<u{width}")
        begins = starts[which] // width
        ends = begins + n_each
        edges = np.stack([begins, ends], axis=1).reshape(-1)
        edges = edges[:-1] if edges[-1] == len(values) else edges
        highest = np.maximum.reduceat(values, edges)[::2]
        if (highest.astype(np.int64) >= n_local[which]).any():
            return "holds numbers beyond the table of their image"
        for k in range(-(n_each * width) % 4):
            if block[ends * width + k].any():
                return "has padding that is not clear"
    return ""


def broken_texts(text: NDArray[np.uint8], offsets: NDArray[Any]) -> str:
    """Text that is not UTF-8, or of which a piece begins within a character.

    Args:
        text: All pieces, one after the other.
        offsets: Where each begins, and where the last ends; checked already.
    """
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")()
    step = PIECE * 4
    try:
        for first in range(0, len(text), step):
            decoder.decode(text[first : first + step].tobytes())
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "is not UTF-8"
    begins = offsets[offsets < len(text)]
    is_within = (text[begins] & 0xC0) == 0x80
    return "holds a text that begins within a character" if is_within.any() else ""
