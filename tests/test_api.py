"""Public names: those of a few packages, listed in `docs/api.md`, and no others in the documents."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_api = script("make_api")


def test_the_page_is_made_from_the_code():
    page = make_api.PAGE.read_text(encoding="utf-8")
    assert make_api.page() == page, "run `make api`"


def test_every_package_with_public_names_is_on_the_page():
    faces = [
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for path in (ROOT / "logicx").rglob("__init__.py")
        if "\n__all__ = " in path.read_text(encoding="utf-8")
    ]
    assert sorted(faces) == sorted(make_api.PACKAGES)


@pytest.mark.parametrize("package", make_api.PACKAGES)
def test_a_face_has_its_names_and_no_others(package):
    module = import_module(package)
    for name in module.__all__:
        assert getattr(module, name).__doc__, name
    assert set(module.__all__) <= set(dir(module))
    assert set(module.__all__) == {one for one in module._HOMES if not one.startswith("_")}
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nope'"):
        _ = module.nope


def test_faces_import_nothing_before_it_is_used():
    code = (
        f"import sys, {', '.join(make_api.PACKAGES)};"
        "print([one for one in sys.modules if one.partition('.')[0] in"
        " ('numpy', 'torch', 'matplotlib', 'rich', 'lark')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_documents_import_public_names_only(page):
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.S | re.M)
    code = "\n".join(blocks)
    used = re.findall(r"^\s*(?:from|import) (logicx[\w.]*)", code, re.MULTILINE)
    assert {*used} <= {*make_api.PACKAGES, "logicx.errors"}


def test_blocks_are_checked_on_the_lines_that_they_have():
    code_of = script("check_types").code_of
    page = "# Page\n\n```python\nx = 1\n\ny = x\n```\n\n    not = code\n\n```python\nz = y\n```\n"
    lines = code_of(page).splitlines()
    assert [(n, line) for n, line in enumerate(lines, 1) if line] == [
        (4, "x = 1"),
        (6, "y = x"),
        (12, "z = y"),
    ]
