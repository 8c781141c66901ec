"""Parts on the command line: lists of them, help by strategy, and options of a strategy of one's own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from lake_folder import call, folder  # noqa: F401, fixtures
from some_strategies import Greedy

from logicx import ConceptBank, Preset, Units, explain, register
from logicx.runs.parts import kinds
from logicx.runs.presets import PRESET_KIND, PRESETS
from logicx.runs.strategies.registry import STRATEGY_KIND


@pytest.fixture
def own():
    with STRATEGY_KIND.scope(), PRESET_KIND.scope():
        register("strategy", Greedy)
        register("preset", Preset("thrifty", "each concept once", distinct=(9, 9)))
        yield


def rows(capsys, *arguments):
    status, out, err = call(capsys, "list", *arguments, "--json")
    assert (status, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def test_every_kind_is_listed_with_name_doc_and_owner(folder, capsys, own):
    listed = rows(capsys)
    assert [one["kind"] for one in listed] == [*kinds()]
    for kind in kinds().values():
        for name in (kind.name, kind.group.removeprefix("logicx.")):
            found = rows(capsys, name)
            assert [one["name"] for one in found] == [one.name for one in kind.all()]
            assert all(sorted(one) == ["doc", "name", "owner"] for one in found)
            assert all(one["doc"] and "\n" not in one["doc"] for one in found)
    owners = {one["name"]: one["owner"] for one in rows(capsys, "strategies")}
    assert owners == {
        **dict.fromkeys(("beam", "optimal", "exhaustive"), "logicx"),
        "greedy": "some_strategies",
    }
    owners = {one["name"]: one["owner"] for one in rows(capsys, "preset")}
    assert owners == {**dict.fromkeys(PRESETS, "logicx"), "thrifty": __name__}
    _, out, _ = call(capsys, "list", "strategy")
    assert out.splitlines()[0] == "4 strategies"
    status, _, err = call(capsys, "list", "strtegy")
    assert status == 2
    assert "did you mean: strategy?" in err


def test_a_strategy_of_ones_own_takes_its_options(folder, capsys, own):
    bank, units = ConceptBank.open("lake.bank"), Units.open("net.units")
    arguments = ["explain", "unit=483", "strategy=greedy", "--json"]
    for written, given in (
        (["tries=2"], {"tries": 2}),
        (["tries=3", "weight=0.5", "loud=yes"], {"tries": 3, "weight": 0.5, "loud": True}),
        ([], {}),
    ):
        status, out, _ = call(capsys, *arguments, *written)
        (wanted,) = explain(bank, units, unit="483", strategy=Greedy(**given))
        assert status == 0
        assert json.loads(out) == json.loads(json.dumps(wanted.as_dict()))
    for wrong, message in (
        ("tries=two", "tries must be a whole number, not 'two'"),
        ("weight=much", "weight must be a number, not 'much'"),
        ("loud=loud", "loud must be true or false"),
        ("pace=2", "no option 'pace', neither of explain nor of the strategy greedy"),
        ("beam=3", "beam means nothing to the strategy greedy"),
        ("--tries", "No such option"),
        ("fast", "unexpected extra argument (fast)"),
    ):
        status, out, err = call(capsys, *arguments[:-1], wrong)
        assert (status, out) == (2, "")
        assert message in err
    status, _, err = call(capsys, "explain", "unit=483", "tries=2")
    assert status == 2
    assert "unexpected extra argument (tries=2)" in err


def test_settings_name_it_and_its_options(folder, capsys, own):
    settings = 'bank = "lake.bank"\nunits = "net.units"\nunit = 483\nstrategy = "greedy"\n'
    (folder / "logicx.toml").write_text(settings + 'tries = 2\nweight = "0.5"\n')
    _, out, _ = call(capsys, "explain", "--json")
    found = json.loads(out)["settings"]
    assert (found["strategy"], found["tries"], found["weight"]) == ("greedy", 2, 0.5)
    _, out, _ = call(capsys, "explain", "tries=3", "--json")
    assert json.loads(out)["settings"]["tries"] == 3
    _, out, _ = call(capsys, "explain", "strategy=beam", "--json")
    assert json.loads(out)["settings"]["strategy"] == "beam"
    (folder / "logicx.toml").write_text(settings + "pace = 2\n")
    assert "unknown setting 'pace'" in call(capsys, "explain")[2]
    settings = settings.replace('"greedy"', '"beam"\npreset = "thrifty"')
    (folder / "logicx.toml").write_text(settings)
    _, out, _ = call(capsys, "explain", "--json")
    assert json.loads(out)["settings"]["preset"] == "thrifty"


def test_journals_of_it_can_be_resumed_and_only_with_its_options(folder, capsys, own):
    command = ["explain", "unit=all", "strategy=greedy", "tries=2", "out=run.jsonl"]
    assert call(capsys, *command)[0] == 0
    status, _, err = call(capsys, *command, "--resume")
    assert status == 0
    assert "was complete already" in err
    command[3] = "tries=3"
    status, _, err = call(capsys, *command, "--resume")
    assert status == 2
    assert "tries is 2 there, 3 now" in err


def test_help_has_a_section_for_each_strategy(capsys):
    _, out, _ = call(capsys, "explain", "--help")
    sections = out.split("Options")
    for text, options in (
        (" of the strategy beam:", ["--beam", "--preset", "--bound-time", "[default: 10]"]),
        (" of the strategy optimal:", ["--time-limit", "--node-limit"]),
        (" of the strategy optimal and exhaustive:", ["--shape"]),
        (":", ["--length", "--threads", "--help"]),
    ):
        (section,) = [one for one in sections if one.startswith(text)]
        assert [one for one in options if one not in section] == []


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from logicx.cli import run; run(['explain', '--help']); "
        "print([one for one in ('numpy', 'torch', 'numba', 'rich') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
