from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from logicx.demo import scenes
from logicx.demo.colors import COLORS, PROTOTYPES, color_map, lab


@pytest.fixture(scope="module")
def rendered() -> scenes.Scenes:
    return scenes.render_scenes(500, 0)


def test_a_seed_is_a_scene_whatever_else_is_drawn():
    np.random.seed(1)
    first = [scenes.render_scene(kind, 77) for kind in range(len(scenes.SCENES))]
    np.random.seed(2)
    again = [scenes.render_scene(kind, 77) for kind in reversed(range(len(scenes.SCENES)))]
    for a, b in zip(first, reversed(again), strict=True):
        np.testing.assert_array_equal(a.image, b.image)
        np.testing.assert_array_equal(a.objects, b.objects)
        np.testing.assert_array_equal(a.parts, b.parts)


def test_other_seeds_are_other_scenes():
    for kind in range(len(scenes.SCENES)):
        a, b = scenes.render_scene(kind, 1), scenes.render_scene(kind, 2)
        assert (a.objects != b.objects).any()
        assert (a.image != b.image).mean() > 0.5


def test_many_scenes_are_single_scenes_in_turn():
    reports: list[tuple[int, int]] = []
    many = scenes.render_scenes(23, 900, lambda done, total: reports.append((done, total)))
    assert reports == [(i + 1, 23) for i in range(23)]
    np.testing.assert_array_equal(many.labels, np.arange(23) % 20)
    for i in (0, 7, 22):
        one = scenes.render_scene(i % 20, 900 + i)
        np.testing.assert_array_equal(many.images[i], one.image)
        np.testing.assert_array_equal(many.objects[i], one.objects)
        np.testing.assert_array_equal(many.parts[i], one.parts)


def test_unknown_scene_is_refused():
    with pytest.raises(IndexError, match="0 to 19, got 20"):
        scenes.render_scene(20, 0)


def test_shapes_and_types(rendered):
    assert rendered.images.shape == (500, 96, 96, 3)
    assert rendered.objects.shape == rendered.parts.shape == (500, 96, 96)
    assert rendered.images.dtype == rendered.objects.dtype == rendered.parts.dtype == np.uint8


def test_every_object_and_part_occurs_and_every_pixel_is_some_object(rendered):
    assert set(np.unique(rendered.objects)) == set(range(1, len(scenes.OBJECTS) + 1))
    assert set(np.unique(rendered.parts)) == set(range(len(scenes.PARTS) + 1))
    assert (len(scenes.OBJECTS), len(scenes.PARTS), len(scenes.SCENES)) == (33, 10, 20)


def test_parts_belong_to_their_objects(rendered):
    wholes = {
        "cloud": {"sky"},
        "trunk": {"tree", "conifer", "palm"},
        "roof": {"house"},
        "window": {"house", "building", "car"},
        "door": {"house"},
        "wheel": {"car"},
        "sail": {"boat"},
        "head": {"person"},
        "peak snow": {"mountain"},
        "road marking": {"road"},
    }
    assert set(wholes) == set(scenes.PARTS)
    for number, part in enumerate(scenes.PARTS, start=1):
        under = np.unique(rendered.objects[rendered.parts == number])
        assert {scenes.OBJECTS[k - 1] for k in under} == wholes[part]


def test_twenty_scenes_make_twelve_classes(rendered):
    assert len(scenes.CLASSES) == 12
    assert set(scenes.CLASS_OF_SCENE) == set(range(12))
    by_name = {
        s: scenes.CLASSES[c] for s, c in zip(scenes.SCENES, scenes.CLASS_OF_SCENE, strict=True)
    }
    assert by_name["mountain lake"] == by_name["river valley"] == "clear water"
    assert by_name["swamp"] == by_name["jungle river"] == "wetland"


def test_clear_and_dull_water_differ_in_color_and_share_their_labels(rendered):
    colors = color_map(rendered.images)
    number = {name: k for k, name in enumerate(scenes.OBJECTS, start=1)}
    surface = np.isin(rendered.objects, [number["water"], number["river"]])
    blue = colors == COLORS.index("blue")
    classes = scenes.CLASS_OF_SCENE[rendered.labels]
    share = {}
    for name in ("clear water", "wetland"):
        of_class = classes == scenes.CLASSES.index(name)
        share[name] = blue[of_class][surface[of_class]].mean()
        for thing in ("water", "river"):
            assert (rendered.objects[of_class] == number[thing]).mean() > 0.02
    assert share["clear water"] > 0.85
    assert share["wetland"] < 0.05
    night = rendered.labels == scenes.SCENES.index("city at night")
    assert not surface[night].any()


def plain(rgb: tuple[int, int, int]) -> str:
    image = np.broadcast_to(np.array(rgb, np.uint8), (1, 4, 5, 3))
    names = color_map(image)
    assert names.shape == (1, 4, 5)
    assert len(np.unique(names)) == 1
    return COLORS[names[0, 0, 0]]


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((30, 70, 200), "blue"),
        ((20, 30, 90), "blue"),
        ((100, 200, 230), "blue"),
        ((40, 120, 40), "green"),
        ((95, 115, 60), "green"),
        ((205, 40, 40), "red"),
        ((245, 140, 30), "orange"),
        ((245, 215, 50), "yellow"),
        ((240, 160, 185), "pink"),
        ((120, 60, 150), "purple"),
        ((105, 65, 35), "brown"),
    ],
)
def test_colors_of_known_pixels(rgb, name):
    assert plain(rgb) == name


def test_every_color_name_occurs(rendered):
    assert set(np.unique(color_map(rendered.images))) == set(range(len(COLORS)))


def test_color_map_is_the_nearest_prototype_of_the_mean_of_nine_pixels():
    image = scenes.render_scene(2, 5).image
    names = color_map(image[None])[0]
    prototypes = np.array([rgb for name in COLORS for rgb in PROTOTYPES[name]])
    owners = [name for name in COLORS for _ in PROTOTYPES[name]]
    for y, x in [(0, 0), (0, 50), (95, 95), (40, 0), (50, 30), (60, 61), (33, 90)]:
        rows, columns = np.clip([y - 1, y, y + 1], 0, 95), np.clip([x - 1, x, x + 1], 0, 95)
        mean = image[np.ix_(rows, columns)].reshape(9, 3).astype(int).sum(axis=0) // 9
        offset = (lab(mean // 8 * 8 + 4) - lab(prototypes)) * [0.7, 1, 1]
        assert COLORS[names[y, x]] == owners[int((offset**2).sum(axis=1).argmin())]


def test_lab_of_white_and_red():
    np.testing.assert_allclose(lab([255, 255, 255]), [100, 0, 0], atol=0.1)
    np.testing.assert_allclose(lab([255, 0, 0]), [53.2, 80.1, 67.2], atol=0.2)


def test_color_map_refuses_what_is_no_picture():
    with pytest.raises(ValueError, match=r"got float64\[1, 2, 2, 3\]"):
        color_map(np.zeros((1, 2, 2, 3)))
    with pytest.raises(ValueError, match=r"got uint8\[2, 2, 3\]"):
        color_map(np.zeros((2, 2, 3), np.uint8))


def test_drawing_needs_neither_torch_nor_matplotlib():
    code = (
        "import sys; import logicx.demo.scenes, logicx.demo.colors, logicx.demo.network,"
        "logicx.demo.upsample, logicx.report.pictures;"
        "print(sorted({'torch', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
