"""Banks that were forged on purpose: each lie by itself, hashes right, on every engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from forging import Manifest, Tensors, forge, put_together, taken_apart

from logicx import ConceptBank, Units, explain, score
from logicx.banks.signatures import GroupCells, Incidence
from logicx.banks.universe import Universe
from logicx.errors import FileError

Change = Callable[[Tensors, Manifest], None]


def a_bank(seed: int = 0, n_cells: int = 200) -> ConceptBank:
    """Six concepts of 50 signatures or so, some of them frequent."""
    random = np.random.default_rng(seed)
    shares = np.array([0.5, 0.4, 0.3, 0.3, 0.2, 0.2])
    masks = random.random((6, n_cells)) < shares[:, None]
    valid = random.random(n_cells) < 0.9
    return ConceptBank.from_masks(masks, list("abcdef"), valid=valid)


def an_image_bank() -> ConceptBank:
    random = np.random.default_rng(1)
    sets = Incidence(np.array([0, 1, 3, 4, 4]), np.array([0, 0, 1, 2], np.int32))
    images = [GroupCells(sets, random.integers(0, 4, 35).astype(np.uint8)) for _ in range(6)]
    names = ["water", "blue", "sky"]
    return ConceptBank.from_groups(images, names, universe=Universe.pixels(6, 5, 7))


def use_all(bank: ConceptBank) -> None:
    """Touch every part."""
    bank.size, bank.count, bank.concepts_of, bank.signatures_of, bank.frequent_words  # noqa: B018
    bank.of_cell, bank.texts  # noqa: B018


def all_ones(tensors: Tensors, manifest: Manifest) -> None:
    tensors["frequent_words"][:] = -1


@pytest.mark.parametrize("engine", ["numpy", "numba", "torch"])
def test_packed_bits_of_all_ones_crash_no_engine(tmp_path, engine):
    """This once ended the process with SIGSEGV, in compiled code."""
    if engine != "numpy":
        pytest.importorskip(engine)
    path = tmp_path / "a.bank"
    bank = a_bank()
    assert bank.n_signatures % 64
    bank.save(path)
    forge(path, all_ones)
    units = Units.from_masks(np.random.default_rng(2).random((3, 200)) < 0.3)
    forged = ConceptBank.open(path)
    with pytest.raises(FileError, match=r"'frequent_words' has bits set beyond the last of"):
        list(explain(forged, units, engine=engine, length=3).results())


def put(name: str, where: object, value: int) -> Change:
    def change(tensors: Tensors, manifest: Manifest) -> None:
        tensors[name][where] = value

    return change


def exchange(tensors: Tensors, manifest: Manifest) -> None:
    """Two entries of one list, so that it does not ascend."""
    indptr, indices = tensors["signatures_indptr"], tensors["signatures_indices"]
    first = indptr[np.argmax(np.diff(indptr))]
    indices[first : first + 2] = indices[first : first + 2][::-1]


def one_bit_less(tensors: Tensors, manifest: Manifest) -> None:
    tensors["frequent_words"][0, 0] &= tensors["frequent_words"][0, 0] - 1


def narrower(tensors: Tensors, manifest: Manifest) -> None:
    tensors["frequent_words"] = np.zeros((len(tensors["frequent_words"]), 0), np.int64)


LIES: dict[str, tuple[Change, str]] = {
    "a size of none": (put("size", 0, 0), "'size' does not fit"),
    "a negative size": (put("size", 0, -1), "'size' does not fit"),
    "a size beyond all": (put("size", 0, 201), "'size' does not fit"),
    "sizes that wrap around": (put("size", slice(None), 200), "'size' adds up to more"),
    "a negative count": (put("count", 0, -5), "'count' holds numbers outside"),
    "a count of too many": (put("count", 0, 1 << 62), "'count' holds numbers outside"),
    "another count": (put("count", 0, 1), "disagree"),
    "starts that fall": (put("concepts_indptr", 3, 0), "'concepts_indptr' falls"),
    "starts from elsewhere": (put("concepts_indptr", 0, -7), "does not run from 0"),
    "starts to elsewhere": (put("signatures_indptr", -1, 1 << 40), "does not run from 0"),
    "a concept beyond": (put("concepts_indices", -1, 6), "holds numbers outside 0 to 5"),
    "a negative concept": (put("concepts_indices", 0, -1), "holds numbers outside 0 to 5"),
    "a signature beyond": (put("signatures_indices", -1, 1 << 30), "holds numbers outside"),
    "no order": (exchange, "holds a list that does not ascend"),
    "a bit less": (one_bit_less, "bits set where"),
    "no words": (narrower, "'frequent_words' is int64 of shape"),
    "a cell beyond": (put("of_cell", 9, 1 << 20), "'of_cell' holds numbers outside"),
    "a cell below": (put("of_cell", 9, -2), "'of_cell' holds numbers outside"),
}


@pytest.mark.parametrize("lie", LIES)
def test_each_lie_of_a_tensor_is_told(tmp_path, lie):
    change, told = LIES[lie]
    path = tmp_path / "a.bank"
    a_bank().save(path)
    forge(path, change)
    with pytest.raises(FileError, match=told):
        use_all(ConceptBank.open(path))


def shorter_table(tensors: Tensors, manifest: Manifest) -> None:
    """The last image's table loses its last entry."""
    tensors["cell_table"] = tensors["cell_table"][:-1]
    tensors["cell_table_indptr"][-1] -= 1


