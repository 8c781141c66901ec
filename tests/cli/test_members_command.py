"""`logicx concepts "NEIGHBORS(x)"`: what a formula is made of, and how often each part holds."""

from __future__ import annotations

import json

import pytest

from logicx import ConceptBank, Universe
from logicx.cli import run

MASKS = [[1, 0, 0, 0, 0], [0, 1, 1, 1, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 1]]
NAMES = ["call", "not", "go", "count (x)"]


@pytest.fixture
def bank(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    near = {"NEIGHBORS": {"call": ["call", "not", "go"]}}
    universe = Universe.tokens([0, 3, 5])
    made = ConceptBank.from_masks(MASKS, NAMES, universe=universe, relations=near, name="talk")
    made.save(tmp_path / "talk.bank")
    return "bank=talk.bank"


def listed(capsys, *arguments):
    status = run(["concepts", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def cells(out):
    return {one["name"]: one["cells"] for one in map(json.loads, out.splitlines())}


def test_members_are_listed_with_their_cells(bank, capsys):
    status, out, _ = listed(capsys, "NEIGHBORS(call)", bank, "--json")
    assert status == 0
    assert cells(out) == {"NEIGHBORS(call)": 4, "call": 1, "not": 3, "go": 2}
    _, out, _ = listed(capsys, "neighbors(call)", bank)
    assert out.splitlines()[0] == 'bank talk: NEIGHBORS(call) is call OR "not" OR go'
    _, out, _ = listed(capsys, "AFTER(NEIGHBORS(call))", bank, "--json")
    assert cells(out) == {"AFTER(NEIGHBORS(call))": 3, "call": 1, "not": 3, "go": 2}
    _, out, _ = listed(capsys, 'MATCH("c*")', bank, "--json")
    assert cells(out) == {"MATCH(c*)": 2, "call": 1, "count (x)": 1}


def test_names_and_patterns_are_none(bank, capsys):
    for pattern, want in (("count (x)", {"count (x)": 1}), ("*o*", None), ("c*", None)):
        status, out, _ = listed(capsys, pattern, bank, "--json")
        assert status == 0
        assert want in (None, cells(out))
    assert listed(capsys, "COUNT(*", bank)[0] == 1
    assert listed(capsys, "call AND go", bank, "--json")[:2] == (1, "")


def test_what_does_not_apply_is_told(bank, capsys):
    status, _, err = listed(capsys, "ABOVE(call)", bank)
    assert status == 2
    assert "ABOVE is for pixels of images, but bank 'talk' covers 5 tokens" in err
    status, _, err = listed(capsys, "NEIGHBORS(go)", bank)
    assert (status, "lists no neighbours of 'go'" in err) == (2, True)
