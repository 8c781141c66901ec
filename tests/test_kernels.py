"""Compiling for the first time takes long, so it is told: once, and only where it takes place."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("numba")

from logicx.cli import render
from logicx.kernels import compiled as kernels

TOLD = "compiling the test for this machine: about 3 s, this once"

CODE = """
import logging, sys
import numpy as np
{before}
from logicx.kernels import compiling

def half(x):
    return x // 2

def whole(x):
    return 2 * x

made = [compiling(what="the test", seconds=3)(one) for one in (half, whole)]
assert [one(np.int64(4)) for one in made] == [2, 8]
assert made[0](4.0) == 2.0
"""


@pytest.fixture
def run(tmp_path):
    """What a program that compiles two functions tells, with a cache of its own."""

    def ran(before=""):
        path = tmp_path / "program.py"
        path.write_text(CODE.format(before=before))
        return subprocess.run(
            [sys.executable, str(path)],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
        ).stderr

    return ran


def test_it_is_told_once_and_only_the_first_time(run):
    seen = "sys.ps1 = '>>> '"
    assert run(seen) == f"note: {TOLD}\n"
    assert run(seen) == ""


def test_nobody_is_told_where_nobody_looks(run):
    assert run() == ""


def test_a_program_hears_of_it_through_logging(run):
    heard = "logging.basicConfig(level=logging.INFO, format='%(name)s %(message)s')\nsys.ps1 = ''"
    assert run(heard) == f"logicx {TOLD}\n"


def test_the_command_line_shows_it_as_a_note(monkeypatch, capsys):
    log = logging.getLogger("logicx")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "level", log.level)
    render.show_log()
    render.show_log()
    teller = kernels._Teller()
    compiled = SimpleNamespace(data={"dispatcher": SimpleNamespace(py_func=run_nothing)})
    monkeypatch.setitem(kernels._FIRST_TIMES, run_nothing, TOLD)
    teller.on_start(compiled)
    teller.on_start(compiled)
    assert capsys.readouterr().err == f"note: {TOLD}\n"


def run_nothing():
    """A function whose compilation is told."""


def test_code_that_cannot_be_kept_is_told_with_the_remedy():
    assert "in every process" in kernels._first_time("the test", 3, is_kept=False)
    assert "LOGICX_CACHE" in kernels._first_time("the test", 3, is_kept=False)


def test_every_kernel_that_python_calls_says_what_it_is_part_of():
    from logicx.engines import compiled, counting
    from logicx.search.optimal import scan
    from logicx.units import map_kernels

    for made in (
        *(compiled.start, compiled.lay_atoms, compiled.grow),
        *(counting.together, counting.count_on, counting.read_unit),
        *(scan.scan, map_kernels._visit),
    ):
        assert "this once" in kernels._FIRST_TIMES[made.py_func]
