"""What two headers of files differ in, told by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from logicx.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
UNSAID: Row = {"literals": False, "grow": "atoms"}
"""Settings that a header leaves out, and what they then are: as before there were any."""
N_HASH = 64
"""Letters of a hash, of which the first are shown."""


def refuse_other(path: Path, there: Row, here: Row) -> None:
    """Raise an error that names every difference of two headers."""
    old, new = _flat(there), _flat(json.loads(json.dumps(here)))
    keys = [*old, *(key for key in new if key not in old)]
    pairs = [(key, *(one.get(key, UNSAID.get(key)) for one in (old, new))) for key in keys]
    differing = [
        f"{key} is {_short(one)} there, {_short(other)} now"
        for key, one, other in pairs
        if one != other
    ]
    if differing:
        raise JournalError(
            f"{path} is of another run: {'; '.join(differing)}",
            hint="give the inputs and settings that it was begun with, or name another file",
        )


def _flat(header: Row) -> Row:
    flat: Row = {}
    for key, value in header.items():
        flat.update(value if isinstance(value, dict) else {key: value})
    return flat


def _short(value: Any) -> str:
    if isinstance(value, str) and len(value) == N_HASH:
        return value[:12]
    if isinstance(value, dict):
        source = _short(value.get("source") or "not known")
        owner = f"{value.get('distribution')} {value.get('version')}".strip() or value.get("module")
        return f"{value.get('name')} of {owner} (source {source})"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "unset" if value is None else str(value)
