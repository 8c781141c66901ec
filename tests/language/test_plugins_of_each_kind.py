"""A plug-in that fails is left out, whatever kind its entry point says: one warning, all else works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GROUPS = (
    *("operators", "objectives", "heuristics", "strategies", "thresholds", "sources", "presets"),
)
ASK = """
import sys, warnings
import logicx
from logicx.runs.parts import kind_of
from logicx.errors import LogicxError
bank = logicx.ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["water", "blue"])
units = logicx.Units.from_activations([[1.0, 0.0, 0.0, 0.0]], "positive", names=["u"])
for _ in range(2):
    print(len(kind_of(sys.argv[1]).all()) > 0)
    try:
        kind_of(sys.argv[1]).get("zzz")
    except LogicxError as error:
        print(error.message)
print(logicx.explain(bank, units)["u"].formula, logicx.score("water", bank, units, "u").score)
"""
LIST = """
import sys
from logicx.cli import run
for _ in range(2):
    assert run(["list", sys.argv[1]]) == 0
"""


@pytest.fixture
def folder(tmp_path):
    """A package on disk, as pip would leave it, that fails when it is loaded."""
    (tmp_path / "brokenpack.py").write_text("1 / 0", encoding="utf-8")
    info = tmp_path / "brokenpack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brokenpack\nVersion: 1.0\n")
    return tmp_path


def ran(folder: Path, group: str, script: str) -> subprocess.CompletedProcess[str]:
    points = folder / "brokenpack-1.0.dist-info" / "entry_points.txt"
    points.write_text(f"[logicx.{group}]\nbroken = brokenpack\n")
    env = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONUTF8": "1"}
    env.pop("LOGICX_PLUGINS", None)
    done = subprocess.run(
        [sys.executable, "-c", script, group],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("group", GROUPS)
def test_in_python_it_is_one_warning(folder, group):
    done = ran(folder, group, ASK)
    *asked, last = done.stdout.splitlines()
    assert last == "water AND NOT blue 0.5"
    assert asked[::2] == ["True", "True"]
    for told in asked[1::2]:
        assert "it may be in a plug-in that could not be loaded: 'broken' of brokenpack 1.0" in told
    told = "PluginWarning: the plug-in 'broken' of brokenpack 1.0 could not be loaded"
    assert done.stderr.count(told) == done.stderr.count("PluginWarning") == 1
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize("group", GROUPS)
def test_on_the_command_line_it_is_one_note(folder, group):
    (note,) = ran(folder, group, LIST).stderr.splitlines()
    assert note == (
        "note: the plug-in 'broken' of brokenpack 1.0 could not be loaded and is left out: "
        "ZeroDivisionError: division by zero"
    )
