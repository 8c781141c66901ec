"""The command `table`: it prints and writes what Python gives, and what it refuses."""

from __future__ import annotations

import csv
import json

import pytest
from finished_runs import N, World, weights_csv, world  # noqa: F401, fixtures

from logicx import Units, explain, read_journal, run_journal
from logicx.analysis.class_weights import read_class_weights
from logicx.analysis.top_cells import unit_table, write_table
from logicx.cli import run
from logicx.errors import FileError


def call(capsys, *arguments):
    status = run(["table", "run.jsonl", "bank=a.bank", "units=a.units", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_command_prints_and_writes_what_python_gives(world, tmp_path, capsys):
    weights = read_class_weights(weights_csv(tmp_path / "w.csv"), world.units)
    preds = [f"p{i}" for i in range(N)]
    (tmp_path / "o.csv").write_text("\n".join(["pred", *preds]) + "\n")
    expected = world.table(weights=weights, outputs={"pred": preds}, limit=4, cells=2)
    options = ("weights=w.csv", "outputs=o.csv", "limit=4", "cells=2")
    status, out, err = call(capsys, *options, "--json")
    assert (status, err) == (0, "")
    found = [json.loads(line) for line in out.splitlines()]
    assert found == json.loads(json.dumps([one.as_dict() for one in expected]))
    status, out, err = call(capsys, *options)
    assert (status, err) == (0, "")
    for one in expected:
        assert f"unit {one.unit}   IoU {one.iou:.4f}" in out
        assert one.formula in out
        for cell in one.cells:
            assert f"{cell.activation:.2f}   cell {cell.cell:,}" in out
            assert f"pred p{cell.cell}" in out
            assert cell.text["hypothesis"] in out.split()
    status, out, err = call(capsys, *options, "out=t.csv")
    assert (status, out, err) == (0, "t.csv: 4 units\n", "")
    with (tmp_path / "t.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(row["unit"], int(row["cell"]), int(row["rank"])) for row in lines] == [
        (one.unit, cell.cell, rank) for one in expected for rank, cell in enumerate(one.cells, 1)
    ]
    for row in lines:
        assert row["output:pred"] == f"p{row['cell']}"
        assert float(row["weight:no"]) == weights.of(int(row["unit"][1]))["no"]
        assert row["premise"] == f"t{2 * int(row['cell'])}"


def test_the_command_shows_tokens_in_brackets(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path, "tokens")
    status, out, _ = call(capsys, "limit=1", "cells=1", "context=2")
    cell = world.table(limit=1)[0].cells[0].cell
    assert status == 0
    assert f"[t{cell}]" in out


def test_text_cannot_steer_the_terminal(world, tmp_path, capsys):
    texts = [f"\x1b[31m[bold]red[/bold] {i}\u0085" for i in range(2 * N)]
    bank = world.with_texts(world.bank.universe, texts, 2)
    bank.save(tmp_path / "c.bank")
    run_journal(explain(bank, world.units), tmp_path / "c.jsonl")
    assert run(["table", "c.jsonl", "bank=c.bank", "units=a.units", "limit=1"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u0085" not in out
    assert "[bold]red[/bold]" in out


def test_a_run_without_cells_needs_neither_texts_nor_activations(world, tmp_path, capsys):
    bank = world.with_texts(world.bank.universe, None, 0)
    bank.save(tmp_path / "bare.bank")
    masks = Units.from_masks(world.acts > 0, world.units.names, universe=bank.universe)
    masks.save(tmp_path / "masks.units")
    run_journal(explain(bank, masks), tmp_path / "bare.jsonl")
    arguments = ["table", "bare.jsonl", "bank=bare.bank", "units=masks.units"]
    assert run([*arguments, "cells=0", "out=t.csv"]) == 0
    assert "cell" not in (tmp_path / "t.csv").read_text().splitlines()[0].split(",")
    capsys.readouterr()
    assert run(arguments) == 2
    err = capsys.readouterr().err
    assert "holds no texts" in err
    assert "cells=0" in err


def test_unfinished_runs_are_read_and_noted(world, tmp_path, capsys):
    lines = (tmp_path / "run.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "run.jsonl").write_bytes(b"".join(lines[:3]))
    assert len(list(unit_table(read_journal("run.jsonl"), world.bank, world.units))) == 2
    status, _, err = call(capsys, "limit=1")
    assert status == 0
    assert "not complete: 2 of 7 units" in err
    status, _, err = call(capsys, "unit=n6")
    assert status == 2
    assert "'n6' is not in run.jsonl" in err
    (tmp_path / "run.jsonl").write_bytes(lines[0])
    status, _, err = call(capsys)
    assert status == 1
    assert "no unit of run.jsonl is explained" in err


def test_the_command_refuses_what_cannot_be_written_or_read(world, tmp_path, capsys):
    weights_csv(tmp_path / "w.csv")
    for options, message in (
        (("out=t.txt",), "must end in .csv"),
        (("weights=w.csv", "out=w.csv"), "it is an input"),
        (("classes=a,b",), "no weights"),
        (("weights=nope.csv",), "no file nope.csv"),
        (("outputs=nope.csv",), "no file nope.csv"),
    ):
        status, out, err = call(capsys, *options)
        assert (status, out) == (2, "")
        assert message in err
    assert run(["table", "nope.jsonl", "bank=a.bank", "units=a.units"]) == 2
    with pytest.raises(FileError):
        write_table(tmp_path / "w.csv" / "t.csv", world.table())
