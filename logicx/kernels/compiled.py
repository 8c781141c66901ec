"""Compiled functions: Numba, with machine code on disk that is known by the source of all kernels.

Numba by itself looks only at the file of a function to see whether its machine code is out of date,
not at the files of functions that it calls, nor at numbers that are frozen into it. Here the folder
is named by a hash of the function's file and of all that it imports, so no stale code is ever run;
`sealing` says what keeps it from being altered.

Compiling takes long, so it is told once: as a record of the logger `logicx` (`INFO`), which the
command line shows as a note; where nobody listens to that, as a note on standard error, if people
are likely to see it (a terminal, a notebook).

Importing this needs Numba.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import event as events
from numba.core import types
from numba.extending import intrinsic

from logicx.errors import CacheWarning
from logicx.kernels.sealing import private_folder, seal
from logicx.resources import cache_folder, source_hash

F = TypeVar("F", bound="Callable[..., Any]")

_config: Any = numba.config

_log = logging.getLogger("logicx")

_FIRST_TIMES: dict[Callable[..., Any], str] = {}
"""What is told when a function that Python calls is compiled."""


def compiling(
    is_inner: bool = False, *, what: str = "", seconds: int = 0, **options: Any
) -> Callable[[F], F]:
    """A decorator that compiles a function once per machine, to run without the interpreter's lock.

    Where a whole number is passed that is a literal, or is one at first, write `np.int64(0)`: for
    a literal the function is compiled once more.

    Args:
        is_inner: Only compiled functions call it. It gets no door to Python, and doors are half of
            the work where arguments are tuples of many arrays.
        what: What the function is part of, for people who wait: `the beam search`. Only of
            functions that Python calls.
        seconds: About how long all of that takes to compile.
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
        if what:
            _FIRST_TIMES[function] = _first_time(what, seconds, is_kept=bool(folder))
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


def _first_time(what: str, seconds: int, is_kept: bool) -> str:
    told = f"compiling {what} for this machine: about {seconds} s, "
    if is_kept:
        return told + "this once"
    return told + "in every process, as the cache folder cannot be used (LOGICX_CACHE)"


class _Teller(events.Listener):
    """Hears of every function that is really compiled, not of those whose code was on disk."""

    def __init__(self) -> None:
        self.told: set[str] = set()

    def on_start(self, event: Any) -> None:
        """Say so, once for all functions that belong together."""
        text = _FIRST_TIMES.get(event.data["dispatcher"].py_func)
        if text is None or text in self.told:
            return
        self.told.add(text)
        _log.info(text)
        is_heard = _log.isEnabledFor(logging.INFO) and _log.hasHandlers()
        if not is_heard and (sys.stderr.isatty() or hasattr(sys, "ps1")):
            print(f"note: {text}", file=sys.stderr)

    def on_end(self, event: Any) -> None:
        """Nothing more is told."""


cast("Any", events).register("numba:compile", _Teller())


def _count_bits(_: Any, word: Any) -> Any:
    return types.uint64(types.uint64), lambda _c, builder, _s, args: builder.ctpop(args[0])


count_bits = cast("Callable[[np.uint64], np.uint64]", intrinsic(_count_bits))
"""Number of set bits of a word, as one instruction (NumPy's is unknown to Numba)."""
