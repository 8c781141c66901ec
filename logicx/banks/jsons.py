"""JSON as data: no key twice, no numbers that JSON does not have."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from logicx.errors import FileError


def loads(text: str | bytes, where: str) -> Any:
    """What a JSON text says.

    Args:
        text: The text.
        where: File, and line if there is one, for the error.

    Raises:
        FileError: It is no JSON, names a key of an object twice, or nests too deeply.

    Example:
        >>> loads('{"a": [1, 2]}', "x.json")
        {'a': [1, 2]}
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise FileError(
                f"{where}: the key {twice!r} is given twice in one object",
                hint="which of the two is meant? remove the other",
            )
        return found

    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is no number of JSON")

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=refuse)
    except FileError:
        raise
    except (ValueError, RecursionError) as error:
        raise FileError(f"{where}: no JSON ({error})") from error
