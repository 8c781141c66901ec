from __future__ import annotations

import json
import mmap

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from logicx.banks import bank as bank_module
from logicx.banks.bank import ConceptBank
from logicx.banks.bits import unpack
from logicx.banks.signatures import INVALID, SignatureBuilder
from logicx.banks.tables import Column
from logicx.banks.universe import Universe
from logicx.errors import DataError, UnknownConcept

MASKS = np.array([[1, 1, 0, 0, 1], [0, 1, 1, 0, 1], [0, 0, 0, 0, 1]], bool)
NAMES = ["water", "blue", "boat"]


def small(**changes) -> ConceptBank:
    settings = {
        "masks": MASKS,
        "names": NAMES,
        "categories": ["object", "color", "object"],
        "valid": np.array([1, 1, 1, 1, 0], bool),
        "relations": {"NEIGHBORS": {"water": ["blue"]}},
        "name": "small",
        "universe": Universe.pairs(5),
    }
    return ConceptBank.from_masks(**{**settings, **changes})


def random_bank(n_cells: int, n_concepts: int = 5, density: float = 0.4) -> ConceptBank:
    rng = np.random.default_rng([n_cells, n_concepts])
    masks = rng.random((n_concepts, n_cells)) < density
    valid = rng.random(n_cells) < 0.8
    return ConceptBank.from_masks(masks, [f"c{i}" for i in range(n_concepts)], valid=valid)


ARRAYS = ("size", "count", "of_cell", "packed")


