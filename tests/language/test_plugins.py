"""Operators of other packages, by real entry points, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAND = '''
from logicx import operator

@operator("SHEFFER", form="infix", precedence=30, facts=["commutative"], example="a SHEFFER b")
def nand(a, b):
    """Not both."""
    return not (a and b)
'''
READ = "Apply('SHEFFER', (Concept('water'), Concept('blue')))"
SHOW = """
import sys
from logicx import LogicxError, parse
for _ in range(2):
    try:
        print(repr(parse("water SHEFFER blue")))
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


def ran(folder: Path, script: str, plugins: str | None = None) -> subprocess.CompletedProcess[str]:
    """A script in a process that sees the folder's packages."""
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
    return done


def run(folder: Path, script: str, plugins: str | None = None) -> list[str]:
    """Output lines of a script in a process that sees the folder's packages."""
    return ran(folder, script, plugins).stdout.splitlines()


@pytest.mark.parametrize(
    ("plugins", "is_loaded"),
    [(None, True), ("", False), ("nand", True), (" , nand ", True)],
)
def test_plugins_are_loaded_by_entry_point(tmp_path, plugins, is_loaded):
    install(tmp_path, "nandpack", NAND, entry="nand")
    want = READ if is_loaded else "Concept('water SHEFFER blue')"
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
from logicx.language.registry import OPERATORS
from logicx import parse
with OPERATORS.scope():
    assert parse("a SHEFFER b").operator == "SHEFFER"
"""
    assert run(tmp_path, script + SHOW) == [READ] * 2


BROKEN = [
    ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    (NAND + "\n1 / 0", "ZeroDivisionError: division by zero"),
    ("def (", "SyntaxError: invalid syntax"),
    (
        NAND.replace('["commutative"]', '["idempotent"]'),
        "operator 'SHEFFER' of brokenpack 1.0 (brokenpack): its truth table is not idempotent",
    ),
    (
        NAND.replace('"a SHEFFER b"', '"a SHEFFER"'),
        "operator 'SHEFFER' of brokenpack 1.0 (brokenpack): its example 'a SHEFFER' does not use it",
    ),
    (
        NAND.replace('"a SHEFFER b"', '"a SHEFFER (b"'),
        "operator 'SHEFFER' of brokenpack 1.0 (brokenpack): its example is not read: "
        "a parenthesis is not closed",
    ),
]


@pytest.mark.parametrize(("broken", "why"), BROKEN)
def test_a_plugin_that_cannot_be_loaded_is_named_once_and_left_out(tmp_path, broken, why):
    install(tmp_path, "brokenpack", broken, entry="broken")
    install(tmp_path, "xorpack", NAND.replace("SHEFFER", "XNOR"))
    done = ran(tmp_path, SHOW + "print(repr(parse('a XNOR NOT b')))")
    nand, again, xnor = done.stdout.splitlines()
    assert nand == again == "Concept('water SHEFFER blue')"
    assert xnor == "Apply('XNOR', (Concept('a'), Apply('NOT', (Concept('b'),))))"
    told = "PluginWarning: the plug-in 'broken' of brokenpack 1.0 could not be loaded"
    assert done.stderr.count(told) == 1
    assert why in done.stderr
    assert "PluginWarning" not in ran(tmp_path, SHOW, "xorpack").stderr


NEEDS_IT = """
import warnings
from logicx import Apply, Concept, ConceptBank, LogicxError, Units, canonical, parse, score
from logicx.errors import PluginWarning
warnings.simplefilter("ignore", PluginWarning)
bank = ConceptBank.from_masks([[1, 0], [0, 1]], ["a", "b"])
units = Units.from_masks([[1, 0]])
nand = Apply("SHEFFER", (Concept("a"), Concept("b")))
for use in (
    lambda: score("a SHEFFER b", bank, units, 0),
    lambda: score(nand, bank, units, 0),
    lambda: parse("SHEFFER(a, b)"),
    lambda: str(nand),
    lambda: canonical(nand),
):
    try:
        use()
    except LogicxError as error:
        print(error.message)
print(score("a AND NOT b", bank, units, 0).score)
"""


def test_a_formula_that_needs_a_plugin_that_is_left_out_says_so(tmp_path):
    install(tmp_path, "brokenpack", "1 / 0", entry="broken")
    *refusals, score = run(tmp_path, NEEDS_IT)
    assert score == "1.0"
    assert len(refusals) == 5
    for one in refusals:
        assert "SHEFFER" in one
        assert "a plug-in that could not be loaded: 'broken' of brokenpack 1.0" in one


def test_the_command_line_notes_a_plugin_that_is_left_out(tmp_path):
    install(tmp_path, "brokenpack", "1 / 0", entry="broken")
    script = """
from logicx.cli import run
for _ in range(2):
    assert run(["operators"]) == 0
"""
    done = ran(tmp_path, script)
    assert done.stdout.count("ATLEAST(k, a, ...)") == 2
    (note,) = done.stderr.splitlines()
    assert note == (
        "note: the plug-in 'broken' of brokenpack 1.0 could not be loaded and is left out: "
        "ZeroDivisionError: division by zero"
    )


def test_plugins_that_clash_are_both_named_and_the_first_stays(tmp_path):
    install(tmp_path, "onepack", NAND)
    install(tmp_path, "twopack", NAND)
    done = ran(tmp_path, SHOW)
    assert done.stdout.splitlines() == [READ] * 2
    assert done.stderr.count("PluginWarning") == 1
    assert "registers the operator keyword 'SHEFFER', which" in done.stderr
    assert "onepack 1.0" in done.stderr
    assert "twopack 1.0" in done.stderr
    assert ran(tmp_path, SHOW, "onepack").stdout.splitlines() == [READ] * 2


def test_an_entry_point_may_name_the_function_itself(tmp_path):
    install(tmp_path, "nandpack", NAND, entry="nand")
    points = tmp_path / "nandpack-1.0.dist-info" / "entry_points.txt"
    points.write_text("[logicx.operators]\nnand = nandpack:nand\n")
    done = ran(tmp_path, SHOW)
    assert done.stdout.splitlines() == [READ] * 2
    assert done.stderr == ""


def test_without_docstrings_everything_works(tmp_path):
    """`python -OO` drops them."""
    install(tmp_path, "nandpack", NAND)
    for script in (
        "import logicx; logicx.parse('a AND b SHEFFER NOT c')",
        "from logicx.cli import main; main(['operators'])",
        "from logicx.cli import main; main(['--help'])",
        "from logicx.cli import main; main(['grammar'])",
    ):
        done = subprocess.run(
            [sys.executable, "-OO", "-c", script],
            env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"},
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
