"""Files that are written beside their name, and take their place as a whole or leave what was."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from logicx.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path that takes the place of `path` once the block has succeeded.

    It lies in a folder of its own beside `path`. What a killed process has left of the same kind is
    removed: its lock went with it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(path)
        handle, folder = _begun(path)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot write {path}: {reason(error)}") from error
    temporary = folder / path.name
    try:
        yield temporary
        try:
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except OSError as error:
            raise FileError(f"cannot write {path}: {reason(error)}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def reason(error: Exception) -> str:
    """Why a system call failed."""
    return getattr(error, "strerror", None) or str(error)


def _begun(path: Path) -> tuple[int | None, Path]:
    """A new folder beside the path, and what holds its lock, which tells others it is in use."""
    while True:
        name = tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        folder = path.with_name(os.path.basename(name))
        try:
            handle = os.open(folder, os.O_RDONLY)
        except PermissionError:  # Windows opens no folders
            return None, folder
        except FileNotFoundError:  # taken for left in the moment before its lock
            continue
        if _locks(handle):
            with suppress(FileNotFoundError):
                if folder.stat().st_ino == os.fstat(handle).st_ino:
                    return handle, folder
        elif folder.exists():  # a file system without locks
            return handle, folder
        os.close(handle)


def _remove_left(path: Path) -> None:
    """Remove what was begun for this path by processes that are no more."""
    ours = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}\.part")
    for name in os.listdir(path.parent):
        if not ours.fullmatch(name):
            continue
        with suppress(OSError):
            handle = os.open(path.with_name(name), os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
            try:
                if _locks(handle):
                    shutil.rmtree(path.with_name(name), ignore_errors=True)
            finally:
                os.close(handle)


def _locks(handle: int) -> bool:
    """Take the lock of an open file, if no one has it."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):  # Windows; a file system without locks
        return False
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
