"""Folders of images and masks: no path leaves them, and all that is read of them is hashed."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, FileError, is_plain_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

SHOWN = 10
"""Missing files that an error lists."""
MARK = 8
"""Digits of the hash by which a bank knows a photograph again: against accident, not intent."""


def mark_of(data: bytes) -> str:
    """By which a photograph's file is known again."""
    return hashlib.sha256(data).hexdigest()[:MARK]


def marks_of(source: Mapping[str, Any]) -> list[str]:
    """The marks of a bank's photographs in order, by its `source`; none where it has none."""
    stated = source.get("photographs") or ""
    return [stated[i : i + MARK] for i in range(0, len(stated), MARK)]


class Folder:
    """A folder of input files, of which everything that is read is hashed.

    Paths in data files are relative, are written with "/", and cannot leave the folder.

    Args:
        path: The folder.

    Attributes:
        marks: By which each photograph that was read is known again.

    Raises:
        FileError: There is no such folder.
    """

    def __init__(self, path: Path) -> None:
        """Find the folder."""
        if not path.is_dir():
            is_file = path.exists()
            raise FileError(
                f"{path} is no folder" if is_file else f"no folder {path}",
                hint="data= names the folder that holds the images" if is_file else "",
            )
        self.path = path
        self._real = path.resolve()
        self._real_parents: dict[str, bool] = {}
        self._hash = hashlib.sha256()
        self.n_read = 0
        self.marks: dict[str, str] = {}

    def check(self, name: str, where: str) -> str:
        """The path, if it stays inside the folder.

        Args:
            name: The path.
            where: What names it, such as `index.csv, line 7`.

        Raises:
            DataError: It is absolute, climbs with "..", or leads out by a link.
        """
        is_relative = (
            bool(name)
            and (name.isprintable() or is_plain_text(name))
            and "\\" not in name
            and not name.startswith("/")
            and not re.match("[A-Za-z]:", name)
            and ".." not in name.split("/")
        )
        if not is_relative:
            raise DataError(
                f"{where}: the path {name!r} is refused",
                hint='paths are relative to the folder, with "/" and without ".."',
            )
        path = f"{self.path}/{name}"
        parent = os.path.dirname(path)
        if parent not in self._real_parents:
            self._real_parents[parent] = self._is_inside(parent)
        is_inside = self._real_parents[parent]
        if is_inside and os.path.islink(path):
            is_inside = self._is_inside(path)
        if not is_inside:
            raise DataError(f"{where}: the path {name!r} leads out of {self.path}")
        return name

    def _is_inside(self, path: str) -> bool:
        return Path(path).resolve().is_relative_to(self._real)

    def has(self, name: str) -> bool:
        """Whether there is a file of that path."""
        return os.path.isfile(f"{self.path}/{name}")

    def read(self, name: str) -> bytes:
        """The bytes of a file, which count towards the hash.

        Raises:
            FileError: It cannot be read.
            DataError: It leads out of the folder.
        """
        self.check(name, "a file of the data set")
        path = self.path / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise FileError(f"no file {path}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FileError(f"cannot read {path}: {reason}") from error
        self._hash.update(f"{name}\0{len(data)}\0".encode())
        self._hash.update(hashlib.sha256(data).digest())
        self.n_read += 1
        return data

    def note(self, name: str) -> None:
        """Count a file towards the hash that is too large to be read at once.

        Raises:
            FileError: It cannot be read.
            DataError: It leads out of the folder.
        """
        self.check(name, "a file of the data set")
        found = hashlib.sha256()
        try:
            with (self.path / name).open("rb") as opened:
                while block := opened.read(1 << 20):
                    found.update(block)
                length = opened.tell()
        except OSError as error:
            raise FileError(f"cannot read {self.path / name}: {error.strerror}") from error
        self._hash.update(f"{name}\0{length}\0".encode())
        self._hash.update(found.digest())
        self.n_read += 1

    @property
    def sha256(self) -> str:
        """Hash over the paths and contents of all files read so far."""
        return self._hash.hexdigest()

    def listed(self, below: str, endings: Sequence[str]) -> list[str]:
        """Files below a folder by path, except hidden ones.

        Raises:
            FileError: There is no such folder.
        """
        root = self.path / self.check(below, "settings") if below else self.path
        if not root.is_dir():
            raise FileError(f"no folder {root}")
        found = self._below(str(root), below)
        return sorted(one for one in found if os.path.splitext(one)[1].lower() in endings)

    def _below(self, root: str, name: str) -> Iterator[str]:
        """Files below a folder, through links as well, except hidden ones."""
        folders: list[tuple[str, str, tuple[str, ...]]] = [(root, name, (os.path.realpath(root),))]
        while folders:
            path, name, real = folders.pop()
            try:
                entries = sorted(os.scandir(path), key=lambda one: one.name)
            except OSError as error:
                raise FileError(f"cannot read {path}: {error.strerror}") from error
            for one in entries:
                if one.name.startswith("."):
                    continue
                inner = f"{name}/{one.name}" if name else one.name
                if one.is_symlink():
                    self._check_link(inner)
                if one.is_dir():
                    target = os.path.realpath(one.path)
                    if target in real:
                        raise DataError(f"{one.path} is a link to a folder that it lies in")
                    folders.append((one.path, inner, (*real, target)))
                elif one.is_file():
                    yield inner

    def _check_link(self, name: str) -> None:
        if not self._is_inside(f"{self.path}/{name}"):
            raise DataError(
                f"{self.path}/{name} is a link that leads out of {self.path}",
                hint="copy what it links to, or name the folder that holds all as data=",
            )


def refuse_missing(missing: Sequence[str], what: str, root: Path, hint: str = "") -> None:
    """Raise a `FileError` that counts the missing files and lists the first.

    Args:
        missing: Their paths.
        what: What they are, in the plural, such as `label maps`.
        root: The folder they are missing from.
        hint: How to mend it.
    """
    if not missing:
        return
    listed = ", ".join(missing[:SHOWN])
    more = f" and {len(missing) - SHOWN:,} more" if len(missing) > SHOWN else ""
    raise FileError(f"{root}: {len(missing):,} {what} are missing: {listed}{more}", hint=hint)


def refuse_doubled(names: Iterable[str], what: str) -> None:
    """Raise a `DataError` at the first path that is given twice, however it is written."""
    unique(((normpath(name), name, name) for name in names), what)


def unique(
    entries: Iterable[tuple[Hashable, Any, object]], what: str, hint: str = ""
) -> dict[Any, Any]:
    """A mapping of which each key is given once.

    Args:
        entries: Keys, values, and what an error calls each of them.
        what: What a key is, for errors, such as `annotations.json: an image id`.
        hint: How to mend it.

    Raises:
        DataError: A key is given twice; both are named.

    Example:
        >>> unique([(1, "sea", "row 1"), (2, "sky", "row 2")], "a value")
        {1: 'sea', 2: 'sky'}
    """
    found: dict[Any, Any] = {}
    named: dict[Any, object] = {}
    for key, value, name in entries:
        if key in found:
            both = f"{named[key]} and {name}"
            raise DataError(f"{what} is given twice: {key} ({both})", hint=hint)
        found[key], named[key] = value, name
    return found


def stem(path: str) -> str:
    """A path without its ending."""
    return str(PurePosixPath(path).with_suffix(""))


def pack_colors(values: NDArray[Any]) -> NDArray[np.int32]:
    """Colours as numbers, r + 256 g + 65,536 b.

    Example:
        >>> pack_colors(np.array([[[1, 2, 0]]], np.uint8)).tolist()
        [[513]]
    """
    r, g, b = (values[..., k].astype(np.int32) for k in range(3))
    packed: NDArray[np.int32] = r + (g << 8) + (b << 16)
    return packed
