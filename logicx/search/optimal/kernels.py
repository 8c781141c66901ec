"""The inner loops of the proof: all pairs (a, b) in all contexts, by exact counts and bounds.

Names follow `contexts`: c, z and w are the outer concepts, a and b those in the hole. A *side* is a
direction: growing with the hole, cells where the unit fires are worth `gain` and the others cost
`loss`; shrinking, it is the other way round. On either side a hole h is worth
`value(h) = gain·x(h) - loss·y(h)`, counted inside the context's region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from logicx.search.optimal.compiling import ONE, ZERO, compiled, count_bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Words = NDArray[np.uint64]

CONTEXTS, PAIRS, EVALUATIONS, CHOICES = range(4)
"""Places of the counters."""

OR, AND, AND_NOT = np.int64(0), np.int64(1), np.int64(2)

NOTHING = -1e15
"""Below every worth."""


class Tables(NamedTuple):
    """The concepts that a pass keeps, and how often they meet.

    Concepts are numbered so that those that may help a formula grow come first
    (`0..n_growing`), those that may help it shrink come last (`first_shrinking..`).
    Rows of `all_*` count a concept with every other; rows of `part_*` the same within the concept
    c of which `part_of` tells; rows of `in_*` and `in_part_*` the same within the third outer
    concept w. They are filled when they are needed.

    Shape: `indptr, indices`: concepts of each signature; `bits: uint64[m, n_words]`;
    `on, off: int32[n_signatures]`: cells on and off; `*_planes: uint64[n_planes, n_words]`: their
    binary digits, of which the k-th has its ones in the first `*_ends[k]` words;
    `all_*, part_*, in_*: int32[m, m]`; `most_*: int32[3, m]`: largest entry with another concept
    that may be taken away again, within everything, c, and not c.
    """

    n_growing: int
    first_shrinking: int
    indptr: Longs
    indices: Ints
    bits: Words
    on: Ints
    off: Ints
    on_planes: Words
    off_planes: Words
    on_ends: Longs
    off_ends: Longs
    all_on: Ints
    all_off: Ints
    part_on: Ints
    part_off: Ints
    in_on: Ints
    in_off: Ints
    in_part_on: Ints
    in_part_off: Ints
    has_all: NDArray[np.uint8]
    part_of: Longs
    in_of: Longs
    in_part_of: Longs
    most_on: Ints
    most_off: Ints


class Side(NamedTuple):
    """A direction: which concepts may stand in the hole, and what cells are worth."""

    sign: int
    first: int
    last: int
    first_removed: int
    last_removed: int
    gain: float
    loss: float
    x: Ints
    y: Ints
    x_total: float
    y_total: float
    all_x: Ints
    all_y: Ints
    part_x: Ints
    part_y: Ints
    in_x: Ints
    in_y: Ints
    in_part_x: Ints
    in_part_y: Ints
    most_y: Ints


class Choice(NamedTuple):
    """The outer concepts; with fewer than three, what is missing is like c and does not count."""

    c: int
    z: int
    w: int


class Plan(NamedTuple):
    """The contexts as arrays.

    The pair counts of a region are those of its *half*, of which only single counts are known,
    within a *known* part of which pair counts are known, and of a *rest* of which they are known
    too. `pair_*` are factors of the tables `all`, `part`, `in` and `in_part`; `split_*` those of
    single counts.

    Shape: `region, half, ops, sign, known: int64[n]`; `pair_*: float64[n, 4]`;
    `split_*: float64[n, 8]`; `outer_*: int64[n_outers]`, of which `first_outer[k]` is the first of
    context k; `need_*: int64[n_needs]`, of which `first_need[i]` is the first of outer formula i;
    `*_quarters`: the cells whatever z is, as cells of (c, w).
    """

    n_outer: int
    region: Longs
    half: Longs
    sign: Longs
    ops: Longs
    known: Longs
    pair_known: Floats
    pair_rest: Floats
    split_region: Floats
    split_half: Floats
    split_other: Floats
    first_outer: Longs
    outer_base: Longs
    outer_c: Longs
    outer_z: Longs
    outer_w: Longs
    outer_twin: Longs
    first_need: Longs
    need_cells: Longs
    need_shrinks: Longs
    region_quarters: Longs
    need_quarters: Longs


class Scratch(NamedTuple):
    """Memory that one call after the other uses; `lists` holds what is listed of concepts.

    Where `rows` has room, holes are noted there one by one, and no bar is raised: `n_rows` counts
    them, `place` is what is noted of each besides (outer formula, c, z, w), and `cuts` is the worth
    from which on a hole is passed over that has it without one of its concepts, and the worth of
    the whole region.
    """

    gain_of: Floats
    loss_of: Floats
    which: Longs
    removed: Longs
    lists: Floats
    removed_lists: Floats
    bounds: Floats
    mask: Words
    hole: Words
    x_sums: Floats
    y_sums: Floats
    x_quarters: Floats
    y_quarters: Floats
    is_live: Longs
    live: Longs
    found: Longs
    rows: Longs
    n_rows: Longs
    place: Longs
    cuts: Floats


N_NOTED = 7
"""What is noted of a hole: outer formula, connective, c, z, w, a, b."""

GAIN, VALUE, HALF_X, HALF_Y, OTHER_X, OTHER_Y, LOSS = range(7)
"""Rows of the lists: worth of the gains, worth, and counts in the half and its complement."""


@compiled
def fill_row(tables: Tables, words: Words, on_row: Ints, off_row: Ints) -> None:
    """Cells on and off where each concept holds within a set of signatures."""
    on_row[:] = 0
    off_row[:] = 0
    for w in range(words.shape[0]):
        rest = words[w]
        while rest != ZERO:
            lowest = rest & (~rest + ONE)
            s = w * 64 + np.int64(count_bits(lowest - ONE))
            rest ^= lowest
            on, off = tables.on[s], tables.off[s]
            for k in range(tables.indptr[s], tables.indptr[s + 1]):
                on_row[tables.indices[k]] += on
                off_row[tables.indices[k]] += off


@compiled
def need_all(tables: Tables, a: int) -> None:
    """Have the counts of a concept with every other."""
    if tables.has_all[a]:
        return
    tables.has_all[a] = 1
    on_row, off_row = tables.all_on[a], tables.all_off[a]
    fill_row(tables, tables.bits[a], on_row, off_row)
    most_on = most_off = 0
    for b in range(tables.n_growing):
        if b != a:
            most_on = max(most_on, on_row[b])
    for b in range(tables.first_shrinking, on_row.shape[0]):
        if b != a:
            most_off = max(most_off, off_row[b])
    tables.most_on[0, a], tables.most_off[0, a] = most_on, most_off


@compiled
def need_part(tables: Tables, c: int, a: int, words: Words) -> None:
    """Have the counts of a concept with every other within c."""
    if tables.part_of[a] == c:
        return
    need_all(tables, a)
    tables.part_of[a] = c
    for w in range(words.shape[0]):
        words[w] = tables.bits[a, w] & tables.bits[c, w]
    on_row, off_row = tables.part_on[a], tables.part_off[a]
    fill_row(tables, words, on_row, off_row)
    all_on, all_off = tables.all_on[a], tables.all_off[a]
    on_in = on_out = off_in = off_out = 0
    for b in range(tables.n_growing):
        if b != a:
            on_in = max(on_in, on_row[b])
            on_out = max(on_out, all_on[b] - on_row[b])
    for b in range(tables.first_shrinking, on_row.shape[0]):
        if b != a:
            off_in = max(off_in, off_row[b])
            off_out = max(off_out, all_off[b] - off_row[b])
    tables.most_on[1, a], tables.most_on[2, a] = on_in, on_out
    tables.most_off[1, a], tables.most_off[2, a] = off_in, off_out


@compiled
def need_in(tables: Tables, at: Choice, a: int, words: Words) -> None:
    """Have the counts of a concept with every other within w, and within w and c."""
    if tables.in_of[a] != at.w:
        tables.in_of[a] = at.w
        for i in range(words.shape[0]):
            words[i] = tables.bits[a, i] & tables.bits[at.w, i]
        fill_row(tables, words, tables.in_on[a], tables.in_off[a])
    both = at.w * tables.in_of.shape[0] + at.c
    if tables.in_part_of[a] != both:
        tables.in_part_of[a] = both
        for i in range(words.shape[0]):
            words[i] = tables.bits[a, i] & tables.bits[at.w, i] & tables.bits[at.c, i]
        fill_row(tables, words, tables.in_part_on[a], tables.in_part_off[a])


@compiled
def fill_mask(region: int, bits: Words, at: Choice, n_outer: int, mask: Words) -> None:
    """The signatures of a set of cells."""
    for i in range(mask.shape[0]):
        c, z = bits[at.c, i], bits[at.z, i]
        cells = region
        word = ZERO
        for _ in range(2 if n_outer == 3 else 1):
            part = ZERO
            if cells & 1:
                part |= ~(c | z)
            if cells & 2:
                part |= c & ~z
            if cells & 4:
                part |= z & ~c
            if cells & 8:
                part |= c & z
            if n_outer == 3:
                part &= ~bits[at.w, i] if cells == region else bits[at.w, i]
            word |= part
            cells >>= 4
        mask[i] = word


@compiled
def weigh(words: Words, planes: Words, ends: Longs) -> int:
    """Cells of a set of signatures, from the binary digits of their numbers of cells."""
    total = 0
    for k in range(ends.shape[0]):
        n = ZERO
        for w in range(ends[k]):
            n += count_bits(words[w] & planes[k, w])
        total += np.int64(n) << k
    return total


@compiled
def value_of(
    tables: Tables, side: Side, op: int, a: int, b: int, mask: Words, hole: Words
) -> float:
    """The exact worth of `a op b` within a set of signatures."""
    f, g = tables.bits[a], tables.bits[b]
    if op == OR:
        for w in range(mask.shape[0]):
            hole[w] = (f[w] | g[w]) & mask[w]
    elif op == AND:
        for w in range(mask.shape[0]):
            hole[w] = (f[w] & g[w]) & mask[w]
    else:
        for w in range(mask.shape[0]):
            hole[w] = (f[w] & ~g[w]) & mask[w]
    on = weigh(hole, tables.on_planes, tables.on_ends)
    off = weigh(hole, tables.off_planes, tables.off_ends)
    if side.sign > 0:
        return side.gain * on - side.loss * off
    return side.gain * off - side.loss * on


@compiled
def combine(
    plan: Plan,
    split: Floats,
    at: Choice,
    total: Ints,
    every: Ints,
    part: Ints,
    inside: Ints,
    in_part: Ints,
    a: int,
) -> float:
    """The count of a concept in a set of cells from those in everything, c, z, both, and in w."""
    count: float = split[0] * total[a] + split[1] * every[at.c, a]
    count += split[2] * every[at.z, a] + split[3] * part[at.z, a]
    if plan.n_outer == 3:
        count += split[4] * every[at.w, a] + split[5] * inside[at.c, a]
        count += split[6] * inside[at.z, a] + split[7] * in_part[at.z, a]
    return count


@compiled
def combine_x(plan: Plan, split: Floats, side: Side, at: Choice, a: int) -> float:
    """The gaining cells of a concept in a set of cells."""
    return combine(plan, split, at, side.x, side.all_x, side.part_x, side.in_x, side.in_part_x, a)


@compiled
def combine_y(plan: Plan, split: Floats, side: Side, at: Choice, a: int) -> float:
    """The losing cells of a concept in a set of cells."""
    return combine(plan, split, at, side.y, side.all_y, side.part_y, side.in_y, side.in_part_y, a)


@compiled
def fill_singles(
    plan: Plan, k: int, side: Side, at: Choice, first: int, last: int, scratch: Scratch
) -> None:
    """What single concepts gain and lose within the region of context k."""
    s0, s1, s2, s3, s4, s5, s6, s7 = plan.split_region[k]
    xc, xz, xb = side.all_x[at.c], side.all_x[at.z], side.part_x[at.z]
    yc, yz, yb = side.all_y[at.c], side.all_y[at.z], side.part_y[at.z]
    x, y = side.x, side.y
    if plan.n_outer < 3:
        for a in range(first, last):
            scratch.gain_of[a] = side.gain * (s0 * x[a] + s1 * xc[a] + s2 * xz[a] + s3 * xb[a])
            scratch.loss_of[a] = side.loss * (s0 * y[a] + s1 * yc[a] + s2 * yz[a] + s3 * yb[a])
        return
    xw, xwc, xwz, xwb = side.all_x[at.w], side.in_x[at.c], side.in_x[at.z], side.in_part_x[at.z]
    yw, ywc, ywz, ywb = side.all_y[at.w], side.in_y[at.c], side.in_y[at.z], side.in_part_y[at.z]
    for a in range(first, last):
        out_x = s0 * x[a] + s1 * xc[a] + s2 * xz[a] + s3 * xb[a]
        out_y = s0 * y[a] + s1 * yc[a] + s2 * yz[a] + s3 * yb[a]
        in_x = s4 * xw[a] + s5 * xwc[a] + s6 * xwz[a] + s7 * xwb[a]
        in_y = s4 * yw[a] + s5 * ywc[a] + s6 * ywz[a] + s7 * ywb[a]
        scratch.gain_of[a] = side.gain * (out_x + in_x)
        scratch.loss_of[a] = side.loss * (out_y + in_y)


@compiled
def fill_list(
    plan: Plan,
    k: int,
    side: Side,
    at: Choice,
    which: Longs,
    n: int,
    scratch: Scratch,
    lists: Floats,
) -> None:
    """The single counts of the listed concepts, side by side."""
    half, other = plan.split_half[k], plan.split_other[k]
    for i in range(n):
        a = which[i]
        gain, loss = scratch.gain_of[a], scratch.loss_of[a]
        lists[GAIN, i], lists[LOSS, i], lists[VALUE, i] = gain, loss, gain - loss
        lists[HALF_X, i] = combine_x(plan, half, side, at, a)
        lists[HALF_Y, i] = combine_y(plan, half, side, at, a)
        lists[OTHER_X, i] = combine_x(plan, other, side, at, a)
        lists[OTHER_Y, i] = combine_y(plan, other, side, at, a)
