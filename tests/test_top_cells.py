"""The table of a run: the right units, weights and cells, held against a slow way; and its errors."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from logicx import (
    ConceptBank,
    Units,
    Universe,
    explain,
    open_units,
    parse,
    read_journal,
    run_journal,
)
from logicx.activations import write_activations
from logicx.analysis.class_weights import read_class_weights
from logicx.analysis.top_cells import unit_table, write_table
from logicx.building import signatures_of_masks
from logicx.celltexts import CellTexts
from logicx.cli import run
from logicx.errors import DataError, FileError, JournalError, LogicxError, OptionError

N, N_UNITS = 130, 7
NAMES = [f"c{i}" for i in range(6)]


class World:
    """A bank with texts and invalid cells, activations on file with ties, and a finished run."""

    def __init__(self, folder, kind="pairs", dtype="float32", threshold="positive", seed=0):
        dice = np.random.default_rng(seed)
        self.masks = dice.random((len(NAMES), N)) < 0.3
        self.valid = dice.random(N) < 0.8
        self.acts = dice.integers(-6, 7, (N_UNITS, N)).astype(dtype) / 2
        self.acts += 3 * self.masks[:1]
        self.acts[3] = -(self.acts[3] ** 2)  # never fires where the threshold is positive
        per_cell = 2 if kind == "pairs" else 1
        self.texts = [f"t{i}" for i in range(N * per_cell)]
        offsets = [0, 40, 41, 100, N]
        universe = {
            "pairs": Universe.pairs(N),
            "rows": Universe.rows(N),
            "tokens": Universe.tokens(offsets),
        }[kind]
        self.bank = self.with_texts(universe, self.texts, per_cell)
        self.bank.save(folder / "a.bank")
        rows = [self.acts.T[:50], self.acts.T[50:]]
        names = [f"n{i}" for i in range(N_UNITS)]
        write_activations(folder / "a.units", names, N, dtype, rows, universe=universe)
        self.units = open_units(folder / "a.units", threshold)
        plan = explain(self.bank, self.units, length=3, beam=4)
        self.journal = run_journal(plan, folder / "run.jsonl")

    def with_texts(self, universe, texts, per_cell):
        signatures, _ = signatures_of_masks(self.masks, self.valid, 1 << 20)
        held = None if texts is None else CellTexts.of(texts, per_cell)
        return ConceptBank("b", NAMES, [""] * len(NAMES), universe, signatures, texts=held)

    def table(self, **options):
        return list(unit_table(self.journal, self.bank, self.units, **options))


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


def holds(formula, masks) -> np.ndarray:
    """By Python's own `and`, `or` and `not`."""
    text = str(formula).replace("AND", "and").replace("OR", "or").replace("NOT", "not")
    rows = [dict(zip(NAMES, column, strict=True)) for column in masks.T.tolist()]
    return np.array([eval(text, {}, row) for row in rows])


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("threshold", ["positive", "quantile(0.2)", "ranges(2)"])
@pytest.mark.parametrize("seed", [0, 1])
def test_cells_and_counts_are_those_of_a_slow_way(tmp_path, dtype, threshold, seed):
    world = World(tmp_path, dtype=dtype, threshold=threshold, seed=seed)
    rows = {row["unit"]: row for row in world.journal if "skipped" not in row}
    found = world.table(limit=0, cells=9)
    assert len(found) == len(rows) >= 5
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    for one in found:
        row = rows[one.unit]
        assert (one.formula, one.score) == (row["formula"], row["score"])
        acts = world.acts[int(one.unit[1])].tolist()
        mask = world.units.mask(one.unit)
        fires = [i for i in range(N) if world.valid[i] and mask[i]]
        expected = sorted(fires, key=lambda i: (-acts[i], i))[:9]
        assert [cell.cell for cell in one.cells] == expected
        assert [cell.activation for cell in one.cells] == [acts[i] for i in expected]
        is_true = holds(parse(one.formula), world.masks)
        assert [cell.holds for cell in one.cells] == [is_true[i] for i in expected]
        on = mask & world.valid
        both, either = is_true & on, (is_true | on) & world.valid
        assert one.iou == pytest.approx(both.sum() / either.sum())
        assert one.n_on == on.sum()
        assert one.share_on == on.sum() / world.valid.sum()
        single = world.masks[NAMES.index(one.best_single)] & world.valid
        assert one.best_single_iou == pytest.approx((single & on).sum() / (single | on).sum())
        for cell in one.cells:
            assert cell.text == {
                "premise": f"t{2 * cell.cell}",
                "hypothesis": f"t{2 * cell.cell + 1}",
            }


