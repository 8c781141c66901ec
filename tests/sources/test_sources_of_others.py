"""Sources that did not come with logicx: how they register, and what they are refused for."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from some_sources import LineSettings, lines

import logicx
from logicx import ConceptBank, compile_recipe
from logicx.cli import run
from logicx.errors import DataError, OptionError, PluginError
from logicx.sources.source import SOURCE_KIND


@pytest.fixture(autouse=True)
def scope():
    with SOURCE_KIND.scope():
        yield


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "d.txt").write_text("a man\na dog\n")
    path = tmp_path / "r.toml"
    path.write_text('kind = "lines"\n[source]\npath = "d.txt"\n[lines]\nfirst = 0\n')
    return path


def register(function, kind="lines", **stated):
    def named(*args, **told):
        return function(*args, **told)

    named.__doc__, named.__module__ = stated.pop("doc", "What it reads."), "somebody.data"
    return logicx.source(kind, **stated)(named)


def test_a_function_is_used_as_the_built_in_ones_are(recipe, capsys):
    register(lines, settings=LineSettings)
    bank = compile_recipe(recipe, changes={"lines.first": 1})
    assert bank.names == ("a", "dog")
    assert bank.name == "r"
    assert bank.source["recipe"]["lines"] == {"first": 1}
    assert (bank.source["file"], bank.source["n_lines"]) == ("d.txt", 1)
    assert len(bank.source["sha256"]) == 64
    out = recipe.parent / "out.bank"
    assert run(["compile", str(recipe), f"out={out}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["concepts"] == 3
    assert ConceptBank.open(out).content == compile_recipe(recipe).content


def test_its_settings_may_be_a_function_of_the_table(recipe):
    def read(given):
        if [*given] != ["first"]:
            raise DataError("lines takes first")
        return LineSettings(given["first"] + 1)

    register(lines, settings=read)
    assert compile_recipe(recipe).names == ("a", "dog")
    with pytest.raises(DataError, match=r"source 'lines' of somebody\.data: lines takes first"):
        compile_recipe(recipe, changes={"lines.last": 1})


def test_its_data_may_be_a_folder(recipe):
    def names(path, settings, *, name, source, progress):
        found = sorted(one.name for one in path.iterdir())
        return ConceptBank.from_masks([[True]] * len(found), found, name=name)

    register(names, folder=True)
    recipe.write_text('kind = "lines"\n')
    bank = compile_recipe(recipe, recipe.parent)
    assert bank.names == ("d.txt", "r.toml")
    assert "sha256" not in bank.source


@dataclass
class Needs:
    many: int
    share: float = 0.5


def test_settings_are_checked_by_their_types(recipe):
    register(lambda path, settings, **told: lines(path, LineSettings(), **told), settings=Needs)
    with pytest.raises(DataError, match="unknown setting 'first'"):
        compile_recipe(recipe)
    recipe.write_text('kind = "lines"\n[source]\npath = "d.txt"\n')
    with pytest.raises(DataError, match="lacks the setting many"):
        compile_recipe(recipe)
    with pytest.raises(DataError, match="many cannot be 'x'"):
        compile_recipe(recipe, changes={"lines.many": "x"})
    assert compile_recipe(recipe, changes={"lines.many": 1, "lines.share": 1}).n_concepts == 3


@pytest.mark.parametrize(
    ("kind", "stated", "why"),
    [
        ("texts", {}, "registers the source name 'texts', which logicx"),
        ("My lines", {}, "registers a source named 'My lines'"),
        ("lines", {"doc": " "}, "has no documentation"),
        ("lines", {"settings": object}, "settings=object, which is no data class"),
        ("lines", {"settings": 3}, "has settings=3"),
    ],
)
def test_what_is_wrong_is_told_at_registration_with_its_owner(kind, stated, why):
    with pytest.raises((PluginError, OptionError), match=why) as caught:
        register(lines, kind, **stated)
    assert "somebody.data" in str(caught.value)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda path, settings, **told: [1], "gives list, not a ConceptBank"),
        (lambda path, settings, **told: {}["a"], "fails: KeyError: 'a'"),
        (lambda path: None, "fails: TypeError"),
        (
            lambda path, settings, **told: ConceptBank.from_masks([[1, 0], [0, 1]], ["a", "a"]),
            "'a'",
        ),
    ],
)
def test_what_is_wrong_is_told_when_it_compiles(recipe, function, why, capsys):
    register(function, settings=LineSettings)
    with pytest.raises((PluginError, DataError), match=why) as caught:
        compile_recipe(recipe)
    assert "source 'lines' of somebody.data" in caught.value.message
    assert run(["compile", str(recipe), f"out={recipe.parent}/o.bank"]) == 2
    assert "somebody.data" in capsys.readouterr().err


def test_a_kind_that_nobody_has_is_told_with_those_that_are_there(recipe):
    register(lines, "rows", settings=LineSettings)
    with pytest.raises(DataError, match=r"kind is one of pairs, .*, coco, .*, rows, not 'lines'"):
        compile_recipe(recipe)
