from __future__ import annotations

import builtins
import struct

import numpy as np
import pytest

from logicx.report.overlays import DIMMED, overlay, rgb
from logicx.report.pictures import (
    FORMULA_COLOR,
    UNIT_COLOR,
    Panel,
    SheetRow,
    _wrapped,
    image_sheet,
    pick_scenes,
    unit_sheet,
)

matplotlib = pytest.importorskip("matplotlib")
Image = pytest.importorskip("PIL.Image")

NOTHING = np.zeros((48, 48), np.bool_)
EVERYTHING = np.ones((48, 48), np.bool_)


def grey_panel(unit=NOTHING, formula=NOTHING, caption="meadow") -> Panel:
    return Panel(np.full((96, 96, 3), 120, np.uint8), unit, formula, caption)


def sheet(path, *panels: Panel, rows: int = 1, **changes) -> np.ndarray:
    """The sheet as drawn, RGB from 0 to 255."""
    row = SheetRow("unit 3", "river AND NOT blue", ["one", "two"], list(panels))
    unit_sheet(path, [row] * rows, **{"title": "Units", "note": "", **changes})
    from matplotlib.image import imread

    return (imread(path)[:, :, :3] * 255).round().astype(int)


def png_size(path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", data[16:24])


def close_to(picture: np.ndarray, color: str) -> np.ndarray:
    rgb = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)])
    return (abs(picture - rgb) < 25).all(axis=2)


def below_legend(picture: np.ndarray) -> np.ndarray:
    return picture[132:]


def test_a_sheet_grows_with_its_rows_and_panels(tmp_path):
    sheet(tmp_path / "a.png", *[grey_panel()] * 5)
    sheet(tmp_path / "b.png", *[grey_panel()] * 5, rows=2)
    sheet(tmp_path / "c.png", *[grey_panel()] * 7)
    (width, height), (width_b, height_b), (width_c, height_c) = (
        png_size(tmp_path / name) for name in ("a.png", "b.png", "c.png")
    )
    assert (width_b, height_c) == (width, height)
    assert height_b > height + 200
    assert width_c > width + 400
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.png", "c.png"]


def test_long_text_makes_room_for_itself(tmp_path):
    sheet(tmp_path / "short.png", grey_panel())
    row = SheetRow("unit 3", "river OR " * 20 + "sea", ["words " * 100], [grey_panel()])
    unit_sheet(tmp_path / "long.png", [row], "Units", "note " * 200)
    assert png_size(tmp_path / "long.png")[1] > png_size(tmp_path / "short.png")[1] + 200


def test_lines_are_as_long_as_there_is_room_for(tmp_path):
    """Nothing is dark right of the margin, whatever letters a formula has."""
    name = " AND NOT ".join(["WWWWWWWW $M", *["water"] * 30])
    row = SheetRow("unit 7 " + "W" * 12 + " over all images", name, ["W " * 90], [grey_panel()])
    image_sheet(tmp_path / "a.png", row)
    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture.convert("L"))
    assert (pixels[:, -6:] > 250).all()
    assert _wrapped("a b", 9, size=10) == ["a b"]
    assert " ".join(_wrapped(name, 2.0, size=13)) == name


def test_both_outlines_are_drawn_where_their_masks_are(tmp_path):
    left, right = NOTHING.copy(), NOTHING.copy()
    left[10:38, 4:20] = True
    right[10:38, 28:44] = True
    picture = below_legend(sheet(tmp_path / "a.png", grey_panel(left, right)))
    yellow, pink = close_to(picture, UNIT_COLOR), close_to(picture, FORMULA_COLOR)
    assert yellow.sum() > 200
    assert pink.sum() > 150
    assert np.nonzero(yellow)[1].max() < np.nonzero(pink)[1].min()


def test_empty_masks_draw_no_outline(tmp_path):
    picture = below_legend(sheet(tmp_path / "a.png", grey_panel()))
    assert not close_to(picture, UNIT_COLOR).any()
    assert not close_to(picture, FORMULA_COLOR).any()


def test_a_mask_that_covers_everything_frames_the_picture(tmp_path):
    """With the unit on everywhere, too, there are no stripes: the thinner line lies over it."""
    picture = below_legend(sheet(tmp_path / "a.png", grey_panel(EVERYTHING, EVERYTHING)))
    pink = close_to(picture, FORMULA_COLOR)
    rows, columns = np.nonzero(pink)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert 0.95 < height / width < 1.05
    inner = pink[rows.min() + 8 : rows.max() - 7, columns.min() + 8 : columns.max() - 7]
    assert not inner.any()
    for edge in (pink[rows.min() : rows.min() + 4], pink[rows.max() - 3 : rows.max() + 1]):
        assert edge.any(axis=0).sum() > 0.9 * width


def test_the_picture_is_dimmed_where_neither_holds(tmp_path):
    half = NOTHING.copy()
    half[:, :24] = True
    for formula in (half, None):
        picture = sheet(tmp_path / "a.png", grey_panel(half, formula))
        bright = (picture == 120).all(axis=2).sum()
        dim = (abs(picture - 120 * DIMMED) < 1.5).all(axis=2).sum()
        assert bright > 10_000
        assert 0.8 < dim / bright < 1.25


QUARTERS = np.zeros((2, 4, 4), np.bool_)
QUARTERS[0, :, :2] = QUARTERS[1, :2] = True  # both, unit only; formula only, neither


