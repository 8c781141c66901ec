"""Streams, signals and surroundings of every kind, each with a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from logicx import ConceptBank, Units, explain, run_journal
from logicx.errors import FileError, LogicxError, visible

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shells and signals of POSIX")

LOGICX = f"{sys.executable} -c 'from logicx.cli import main; main()'"
MAIN = [sys.executable, "-c", "from logicx.cli import main; main()"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bank whose names are not all ASCII, and its units."""
    folder = tmp_path_factory.mktemp("place")
    random = np.random.default_rng(0)
    names = ["Wässer", "川", "sky", *(f"c{i}" for i in range(200))]
    masks = random.random((len(names), 300)) < 0.3
    ConceptBank.from_masks(masks, names, name="Gewässer").save(folder / "a.bank")
    Units.from_masks(masks[:3]).save(folder / "a.units")
    return folder


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


SCORE = f"{LOGICX} score Wässer unit=0 bank=a.bank units=a.units"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_lose_what_is_printed_and_nothing_else(place, closed):
    """A file that is opened must not get the number of a closed stream."""
    before = (place / "a.bank").read_bytes()
    done = shell(f"{SCORE} {closed}", place)
    assert done.returncode == 0, done.stderr
    assert (b"Gew" in done.stdout) == (closed == "2>&-")
    assert done.stderr == b""
    assert (place / "a.bank").read_bytes() == before


def test_an_error_keeps_its_status_where_nobody_can_read_it(place):
    assert (
        shell(f"{LOGICX} score river bank=a.bank units=a.units unit=0 2>&-", place).returncode == 2
    )


