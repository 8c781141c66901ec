"""A package of operators that was written from the documentation, installed and searched with.

Four units are planted. Each is told at a score of 1 where one operator of the package takes part,
and not without it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installing import Environment

RULES = Path(__file__).parent / "rules"
SEARCHES = {
    "entails": ("steps", "OR, AND, ENTAILS", "water ENTAILS boat"),
    "twothirds": ("steps", "OR, AND, TWOTHIRDS", "TWOTHIRDS(boat, water, sky)"),
    "group": ("atoms", "GROUP", "tree AND GROUP(a color)"),
    "starts": ("atoms", "STARTS", "STARTS(dark) AND NOT river"),
}
"""By unit: the option that lets an operator take part, and what is then found."""

WITHOUT = {"steps": "OR, AND", "atoms": "concepts"}
OPERATORS = ["ENTAILS", "TWOTHIRDS", "GROUP", "STARTS"]

PLANT = """
import numpy as np
from logicx import ConceptBank, Units
names = ["water", "river", "boat", "sky", "tree"]
names += ["dark red", "dark blue", "dark green", "light red", "light blue"]
kinds = ["thing"] * 5 + ["a color", "a color", "B", "B", "a color"]
cells = np.random.default_rng(0).random((len(names), 800)) < 0.3
on = dict(zip(names, cells))
ConceptBank.from_masks(cells, names, categories=kinds).save("b.bank")
Units.from_masks([
    ~on["water"] | on["boat"],
    on["water"].astype(int) + on["boat"] + on["sky"] >= 2,
    (on["dark red"] | on["dark blue"] | on["light blue"]) & on["tree"],
    (on["dark red"] | on["dark blue"] | on["dark green"]) & ~on["river"],
], ["entails", "twothirds", "group", "starts"]).save("u.units")
"""

PYTHON = """
import json, sys
from logicx import ConceptBank, Units, explain
bank, units = ConceptBank.open("b.bank"), Units.open("u.units")
asked = json.loads(sys.argv[1])
told = []
for unit, options in asked:
    (found,) = explain(bank, units, unit=[unit], **options)
    told.append([unit, str(found.formula), found.score])
print(json.dumps(told))
"""

KIT = """
import sys
import numpy as np
from logicx import ConceptBank
from logicx.testing import check_operator
names = ["dark red", "dark blue", "light red", "water"]
cells = np.random.default_rng(0).random((len(names), 60)) < 0.3
for name in sys.argv[1:]:
    check_operator(name)
    check_operator(name, ConceptBank.from_masks(cells, names, categories=["B", "B", "A", "A"]))
"""

pytestmark = pytest.mark.xdist_group("rules")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = Environment(tmp_path_factory.mktemp("rules"), RULES)
    made.run("-c", PLANT)
    return made


def _explained(home, *arguments: str) -> list[list[object]]:
    data = () if (home.folder / "logicx.toml").exists() else ("bank=b.bank", "units=u.units")
    lines = home.logicx("explain", *arguments, *data, "--json").splitlines()
    return [[one["unit"], one["formula"], one["score"]] for one in map(json.loads, lines)]


def test_they_are_listed_with_their_package(home):
    rows = map(json.loads, home.logicx("list", "operator", "--json").splitlines())
    mine = [one["name"] for one in rows if one["owner"] == "logicx-rules 0.1.0 (logicx_rules)"]
    assert mine == OPERATORS


def test_the_kit_finds_nothing_wrong(home):
    home.run("-c", KIT, *OPERATORS)


def test_each_wins_in_python_and_is_missed_without_it(home):
    with_it = [(unit, {key: value}) for unit, (key, value, _) in SEARCHES.items()]
    without = [(unit, {key: WITHOUT[key]}) for unit, (key, _, _) in SEARCHES.items()]
    told = json.loads(home.run("-c", PYTHON, json.dumps([*with_it, *without])))
    assert told[:4] == [[unit, formula, 1.0] for unit, (_, _, formula) in SEARCHES.items()]
    assert [unit for unit, _, _ in told[4:]] == [*SEARCHES]
    assert max(score for _, _, score in told[4:]) < 0.95


@pytest.mark.parametrize("unit", SEARCHES)
def test_each_wins_on_the_command_line(home, unit):
    key, value, formula = SEARCHES[unit]
    assert _explained(home, f"unit={unit}", f"{key}={value}") == [[unit, formula, 1.0]]


def test_all_win_by_settings_of_the_folder_and_none_without_the_package(home):
    settings = home.folder / "logicx.toml"
    settings.write_text(
        'bank = "b.bank"\nunits = "u.units"\natoms = ["GROUP", "STARTS"]\n'
        'steps = ["OR", "AND", "AND NOT", "ENTAILS", "TWOTHIRDS(f, a, b)"]\n'
    )
    try:
        assert _explained(home, "unit=all") == [
            [unit, formula, 1.0] for unit, (_, _, formula) in SEARCHES.items()
        ]
        with pytest.raises(AssertionError, match="'GROUP' cannot make atoms"):
            home.logicx("explain", "unit=all", LOGICX_PLUGINS="")
    finally:
        settings.unlink()


def test_a_formula_is_read_by_symbol_and_scored(home):
    arguments = ("water => boat", "unit=entails", "bank=b.bank", "units=u.units", "--json")
    told = json.loads(home.logicx("score", *arguments))
    assert (told["formula"], told["score"]) == ("water ENTAILS boat", 1.0)
