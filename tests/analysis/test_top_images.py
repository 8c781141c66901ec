"""Counts of single images, and which images come first."""

from __future__ import annotations

import numpy as np
import pytest

from logicx import ConceptBank, Units, Universe, parse, score
from logicx.analysis.images import image_counts, top_images
from logicx.errors import DataError, FormulaError, LogicxError, OptionError, UnknownConcept
from logicx.units.activations import write_activations

FORMULA = "(water OR river) AND NOT blue"
N_IMAGES, HEIGHT, WIDTH = 7, 5, 13  # cells of an image are no multiple of 64


@pytest.fixture
def data():
    """A bank of images with invalid cells, a unit that is silent in one of them, and its parts."""
    dice = np.random.default_rng(3)
    masks = dice.random((3, N_IMAGES, HEIGHT, WIDTH)) < 0.4
    valid = dice.random((N_IMAGES, HEIGHT, WIDTH)) < 0.8
    acts = dice.random((N_IMAGES, HEIGHT, WIDTH))
    acts[2] /= 10
    bank = ConceptBank.from_masks(
        masks.reshape(3, -1),
        ["water", "river", "blue"],
        universe=Universe.pixels(N_IMAGES, HEIGHT, WIDTH),
        valid=valid.reshape(-1),
    )
    units = Units.from_masks([acts.reshape(-1) > 0.8, np.zeros(acts.size, bool)], ["483", "dead"])
    return bank, units, masks, valid, acts


def by_hand(masks, valid, fires):
    """tp, fp, fn, tn of each image, cell by cell."""
    table = []
    for i in range(N_IMAGES):
        counts = [0, 0, 0, 0]
        for y in range(HEIGHT):
            for x in range(WIDTH):
                if valid[i, y, x]:
                    water, river, blue = masks[:, i, y, x]
                    holds = (water or river) and not blue
                    counts[(0 if holds else 2) + (holds != fires[i, y, x])] += 1
        tp, fp, tn, fn = counts
        table.append([tp, fp, fn, tn])
    return np.array(table)


def test_counts_of_images_are_those_of_their_cells_and_add_up_to_the_score(data):
    bank, units, masks, valid, acts = data
    table = image_counts(bank, units, "483", FORMULA)
    assert (table == by_hand(masks, valid, acts > 0.8)).all()
    whole = score(FORMULA, bank, units, "483").counts
    assert table.sum(0).tolist() == [whole.tp, whole.fp, whole.fn, whole.tn]
    assert (image_counts(bank, units, "483", None)[:, :2] == 0).all()


def test_images_carry_their_counts_and_masks(data):
    bank, units, masks, valid, acts = data
    table = image_counts(bank, units, "483", FORMULA)
    found = top_images(bank, units, "483", parse(FORMULA), n=99)
    on = table[:, 0] + table[:, 2]
    assert [one.image for one in found] == [
        i for i in np.argsort(-on, kind="stable").tolist() if on[i]
    ]
    assert 2 not in [one.image for one in found]
    for one in found:
        assert [*vars(one.counts).values()] == table[one.image].tolist()
        assert (one.fires == (acts[one.image] > 0.8)).all()
        assert (one.valid == valid[one.image]).all()
        water, river, blue = masks[:, one.image]
        assert (one.holds == ((water | river) & ~blue & one.valid)).all()
        tp, fp, fn, _ = table[one.image]
        assert one.iou == pytest.approx(tp / (tp + fp + fn))
        assert one.peak is None
    assert top_images(bank, units, "483", n=1)[0].holds is None


def test_the_order_is_by_activation_cells_or_shared_cells(data, tmp_path):
    bank, _, _, _, acts = data
    rows = acts.reshape(1, -1).T.astype(np.float32)
    write_activations(tmp_path / "a.units", ["u"], len(rows), "float32", [rows])
    units = Units.open(tmp_path / "a.units", "value(0.8)")
    table = image_counts(bank, units, "u", FORMULA)
    orders = {
        "activation": acts.reshape(N_IMAGES, -1).max(1),
        "cells": table[:, 0] + table[:, 2],
        "shared": table[:, 0],
    }
    found = {
        one: [i.image for i in top_images(bank, units, "u", FORMULA, order=one)] for one in orders
    }
    for name, values in orders.items():
        assert found[name] == [i for i in np.argsort(-values, kind="stable").tolist() if i != 2], (
            name
        )
    assert len({tuple(one) for one in found.values()}) == 3
    first = top_images(bank, units, "u", FORMULA)[0]
    assert first.peak == pytest.approx(acts.max())
    ranges = Units.open(tmp_path / "a.units", "ranges(2)")
    low = top_images(bank, ranges, "u#1", order="activation")
    assert low[0].peak is None
    fires = [one.counts.fn for one in low]
    assert fires == sorted(fires, reverse=True)