def test_units_on_file_tell_their_masks(world):
    for i, name in enumerate(world.units.names):
        assert (world.units.mask(name) == (world.acts[i] > 0)).all()
    assert world.units.has_masks


def test_options_choose_units_lengths_and_cells(world):
    assert [one.unit for one in world.table(unit=["n5", "n0"])] == ["n5", "n0"]
    assert len(world.table(limit=2)) == 2
    assert world.table(limit=2) == world.table(limit=0)[:2]
    assert {len(one.cells) for one in world.table(cells=0)} == {0}
    long, short = (world.table(limit=0, length=n) for n in (None, 1))
    assert any("AND" in one.formula or "OR" in one.formula for one in long)
    for one in short:
        assert one.formula == one.best_single
        assert one.iou == one.best_single_iou
    scores = {one.unit: one.score for one in long}
    assert all(one.score <= scores[one.unit] for one in short)
    assert [one.score for one in short] == sorted((one.score for one in short), reverse=True)


def test_a_length_equals_a_run_of_that_length(world, tmp_path):
    plan = explain(world.bank, world.units, length=2, beam=4)
    two = run_journal(plan, tmp_path / "two.jsonl")
    own = list(unit_table(two, world.bank, world.units, limit=0))
    assert own == world.table(limit=0, length=2)


def test_tokens_are_shown_in_their_document(tmp_path):
    world = World(tmp_path, "tokens")
    ends = [0, 40, 41, 100, N]
    seen = set()
    for one in world.table(limit=0, cells=40, context=3):
        for cell in one.cells:
            i = cell.cell
            first, end = max(e for e in ends if e <= i), min(e for e in ends if e > i)
            assert cell.text["before"] == " ".join(world.texts[max(first, i - 3) : i])
            assert cell.text["token"] == world.texts[i]
            assert cell.text["after"] == " ".join(world.texts[i + 1 : min(end, i + 4)])
            seen.add((i == first, i == end - 1))
    assert len(seen) >= 3
    assert world.table(context=0)[0].cells[0].text["before"] == ""


def test_tokens_that_bring_their_own_blanks_are_joined_as_they_are(tmp_path):
    world = World(tmp_path, "tokens")
    texts = [" the" if i % 3 else "un" for i in range(N)]
    bank = world.with_texts(world.bank.universe, texts, 1)
    run_ = run_journal(explain(bank, world.units, unit=["n0", "n1"]), tmp_path / "own.jsonl")
    cell = next(one for row in unit_table(run_, bank, world.units) for one in row.cells if one.cell)
    parts = cell.text
    assert set(
        (parts["before"] + parts["token"] + parts["after"]).replace("un", " the").split()
    ) == {"the"}
    assert "  " not in parts["before"] + parts["after"]


# ---- weights


WEIGHTS = np.arange(N_UNITS * 3).reshape(N_UNITS, 3) / 8 - 1


