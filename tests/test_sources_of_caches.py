"""What is cached is named by its source: by every file that it imports, and no list by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from logicx import resources

grimp = pytest.importorskip("grimp")
PACKAGE = Path(resources.__file__).parent


def users_of_kernels() -> list[str]:
    """Modules that have compiled functions."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        if re.search(r"^@\w*(compiled|filtering|entry|compiling)", path.read_text(), re.MULTILINE):
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            found.append(".".join(parts))
    return found


CACHED = ["logicx.demo.data", *users_of_kernels()]


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("logicx", cache_dir=None)


def test_kernels_are_found():
    assert len(CACHED) > 8
    assert "logicx.units.map_kernels" in CACHED


@pytest.mark.parametrize("module", CACHED)
def test_all_that_is_imported_is_hashed(module, graph):
    found = resources.modules_of(module)
    assert graph.find_upstream_modules(module) - {"logicx"} <= found


@pytest.mark.parametrize("module", CACHED)
def test_an_edit_of_each_changes_the_name(module, monkeypatch):
    before = resources.source_hash(module)
    read = resources._read
    hashes = {before}
    files = resources.modules_of(module)
    for edited in files:
        monkeypatch.setattr(
            resources,
            "_read",
            lambda name, edited=edited: (
                (read(name) or b"") + b"#" if name == edited else read(name)
            ),
        )
        hashes.add(resources.source_hash(module))
    assert len(hashes) == len(files) + 1
    monkeypatch.setattr(resources, "_read", read)
    assert resources.source_hash(module) == before
