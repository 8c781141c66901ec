"""The data files that ship with logicx, in a wheel and in a source checkout alike."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource(*parts: str) -> Path:
    """Path of a shipped file, e.g. `resource("grammar", "formula.lark")`."""
    shipped = _PACKAGE / "_data"
    return (shipped if shipped.is_dir() else _PACKAGE.parent).joinpath(*parts)
