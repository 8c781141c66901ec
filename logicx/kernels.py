"""Compiled functions: Numba, with machine code on disk that is known by the source of all kernels.

Numba by itself looks only at the file of a function to see whether its machine code is out of date,
not at the files of functions that it calls, nor at numbers that are frozen into it. Here the folder
is named by a hash of the function's file and of all that it imports, so no stale code is ever run;
`kernelcache` says what keeps it from being altered.

Importing this needs Numba.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from logicx.errors import CacheWarning
from logicx.kernelcache import private_folder, seal
from logicx.resources import cache_folder, source_hash

F = TypeVar("F", bound="Callable[..., Any]")

_config: Any = numba.config


def compiling(is_inner: bool = False, **options: Any) -> Callable[[F], F]:
    """A decorator that compiles a function once per machine, to run without the interpreter's lock.

    Where a whole number is passed that is a literal, or is one at first, write `np.int64(0)`: for
    a literal the function is compiled once more.

    Args:
        is_inner: Only compiled functions call it. It gets no door to Python, and doors are half of
            the work where arguments are tuples of many arrays.
        options: As of `numba.njit`.
    """
    options |= {"nogil": True, "no_cpython_wrapper": is_inner, "no_cfunc_wrapper": True}

    def compiled(function: F) -> F:
        folder = _folder(function.__module__)
        before = _config.CACHE_DIR
        try:
            _config.CACHE_DIR = folder or before
            made = numba.njit(cache=bool(folder), **options)(function)
            if folder and hasattr(made, "_cache"):  # not where NUMBA_DISABLE_JIT is set
                seal(made, Path(folder))
        finally:
            _config.CACHE_DIR = before
        return cast("F", made)

    return compiled


@lru_cache
def _folder(module: str) -> str:
    """Where machine code of a module is kept, or nothing where no folder is fit for it."""
    name = f"kernels-{numba.__version__}-{source_hash(module)[:16]}"
    root = Path(_config.CACHE_DIR) if _config.CACHE_DIR else cache_folder()
    folder = root / name
    try:
        fault = private_folder(folder)
    except OSError:
        return ""
    if fault:
        _tell(f"compiled functions are not kept, so that each start takes longer: {fault}")
    return str(folder) if not fault and os.access(folder, os.W_OK) else ""


@lru_cache
def _tell(text: str) -> None:
    warnings.warn(text, CacheWarning, stacklevel=2)


def _count_bits(_: Any, word: Any) -> Any:
    return types.uint64(types.uint64), lambda _c, builder, _s, args: builder.ctpop(args[0])


count_bits = cast("Callable[[np.uint64], np.uint64]", intrinsic(_count_bits))
"""Number of set bits of a word, as one instruction (NumPy's is unknown to Numba)."""