def assert_same(a: ConceptBank, b: ConceptBank) -> None:
    for what in ARRAYS:
        one, other = getattr(a, what), getattr(b, what)
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype, what
        assert one.shape == other.shape, what
    for one, other in zip(a.concepts_of, b.concepts_of, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    for what in ("name", "names", "categories", "universe", "relations", "source", "content"):
        assert getattr(a, what) == getattr(b, what), what


# ---- building


@settings(deadline=None)
@given(
    hnp.arrays(bool, st.tuples(st.integers(0, 6), st.integers(0, 70))),
    st.data(),
)
def test_every_part_follows_from_the_masks(masks, data):
    valid = data.draw(hnp.arrays(bool, masks.shape[1]))
    names = [f"c{i}" for i in range(len(masks))]
    bank = ConceptBank.from_masks(masks, names, valid=valid)
    known = masks & valid
    assert bank.n_concepts == len(masks)
    assert bank.n_valid == bank.size.sum() == valid.sum()
    assert bank.n_signatures == len({tuple(cell) for cell in masks.T[valid].tolist()})
    assert bank.count.tolist() == known.sum(axis=1).tolist()
    np.testing.assert_array_equal(bank.of_cell == INVALID, ~valid)
    rows = unpack(bank.packed, bank.n_signatures)
    for concept in range(len(masks)):
        np.testing.assert_array_equal(bank.cells(rows[concept]), known[concept])
        together = (known & known[concept]).sum(axis=1)
        assert bank.together_with(concept).tolist() == together.tolist()
        start, end = bank.signatures_of.indptr[concept : concept + 2]
        inside = bank.signatures_of.indices[start:end]
        np.testing.assert_array_equal(inside, np.flatnonzero(rows[concept]))
    on = data.draw(hnp.arrays(bool, masks.shape[1]))
    counts = [(on & valid & (bank.of_cell == i)).sum() for i in range(bank.n_signatures)]
    assert bank.on_counts(on).tolist() == counts


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 127, 128, 129])
def test_tail_bits_are_zero(n):
    masks = np.vstack([np.ones(n, bool), np.eye(n, dtype=bool)])  # each cell a signature
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(n + 1)])
    assert bank.n_signatures == n
    assert bank.packed.shape == (n + 1, -(-n // 64))
    everywhere = sum(int(word) << (64 * i) for i, word in enumerate(bank.packed[0]))
    assert everywhere == 2**n - 1


@pytest.mark.parametrize("n_cells", [1, 64, 1000])
def test_small_chunks_give_the_same_bank(n_cells, monkeypatch):
    whole = random_bank(n_cells)
    whole.packed  # noqa: B018  # computed before the chunks shrink
    monkeypatch.setattr(bank_module, "CHUNK_BITS", 50)
    chunked = random_bank(n_cells)
    assert_same(whole, chunked)


@pytest.mark.parametrize(
    "masks",
    [
        MASKS.tolist(),
        MASKS.astype(np.uint8),
        MASKS.astype(np.float16),
        torch.tensor(MASKS),
        torch.tensor(MASKS).float().requires_grad_(),
        torch.tensor(MASKS).bfloat16(),
        np.asfortranarray(MASKS),
    ],
    ids=["lists", "uint8", "float16", "torch", "gradient", "bfloat16", "fortran"],
)
def test_masks_of_any_make_give_the_same_bank(masks):
    assert small(masks=masks).content == small().content


def test_words_are_torch_words_in_the_same_memory(tmp_path):
    bank = small()
    bank.save(tmp_path / "a.bank")
    for one in (bank, ConceptBank.open(tmp_path / "a.bank")):
        words = one.words
        assert words.dtype == torch.int64
        assert tuple(words.shape) == one.packed.shape
        assert words.data_ptr() == one.packed.ctypes.data
        np.testing.assert_array_equal(words.numpy().view(np.uint64), one.packed)


def test_from_table_is_from_masks_of_its_columns():
    table = {"color": ["red", "blue", None, "red"], "age": [1, 2, 3, 4], "old": [0, 1, 1, "no"]}
    kinds = {"color": "category", "age": Column("quantiles", 2), "old": "boolean"}
    bank = ConceptBank.from_table(table, kinds, name="people", source={"file": "x.csv"})
    masks = [[0, 1, 0, 0], [1, 0, 0, 1], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 0]]
    names = ["color:blue", "color:red", "age:q1", "age:q2", "old"]
    expected = ConceptBank.from_masks(
        masks, names, categories=["color", "color", "age", "age", "old"], name="people"
    )
    expected.source = {"file": "x.csv", "quantile_edges": {"age": [2.5]}}
    assert_same(bank, expected)


# ---- names, relations and what is refused


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"names": ["water", "blue"]}, "3 masks but 2 names"),
        ({"names": ["water", "blue", "water"]}, "'water' is given twice"),
        ({"names": ["water", "", "boat"]}, "concept 1 has no printable name: ''"),
        ({"names": ["water", "a\nb", "boat"]}, r"concept 1 has no printable name: 'a\\nb'"),
        ({"names": ["water", "\x1b[31m", "boat"]}, "concept 1 has no printable name"),
        ({"names": ["water", "\ud800", "boat"]}, "concept 1 has no printable name"),
        ({"names": ["water", 3, "boat"]}, "concept 1 has no printable name: 3"),
        ({"categories": ["a", "b"]}, "3 names but 2 categories"),
        ({"categories": ["a", "b", "\ud800"]}, "a category must be printable text"),
        ({"categories": ["a", "b", None]}, "a category must be printable text, not None"),
        ({"name": "a\x00"}, "the name of a bank must be printable text"),
        ({"name": 5}, "the name of a bank must be printable text, not 5"),
        ({"masks": MASKS[0]}, r"masks must have 2 axes, not shape \(5,\)"),
        ({"masks": MASKS[None]}, r"masks must have 2 axes, not shape \(1, 3, 5\)"),
        ({"masks": MASKS * 2}, "masks must hold only true and false"),
        ({"masks": MASKS * np.nan}, "masks must hold only true and false"),
        ({"masks": MASKS.astype(str)}, "masks must hold only true and false"),
        ({"masks": [[1, 0], [1]]}, "masks cannot be read as an array"),
        ({"masks": [[None, 0]]}, "masks: values are missing"),
        ({"valid": [1, 0]}, "valid has 2 cells, the masks have 5"),
        ({"valid": [[1, 1, 1, 1, 0]]}, r"valid must have 1 axes, not shape \(1, 5\)"),
        ({"valid": [1, 1, 1, 1, 7]}, "valid must hold only true and false"),
        ({"universe": Universe.pairs(4)}, "5 cells were given for a universe of 4 pairs"),
        ({"relations": {"NEIGHBORS": {"water": ["sea"]}}}, "NEIGHBORS names no concept: 'sea'"),
        ({"relations": {"NEIGHBORS": {"sea": ["water"]}}}, "NEIGHBORS names no concept: 'sea'"),
    ],
)
def test_what_fits_no_bank_is_refused(changes, why):
    with pytest.raises(DataError, match=why):
        small(**changes)


