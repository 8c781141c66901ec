"""Files: those that ship with logicx, in a wheel and in a source checkout alike, and caches."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).parent


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
