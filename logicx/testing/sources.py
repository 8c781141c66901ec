"""The kit for sources."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.errors import LogicxError, PluginError
from logicx.parts import Owner
from logicx.sources.recipes import compile_recipe
from logicx.sources.source import SOURCE_KIND, Source, check_part

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER_PROCESS = """
import importlib, sys
for one in filter(None, sys.argv[1].split(",")):
    importlib.import_module(one)
from logicx.sources.recipes import compile_recipe
print(compile_recipe(sys.argv[2], sys.argv[3]).content)
"""


def check_source(
    part: str | Source, data: str | Path, settings: Mapping[str, Any] | None = None
) -> None:
    """Hold a source against all that one must do, on data of yours that it can read.

    It is named in a word and documented; it makes the same bank of the same data, in another folder
    and in another process too, with and without somebody who looks at its progress; the bank can be
    put on file; the data stay as they are; settings that it does not know, data that are not there,
    an empty file and one of any bytes are refused by a `LogicxError` that is about the data.

    Args:
        part: The source, or the kind under which it is registered.
        data: A small file, or folder, that it can read; alone in its folder, as that is copied.
        settings: What the recipe's table of its name holds, in plain values.

    Raises:
        AssertionError: It is not so.
        LogicxError: It gives something else than a bank, or is no source.
    """
    if not isinstance(part, str):
        check_part(part, Owner("the source under test"))
        with SOURCE_KIND.scope():
            SOURCE_KIND.register(part, module="the source under test")
            _check(part.name, Path(data), settings or {})
        return
    check_part(SOURCE_KIND.get(part), Owner("the source under test"))
    _check(part, Path(data), settings or {})


def _check(kind: str, data: Path, settings: Mapping[str, Any]) -> None:
    what = f"source {kind!r}"
    before = _hash(data)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        recipe = _recipe(Path(one), kind, settings)
        bank = compile_recipe(recipe, data)
        assert bank.n_concepts, f"{what} makes a bank without a concept"
        assert bank.name == "r", f"{what} calls the bank {bank.name!r}, not 'r' as it was told"
        for key in ("recipe", *(() if data.is_dir() else ("file", "sha256"))):
            assert key in bank.source, f"{what} forgets {key!r} of the bank's source"
        bank.save(Path(one) / "out.bank")
        opened = ConceptBank.open(Path(one) / "out.bank")
        assert opened.content == bank.content, f"{what}: the bank is another on file"
        steps: list[tuple[int, int]] = []
        again = compile_recipe(recipe, data, lambda done, n: steps.append((done, n)))
        assert again.content == bank.content, f"{what} makes two banks of the same data"
        for done, n in steps:
            assert 0 <= done <= n, f"{what} tells of {done} steps of {n}"
        moved = Path(other) / data.name
        (shutil.copytree if data.is_dir() else shutil.copy)(data, moved)
        moved_bank = compile_recipe(recipe, moved)
        assert moved_bank.content == bank.content, f"{what}: the bank is another in another folder"
        _check_other_process(kind, recipe, data, bank)
        _check_refusals(kind, Path(other), data, settings)
    assert _hash(data) == before, f"{what} changes the data that it reads"


def _recipe(folder: Path, kind: str, settings: Mapping[str, Any]) -> Path:
    """A recipe of that kind; JSON's strings, numbers, lists and truth values are TOML's too."""
    path = folder / "r.toml"
    tables = SOURCE_KIND.get(kind).tables
    lines = [f"kind = {json.dumps(kind)}"]
    if tables:
        lines += [f"[{tables[0]}]", *(f"{k} = {json.dumps(v)}" for k, v in settings.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _check_other_process(kind: str, recipe: Path, data: Path, bank: ConceptBank) -> None:
    """Where Python orders sets in another way; only where the source can be imported there."""
    owner = SOURCE_KIND.owner(SOURCE_KIND.get(kind))
    module = "" if owner.is_builtin else owner.module
    if module and (" " in module or module == "__main__" or find_spec(module) is None):
        return
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", OTHER_PROCESS, module, str(recipe), str(data)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
        )
        assert found.returncode == 0, f"source {kind!r} fails in a new process:\n{found.stderr}"
        assert found.stdout.split()[-1] == bank.content, (
            f"source {kind!r} makes another bank in another process: is a set walked through?"
        )


def _check_refusals(kind: str, folder: Path, data: Path, settings: Mapping[str, Any]) -> None:
    recipe = _recipe(folder, kind, settings)
    _check_refuses(kind, recipe, folder / f"none-{data.name}", "data that are not there")
    if SOURCE_KIND.get(kind).tables:
        odd = {f"{SOURCE_KIND.get(kind).tables[0]}.zzz": "zzz"}
        _check_refuses(kind, recipe, data, "a setting 'zzz'", odd)
    if data.is_dir():
        empty = folder / "empty"
        empty.mkdir()
        _check_refuses(kind, recipe, empty, "an empty folder")
        return
    damaged = folder / f"damaged-{data.name}"
    damaged.write_bytes(b"")
    _check_refuses(kind, recipe, damaged, "an empty file")
    damaged.write_bytes(np.random.default_rng(0).bytes(300))
    _check_refuses(kind, recipe, damaged, "a file of any bytes")


def _check_refuses(
    kind: str, recipe: Path, data: Path, what: str, changes: Mapping[str, Any] | None = None
) -> None:
    try:
        compile_recipe(recipe, data, changes=changes)
    except PluginError as error:
        raise AssertionError(
            f"source {kind!r} does not say what is wrong with {what}: {error.message}"
        ) from error
    except LogicxError:
        return
    raise AssertionError(f"source {kind!r} takes {what}")


def _hash(data: Path) -> str:
    """SHA-256 over a file, or the names and files of a folder."""
    found = sha256()
    for path in sorted(data.rglob("*")) if data.is_dir() else [data]:
        found.update(f"{path.relative_to(data.parent)}".encode())
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()
