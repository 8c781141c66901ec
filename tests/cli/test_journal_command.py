"""Journals on the command line."""

from __future__ import annotations

import json
import sys

from journals import EXPLAIN, saved

from logicx import explain, read_journal
from logicx.cli import render, run


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
