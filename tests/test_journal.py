"""Journals: whatever happens to a run, resumed it ends in the same file, byte for byte."""

from __future__ import annotations

import errno
import gc
import json
import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc

import numpy as np
import pytest

import logicx
from logicx import ConceptBank, Units, explain, read_journal, run_journal
from logicx.cli import render, run, runs
from logicx.errors import DataError, JournalError
from logicx.journaling import journaled, open_journal
from logicx.search import journal as journals
from logicx.search.journal import Journal

MAIN = [sys.executable, "-c", "from logicx.cli import main; main()"]
EXPLAIN = ["explain", "bank=a.bank", "units=a.units", "unit=all"]


def world(n_units: int, n_concepts: int = 12, n_cells: int = 120, seed: int = 0):
    """A random bank and units, every seventh of which never fires."""
    dice = np.random.default_rng(seed)
    bank = ConceptBank.from_masks(
        dice.random((n_concepts, n_cells)) < 0.2, [f"c{i}" for i in range(n_concepts)]
    )
    masks = dice.random((n_units, n_cells)) < 0.3
    masks[6::7] = False
    return bank, Units.from_masks(masks, [f"u{i}" for i in range(n_units)])


def saved(folder, monkeypatch=None, **sizes):
    """The same, as files of the folder that the commands of this page use."""
    bank, units = world(**sizes)
    bank.save(folder / "a.bank")
    units.save(folder / "a.units")
    if monkeypatch:
        monkeypatch.chdir(folder)
    return bank, units


