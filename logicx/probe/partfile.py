"""Part files: the batches that an unfinished recording of activations has got so far.

The first line is the header: all that the activations depend on. Then each batch is a line and the
raw activations, a row for each cell. Every line ends with a *check*, a hash of the check before it,
of the line and of the activations, so that nothing can be altered, lost or moved unnoticed.

What is safe when: `append` hands a batch to the operating system before it returns, so a killed
process loses only the batch that it was working on. The file is forced to the disk if that was last
done a second ago or more. On going on, the file is read and checked; from the first batch that is
not whole, it is cut off.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta, Struct

from logicx.banks.strict_json import strict_json
from logicx.errors import FileError
from logicx.probe.layouts import AXES
from logicx.runs.differences import refuse_other
from logicx.runs.journal import lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import FileIO

    from numpy.typing import NDArray

FORMAT = "logicx recording"
FORMAT_VERSION = 1
SYNC_SECONDS = 1.0
"""How much finished work a power failure may cost."""
_LONGEST_LINE = 1 << 26

Size = Annotated[int, Meta(ge=0, le=1 << 48)]
Place = Annotated[int, Meta(ge=1, le=1 << 31)]


class Kept(NamedTuple):
    """A batch on file.

    Args:
        n_cells: Its cells.
        lengths: Tokens of each of its documents, or None where each cell is a row.
        inputs: Hash of what the model was called with.
        start: Where its activations begin in the file.
        map: Height and width of a map, or None where cells are no places of maps.
        told: Of the first batch, what was found out by it: `layout` and `notes`.
    """

    n_cells: int
    lengths: tuple[int, ...] | None
    inputs: str
    start: int
    map: tuple[int, int] | None = None
    told: Mapping[str, Any] | None = None


class _Told(Struct, forbid_unknown_fields=True):
    """What was found out by the first batch."""

    layout: str | None = None
    notes: tuple[str, ...] = ()


class _Batch(Struct, forbid_unknown_fields=True):
    """The line before a batch."""

    batch: Size
    shape: tuple[Size, Size]
    lengths: tuple[Size, ...] | None
    inputs: str
    check: str
    map: tuple[Place, Place] | None = None
    told: _Told | None = None

    def fits(self) -> bool:
        """Whether its layout is known, and its documents, or maps, are as long as its cells."""
        n_cells = self.shape[0]
        if self.told is not None and self.told.layout not in (None, *AXES):
            return False
        if self.map is not None and n_cells % (self.map[0] * self.map[1]):
            return False
        return self.lengths is None or sum(self.lengths) == n_cells


class PartFile:
    """A part file that is written to; of several processes only one can.

    Args:
        path: The file; its folder is made if need be.
        header: All that the activations depend on; `dtype` is their type.
        resume: Go on with the file if it exists; else an existing file is an error.

    Attributes:
        kept: The batches on file.
        n_cells: Cells on file.
        n_documents: Documents on file, where cells are tokens.
        n_units: Units, or None before the first batch.
        notes: What a person should know of how the file was found.

    Raises:
        FileError: The file exists; or (resuming) it is no part file, has another header, or is
            being written to.

    Cost: resuming reads the file once, one batch at a time.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], *, resume: bool = False) -> None:
        """Create the file with its header, or check the one that is there."""
        self.path = path
        self.header = {"format": FORMAT, "format_version": FORMAT_VERSION, **header}
        self.kept: list[Kept] = []
        self.n_cells = 0
        self.n_documents = 0
        self.n_units: int | None = None
        self.notes: list[str] = []
        self._dtype = np.dtype(header["dtype"]).newbyteorder("<")
        self._check = ""
        self._end = 0
        self._synced_at = time.monotonic()
        if path.exists() and not resume:
            raise FileError(
                f"{path} is an unfinished recording",
                hint="go on with it by --resume (Python: resume=True), or delete it",
            )
        if resume and not path.exists():
            self.notes.append(f"there is no unfinished recording {path}: it is begun")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: FileIO = path.open("a+b", buffering=0)
        except OSError as error:
            raise FileError(f"cannot write {path}: {error.strerror}") from error
        try:
            lock(self._file, path)
            self._go_on()
        except BaseException:
            self._file.close()
            raise

    def append(
        self,
        rows: NDArray[np.floating],
        lengths: tuple[int, ...] | None,
        inputs: str,
        map_: tuple[int, int] | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        """Put a batch on file.

        Raises:
            FileError: It cannot be written, such as on a full disk; the batches before it stay.
        """
        data = np.ascontiguousarray(rows, self._dtype).reshape(-1).view(np.uint8).data
        says = {"batch": len(self.kept), "shape": rows.shape, "lengths": lengths, "inputs": inputs}
        says |= {} if map_ is None else {"map": map_}
        says |= {"told": told} if told else {}
        line = json.dumps(says).encode()
        check = _sealed(self._check, line, data)
        whole = _line(line, check)
        start = self._end + len(whole)
        try:
            for piece in (whole, data):
                _write(self._file, piece)
            if time.monotonic() - self._synced_at >= SYNC_SECONDS:
                self._sync()
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._end)
            raise self._failed(error) from error
        self._add(Kept(len(rows), lengths, inputs, start, map_, told), rows.shape[1], check)

    def rows(self) -> Iterator[NDArray[np.floating]]:
        """The activations of every batch in order, `[n_cells of the batch, n_units]`.

        Raises:
            FileError: The file was cut off meanwhile.
        """
        with self.path.open("rb") as file:
            for one in self.kept:
                file.seek(one.start)
                n_values = one.n_cells * (self.n_units or 0)
                found = np.fromfile(file, self._dtype, n_values)
                if len(found) != n_values:
                    raise FileError(f"{self.path} was cut off while it was read")
                yield found.reshape(one.n_cells, -1 if n_values else self.n_units or 0)

    def close(self) -> None:
        """Force all batches to the disk and let other processes write; without any, remove it."""
        if not self._file.closed:
            with suppress(OSError):
                self._sync()
            self._file.close()
            if not self.kept:
                self.path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the file, which is not needed any more."""
        self._file.close()
        self.path.unlink()

    def __enter__(self) -> PartFile:
        """The file itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _go_on(self) -> None:
        """Check what is on file, cut off what is not whole, and write the header if need be."""
        head = json.dumps(self.header).encode() + b"\n"
        with self.path.open("rb") as file:
            first = file.readline(_LONGEST_LINE)
            if not head.startswith(first):
                _refuse_foreign(self.path, first)
                refuse_other(self.path, _json(first), self.header)
            if first == head:
                self._end, self._check = len(head), sha256(head).hexdigest()
                while self._read(file):
                    pass
            n_bytes = file.seek(0, os.SEEK_END)
        if n_bytes > self._end:
            self.notes.append(
                f"{self.path} was cut off or damaged after {len(self.kept):,} batches: the rest "
                f"({n_bytes - self._end:,} bytes) is recorded again"
            )
            self._file.truncate(self._end)
        if not self._end:
            try:
                _write(self._file, head)
            except OSError as error:
                raise self._failed(error) from error
            self._end, self._check = len(head), sha256(head).hexdigest()

    def _read(self, file: BinaryIO) -> bool:
        """Read and check one batch; whether there is a whole one."""
        line = file.readline(_LONGEST_LINE)
        try:
            says = _json(line)
            batch = msgspec.convert(says, _Batch)
        except (ValueError, RecursionError):
            return False
        n_cells, n_units = batch.shape
        n_bytes = n_cells * n_units * self._dtype.itemsize
        if n_bytes > os.fstat(file.fileno()).st_size or not batch.fits():
            return False
        data = file.read(n_bytes)
        del says["check"]
        body = json.dumps(says).encode()
        check = _sealed(self._check, body, data)
        if line != _line(body, batch.check) or check != batch.check:
            return False
        start = self._end + len(line)
        told = says.get("told")
        kept = Kept(n_cells, batch.lengths, batch.inputs, start, batch.map, told)
        self._add(kept, n_units, check)
        return True

    def _add(self, one: Kept, n_units: int, check: str) -> None:
        self.kept.append(one)
        self.n_cells += one.n_cells
        self.n_documents += len(one.lengths or ())
        self.n_units = n_units
        self._check = check
        self._end = one.start + one.n_cells * n_units * self._dtype.itemsize

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced_at = time.monotonic()

    def _failed(self, error: OSError) -> FileError:
        return FileError(
            f"cannot write to {self.path}: {error.strerror or error}",
            hint=f"the {len(self.kept):,} batches in it stay; mend this, then go on with --resume "
            "(Python: resume=True)",
        )


def _json(line: bytes) -> Any:
    return strict_json(line, "a line of a recording", is_ours=True)


def _sealed(before: str, line: bytes, data: memoryview | bytes) -> str:
    found = sha256(before.encode() + line)
    found.update(data)
    return found.hexdigest()


def _line(body: bytes, check: str) -> bytes:
    return body[:-1] + f', "check": "{check}"}}\n'.encode()


def _write(file: FileIO, data: bytes | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _refuse_foreign(path: Path, line: bytes) -> None:
    """Raise an error unless the line is the header of a part file."""
    try:
        header = _json(line)
        is_ours = header["format"] == FORMAT
    except (ValueError, KeyError, TypeError, RecursionError):
        is_ours = False
    if not is_ours:
        raise FileError(
            f"{path} is no unfinished recording of logicx, or its header is damaged",
            hint="delete it, or name another file",
        )
