"""Files of banks and units: tensors and a manifest in one safetensors file, mapped read-only.

The safetensors library checks each file, and writes those that fit in memory (`save_streamed` does
the others). Tensors are mapped at the offsets that the header states, so that processes share one
copy and only what is used is read. When a tensor is first used it is checked against its hash, and
its values against what they must be: hashes find accidents, only the latter finds intent. Files are
little-endian, as the format is; docs/formats.md describes them.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.replacing import reason, replacing
from logicx.banks.schema import Entry, Header, conforming
from logicx.banks.strict_json import strict_json
from logicx.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import FileIO

    from numpy.typing import NDArray

    Put = Callable[[str, int, NDArray[Any]], None]

FORMAT_VERSIONS = {"bank": 2, "units": 1}
"""Of what this logicx writes and reads. Banks of version 1 held packed bits of every concept."""
KEY = "logicx"
"""The one metadata entry: with several, safetensors writes them in no fixed order."""
_DTYPES = {"I64": "<i8", "I32": "<i4", "U8": "|u1", "F64": "<f8", "F32": "<f4", "F16": "<f2"}


def content_hash(parts: Mapping[str, NDArray[Any]], manifest: Mapping[str, Any]) -> str:
    """SHA-256 over the manifest and the hash of every tensor: the same in memory and on disk."""
    return _content(manifest, {name: _tensor_hash(array) for name, array in parts.items()})


def _content(manifest: Mapping[str, Any], hashes: Mapping[str, str]) -> str:
    return hashlib.sha256(_canonical_json({"manifest": manifest, "tensors": hashes})).hexdigest()


def _tensor_hash(array: NDArray[Any]) -> str:
    found = hashlib.sha256(f"{array.dtype.newbyteorder('<').str}{array.shape}".encode())
    if array.size:
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def _canonical_json(values: Any) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def save(
    path: Path, kind: str, parts: Mapping[str, NDArray[Any]], manifest: Mapping[str, Any]
) -> str:
    """Write a file and return its content hash; an existing file is replaced only on success."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    hashes = {name: _tensor_hash(array) for name, array in parts.items()}
    header, content = _header(kind, manifest, hashes)
    with replacing(path) as temporary:
        try:
            tensors = {k: np.ascontiguousarray(v) for k, v in parts.items()}
            save_file(tensors, temporary, {KEY: header})
        except (OSError, SafetensorError) as error:
            raise FileError(f"cannot write {path}: {reason(error)}") from error
    return content


def _header(kind: str, manifest: Mapping[str, Any], hashes: Mapping[str, str]) -> tuple[str, str]:
    """What the metadata entry says, and the content hash."""
    content = _content(manifest, hashes)
    values = {
        "kind": kind,
        "format_version": FORMAT_VERSIONS[kind],
        "manifest": manifest,
        "tensors": hashes,
        "content": content,
    }
    return _canonical_json(values).decode(), content


def save_streamed(
    path: Path,
    kind: str,
    tensors: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]],
    manifest: Mapping[str, Any],
    fill: Callable[[Put], None],
) -> str:
    """Write a file that does not fit in memory and return its content hash.

    Args:
        path: The file; it is written in place, not beside its name, and is whole on the disk when
            this returns. After an error it is left as it is.
        kind: What it holds.
        tensors: Type and shape of each tensor.
        manifest: What the header says besides.
        fill: Is given a function of a tensor's name, a place in it (in C order) and values, by
            which it puts all values in, in any order.

    Raises:
        FileError: It cannot be written, such as on a full disk.

    Cost: each tensor is read once more for its hash. Hashes stand in the header, before the
    tensors; as all have the same length, the header is written twice.
    """
    entries: dict[str, Any] = {}
    end = 0
    for name, (dtype, shape) in tensors.items():
        first, end = end, end + dtype.itemsize * math.prod(shape)
        code = next(key for key, known in _DTYPES.items() if np.dtype(known) == dtype)
        entries[name] = {"dtype": code, "shape": list(shape), "data_offsets": [first, end]}

    def front(hashes: Mapping[str, str]) -> tuple[bytes, str]:
        text, content = _header(kind, manifest, hashes)
        header = _canonical_json({"__metadata__": {KEY: text}, **entries})
        header += b" " * (-len(header) % 8)  # the format asks for it, so that tensors are aligned
        return len(header).to_bytes(8, "little") + header, content

    start = len(front(dict.fromkeys(tensors, "0" * 64))[0])
    try:
        with path.open("wb", buffering=0) as file:
            file.truncate(start + end)

            def put(name: str, place: int, values: NDArray[Any]) -> None:
                dtype = tensors[name][0]
                at = start + entries[name]["data_offsets"][0] + place * dtype.itemsize
                _write_at(file, at, np.ascontiguousarray(values, dtype).view(np.uint8).data)

            fill(put)
            hashes = {}
            for name, (dtype, shape) in tensors.items():
                at = start + entries[name]["data_offsets"][0]
                hashes[name] = _tensor_hash(np.memmap(path, dtype, "r", at, shape))
            header, content = front(hashes)
            _write_at(file, 0, header)
            os.fsync(file.fileno())
    except OSError as error:
        raise FileError(f"cannot write {path}: {reason(error)}") from error
    return content


