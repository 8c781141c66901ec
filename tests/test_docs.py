"""Nothing that is registered is undocumented, and what the documents say runs."""

from __future__ import annotations

import re
import shlex
import sys
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import logicx
from logicx.banks.tables import KINDS as COLUMN_KINDS
from logicx.banks.universe import Universe
from logicx.cli import run
from logicx.cli.app import app
from logicx.language.registry import operators
from logicx.runs.parts import kinds
from logicx.runs.presets import PRESETS
from logicx.scoring.objectives import OBJECTIVE_KIND, OBJECTIVES
from logicx.search.heuristics import HEURISTIC_KIND, HEURISTICS
from logicx.sources.source import SOURCE_KIND
from logicx.sources.text.pairs import PairSettings
from logicx.sources.text.settings import DocumentSettings
from logicx.sources.text.tokens import TokenSettings
from logicx.sources.text.vectors import NeighborSettings
from logicx.units.activations import write_activations
from logicx.units.thresholds import THRESHOLD_KIND

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize("op", operators(), ids=lambda op: op.keyword)
def test_operators_are_documented(op):
    assert op.keyword in DOCS["language.md"]
    assert op.doc
    logicx.parse(op.example)


@pytest.mark.parametrize("kind", [OBJECTIVE_KIND, HEURISTIC_KIND, THRESHOLD_KIND, SOURCE_KIND])
def test_parts_have_a_doc_and_stand_on_the_page_of_plugins(kind):
    assert all(one.part.doc for one in kind.all())
    for name in (f"logicx.{kind.name}`", kind.group, f"check_{kind.name}"):
        assert name in DOCS["plugins.md"]


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("search.md", [*OBJECTIVES, "fbeta(b)", *PRESETS]),
        ("text.md", [f"\n{one.name} =" for one in fields(NeighborSettings)]),
        ("heuristics.md", [f"`{one}`" for one in HEURISTICS]),
        ("data.md", [*THRESHOLD_KIND.table(), *COLUMN_KINDS]),
        *(
            ("text.md", [one.name for one in fields(kind)] + [*kind.FORMATS, *kind.FAMILIES])
            for kind in (PairSettings, DocumentSettings, TokenSettings)
        ),
    ],
)
def test_everything_with_a_name_is_documented(page, names):
    assert [name for name in names if name not in DOCS[page]] == []


def test_every_command_and_option_is_explained():
    import typer

    commands = typer.main.get_command(app).commands
    assert len(commands) == 12
    for name, command in commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.help, (name, parameter.name)
    for option in commands["explain"].params:
        known = DOCS["search.md"] + DOCS["data.md"] + README
        assert option.name in known, option.name
    for option in commands["table"].params:
        assert f"`{option.name}`" in DOCS["analysis.md"], option.name
    for option in commands["show"].params:
        assert f"`{option.name}`" in DOCS["show.md"], option.name


def test_links_lead_somewhere():
    for page, text in {"README.md": README, **DOCS}.items():
        folder = ROOT if page == "README.md" else ROOT / "docs"
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (folder / target).exists(), (page, target)


def write_photographs(folder, dice):
    """Two images with masks, of the layout and some of the names of CamVid."""
    image = pytest.importorskip("PIL.Image")
    for kind, shape in (("images", (56, 56, 3)), ("masks", (112, 112))):
        (folder / kind).mkdir(parents=True)
        for i in range(2):
            pixels = dice.integers(0, 3 if kind == "masks" else 256, shape, np.uint8)
            image.fromarray(pixels).save(folder / kind / f"{i}.png")
    (folder / "labels.tsv").write_text("index\tname\n0\tsky\n1\tcar\n2\ttree\n")


def test_every_command_of_the_readme_runs(tmp_path, monkeypatch, capsys, demo_cache, has_pipeline):
    """With files of the names that it uses, and words alone where no tagger is installed."""
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^ {4}(logicx .*)$", README, flags=re.MULTILINE)
    assert len(lines) >= 8
    sentences = ["nobody has hair", "a man sleeps", "people talk", "nobody sleeps"] * 20
    Path("snli_1.0_dev.tok").write_text("\n".join(sentences))
    Path("predictions.csv").write_text("pred\n" + "contradiction\nneutral\n" * 20)
    dice = np.random.default_rng(0)
    np.save("activations.npy", dice.normal(size=(3, 40)).astype(np.float32))
    write_photographs(Path("camvid"), dice)
    places = dice.normal(size=(2 * 9, 1022)).astype(np.float16)
    universe = Universe.pixels(2, 3, 3)
    names = [str(i) for i in range(1022)]
    write_activations(Path("maps.units"), names, 18, "float16", [places], universe=universe)
    for line in lines:
        line = line.replace("min_active=500", "min_active=5")
        line = line.replace("unit=all", "unit=0 unit=1") if "maps.units" in line else line
        line = line if has_pipeline else line.replace("compile snli ", "compile snli-words ")
        arguments = shlex.split(line)[1:]
        assert run(arguments) == 0, (line, capsys.readouterr())
    shown = re.search(r"```console\n\$ logicx (score .*)\n((?:.*\n)*?)```", README)
    assert shown
    capsys.readouterr()
    assert run(shlex.split(shown[1])) == 0
    printed = capsys.readouterr().out.splitlines()
    formulas = [line.split()[:7] for line in shown[2].splitlines()[2:]]
    assert [line.split()[:7] for line in printed[2:]] == formulas


@pytest.mark.parametrize("page", ["README.md", *sorted(DOCS)])
def test_python_in_the_documents_runs(page, capsys, tmp_path, monkeypatch):
    """Each page's blocks, one after the other."""
    monkeypatch.chdir(tmp_path)

    if page == "optimal.md":
        pytest.importorskip("numba")
    text = README if page == "README.md" else DOCS[page]
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    with ExitStack() as scopes:
        for registry in kinds().values():
            scopes.enter_context(registry.scope())
        module = ModuleType(f"page_{Path(page).stem.replace('-', '_')}")
        monkeypatch.setitem(sys.modules, module.__name__, module)  # what is defined can be pickled
        for block in blocks:
            exec(compile(block, page, "exec", dont_inherit=True), module.__dict__)
    if page in ("README.md", "language.md", "plugins.md"):
        assert blocks
