from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from logicx.banks.signatures import INVALID, Incidence, SignatureBuilder, Signatures

masks_of_cells = hnp.arrays(
    bool, st.tuples(st.integers(0, 5), st.integers(0, 40)), elements=st.booleans()
)


def build(masks, valid=None, cuts=(), keys=None) -> tuple[Signatures, SignatureBuilder]:
    builder = SignatureBuilder(len(masks), keys)
    for part in np.split(np.arange(masks.shape[1]), sorted(cuts)):
        cells = Incidence.of_masks(masks[:, part])
        builder.add(cells, None if valid is None else valid[part])
    return builder.finish(), builder


def by_hand(masks, valid=None) -> tuple[list[list[int]], list[int], list[int]]:
    """Concepts and size of each signature, and the signature of each cell."""
    number: dict[tuple[int, ...], int] = {}
    of_cell = []
    for cell in range(masks.shape[1]):
        if valid is not None and not valid[cell]:
            of_cell.append(INVALID)
        else:
            concepts = tuple(np.flatnonzero(masks[:, cell]).tolist())
            of_cell.append(number.setdefault(concepts, len(number)))
    return [list(one) for one in number], [of_cell.count(i) for i in range(len(number))], of_cell


def as_lists(found: Signatures) -> tuple[list[list[int]], list[int], list[int]]:
    rows = np.split(found.concepts.indices, found.concepts.indptr[1:-1])
    lists = [one.tolist() for one in rows] if found.concepts.n_rows else []
    return lists, found.size.tolist(), found.of_cell.tolist()


def assert_same(a: Signatures, b: Signatures) -> None:
    for one, other in (
        (a.size, b.size),
        (a.of_cell, b.of_cell),
        (a.concepts.indptr, b.concepts.indptr),
        (a.concepts.indices, b.concepts.indices),
    ):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


@settings(deadline=None)
@given(masks_of_cells, st.data())
def test_signatures_are_the_distinct_sets_in_order_of_first_appearance(masks, data):
    valid = data.draw(st.none() | hnp.arrays(bool, masks.shape[1]))
    found, builder = build(masks, valid)
    assert as_lists(found) == by_hand(masks, valid)
    assert builder.n_collisions == 0
    assert found.size.dtype == found.concepts.indptr.dtype == np.int64
    assert found.of_cell.dtype == found.concepts.indices.dtype == np.int32


@settings(deadline=None)
@given(masks_of_cells, st.data())
def test_chunks_do_not_matter(masks, data):
    valid = data.draw(st.none() | hnp.arrays(bool, masks.shape[1]))
    cuts = data.draw(st.lists(st.integers(0, masks.shape[1]), max_size=5))
    assert_same(build(masks, valid, cuts)[0], build(masks, valid)[0])


@settings(deadline=None)
@given(masks_of_cells, st.sampled_from([0, 1]), st.data())
def test_colliding_keys_cost_time_and_never_truth(masks, bits, data):
    keys = data.draw(hnp.arrays(np.uint64, len(masks), elements=st.integers(0, bits)))
    cuts = data.draw(st.lists(st.integers(0, masks.shape[1]), max_size=3))
    found, _ = build(masks, None, cuts, keys)
    assert_same(found, build(masks)[0])


def test_every_collision_is_counted():
    masks = np.array([[0, 1, 0, 1, 1, 0], [0, 0, 1, 1, 0, 0]], bool)
    found, builder = build(masks, keys=np.zeros(2, np.uint64))
    assert builder.n_collisions == 4  # all but cells 0 and 5 differ from cell 0
    assert as_lists(found) == ([[], [0], [1], [0, 1]], [2, 2, 1, 1], [0, 1, 2, 3, 1, 0])
    _, builder = build(masks, keys=np.array([1, 1], np.uint64))
    assert builder.n_collisions == 2  # {0, 1} has the key of {}, and {1} that of {0}


def test_sets_of_one_length_and_one_key_are_told_apart():
    masks = np.eye(70, dtype=bool)
    found, builder = build(masks, keys=np.zeros(70, np.uint64))
    assert builder.n_collisions == 69
    assert len(found.size) == 70
    np.testing.assert_array_equal(found.of_cell, np.arange(70))


def test_cells_without_labels_belong_to_no_signature():
    masks = np.array([[1, 0, 1, 1]], bool)
    found, _ = build(masks, np.array([False, True, True, False]))
    assert as_lists(found) == ([[], [0]], [1, 1], [INVALID, 0, 1, INVALID])
    nothing, _ = build(masks, np.zeros(4, bool))
    assert as_lists(nothing) == ([], [], [INVALID] * 4)


def test_a_builder_without_cells_has_no_signature():
    assert as_lists(SignatureBuilder(3).finish()) == ([], [], [])


@settings(deadline=None)
@given(masks_of_cells, st.data())
def test_incidence_transposes_gathers_and_selects(masks, data):
    n_concepts, n_cells = masks.shape
    cells = Incidence.of_masks(masks)
    assert cells.n_rows == n_cells
    transposed = cells.transposed(n_concepts)
    np.testing.assert_array_equal(transposed.indices, np.nonzero(masks)[1])
    np.testing.assert_array_equal(np.diff(transposed.indptr), masks.sum(axis=1))
    back = transposed.transposed(n_cells)
    np.testing.assert_array_equal(back.indptr, cells.indptr)
    np.testing.assert_array_equal(back.indices, cells.indices)
    which = data.draw(st.lists(st.integers(0, n_cells - 1))) if n_cells else []
    chosen = cells.rows(np.array(which, int))
    expected = Incidence.of_masks(masks[:, which])
    np.testing.assert_array_equal(chosen.indptr, expected.indptr)
    np.testing.assert_array_equal(chosen.indices, expected.indices)


@pytest.mark.parametrize("rows", [[], [0, 0], [2, 0]])
def test_gather_tells_how_many_each_row_has(rows):
    cells = Incidence.of_masks(np.array([[1, 0, 1], [1, 0, 0]], bool))
    entries, lengths = cells.gather(np.array(rows, int))
    expected = [[0, 1], [], [0]]
    assert entries.tolist() == [one for row in rows for one in expected[row]]
    assert lengths.tolist() == [len(expected[row]) for row in rows]
