"""Arrays from files; nothing is ever unpickled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from logicx.errors import DataError, FileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


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


def _read_safetensors(path: Path) -> dict[str, NDArray[np.generic]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return _sized(path, dict(load_file(path)))
    except (SafetensorError, OSError, TypeError, AttributeError) as error:  # NumPy has no bfloat16
        raise FileError(f"{path} is no readable safetensors file ({error})") from error
