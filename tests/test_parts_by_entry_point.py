"""Parts of other packages, by real entry points, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACK = '''
import numpy as np
import logicx
from logicx.search.heuristics.none import NoHeuristic

@logicx.objective("gmean", directions=(1, -1))
def gmean(tp, fp, n_on, n_cells):
    """Geometric mean of precision and recall."""
    return tp / np.sqrt(np.maximum(1.0, tp + fp) * max(1, n_on))

@logicx.objective("tversky", number="a", examples=[0.5])
def tversky(tp, fp, n_on, n_cells, a):
    """IoU that weighs false alarms."""
    return tp / np.maximum(1.0, a * fp + n_on)

@logicx.heuristic
class Anything(NoHeuristic):
    """Expects everything."""
    def __init__(self):
        super().__init__("anything", "expects everything")

@logicx.threshold("above-mean", number="times", example=2)
def above_mean(activations, times):
    """On above so many times the mean."""
    return times * activations.mean(), np.inf

@logicx.source("lines")
def lines(path, settings, *, name, source, progress):
    """A concept for each line."""
    rows = path.read_text().split()
    return logicx.ConceptBank.from_table({"line": rows}, {"line": "category"}, name=name)
'''
USE = """
import pathlib, warnings
import logicx
warnings.simplefilter("always")
pathlib.Path("d.txt").write_text("a b a")
pathlib.Path("r.toml").write_text('kind = "lines"')
bank = logicx.compile_recipe("r.toml", "d.txt")
units = logicx.Units.from_activations([[5.0, 1.0, 9.0]], "above-mean(0.5)")
for goal in ("gmean", "tversky(0.5)"):
    (found,) = logicx.explain(bank, units, objective=goal, heuristic="anything", length=1)
    print(found.formula, found.objective, found.score)
from logicx.scoring.objectives import OBJECTIVE_KIND, objective_named
print(OBJECTIVE_KIND.identity(objective_named("tversky(2)"))["distribution"])
print(len(objective_named("iou").doc) > 0, "fbeta" in OBJECTIVE_KIND.table())
"""
FOUND = ["line:a gmean 1.0", "line:a tversky(0.5) 1.0", "partpack", "True True"]


def install(folder: Path, groups: str, source: str = PACK) -> None:
    """A package on disk, as pip would leave it."""
    (folder / "partpack.py").write_text(source, encoding="utf-8")
    info = folder / "partpack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: partpack\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("partpack\n")
    (info / "RECORD").write_text("partpack.py,,\n")
    (info / "entry_points.txt").write_text(groups)


def run(folder: Path, script: str = USE, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{Path(__file__).parents[1]}"}
    env.pop("LOGICX_PLUGINS", None)
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**env, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def all_of(entry: str) -> str:
    kinds = ("operators", "objectives", "heuristics", "thresholds", "sources")
    return "\n".join(f"[logicx.{kind}]\nparts = {entry}" for kind in kinds)


BY_NAME = """
[logicx.objectives]
gmean = partpack:gmean
tversky = partpack:tversky
[logicx.heuristics]
anything = partpack:Anything
[logicx.thresholds]
above-mean = partpack:above_mean
[logicx.sources]
lines = partpack:lines
"""


@pytest.mark.parametrize("groups", [all_of("partpack"), BY_NAME])
def test_parts_of_a_package_are_used_by_name(tmp_path, groups):
    """The entry may be the module, or the decorated function or class."""
    install(tmp_path, groups)
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == FOUND
    assert "PluginWarning" not in done.stderr


def test_a_module_that_imports_the_built_in_ones_does_not_own_them(tmp_path):
    """And where it fails, they stay."""
    fails = "import logicx.units.thresholds, logicx.sources.kinds, logicx.search.heuristics\n1 / 0"
    install(tmp_path, "[logicx.objectives]\nparts = partpack\n", fails)
    script = """
from logicx.scoring.objectives import OBJECTIVE_KIND
from logicx.search.heuristics import HEURISTIC_KIND
from logicx.sources.source import SOURCE_KIND
from logicx.units.thresholds import THRESHOLD_KIND
OBJECTIVE_KIND.all()
for kind in (OBJECTIVE_KIND, HEURISTIC_KIND, SOURCE_KIND, THRESHOLD_KIND):
    print(len(kind.all()), all(one.owner.is_builtin for one in kind.all()))
try:
    OBJECTIVE_KIND.get("gmean")
except Exception as error:
    print(error.message)
"""
    done = run(tmp_path, script)
    assert done.returncode == 0, done.stderr
    *lines, told = done.stdout.splitlines()
    assert lines == ["7 True", "9 True", "17 True", "4 True"]
    assert "'parts' of partpack 1.0" in told
    assert done.stderr.count("could not be loaded and is left out: ZeroDivisionError") == 1


def test_plugins_may_be_left_out(tmp_path):
    install(tmp_path, all_of("partpack"))
    done = run(tmp_path, LOGICX_PLUGINS="")
    assert "kind is one of pairs, " in done.stderr
    assert run(tmp_path, LOGICX_PLUGINS="parts").stdout.splitlines() == FOUND
