"""Journals that are damaged, foreign, of another run, or on a full disk."""

from __future__ import annotations

import errno
import gc
import os
import random
import resource
import subprocess
import tracemalloc

import pytest
from journals import EXPLAIN, MAIN, no_sync, path, plan, saved, whole, world  # noqa: F401, fixtures

from logicx import explain, read_journal, resources, run_journal
from logicx.cli import run, runs
from logicx.errors import JournalError
from logicx.runs import journal as journals
from logicx.runs.journal import Journal
from logicx.runs.journaling import journaled, open_journal


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
    from logicx.language.registration import operator
    from logicx.language.registry import OPERATORS

    def but(a, b):
        """First, and not second."""
        return a and not b

    def other(a, b):
        """Second, and not first."""
        return b and not a

    for meaning in (but, other):
        with OPERATORS.scope():
            operator("BUT", form="infix", precedence=20, example="water BUT blue")(meaning)
            plan = explain(*world(8), steps=["BUT"])
            if meaning is but:
                run_journal(plan, path)
                continue
            with pytest.raises(
                JournalError, match="truth_tables is 0010, 0100 there, 0100, 0010 now"
            ):
                run_journal(plan, path, resume=True)


def test_newer_journals_and_those_of_another_logicx_are_refused(plan, path, whole, monkeypatch):
    for version in (2, 99):
        path.write_bytes(whole.replace(b'"format_version": 1', b'"format_version": %d' % version))
        for use in (read_journal, lambda path: run_journal(plan, path, resume=True)):
            with pytest.raises(JournalError, match=f"version {version}; this logicx reads 1"):
                use(path)
    path.write_bytes(whole)
    monkeypatch.setattr(resources, "__version__", "9.9")
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
    assert [b - a for a, b in zip(few, many, strict=True) if b - a > 800_000] == []
