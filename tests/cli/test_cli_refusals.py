"""The command line: what it refuses, with one clear message, and what it never overwrites."""

from __future__ import annotations

import json

import numpy as np
import pytest
from lake_folder import call, folder  # noqa: F401, fixtures

from logicx import Units


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
        (["score", "FAR(water)", "unit=483"], "unknown-operator", "no operator 'FAR'"),
        (["score", "NEIGHBORS(water)", "unit=483"], "not-applicable", "no neighbours of 'water'"),
        (["score", "water", "unit=484"], "unknown-unit", "no unit '484' among 3 units"),
        (["score", "water", "unit=dead"], "data", "'dead' never fires"),
        (["explain", "unit=dead"], "data", "'dead' cannot be explained"),
        (["score", "water"], "data", "no unit named"),
        (["score", "water", "unit=483", "objective=iuo"], "unknown-objective", "no objective 'iuo'"),
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
        (["compile", "xyz"], "file", "shipped recipes: ade20k, ade_challenge, binary_masks, broden"),
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


def test_a_bank_in_use_is_the_demo_or_both_are_named(folder, capsys):
    (folder / "logicx.toml").unlink()
    for arguments in (["bank=lake.bank"], ["units=net.units"]):
        status, _, err = call(capsys, "explain", "unit=483", *arguments)
        assert status == 2
        assert "without both, the demo is used" in err


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
