"""Journals: results in an append-only file, one JSON line each, that a killed run goes on with.

The first line is the header: all that the results depend on. Every line ends with a *check*, a hash
of the line and of the check before it, so that no line can be altered, lost or moved unnoticed.
Lines hold no times and no dates: the file of a run that was killed and resumed is, byte for byte,
that of a run that was not.

What is safe when: `append` hands a line to the operating system, whole, before it returns, so a
killed process loses only what it was working on. A line is forced to the disk if the last one that
was is a second old, so a power failure loses at most a second of finished work besides. A line that
was cut off in mid-write is seen and left out.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from logicx.banks.strict_json import strict_json
from logicx.errors import JournalError
from logicx.runs.differences import refuse_other
from logicx.runs.journalschema import fault

if TYPE_CHECKING:
    from io import FileIO
    from types import TracebackType

Row = dict[str, Any]
"""What one line says, without its check."""

FORMAT_VERSION = 1
SYNC_SECONDS = 1.0
"""How much finished work a power failure may cost."""
_START = b'{"format": "logicx journal", '
_DIGITS = 16
_SEAL = ', "check": "{}"}}\n'
_SEAL_LENGTH = len(_SEAL.format("0" * _DIGITS))


class Journal:
    """A journal that is written to; of several processes only one can.

    Args:
        path: The file; its folder is made if need be.
        header: All that the rows depend on. `n_units` says how many rows there will be.
        resume: Go on with the file if it exists; else an existing file is an error.

    Attributes:
        n_rows: Rows on file.
        notes: What a person should know of how the file was found.

    Raises:
        JournalError: The file exists; or (resuming) it is damaged, is being written to, or has
            another header.

    Cost: resuming reads the file once; nothing of it is kept.
    """

    def __init__(
        self, path: str | Path, header: Mapping[str, Any], *, resume: bool = False
    ) -> None:
        """Create the file with its header, or check the one that is there."""
        from logicx.resources import __version__

        self.path = Path(path)
        self.header: Row = {
            "format": "logicx journal",
            "format_version": FORMAT_VERSION,
            "logicx": __version__,
            **header,
        }
        self.n_rows = 0
        self.notes: list[str] = []
        self._check = ""
        self._end = 0
        self._is_synced = True
        self._synced_at = time.monotonic()
        if not resume:
            refuse_existing(self.path)
        is_there = self.path.exists()
        if resume and not is_there:
            self.notes.append(f"there is no {self.path} yet: it is begun")
        self._file = self._opened(is_there)
        try:
            if is_there:
                self._go_on()
            if not self._end:
                self._write(self.header)
                self._sync()
                self._sync_folder()
        except BaseException:
            self._file.close()
            raise

    @property
    def is_complete(self) -> bool:
        """Whether every row is on file."""
        return bool(self.n_rows == self.header["n_units"])

    def append(self, row: Row) -> None:
        """Put a row on file.

        Raises:
            JournalError: It cannot be written, such as on a full disk; the rows before it are kept.
        """
        self._write(row)
        self.n_rows += 1
        if time.monotonic() - self._synced_at >= SYNC_SECONDS:
            self._sync()

    def close(self) -> None:
        """Force all rows to the disk and let other processes write."""
        if self._file.closed:
            return
        try:
            self._sync()
        finally:
            self._file.close()

    def __enter__(self) -> Journal:
        """The journal itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close; a failure to do so does not hide the error that led here."""
        with suppress(*(() if error is None else (JournalError,))):
            self.close()

    def _opened(self, is_there: bool) -> FileIO:
        if is_there and not self.path.is_file():
            raise JournalError(f"{self.path} is a folder or a device, not a file")
        try:
            if not is_there:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("r+b" if is_there else "xb", buffering=0)
        except OSError as error:
            if not is_there and self.path.exists():  # another process was quicker
                raise _exists(self.path) from None
            raise JournalError(f"cannot write {self.path}: {error.strerror}") from error
        try:
            lock(file, self.path)
        except JournalError:
            file.close()
            raise
        return file

    def _go_on(self) -> None:
        """Check what is on file, and cut a torn last line off."""
        with self.path.open("rb") as file:
            _refuse_foreign(file, self.path)
            for line in _lines(file, self.path):
                if not self._end:
                    refuse_other(self.path, line.row, self.header)
                else:
                    self.n_rows += 1
                self._check, self._end = line.check, line.end
            torn = file.seek(0, os.SEEK_END) - self._end
        if torn:
            self._file.truncate(self._end)
            self.notes.append(
                f"the last line of {self.path} was cut off in mid-write ({torn:,} bytes): "
                "it is left out and made again"
            )
        self._file.seek(self._end)

    def _write(self, row: Row) -> None:
        line, check = _sealed(row, self._check)
        rest = line
        self._is_synced = False
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._end)
            raise self._failed(error) from error
        self._check, self._end = check, self._end + len(line)

    def _sync(self) -> None:
        if self._is_synced:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from error
        self._is_synced, self._synced_at = True, time.monotonic()

    def _sync_folder(self) -> None:
        """Force the new file's name to the disk, where the system can."""
        with suppress(OSError):
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _failed(self, error: OSError) -> JournalError:
        return JournalError(
            f"cannot write to {self.path}: {error.strerror or error}",
            hint=f"{self.n_rows:,} of {self.header['n_units']:,} units are in it and stay; mend "
            "this, then go on with --resume (Python: resume=True)",
        )


