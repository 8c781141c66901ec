"""Cells of images: the sets of concepts that hold there, the grid, the colours."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx.banks.bank import ConceptBank
from logicx.banks.universe import Universe

Image = pytest.importorskip("PIL.Image")
from image_trees import (  # noqa: E402
    DICE,
    dense,
    flat,
)

from logicx.sources.vision import grouping  # noqa: E402
from logicx.sources.vision.colors import COLORS, color_numbers, color_table, lab, prototypes  # noqa: E402
from logicx.sources.vision.frames import Frame  # noqa: E402
from logicx.sources.vision.grouping import group_cells, without  # noqa: E402


@pytest.mark.parametrize("table", [1, 1 << 18])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_cells_are_grouped_as_masks_say(table, data):
    height, width = data.draw(st.sampled_from([(1, 1), (3, 5), (8, 8), (5, 13)]))
    n_images, n_concepts = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 9))
    dice = np.random.default_rng(data.draw(st.integers(0, 1 << 30)))
    masks = np.zeros((n_concepts, n_images, height * width), bool)
    valids = np.ones((n_images, height * width), bool)
    groups = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "TABLE", table)
        for i in range(n_images):
            planes = [
                dice.integers(0, n_concepts + 1, (height, width))
                * (dice.random((height, width)) < 0.7)
                for _ in range(dice.integers(0, 4))
            ]
            whole = dice.integers(1, n_concepts + 1, dice.integers(0, 3)).tolist()
            if dice.random() < 0.5:
                valids[i] = dice.random(height * width) < dice.choice([0, 0.6])
            for concept in range(1, n_concepts + 1):
                holds = [plane.ravel() == concept for plane in planes]
                masks[concept - 1, i] = np.any(
                    [*holds, [concept in whole] * height * width], axis=0
                )
            groups.append(group_cells(planes, whole, height * width, valids[i]))
    for group in groups:
        listed = [
            group.sets.part(slice(r, r + 1)).indices.tobytes() for r in range(group.sets.n_rows)
        ]
        assert len(set(listed)) == len(listed)
        assert group.valid is None or set(group.numbers[~group.valid]) <= {0}
    names = [f"c{i}" for i in range(n_concepts)]
    keeps = dice.random(n_concepts) < 0.8
    renamed = np.where(keeps, np.cumsum(keeps) - 1, -1).astype(np.int32)
    universe = Universe.pixels(n_images, height, width)
    for chosen, fewer in (
        (np.ones(n_concepts, bool), groups),
        (keeps, [without(g, renamed) for g in groups]),
    ):
        bank = ConceptBank.from_groups(
            fewer, [n for n, k in zip(names, chosen, strict=True) if k], universe=universe
        )
        slow = ConceptBank.from_masks(
            masks[chosen].reshape(chosen.sum(), n_images * height * width),
            bank.names,
            valid=valids.ravel(),
            universe=universe,
        )
        assert bank.n_valid == slow.n_valid == valids.sum()
        for name, mask in dense(slow).items():
            assert np.array_equal(dense(bank)[name], mask)
            assert np.array_equal(mask.reshape(n_images, -1), masks[int(name[1:])] & valids)


def test_a_cell_takes_the_pixel_at_its_centre():
    values = np.arange(7 * 10).reshape(7, 10)
    for grid in ((7, 10), (3, 4), (1, 1), (14, 5), (20, 30)):
        reduced = Frame(grid).of(values)
        for r, c in itertools.product(range(grid[0]), range(grid[1])):
            row, column = int((r + 0.5) * 7 / grid[0]), int((c + 0.5) * 10 / grid[1])
            assert reduced[r, c] == values[row, column]
    assert Frame((7, 10)).of(values) is values


def test_colors_are_those_of_the_nearest_prototype():
    table = color_table()
    known, names = prototypes()
    points = lab(known)
    assert len(known) == 441
    assert set(names.tolist()) == set(range(len(COLORS)))
    for r, g, b in DICE.integers(0, 32, (40, 3)):
        point = lab([8 * r + 4, 8 * g + 4, 8 * b + 4])
        nearest = min(range(len(known)), key=lambda k: sum((points[k] - point) ** 2))
        assert table[r, g, b] == names[nearest]
    plain = {
        "black": (10, 10, 12), "blue": (0, 0, 255), "brown": (120, 75, 40), "gray": (128, 128, 128),
        "green": (0, 128, 0), "orange": (255, 140, 0), "pink": (255, 170, 190),
        "purple": (128, 0, 128), "red": (220, 10, 10), "white": (255, 255, 255),
        "yellow": (255, 255, 0),
    }  # fmt: skip
    for name, rgb in plain.items():
        assert set(color_numbers(Image.fromarray(flat(rgb)), Frame((2, 3))).ravel()) == {
            COLORS.index(name)
        }
    stripes = np.zeros((2, 4, 3), np.uint8)
    stripes[:, ::2] = 255  # black and white: their mean is gray
    assert set(color_numbers(Image.fromarray(stripes), Frame((1, 2))).ravel()) == {
        COLORS.index("gray")
    }
