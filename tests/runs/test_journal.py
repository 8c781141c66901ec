"""Journals: what is in them, and runs that are killed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from journals import EXPLAIN, MAIN, no_sync, path, plan, saved, whole, world  # noqa: F401, fixtures

import logicx
from logicx import explain, read_journal, run_journal
from logicx.errors import DataError, JournalError
from logicx.runs.journaling import journaled, open_journal


def test_rows_are_explanations_and_skips_in_the_order_of_the_units(plan, path, whole):
    journal = read_journal(path)
    rows = list(journal)
    assert [row["unit"] for row in rows] == list(plan.units)
    assert rows[6] == {"unit": "u6", "skipped": "it never fires on a valid cell"}
    del rows[6]
    for row, one in zip(rows, plan, strict=True):
        settings = {"engine": "numpy", **journal.header["settings"]}
        assert row | {"settings": settings} == json.loads(json.dumps(one.as_dict()))
    assert journal.header["n_units"] == journal.n_rows == 8
    assert journal.is_complete
    assert journal.header["logicx"] == logicx.__version__
    assert journal.header["settings"] | {"length": 2, "beam": 2} == journal.header["settings"]
    assert list(journal) == list(journal)
    assert all(isinstance(json.loads(line), dict) for line in whole.splitlines())


def test_an_unfinished_journal_can_be_read_while_it_is_written(plan, path):
    with open_journal(plan, path) as journal:
        found = journaled(plan, journal)
        first = next(found)
        assert list(read_journal(path)) == [json.loads(json.dumps(first))]
        assert not read_journal(path).is_complete
        next(found)
        assert read_journal(path).n_rows == 2
        with pytest.raises(JournalError, match="another run is writing to"):
            run_journal(plan, path, resume=True)


def test_units_on_file_are_not_searched_again(plan, path, whole, monkeypatch):
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:6]))
    searched = []
    search = type(plan.search).explain

    def watched(self, units, stop):
        searched.extend(one.name for one in units)
        return search(self, units, stop)

    monkeypatch.setattr(type(plan.search), "explain", watched)
    told = []
    done = run_journal(plan, path, resume=True, progress=lambda *at: told.append(at))
    assert searched == ["u5", "u7"]
    assert told == [(5, 8), (6, 8), (7, 8), (8, 8)]
    assert path.read_bytes() == whole
    assert done.notes == ()
    searched.clear()
    assert run_journal(plan, path, resume=True).is_complete
    assert searched == []


def test_a_unit_that_never_fires_has_a_row_of_its_own_unless_it_is_the_only_one(path):
    bank, units = world(8)
    done = run_journal(explain(bank, units, unit=["u0", "u6"]), path)
    assert [(row["unit"], "skipped" in row) for row in done] == [("u0", False), ("u6", True)]
    with pytest.raises(DataError, match="'u6' cannot be explained"):
        run_journal(explain(bank, units, unit="u6"), path.with_name("other.jsonl"))


KILLED = textwrap.dedent(
    """
    import sys, time
    from logicx import ConceptBank, Units, explain, run_journal
    from logicx.runs.journal import Journal

    class Slow:  # writes a few bytes at a time, so that it is killed in mid-line
        def __init__(self, file):
            self.file = file
        def write(self, data):
            time.sleep(0.0005)
            return self.file.write(data[:60])
        def __getattr__(self, name):
            return getattr(self.file, name)

    opened, append = Journal._opened, Journal.append
    if sys.argv[1] == "slow":
        Journal._opened = lambda self, is_there: Slow(opened(self, is_there))
    else:
        Journal.append = lambda self, row: (time.sleep(0.005), append(self, row))
    plan = explain(ConceptBank.open("a.bank"), Units.open("a.units"))
    run_journal(plan, "run.jsonl", resume=True)
    """
)


def test_killed_at_twenty_random_moments(tmp_path):
    """SIGKILL, ten times amid normal writes and ten amid slow ones; over 500 units."""
    bank, units = saved(tmp_path, n_units=500, n_concepts=40, n_cells=600)
    run_journal(explain(bank, units), tmp_path / "whole.jsonl")
    whole = (tmp_path / "whole.jsonl").read_bytes()
    path, n_torn, n_grown = tmp_path / "run.jsonl", 0, 0

    def size():
        return path.stat().st_size if path.exists() else 0

    n_killed = 0
    while n_killed < 20:
        before = size()
        speed = "slow" if n_killed % 2 else "normal"
        process = subprocess.Popen([sys.executable, "-c", KILLED, speed], cwd=tmp_path)
        if n_killed in (0, 5):
            time.sleep(random.uniform(0, 0.6))
        else:
            share = random.uniform(0.2, 1.2) / (21 - n_killed)
            target = before + int(share * (len(whole) - before))
            while size() < target and process.poll() is None:
                time.sleep(0.0005)
            time.sleep(random.uniform(0, 0.005))
        process.kill()
        if process.wait() == 0:  # it was faster than this process, on a busy machine
            assert path.read_bytes() == whole
            path.unlink()
            continue
        found = path.read_bytes() if path.exists() else b""
        assert process.returncode == -signal.SIGKILL
        assert whole.startswith(found)
        n_killed += 1
        n_torn += not found.endswith(b"\n")
        n_grown += len(found) > before
    assert n_torn
    assert n_grown >= 10
    subprocess.run([sys.executable, "-c", KILLED, "normal"], cwd=tmp_path, check=True)
    assert path.read_bytes() == whole


def test_ctrl_c_leaves_a_valid_journal_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    saved(tmp_path, monkeypatch, n_units=500, n_concepts=300, n_cells=3000)
    arguments = [*EXPLAIN, "out=run.jsonl", "length=6"]
    path = tmp_path / "run.jsonl"
    process = subprocess.Popen(
        [*MAIN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not path.exists() or path.read_bytes().count(b"\n") < 5:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    n_done = path.read_bytes().count(b"\n") - 1
    assert path.read_bytes().endswith(b"\n")
    assert 4 <= n_done < 500
    assert f"interrupted: {n_done} of 500 units are in run.jsonl" in err
    assert "--resume" in err
    assert "Traceback" not in err
    assert [line.split()[0] for line in out.splitlines()[:2]] == ["bank", "unit"]
    n_explained = sum("formula" in row for row in read_journal(path))
    assert len(out.splitlines()) == 2 + min(n_explained, 50)


def test_a_line_torn_at_any_byte_is_made_again(plan, path, whole, no_sync):
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(last, len(whole) + 1):
        path.write_bytes(whole[:end])
        assert read_journal(path).n_rows == (8 if end == len(whole) else 7)
        done = run_journal(plan, path, resume=True)
        assert path.read_bytes() == whole
        is_torn = last < end < len(whole)
        assert len(done.notes) == is_torn
        assert not is_torn or f"cut off in mid-write ({end - last:,} bytes)" in done.notes[0]


def test_a_header_torn_at_any_byte_is_made_again(plan, path, whole, no_sync):
    for end in range(whole.index(b"\n") + 2):
        path.write_bytes(whole[:end])
        if end <= whole.index(b"\n"):
            with pytest.raises(JournalError, match="holds no header yet"):
                read_journal(path)
        with open_journal(plan, path, resume=True) as journal:
            assert journal.n_rows == 0
        assert path.read_bytes() == whole[: whole.index(b"\n") + 1]


def test_an_end_of_zeros_as_power_failures_leave_is_cut_off(plan, path, whole):
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]) + bytes(4096))
    run_journal(plan, path, resume=True)
    assert path.read_bytes() == whole


def test_line_ends_of_windows_are_no_damage(tmp_path):
    bank = logicx.ConceptBank.from_masks([[1, 0, 1, 0], [1, 1, 0, 0]], ["a", "b"])
    units = logicx.Units.from_masks([[1, 0, 0, 0], [0, 1, 1, 0]], ["u", "v"])
    run = tmp_path / "run.jsonl"
    run_journal(explain(bank, units), run)
    plain = run.read_bytes()
    rows = list(read_journal(run))
    run.write_bytes(plain.replace(b"\n", b"\r\n"))
    assert list(read_journal(run)) == rows
    lines = plain.splitlines(keepends=True)
    run.write_bytes(b"".join(lines[:-1]).replace(b"\n", b"\r\n"))
    run_journal(explain(bank, units), run, resume=True)
    assert list(read_journal(run)) == rows
    run.write_bytes(plain.replace(b"\n", b"\r\n").replace(b'"tp"', b'"tq"', 1))
    with pytest.raises(JournalError, match="is damaged or was altered"):
        list(read_journal(run))
