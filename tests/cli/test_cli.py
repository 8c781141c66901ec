"""The command line: what it prints, and that nothing is lost."""

from __future__ import annotations

import json
import textwrap

import numpy as np
import pytest
from lake_folder import UNIT, call, folder  # noqa: F401, fixtures

from logicx import ConceptBank, Units, explain, score
from logicx.language.registry import operators


def test_score_prints_formula_and_best_single(folder, capsys):
    status, out, err = call(capsys, "score", "(water OR river) AND NOT blue", "unit=483")
    assert status == 0
    assert err == ""
    assert out.rstrip() == textwrap.dedent(
        """\
        unit 483 in bank lake (lake.bank), units net.units: fires at 4 of 10 cells (40.00%)
                     formula                           IoU  length  precision  recall  tp  fp  fn  tn
        formula      (water OR river) AND NOT blue  0.8000       3     0.8000  1.0000   4   1   0   5
        best single  water                          0.6000       1     0.7500  0.7500   3   1   1   5"""
    )  # fmt: skip


def test_explain_prints_what_it_found_at_each_length(folder, capsys):
    status, out, _ = call(capsys, "explain", "--unit", "483", "--length", "3")
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[2][0] == "formula"
    assert lines[-2][:3] == ["best", "single", "water"]
    (found,) = explain(ConceptBank.open("lake.bank"), Units.open("net.units"), unit="483")
    assert f"{found.score:.4f}" in lines[2]
    assert lines[-1][-1] == f"{found.ceiling:.4f}"


def test_both_ways_to_write_options_are_the_same(folder, capsys):
    outputs = {
        call(capsys, "explain", "unit=483", "length=2", "beam=1", "--json"),
        call(capsys, "explain", "--unit=483", "--length", "2", "--beam=1", "json=true"),
        call(capsys, "explain", "--unit", "483", "length=2", "--beam", "1", "json=1"),
    }
    assert len(outputs) == 1
    assert next(iter(outputs))[0] == 0


def test_only_options_are_taken_for_options(folder, capsys):
    """`off=1` is a unit; `color=red` would be a concept; after `--` nothing is translated."""
    status, out, _ = call(capsys, "score", "blue", "unit=off=1", "--json")
    assert (status, json.loads(out)["unit"]) == (0, "off=1")
    status, _, err = call(capsys, "score", "color=red", "unit=483")
    assert status == 2
    assert "no concept 'color=red'" in err
    status, _, err = call(capsys, "score", "unit=483", "--", "length=3")
    assert "no concept 'length=3'" in err


