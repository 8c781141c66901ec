"""What tests of recipes share."""

from __future__ import annotations

import json

import numpy as np
import pytest

from logicx.banks.bank import ConceptBank
from logicx.banks.bits import unpack
from logicx.sources.recipes import compile_recipe

LINES = "A man sleeps .\nA man is awake .\nTwo dogs run\ndogs Run\n"


@pytest.fixture
def compiled(tmp_path):
    """Compile a recipe whose text and files beside it are given."""

    def compile_it(recipe, data=None, **files) -> ConceptBank:
        for name, content in files.items():
            path = tmp_path / name.replace("_", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path = tmp_path / "r.toml"
        path.write_bytes(recipe if isinstance(recipe, bytes) else recipe.encode())
        bank = compile_recipe(path, data)
        bank.save(tmp_path / "out.bank")
        assert ConceptBank.open(tmp_path / "out.bank").content == bank.content
        return bank

    return compile_it


def holds(bank: ConceptBank, name: str) -> list[int]:
    """The cells at which a concept holds."""
    row = unpack(bank.packed[bank.number(name)], bank.n_signatures)
    return np.flatnonzero(bank.cells(row)).tolist()


def pairs(extra: str = "", top: str = "", path: str = "d.tok") -> str:
    return f'kind = "pairs"\n{top}\n[source]\npath = {json.dumps(path)}\n[pairs]\n{extra}\n'


CSV = "color,age,old\nred,1,no\nblue,2,yes\n,3,yes\nred,NA,\n"
