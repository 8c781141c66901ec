"""Machine code on disk, sealed: what was altered or cut off is dropped and compiled anew.

Numba keeps compiled functions as pickles, and to load one is to run it. So entries lie in a folder
of the user's own, that no one else may write to, and each begins with a hash of what follows: one
that was damaged is never unpickled. An entry also holds for what types it was compiled, so that two
processes that write at once cannot exchange their entries.

Source: the methods that are replaced are those of Numba's `IndexDataCacheFile`.
"""

from __future__ import annotations

import os
import pickle
import stat
from contextlib import contextmanager, suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from numba.core.caching import IndexDataCacheFile, NullCache

if TYPE_CHECKING:
    from collections.abc import Iterator

N_HASH = 32
"""Bytes of a seal."""


class Unsealed(Exception):
    """An entry that cannot be trusted."""


_Files: Any = IndexDataCacheFile


class SealedFiles(_Files):  # type: ignore[misc]
    """Index and entries of one function, in sealed files."""

    def load(self, key: Any) -> Any:
        """The entry of a key, or None where there is none that can be trusted."""
        try:
            found = super().load(key)
        except (OSError, Unsealed):
            return None
        return found[1] if found is not None and found[0] == key else None

    def save(self, key: Any, data: Any) -> None:
        """Keep an entry; where the disk is full or read-only, it is compiled again next time."""
        with suppress(OSError):
            super().save(key, (key, data))

    def _load_index(self) -> dict[Any, str]:
        try:
            version, stamp, overloads = pickle.loads(_unsealed(Path(self._index_path)))
        except (FileNotFoundError, Unsealed):
            return {}
        is_ours = version == self._version and stamp == self._source_stamp
        return dict(overloads) if is_ours else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        with self._open_for_write(self._index_path) as file:
            file.write(self._dump((self._version, self._source_stamp, overloads)))

    def _load_data(self, name: str) -> Any:
        return pickle.loads(_unsealed(Path(self._data_path(name))))

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[BytesIO]:
        """What is written is sealed and takes its place as a whole."""
        content = BytesIO()
        yield content
        body = content.getvalue()
        temporary = Path(f"{filepath}.{uuid4().hex[:16]}.part")
        try:
            temporary.write_bytes(sha256(body).digest() + body)
            temporary.replace(filepath)
        finally:
            temporary.unlink(missing_ok=True)


def _unsealed(path: Path) -> bytes:
    content = path.read_bytes()
    seal, body = content[:N_HASH], content[N_HASH:]
    if not body or sha256(body).digest() != seal:
        with suppress(OSError):
            path.unlink()
        raise Unsealed
    return body


def seal(dispatcher: Any, folder: Path) -> None:
    """Let a compiled function keep its machine code in sealed files of a folder, or nowhere."""
    cache = dispatcher._cache
    path = Path(cache._cache_path)
    if folder in path.parents:
        stamp = cache._impl.locator.get_source_stamp()
        cache._cache_file = SealedFiles(str(path), cache._impl.filename_base, stamp)
    else:  # Numba found that the folder cannot be written to, and took another
        dispatcher._cache = NullCache()


def private_folder(folder: Path) -> str:
    """Make a folder that only this user may enter; what is wrong with the one there is, or nothing.

    Raises:
        OSError: It cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.stat()
    if not hasattr(os, "getuid"):  # Windows, where the user's folders are the user's own
        return ""
    if found.st_uid != os.getuid():
        return f"{folder} belongs to another user"
    is_open = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return f"{folder} may be written to by others" if is_open else ""