def test_agreement_misses_and_false_alarms_are_told_apart():
    over = overlay(grey_panel(QUARTERS[0], QUARTERS[1]), 400).astype(int)
    assert over.shape == (400, 400, 4)
    agree, alarm = over[:200, :200], over[:200, 200:]
    miss, neither = over[200:, :200], over[200:, 200:]
    assert (agree == 0).all()
    assert (neither == (0, 0, 0, round(255 * (1 - DIMMED)))).all()
    for part, color, lean in ((miss, UNIT_COLOR, 1), (alarm, FORMULA_COLOR, -1)):
        assert (part[:, :, :3] == rgb(color)).all()
        strong = part[:, :, 3] > 127
        assert 0.15 < strong.mean() < 0.45
        # A row further down, stripes lie further left (misses) or right (false alarms).
        assert (strong[1:, :-1] == strong[:-1, 1:]).all() == (lean > 0)
        assert (strong[1:, 1:] == strong[:-1, :-1]).all() == (lean < 0)


def test_unlabelled_cells_are_dark_and_never_striped():
    valid = np.zeros((4, 4), np.bool_)
    panel = Panel(grey_panel().image, QUARTERS[0], QUARTERS[1], "", valid)
    over = overlay(panel, 100)
    assert (over[:, :, :3] == 0).all()
    assert len(np.unique(over[:, :, 3])) == 1
    assert over[0, 0, 3] > 150


def test_a_wide_image_keeps_its_shape_and_small_prints_are_explained(tmp_path):
    wide = Panel(np.full((50, 100, 3), 120, np.uint8), EVERYTHING, None, "")
    assert overlay(wide, 200).shape == (100, 200, 4)
    row = SheetRow("unit 3", "", [], [wide])
    image_sheet(tmp_path / "wide.png", row)
    tall = Panel(np.full((100, 50, 3), 120, np.uint8), EVERYTHING, None, "")
    image_sheet(tmp_path / "tall.png", SheetRow("unit 3", "", [], [tall]))
    from matplotlib.image import imread

    for name, shape in (("wide", 2), ("tall", 0.5)):
        picture = (imread(tmp_path / f"{name}.png")[:, :, :3] * 255).round().astype(int)
        grey = (picture == 120).all(axis=2)
        height, width = ((grey.sum(axis) > 50).sum() for axis in (1, 0))
        assert width / height == pytest.approx(shape, rel=0.05)


def test_a_grid_of_images_has_rows(tmp_path):
    sizes = {}
    for n in (1, 4, 5, 8):
        row = SheetRow("unit 3", "river", ["one"], [grey_panel(caption="a\nb")] * n)
        image_sheet(tmp_path / f"{n}.png", row, "note")
        sizes[n] = png_size(tmp_path / f"{n}.png")
    assert sizes[4][0] == sizes[5][0] > sizes[1][0]
    assert sizes[4][1] + 300 < sizes[5][1] == sizes[8][1]
    with pytest.raises(ValueError, match="at least one panel"):
        image_sheet(tmp_path / "none.png", SheetRow("unit 3", "", [], []))


def test_a_dollar_is_text_and_odd_mask_sizes_fit(tmp_path):
    mask = np.zeros((7, 5), np.bool_)
    mask[2:4, 1:3] = True
    odd = Panel(np.zeros((30, 40, 3), np.uint8), mask, ~mask, "$\\frac{")
    sheet(tmp_path / "a.png", odd, title="$x", note="50 $")
    assert png_size(tmp_path / "a.png")[0] > 0


def test_an_old_file_survives_a_failure_and_nothing_is_left_behind(tmp_path):
    target = tmp_path / "units.png"
    target.write_bytes(b"old")
    broken = Panel(np.zeros((96, 96), np.uint8), NOTHING, NOTHING, "no colours")
    with pytest.raises((ValueError, IndexError, TypeError)):
        sheet(target, broken)
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["units.png"]


def test_a_failure_while_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    target = tmp_path / "units.png"
    target.write_bytes(b"old")

    def full_disk(self, path, **_):
        with builtins.open(path, "wb") as file:
            file.write(b"\x89PNG")
        raise OSError("no space left on device")

    monkeypatch.setattr(Figure, "savefig", full_disk)
    with pytest.raises(OSError, match="no space"):
        sheet(target, grey_panel())
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["units.png"]


def test_nothing_to_draw_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one panel"):
        unit_sheet(tmp_path / "a.png", [], "Units", "")
    with pytest.raises(ValueError, match="at least one panel"):
        sheet(tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_scenes_are_picked_by_peak_with_few_of_a_kind():
    peaks = np.array([9.0, 8, 7, 6, 5, 4, 3])
    labels = np.array([0, 0, 0, 1, 1, 2, 1])
    on = np.array([0.5, 0.5, 0.5, 0.001, 0.5, 0.5, 0.5])
    assert pick_scenes(peaks, labels, on).tolist() == [0, 1, 4, 5, 6]
    assert pick_scenes(peaks, labels, on, top=3).tolist() == [0, 1, 4]
    assert pick_scenes(peaks, labels, on, per_label=1).tolist() == [0, 4, 5]
    assert pick_scenes(peaks, labels, on, min_fraction=0).tolist() == [0, 1, 3, 4, 5]
    assert pick_scenes(peaks[:0], labels[:0], on[:0]).tolist() == []


def test_equal_peaks_go_to_the_earlier_scene():
    assert pick_scenes(np.ones(4), np.arange(4), np.ones(4), top=2).tolist() == [0, 1]
