"""Files: those that ship with logicx, in a wheel and in a source checkout alike, and caches."""

from __future__ import annotations

import os
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

__version__ = "0.1.0"

_PACKAGE = Path(__file__).parent
_IMPORT = re.compile(
    r"^[ \t]*(?:from +(logicx[\w.]*) +import +(\([^)]*\)|[^\n#]*)|import +(logicx[\w., ]*))",
    re.MULTILINE,
)


def resource(*parts: str) -> Path:
    """Path of a shipped file, e.g. `resource("grammar", "formula.lark")`."""
    shipped = _PACKAGE / "_data"
    return (shipped if shipped.is_dir() else _PACKAGE.parent).joinpath(*parts)


def cache_folder() -> Path:
    """Where what can be made again is kept: `LOGICX_CACHE`, else the user's cache folder."""
    stated = os.environ.get("LOGICX_CACHE")
    if stated:
        return Path(stated)
    import platformdirs

    return platformdirs.user_cache_path("logicx")


def source_hash(*modules: str) -> str:
    """Hash of the source of some modules of logicx and of all that they import from it.

    What is cached is named by it, so that nothing made by other code is ever used: the files are
    found by following imports, wherever they stand in a file, and by no list that could be short.

    Args:
        modules: Full names, such as `logicx.demo.data`.

    Cost: each file is read once a process; about 0.1 ms each.
    """
    found = sha256()
    for name in sorted(modules_of(*modules)):
        found.update(f"{name}\0".encode() + (_read(name) or b"") + b"\0")
    return found.hexdigest()


def modules_of(*modules: str) -> set[str]:
    """Names of some modules of logicx and of all that they import from it, packages included."""
    found: set[str] = set()
    ahead = [*modules]
    while ahead:
        name = ahead.pop()
        if name in found or name == "logicx" or _read(name) is None:
            continue  # the names of logicx itself are imported when they are used
        found.add(name)
        ahead += [name.rpartition(".")[0], *_imports(name)]
    return found


@cache
def _imports(name: str) -> tuple[str, ...]:
    """Modules that a module may import; some names are of other things than modules."""
    text = (_read(name) or b"").decode("utf-8")
    found: list[str] = []
    for package, names, plain in _IMPORT.findall(text):
        found += [one.split(" as ")[0].strip() for one in plain.split(",") if one.strip()]
        if package:
            words = re.findall(r"[\w.]+(?: +as +\w+)?", names)
            found += [package, *(f"{package}.{one.split(' ')[0]}" for one in words)]
    return tuple(found)


@cache
def _read(name: str) -> bytes | None:
    """The source of a module, or nothing where there is none of that name."""
    path = _PACKAGE.joinpath(*name.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file.read_bytes()
    return None
