"""Arrays whose headers claim what they are not."""

from __future__ import annotations

import tracemalloc
import zipfile
from io import BytesIO

import numpy as np
import pytest

from logicx import open_units
from logicx.errors import FileError


def member(shape: tuple[int, ...], n_bytes: int = 40) -> bytes:
    """An `.npy` that claims a shape and holds so many bytes."""
    head = BytesIO()
    says = {"descr": "<i8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, says)
    return head.getvalue() + bytes(n_bytes)


@pytest.mark.parametrize("shape", [(1 << 31,), (1 << 62,), (3, 2), (4,), ()])
def test_an_npz_that_claims_more_than_it_holds_is_refused_before_room_is_made(tmp_path, shape):
    """Of 16 GiB, all were allocated before the end of the file was seen."""
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("activations.npy", member(shape))
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match="claims the shape"):
            open_units(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [(1 << 40, 0), (0, 1 << 40)])
@pytest.mark.parametrize("ending", ["npz", "npy"])
def test_arrays_of_nothing_with_long_axes_are_refused(tmp_path, shape, ending):
    """They take no bytes, and a name for each of 10^12 units would."""
    path = tmp_path / f"a.{ending}"
    if ending == "npy":
        path.write_bytes(member(shape, 0))
    else:
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("activations.npy", member(shape, 0))
    with pytest.raises(FileError, match=r"holds nothing|no readable arrays"):
        open_units(path)