def test_of_images_with_equal_peaks_those_with_more_cells_come_first(data, tmp_path):
    bank, _, _, valid, acts = data
    capped = np.minimum(acts, 0.85).astype(np.float32)  # as a ReLU6 caps them
    rows = capped.reshape(-1, 1)
    write_activations(tmp_path / "a.units", ["u"], len(rows), "float32", [rows])
    found = top_images(bank, Units.open(tmp_path / "a.units", "value(0.8)"), "u", n=99)
    on = ((capped > 0.8) & valid).sum((1, 2))
    assert len({one.peak for one in found}) == 1
    assert [one.image for one in found] == [
        i for i in np.argsort(-on, kind="stable").tolist() if on[i]
    ]


def test_maps_of_a_layer_are_shown_at_the_cells_of_the_bank(data, tmp_path):
    bank, *_, valid, acts = data
    maps = acts[:, :3, :4].astype(np.float32)
    rows = maps.reshape(-1, 1)
    universe = Universe.pixels(N_IMAGES, 3, 4)
    path = tmp_path / "a.units"
    write_activations(path, ["u"], len(rows), "float32", [rows], universe=universe)
    from torch import from_numpy
    from torch.nn.functional import interpolate

    large = interpolate(from_numpy(maps)[:, None], (HEIGHT, WIDTH), mode="bilinear")[:, 0].numpy()
    for rule in ("value(0.6)", "quantile(0.1)", "quantile(0.1)@upsampled"):
        units = Units.open(path, rule)
        table = image_counts(bank, units, "u", FORMULA)
        whole = score(FORMULA, bank, units, "u").counts
        assert table.sum(0).tolist() == [whole.tp, whole.fp, whole.fn, whole.tn]
        values = large if "@" in rule else maps
        cut = 0.6 if rule == "value(0.6)" else np.quantile(values.astype(np.float64), 0.9)
        assert (table[:, 0] + table[:, 2] == ((large > cut) & valid).sum((1, 2))).all()
        found = top_images(bank, units, "u", FORMULA, n=99)
        assert [one.peak for one in found] == sorted((one.peak for one in found), reverse=True)
        for one in found:
            assert (one.fires == (large[one.image] > cut)).all()
            assert one.peak == maps[one.image].max()


def test_images_that_are_near_each_other_are_passed_over(data):
    bank, units, *_ = data
    every = [one.image for one in top_images(bank, units, "483", n=99)]
    apart = [one.image for one in top_images(bank, units, "483", n=99, apart=3)]
    assert apart[0] == every[0]
    assert min(np.diff(sorted(apart))) >= 3
    assert len(apart) < len(every)
    assert all(any(abs(i - j) < 3 for j in apart) for i in every)


def test_a_unit_that_never_fires_has_no_images(data):
    assert top_images(data[0], data[1], "dead", FORMULA) == []


def test_images_are_named_as_the_bank_names_them(data):
    bank, units, *_ = data
    assert top_images(bank, units, "483", n=1)[0].name.startswith("image ")
    bank.source = {"images": [f"street/{i}.jpg" for i in range(N_IMAGES)]}
    first = top_images(bank, units, "483", n=1)[0]
    assert first.name == f"street/{first.image}.jpg"
    assert first.as_dict()["name"] == first.name


def test_what_cannot_be_shown_is_refused(data):
    bank, units, *_ = data
    with pytest.raises(OptionError, match="order is activation, cells, shared, not 'size'"):
        top_images(bank, units, "483", order="size")
    with pytest.raises(OptionError, match="order=shared needs a formula"):
        top_images(bank, units, "483", order="shared")
    for name in ("n", "apart"):
        with pytest.raises(OptionError, match=f"{name} must be at least 1, not 0"):
            top_images(bank, units, "483", **{name: 0})
    with pytest.raises(UnknownConcept) as caught:
        top_images(bank, units, "483", "water AND blu")
    assert "^^^" in str(caught.value)
    with pytest.raises(FormulaError):
        top_images(bank, units, "483", "water AND")
    with pytest.raises(LogicxError, match="no unit '484'"):
        top_images(bank, units, "484")
    rows = ConceptBank.from_masks(np.eye(3, dtype=bool), ["a", "b", "c"])
    with pytest.raises(DataError, match="covers 3 rows, not images"):
        top_images(rows, Units.from_masks([[1, 0, 0]]), "0")
    counted = Units.counted(bank, ["u"], [bank.size])
    with pytest.raises(DataError, match="kept as counts"):
        top_images(bank, counted, "u")
