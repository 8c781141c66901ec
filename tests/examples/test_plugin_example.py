"""The example of a plug-in, installed into an environment of its own, and used there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installing import ROOT, Environment

from logicx.parts import KINDS

PLUGIN = ROOT / "examples" / "plugin"
PARTS = {
    "operator": "EXCEPT",
    "objective": "kappa",
    "heuristic": "reach",
    "strategy": "greedy",
    "threshold": "otsu",
    "source": "basket",
    "preset": "thrifty",
}
PYTHON = """
import logicx
from logicx import Units, compile_recipe, explain, score
bank = compile_recipe("baskets.toml", "baskets.txt")
units = Units.from_activations([[9.0, 8.0, 0.1, 0.2, 7.0, 3.0]], "otsu", names=["u"])
print(bank.names, units.cut)
print(score("bread ∖ tea", bank, units, "u").counts.tp)
print(score("FREQUENT(bread) -| FREQUENT(tea)", bank, units, "u").counts.fn)
for options in (
    {"strategy": "greedy", "patience": 1, "objective": "kappa"},
    {"heuristic": "reach", "preset": "thrifty", "steps": "OR, AND, AND NOT"},
    {"steps": ["EXCEPT"]},
):
    (found,) = explain(bank, units, length=2, **options)
    print(found.formula, found.score)
from shopping.strategies import Greedy
print(explain(bank, units, strategy=Greedy(patience=2), length=2)["u"].formula)
"""

pytestmark = pytest.mark.xdist_group("plugin")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An environment with the plug-in, and data in its folder."""
    made = Environment(tmp_path_factory.mktemp("plugin"), PLUGIN)
    (made.folder / "baskets.toml").write_text('kind = "basket"\n[basket]\nat_least = 2\n')
    (made.folder / "baskets.txt").write_bytes((PLUGIN / "tests" / "baskets.txt").read_bytes())
    return made


def test_it_has_a_part_of_each_kind():
    assert tuple(PARTS) == KINDS


def test_the_environment_has_its_own_and_the_checkouts_logicx(home):
    code = "import shopping, logicx; print(shopping.__file__); print(logicx.__file__)"
    mine, ours = home.run("-c", code).splitlines()
    assert Path(mine).is_relative_to(home.folder)
    assert Path(ours).is_relative_to(ROOT)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_listed_with_its_owner(home, kind):
    rows = map(json.loads, home.logicx("list", kind, "--json").splitlines())
    (row,) = [one for one in rows if one["name"] == PARTS[kind]]
    assert row["owner"].startswith("logicx-shopping 1.0 (shopping.")
    assert row["doc"]


def test_it_is_used_from_python(home):
    assert home.run("-c", PYTHON).splitlines() == [
        "('bread', 'butter', 'milk', 'tea') ('> 3',)",
        "3",
        "3",
        "bread AND NOT tea 1.0",
        "bread AND NOT tea 1.0",
        "bread EXCEPT tea 1.0",
        "bread AND NOT tea",
    ]


def test_it_is_used_on_the_command_line(home):
    """Settings may stand in a `logicx.toml`."""
    folder = home.folder
    home.logicx("compile", "baskets.toml", "data=baskets.txt", "out=b.bank")
    home.run("-c", "import numpy; numpy.save('a.npy', numpy.array([[9, 8, 0, 0, 7, 3]]))")
    data = ("bank=b.bank", "units=a.npy", "threshold=otsu", "unit=0", "--json")
    told = [
        json.loads(home.logicx(*arguments, *data))
        for arguments in (
            ("score", "bread EXCEPT butter", "objective=kappa"),
            ("explain", "strategy=greedy", "patience=1", "objective=kappa", "length=2"),
            ("explain", "heuristic=reach", "preset=thrifty", "length=2"),
        )
    ]
    assert [(one["formula"], one["objective"], one["score"]) for one in told] == [
        ("bread EXCEPT butter", "kappa", 1 / 3),
        ("bread AND NOT tea", "kappa", 1.0),
        ("bread AND NOT tea", "iou", 1.0),
    ]
    assert told[1]["settings"]["patience"] == 1
    assert told[2]["settings"]["preset"] == "thrifty"
    (folder / "logicx.toml").write_text(
        'bank = "b.bank"\nunits = "a.npy"\nthreshold = "otsu"\nobjective = "kappa"\n'
        'strategy = "greedy"\npatience = 1\nlength = 2\n'
    )
    assert json.loads(home.logicx("explain", "unit=0", "--json")) == told[1]


def test_its_own_tests_pass_there(home):
    tests = PLUGIN / "tests"
    told = home.run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tests), str(tests)
    )
    assert told.startswith("." * len(PARTS) + " ")
