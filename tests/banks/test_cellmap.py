from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from logicx.banks import cellmap, packing
from logicx.banks.bank import ConceptBank
from logicx.banks.building import GroupBuilder
from logicx.banks.cellmap import FlatMap, GroupMap
from logicx.banks.signatures import INVALID, GroupCells, Incidence
from logicx.banks.universe import Universe
from logicx.errors import DataError, FileError
from logicx.language.formula import Concept
from logicx.search.formulas.atoms import with_atoms
from logicx.search.formulas.support import supported

SHAPES = [(5, 1, 1), (3, 7, 13), (2, 8, 8), (0, 4, 4), (3, 0, 2), (1, 5, 3)]
NAMES = ["a", "b", "c"]


def named(n: int) -> list[str]:
    return [f"c{i}" for i in range(n)]


def groups_of(masks, valid, universe, rng):
    """Images as a reader gives them: sets in any order, some twice, some that hold nowhere."""
    for image in range(universe.n_groups):
        cells = universe.cells_of(image)
        distinct, numbers = np.unique(masks[:, cells].T, axis=0, return_inverse=True)
        more = rng.random((2, len(masks))) < 0.5
        distinct = np.concatenate([distinct, distinct, more])
        numbers = numbers.reshape(-1) + rng.choice([0, (len(distinct) - 2) // 2], numbers.size)
        order = rng.permutation(len(distinct))
        numbers = np.argsort(order)[numbers]
        if valid is not None:
            numbers[~valid[cells]] = 999  # what a cell without labels has there does not count
        held = None if valid is None else valid[cells]
        yield GroupCells(Incidence.of_masks(distinct[order].T), numbers, held)


def both_ways(masks, valid, universe, seed=0) -> tuple[ConceptBank, ConceptBank]:
    names = named(len(masks))
    groups = groups_of(masks, valid, universe, np.random.default_rng(seed))
    plain = ConceptBank.from_masks(masks, names, universe=universe, valid=valid)
    return ConceptBank.from_groups(groups, names, universe=universe), plain


def random_case(shape, share_valid=0.8, n_concepts=5):
    rng = np.random.default_rng([*shape, n_concepts])
    universe = Universe.pixels(*shape)
    masks = rng.random((n_concepts, universe.n_cells)) < 0.3
    return masks, rng.random(universe.n_cells) < share_valid, universe


def check_map(bank: ConceptBank, masks, valid) -> None:
    """All that a map answers, held against the masks."""
    universe, found = bank.universe, bank.cell_map
    is_valid = np.ones(universe.n_cells, bool) if valid is None else valid
    rows = [tuple(np.flatnonzero(cell)) for cell in masks.T]
    sets = np.split(bank.concepts_of.indices, bank.concepts_of.indptr[1:-1])
    number = {tuple(one): i for i, one in enumerate(sets[: bank.n_signatures])}
    wanted = np.array(
        [number[row] if ok else INVALID for row, ok in zip(rows, is_valid, strict=True)], np.int32
    )
    assert found.n_cells == universe.n_cells
    assert found.whole().dtype == np.int32
    np.testing.assert_array_equal(found.whole(), wanted)
    parts = Counter()
    for group in range(universe.n_groups):
        own = wanted[universe.cells_of(group)]
        np.testing.assert_array_equal(found.of_group(group), own)
        signatures, numbers = found.table_of(group)
        assert sorted(signatures.tolist()) == sorted(set(own.tolist()))
        np.testing.assert_array_equal(signatures[numbers], own)
        parts.update((group, int(one)) for one in own if one != INVALID)
    rng = np.random.default_rng(1)
    some = rng.integers(0, universe.n_cells, 30) if universe.n_cells else np.zeros(0, int)
    assert found.at(some).tolist() == wanted[some].tolist()
    on = rng.random(universe.n_cells) < 0.4
    counts = [((wanted == i) & on).sum() for i in range(bank.n_signatures)]
    assert bank.on_counts(on).tolist() == counts
    chosen = rng.random(bank.n_signatures) < 0.5
    assert bank.cells(chosen).tolist() == [bool(i >= 0 and chosen[i]) for i in wanted]
    assert as_counter(found.parts()) == parts
    assert sum(found.parts(on).n_cells) == (is_valid & on).sum()
    for (group, signature), n in as_counter(found.parts(on)).items():
        cells = universe.cells_of(group)
        assert n == ((wanted[cells] == signature) & on[cells]).sum()


def as_counter(parts) -> Counter:
    found = Counter()
    for group, signature, n in zip(*(one.tolist() for one in parts), strict=True):
        found[group, signature] += n
    return found


# ---- against the plain way


@settings(deadline=None)
@given(
    st.tuples(*(st.integers(0, 4),) * 3).flatmap(
        lambda shape: st.tuples(
            st.just(shape),
            hnp.arrays(bool, st.tuples(st.integers(0, 4), st.just(int(np.prod(shape))))),
            st.none() | hnp.arrays(bool, int(np.prod(shape))),
        )
    ),
    st.integers(0, 5),
)
def test_images_one_by_one_give_the_bank_of_their_masks(case, seed):
    shape, masks, valid = case
    found, plain = both_ways(masks, valid, Universe.pixels(*shape), seed)
    assert found.content == plain.content
    for what in ("size", "count"):
        one, other = getattr(found, what), getattr(plain, what)
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    check_map(found, masks, valid)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share_valid", [0.8, 0])
def test_a_saved_bank_has_the_same_map(shape, share_valid, tmp_path):
    masks, valid, universe = random_case(shape, share_valid)
    bank, plain = both_ways(masks, valid, universe)
    content = bank.save(tmp_path / "a.bank")
    assert content == bank.content == plain.save(tmp_path / "b.bank")
    assert (tmp_path / "a.bank").read_bytes() == (tmp_path / "b.bank").read_bytes()
    opened = ConceptBank.open(tmp_path / "a.bank")
    assert isinstance(opened.cell_map, GroupMap)
    check_map(opened, masks, valid)
    assert opened.save(tmp_path / "c.bank") == content


@pytest.mark.parametrize(
    "universe", [Universe.rows(60), Universe.pairs(60), Universe.tokens([0, 7, 7, 30, 60])]
)
def test_cells_that_are_no_pixels_keep_one_number_each(universe, tmp_path, monkeypatch):
    monkeypatch.setattr(cellmap, "CHUNK_CELLS", 7)
    rng = np.random.default_rng(3)
    masks, valid = rng.random((3, 60)) < 0.5, rng.random(60) < 0.8
    bank, plain = both_ways(masks, valid, universe)
    assert bank.content == plain.content
    plain.save(tmp_path / "a.bank")
    for one in (bank, ConceptBank.open(tmp_path / "a.bank")):
        assert isinstance(one.cell_map, FlatMap)
        check_map(one, masks, valid)


def test_groups_of_several_cells_make_rows():
    masks, valid, images = random_case((3, 7, 13))
    groups = groups_of(masks, valid, images, np.random.default_rng(0))
    found = ConceptBank.from_groups(groups, named(5))
    assert found.content == ConceptBank.from_masks(masks, named(5), valid=valid).content


# ---- numbers of 8, 16 and 32 bits


@pytest.mark.parametrize(
    ("n", "dtype"),
    [(1, "u1"), (256, "u1"), (257, "<u2"), (1 << 16, "<u2"), ((1 << 16) + 1, "<i4")],
)
def test_local_numbers_take_the_least_room(n, dtype, tmp_path):
    """Two images of so many signatures of their own, and one of a single signature."""
    codes = np.concatenate([np.arange(n), np.arange(n)[::-1] + 5, np.zeros(n, int)])
    masks = (codes >> np.arange(17)[:, None] & 1).astype(bool)
    bank, plain = both_ways(masks, None, Universe.pixels(3, 1, n))
    assert bank.save(tmp_path / "a.bank") == plain.content
    for one in (bank, ConceptBank.open(tmp_path / "a.bank")):
        assert [one.cell_map.table_of(i)[1].dtype.str[-2:] for i in range(3)] == [
            dtype[-2:],
            dtype[-2:],
            "u1",
        ]
        np.testing.assert_array_equal(one.cell_map.of_group(0), np.arange(n))
        check = bank.concepts_of.rows(one.cell_map.of_group(1))
        wanted = Incidence.of_masks(masks[:, n : 2 * n])
        np.testing.assert_array_equal(check.indices, wanted.indices)
        np.testing.assert_array_equal(check.indptr, wanted.indptr)
        flat = FlatMap(one.of_cell)  # images of two widths side by side
        on = codes % 3 == 1
        np.testing.assert_array_equal(one.on_counts(on), flat.on_counts(on, one.n_signatures))
        cells = np.random.default_rng(n).permutation(3 * n)
        np.testing.assert_array_equal(one.cell_map.at(cells), flat.at(cells))


def test_wide_numbers_are_aligned_after_an_odd_number_of_cells(tmp_path):
    codes = np.concatenate([np.zeros(257, int), np.arange(257)])
    masks = (codes >> np.arange(9)[:, None] & 1).astype(bool)
    bank, _ = both_ways(masks, None, Universe.pixels(2, 257, 1))
    bank.save(tmp_path / "a.bank")
    for one in (bank, ConceptBank.open(tmp_path / "a.bank")):
        numbers = one.cell_map.table_of(1)[1]
        assert numbers.dtype == np.uint16
        assert numbers.flags.aligned


def test_cells_without_labels_take_a_place_in_the_table():
    codes = np.arange(257)
    masks, valid = (codes >> np.arange(9)[:, None] & 1).astype(bool), codes != 100
    bank, _ = both_ways(masks, valid, Universe.pixels(1, 257, 1))
    signatures, numbers = bank.cell_map.table_of(0)
    assert numbers.dtype == np.uint16
    assert bank.n_signatures == 256
    assert signatures[numbers[100]] == INVALID


# ---- blocks


def test_only_the_blocks_that_are_asked_for_are_read(tmp_path, monkeypatch):
    masks, valid, universe = random_case((40, 3, 3))
    plain = ConceptBank.from_masks(masks, named(5), universe=universe, valid=valid)
    monkeypatch.setattr(packing, "BLOCK_BYTES", 50)
    bank, _ = both_ways(masks, valid, universe)
    assert sum(name.startswith("cells.") for name in bank.cell_map.tensors()) == 7
    check_map(bank, masks, valid)
    monkeypatch.setattr(cellmap, "RUN_CELLS", 20)
    check_map(bank, masks, valid)
    path = tmp_path / "a.bank"
    bank.save(path)
    check_map(ConceptBank.open(path), masks, valid)
    last = bank.cell_map.tensors()["cells.6"].tobytes()
    data = bytearray(path.read_bytes())
    place = data.rindex(last)
    data[place] ^= 1
    path.write_bytes(data)
    opened = ConceptBank.open(path)
    assert opened.count.tolist() == plain.count.tolist()
    np.testing.assert_array_equal(opened.cell_map.of_group(0), plain.cell_map.of_group(0))
    with pytest.raises(FileError, match=r"altered: the tensor 'cells.6'"):
        opened.cell_map.of_group(39)
    with pytest.raises(FileError, match="altered"):
        opened.on_counts(np.ones(universe.n_cells, bool))


def test_a_file_without_its_map_is_refused(tmp_path):
    masks, valid, universe = random_case((3, 7, 13))
    bank = ConceptBank.from_masks(masks, named(5), universe=universe, valid=valid)
    bank.universe = Universe.pixels(4, 7, 13)
    bank.save(tmp_path / "a.bank")
    with pytest.raises(FileError, match="holds no map of 4 images"):
        ConceptBank.open(tmp_path / "a.bank").cell_map  # noqa: B018


@pytest.mark.parametrize("group", [-1, 3])
def test_groups_that_are_not_there_are_refused(group):
    masks, valid, universe = random_case((3, 7, 13))
    bank, _ = both_ways(masks, valid, universe)
    with pytest.raises(IndexError, match=f"group {group} of 3"):
        bank.cell_map.table_of(group)
    with pytest.raises(IndexError):
        bank.cell_map.at(np.array([group * 91]))


def test_the_map_is_passed_on_as_it_is():
    masks, valid, universe = random_case((3, 7, 13))
    bank, _ = both_ways(masks, valid, universe)
    assert supported(bank, int(bank.count.max())).cell_map is bank.cell_map
    assert with_atoms(bank, [Concept("c0") | Concept("c1")]).cell_map is bank.cell_map


# ---- collisions


def test_colliding_keys_are_counted_and_not_merged():
    masks, valid, universe = random_case((4, 5, 5))
    rng = np.random.default_rng(0)
    builder = GroupBuilder(5, universe, keys=np.zeros(5, np.uint64))
    for group in groups_of(masks, valid, universe, rng):
        builder.add_group(group)
    found = builder.finish()
    _, plain = both_ways(masks, valid, universe)
    assert builder.sets.n_collisions > 0
    np.testing.assert_array_equal(found.of_cell, plain.of_cell)
    np.testing.assert_array_equal(found.size, plain.size)
    np.testing.assert_array_equal(found.concepts.indices, plain.concepts_of.indices)


# ---- what does not fit


def image(sets=((0,), (0, 2)), numbers=(0, 1, 1, 0), valid=None) -> GroupCells:
    starts = np.cumsum([0, *map(len, sets)])
    entries = np.array([one for each in sets for one in each], np.int32)
    return GroupCells(Incidence(starts, entries), np.array(numbers), valid)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([image(), image(numbers=(0, 1, 2, 0))], "group 1: numbers of its 2 sets .* 0 to 1"),
        ([image(numbers=(0, -1, 1, 0)), image()], "group 0: numbers of its 2 sets"),
        ([image(valid=np.array([1, 0, 1, 1], bool), numbers=(0, 5, 2, 1)), image()], "0 to 1"),
        ([image(numbers=(0.0, 1, 1, 0)), image()], "must be integers, not float64"),
        ([image(numbers=(0, 1, 1)), image()], "group 0 has 3 cells in a universe of 2 images"),
        ([image(valid=np.ones(3, bool)), image()], "group 0 has 4 cells, its valid has 3"),
        ([image(), image(sets=((0,), (2, 0)))], "group 1: the concepts of its set 1 are not asc"),
        ([image(), image(sets=((0,), (1, 1)))], "group 1: the concepts of its set 1 are not asc"),
        ([image(sets=((0,), (3,))), image()], "group 0: indices must lie from 0 to 2"),
        ([image()], "4 cells were given for a universe of 2 images of 2 x 2"),
        ([image(), image(), image()], "more groups than in a universe of 2 images"),
    ],
)
def test_groups_that_do_not_fit_are_refused(groups, message):
    with pytest.raises(DataError, match=message):
        ConceptBank.from_groups(groups, NAMES, universe=Universe.pixels(2, 2, 2))


def test_counts_of_other_cells_are_refused():
    bank = ConceptBank.from_groups([image()], NAMES, universe=Universe.pixels(1, 2, 2))
    with pytest.raises(DataError, match="5 cells were given for a universe of 1 images"):
        bank.on_counts(np.ones(5, bool))
