"""Compiled functions, and their machine code on disk. Importing this needs Numba."""

from logicx.kernels.compiled import compiling as compiling
from logicx.kernels.compiled import count_bits as count_bits