def _write_at(file: FileIO, place: int, data: bytes | memoryview) -> None:
    file.seek(place)
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


class Held(NamedTuple):
    """A tensor of a file, as its header states it."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int


class Stored:
    """An opened file: its manifest, and its tensors on demand.

    Args:
        path: The file.
        kind: What it must hold, `bank` or `units`.

    Attributes:
        manifest: What the header says besides, as plain values; see `conforming`.
        held: The tensors, by name.

    Raises:
        FileError: It is missing, truncated, altered, of another kind or of a newer format.
    """

    def __init__(self, path: Path, kind: str) -> None:
        """Read and check the header; no tensor is touched."""
        from safetensors import SafetensorError, safe_open

        self.path = path
        self.kind = kind
        try:
            with safe_open(path, framework="numpy") as opened:
                metadata = opened.metadata() or {}
            with path.open("rb") as raw:
                length = int.from_bytes(raw.read(8), "little")
                entries = strict_json(raw.read(length), "its header")
            stated = strict_json(metadata.get(KEY, "{}"), f"its metadata {KEY!r}", is_ours=True)
        except FileNotFoundError:  # so safetensors calls all that it cannot open
            if os.path.exists(path):
                raise FileError(f"{path} may not be read", hint="change its permissions") from None
            raise FileError(f"no file {path}", hint="check the name, or compile it first") from None
        except (SafetensorError, OSError, ValueError) as error:
            if os.path.isdir(path):
                raise FileError(f"{path} is a folder, not a {kind} file") from None
            is_named = path.suffix == f".{kind}"
            remedy = "make it anew" if is_named else f"a {kind} file's name ends in .{kind}"
            raise FileError(
                f"{path} is no readable {kind} file: it is truncated or damaged",
                hint=f"{remedy} ({getattr(error, 'message', error)})",
            ) from error
        self._checked: dict[str, NDArray[Any]] = {}
        self._read_header(stated, kind)
        entries.pop("__metadata__", None)
        self.held = {name: self._entry(name, one, 8 + length) for name, one in entries.items()}
        for name in sorted(self._hashes.keys() - self.held.keys()):
            raise FileError(f"{path} lacks the tensor {name!r}", hint="make the file anew")
        for name in sorted(self.held.keys() - self._hashes.keys()):
            raise FileError(f"{path} was altered: the tensor {name!r} has no hash")

    def _read_header(self, stated: Any, kind: str) -> None:
        found = stated.get("kind", "no logicx") if isinstance(stated, dict) else "no logicx"
        if found != kind:
            raise FileError(f"{self.path} is a {found} file, not a {kind} file")
        version = stated.get("format_version")
        if not isinstance(version, int) or version < 1:
            raise FileError(f"{self.path}: its header is damaged (format version {version!r})")
        known = FORMAT_VERSIONS[kind]
        if version != known:
            newer = "install a newer logicx: pip install --upgrade logicx"
            raise FileError(
                f"{self.path} has format version {version}; this logicx reads {known}",
                hint=newer if version > known else "make the file anew",
            )
        header = conforming(stated, Header, self.path)
        self.manifest, self._hashes, self.content = header.manifest, header.tensors, header.content
        try:
            is_whole = _content(self.manifest, self._hashes) == self.content
        except (ValueError, RecursionError) as error:  # half a character, or nested too deeply
            raise self.damaged(str(error)) from error
        if not is_whole:
            raise FileError(f"{self.path} was altered: its manifest does not match its hash")

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle or deep copy opens the file again, where it lies."""
        path = self.path.absolute()
        arguments = (path, self.kind) if type(self) is Stored else (path,)
        return _opened_again, (type(self), arguments, self.content)

    def _entry(self, name: str, stated: Any, start: int) -> Held:
        """A tensor's place in the file. That it lies within the file, safetensors has checked."""
        entry = conforming(stated, Entry, self.path)
        dtype, (first, last) = np.dtype(_DTYPES.get(entry.dtype, "V0")), entry.data_offsets
        if dtype.itemsize * math.prod(entry.shape) != last - first or not dtype.itemsize:
            raise self.damaged(f"the tensor {name!r} is of {entry.dtype} {entry.shape}")
        return Held(dtype, tuple(entry.shape), start + first)

    def damaged(self, why: str) -> FileError:
        """The error that says what is wrong with the file."""
        return FileError(f"{self.path}: its header is damaged ({why})", hint="make the file anew")

    def expect(self, shapes: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
        """Refuse a file that does not hold exactly these tensors, by type and shape.

        A tensor that is not known is refused too: a newer logicx may mean something by it.

        Args:
            shapes: Of each tensor its type in NumPy's letters, such as `i8`, and its shape, in
                which -1 stands for any length.
        """
        for name, (dtype, shape) in shapes.items():
            if name not in self.held:
                raise FileError(f"{self.path} lacks the tensor {name!r}", hint="make the file anew")
            held = self.held[name]
            fits = [n in (-1, m) for n, m in zip(shape, held.shape, strict=False)]
            if held.dtype.str[1:] != dtype or len(held.shape) != len(shape) or not all(fits):
                raise self.damaged(
                    f"the tensor {name!r} is {held.dtype} of shape {held.shape}, not "
                    f"{np.dtype(dtype)} of shape {shape}".replace("-1", "any")
                )
        unknown = sorted(self.held.keys() - shapes.keys())
        if unknown:
            raise self.damaged(f"the tensor {unknown[0]!r} is not known")

    def tensor(self, name: str, fault: Callable[[NDArray[Any]], str] | None = None) -> NDArray[Any]:
        """A tensor, mapped read-only; it is checked the first time.

        Args:
            name: Of a tensor that is there; see `expect`.
            fault: What is wrong with its values, such as `falls`, or nothing.

        Cost: the first time, one pass for the hash, and a fifth of its time for `fault`.
        """
        if name not in self._checked:
            array = self._hashed(name)
            found = fault(array) if fault else ""
            if found:
                raise FileError(
                    f"{self.path} is damaged: the tensor {name!r} {found}",
                    hint="make the file anew, from data that you trust",
                )
            self._checked[name] = array
        return self._checked[name]

    def _hashed(self, name: str) -> NDArray[Any]:
        """A tensor, mapped, that has its hash."""
        dtype, shape, start = self.held[name]
        if math.prod(shape):
            try:
                mapped = np.memmap(self.path, dtype, "r", start, shape)
            except (OSError, ValueError) as error:
                raise FileError(f"{self.path} changed while it was open: {error}") from error
            array = np.asarray(mapped)
        else:
            array = np.zeros(shape, dtype)
        if _tensor_hash(array) != self._hashes[name]:
            raise FileError(
                f"{self.path} was altered: the tensor {name!r} does not match its hash",
                hint="make the file anew",
            )
        return array

    def check_hashes(self) -> None:
        """Raise a `FileError` where any tensor does not match its hash, before it is used."""
        for name in self.held:
            self._hashed(name)


def _opened_again(form: type[Stored], arguments: tuple[Any, ...], content: str) -> Stored:
    """A file that was open in another process.

    Args:
        form: The class that reads it.
        arguments: Of the class; the first is the path.
        content: Its content hash.

    Raises:
        FileError: It is not there any more, or is another.
    """
    stored = form(*arguments)
    if stored.content != content:
        raise FileError(
            f"{stored.path} is another file than the one that was pickled",
            hint="a pickle of what lies on file holds its path and its hash only",
        )
    return stored
