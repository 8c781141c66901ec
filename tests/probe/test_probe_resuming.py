"""Recordings that are torn, killed, interrupted, or run out of room go on."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from recordings import Tagger, an_mlp, documents, folder, part, path, rows, sizes  # noqa: F401, fixtures
from torch import nn

from logicx import Universe
from logicx.cli import run
from logicx.errors import DataError, FileError
from logicx.probe.recording import record


@pytest.fixture
def no_sync(monkeypatch):
    """Nothing is forced to the disk, which would take most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


class Stop(Exception):
    """What ends a run in these tests."""


def stopping(batches, n):
    """The first n batches, then a failure."""
    yield from batches[:n]
    raise Stop


def begun(path, n=4, batches=None, layer="0", **options):
    with pytest.raises(Stop):
        record(an_mlp(), layer, stopping(batches or rows(), n), path, **options)


@pytest.mark.parametrize("kind", ["rows", "tokens"])
def test_a_run_that_goes_on_gives_the_same_file(tmp_path, kind):
    model, layer, batches = (
        (an_mlp(), "0", rows()) if kind == "rows" else (Tagger(), "lstm", documents(42))
    )
    whole = record(model, layer, batches, tmp_path / "whole.units", dtype="float16")
    for n in range(1, 8):
        path = tmp_path / f"{n}.units"
        for k in range(n):
            with pytest.raises(Stop):
                record(model, layer, stopping(batches, k + 1), path, dtype="float16", resume=True)
        assert not path.exists()
        ran = []
        hook = model.register_forward_hook(lambda *_, ran=ran: ran.append(1))
        found = record(model, layer, iter(batches), path, dtype="float16", resume=True)
        hook.remove()
        assert (found.n_resumed, len(ran)) == (n, 7 - n)
        assert path.read_bytes() == (tmp_path / "whole.units").read_bytes()
        assert found._replace(path=whole.path, n_resumed=0) == whole


def test_a_part_file_that_is_torn_at_any_byte_is_mended(path, part, no_sync):
    batches = rows(6, 2)
    record(an_mlp(), "3", batches, path)
    whole = path.read_bytes()
    path.unlink()
    begun(path, 3, batches, layer="3")
    good = part.read_bytes()
    assert good.count(b'"check"') == 3
    for end in [*range(0, len(good), 3), len(good)]:
        part.write_bytes(good[:end])
        found = record(an_mlp(), "3", batches, path, resume=True)
        assert path.read_bytes() == whole
        path.unlink()
        assert found.n_resumed == 3 or (found.n_resumed < 3 and end < len(good))
    assert found.n_resumed == 3


def test_a_flipped_bit_in_the_part_file_is_not_recorded(path, part, no_sync):
    record(an_mlp(), "3", rows(6, 2), path)
    whole = path.read_bytes()
    path.unlink()
    begun(path, 3, rows(6, 2), layer="3")
    good = part.read_bytes()
    start = good.index(b"\n") + 1
    for bit in range(8 * start, 8 * len(good), 7):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        part.write_bytes(bad)
        found = record(an_mlp(), "3", rows(6, 2), path, resume=True)
        assert path.read_bytes() == whole
        assert found.n_resumed < 3
        assert "was cut off or damaged after" in found.notes[0]
        path.unlink()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer": "3"}, "layer is 0 there, 3 now"),
        ({"dtype": "float16"}, "dtype is float32 there, float16 now"),
        ({"model": an_mlp(1)}, "parameters is [0-9a-f]{12} there, [0-9a-f]{12} now"),
        ({"model": nn.ModuleList([an_mlp()])[0].append(nn.ReLU()).double().float()}, None),
        ({"universe": Universe.rows(50)}, "universe is unset there"),
        ({"batch_first": False}, "batch_first is True there, False now"),
        ({"batches": rows(seed=1)}, "of other data: batch 0 is other than when"),
        ({"batches": [*rows()[:3], *rows(seed=1)]}, "of other data: batch 3 is other than when"),
        ({"batches": rows()[:2]}, "it has 4 batches, now there are 2"),
    ],
)
def test_a_part_file_of_another_run_is_refused(path, part, change, message):
    begun(path)
    before = part.read_bytes()
    given = {"model": an_mlp(), "layer": "0", "batches": rows()} | change
    if message is None:  # another model with the same parameters
        record(given["model"], "0", rows(), path, resume=True)
        return
    with pytest.raises(FileError, match=message):
        record(out=path, resume=True, **given)
    assert part.read_bytes() == before
    record(an_mlp(), "0", rows(), path, resume=True)
    finished = "the batches are other than when" if "batches" in change else message
    with pytest.raises(FileError, match=finished):
        record(out=path, resume=True, **given)


def test_the_universe_holds_for_batches_that_are_on_file_too(path):
    begun(path, universe=Universe.rows(49))
    with pytest.raises(DataError, match="with batch 6 there are 50 cells"):
        record(an_mlp(), "0", rows(), path, universe=Universe.rows(49), resume=True)


def test_a_recording_that_is_complete_is_left_as_it_is(path, part):
    done = record(an_mlp(), "0", rows(), path)
    before = path.read_bytes()
    part.write_text("left by a run that was killed at the very end")
    model = an_mlp()
    model.forward = None  # it is not run
    found = record(model, "0", iter(rows()), path, resume=True)
    assert found.notes == (f"{path} was complete already",)
    assert (found.content, found.n_resumed) == (done.content, 7)
    assert path.read_bytes() == before
    assert not part.exists()