@dataclass(frozen=True)
class JournalReader:
    """A journal that is read: its header, and its rows each time one iterates.

    A line that is still being written, or was cut off, is left out.

    Args:
        path: The file.
        header: Its first line.
        notes: What a person should know of how the file was found.
    """

    path: Path
    header: Row
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        """The rows, read and checked one by one.

        Raises:
            JournalError: A line is damaged.
        """
        with _opened(self.path) as file:
            lines = _lines(file, self.path)
            next(lines, None)
            for line in lines:
                yield line.row

    @property
    def n_rows(self) -> int:
        """Number of rows (reads the file)."""
        return sum(1 for _ in self)

    @property
    def is_complete(self) -> bool:
        """Whether the run has finished (reads the file)."""
        return bool(self.n_rows == self.header["n_units"])


def read_journal(path: str | Path) -> JournalReader:
    """The header and the rows of a journal, finished or not.

    Args:
        path: The file.

    Raises:
        JournalError: It is no journal, is damaged, or was written by a newer logicx.
    """
    path = Path(path)
    with _opened(path) as file:
        _refuse_foreign(file, path)
        header = next(_lines(file, path), None)
    if header is None:
        raise JournalError(f"{path} holds no header yet", hint="the run was killed as it began")
    return JournalReader(path, header.row)


def refuse_existing(path: Path) -> None:
    """Raise a `JournalError` if the file exists."""
    if path.exists():
        raise _exists(path)


def _exists(path: Path) -> JournalError:
    return JournalError(
        f"{path} exists already",
        hint="go on with it by --resume (Python: resume=True), or name another file",
    )


class _Line(NamedTuple):
    row: Row
    check: str
    end: int


def _lines(file: BinaryIO, path: Path) -> Iterator[_Line]:
    """All whole lines, the header first, checked; a torn last line is left out."""
    check, end = "", 0
    for number, text in enumerate(file, 1):
        if not text.endswith(b"\n"):
            return
        end += len(text)
        if text.endswith(b"\r\n"):  # copied by a program that ends lines so: no damage
            text = text[:-2] + b"\n"
        if number == 1:
            _refuse_newer(text, path)
        try:
            body = text[:-_SEAL_LENGTH] + b"}"
            row: Row = strict_json(body, path, is_ours=True)
            sealed, check = _sealed(row, check, body)
        except (ValueError, RecursionError):  # no JSON, a key given twice, or nested too deeply
            sealed = b""
        if text != sealed:
            raise JournalError(
                f"{path}, line {number:,} is damaged or was altered",
                hint="begin anew"
                if number == 1
                else f"to keep the lines before it: head -n {number - 1} {path} > mended.jsonl, "
                "then resume that",
            )
        found = fault(row, number == 1)
        if found:
            raise JournalError(f"{path}, line {number:,} says what no run does: {found}")
        yield _Line(row, check, end)


def _sealed(row: Row, before: str, body: bytes = b"") -> tuple[bytes, str]:
    """A row as a line, given the check of the line before it; and the line's own check."""
    body = body or json.dumps(row).encode()
    check = sha256(before.encode() + body).hexdigest()[:_DIGITS]
    return body[:-1] + _SEAL.format(check).encode(), check


def _refuse_foreign(file: BinaryIO, path: Path) -> None:
    """Raise an error unless the file is a journal, or the torn beginning of one."""
    start = file.read(len(_START))
    file.seek(0)
    if start != _START[: len(start)]:
        raise JournalError(f"{path} is no journal of logicx", hint="name another file")


def _refuse_newer(text: bytes, path: Path) -> None:
    version = None
    with suppress(ValueError, AttributeError):
        version = strict_json(text, path, is_ours=True).get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise JournalError(
            f"{path} is a journal of format version {version}; this logicx reads {FORMAT_VERSION}",
            hint="install a newer logicx: pip install --upgrade logicx",
        )


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise JournalError(f"no file {path}") from None
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror}") from error


def lock(file: FileIO, path: Path) -> None:
    """Keep other processes from writing until the file is closed or this process ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise JournalError(
            f"another run is writing to {path}", hint="wait for it, or name another file"
        ) from None
    except OSError:  # a file system without locks
        return