def test_json_holds_every_digit(folder, capsys):
    bank, units = ConceptBank.open("lake.bank"), Units.open("net.units")
    status, out, _ = call(capsys, "explain", "unit=483", "unit=off=1", "unit=483", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert lines == [
        json.loads(json.dumps(one.as_dict())) for one in explain(bank, units, unit=["483", "off=1"])
    ]
    status, out, _ = call(capsys, "score", "water xor river", "unit=483", "objective=mcc", "--json")
    found = score("water xor river", bank, units, 483, objective="mcc")
    assert json.loads(out) == json.loads(json.dumps(found.as_dict()))


def test_all_units_and_the_skipped(folder, capsys):
    status, out, err = call(capsys, "explain", "unit=all")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["483", "off=1"]
    assert "1 of 3 units skipped, such as dead: it never fires" in err
    status, out, err = call(capsys, "explain", "unit=all", "min_active=9", "--json")
    assert status == 1
    assert [sorted(json.loads(line)) for line in out.splitlines()] == [["skipped", "unit"]] * 3


def test_how_a_mixed_formula_was_read_is_said(folder, capsys):
    _, out, err = call(capsys, "score", "water or river and blue", "unit=483")
    assert "was read as: water OR (river AND blue)" in err
    _, chain, err = call(capsys, "score", "water or river and blue", "unit=483", "dialect=chain")
    assert "(water OR river) AND blue" in chain
    assert err == ""
    assert out != chain


def test_settings_are_defaults_that_options_override(folder, capsys):
    settings = 'bank = "lake.bank"\nunits = "net.units"\nunit = 483\nlength = 1\nbeam = 2\n'
    (folder / "logicx.toml").write_text(settings)
    _, out, _ = call(capsys, "explain", "--json")
    assert json.loads(out)["settings"]["length"] == 1
    assert json.loads(out)["settings"]["beam"] == 2
    _, out, _ = call(capsys, "explain", "length=2", "--json")
    assert json.loads(out)["settings"]["length"] == 2


def test_concepts_lists_and_filters(folder, capsys):
    _, out, _ = call(capsys, "concepts")
    assert out.splitlines()[0] == "bank lake: 4 of 4 concepts"
    assert out.splitlines()[2].split() == ["water", "object", "4", "40.000%"]
    _, out, _ = call(capsys, "concepts", "*R*", "sort=cells", "--json")
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["water", "river"]
    _, out, _ = call(capsys, "concepts", "category=color", "--json")
    assert json.loads(out) == {"name": "blue", "category": "color", "cells": 2, "prevalence": 0.2}
    _, out, err = call(capsys, "concepts", "limit=1")
    assert len(out.splitlines()) == 3
    assert "3 more" in err
    status, _, err = call(capsys, "concepts", "zzz*")
    assert status == 1
    assert "no name is like 'zzz*'" in err


def test_units_lists_converts_and_cuts(folder, capsys):
    _, out, _ = call(capsys, "units", "--json")
    assert [json.loads(line)["cells"] for line in out.splitlines()] == [4, 6, 0]
    assert "a pattern stands alone: 483" in call(capsys, "units", "unit=483")[2]
    np.save("acts.npy", np.stack([UNIT * 2.0, UNIT - 0.5], axis=1).astype(np.float16))
    arguments = ["units", "units=acts.npy", "unit_axis=1", "threshold=value:1", "out=cut.units"]
    status, out, _ = call(capsys, *arguments)
    assert status == 0
    assert "cut.units: 2 units" in out
    assert Units.open("cut.units").n_on.tolist() == [4, 0]
    _, out, _ = call(capsys, "explain", "unit=0", "units=cut.units", "--json")
    _, same, _ = call(capsys, "explain", "unit=483", "--json")
    assert json.loads(out)["counts"] == json.loads(same)["counts"]


def test_compile_and_explain_sentence_pairs(folder, capsys):
    (folder / "pairs.tok").write_text(
        "A man sleeps .\nNobody sleeps .\nA dog runs .\nA dog runs .\nTwo men .\nA man .\n"
    )
    status, out, _ = call(capsys, "compile", "snli-words", "data=pairs.tok", "out=p.bank", "--json")
    result = json.loads(out)
    assert status == 0
    assert (result["cells"], result["families"]["overlap"]) == (3, 4)
    (folder / "pred.csv").write_text("pred\ncontradiction\nentailment\nneutral\n")
    arguments = ["explain", "bank=p.bank", "units=pred.csv", "unit=pred=contradiction", "--json"]
    status, out, _ = call(capsys, *arguments)
    assert status == 0
    assert json.loads(out)["score"] == 1.0


def test_operators_and_grammar(folder, capsys):
    _, out, _ = call(capsys, "operators", "--json")
    keywords = [json.loads(line)["keyword"] for line in out.splitlines()]
    assert sorted(keywords) == sorted(one.keyword for one in operators())
    assert {"AND", "ATLEAST", "NEIGHBORS", "NOT", "OR", "XOR", "ABOVE", "AFTER"} <= {*keywords}
    _, standard, _ = call(capsys, "grammar")
    _, chain, _ = call(capsys, "grammar", "dialect=chain")
    assert "?level_5: unary" in standard
    assert "level_3" not in chain
    from lark import Lark

    Lark(standard)


def test_a_penalty_has_a_column_of_its_own(folder, capsys):
    _, out, _ = call(capsys, "explain", "unit=483", "penalty=0.98", "literals=off")
    head, first = out.splitlines()[1:3]
    assert head.split()[:3] == ["formula", "IoU", "penalized"]
    bank, units = ConceptBank.open("lake.bank"), Units.open("net.units")
    (found,) = explain(bank, units, unit="483", penalty=0.98, literals=False)
    assert found.length == 3
    assert f"{found.iou:.4f}  " in first
    assert f"{found.iou * 0.98**2:.4f}  " in first
    _, out, _ = call(capsys, "explain", "unit=483", "objective=precision")
    assert out.splitlines()[1].split().count("precision") == 1


@pytest.mark.parametrize("width", [30, 60, 80, 200])
def test_narrow_terminals_lose_columns_but_no_digit(folder, capsys, monkeypatch, width):
    monkeypatch.setattr("logicx.cli.render.PIPE_WIDTH", width)
    _, out, err = call(capsys, "explain", "unit=483", "unit=off=1", "length=5")
    bank, units = ConceptBank.open("lake.bank"), Units.open("net.units")
    for found in explain(bank, units, unit=["483", "off=1"], length=5):
        assert f"{found.score:.4f}" in out
    assert "IoU" in out
    assert ("tn" in out.split()) == (width == 200)
    assert ("note: the terminal is too narrow for: length," in err) == (width < 200)


def test_score_of_all_units_leaves_dead_ones_out(folder, capsys):
    status, out, err = call(capsys, "score", "water", "unit=all", "--json")
    assert status == 0
    assert [json.loads(line)["unit"] for line in out.splitlines()] == ["483", "off=1"]
    assert "1 of 3 units never fire, such as dead" in err


def test_proofs_are_shown(folder, capsys):
    _, out, _ = call(capsys, "explain", "unit=483", "strategy=exhaustive", "length=2")
    assert out.splitlines()[-1].startswith(
        "proven: no formula of the space is better (all formulas"
    )
    _, out, _ = call(capsys, "explain", "unit=483", "unit=off=1", "strategy=exhaustive")
    assert "bound" in out.splitlines()[1].split()
    _, out, _ = call(capsys, "explain", "unit=483", "strategy=exhaustive", "shape=chain", "--json")
    found = json.loads(out)
    assert (found["is_proven"], found["bound"]) == (True, found["score"])
    assert found["settings"]["shape"] == "chain"
