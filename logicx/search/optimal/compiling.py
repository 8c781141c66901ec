"""Compiled functions: numba, behind one decorator with a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

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
    below 2^53, and neither infinity nor NaN occurs.
    """
    made: F = numba.njit(cache=True, nogil=True, fastmath=True, _nrt=False)(function)
    return made


@intrinsic  # type: ignore[untyped-decorator]
def count_bits(typing_context: Any, word: Any) -> Any:
    """Number of set bits of a `uint64`, as one instruction."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), generate


ZERO, ONE = np.uint64(0), np.uint64(1)
