"""Compiled functions: numba, behind one decorator with a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from logicx.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    import numba
    from numba.core import types
    from numba.extending import intrinsic
except ImportError as error:
    raise OptionError(
        "strategy 'optimal' needs numba, which is not installed",
        hint="pip install 'logicx[fast]'",
    ) from error

F = TypeVar("F", bound="Callable[..., Any]")


def compiled(function: F) -> F:
    """The function as machine code, compiled once per machine.

    Sums may be reordered (`fastmath`), which changes nothing here: all floats are whole numbers
    below 2^53, and neither infinity nor NaN occurs. Arrays are not counted by reference (`_nrt`),
    which took two thirds of the time; so a compiled function must not make any.

    The compiled code is kept beside its file until that file changes. numba does not see that a
    function of another file changed which it calls: whoever edits one deletes `__pycache__`.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": True, "_nrt": False}
    made: F = numba.njit(**options)(function)
    return made


@intrinsic
def _count_bits(typing_context: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), generate


count_bits = cast("Callable[[np.uint64], np.uint64]", _count_bits)
"""Number of set bits of a word, as one instruction (NumPy's is unknown to numba)."""


ZERO, ONE = np.uint64(0), np.uint64(1)
