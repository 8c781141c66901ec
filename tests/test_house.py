"""The plan of the house: few files on the ground floor, none too long, and no circle of imports.

Which wing may import which is a contract in `pyproject.toml`, which `make check` runs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GROUND = 6
LINES = 400


@pytest.fixture(scope="module")
def graph():
    grimp = pytest.importorskip("grimp")
    return grimp.build_graph("logicx", exclude_type_checking_imports=False, cache_dir=None)


def circles(graph) -> list[list[str]]:
    """Sets of modules of which each imports each, through others or directly."""
    above = {one: graph.find_downstream_modules(one) for one in graph.modules}
    below = {one: graph.find_upstream_modules(one) for one in graph.modules}
    found = {frozenset({one, *above[one] & below[one]}) for one in graph.modules}
    return sorted(sorted(one) for one in found if len(one) > 1)


def test_no_modules_import_each_other(graph):
    assert circles(graph) == []


def test_no_packages_import_each_other(graph):
    """Nor do the parts of any package, be they files or packages."""
    packages = {one.rpartition(".")[0] for one in graph.modules} - {""}
    assert len(packages) > 10
    found = {one: graph.nominate_cycle_breakers(one) for one in packages}
    assert {one: imports for one, imports in found.items() if imports} == {}


def test_a_circle_is_seen(graph):
    ends = {"logicx.errors", "logicx.cli.app"}
    graph.add_import(importer="logicx.errors", imported="logicx.cli.app")
    assert any(ends <= {*one} for one in circles(graph))
    graph.remove_import(importer="logicx.errors", imported="logicx.cli.app")
    assert not any(ends <= {*one} for one in circles(graph))
    assert graph.nominate_cycle_breakers("logicx") == set()
    graph.add_import(importer="logicx.search.space", imported="logicx.search.optimal.scan")
    assert graph.nominate_cycle_breakers("logicx.search") != set()
    graph.remove_import(importer="logicx.search.space", imported="logicx.search.optimal.scan")


def test_few_files_stand_beside_the_wings():
    files = sorted(path.name for path in (ROOT / "logicx").glob("*.py"))
    assert len(files) <= GROUND, files


@pytest.mark.parametrize("folder", ["logicx", "tests", "examples", "benchmarks"])
def test_no_file_is_too_long(folder):
    lines = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert lines
    assert {path: n for path, n in lines.items() if n > LINES} == {}
