"""JSON as data files must be: each key once, UTF-8, finite numbers, no depth without end."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from logicx.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ENCODINGS = ("utf-8-sig",)


class _Doubled(ValueError):
    """An object that has a key twice."""


def strict_json(
    data: bytes | str,
    where: Path | str,
    *,
    encodings: Sequence[str] = ENCODINGS,
    is_ours: bool = False,
) -> Any:
    """The value of a JSON text, in which no key of an object is given twice.

    Python's reader keeps the last of two values without a word, and takes `NaN`.

    Args:
        data: The text.
        where: What to call it in errors: the file, and the line if there is one.
        encodings: How bytes may be encoded; the first that fits is taken.
        is_ours: Whether logicx wrote it, so that NaN and infinity may stand for numbers.

    Raises:
        FileError: It is no JSON, or an object gives a key twice.

    Example:
        >>> strict_json('{"a": [1, 2]}', "x.json")
        {'a': [1, 2]}
        >>> strict_json('{"a": 1, "a": 2}', "x.json")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        logicx.errors.FileError: error[file]: x.json: the key 'a' is given twice: 1 and 2
        ...
    """
    try:
        text = data if isinstance(data, str) else _text(data, encodings)
        constant = None if is_ours else _refuse
        return json.loads(text, object_pairs_hook=_once, parse_constant=constant)
    except _Doubled as error:
        raise FileError(
            f"{where}: {error}", hint="which of the two is meant? remove the other"
        ) from None
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise FileError(f"{where} is no readable JSON ({why})") from error


def _text(data: bytes, encodings: Sequence[str]) -> str:
    for encoding in encodings[:-1]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode(encodings[-1])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(key for key, _ in pairs)
        key = next(one for one, n in times.items() if n > 1)
        first, second = [value for one, value in pairs if one == key][:2]
        raise _Doubled(f"the key {key!r} is given twice: {_short(first)} and {_short(second)}")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
