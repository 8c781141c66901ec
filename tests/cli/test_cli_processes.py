"""The command line in processes of its own: interrupted, before a closed pipe, at start-up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
from lake_folder import folder  # noqa: F401, fixtures

from logicx import ConceptBank, Units


def test_interrupting_keeps_what_was_found(tmp_path):
    """SIGINT during a long run: status 130, and the lines that were printed are whole."""
    dice = np.random.default_rng(0)
    masks = dice.random((400, 4000)) < 0.05
    ConceptBank.from_masks(masks, [f"c{i}" for i in range(400)]).save(tmp_path / "a.bank")
    Units.from_masks(dice.random((500, 4000)) < 0.2).save(tmp_path / "a.units")
    arguments = ["explain", "bank=a.bank", "units=a.units", "unit=all", "length=8", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from logicx.cli import main; main()", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    first = process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    with process:  # not communicate(), which would pass over what readline() has buffered
        rest, err = process.stdout.read(), process.stderr.read()
    lines = [json.loads(line) for line in [first, *rest.splitlines()]]
    assert process.returncode == 130
    assert 1 <= len(lines) < 500
    assert f"interrupted: {len(lines)} of 500 units are done" in err


def test_a_closed_pipe_is_no_error(folder):
    command = f"{sys.executable} -c 'from logicx.cli import main; main()' grammar | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("// The formula language")
    assert done.stderr == ""


def test_what_start_up_imports():
    """`import logicx` and `--help` load nothing heavy; `score` does without torch."""
    program = textwrap.dedent(
        """
        import sys
        import logicx
        heavy = ["torch", "spacy", "gensim", "numba", "scipy", "matplotlib", "pandas", "pyarrow"]
        assert not [name for name in [*heavy, "numpy", "lark", "rich"] if name in sys.modules]
        from logicx.cli import run
        run(["--help"])
        assert not [name for name in [*heavy, "numpy", "lark"] if name in sys.modules]
        assert run(["score", "water", "unit=483"]) == 0
        assert not [name for name in heavy if name in sys.modules], sys.modules.keys()
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