@pytest.fixture
def plan():
    """Eight units, one of which is skipped."""
    return explain(*world(8), length=2, beam=2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.jsonl"


@pytest.fixture
def whole(plan, path):
    """The journal of an uninterrupted run, which stays at `path`."""
    run_journal(plan, path)
    return path.read_bytes()


@pytest.fixture
def no_sync(monkeypatch):
    monkeypatch.setattr(journals.os, "fsync", lambda _: None)


# ---- what is in it


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
    search = type(plan._search).explain

    def watched(self, bank, units, names, on):
        searched.extend(names)
        return search(self, bank, units, names, on)

    monkeypatch.setattr(type(plan._search), "explain", watched)
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


# ---- killed, interrupted, torn

KILLED = textwrap.dedent(
    """
    import sys, time
    from logicx import ConceptBank, Units, explain, run_journal
    from logicx.search.journal import Journal

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


# ---- damaged, foreign, of another run


@pytest.mark.parametrize("number", range(1, 10))
def test_a_damaged_line_is_refused_with_its_number(plan, path, whole, number):
    lines = whole.splitlines(keepends=True)
    dice = random.Random(number)
    for _ in range(40):
        line = bytearray(lines[number - 1])
        at = dice.randrange(40, len(line) - 1)
        line[at] = dice.choice([b for b in b'0123 "x}' if b != line[at]])
        damaged = b"".join([*lines[: number - 1], bytes(line), *lines[number:]])
        path.write_bytes(damaged)
        with pytest.raises(JournalError, match=rf"line {number} is damaged or was altered") as info:
            run_journal(plan, path, resume=True)
        assert path.read_bytes() == damaged
        if number > 1:
            assert f"head -n {number - 1} {path}" in info.value.hint
            with pytest.raises(JournalError, match=f"line {number} "):
                list(read_journal(path))


def test_lines_that_are_lost_doubled_or_moved_are_refused(plan, path, whole):
    header, *rows = whole.splitlines(keepends=True)
    for number, lines in [
        (4, [*rows[:2], *rows[3:]]),
        (4, [*rows[:2], rows[1], *rows[2:]]),
        (3, [rows[0], rows[2], rows[1], *rows[3:]]),
        (10, [*rows, rows[-1]]),
        (5, [*rows[:3], b"\n", *rows[3:]]),
    ]:
        path.write_bytes(header + b"".join(lines))
        with pytest.raises(JournalError, match=f"line {number} is damaged"):
            run_journal(plan, path, resume=True)


def test_the_remedy_for_a_damaged_line_works(plan, path, whole):
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"garbage\n", *lines[5:]]))
    with pytest.raises(JournalError) as info:
        run_journal(plan, path, resume=True)
    command = info.value.hint.removeprefix("to keep the lines before it: ").partition(",")[0]
    subprocess.run(command, shell=True, cwd=path.parent, check=True)
    run_journal(plan, path.parent / "mended.jsonl", resume=True)
    assert (path.parent / "mended.jsonl").read_bytes() == whole


def test_another_run_is_refused_and_every_difference_is_named(plan, path, whole):
    bank, units = world(8)
    other_bank, other_units = world(8, seed=1)
    fewer = list(units.names[:5])
    for other, said in [
        (explain(other_bank, units, length=2, beam=2), ["bank is"]),
        (explain(bank, other_units, length=2, beam=2), ["units is"]),
        (explain(bank, units, length=2, beam=2, unit=fewer), ["n_units is 8 there, 5 now"]),
        (explain(bank, units, length=2, beam=2, unit=units.names[::-1]), ["unit_names is"]),
        (explain(bank, units, length=3, beam=2), ["length is 2 there, 3 now"]),
        (explain(bank, units, length=2, beam=9), ["beam is 2 there, 9 now"]),
        (
            explain(bank, units, length=2, beam=2, preset="compexp"),
            ["default there, compexp now", "dedupe is meaning there, none now"],
        ),
        (explain(bank, units, length=2, beam=2, objective="mcc"), ["objective is iou there"]),
        (explain(bank, units, length=2, beam=2, penalty=0.9), ["penalty is 1.0 there, 0.9 now"]),
        (explain(bank, units, length=2, beam=2, min_active=3), ["min_active is 1 there, 3 now"]),
        (
            explain(bank, units, length=4, beam=2, steps=["XOR"]),
            ["length is", "steps is OR, AND, AND NOT there, XOR now", "truth_tables is"],
        ),
    ]:
        with pytest.raises(JournalError, match="is of another run") as info:
            run_journal(other, path, resume=True)
        assert [one for one in said if one not in info.value.message] == []
        if len(said) == 1 and "unit" not in said[0]:
            assert info.value.message.count(" there, ") == 1
        assert path.read_bytes() == whole


def test_an_operator_that_changed_its_meaning_is_another_run(path):
    from logicx.operators import REGISTRY, operator

    def but(a, b):
        """First, and not second."""
        return a and not b

    def other(a, b):
        """Second, and not first."""
        return b and not a

    for meaning in (but, other):
        with REGISTRY.scope():
            operator("BUT", form="infix", precedence=20, example="water BUT blue")(meaning)
            plan = explain(*world(8), steps=["BUT"])
            if meaning is but:
                run_journal(plan, path)
                continue
            with pytest.raises(JournalError, match="truth_tables is 0010 there, 0100 now"):
                run_journal(plan, path, resume=True)


def test_newer_journals_and_those_of_another_logicx_are_refused(plan, path, whole, monkeypatch):
    for version in (2, 99):
        path.write_bytes(whole.replace(b'"format_version": 1', b'"format_version": %d' % version))
        for use in (read_journal, lambda path: run_journal(plan, path, resume=True)):
            with pytest.raises(JournalError, match=f"version {version}; this logicx reads 1"):
                use(path)
    path.write_bytes(whole)
    monkeypatch.setattr(logicx, "__version__", "9.9")
    with pytest.raises(JournalError, match=rf"logicx is {'0.1.0'} there, 9\.9 now"):
        run_journal(plan, path, resume=True)
    assert read_journal(path).is_complete


@pytest.mark.parametrize("text", [b"PK\x03\x04", b"a,b\n1,2\n", b"{}\n", b"\n", b"\x00" * 99])
def test_a_file_that_is_no_journal_is_left_alone(plan, path, text):
    path.write_bytes(text)
    for resume in (False, True):
        with pytest.raises(JournalError, match="no journal" if resume else "exists already"):
            run_journal(plan, path, resume=resume)
    with pytest.raises(JournalError, match="is no journal"):
        read_journal(path)
    assert path.read_bytes() == text


def test_an_existing_file_is_never_overwritten(plan, path, whole):
    with pytest.raises(JournalError, match="exists already") as info:
        run_journal(plan, path)
    assert "--resume" in info.value.hint
    assert path.read_bytes() == whole
    for resume, said in [(False, "exists already"), (True, "is a folder")]:
        with pytest.raises(JournalError, match=said):
            run_journal(plan, path.parent, resume=resume)
    with pytest.raises(JournalError, match="no file"):
        read_journal(path.parent / "none.jsonl")


def test_a_place_that_cannot_be_written_is_an_error(plan, path):
    path.write_text("")
    with pytest.raises(JournalError, match="cannot write"):
        run_journal(plan, path / "run.jsonl")


# ---- the disk


class Disk:
    """A disk on which only so many more bytes fit; perhaps it fails to truncate as well."""

    room = 0
    is_dead = False

    def __init__(self, file):
        self.file = file

    def write(self, data):
        if not Disk.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        n = self.file.write(data[: Disk.room])
        Disk.room -= n
        return n

    def truncate(self, size):
        if Disk.is_dead:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return self.file.truncate(size)

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.mark.parametrize("is_dead", [False, True])
def test_a_full_disk_costs_nothing(tmp_path, monkeypatch, capsys, no_sync, is_dead):
    bank, units = saved(tmp_path, monkeypatch, n_units=8)
    run_journal(explain(bank, units), "whole.jsonl")
    whole = (tmp_path / "whole.jsonl").read_bytes()
    path = tmp_path / "run.jsonl"
    opened = Journal._opened
    dice = random.Random(0)
    for room in [0, 1, whole.index(b"\n") + 1, *dice.sample(range(len(whole)), 20)]:
        path.unlink(missing_ok=True)
        monkeypatch.setattr(Disk, "room", room)
        monkeypatch.setattr(Disk, "is_dead", is_dead)
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "_opened", lambda self, is_there: Disk(opened(self, is_there)))
            status = run([*EXPLAIN, "out=run.jsonl"])
        out, err = capsys.readouterr()
        n_kept = max(0, whole[:room].count(b"\n") - 1)
        assert (status, out) == (2, "")
        assert err.startswith(
            "error[journal]: cannot write to run.jsonl: No space left on device\n"
        )
        assert f"{n_kept} of 8 units are in it and stay" in err
        assert err.count("\n") == 2
        kept = whole[:room] if is_dead else whole[: whole[:room].rfind(b"\n") + 1]
        assert path.read_bytes() == kept
        assert run([*EXPLAIN, "out=run.jsonl", "--resume"]) == 0
        assert path.read_bytes() == whole
        capsys.readouterr()


def test_a_disk_that_fails_to_sync_is_told(plan, path, whole, monkeypatch):
    path.unlink()

    def fails(_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(journals.os, "fsync", fails)
        with pytest.raises(JournalError, match="cannot write to"):
            run_journal(plan, path)
    run_journal(plan, path, resume=True)
    assert path.read_bytes() == whole


def test_a_real_limit_on_the_size_of_files(tmp_path, monkeypatch, capsys):
    """The kernel refuses in mid-line, after part of it was written."""
    saved(tmp_path, monkeypatch, n_units=40)
    done = subprocess.run(
        [*MAIN, *EXPLAIN, "out=run.jsonl"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error[journal]: cannot write to run.jsonl: File too large")
    cut = (tmp_path / "run.jsonl").read_bytes()
    assert cut.endswith(b"\n")
    assert 7000 < len(cut) <= 9000
    assert run([*EXPLAIN, "out=run.jsonl", "--resume"]) == 0
    assert run([*EXPLAIN, "out=whole.jsonl"]) == 0
    assert (tmp_path / "run.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_when_lines_are_forced_to_the_disk(plan, path, monkeypatch):
    """With the header, with the first line after each second, and at the end if need be."""
    synced, now = [], [0.0]
    monkeypatch.setattr(journals.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(Journal, "_sync_folder", lambda self: None)
    monkeypatch.setattr(journals.os, "fsync", lambda _: synced.append(journal.n_rows))

    class Early:
        n_rows = -1

    journal = Early()
    journal = open_journal(plan, path)
    assert synced == [-1]
    for _ in journaled(plan, journal):
        now[0] += 0.4
    journal.close()
    journal.close()
    assert synced == [-1, 4, 7, 8]


def test_memory_does_not_grow_with_the_number_of_units(tmp_path, no_sync, capsys):
    """Of the run, of a resumed run and of the table at the end.

    1,200 more rows would be 2.4 MB; what is seen is garbage that is not collected yet.
    """

    def peak(n, resume):
        plan = explain(*world(n), length=1)
        assert plan.settings
        gc.collect()
        tracemalloc.start()
        runs.explain(plan, tmp_path / f"{n}.jsonl", resume, "here", False)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few, many = ([peak(n, resume) for resume in (False, True)] for n in (400, 1600))
    assert [b - a for a, b in zip(few, many, strict=True) if b - a > 300_000] == []


# ---- the command line


def test_the_table_shows_the_best_and_notes_the_rest(tmp_path, monkeypatch, capsys):
    bank, units = saved(tmp_path, monkeypatch, n_units=70)
    status = run([*EXPLAIN, "out=new/run.jsonl"])
    out, err = capsys.readouterr()
    assert status == 0
    best = sorted(explain(bank, units), key=lambda one: -one.score)
    assert len(best) == 60
    assert [line.split()[0] for line in out.splitlines()[2:]] == [one.unit for one in best[:50]]
    assert err.splitlines() == [
        "note: the 50 best are shown; 10 more are in new/run.jsonl",
        "note: 10 of 70 units skipped, such as u6: it never fires on a valid cell",
        "note: new/run.jsonl is complete: 70 units",
    ]
    assert run([*EXPLAIN, "out=new/run.jsonl", "--resume"]) == 0
    again, err = capsys.readouterr()
    assert again == out
    assert "note: new/run.jsonl was complete already: 70 units" in err


def test_resuming_without_a_file_begins_one(tmp_path, monkeypatch, capsys):
    saved(tmp_path, monkeypatch, n_units=3)
    assert run([*EXPLAIN, "out=run.jsonl", "resume=true"]) == 0
    assert "there is no run.jsonl yet: it is begun" in capsys.readouterr().err
    assert read_journal("run.jsonl").is_complete


def test_what_cannot_work_is_said_before_data_are_read(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.jsonl").write_text("")
    for arguments, said in [
        (["out=run.jsonl"], "error[journal]: run.jsonl exists already"),
        (["--resume"], "error[option]: resume needs a journal"),
    ]:
        assert run([*EXPLAIN, *arguments]) == 2
        assert capsys.readouterr().err.startswith(said)


def test_json_prints_the_same_lines_with_and_without_a_journal(tmp_path, monkeypatch, capsys):
    saved(tmp_path, monkeypatch, n_units=15)

    def printed(*arguments):
        assert run([*EXPLAIN, "--json", *arguments]) == 0
        return sorted(capsys.readouterr().out.splitlines()), arguments

    def values(lines):
        rows = sorted((json.loads(line) for line in lines), key=lambda row: row["unit"])
        for row in rows:  # rows of a journal may be of several engines
            row.get("settings", {}).pop("engine", None)
        return rows

    plain, _ = printed()
    with_journal, _ = printed("out=run.jsonl")
    assert values(plain) == values(with_journal)
    whole = (tmp_path / "run.jsonl").read_bytes()
    (tmp_path / "run.jsonl").write_bytes(whole[: len(whole) // 2])
    resumed, _ = printed("out=run.jsonl", "--resume")
    assert resumed == with_journal
    assert (tmp_path / "run.jsonl").read_bytes() == whole


def test_nothing_to_explain_is_status_one(tmp_path, monkeypatch, capsys):
    saved(tmp_path, monkeypatch, n_units=3)
    assert run([*EXPLAIN, "out=run.jsonl", "min_active=999"]) == 1
    assert "no unit could be explained" in capsys.readouterr().err


def test_the_remaining_time_is_that_of_this_session(monkeypatch):
    """900 of 1,000 units were done before: they count as done, not as speed."""
    import rich.progress

    bars, now = [], [0.0]

    class Bar(rich.progress.Progress):
        def __init__(self, *columns, **options):
            super().__init__(*columns, **options, get_time=lambda: now[0])
            bars.append(self)

    monkeypatch.setattr(rich.progress, "Progress", Bar)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with render.progress() as progress:
        progress("explaining units", 900, 1000)
        assert bars[0].tasks[0].time_remaining is None
        for n in range(1, 11):
            now[0] += 60
            progress("explaining units", 900 + n, 1000)
        assert bars[0].tasks[0].time_remaining == 90 * 60
