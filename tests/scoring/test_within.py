"""IoU over the images of a concept's category, as NetDissect takes it, held against masks."""

from __future__ import annotations

import numpy as np
import pytest

from logicx import ConceptBank, Units, Universe, score
from logicx.errors import DataError, OptionError, UnknownConcept

N, SIDE = 6, 4


@pytest.fixture(params=["all valid", "some invalid"])
def world(request):
    """Objects in images 0 to 2, textures in 2 to 4, nothing in 5."""
    dice = np.random.default_rng(4)
    masks = dice.random((4, N, SIDE, SIDE)) < 0.4
    masks[:2, 3:] = False
    masks[2:, :2] = False
    masks[:, 5] = False
    valid = np.ones((N, SIDE, SIDE), bool)
    if request.param == "some invalid":
        valid = dice.random(valid.shape) < 0.8
        masks &= valid
    bank = ConceptBank.from_masks(
        masks.reshape(4, -1),
        ["car", "tree", "striped", "dotted"],
        categories=["object", "object", "texture", "texture"],
        valid=valid.reshape(-1),
        universe=Universe.pixels(N, SIDE, SIDE),
    )
    on = dice.random((N, SIDE, SIDE)) < 0.3
    return bank, masks, valid, on


def test_counts_are_of_the_images_of_the_category(world):
    bank, masks, valid, on = world
    units = Units.from_masks(on.reshape(1, -1), universe=bank.universe)
    scores = {}
    for i, name in enumerate(bank.names):
        labelled = masks[:2] if i < 2 else masks[2:]
        inside = labelled.any(axis=(0, 2, 3))[:, None, None] & valid
        found = score(name, bank, units, 0, within="category")
        both, either = (masks[i] & on & inside).sum(), ((masks[i] | on) & inside).sum()
        assert (found.counts.tp, found.counts.n_cells) == (both, inside.sum())
        assert found.score == both / either
        assert found.settings["within"] == "category"
        scores[name] = found.score
        assert score(name, bank, units, 0).score <= found.score
    assert found.best_single.score == max(scores.values())
    assert scores[str(found.best_single.formula)] == found.best_single.score


def test_what_has_no_category_of_its_own_is_refused(world):
    bank, _, _, on = world
    units = Units.from_masks(on.reshape(1, -1), universe=bank.universe)
    for formula in ("car AND tree", "NOT car", "car OR dotted"):
        with pytest.raises(OptionError, match="for formulas of one concept") as caught:
            score(formula, bank, units, 0, within="category")
        assert "one by one" in caught.value.hint
    with pytest.raises(OptionError, match="within is one of all, category"):
        score("car", bank, units, 0, within="image")
    with pytest.raises(UnknownConcept):
        score("cart", bank, units, 0, within="category")
    rows = ConceptBank.from_masks([[1, 0]], ["a"])
    with pytest.raises(OptionError, match="is for banks of images"):
        score("a", rows, Units.from_masks([[1, 0]]), 0, within="category")


def test_units_at_a_ceiling_are_told(tmp_path):
    from image_maps import a_bank, on_file

    maps = np.minimum(np.random.default_rng(0).normal(5, 2, (1, 3, 4, 4)), 6).astype(np.float32)
    bank = a_bank(np.random.default_rng(1), 3, 8, 8)
    where = on_file(tmp_path / "a.units", maps)
    with pytest.raises(DataError, match="never fires") as caught:
        score("c1", bank, Units.open(where, "quantile(0.05)"), 0)
    assert "its threshold is its largest activation, 6, which" in caught.value.hint
    assert score("c1", bank, Units.open(where, "value(5.9)"), 0).counts.n_cells
    with pytest.raises(DataError, match="never fires") as caught:
        score("c1", bank, Units.open(where, "value(9)"), 0)
    assert not caught.value.hint
