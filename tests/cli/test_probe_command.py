"""The command probe."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import typer
from recordings import (
    ROOT,
    folder,  # noqa: F401, fixtures
)

from logicx import ConceptBank, Units, open_units
from logicx.cli import run
from logicx.cli.app import app


def test_layers_are_listed(folder, capsys):
    assert run(["probe", "mymodel:quick"]) == 0
    lines = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()[2:]]
    assert [line[:3] for line in lines] == [["0", "Embedding", "1"], ["1", "Linear", "1"]]
    assert lines[1][3].strip() == "[8, 20, 200]"
    assert run(["probe", "mymodel:slow", "--json"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"layer": "0", "type": "Embedding", "calls": 1, "output": [8, 20, 32]},
        {"layer": "1", "type": "Linear", "calls": 1, "output": [8, 20, 200]},
    ]


def test_a_recording_is_listed_and_explained_by_the_other_commands(folder, capsys):
    assert run(["probe", "mymodel:quick", "layer=1", "out=a.units", "dtype=float16"]) == 0
    out = capsys.readouterr().out
    n_cells = open_units("a.units").universe.n_cells
    assert re.match(rf"a\.units: 200 units of layer 1 at {n_cells:,} cells\n  120 batches", out)
    assert run(["units", "units=a.units", "threshold=quantile:0.01", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(listed) == 200
    dense = np.stack([open_units("a.units").activations(i) for i in range(200)])
    assert [one["cells"] for one in listed] == (
        Units.from_activations(dense, "quantile(0.01)").n_on.tolist()
    )
    universe = open_units("a.units").universe
    bank = ConceptBank.from_masks(dense[:3] > 0.2, ["a", "b", "c"], universe=universe)
    bank.save("a.bank")
    command = ["explain", "bank=a.bank", "units=a.units", "threshold=value(0.2)", "unit=1"]
    assert run([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["formula"], found["score"]) == ("b", 1.0)
    assert run(["probe", "mymodel:quick", "layer=1", "out=b.units", "bank=a.bank"]) == 0
    ConceptBank.from_masks(np.eye(2, dtype=bool), ["a", "b"]).save("b.bank")
    capsys.readouterr()
    assert run(["probe", "mymodel:quick", "layer=1", "out=c.units", "bank=b.bank"]) == 2
    assert "the layer gives tokens, but the universe has 2 rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mymodel"], "there is no model 'mymodel'"),
        (["mymodel.py:quick"], None),
        (["mymodel.py"], "MODEL is module:function"),
        (["nomodel:quick"], "there is no module 'nomodel' to import"),
        (["no.model:quick"], "there is no module 'no.model' to import"),
        (["mymodel:quikc", "layer=1", "out=b.units"], "did you mean: quick"),
        (["mymodel:make", "layer=1", "out=b.units"], "must return a model and its batches, not Seq"),
        (["mymodel:quick", "layer=1"], "no out named"),
        (["mymodel:quick", "out=b.units"], "no layer named"),
        (["mymodel:quick", "--resume"], "no layer named"),
        (["mymodel:quick", "layer=1", "out=b.bank"], "its name must end in .units"),
        (["mymodel:quick", "layer=7", "out=b.units"], "the model has no layer '7'"),
        (["mymodel:quick", "layer=1", "out=b.units", "dtype=int8"], "not 'int8'"),
        (["mymodel:quick", "layer=1", "out=b.units", "grid=14"], "grid is height x width, such as"),
        (["mymodel:quick", "layer=1", "out=b.units", "grid=4x4"], "gives 20 tokens in batch 0"),
        (["mymodel:quick", "layer=1", "out=b.units", "bank=no.bank"], "no file no.bank"),
    ],
)  # fmt: skip
def test_mistakes_on_the_command_line(folder, capsys, arguments, message):
    assert run(["probe", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert (message or "there is no model") in err
    assert list(folder.glob("*.units*")) == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def load(:", "importing broken failed: SyntaxError"),
        ("import no_such_package_here", "importing broken failed: ModuleNotFoundError"),
        (
            "def load():\n    return 1 / 0",
            "broken:load failed: ZeroDivisionError: division by zero",
        ),
    ],
)
def test_a_users_own_code_that_fails_is_told_with_its_place(folder, capsys, code, message):
    (folder / "broken.py").write_text(code + "\n")
    sys.modules.pop("broken", None)
    assert run(["probe", "broken:load", "layer=0", "out=a.units"]) == 2
    _, err = capsys.readouterr()
    assert message in err
    assert "broken.py, line" in err
    assert "Traceback" not in err


def test_the_commands_of_the_page_run(folder, capsys):
    """On its first block, written to the file that the page names; and every option is on it."""
    page = (ROOT / "docs" / "probe.md").read_text(encoding="utf-8")
    first, second = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    (folder / "tagger.py").write_text(first)
    bank = second[second.index("units = open_units") : second.index("for one in")]
    commands = re.findall(r"^ {4}(logicx .*?)(?: *#.*)?$", page, flags=re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        if "bank=" in command:
            program = "from tagger import *\nimport numpy as np\nfrom logicx import *\n" + bank
            exec(compile(program, "probe.md", "exec"), {})
        assert run(shlex.split(command)[1:]) == 0, (command, capsys.readouterr())
    names = [one.name for one in typer.main.get_command(app).commands["probe"].params]
    assert [name for name in names if f"`{name}`" not in page] == ["model", "json"]


def test_torch_is_imported_only_to_record():
    program = textwrap.dedent(
        """
        import sys
        import logicx, logicx.units.activations, logicx.units.loading, logicx.cli.probing
        from logicx.cli import run
        run(["probe", "--help"])
        run(["probe", "no:model"])
        assert "torch" not in sys.modules
        """
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
