"""Banks too large for masks: sparse cells, work in small pieces, words made when asked for."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from logicx import ConceptBank, Units, explain, score
from logicx.banks import bits, signatures
from logicx.banks.bits import pack, unpack
from logicx.banks.signatures import Incidence, SignatureBuilder
from logicx.engines.numpy_engine import NumpyEngine
from logicx.errors import DataError
from logicx.scoring.objectives import objective_named
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import Step

masks_of_cells = hnp.arrays(bool, st.tuples(st.integers(0, 6), st.integers(0, 40)))


def names_of(masks) -> list[str]:
    return [f"c{i}" for i in range(len(masks))]


def random_masks(seed: int, n_concepts: int = 40, n_cells: int = 300) -> np.ndarray:
    dice = np.random.default_rng(seed)
    share = 0.6 / np.arange(1, n_concepts + 1)
    return dice.random((n_concepts, n_cells)) < share[:, None]


# ---- sparse cells


@settings(deadline=None)
@given(masks_of_cells, st.data())
def test_sparse_cells_give_the_bank_of_their_masks(masks, data):
    n_cells = masks.shape[1]
    valid = data.draw(st.none() | hnp.arrays(bool, n_cells))
    cuts = sorted(data.draw(st.lists(st.integers(0, n_cells), max_size=3)))
    expected = ConceptBank.from_masks(masks, names_of(masks), valid=valid)
    parts = [Incidence.of_masks(masks[:, part]) for part in np.split(np.arange(n_cells), cuts)]
    for cells in (Incidence.of_masks(masks), parts, iter(parts)):
        found = ConceptBank.from_sparse(cells, names_of(masks), valid=valid)
        assert found.content == expected.content


def test_scipy_matrices_are_sparse_cells():
    sparse = pytest.importorskip("scipy.sparse")
    masks = random_masks(0)
    expected = ConceptBank.from_masks(masks, names_of(masks), categories=["w"] * 40, name="x")
    options = {"categories": ["w"] * 40, "name": "x"}
    found = ConceptBank.from_sparse(sparse.csr_array(masks.T), names_of(masks), **options)
    assert found.content == expected.content
    with pytest.raises(DataError, match="must be sparse rows") as e:
        ConceptBank.from_sparse(sparse.csc_array(masks.T), names_of(masks))
    assert "csr_array" in e.value.hint
    with pytest.raises(DataError, match="39 names but the matrix has 40 columns"):
        ConceptBank.from_sparse(sparse.csr_array(masks.T), names_of(masks)[:39])
    stored = sparse.csr_array(masks.T.astype(int))
    stored.data[3] = 0
    with pytest.raises(DataError, match="stores zeros") as e:
        ConceptBank.from_sparse(stored, names_of(masks))
    assert "eliminate_zeros" in e.value.hint


@pytest.mark.parametrize(
    ("indptr", "indices", "why"),
    [
        ([0, 1], [2], "indices must lie from 0 to 1"),
        ([0, 1], [-1], "indices must lie from 0 to 1"),
        ([0, 1, 3], [0, 1, 0], "the concepts of cell 1 are not ascending and distinct"),
        ([0, 2], [1, 1], "the concepts of cell 0 are not ascending and distinct"),
        ([0, 2], [1], "indptr must begin at 0"),
        ([1, 1], [1], "indptr must begin at 0"),
        ([0, 1, 0, 1], [1], "indptr must begin at 0"),
        ([], [], "indptr must begin at 0"),
    ],
)
def test_what_is_no_sparse_matrix_is_refused(indptr, indices, why):
    cells = SimpleNamespace(indptr=indptr, indices=indices)
    with pytest.raises(DataError, match=why):
        ConceptBank.from_sparse(cells, ["a", "b"])
    with pytest.raises(
        DataError, match=why.replace("cell 1", "cell 4").replace("cell 0", "cell 3")
    ):
        ConceptBank.from_sparse(
            [SimpleNamespace(indptr=[0, 0, 1, 2], indices=[0, 1]), cells], ["a", "b"]
        )


@pytest.mark.parametrize(("n_valid", "said"), [(1, "at least 2"), (3, "2")])
def test_as_many_cells_as_labels_are_asked_for(n_valid, said):
    cells = SimpleNamespace(indptr=[0, 1, 1], indices=[0])
    with pytest.raises(DataError, match=f"valid has {n_valid} cells, the matrix has {said}"):
        ConceptBank.from_sparse(cells, ["a"], valid=[True] * n_valid)


# ---- small pieces


@settings(deadline=None)
@given(masks_of_cells, st.integers(1, 12), st.booleans(), st.data())
def test_small_pieces_give_the_same(masks, n_entries, collides, data):
    n_concepts, n_cells = masks.shape
    cells = Incidence.of_masks(masks)
    keys = np.zeros(n_concepts, np.uint64) if collides else None
    rows = data.draw(st.lists(st.integers(0, n_cells - 1), max_size=20)) if n_cells else []
    lines = np.array([i % 3 for i in range(len(rows))], int)
    weights = np.arange(len(rows)) + 1
    cuts = sorted(data.draw(st.lists(st.integers(0, n_cells), max_size=3)))

    def made() -> list[np.ndarray]:
        builder = SignatureBuilder(n_concepts, keys)
        for part in np.split(np.arange(n_cells), cuts):
            builder.add(Incidence.of_masks(masks[:, part]))
        found = builder.finish()
        sums = cells.sums(np.array(rows, int), weights, n_concepts, lines, 3)
        return [found.size, found.of_cell, *found.concepts, *cells.transposed(n_concepts), sums]

    whole = made()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signatures, "STEP", n_entries)
        patch.setattr(signatures, "SUMMED", n_entries)
        pieces = list(cells.pieces(n_entries))
        assert [row for one in pieces for row in range(n_cells)[one]] == list(range(n_cells))
        for one in pieces:
            assert one.stop - one.start == 1 or len(cells.part(one).indices) <= n_entries
        for one, other in zip(made(), whole, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype
    slow = np.zeros((3, n_concepts))
    for row, line, weight in zip(rows, lines, weights, strict=True):
        slow[line] += weight * masks[:, row]
    np.testing.assert_array_equal(whole[-1], slow)


def test_more_concepts_than_16_bits_are_transposed():
    dice = np.random.default_rng(0)
    lists = [np.unique(dice.integers(0, 70_000, 9)) for _ in range(50)]
    indptr = np.cumsum([0, *map(len, lists)])
    turned = Incidence(indptr, np.concatenate(lists).astype(np.int32)).transposed(70_000)
    for concept in (*lists[0].tolist(), *lists[49].tolist(), 0):
        expected = [i for i, one in enumerate(lists) if concept in one]
        first, stop = turned.indptr[concept : concept + 2]
        assert turned.indices[first:stop].tolist() == expected


# ---- words


@pytest.mark.parametrize("frequent", [0.0, 1 / 32, 0.5, 2.0])
def test_words_are_the_same_however_they_are_kept(tmp_path, monkeypatch, frequent):
    monkeypatch.setattr(bits, "FREQUENT", frequent)
    masks = random_masks(1)
    bank = ConceptBank.from_masks(masks, names_of(masks))
    bank.save(tmp_path / "a.bank")
    holds = np.array([np.bincount(bank.of_cell, mask) > 0 for mask in masks])
    shares = holds.mean(axis=1)
    for one in (bank, ConceptBank.open(tmp_path / "a.bank")):
        assert one.frequent.tolist() == np.flatnonzero(shares >= frequent).tolist()
        np.testing.assert_array_equal(one.frequent_words, pack(holds[one.frequent]))
        np.testing.assert_array_equal(one.packed, pack(holds))
        for concept in range(40):
            words = one.words_of(concept)
            np.testing.assert_array_equal(unpack(words, one.n_signatures), holds[concept])
            assert not one._stored or not words.flags.writeable


def test_a_file_holds_words_of_frequent_concepts_only(tmp_path):
    masks = np.eye(400, dtype=bool)
    masks[0] = True
    bank = ConceptBank.from_masks(masks, names_of(masks))
    bank.save(tmp_path / "a.bank")
    assert bank.frequent.tolist() == [0]
    assert (tmp_path / "a.bank").stat().st_size < bank.packed.nbytes + 20_000
    assert bank.frequent_words.nbytes == 56


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_search_never_makes_words_of_all_concepts(tmp_path, engine):
    if engine == "numba":
        pytest.importorskip("numba")
    masks = random_masks(2)
    ConceptBank.from_masks(masks, names_of(masks)).save(tmp_path / "a.bank")
    bank = ConceptBank.open(tmp_path / "a.bank")
    units = Units.from_masks([masks[1] & ~masks[30], masks[35] | masks[38]])
    found = list(explain(bank, units, length=4, engine=engine))
    assert [one.score for one in found] == [1.0, 1.0]
    assert score("c1 AND NOT c30", bank, units, 0).score == 1.0
    assert "packed" not in vars(bank)


@pytest.mark.parametrize("steps", [("OR", "AND", "AND NOT"), ("XOR", "OR NOT", "AND")])
def test_repeats_are_what_denotes_the_same_as_the_parent(steps):
    masks = random_masks(3, 9, 60)
    bank = ConceptBank.from_masks(masks, names_of(masks))
    engine = NumpyEngine(bank, bank.on_counts(masks[2] & ~masks[5]))
    known = [Step.of(one) for one in steps]
    space = FormulaSpace(engine, objective_named("iou"), known, np.arange(9))
    parents = [space.atoms().node(i) for i in (0, 4, 8)]
    (part,) = space.expand(parents, at_once=True)
    children, others = part.above(-np.inf), part.above(-np.inf, repeats=False)
    nodes = [children.node(i) for i in range(len(children.scores))]
    repeats = np.isneginf(others.scores)
    np.testing.assert_array_equal(others.scores[~repeats], children.scores[~repeats])
    same = [bytes(node.words) == bytes(node.parent.words) for node in nodes]
    one_sided = [node.step.is_one_sided for node in nodes]
    np.testing.assert_array_equal(repeats, np.logical_and(same, one_sided))
    assert 0 < repeats.sum() < len(nodes)
