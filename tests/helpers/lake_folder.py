"""What tests of the command line share: a folder with a bank and units, and a call."""

from __future__ import annotations

import numpy as np
import pytest

from logicx import ConceptBank, Units
from logicx.cli import run

MASKS = np.array(
    [
        [1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 1, 1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 1, 1, 1, 1],
    ],
    bool,
)
NAMES = ["water", "river", "blue", "sand dune"]
UNIT = np.array([1, 0, 1, 1, 1, 0, 0, 0, 0, 0], bool)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a bank, units, and a logicx.toml that names them."""
    bank = ConceptBank.from_masks(
        MASKS, NAMES, categories=["object", "object", "color", "object"], name="lake"
    )
    bank.save(tmp_path / "lake.bank")
    units = Units.from_masks(np.array([UNIT, ~UNIT, 0 * UNIT]), ["483", "off=1", "dead"])
    units.save(tmp_path / "net.units")
    (tmp_path / "logicx.toml").write_text('bank = "lake.bank"\nunits = "net.units"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(capsys, *arguments):
    """Exit status, standard output, standard error."""
    status = run(arguments)
    out, err = capsys.readouterr()
    return status, out, err
