"""The command line: what it prints, what it refuses, and that nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from logicx import ConceptBank, Units, explain, score
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
    status, out, _ = call(capsys, "explain", "unit=483", "unit=off=1", "--json")
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


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["score", "(water OR rivr) AND blu", "unit=483"], "unknown-concept", "did you mean: river?"),
        (["score", "water river", "unit=483"], "unknown-concept", "an operator missing"),
        (["score", "(water", "unit=483"], "unclosed-parenthesis", "(water\n  ^"),
        (["score", "water)", "unit=483"], "unopened-parenthesis", "water)\n       ^"),
        (["score", "", "unit=483"], "empty-formula", "the formula is empty"),
        (["score", "water AND or", "unit=483"], "doubled-operator", "in quotes"),
        (["score", "water && blue", "unit=483"], "doubled-operator", "& | ~ ^"),
        (["score", "ATLEAST(water)", "unit=483"], "arity", "needs a whole number 'k'"),
        (["score", "NOT(water, blue)", "unit=483"], "arity", "takes 1 argument, not 2"),
        (["score", "NEAR(water)", "unit=483"], "unknown-operator", "no operator 'NEAR'"),
        (["score", "NEIGHBORS(water)", "unit=483"], "not-applicable", "no neighbours of 'water'"),
        (["score", "water", "unit=484"], "unknown-unit", "no unit '484' among 3 units"),
        (["score", "water", "unit=dead"], "data", "'dead' never fires"),
        (["explain", "unit=dead"], "data", "'dead' cannot be explained"),
        (["score", "water"], "data", "no unit named"),
        (["score", "water", "unit=483", "objective=iuo"], "option", "no objective 'iuo'"),
        (["score", "water", "unit=483", "dialect=x"], "option", "dialect 'x' is not one of"),
        (["explain", "unit=483", "beam=0"], "option", "beam must be a whole number"),
        (["explain", "unit=483", "length=x"], "usage", "--length"),
        (["explain", "unit=483", "lenght=3"], "usage", "did you mean: length?"),
        (["explain", "unit=483", "--lenght=3"], "usage", "No such option"),
        (["explain", "unit=483", "steps=FOO"], "unknown-operator", "no operator 'FOO'"),
        (["score", "water", "unit=483", "bank=none.bank"], "file", "no file none.bank"),
        (["score", "water", "unit=483", "bank=net.units"], "file", "is a units file, not a bank"),
        (["score", "water", "unit=483", "units=lake.bank"], "file", "holds no units"),
        (["score", "water", "unit=483", "threshold=positive"], "data", "cut already"),
        (["concepts", "category=colour"], "data", "did you mean: color?"),
        (["concepts", "sort=size"], "option", "sort is bank, name or cells"),
        (["concepts", "limit=-1"], "option", "limit must be 0 or more"),
        (["compile", "sni"], "file", "did you mean: snli?"),
        (["compile", "xyz"], "file", "shipped recipes: broden, folder, snli"),
        (["compile", "none.toml"], "file", "no file none.toml"),
        (["demo", "unit=512"], "unknown-unit", "among 512 units"),
        (["scor"], "usage", "scor"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_message(folder, capsys, arguments, code, message):
    before = sorted(path.name for path in folder.iterdir())
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"error[{code}]: ")
    assert message in err
    assert "Traceback" not in err
    assert sorted(path.name for path in folder.iterdir()) == before
    if "--" not in arguments:
        status, out, err = call(capsys, *arguments, "--json")
        if arguments[0] != "demo" and code != "usage":
            assert (status, out) == (2, "")
            assert json.loads(err)["error"] == code


def test_units_of_another_universe_are_refused(folder, capsys):
    Units.from_masks(np.ones((1, 7), bool), ["a"]).save("other.units")
    status, _, err = call(capsys, "explain", "unit=all", "units=other.units")
    assert status == 2
    assert "covers 10 rows, but the units have 7 cells" in err


def test_damaged_and_newer_banks_are_refused(folder, capsys):
    whole = (folder / "lake.bank").read_bytes()
    (folder / "cut.bank").write_bytes(whole[: len(whole) // 2])
    (folder / "bit.bank").write_bytes(whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:])
    assert whole.count(b'\\"format_version\\":2') == 1
    newer = whole.replace(b'\\"format_version\\":2', b'\\"format_version\\":9')
    (folder / "new.bank").write_bytes(newer)
    for name, said in [("cut", "truncated or damaged"), ("bit", "was altered"), ("new", "newer")]:
        status, out, err = call(capsys, "explain", "unit=483", f"bank={name}.bank")
        assert (status, out) == (2, "")
        assert said in err


def test_activations_with_nan_and_ragged_tables_are_refused(folder, capsys):
    np.save("acts.npy", np.array([[0.0, np.nan] * 5], np.float32))
    status, _, err = call(capsys, "explain", "unit=0", "units=acts.npy")
    assert status == 2
    assert "unit '0' has the activation nan at cell 1" in err
    (folder / "ragged.csv").write_text("a,b\n1,2\n3\n4,5\n")
    status, _, err = call(capsys, "explain", "unit=0", "units=ragged.csv")
    assert status == 2
    assert "ragged.csv, line 3: 1 fields where the first line has 2" in err


def test_settings_file_is_checked(folder, capsys):
    (folder / "logicx.toml").write_text('bnk = "lake.bank"\n')
    status, _, err = call(capsys, "explain", "unit=483")
    assert status == 2
    assert "unknown setting 'bnk'" in err
    assert "did you mean: bank?" in err
    (folder / "logicx.toml").write_text("bank = \n")
    status, _, err = call(capsys, "explain", "unit=483")
    assert status == 2
    assert "logicx.toml is no TOML" in err


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
    assert sorted(keywords) == ["AND", "ATLEAST", "NEIGHBORS", "NOT", "OR", "XOR"]
    _, standard, _ = call(capsys, "grammar")
    _, chain, _ = call(capsys, "grammar", "dialect=chain")
    assert "?level_3: unary" in standard
    assert "level_3" not in chain
    from lark import Lark

    Lark(standard)


def test_the_shipped_demo(tmp_path, monkeypatch, capsys, demo_cache):
    monkeypatch.chdir(tmp_path)
    status, out, _ = call(capsys, "demo", "out=sheet.png")
    assert status == 0
    assert out.count("(water OR river) AND NOT blue") == 2
    assert out.rstrip().endswith("picture: sheet.png")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    _, out, _ = call(capsys, "score", "(water OR river) AND NOT blue", "unit=483", "--json")
    assert json.loads(out)["iou"] == pytest.approx(0.323, abs=2e-3)
    _, out, _ = call(capsys, "explain", "unit=483", "--json")
    assert json.loads(out)["formula"] == "(water OR river) AND NOT blue"


def test_a_bank_in_use_is_the_demo_or_both_are_named(folder, capsys):
    (folder / "logicx.toml").unlink()
    for arguments in (["bank=lake.bank"], ["units=net.units"]):
        status, _, err = call(capsys, "explain", "unit=483", *arguments)
        assert status == 2
        assert "without both, the demo is used" in err


def test_interrupting_keeps_what_was_found(tmp_path):
    """SIGINT during a long run: status 130, and the lines that were printed are whole."""
    dice = np.random.default_rng(0)
    masks = dice.random((400, 4000)) < 0.05
    ConceptBank.from_masks(masks, [f"c{i}" for i in range(400)]).save(tmp_path / "a.bank")
    Units.from_masks(dice.random((500, 4000)) < 0.2).save(tmp_path / "a.units")
    arguments = ["explain", "bank=a.bank", "units=a.units", "unit=all", "length=8", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from logicx.cli import main; main()", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    first = process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    with process:  # not communicate(), which would pass over what readline() has buffered
        rest, err = process.stdout.read(), process.stderr.read()
    lines = [json.loads(line) for line in [first, *rest.splitlines()]]
    assert process.returncode == 130
    assert 1 <= len(lines) < 500
    assert f"interrupted: {len(lines)} of 500 units are done" in err


def test_a_closed_pipe_is_no_error(folder):
    command = f"{sys.executable} -c 'from logicx.cli import main; main()' grammar | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("// The formula language")
    assert done.stderr == ""


def test_what_start_up_imports():
    """`import logicx` and `--help` load nothing heavy; `score` does without torch."""
    program = textwrap.dedent(
        """
        import sys
        import logicx
        heavy = ["torch", "spacy", "gensim", "numba", "scipy", "matplotlib", "pandas", "pyarrow"]
        assert not [name for name in [*heavy, "numpy", "lark", "rich"] if name in sys.modules]
        from logicx.cli import run
        run(["--help"])
        assert not [name for name in [*heavy, "numpy", "lark"] if name in sys.modules]
        assert run(["score", "water", "unit=483"]) == 0
        assert not [name for name in heavy if name in sys.modules], sys.modules.keys()
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_penalty_has_a_column_of_its_own(folder, capsys):
    _, out, _ = call(capsys, "explain", "unit=483", "penalty=0.98")
    head, first = out.splitlines()[1:3]
    assert head.split()[:3] == ["formula", "IoU", "penalized"]
    (found,) = explain(
        ConceptBank.open("lake.bank"), Units.open("net.units"), unit="483", penalty=0.98
    )
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compile", "r.toml", "out=r.toml"], "its name must end in .bank"),
        (["compile", "r.toml", "out=sub"], "its name must end in .bank"),
        (["compile", "snli", "data=lake.bank", "out=lake.bank"], "it is an input"),
        (["units", "units=net.units", "out=net.units"], "it is an input"),
        (["units", "units=net.units", "out=net.csv"], "its name must end in .units"),
        (["demo", "out=x.pdf"], "its name must end in .png"),
        (["compile", "snli", "data=t.csv"], "t.csv is a table"),
        (["explain", "unit=483", "json=maybe"], "json is true or false"),
        (["score", "water", "--unit", "length=5"], "no unit 'length=5'"),
    ],
)
def test_inputs_are_never_overwritten_nor_misread(folder, capsys, arguments, message):
    (folder / "r.toml").write_text('kind = "pairs"\n')
    (folder / "t.csv").write_text("a,b\nx,y\n")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_wrong_settings_file_does_not_stop_help(folder, capsys):
    (folder / "logicx.toml").write_text("bnk = 1\n")
    for arguments in (["--help"], ["explain", "--help"], ["--version"], []):
        assert call(capsys, *arguments)[0] == 0
    (folder / "logicx.toml").write_text('bank = ["lake.bank"]\n')
    assert "bank cannot be ['lake.bank']" in call(capsys, "explain", "unit=483")[2]


def test_a_damaged_demo_is_made_anew(tmp_path, monkeypatch, demo_cache):
    from logicx.demo import data

    monkeypatch.setattr(data, "N_SCENES", 20)
    monkeypatch.setenv("LOGICX_CACHE", str(tmp_path))
    first = data.open_demo()
    (path,) = tmp_path.rglob("*.bank")
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    assert data.open_demo().bank.content == first.bank.content
    assert path.read_bytes() == whole


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
