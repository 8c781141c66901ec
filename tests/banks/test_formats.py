"""The files are what docs/formats.md says: a reader that was written from it reads them."""

from __future__ import annotations

import re
from pathlib import Path

import attack
import numpy as np
import pytest
from independent_reader import read_bank, read_container, read_lines, read_units

from logicx import ConceptBank, Units, explain, run_journal
from logicx.banks.signatures import GroupCells, Incidence
from logicx.banks.universe import Universe

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def wide_bank(random: np.random.Generator) -> ConceptBank:
    """Images whose tables have more than 256 entries, so that numbers take two bytes."""
    sets = [np.flatnonzero(random.random(12) < 0.5).astype(np.int32) for _ in range(700)]
    starts = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    incidence = Incidence(starts, np.concatenate(sets))
    image = GroupCells(incidence, random.integers(0, 700, 35 * 35))
    names = [f"c{i}" for i in range(12)]
    return ConceptBank.from_groups([image] * 3, names, universe=Universe.pixels(3, 35, 35))


BANKS = {
    "rows": attack.a_bank,
    "tokens": attack.token_bank,
    "images": attack.image_bank,
    "wide": wide_bank,
}


@pytest.mark.parametrize("kind", BANKS)
def test_a_reader_written_from_the_page_reads_banks(tmp_path, kind):
    bank = BANKS[kind](np.random.default_rng(3))
    path = tmp_path / "a.bank"
    bank.save(path)
    found = read_bank(path)
    assert tuple(found.names) == bank.names
    assert found.content == bank.content
    np.testing.assert_array_equal(found.valid, bank.of_cell >= 0)
    holds = np.zeros((bank.n_concepts, bank.n_signatures), bool)
    for concept in range(bank.n_concepts):
        holds[concept, bank.signatures_of.gather(np.array([concept]))[0]] = True
        np.testing.assert_array_equal(found.masks[concept], bank.cells(holds[concept]))
    if kind == "tokens":
        assert bank.texts is not None
        assert found.texts == [bank.texts[i][0] for i in range(len(bank.texts))]


def test_a_reader_written_from_the_page_reads_units(tmp_path):
    random = np.random.default_rng(4)
    bank, units = attack.a_bank(random), attack.some_units(random)
    units.save(tmp_path / "masks.units")
    names, form, masks = read_units(tmp_path / "masks.units")
    assert (tuple(names), form) == (units.names, "masks")
    np.testing.assert_array_equal(masks, [units.mask(i) for i in range(3)])
    Units.counted(bank, units.names, [units.on(bank, i) for i in range(3)]).save(
        tmp_path / "counted.units"
    )
    _, of_bank, lists = read_units(tmp_path / "counted.units")
    assert of_bank == bank.content
    for i, (where, counts) in enumerate(lists):
        on = np.zeros(bank.n_signatures, np.int64)
        on[where] = counts
        np.testing.assert_array_equal(on, units.on(bank, i))
    attack.activations(tmp_path / "rows.units", random, None, 130)
    _, _, values = read_units(tmp_path / "rows.units")
    opened = Units.open(tmp_path / "rows.units")
    np.testing.assert_array_equal(values, [opened.activations(i) for i in range(3)])


def test_a_reader_written_from_the_page_reads_journals(tmp_path):
    random = np.random.default_rng(5)
    bank, units = attack.a_bank(random), attack.some_units(random)
    journal = run_journal(explain(bank, units, length=2), tmp_path / "run.jsonl")
    header, *rows = read_lines(tmp_path / "run.jsonl")
    assert header["settings"]["bank"] == bank.content
    assert rows == list(journal)
    assert len(rows) == header["n_units"]


def test_the_page_names_every_tensor_and_field(tmp_path):
    attack.make_files(tmp_path)
    for path in (*tmp_path.glob("*.bank"), *tmp_path.glob("*.units")):
        manifest, tensors, _ = read_container(path, path.suffix[1:])
        for name in (*tensors, *manifest, *(manifest["universe"] or {})):
            known = re.sub(r"\.\d+$", "", name)
            assert re.search(rf"`(\{{\")?{known}[`.\"]", PAGE) or f'"{known}"' in PAGE, name
    for row in read_lines(tmp_path / "run.jsonl"):
        for name in row:
            assert f"`{name}`" in PAGE, name
