"""Operators of other packages, by real entry points, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAND = '''
from logicx import operator

@operator("NAND", form="infix", precedence=30, facts=["commutative"], example="a NAND b")
def nand(a, b):
    """Not both."""
    return not (a and b)
'''
SHOW = """
import sys
from logicx import LogicxError, parse
for _ in range(2):
    try:
        print(repr(parse("water NAND blue")))
    except LogicxError as error:
        print(error)
"""


def install(folder: Path, name: str, source: str, entry: str = "") -> None:
    """A package on disk, as pip would leave it."""
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[logicx.operators]\n{entry or name} = {name}\n")


def run(folder: Path, script: str, plugins: str | None = None) -> list[str]:
    """Output lines of a script in a process that sees the folder's packages."""
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONUTF8": "1"}
    env.pop("LOGICX_PLUGINS", None)
    if plugins is not None:
        env["LOGICX_PLUGINS"] = plugins
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=env,
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("plugins", "is_loaded"),
    [(None, True), ("", False), ("nand", True), (" , nand ", True)],
)
def test_plugins_are_loaded_by_entry_point(tmp_path, plugins, is_loaded):
    install(tmp_path, "nandpack", NAND, entry="nand")
    want = "Apply('NAND', 'water NAND blue')" if is_loaded else "Concept('water NAND blue')"
    assert run(tmp_path, SHOW, plugins) == [want, want]


def test_a_plugin_that_is_named_and_not_installed_is_told(tmp_path):
    install(tmp_path, "nandpack", NAND, entry="nand")
    told = "error[plugin]: LOGICX_PLUGINS names 'nan', and no such plug-in is installed"
    assert told in run(tmp_path, SHOW, "nan")
    assert "  installed: nand" in run(tmp_path, SHOW, "nan")


def test_plugins_are_loaded_only_when_needed(tmp_path):
    install(tmp_path, "nandpack", NAND)
    script = """
import sys, logicx
formula = logicx.Concept("a") & logicx.Concept("b")
print("nandpack" in sys.modules)
logicx.parse("a")
print("nandpack" in sys.modules)
"""
    assert run(tmp_path, script) == ["False", "True"]


def test_a_plugin_outlives_a_scope(tmp_path):
    install(tmp_path, "nandpack", NAND)
    script = """
from logicx.language.operators import REGISTRY
from logicx import parse
with REGISTRY.scope():
    assert parse("a NAND b").operator == "NAND"
"""
    assert run(tmp_path, script + SHOW) == ["Apply('NAND', 'water NAND blue')"] * 2


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        (NAND + "\n1 / 0", "division by zero"),
        ("def (", "invalid syntax"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_named_every_time(tmp_path, broken, why):
    install(tmp_path, "brokenpack", broken, entry="broken")
    install(tmp_path, "xorpack", NAND.replace("NAND", "XNOR"))
    lines = run(tmp_path, SHOW)
    assert len(lines) == 4
    assert lines[:2] == lines[2:]
    start = "error[plugin]: the plug-in 'broken' (brokenpack) cannot be loaded: "
    assert lines[0].startswith(start)
    assert why in lines[0]
    assert lines[1] == "  mend or remove it, or name the plug-ins to load in LOGICX_PLUGINS"
    assert run(tmp_path, SHOW, "xorpack") == ["Concept('water NAND blue')"] * 2


def test_plugins_that_clash_are_both_named(tmp_path):
    install(tmp_path, "onepack", NAND)
    install(tmp_path, "twopack", NAND)
    first, hint, *again = run(tmp_path, SHOW)
    assert again == [first, hint]
    assert first.startswith("error[operator-clash]: ")
    assert "onepack" in first
    assert "twopack" in first
    assert "registers the keyword 'NAND'" in first
    assert "LOGICX_PLUGINS" in hint
    assert run(tmp_path, SHOW, "onepack") == ["Apply('NAND', 'water NAND blue')"] * 2


def test_a_plugin_that_registers_wrongly_is_named(tmp_path):
    install(tmp_path, "wrongpack", NAND.replace('["commutative"]', '["idempotent"]'))
    lines = run(tmp_path, SHOW)
    want = "error[operator]: operator 'NAND' of wrongpack: its truth table is not idempotent"
    assert lines == [want, want]
