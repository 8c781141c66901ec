"""Made-up images of the benchmarks, and the plain beam that they are searched against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from logicx import ConceptBank, Units, Universe

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import broden_like

    return broden_like


def test_images_hold_what_they_say(made_up: Any) -> None:
    images = made_up.Images(side=24, seed=3)
    n_textured = n_parts = 0
    for number in range(60):
        sets, numbers, valid = images.group(number)
        rows = [tuple(one) for one in np.split(sets.indices, sets.indptr[1:-1])]
        assert len(set(rows)) == len(rows)
        assert all(list(row) == sorted(set(row)) for row in rows)
        assert valid is None
        assert np.array_equal(np.unique(numbers), np.arange(len(rows)))
        whole = set.intersection(*map(set, rows))  # the scene or texture holds everywhere
        textured = any(made_up.TEXTURE <= one < made_up.OBJECT for one in whole)
        assert textured or any(one < made_up.TEXTURE for one in whole)
        n_textured += textured
        for row in rows:
            objects = [one for one in row if made_up.OBJECT <= one < made_up.PART]
            parts = [one for one in row if made_up.PART <= one < made_up.MATERIAL]
            assert len(objects) == (not textured)
            assert len(parts) <= 1
            for part in parts:  # a part lies in the object that has it
                assert (part - made_up.PART) % made_up.WITH_PARTS == objects[0] - made_up.OBJECT
                n_parts += 1
    assert n_textured
    assert n_parts


def test_images_are_made_again_and_differ(made_up: Any) -> None:
    first, again = (made_up.Images(16, 0).group(5) for _ in range(2))
    assert np.array_equal(first.numbers, again.numbers)
    assert np.array_equal(first.sets.indices, again.sets.indices)
    for other in (made_up.Images(16, 0).group(6), made_up.Images(16, 1).group(5)):
        assert not np.array_equal(first.numbers, other.numbers)


def test_files_are_kept_by_their_settings(made_up: Any, tmp_path: Path) -> None:
    settings = made_up.Settings(images=6, side=16, units=5, map=4)
    figures = [made_up.made(what, tmp_path, settings) for what in ("images", "maps")]
    kept = made_up.folder_of(tmp_path, settings)
    files = {one: one.stat().st_mtime_ns for one in kept.iterdir()}
    assert [made_up.made(what, tmp_path, settings) for what in ("images", "maps")] == figures
    assert files == {one: one.stat().st_mtime_ns for one in kept.iterdir()}
    assert made_up.folder_of(tmp_path, made_up.Settings(images=6, seed=1)) != kept
    bank = ConceptBank.open(kept / "images.bank")
    units = Units.open(kept / "maps.units", "quantile(0.05)")
    assert bank.n_concepts == 1105
    assert {"water", "river", "blue"} <= set(bank.names)
    assert bank.universe == Universe.pixels(6, 16, 16)
    assert len(bank.source["images"]) == 6
    assert units.universe == Universe.pixels(6, 4, 4)
    assert len(units) == 5


def test_plain_beam_over_signatures(made_up: Any) -> None:
    from plain import Plain, PlainSignatures, as_cells, whole_beams

    images = made_up.Images(side=12)
    bank = ConceptBank.from_groups(map(images.group, range(4)), made_up.names_and_categories()[0])
    dice = np.random.default_rng(0)
    units = Units.from_masks(dice.random((2, bank.universe.n_cells)) < [[0.1], [0.4]])
    for unit in units.names:
        on = units.on(bank, unit)
        expected = Plain(bank).beams(as_cells(bank, units, unit), 4, 4)
        assert PlainSignatures(bank).beams(on, 4, 4) == expected
        assert whole_beams(bank, on, "numpy", 4, 4) == expected
