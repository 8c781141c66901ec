"""Weights of classes: the same from every form of file, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from finished_runs import N_UNITS, WEIGHTS, weights_csv, world  # noqa: F401, fixtures

from logicx import open_units
from logicx.analysis.class_weights import read_class_weights
from logicx.errors import DataError


@pytest.mark.parametrize("form", ["csv", "named", "npy", "npy turned", "npz", "safetensors"])
def test_weights_of_every_form_are_the_same(world, tmp_path, form):
    classes = None if form in ("csv", "named") else ["yes", "maybe", "no"]
    path = tmp_path / ("w." + {"named": "csv", "npy turned": "npy"}.get(form, form))
    if form == "csv":
        weights_csv(path)
    elif form == "named":
        order = [4, 2, 0, 6, 1, 3, 5]
        weights_csv(path, [f"n{i}" for i in order], values=WEIGHTS[order])
    elif form.startswith("npy"):
        np.save(path, WEIGHTS if form == "npy" else WEIGHTS.T)
    elif form == "npz":
        np.savez(path, weights=WEIGHTS.T, bias=WEIGHTS[:2])
    else:
        from safetensors.numpy import save_file

        save_file({"weight": np.ascontiguousarray(WEIGHTS.T), "bias": WEIGHTS[0]}, path)
    found = read_class_weights(path, world.units, classes)
    assert found.classes == ("yes", "maybe", "no")
    np.testing.assert_array_equal(found.values, WEIGHTS)
    for one in world.table(weights=found, limit=0):
        assert list(one.weights.values()) == WEIGHTS[int(one.unit[1])].tolist()


def test_ranges_share_the_weights_of_their_unit(world, tmp_path):
    units = open_units(tmp_path / "a.units", "ranges(2)")
    found = read_class_weights(weights_csv(tmp_path / "w.csv"), units)
    np.testing.assert_array_equal(found.values, np.repeat(WEIGHTS, 2, axis=0))


def test_a_square_array_is_read_as_torch_keeps_it(world, tmp_path):
    square = np.arange(N_UNITS**2).reshape(N_UNITS, N_UNITS).astype(float)
    np.save(tmp_path / "w.npy", square)
    np.testing.assert_array_equal(
        read_class_weights(tmp_path / "w.npy", world.units).values, square.T
    )


@pytest.mark.parametrize(
    ("file", "write", "classes", "message"),
    [
        (
            "w.csv",
            lambda p: weights_csv(p, values=WEIGHTS[:5]),
            None,
            "5 rows of weights.* 7 units",
        ),
        ("w.csv", lambda p: weights_csv(p, ["n0"] * 7), None, "unit 'n0' twice"),
        ("w.csv", lambda p: weights_csv(p, [*"abcdefg"]), None, "no weights of unit 'n0' and of 6"),
        ("w.csv", lambda p: p.write_text("a,b\n" + "1,inf\n" * 7), None, "unit 'n0' for 'b'"),
        (
            "w.csv",
            lambda p: p.write_text("a,b\n" + "1,\n" * 7),
            None,
            "unit 'n0' for 'b' is missing",
        ),
        ("w.csv", lambda p: p.write_text("a,b\n" + "1,x\n" * 7), None, "'x' is not a number"),
        ("w.csv", lambda p: p.write_text("unit\n" + "n0\n" * 7), None, "no column for a class"),
        ("w.csv", weights_csv, ["a", "b", "c"], "names its classes itself"),
        ("w.npy", lambda p: np.save(p, WEIGHTS[:5]), None, r"shape \(5, 3\).* 7 units"),
        ("w.npy", lambda p: np.save(p, WEIGHTS[:, 0]), None, "one array of weights with 2 axes"),
        ("w.npy", lambda p: np.save(p, WEIGHTS), ["a", "b"], "for 3 classes, not for: a, b"),
        (
            "w.npy",
            lambda p: np.save(p, WEIGHTS),
            ["a", "b", "b"],
            "for 3 classes, not for: a, b, b",
        ),
        ("w.txt", weights_csv, None, "its name must end in"),
        ("w.csv", lambda p: None, None, "no file"),
    ],
)
def test_weights_that_do_not_fit_are_refused(world, tmp_path, file, write, classes, message):
    write(tmp_path / file)
    with pytest.raises(DataError, match=message):
        read_class_weights(tmp_path / file, world.units, classes)
