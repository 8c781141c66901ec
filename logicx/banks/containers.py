"""Arrays and names as people bring them: NumPy, torch, pandas, polars, SciPy sparse, lists.

What would lose its meaning on the way to an array, such as the mask of a masked array, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logicx.banks.frames import columns_of
from logicx.banks.values import is_nothing
from logicx.errors import DataError

DENSE_BYTES = 4 << 30
"""The largest sparse array that is written out."""


def as_array(values: Any, what: str) -> NDArray[Any]:
    """What NumPy, torch, pandas, polars, SciPy or lists hold, as an array; gradients stay behind.

    A frame becomes its rows. Sparse arrays are written out.

    Raises:
        DataError: It is no array, such as lists of different length; or values are missing.
    """
    try:
        array = _array(values, what)
    except DataError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{what} cannot be read as an array: {error}") from error
    if array.dtype.kind == "O":
        return _of_objects(array, what)
    if array.dtype.kind == "V" and array.dtype.name.startswith(("bfloat16", "float8")):
        return array.astype(np.float32)  # types that JAX has; every value is a float32
    return array


def as_booleans(values: Any, what: str, n_axes: int) -> NDArray[np.bool_]:
    """An array of booleans with so many axes, from whatever `as_array` takes.

    Raises:
        DataError: It has other axes, or values other than 0 and 1.
    """
    array = as_array(values, what)
    if array.ndim != n_axes:
        raise DataError(f"{what} must have {n_axes} axes, not shape {array.shape}")
    if array.dtype == bool:
        return array
    if array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all():
        raise DataError(f"{what} must hold only true and false (or 1 and 0), not {array.dtype}")
    return array.astype(bool)


def as_names(names: Any, what: str) -> list[Any]:
    """Names in their order, from any container that has one; bytes are UTF-8.

    Raises:
        DataError: It is a text, or a set, or no container.
    """
    if isinstance(names, (str, bytes)):
        raise DataError(
            f"{what} must be a list of texts, not the one text {names!r}", hint=f"[{names!r}]"
        )
    if isinstance(names, Set) and not isinstance(names, Mapping):
        raise DataError(f"{what} must be a list: a set has no order", hint="such as sorted(names)")
    if isinstance(names, Mapping):
        raise DataError(f"{what} must be a list, not a mapping", hint="such as list(names)")
    try:
        found = _listed(names)
    except TypeError:
        raise DataError(f"{what} must be a list of texts, not {type(names).__name__}") from None
    try:
        return [one.decode() if isinstance(one, bytes) else one for one in found]
    except UnicodeDecodeError as error:
        raise DataError(f"{what} are not UTF-8 ({error})") from error


def masked(values: Any, what: str) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """An array, and where its values are there; None where all are.

    Values may be missing in a masked array, and as None or `pd.NA` in a list or column; there the
    array has 0.

    Raises:
        DataError: See `as_array`.
    """
    if isinstance(values, np.ma.MaskedArray):
        present = ~np.ma.getmaskarray(values)
        if not present.all():
            return as_array(values.filled(0), what), present
        return as_array(values.data, what), None
    listed = _column(values)
    if listed is None:
        return as_array(values, what), None
    present = np.array([not is_nothing(one) for one in listed], bool)
    if present.all():
        return as_array(values, what), None
    filled = [one if there else 0 for one, there in zip(listed, present.tolist(), strict=True)]
    if all(isinstance(one, (bool, np.bool_)) or one == 0 for one in filled):
        filled = [bool(one) for one in filled]
    return as_array(filled, what), present


def _column(values: Any) -> list[Any] | None:
    """The values of a column of a data frame, or of a list of single values; else None."""
    if isinstance(values, np.ndarray) or hasattr(values, "detach"):
        return None
    if isinstance(values, (list, tuple)):
        is_flat = not any(hasattr(one, "__len__") for one in values)
        return [*values] if is_flat and any(map(is_nothing, values)) else None
    is_column = any(hasattr(values, one) for one in ("isna", "to_list", "to_pylist"))
    return _listed(values) if is_column and len(getattr(values, "shape", (0,))) == 1 else None


def _listed(values: Any) -> list[Any]:
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    return list(values)


def _array(values: Any, what: str) -> NDArray[Any]:
    if hasattr(values, "detach"):
        return _of_torch(values, what)
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        _check_dense(values.shape, values.dtype.itemsize, what)
        return np.asarray(values.toarray())
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.getmaskarray(values).any():
            raise _missing(what, "its mask says that values are missing")
        return np.asarray(values.data)
    if isinstance(values, (str, bytes, Mapping, Set)):
        raise DataError(f"{what} must be an array, not a {type(values).__name__}")
    if isinstance(values, Iterator):
        values = [*values]
    if isinstance(values, (list, tuple)):
        if any(map(_is_array, values)):
            values = [as_array(one, what) for one in values]
        return np.asarray(values)
    columns = columns_of(values)
    if columns is not None:
        if not columns:
            raise DataError(f"{what} cannot be read from a frame without columns")
        return np.stack([as_array(one, what) for one in columns.values()], axis=1)
    return np.asarray(values)


def _is_array(value: Any) -> bool:
    if isinstance(value, np.generic):
        return False
    return hasattr(value, "__array__") or hasattr(value, "toarray")


def _of_torch(values: Any, what: str) -> NDArray[Any]:
    values = values.detach()
    if str(values.layout) != "torch.strided":
        _check_dense(values.shape, values.element_size(), what)
        values = values.to_dense()
    if values.is_quantized:
        values = values.dequantize()
    if values.is_floating_point() and values.element_size() < 4 and _name(values) != "float16":
        values = values.float()  # NumPy has no bfloat16; every value is a float32
    return np.asarray(values.cpu())


def _name(values: Any) -> str:
    return str(values.dtype).removeprefix("torch.")


def _check_dense(shape: Any, item_bytes: int, what: str) -> None:
    n_bytes = item_bytes
    for n in shape:
        n_bytes *= int(n)
    if n_bytes > DENSE_BYTES:
        raise DataError(
            f"{what} are sparse, and would take {n_bytes / 1e9:,.0f} GB written out",
            hint="give some units at a time, or threshold them first and give masks",
        )


def _of_objects(array: NDArray[Any], what: str) -> NDArray[Any]:
    """An array of Python's numbers or booleans; anything else is left as it is."""
    flat = array.reshape(-1).tolist()
    if any(map(is_nothing, flat)):
        raise _missing(what, "values are missing (None, NaN or NA)")
    if flat and all(isinstance(one, (bool, np.bool_)) for one in flat):
        return array.astype(bool)
    if flat and all(isinstance(one, (int, float, np.number)) for one in flat):
        return np.asarray(array.tolist())
    return array


def _missing(what: str, why: str) -> DataError:
    return DataError(
        f"{what}: {why}", hint="say what they are: fill them, or leave those cells out (valid=...)"
    )