@pytest.mark.parametrize(
    ("environment", "seen"),
    [
        ({"PYTHONIOENCODING": "ascii"}, rb"W\xe4sser"),
        ({"PYTHONIOENCODING": "latin-1"}, "Wässer".encode("latin-1")),
        ({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, rb"W\xe4sser"),
        ({"LANG": "C", "LC_ALL": ""}, "Wässer".encode()),
    ],
)
def test_characters_that_a_stream_lacks_are_escaped(place, environment, seen):
    done = shell(f"{LOGICX} concepts bank=a.bank 'W*'", place, **environment)
    assert done.returncode == 0, done.stderr
    assert seen in done.stdout.replace(rb"\\xe4", rb"\xe4")
    done = shell(f"{LOGICX} concepts bank=a.bank --json", place, **environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[1])["name"] == "川"


def test_a_reader_that_has_seen_enough_is_no_failure(place):
    done = shell(f"{LOGICX} concepts bank=a.bank | head -1; echo ${{PIPESTATUS[0]}}", place)
    assert done.stdout.splitlines()[-1] == b"0"
    assert done.stderr == b""


def test_a_full_device_is_told(place):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    done = shell(f"{SCORE} > /dev/full", place)
    assert done.returncode == 1
    assert done.stderr == b"error[output]: cannot write: No space left on device\n"


def started(program: str, arguments: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    """A program that ran in a folder."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("delay", [0.002, 0.05, 0.15, 0.3])
def test_an_interrupt_while_it_starts_is_one_line(place, delay):
    """SIGINT so long after the first import: in the midst of NumPy, Numba or Typer."""
    program = textwrap.dedent(
        f"""
        import os, signal
        from logicx.cli import main
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        signal.setitimer(signal.ITIMER_REAL, {delay})
        main()
        """
    )
    arguments = ["explain", "bank=a.bank", "units=a.units", "unit=0", "engine=numba"]
    done = started(program, arguments, place)
    if done.returncode != 0:  # else it was quicker
        assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_an_import_that_an_interrupt_breaks_is_an_interrupt(place):
    """Some extensions turn it into an ImportError."""
    program = textwrap.dedent(
        """
        import os, signal, sys
        from logicx.cli import main

        class Broken:
            def find_spec(self, name, path=None, target=None):
                if name == "numpy":
                    try:
                        os.kill(os.getpid(), signal.SIGINT)
                    except KeyboardInterrupt:
                        raise ImportError("numpy.core.multiarray failed to import") from None

        sys.meta_path.insert(0, Broken())
        main()
        """
    )
    arguments = ["score", "sky", "bank=a.bank", "units=a.units", "unit=0"]
    done = started(program, arguments, place)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_the_end_of_a_file_is_not_an_interrupt(place):
    """An EOFError once ended in "interrupted"."""
    program = "import logicx.cli.commands as c\ndef broken(*_): raise EOFError('cut off')\n"
    program += "c.open_data = broken\nfrom logicx.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "score", "sky"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "EOFError: cut off" in done.stderr


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    program = textwrap.dedent(
        """
        import os, signal
        import numpy as np
        import safetensors.numpy
        from logicx import ConceptBank
        bank = ConceptBank.from_masks(np.eye(3, dtype=bool), ["a", "b", "c"])
        save = safetensors.numpy.save_file
        def killed(*given):
            save(*given)
            os.kill(os.getpid(), signal.SIGKILL)
        safetensors.numpy.save_file = killed
        bank.save("a.bank")
        """
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False)
        assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.glob(".a.bank.*.part")  # of the two, the second removed the first's
    other = tmp_path / ".a.bank.x.abcdefgh.part"
    other.write_bytes(b"of a file that is called a.bank.x")
    bank = ConceptBank.from_masks(np.eye(3, dtype=bool), ["a", "b", "c"])
    bank.save(tmp_path / "a.bank")
    assert sorted(one.name for one in tmp_path.iterdir()) == [other.name, "a.bank"]
    assert not left.exists()


def test_a_writer_that_is_at_work_keeps_its_file(tmp_path):
    from logicx.banks.replacing import replacing

    path = tmp_path / "a.txt"
    with replacing(path) as first:
        first.write_text("first")
        with replacing(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
        assert first.exists()
    assert path.read_text() == "first"
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"beam": 10**12}, "beam may be 100,000 at most, not 1,000,000,000,000"),
        ({"length": 10**9}, "length may be 1,000 at most, not 1,000,000,000"),
        ({"length": 10**9, "strategy": "optimal", "time_limit": 1}, "length may be 1,000 at most"),
        ({"length": 10**9, "strategy": "exhaustive"}, "length may be 1,000 at most"),
    ],
)
def test_sizes_beyond_all_reason_are_refused_at_once(place, options, told):
    bank, units = ConceptBank.open(place / "a.bank"), Units.open(place / "a.units")
    with pytest.raises(LogicxError, match=told):
        explain(bank, units, **options)


def test_a_beam_that_exceeds_memory_is_refused_at_once(place, monkeypatch):
    from logicx.runs import beams

    monkeypatch.setattr(beams, "_memory", lambda: 1 << 20)
    monkeypatch.setattr(beams, "SMALL", 1 << 20)
    bank, units = ConceptBank.open(place / "a.bank"), Units.open(place / "a.units")
    with pytest.raises(LogicxError, match="a beam of 10,000 over 203 concepts takes"):
        explain(bank, units, beam=10_000)
    assert explain(bank, units, beam=10)


def test_what_would_steer_a_terminal_is_escaped(place):
    done = subprocess.run(
        [*MAIN, "score", "sky", "bank=\x1b[2J\x07.bank", "units=a.units", "unit=0"],
        cwd=place,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert rb"no file \x1b[2J\x07.bank" in done.stderr
    (place / "logicx.toml").write_text('bank = "a\\u0000b.bank"\nunits = "a.units"\n')
    try:
        done = shell(f"{LOGICX} score sky unit=0", place)
    finally:
        (place / "logicx.toml").unlink()
    assert done.returncode == 2
    assert b"\0" not in done.stderr
    assert b"Traceback" not in done.stderr


def test_visible_text():
    assert visible("Wässer 川 ok") == "Wässer 川 ok"
    assert visible("a\0b\x1b[31m\u202ec\n\ud800") == "a\\x00b\\x1b[31m\\u202ec\n\\ud800"


def test_a_clock_that_jumps_changes_nothing(tmp_path):
    """What is on file depends on no clock; a limit is of CPU time."""
    program = textwrap.dedent(
        """
        import itertools, sys, time
        import numpy as np
        jumps = itertools.cycle([1e9, -5e9, 0.0, 3e9])
        if sys.argv[1] == "jumps":
            time.time = lambda: next(jumps)
        from logicx import ConceptBank, Units, explain, run_journal
        masks = np.random.default_rng(0).random((8, 90)) < 0.3
        bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(8)])
        units = Units.from_masks(masks[::-1] ^ (np.arange(90) % 7 == 0))
        bank.save(sys.argv[1] + ".bank")
        plan = explain(bank, units, strategy="optimal", length=2, time_limit=60)
        run_journal(plan, sys.argv[1] + ".jsonl")
        """
    )
    for one in ("steady", "jumps"):
        subprocess.run([sys.executable, "-c", program, one], cwd=tmp_path, check=True)
    for ending in (".bank", ".jsonl"):
        steady, jumps = (tmp_path / f"{one}{ending}" for one in ("steady", "jumps"))
        assert steady.read_bytes() == jumps.read_bytes()


def test_a_terminal_of_twenty_columns_shows_every_number(place):
    """In a terminal of its own, whose width is what COLUMNS says."""
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*MAIN, "explain", "bank=a.bank", "units=a.units", "unit=0", "engine=numpy"],
        cwd=place,
        env={**os.environ, "COLUMNS": "20", "TERM": "xterm"},
        stdout=slave,
        stderr=subprocess.PIPE,
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    _, told = process.communicate()
    os.close(master)
    assert process.returncode == 0, told
    assert b"1.0000" in shown
    assert "Wässer".encode() in shown
    assert b"the terminal is too narrow for" in told


def test_a_journal_of_deeply_nested_json_is_refused(tmp_path):
    from logicx import read_journal
    from logicx.errors import JournalError

    bank = ConceptBank.from_masks(np.eye(3, dtype=bool), ["a", "b", "c"])
    path = tmp_path / "run.jsonl"
    run_journal(explain(bank, Units.from_masks(np.eye(3, dtype=bool)), length=1), path)
    with path.open("ab") as file:
        file.write(
            b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b', "check": "0123456789abcdef"}\n'
        )
    with pytest.raises(JournalError, match="line 5 is damaged or was altered"):
        list(read_journal(path))
    path.write_bytes(b'{"format": "logicx journal", "a": ' + b"[" * 100_000 + b"\n")
    with pytest.raises(FileError, match="line 1 is damaged"):
        read_journal(path)
