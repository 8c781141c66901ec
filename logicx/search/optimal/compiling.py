"""Compiled functions of proofs, behind one decorator."""

from __future__ import annotations

import numpy as np

from logicx.errors import OptionError

try:
    from logicx.kernels import compiling, count_bits
except ImportError as error:
    raise OptionError(
        "strategy 'optimal' needs numba, which is not installed",
        hint="pip install 'logicx[fast]'",
    ) from error

__all__ = ["ONE", "ZERO", "compiled", "count_bits", "entry"]

entry = compiling(what="the search for proofs", seconds=30, fastmath=True, _nrt=False)
"""Compile a function that Python calls. Sums may be reordered (`fastmath`), which changes nothing
here: all floats are whole numbers below 2^53, and neither infinity nor NaN occurs. Arrays are not
counted by reference (`_nrt`), which took two thirds of the time; so a compiled function must not
make any."""

compiled = compiling(is_inner=True, fastmath=True, _nrt=False)
"""Compile a function that only compiled ones call."""

ZERO, ONE = np.uint64(0), np.uint64(1)
