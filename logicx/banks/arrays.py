"""Arrays from files; nothing is ever unpickled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import DataError, FileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


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
                return {"": np.load(path, mmap_mode="r", allow_pickle=False)}
            opened.seek(0)
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
    return found


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


def _read_safetensors(path: Path) -> dict[str, NDArray[np.generic]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, TypeError, AttributeError) as error:  # NumPy has no bfloat16
        raise FileError(f"{path} is no readable safetensors file ({error})") from error