def test_of_two_runs_one_waits(path):
    def batches():
        yield rows()[0]
        with pytest.raises(FileError, match="another run is writing to"):
            record(an_mlp(), "0", rows(), path, resume=True)
        yield from rows()[1:]

    assert record(an_mlp(), "0", batches(), path).n_batches == 7


KILLED = textwrap.dedent(
    """
    import sys, time
    import logicx.units.activations, logicx.probe.partfile as parts, logicx.banks.storage as storage
    from logicx.probe.recording import record
    from mymodel import make, batches

    write, write_at = parts._write, storage._write_at
    def slowly(file, data):  # in pieces, so that it is killed amid a batch
        for i in range(0, len(data), 40_000):
            time.sleep(0.0005)
            write(file, data[i : i + 40_000])
    parts._write = slowly
    storage._write_at = lambda *given: (time.sleep(0.002), write_at(*given))
    record(make(), "1", batches(), "a.units", dtype="float16", resume=True)
    """
)


MAIN = [sys.executable, "-c", "from logicx.cli import main; main()", "probe"]


def test_killed_at_random_moments(folder):
    """SIGKILL amid batches and amid the turning at the end; never a file that looks complete."""
    assert run(["probe", "mymodel:quick", "layer=1", "out=whole.units", "dtype=float16"]) == 0
    whole = (folder / "whole.units").read_bytes()
    seen = {"batches": 0, "turning": 0}
    n_killed = 0
    while n_killed < 6:
        process = subprocess.Popen([sys.executable, "-c", KILLED])
        if n_killed % 3 == 2:
            while "a.units.new" not in sizes(folder) and process.poll() is None:
                time.sleep(0.001)
            time.sleep(random.uniform(0, 0.2))
        else:
            before = sizes(folder).get("a.units.part", 0)
            target = before + random.uniform(0.02, 0.2) * len(whole)
            while sizes(folder).get("a.units.part", 0) < target and process.poll() is None:
                if "a.units.new" in sizes(folder):
                    break
                time.sleep(0.001)
        process.kill()
        if process.wait() == 0:  # it was faster than this process, on a busy machine
            assert (folder / "a.units").read_bytes() == whole
            (folder / "a.units").unlink()
            continue
        n_killed += 1
        assert process.returncode == -signal.SIGKILL
        assert "a.units" not in sizes(folder) or (folder / "a.units").read_bytes() == whole
        seen["turning" if "a.units.new" in sizes(folder) else "batches"] += 1
    assert all(seen.values())
    subprocess.run([sys.executable, "-c", KILLED], check=True)
    assert (folder / "a.units").read_bytes() == whole
    assert list(sizes(folder)) == ["a.units"]


def test_ctrl_c_leaves_the_part_file_and_says_how_to_go_on(folder, capsys):
    arguments = ["mymodel:slow", "layer=1", "out=a.units", "dtype=float16"]
    process = subprocess.Popen([*MAIN, *arguments], stderr=subprocess.PIPE, text=True)
    while sizes(folder).get("a.units.part", 0) < 300_000:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == (
        "note: interrupted: what is recorded is in a.units.part; "
        "go on by the same command with --resume\n"
    )
    assert list(sizes(folder)) == ["a.units.part"]
    assert run(["probe", *arguments]) == 2
    assert "is an unfinished recording" in capsys.readouterr().err
    assert run(["probe", *arguments, "--resume", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 < found["resumed"] < found["batches"] == 120
    assert run(["probe", "mymodel:quick", "layer=1", "out=b.units", "dtype=float16"]) == 0
    assert (folder / "a.units").read_bytes() == (folder / "b.units").read_bytes()


@pytest.mark.parametrize("limit", [400_000, 4_000_000])
def test_a_full_disk_costs_nothing(folder, capsys, limit):
    """By a limit on the size of files: amid the batches, and amid the turning.

    The finished file has a longer header than the part file here, so that it alone can be too large.
    """
    assert run(["probe", "mymodel:quick", "layer=1", "out=b.units"]) == 0
    whole = (folder / "b.units").read_bytes()
    command = ["mymodel:quick", "layer=1", "out=a.units"]
    at = limit if limit < 1e6 else len(whole) - 1
    done = subprocess.run(
        [*MAIN, *command],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (at, at)),
    )
    assert done.returncode == 2
    assert "File too large" in done.stderr
    assert "stay; mend this, then go on with --resume" in done.stderr
    assert list(sizes(folder)) == ["a.units.part"]
    capsys.readouterr()
    assert run(["probe", *command, "--resume", "--json"]) == 0
    n_resumed = json.loads(capsys.readouterr().out)["resumed"]
    assert 1 < n_resumed <= (120 if limit > 1e6 else 10)
    assert (folder / "a.units").read_bytes() == whole


def test_memory_does_not_grow_with_the_recording(folder):
    """400 MB are recorded and a unit is read; the process stays far below."""
    program = textwrap.dedent(
        """
        import resource
        import torch
        from torch import nn
        from logicx import open_units
        from logicx.probe.recording import record

        def batches():
            for i in range(200):
                yield torch.full((1000, 500), float(i))

        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

        record(nn.Identity(), "", [torch.ones(1000, 500)], "b.units")
        before = peak()
        record(nn.Identity(), "", batches(), "a.units", dtype="float32")
        row = open_units("a.units").activations(499)
        assert row.reshape(200, 1000)[:, 0].tolist() == list(range(200))
        print(peak() - before)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True
    )
    assert sizes(folder)["a.units"] > 400e6
    assert float(done.stdout) < 250
