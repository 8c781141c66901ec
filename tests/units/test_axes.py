"""Which axis of an array holds the units is said, not guessed from the numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from logicx import ConceptBank, Units, Universe, open_units
from logicx.analysis import read_class_weights
from logicx.cli import run
from logicx.errors import DataError, LogicxError, OptionError, UniverseError

DICE = np.random.default_rng(5)
MAPS = DICE.normal(size=(4, 5, 3, 2))
"""[units, images, height, width]"""
TOKENS = DICE.normal(size=(6, 3, 4))
"""[units, documents, tokens]"""
HEADS = TOKENS.reshape(2, 3, 3, 4)
"""[heads, units of a head, documents, tokens]"""
ONE = MAPS[:1]

ARRAYS = [
    ("cnhw", MAPS, MAPS),
    ("nchw", MAPS.transpose(1, 0, 2, 3), MAPS),
    ("nhwc", MAPS.transpose(1, 2, 3, 0), MAPS),
    ("nhw", ONE[0], ONE),
    ("btd", TOKENS.transpose(1, 2, 0), TOKENS),
    ("tbd", TOKENS.transpose(2, 1, 0), TOKENS),
    ("bdt", TOKENS.transpose(1, 0, 2), TOKENS),
    ("bthd", HEADS.transpose(2, 3, 0, 1), TOKENS),
    ("bhtd", HEADS.transpose(2, 0, 3, 1), TOKENS),
]


def cells_of(meant):
    """The cells of an array with its units first."""
    n_groups, *inner = meant.shape[1:]
    if len(inner) == 2:
        return Universe.pixels(n_groups, *inner)
    return Universe.tokens(np.arange(n_groups + 1) * inner[0])


@pytest.mark.parametrize(("layout", "array", "meant"), ARRAYS, ids=[one[0] for one in ARRAYS])
def test_a_layout_says_what_the_axes_are(tmp_path, layout, array, meant):
    flat = meant.reshape(len(meant), -1)
    expected = Units.from_activations(flat, "quantile(0.3)", universe=cells_of(meant))
    made = Units.from_activations(array, "quantile(0.3)", layout=layout)
    assert made.content == expected.content
    assert f"{list(array.shape)} are taken as [" in made.notes[0]
    tensor = torch.tensor(np.ascontiguousarray(array))
    assert Units.from_activations(tensor, "quantile(0.3)", layout=layout).content == made.content
    np.save(tmp_path / "a.npy", array)
    save_file({"acts": np.ascontiguousarray(array)}, tmp_path / "a.safetensors")
    for name in ("a.npy", "a.safetensors"):
        read = open_units(tmp_path / name, "quantile(0.3)", layout=layout)
        assert read.content == made.content
        assert read.notes == made.notes
    masks = Units.from_masks(array > 0, layout=layout)
    assert masks.content == Units.from_masks(flat > 0, universe=cells_of(meant)).content
    np.save(tmp_path / "m.npy", array > 0)
    assert open_units(tmp_path / "m.npy", layout=layout).content == masks.content


@pytest.mark.parametrize("array", [TOKENS, MAPS, TOKENS > 0])
def test_without_a_layout_more_axes_are_refused(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    make = Units.from_masks if array.dtype == bool else Units.from_activations
    for call in (lambda: make(array), lambda: open_units(tmp_path / "a.npy")):
        with pytest.raises(DataError, match="which axis holds the units cannot be told") as e:
            call()
        assert e.value.code == "layout"
        assert ("btd for [documents, tokens, units]" in e.value.hint) == (array.ndim == 3)
        assert ("nhwc for [images, height, width, units]" in e.value.hint) == (array.ndim == 4)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"layout": "hwc"}, OptionError, "layout is one of nhw, btd"),
        ({"layout": "nchw"}, DataError, "has 4 axes"),
        ({"layout": "btd", "unit_axis": 0}, OptionError, "both say which axis"),
        ({"layout": "btd", "universe": Universe.rows(11)}, DataError, "12 cells were given"),
        ({"layout": "btd", "universe": Universe.tokens([0, 2, 12])}, UniverseError, "documents"),
        ({"layout": "btd", "universe": Universe.pixels(3, 2, 2)}, UniverseError, "3 images"),
    ],
)
def test_what_contradicts_the_layout_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        Units.from_activations(TOKENS.transpose(1, 2, 0), **options)


def test_the_cells_may_be_called_rows():
    units = Units.from_activations(
        TOKENS.transpose(1, 2, 0), layout="btd", universe=Universe.rows(12)
    )
    assert str(units.universe) == "12 rows"


def test_a_layout_is_for_arrays_alone(tmp_path):
    Units.from_masks(np.eye(3)).save(tmp_path / "a.units")
    (tmp_path / "a.csv").write_text("x,y\n1,0\n")
    for name in ("a.units", "a.csv"):
        with pytest.raises(DataError, match="layout is for arrays"):
            open_units(tmp_path / name, layout="btd")
    with pytest.raises(DataError, match="layout is for arrays"):
        Units.from_activations({"a": [1.0, 2.0]}, layout="btd")
    with pytest.raises(DataError, match="has 3 axes") as e:
        Units.from_activations(np.eye(3), layout="btd")
    assert "leave layout away" in e.value.hint


def test_missing_cells_follow_the_layout():
    array = np.ma.masked_array(TOKENS.transpose(1, 2, 0), TOKENS.transpose(1, 2, 0) > 1)
    units = Units.from_activations(array, layout="btd")
    for i in range(len(TOKENS)):
        known = TOKENS[i].reshape(-1) <= 1
        assert known.all() == (units.valid(i) is None)
        if not known.all():
            assert units.valid(i).tolist() == known.tolist()
        assert units.mask(i).tolist() == (known & (TOKENS[i].reshape(-1) > 0)).tolist()


def test_a_square_array_is_told_of():
    square = DICE.normal(size=(5, 5))
    (note,) = Units.from_activations(square).notes
    assert "taken as [units, cells]; unit_axis=1" in note
    assert Units.from_masks(square > 0).notes
    for other in (
        Units.from_activations(square, unit_axis=0),
        Units.from_activations(square, unit_axis=1),
        Units.from_activations(square[:4]),
        Units.from_masks(dict(zip("abcde", square > 0, strict=True))),
    ):
        assert other.notes == ()
    assert ConceptBank.from_masks(square > 0, list("abcde")).notes
    assert ConceptBank.from_masks(square[:4] > 0, list("abcd")).notes == ()


def test_square_weights_are_told_of(tmp_path):
    units = Units.from_masks(np.eye(3), ["a", "b", "c"])
    np.save(tmp_path / "w.npy", np.arange(9.0).reshape(3, 3))
    found = read_class_weights(tmp_path / "w.npy", units)
    assert found.of(1) == {"class 0": 1.0, "class 1": 4.0, "class 2": 7.0}
    assert "taken as [classes, units]" in found.notes[0]
    np.save(tmp_path / "w.npy", np.arange(6.0).reshape(2, 3))
    assert read_class_weights(tmp_path / "w.npy", units).notes == ()


def test_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", MAPS.transpose(1, 2, 3, 0))
    assert run(["units", "units=a.npy"]) == 2
    assert "layout=" in capsys.readouterr().err
    assert run(["units", "units=a.npy", "layout=nhwc", "--json"]) == 0
    told = capsys.readouterr()
    assert "are taken as [images, height, width, units]" in told.err
    rows = [json.loads(one) for one in told.out.splitlines()]
    assert [one["cells"] for one in rows] == (MAPS > 0).sum(axis=(1, 2, 3)).tolist()
    masks = DICE.random((3, 30)) < 0.5
    bank = ConceptBank.from_masks(masks, ["x", "y", "z"], universe=Universe.pixels(5, 3, 2))
    bank.save("a.bank")
    (tmp_path / "logicx.toml").write_text('bank = "a.bank"\nunits = "a.npy"\nlayout = "nhwc"\n')
    assert run(["score", "x", "unit=2"]) == 0
    ConceptBank.from_masks(masks, ["x", "y", "z"], universe=Universe.pixels(5, 2, 3)).save("a.bank")
    assert run(["score", "x", "unit=2"]) == 2


def test_a_layout_of_units_is_none_of_layers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model_of_axes.py").write_text(
        "import torch\n"
        "def load():\n"
        "    return torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1)), [torch.ones(1, 3, 4, 4)]\n"
    )
    (tmp_path / "logicx.toml").write_text('layout = "nhwc"\n')
    assert run(["probe", "model_of_axes:load", "layer=0", "out=a.units"]) == 0
    assert "[batch, units, height, width]" in capsys.readouterr().err


def test_errors_are_logicx_errors():
    for shape in [(2,), (2, 2, 2, 2, 2), ()]:
        with pytest.raises(LogicxError, match="2 axes"):
            Units.from_activations(np.ones(shape))


def test_rows_of_a_table_are_no_units(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,0\n0,1\n")
    assert open_units(tmp_path / "a.csv", "positive", unit_axis=1).names == ("x", "y")
    with pytest.raises(DataError, match="the units are the columns"):
        open_units(tmp_path / "a.csv", "positive", unit_axis=0)