def test_names_and_categories_may_be_arrays():
    bank = small(names=np.array(NAMES), categories=np.array(["object", "color", "object"]))
    assert bank.content == small().content
    assert small(categories=None).categories == ("", "", "")


def test_a_universe_of_numpy_numbers_is_the_same_universe():
    assert Universe.pairs(np.int64(5)) == Universe.pairs(5)
    assert small(universe=Universe.pairs(np.int64(5))).content == small().content


def test_concepts_are_found_by_name_and_near_names_are_offered():
    bank = small()
    assert [bank.number(name) for name in NAMES] == [0, 1, 2]
    assert "water" in bank
    assert "sea" not in bank
    with pytest.raises(
        UnknownConcept, match=r"no concept 'watr' in bank 'small' \(3 concepts\)"
    ) as e:
        bank.number("watr")
    assert "did you mean: water?" in e.value.hint
    with pytest.raises(UnknownConcept, match="no concept 'water blue'") as e:
        bank.number("water blue")
    assert "is an operator missing between them?" in e.value.hint


def test_relating_is_checked_and_changes_the_hash(tmp_path):
    bank = small(relations=None)
    before = bank.content
    bank.save(tmp_path / "a.bank")
    opened = ConceptBank.open(tmp_path / "a.bank")
    for one in (bank, opened):
        with pytest.raises(DataError, match="NEIGHBORS names no concept: 'sea'"):
            one.relate("NEIGHBORS", {"water": ["sea"]})
        assert one.relations == {}
        assert one.content == before
        one.relate("NEIGHBORS", {"water": ["blue"]})
        assert one.content == small().content
        assert one.save(tmp_path / "b.bank") == one.content
        assert_same(ConceptBank.open(tmp_path / "b.bank"), small())


# ---- files


@pytest.mark.parametrize("n_cells", [0, 1, 63, 64, 65, 1000])
@pytest.mark.parametrize("n_concepts", [0, 1, 5])
def test_save_and_open_give_the_same_bank(tmp_path, n_cells, n_concepts):
    bank = random_bank(n_cells, n_concepts)
    content = bank.save(tmp_path / "a.bank")
    opened = ConceptBank.open(tmp_path / "a.bank")
    assert content == bank.content == opened.content
    assert_same(opened, bank)
    for concept in range(n_concepts):
        expected = bank.together_with(concept).tolist()
        assert opened.together_with(concept).tolist() == expected
    opened.save(tmp_path / "again.bank")
    assert (tmp_path / "again.bank").read_bytes() == (tmp_path / "a.bank").read_bytes()


def test_save_and_open_keep_everything_else(tmp_path):
    bank = small(name="a bank, “named”", names=["hyp:'s", "naïve", "日本"], relations=None)
    bank.relate("NEIGHBORS", {"naïve": ["日本"]})
    bank.source = {"recipe": {"x": [1, 2.5, True, None]}, "file": "ü.csv"}
    bank.save(tmp_path / "a.bank")
    assert_same(ConceptBank.open(tmp_path / "a.bank"), bank)


UNIVERSES = [
    Universe.rows(6),
    Universe.pairs(6),
    Universe.tokens([0, 0, 4, 6]),
    Universe.tokens([0, 4, 6]),
    Universe.pixels(1, 2, 3),
    Universe.pixels(3, 2, 1),
]