def weights_csv(path, names=None, header="yes,maybe,no", values=WEIGHTS):
    lines = [",".join(map(str, row)) for row in values.tolist()]
    if names:
        header = f"unit,{header}"
        lines = [f"{name},{line}" for name, line in zip(names, lines, strict=True)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


@pytest.mark.parametrize("form", ["csv", "named", "npy", "npy turned", "npz", "safetensors"])
def test_weights_of_every_form_are_the_same(world, tmp_path, form):
    classes = None if form in ("csv", "named") else ["yes", "maybe", "no"]
    path = tmp_path / ("w." + {"named": "csv", "npy turned": "npy"}.get(form, form))
    if form == "csv":
        weights_csv(path)
    elif form == "named":
        order = [4, 2, 0, 6, 1, 3, 5]
        weights_csv(path, [f"n{i}" for i in order], values=WEIGHTS[order])
    elif form.startswith("npy"):
        np.save(path, WEIGHTS if form == "npy" else WEIGHTS.T)
    elif form == "npz":
        np.savez(path, weights=WEIGHTS.T, bias=WEIGHTS[:2])
    else:
        from safetensors.numpy import save_file

        save_file({"weight": np.ascontiguousarray(WEIGHTS.T), "bias": WEIGHTS[0]}, path)
    found = read_class_weights(path, world.units, classes)
    assert found.classes == ("yes", "maybe", "no")
    np.testing.assert_array_equal(found.values, WEIGHTS)
    for one in world.table(weights=found, limit=0):
        assert list(one.weights.values()) == WEIGHTS[int(one.unit[1])].tolist()


def test_ranges_share_the_weights_of_their_unit(world, tmp_path):
    units = open_units(tmp_path / "a.units", "ranges(2)")
    found = read_class_weights(weights_csv(tmp_path / "w.csv"), units)
    np.testing.assert_array_equal(found.values, np.repeat(WEIGHTS, 2, axis=0))


def test_a_square_array_is_read_as_torch_keeps_it(world, tmp_path):
    square = np.arange(N_UNITS**2).reshape(N_UNITS, N_UNITS).astype(float)
    np.save(tmp_path / "w.npy", square)
    np.testing.assert_array_equal(
        read_class_weights(tmp_path / "w.npy", world.units).values, square.T
    )


@pytest.mark.parametrize(
    ("file", "write", "classes", "message"),
    [
        (
            "w.csv",
            lambda p: weights_csv(p, values=WEIGHTS[:5]),
            None,
            "5 rows of weights.* 7 units",
        ),
        ("w.csv", lambda p: weights_csv(p, ["n0"] * 7), None, "unit 'n0' twice"),
        ("w.csv", lambda p: weights_csv(p, [*"abcdefg"]), None, "no weights of unit 'n0' and of 6"),
        ("w.csv", lambda p: p.write_text("a,b\n" + "1,inf\n" * 7), None, "unit 'n0' for 'b'"),
        (
            "w.csv",
            lambda p: p.write_text("a,b\n" + "1,\n" * 7),
            None,
            "unit 'n0' for 'b' is missing",
        ),
        ("w.csv", lambda p: p.write_text("a,b\n" + "1,x\n" * 7), None, "'x' is not a number"),
        ("w.csv", lambda p: p.write_text("unit\n" + "n0\n" * 7), None, "no column for a class"),
        ("w.csv", weights_csv, ["a", "b", "c"], "names its classes itself"),
        ("w.npy", lambda p: np.save(p, WEIGHTS[:5]), None, r"shape \(5, 3\).* 7 units"),
        ("w.npy", lambda p: np.save(p, WEIGHTS[:, 0]), None, "one array of weights with 2 axes"),
        ("w.npy", lambda p: np.save(p, WEIGHTS), ["a", "b"], "for 3 classes, not for: a, b"),
        (
            "w.npy",
            lambda p: np.save(p, WEIGHTS),
            ["a", "b", "b"],
            "for 3 classes, not for: a, b, b",
        ),
        ("w.txt", weights_csv, None, "its name must end in"),
        ("w.csv", lambda p: None, None, "no file"),
    ],
)
def test_weights_that_do_not_fit_are_refused(world, tmp_path, file, write, classes, message):
    write(tmp_path / file)
    with pytest.raises(DataError, match=message):
        read_class_weights(tmp_path / file, world.units, classes)


# ---- the command


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


def test_units_without_activations_are_refused(world, tmp_path):
    masks = Units.from_masks(world.acts > 0, world.units.names, universe=world.bank.universe)
    other = run_journal(explain(world.bank, masks), tmp_path / "m.jsonl")
    with pytest.raises(DataError, match="activations were not kept"):
        list(unit_table(other, world.bank, masks))


def test_a_run_of_other_inputs_is_refused(world, tmp_path):
    other = World(tmp_path_of(tmp_path), seed=1)
    with pytest.raises(JournalError, match="made on another bank"):
        list(unit_table(world.journal, other.bank, world.units))
    with pytest.raises(JournalError, match=r"made on other units .* at the threshold positive"):
        list(unit_table(world.journal, world.bank, other.units))
    cut = open_units(tmp_path / "a.units", "quantile(0.1)")
    with pytest.raises(JournalError, match=r"at the threshold quantile\(0.1\)"):
        list(unit_table(world.journal, world.bank, cut))


def tmp_path_of(folder):
    made = folder / "other"
    made.mkdir()
    return made


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"limit": -1}, OptionError, "limit must be at least 0"),
        ({"cells": -1}, OptionError, "cells must be at least 0"),
        ({"context": -1}, OptionError, "context must be at least 0"),
        ({"length": 0}, OptionError, "length must be at least 1"),
        ({"unit": ["nope"]}, LogicxError, "no unit 'nope'"),
        ({"unit": ["n3"]}, DataError, "'n3' was skipped in this run: it never fires"),
        (
            {"outputs": {"pred": ["x"] * (N - 1)}},
            DataError,
            r"outputs have 129 rows \(pred\).* 130 pairs",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(world, options, error, message):
    with pytest.raises(error, match=message):
        world.table(**options)


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
