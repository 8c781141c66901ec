"""Arrays from files; nothing is ever unpickled."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from logicx.banks.containers import DENSE_BYTES
from logicx.banks.strict_json import strict_json
from logicx.errors import DataError, FileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_DTYPES = {
    **{"BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4"},
    **{"U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8"},
    **{"C64": "<c8"},
}
"""Types of the safetensors format that NumPy has."""


DEFLATED = 1040
"""How many times smaller than its content a compressed file can be."""
MOST_OF_NONE = 1 << 20
"""Longest axis of an array that has no numbers."""


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npy` (under the name ""), `.npz` or `.safetensors` file.

    Raises:
        FileError: The file cannot be read, or holds pickled objects.
    """
    if path.suffix.lower() == ".safetensors":
        return _read_safetensors(path)
    try:
        with path.open("rb") as opened:
            if opened.read(2) != b"PK":
                return _sized(path, {"": np.load(path, mmap_mode="r", allow_pickle=False)})
            opened.seek(0)
            _check_claims(opened)
            with np.load(opened, allow_pickle=False) as arrays:
                doubled = [name for name, n in Counter(arrays.files).items() if n > 1]
                if doubled:
                    raise ValueError(f"the array {doubled[0]!r} is there twice")
                found = dict(arrays)
    except FileNotFoundError:
        raise FileError(f"no file {path}") from None
    except (OSError, ValueError, EOFError) as error:
        raise FileError(f"{path} holds no readable arrays ({error})") from error
    except Exception as error:  # zipfile.BadZipFile and zlib.error have no common base
        raise FileError(f"{path} is damaged ({error})") from error
    foreign = [name for name, array in found.items() if not isinstance(array, np.ndarray)]
    if foreign:
        raise FileError(f"{path}: {foreign[0]!r} is no array")
    return _sized(path, found)


def read_activations(path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The activations (or masks) of a file of arrays, and the names of the units if it has any.

    Raises:
        FileError: The file cannot be read.
        DataError: It holds several arrays, or a sparse matrix of another kind.
    """
    arrays = read_arrays(path)
    names = arrays.pop("names", None)
    if "format" in arrays and "data" in arrays and "shape" in arrays:
        return _of_scipy(arrays, path), names
    array = arrays.get("activations", next(iter(arrays.values())) if len(arrays) == 1 else None)
    if array is None:
        held = ", ".join(arrays) or "nothing"
        raise DataError(f"{path} holds {held}, but no array called activations")
    return array, names


def _of_scipy(arrays: dict[str, NDArray[Any]], path: Path) -> NDArray[Any]:
    """A sparse matrix as `scipy.sparse.save_npz` writes it, written out."""
    form = str(arrays["format"].item().decode() if arrays["format"].size == 1 else "")
    if form not in ("csr", "csc", "coo"):
        raise DataError(
            f"{path} holds a sparse matrix of form {form!r}", hint="save it as CSR: matrix.tocsr()"
        )
    shape = tuple(arrays["shape"].reshape(-1).tolist())
    data = arrays["data"]
    if len(shape) != 2 or min(shape) < 0 or data.ndim != 1:
        raise FileError(f"{path} holds no sparse matrix with two axes")
    if math.prod(shape) * data.dtype.itemsize > DENSE_BYTES:
        raise DataError(
            f"{path} holds a sparse matrix that would take "
            f"{math.prod(shape) * data.dtype.itemsize / 1e9:,.0f} GB written out",
            hint="save some units at a time",
        )
    try:
        if form == "coo":
            rows, columns = arrays["row"], arrays["col"]
        else:
            columns, indptr = arrays["indices"], arrays["indptr"]
            rows = np.repeat(np.arange(shape[form == "csc"]), np.diff(indptr))
            if form == "csc":
                rows, columns = columns, rows
        if (
            not len(rows) == len(columns) == len(data)
            or min(rows.min(initial=0), columns.min(initial=0)) < 0
        ):
            raise ValueError("its parts do not fit together")
        dense = np.zeros(shape, data.dtype)
        if data.dtype == bool:
            np.logical_or.at(dense, (rows, columns), data)
        else:
            np.add.at(dense, (rows, columns), data)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise FileError(f"{path} holds a damaged sparse matrix ({error})") from error
    return dense


def texts(array: NDArray[Any], what: str) -> list[str]:
    """An array of names as text; bytes are UTF-8.

    Raises:
        DataError: It has other axes than one, or holds neither text nor numbers.
    """
    if array.ndim != 1 or array.dtype.kind not in "USiu":
        raise DataError(f"{what} must be a list of texts, not {array.dtype} of shape {array.shape}")
    try:
        return [one.decode() if isinstance(one, bytes) else str(one) for one in array.tolist()]
    except UnicodeDecodeError as error:
        raise DataError(f"{what} are not UTF-8 ({error})") from error


def _check_claims(opened: BinaryIO) -> None:
    """Refuse an `.npz` whose members claim to be larger than they are, before room is made.

    Raises:
        ValueError: One does.
    """
    from zipfile import ZipFile

    with ZipFile(opened) as members:
        for one in members.infolist():
            if not one.filename.endswith(".npy"):
                continue
            if one.file_size > DEFLATED * one.compress_size + len(b"PK"):
                raise ValueError(f"{one.filename!r} claims {one.file_size:,} bytes")
            with members.open(one) as member:
                version = np.lib.format.read_magic(member)
                read = np.lib.format.read_array_header_1_0
                if version != (1, 0):
                    read = np.lib.format.read_array_header_2_0
                shape, _, dtype = read(member)
                if dtype.hasobject:
                    continue  # NumPy refuses it by name
                if math.prod(shape) * dtype.itemsize != one.file_size - member.tell():
                    raise ValueError(f"{one.filename!r} claims the shape {shape}, which it is not")
    opened.seek(0)


def _sized(path: Path, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The same arrays, of which none without a number in it claims a long axis.

    Raises:
        FileError: One does.
    """
    for name, array in arrays.items():
        if not array.size and max(array.shape, default=0) > MOST_OF_NONE:
            raise FileError(f"{path}: the array {name!r} of shape {array.shape} holds nothing")
    return arrays


def _read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError, deserialize
    from safetensors.numpy import load_file

    try:
        try:
            loaded = dict(load_file(path))
            _check_header(path)
            return _sized(path, loaded)
        except (TypeError, AttributeError):  # a type that NumPy does not have
            stored: Any = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except FileNotFoundError:
        raise FileError(f"no file {path}") from None
    except (SafetensorError, OSError) as error:
        raise FileError(f"{path} is no readable safetensors file ({error})") from error
    _check_header(path)
    found: dict[str, NDArray[Any]] = {}
    for name, one in stored:
        kind = one["dtype"]
        if kind == "BF16":  # the first half of a float32
            raw = np.frombuffer(one["data"], "<u2").astype(np.uint32) << np.uint32(16)
            array: NDArray[Any] = raw.view(np.float32)
        elif kind in _DTYPES:
            array = np.frombuffer(one["data"], _DTYPES[kind])
        else:
            raise FileError(
                f"{path}: the array {name!r} is of type {kind}, which NumPy does not have",
                hint="save it as float32: tensor.float()",
            )
        found[name] = array.reshape(one["shape"])
    return _sized(path, found)


def _check_header(path: Path) -> None:
    """Refuse a header, which the library has read, that names an array twice: it takes the last."""
    with path.open("rb") as opened:
        strict_json(opened.read(int.from_bytes(opened.read(8), "little")), f"{path}, header")