def test_every_universe_survives_a_file_and_has_a_hash_of_its_own(tmp_path):
    hashes = set()
    for universe in UNIVERSES:
        bank = ConceptBank.from_masks(np.zeros((1, 6), bool), ["a"], universe=universe)
        hashes.add(bank.save(tmp_path / "a.bank"))
        assert ConceptBank.open(tmp_path / "a.bank").universe == universe
    assert len(hashes) == len(UNIVERSES)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Universe("grid", (3,)), "kind 'grid' is not one of"),
        (lambda: Universe.rows(-1), "cannot have the shape"),
        (lambda: Universe("pixels", (3, 4)), "cannot have the shape"),
        (lambda: Universe.tokens([]), "must begin at 0"),
        (lambda: Universe.tokens([1, 2]), "must begin at 0"),
        (lambda: Universe.tokens([0, 3, 2]), "never fall"),
        (lambda: Universe("tokens", (3,), (0, 2)), "must be the number of tokens"),
    ],
)
def test_geometry_that_means_nothing_is_refused(make, why):
    with pytest.raises(DataError, match=why):
        make()


def test_universes_count_their_cells_and_groups():
    found = [(one.n_cells, one.n_groups) for one in UNIVERSES]
    assert found == [(6, 6), (6, 6), (6, 3), (6, 2), (6, 1), (6, 3)]


def maps(array: np.ndarray) -> bool:
    """Whether an array's memory is a mapped file."""
    base = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, mmap.mmap)


def test_an_opened_bank_is_mapped_and_read_only(tmp_path):
    bank = small()
    bank.save(tmp_path / "a.bank")
    opened = ConceptBank.open(tmp_path / "a.bank")
    arrays = [opened.size, opened.count, opened.of_cell, opened.frequent_words]
    arrays += [*opened.concepts_of, *opened.signatures_of]
    for array in arrays:
        assert maps(array)
        assert not array.flags.writeable
        assert array.flags.aligned
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert not maps(bank.size)


CHANGES = [
    {"masks": ~MASKS},
    {"masks": MASKS[:, [1, 0, 2, 3, 4]]},
    {"names": ["water", "blue", "ship"]},
    {"names": ["blue", "water", "boat"]},
    {"categories": ["object", "colour", "object"]},
    {"valid": None},
    {"valid": np.array([1, 1, 1, 0, 1], bool)},
    {"universe": None},
    {"relations": None},
    {"relations": {"NEIGHBORS": {"water": ["boat"]}}},
    {"relations": {"NEIGHBOURS": {"water": ["blue"]}}},
    {"name": "other"},
]


def test_any_change_changes_the_hash():
    hashes = [small().content, *(small(**change).content for change in CHANGES)]
    sourced = small()
    sourced.source = {"file": "x"}
    hashes.append(sourced.content)
    assert len(set(hashes)) == len(CHANGES) + 2
    assert small().content == hashes[0]


def test_the_same_input_gives_the_same_bytes(tmp_path):
    small().save(tmp_path / "a.bank")
    small().save(tmp_path / "b.bank")
    assert (tmp_path / "a.bank").read_bytes() == (tmp_path / "b.bank").read_bytes()


def test_the_manifest_is_json_that_other_tools_can_read(tmp_path):
    from safetensors import safe_open

    small().save(tmp_path / "a.bank")
    with safe_open(tmp_path / "a.bank", framework="numpy") as opened:
        header = json.loads(opened.metadata()["logicx"])
        sizes = opened.get_tensor("size")
        assert opened.get_tensor("frequent_words").dtype == np.int64
    assert header["kind"] == "bank"
    assert header["format_version"] == 2
    assert header["manifest"]["names"] == NAMES
    assert header["content"] == small().content
    assert sizes.tolist() == small().size.tolist()


def test_signatures_must_cover_the_universe():
    builder = SignatureBuilder(1)
    with pytest.raises(DataError, match="0 cells were given for a universe of 3 rows"):
        ConceptBank("x", ["a"], [""], Universe.rows(3), builder.finish())


def test_names_may_hold_joiners_but_no_control_characters():
    family = "pre:\U0001f468\u200d\U0001f467"
    assert ConceptBank.from_masks(np.ones((1, 1), bool), [family]).names == (family,)
    for bad in ("a\tb", "a\u2028b", "\ud800"):
        with pytest.raises(DataError, match="no printable name"):
            ConceptBank.from_masks(np.ones((1, 1), bool), [bad])
