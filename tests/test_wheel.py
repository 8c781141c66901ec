"""The wheel, built from the sdist, works outside the checkout, grammar and demo included."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder into which the wheel was unpacked."""
    dist = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = dist.glob("*.whl")
    unpacked = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    return unpacked


def test_it_holds_every_data_file_and_no_tests(site):
    shipped = {
        str(path.relative_to(ROOT)): path.read_bytes()
        for folder in ("grammar", "concepts")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    assert len(shipped) >= 4
    unpacked = {
        str(path.relative_to(site / "logicx" / "_data")): path.read_bytes()
        for path in (site / "logicx" / "_data").rglob("*")
        if path.is_file()
    }
    assert unpacked == shipped
    assert {path.name.split("-")[0] for path in site.iterdir()} == {"logicx"}
    assert (site / "logicx" / "py.typed").exists()


def test_it_runs_outside_the_checkout(site, tmp_path, demo_cache):
    program = (
        "import logicx, sys; from logicx.cli import run; "
        "print(logicx.__file__); "
        "sys.exit(run(['score', '(water OR river) AND NOT blue', 'unit=483'])"
        " or run(['grammar']) or run(['compile', 'snli-words', 'data=p.tok']))"
    )
    (tmp_path / "p.tok").write_text("a man\na dog\n")
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == str(site / "logicx" / "__init__.py")
    assert "0.32" in done.stdout
    assert (tmp_path / "snli-words.bank").exists()