IMAGE_LIES: dict[str, tuple[Change, str]] = {
    "a number beyond the table": (put("cells.0", 3, 4), "beyond the table of their image"),
    "a table too short": (shorter_table, "beyond the table of their image"),
    "padding": (put("cells.0", 35, 1), "padding that is not clear"),
    "padding at the end": (put("cells.0", -1, 1), "padding that is not clear"),
    "a signature beyond": (put("cell_table", 0, 99), "'cell_table' holds numbers outside"),
    "tables that fall": (put("cell_table_indptr", 2, 0), "'cell_table_indptr' falls"),
    "blocks that are none": (put("cell_block_starts", -1, 5), "does not run from 0 to 6"),
    "a long table": (put("cell_table_indptr", slice(1, 6), 0), "beyond the table|disagree"),
}


@pytest.mark.parametrize("lie", IMAGE_LIES)
def test_each_lie_of_a_map_of_images_is_told(tmp_path, lie):
    change, told = IMAGE_LIES[lie]
    path = tmp_path / "a.bank"
    an_image_bank().save(path)
    forge(path, change)
    with pytest.raises(FileError, match=told):
        use_all(ConceptBank.open(path))


def says(**changed: object) -> Change:
    def change(tensors: Tensors, manifest: Manifest) -> None:
        manifest.update(changed)

    return change


def without(field: str) -> Change:
    def change(tensors: Tensors, manifest: Manifest) -> None:
        del manifest[field]

    return change


def more_images(tensors: Tensors, manifest: Manifest) -> None:
    manifest["universe"]["shape"] = [6, 1 << 30, 1 << 30]


HEADER_LIES: dict[str, tuple[Change, str]] = {
    "no names": (without("names"), "missing required field `names`"),
    "no universe": (without("universe"), "missing required field `universe`"),
    "names of numbers": (says(names=[1, 2, 3]), r"Expected `str`, got `int` - at `\$.names"),
    "a name twice": (says(names=["a", "a", "b"]), "'a' is given twice"),
    "control characters": (says(names=["a", "b", "\x1b[31m"]), "has no printable name"),
    "too few categories": (says(categories=[]), "3 names but 0 categories"),
    "relations to nowhere": (says(relations={"NEIGHBORS": {"x": []}}), "names no concept: 'x'"),
    "a huge universe": (more_images, "holds no map|too large|is damaged"),
    "an odd universe": (says(universe={"kind": "x", "shape": [1], "offsets": []}), "kind 'x'"),
    "a text for a list": (says(source={"images": "a.png"}), "Expected `array"),
    "what is not known": (says(mood="good"), "unknown field `mood`"),
}


@pytest.mark.parametrize("lie", HEADER_LIES)
def test_each_lie_of_a_header_is_told(tmp_path, lie):
    change, told = HEADER_LIES[lie]
    path = tmp_path / "a.bank"
    an_image_bank().save(path)
    forge(path, change)
    with pytest.raises(FileError, match=told):
        ConceptBank.open(path)


def test_half_a_character_is_told(tmp_path):
    """No hash of it can be computed, so none can be right."""
    path = tmp_path / "a.bank"
    a_bank().save(path)
    tensors, manifest, kind = taken_apart(path)
    put_together(path, tensors, manifest, kind, says={**manifest, "name": "\ud800"})
    with pytest.raises(FileError, match="surrogates not allowed"):
        ConceptBank.open(path)


def test_a_map_that_disagrees_with_the_sizes_is_told_where_a_unit_is_counted(tmp_path):
    path = tmp_path / "a.bank"
    bank = a_bank()
    bank.save(path)
    most = int(np.argmax(bank.size))

    def change(tensors: Tensors, manifest: Manifest) -> None:
        tensors["of_cell"][tensors["of_cell"] >= 0] = most

    forge(path, change)
    forged = ConceptBank.open(path)
    units = Units.from_masks(np.ones((1, 200), bool))
    with pytest.raises(FileError, match="sizes of its signatures and its map of cells disagree"):
        score("a", forged, units, 0)


def test_a_tensor_that_is_not_known_is_refused(tmp_path):
    """A newer logicx may mean by it that some cells do not count."""
    path = tmp_path / "a.bank"
    a_bank().save(path)
    forge(path, lambda tensors, _: tensors.update(valid=np.ones(3, np.uint8)))
    with pytest.raises(FileError, match="the tensor 'valid' is not known"):
        ConceptBank.open(path)
