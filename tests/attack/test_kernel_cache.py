"""The cache of machine code, damaged, forged, read-only, full, and made by two at once."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

from logicx.kernels.sealing import SealedFiles, private_folder

ADD = """
import numpy as np
from logicx.kernels import compiling

@compiling()
def doubled(x):
    return x + x

print(doubled(21), doubled(1.5), sum(doubled.stats.cache_hits.values()))
"""
"""A compiled function, used with two types; how many of them came from the cache."""


class Cached:
    """A module with a compiled function, and a cache folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.module, self.folder = folder / "small_kernels.py", folder / "cache"
        self.module.write_text(ADD)

    def command(self, **environment: str) -> dict:
        known = {
            **os.environ,
            "NUMBA_CACHE_DIR": str(self.folder),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        return {
            "args": [sys.executable, "-W", "always", "-c", "import small_kernels"],
            "env": {**known, **environment},
            "cwd": self.module.parent,
            "text": True,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }

    def run(self, **environment: str) -> tuple[str, str]:
        done = subprocess.run(**self.command(**environment), check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip(), done.stderr

    def files(self, ending: str) -> list[Path]:
        return sorted(self.folder.rglob(f"*{ending}"))


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Cached:
    one = Cached(tmp_path_factory.mktemp("cached"))
    assert one.run() == ("42 3.0 0", "")
    assert one.run() == ("42 3.0 2", "")
    return one


DAMAGE = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[:-1],
    "only a seal": lambda content: content[:32],
    "a flipped bit": lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "zeros": lambda content: bytes(len(content)),
    "an unsealed pickle": lambda content: content[32:],
}


def some_files(folder: Path) -> SealedFiles:
    """The files of one function with two entries."""
    files = SealedFiles(str(folder), "small", "stamp")
    for key in ("int", "float"):
        files.save(key, f"code for {key}")
    return files


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_entries_are_not_read_but_made_anew(tmp_path, damage, ending):
    """An empty one once ended in "interrupted", others in an UnpicklingError."""
    files = some_files(tmp_path)
    assert files.load("int") == "code for int"
    for path in tmp_path.glob(f"*{ending}"):
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert files.load("int") is None
    files.save("int", "new code")
    assert files.load("int") == "new code"


def test_a_pickle_without_its_seal_is_never_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "was run"),)

    files = some_files(tmp_path)
    for path in tmp_path.glob("*.nb*"):
        path.write_bytes(pickle.dumps(Evil()))
    assert files.load("int") is None
    assert not (tmp_path / "was run").exists()


def test_entries_that_are_exchanged_are_not_taken_for_each_other(tmp_path):
    """As two processes could, which each number their first entry 1."""
    files = some_files(tmp_path)
    first, second = sorted(tmp_path.glob("*.nbc"))
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    assert files.load("int") is files.load("float") is None


@pytest.mark.parametrize("stated", ["version", "stamp"])
def test_entries_of_other_code_are_not_read(tmp_path, stated):
    some_files(tmp_path)
    files = SealedFiles(str(tmp_path), "small", "stamp" if stated == "version" else "other")
    files._version = "0.1" if stated == "version" else files._version
    assert files.load("int") is None


def test_a_process_drops_what_is_damaged_and_compiles_it(cached):
    assert (next(cached.folder.iterdir()).stat().st_mode & 0o777) == 0o700
    for i, path in enumerate((*cached.files(".nbi"), *cached.files(".nbc"))):
        path.write_bytes(b"" if i < 2 else path.read_bytes()[:-1])
    assert cached.run() == ("42 3.0 0", "")
    assert cached.run() == ("42 3.0 2", "")


def test_a_folder_that_others_may_write_to_is_not_used(cached):
    folder = next(cached.folder.iterdir())
    folder.chmod(0o777)
    try:
        said, told = cached.run()
    finally:
        folder.chmod(0o700)
    assert said == "42 3.0 0"
    assert told.count("CacheWarning: compiled functions are not kept") == 1
    assert f"{folder} may be written to by others" in told


def test_a_folder_of_another_user_is_not_used(tmp_path, monkeypatch):
    folder = tmp_path / "kernels"
    folder.mkdir(mode=0o700)
    assert private_folder(folder) == ""
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert private_folder(folder) == f"{folder} belongs to another user"


def test_a_place_that_is_no_folder_costs_time_only(tmp_path):
    one = Cached(tmp_path)
    one.folder.write_text("a file")
    assert one.run()[0] == "42 3.0 0"


@pytest.mark.skipif(os.name != "posix", reason="full devices are made by limits of POSIX")
def test_a_full_disk_costs_time_only(tmp_path):
    """No file may grow beyond 100 bytes, as where nothing is left."""
    one = Cached(tmp_path)
    limits = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limits += "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    one.module.write_text(limits + ADD)
    command = one.command(PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(**command, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "42 3.0 0"), done.stderr
    assert not one.files(".part")
    assert not one.files(".nbc")


def test_many_processes_make_the_entries_at_once(tmp_path):
    one = Cached(tmp_path)
    running = [subprocess.Popen(**one.command()) for _ in range(3)]
    for process in running:
        said, told = process.communicate()
        assert (process.returncode, said[:6], told) == (0, "42 3.0", "")
    one.run()
    assert one.run() == ("42 3.0 2", "")
    assert not one.files(".part")
