"""What NumPy, torch, pandas, polars, pyarrow and SciPy hold is taken right, or refused."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from logicx import Column, ConceptBank, Units, explain, open_units
from logicx.banks.containers import as_array, as_booleans
from logicx.errors import DataError, FileError

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
sparse = pytest.importorskip("scipy.sparse")
pa = pytest.importorskip("pyarrow")

ACTS = np.array([[0.5, -1.0, 2.0, 0.0], [0.0, 0.0, 3.0, 1.5]], np.float32)
MASKS = ACTS > 0

# ---- arrays


class Exported:
    """A frame that speaks only one protocol."""

    def __init__(self, frame, method):
        self._frame, self._method = frame, method

    def __getattr__(self, name):
        if name == self._method:
            return getattr(self._frame, name)
        raise AttributeError(name)


def exported(frame, method):
    """An object of a class that has one method of the frame."""
    return type(
        "Exported", (), {method: lambda self, *args, **kw: getattr(frame, method)(*args, **kw)}
    )()


FORMS = [
    ("torch", lambda a: torch.tensor(a)),
    ("gradient", lambda a: torch.tensor(a, requires_grad=True)),
    ("bfloat16", lambda a: torch.tensor(a).bfloat16()),
    ("float8", lambda a: torch.tensor(a).to(torch.float8_e5m2)),
    ("quantized", lambda a: torch.quantize_per_tensor(torch.tensor(a), 0.5, 10, torch.qint8)),
    ("coo", lambda a: torch.tensor(a).to_sparse()),
    ("csr", lambda a: sparse.csr_array(a)),
    ("csc", lambda a: sparse.csc_matrix(a)),
    ("list", lambda a: a.tolist()),
    ("tensors", lambda a: [torch.tensor(one) for one in a]),
    ("generator", lambda a: (one for one in a)),
    ("objects", lambda a: a.astype(object)),
    ("unmasked", lambda a: np.ma.masked_array(a, mask=False)),
    ("float128", lambda a: a.astype(np.longdouble)),
]


@pytest.mark.parametrize(("form", "make"), FORMS, ids=[one for one, _ in FORMS])
@pytest.mark.filterwarnings("ignore")
def test_activations_of_any_form_are_the_same_units(form, make):
    units = Units.from_activations(make(ACTS), "value(0.25)")
    assert units.content == Units.from_activations(ACTS, "value(0.25)").content


@pytest.mark.parametrize(
    "make",
    [
        lambda m: sparse.csr_array(m),
        lambda m: torch.tensor(m).to_sparse(),
        lambda m: m.astype(object),
        lambda m: (one for one in m),
        lambda m: [pd.array(one, dtype="boolean") for one in m],
        lambda m: [np.ma.masked_array(one, mask=False) for one in m],
    ],
)
def test_masks_of_any_form_are_the_same(make):
    assert ConceptBank.from_masks(make(MASKS), ["a", "b"]).content == (
        ConceptBank.from_masks(MASKS, ["a", "b"]).content
    )
    assert Units.from_masks(make(MASKS), ["a", "b"]).content == (
        Units.from_masks(MASKS, ["a", "b"]).content
    )


def test_missing_values_are_never_false_in_a_bank():
    for masks in (
        np.ma.masked_array(MASKS, ACTS < 0),
        [np.ma.masked_array(one, [True, False, False, False]) for one in MASKS],
        [pd.array([True, None, False], dtype="boolean")] * 2,
        [[True, None], [False, True]],
        {"a": [True, None], "b": [False, True]},
    ):
        with pytest.raises(DataError, match="missing"):
            ConceptBank.from_masks(masks, ["a", "b"])
    with pytest.raises(DataError, match="valid: values are missing"):
        ConceptBank.from_masks([[1, 0]], ["a"], valid=pd.array([True, None], dtype="boolean"))


def test_too_large_a_sparse_array_is_not_written_out():
    huge = sparse.coo_array(([1.0], ([0], [0])), shape=(1 << 20, 1 << 20))
    with pytest.raises(DataError, match=r"are sparse, and would take 8,796 GB"):
        Units.from_activations(huge)
    tensor = torch.sparse_coo_tensor([[0], [0]], [1.0], (1 << 20, 1 << 20), check_invariants=True)
    with pytest.raises(DataError, match="are sparse"):
        Units.from_activations(tensor)


@pytest.mark.parametrize("values", [{1, 2}, "ab", b"ab", frozenset(), {"a": 1}])
def test_what_has_no_order_is_no_array(values):
    with pytest.raises(DataError, match="must be an array, not a"):
        as_array(values, "values")


def test_kinds_that_are_no_numbers_are_told():
    for values in (
        ACTS * 1j,
        ACTS.astype("M8[s]"),
        ACTS.astype(str),
        MASKS,
        [["a"]],
        [[Decimal(1)]],
    ):
        with pytest.raises(DataError, match="activations must be numbers"):
            Units.from_activations(values)
    assert as_booleans([1, 0], "x", 1).tolist() == [True, False]


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_sparse_matrices_on_file(tmp_path, form):
    for array in (ACTS, MASKS, ACTS.astype(np.float64)):
        sparse.save_npz(tmp_path / "s.npz", getattr(sparse, f"{form}_array")(array))
        dense = Units.from_masks(array) if array.dtype == bool else Units.from_activations(array)
        assert open_units(tmp_path / "s.npz").content == dense.content
    sparse.save_npz(tmp_path / "s.npz", sparse.bsr_array(ACTS))
    with pytest.raises(DataError, match="sparse matrix of form 'bsr'"):
        open_units(tmp_path / "s.npz")
    good = sparse.csr_array(ACTS)
    for changes in (
        {"indices": [9, 0, 0, 0]},
        {"indptr": [0, 1]},
        {"shape": [2]},
        {"data": [[1.0]]},
    ):
        parts = {
            "indices": good.indices,
            "indptr": good.indptr,
            "data": good.data,
            "shape": good.shape,
        }
        np.savez(tmp_path / "d.npz", format=np.array(b"csr"), **(parts | changes))
        with pytest.raises(FileError, match="sparse matrix"):
            open_units(tmp_path / "d.npz")


def test_bfloat16_and_other_types_in_safetensors(tmp_path):
    values = torch.tensor([[0.0, 1.5, -2.0, 3e38], [1e-30, 0.1, 5.0, -0.0]]).bfloat16()
    save_file(
        {"activations": values, "other": torch.ones(1, dtype=torch.int16)},
        tmp_path / "a.safetensors",
    )
    assert open_units(tmp_path / "a.safetensors").content == Units.from_activations(values).content
    save_file({"x": torch.tensor([[True, False]]), "y": values}, tmp_path / "b.safetensors")
    with pytest.raises(DataError, match="holds"):
        open_units(tmp_path / "b.safetensors")


# ---- names


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("ab", "the one text 'ab'"),
        (b"ab", "the one text"),
        ({"a", "b"}, "a set has no order"),
        (frozenset("ab"), "a set has no order"),
        ({"a": 1, "b": 2}, "not a mapping"),
        (7, "must be a list of texts, not int"),
        ([b"\xff", b"b"], "are not UTF-8"),
    ],
)
def test_names_must_be_in_order(names, why):
    with pytest.raises(DataError, match=why):
        ConceptBank.from_masks(MASKS, names)
    with pytest.raises(DataError, match=why):
        Units.from_masks(MASKS, names)
    with pytest.raises(DataError, match=why):
        ConceptBank.from_masks(MASKS, ["a", "b"], categories=names)


@pytest.mark.parametrize(
    "names", [[1.5, "b"], [None, "b"], [float("nan"), "b"], [True, "b"], [pd.NA, "b"]]
)
def test_values_that_are_no_names_of_units_are_refused(names):
    with pytest.raises(DataError, match="must be printable text"):
        Units.from_masks(MASKS, names)


def test_names_from_containers_that_have_an_order():
    for names in (
        np.array(["a", "b"]),
        [b"a", b"b"],
        pd.Index(["a", "b"]),
        pd.Series(["a", "b"]),
        pl.Series(["a", "b"]),
        pa.array(["a", "b"]),
        iter(["a", "b"]),
        (one for one in "ab"),
        dict.fromkeys("ab").keys() and ("a", "b"),
    ):
        assert Units.from_masks(MASKS, names).names == ("a", "b")
    assert ConceptBank.from_masks(MASKS, iter(["a", "b"])).names == ("a", "b")


# ---- frames

FRAMES = [
    lambda columns: pd.DataFrame(columns),
    lambda columns: pd.DataFrame(columns, index=range(10, 10 + len(next(iter(columns.values()))))),
    lambda columns: pl.DataFrame(columns),
    lambda columns: pa.table(columns),
    lambda columns: exported(pl.DataFrame(columns), "__arrow_c_stream__"),
    lambda columns: exported(pa.table(columns), "__dataframe__"),
    dict,
]


@pytest.mark.parametrize("make", FRAMES)
def test_a_table_is_the_same_from_every_library(make):
    columns = {
        "color": ["red", None, "blue", "red"],
        "age": [1, 2, None, 4],
        "old": [True, False, None, True],
    }
    kinds = {"color": "category", "age": Column("quantiles", 2), "old": "boolean"}
    found = ConceptBank.from_table(make(columns), kinds)
    expected = ConceptBank.from_table(columns, kinds)
    assert found.content == expected.content
    assert found.names == ("color:blue", "color:red", "age:q1", "age:q2", "old")
    assert len(found.notes) == 3


@pytest.mark.parametrize("make", FRAMES)
def test_columns_of_frames_are_units_and_concepts(make):
    units = Units.from_activations(make({"u": ACTS[0], "v": ACTS[1]}), "value(0.1)")
    assert units.content == Units.from_activations(ACTS, "value(0.1)", names=["u", "v"]).content
    masks = make({"a": MASKS[0], "b": MASKS[1]})
    assert Units.from_masks(masks).content == Units.from_masks(MASKS, ["a", "b"]).content
    masks = make({"a": MASKS[0], "b": MASKS[1]})
    assert (
        ConceptBank.from_masks(masks).content == ConceptBank.from_masks(MASKS, ["a", "b"]).content
    )


def test_an_axis_that_is_named_is_heeded():
    frame = pd.DataFrame(ACTS)  # rows are units, if one says so
    assert (
        Units.from_activations(frame, unit_axis=0).content == Units.from_activations(ACTS).content
    )
    assert Units.from_activations(frame).names == ("0", "1", "2", "3")


def test_names_of_series_are_used():
    for library in (pd, pl):
        series = [
            library.Series(name, MASKS[i]) if library is pl else library.Series(MASKS[i], name=name)
            for i, name in enumerate("ab")
        ]
        assert Units.from_masks(series).names == ("a", "b")
        assert Units.from_masks(series[0]).names == ("a",)
        assert Units.from_masks(series, ["x", "y"]).names == ("x", "y")
    with pytest.raises(DataError, match="the column 'a' twice"):
        Units.from_masks([pd.Series(MASKS[0], name="a")] * 2)


@pytest.mark.parametrize(
    "column",
    [
        pd.array([1, None, 3, 0], dtype="Int64"),
        pd.array([1.0, None, 3.0, 0.0], dtype="Float32"),
        pd.Series([1, None, 3, 0]),
        pl.Series([1, None, 3, 0]),
        pa.array([1, None, 3, 0]),
        [1, None, 3, 0],
        np.ma.masked_array([1, 5, 3, 0], [False, True, False, False]),
    ],
    ids=lambda one: type(one).__module__,
)
def test_missing_activations_of_columns_count_nowhere(column):
    units = Units.from_activations({"u": column}, "positive")
    assert units.mask("u").tolist() == [True, False, True, False]
    assert units.valid("u").tolist() == [True, False, True, True]
    assert "1 of 4 cells are missing" in units.notes[0]
    bank = ConceptBank.from_masks([[1, 1, 1, 0]], ["a"])
    (found,) = explain(bank, units)
    assert (found.score, found.counts.n_cells) == (1.0, 3)


def test_values_of_every_missing_kind_are_missing():
    missing = [
        None,
        float("nan"),
        np.nan,
        pd.NA,
        pd.NaT,
        np.datetime64("NaT"),
        np.ma.masked,
        Decimal("nan"),
        "NaT",
        "<NA>",
        "N/A",
        "#N/A",
    ]
    bank = ConceptBank.from_table({"c": [*missing, "x"]}, {"c": "category"})
    assert bank.names == ("c:x",)
    assert f"{len(missing)} of {len(missing) + 1} values are missing" in bank.notes[0]
    whens = pd.to_datetime(["2020-01-01", None])
    assert ConceptBank.from_table({"c": whens}, {"c": "category"}).n_concepts == 1


def test_columns_that_are_none_are_refused():
    for table, why in (
        ({"c": "abc"}, "must be a list of values, not a str"),
        ({"c": {"a", "b"}}, "not a set"),
        ({"c": np.ones((2, 2))}, "must have one axis"),
        ({"c": torch.ones(2, 2)}, "must have one axis"),
        ({"c": 5}, "must be a list of values"),
        ([["a"]], "a table is a data frame or a mapping"),
        (pl.LazyFrame({"c": [1]}), "collect it first"),
        ({1: [1], "1": [2]}, "the column '1' twice"),
        (pd.DataFrame([[1, 2]], columns=["c", "c"]), "the column 'c' twice"),
    ):
        with pytest.raises(DataError, match=why):
            ConceptBank.from_table(table, {"c": "category"})


def test_columns_of_tensors_bytes_and_dates_are_their_values():
    table = {
        "t": torch.tensor([1, 2]),
        "b": [b"x", "x"],
        "d": [datetime.date(2020, 1, 2)] * 2,
        "n": np.array([True, False]),
        "f": pd.array([1.0, 0.0], dtype="Float64"),
    }
    kinds = dict.fromkeys("tbd", "category") | dict.fromkeys("nf", "boolean")
    bank = ConceptBank.from_table(table, kinds)
    assert bank.names == ("t:1", "t:2", "b:x", "d:2020-01-02", "n", "f")
    with pytest.raises(DataError, match="not UTF-8"):
        ConceptBank.from_table({"b": [b"\xff"]}, {"b": "category"})
