from __future__ import annotations

import csv
import json
import zipfile

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from logicx.banks.bank import ConceptBank
from logicx.banks.universe import Universe
from logicx.errors import DataError, FileError, LogicxError
from logicx.scoring.score import score
from logicx.units.loading import open_units
from logicx.units.units import Units

ACTIVATIONS = np.array([[0.0, 1.0, 2.0, 3.0, -1.0], [0.5, 0.0, 0.0, 0.25, 0.0]])
THRESHOLDS = (None, "positive", "quantile(0.3)", "value(0.2)", "ranges(2)")


def wrote(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def saved(folder, name, array=None, **arrays):
    path = folder / name
    with path.open("wb") as opened:
        np.save(opened, array) if array is not None else np.savez(opened, **arrays)
    return path


# ---- arrays


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_arrays_of_any_file_are_the_same_units(tmp_path, threshold, dtype):
    array = ACTIVATIONS.astype(dtype)
    names = ["a", "b"]
    expected = Units.from_activations(array, threshold or "positive", names=names)
    turned = array.T
    paths = [
        saved(tmp_path, "a.npz", activations=array, names=names),
        saved(tmp_path, "b.npz", x=array, names=np.array(names, "S")),
        saved(tmp_path, "c.npz", activations=array, other=turned, names=names),
    ]
    for path in paths:
        assert open_units(path, threshold).content == expected.content
    path = saved(tmp_path, "d.npz", activations=turned, names=names)
    assert open_units(path, threshold, unit_axis=1).content == expected.content

    numbered = Units.from_activations(array, threshold or "positive").content
    paths = [saved(tmp_path, name, array) for name in ("a.npy", "B.NPY")]
    if dtype != ">f4":
        safetensors.numpy.save_file({"x": array}, tmp_path / "a.safetensors")
        paths.append(tmp_path / "a.safetensors")
    for path in paths:
        assert open_units(path, threshold).content == numbered


def test_boolean_arrays_are_masks(tmp_path):
    masks = ACTIVATIONS > 0
    expected = Units.from_masks(masks).content
    assert open_units(saved(tmp_path, "a.npy", masks)).content == expected
    assert open_units(saved(tmp_path, "a.npz", x=masks.T), unit_axis=1).content == expected
    with pytest.raises(DataError, match="holds masks"):
        open_units(tmp_path / "a.npy", "positive")


def test_units_files_are_opened_as_they_are(tmp_path):
    units = Units.from_activations(ACTIVATIONS, "value(1)")
    units.save(tmp_path / "a.units")
    assert open_units(tmp_path / "a.units").content == units.content
    with pytest.raises(DataError, match="holds units that were cut already"):
        open_units(tmp_path / "a.units", "positive")


def test_progress_is_told(tmp_path):
    seen = []
    path = saved(tmp_path, "a.npy", ACTIVATIONS)
    open_units(path, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


NAMES = np.array(["a", "b"])


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({}, "holds nothing, but no array called activations"),
        ({"names": NAMES}, "holds nothing, but no array called activations"),
        ({"x": ACTIVATIONS, "y": ACTIVATIONS}, "holds x, y, but no array called activations"),
        ({"activations": ACTIVATIONS[0]}, "activations must be numbers with 2 axes"),
        ({"activations": ACTIVATIONS[None]}, "activations must be numbers with 2 axes"),
        ({"activations": np.array(3.0)}, "activations must be numbers with 2 axes"),
        ({"activations": ACTIVATIONS * 1j}, "activations must be numbers with 2 axes"),
        ({"activations": ACTIVATIONS.astype(str)}, "activations must be numbers with 2 axes"),
        ({"activations": np.zeros((2, 2), [("a", "f8")])}, "activations must be numbers with 2"),
        ({"activations": np.zeros((2, 2), "M8[s]")}, "activations must be numbers with 2 axes"),
        ({"activations": ACTIVATIONS.astype(object)}, "allow_pickle=False"),
        ({"activations": ACTIVATIONS * np.nan}, "unit '0' has the activation nan at cell 0"),
        ({"activations": ACTIVATIONS, "names": NAMES[:1]}, "2 units but 1 names"),
        ({"activations": ACTIVATIONS, "names": np.array(["a", "a"])}, "'a' is given twice"),
        ({"activations": ACTIVATIONS, "names": NAMES[0]}, "names must be a list of texts"),
        ({"activations": ACTIVATIONS, "names": NAMES[:, None]}, "names must be a list of texts"),
        ({"activations": ACTIVATIONS, "names": np.zeros(2)}, "names must be a list of texts"),
        ({"activations": ACTIVATIONS, "names": np.array(["a", "\ud800"])}, "printable text"),
        ({"activations": ACTIVATIONS, "names": np.array([b"\xff", b"b"])}, "are not UTF-8"),
    ],
)
def test_arrays_that_are_no_units_are_told(tmp_path, arrays, why):
    with pytest.raises(DataError, match=why):
        open_units(saved(tmp_path, "a.npz", **arrays))


@pytest.mark.parametrize(
    ("tensors", "why"),
    [
        ({}, "holds nothing, but no array called activations"),
        ({"x": torch.ones(2, 3), "y": torch.zeros(2, 3)}, "holds x, y, but no array called"),
        ({"x": torch.ones(2, 3).to(torch.float8_e4m3fn)}, "'x' is of type F8_E4M3, which NumPy"),
        ({"x": torch.ones(2, 3, dtype=torch.complex64)}, "activations must be numbers"),
        ({"activations": torch.ones(2, 3), "names": torch.zeros(2)}, "must be a list of texts"),
    ],
)
def test_tensors_that_are_no_units_are_told(tmp_path, tensors, why):
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(DataError, match=why):
        open_units(tmp_path / "a.safetensors")


def huge_npy() -> bytes:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }"
    return b"\x93NUMPY\x01\x00v\x00" + header.ljust(117) + b"\n"


@pytest.mark.parametrize("suffix", ["npy", "npz", "safetensors", "units", "parquet"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"hello",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"PK\x03\x04",
        b"PAR1",
        b"\x80\x04K\x03.",
        b"\xff" * 64,
        huge_npy(),
    ],
)
def test_files_of_nonsense_are_told(tmp_path, suffix, content):
    with pytest.raises(FileError, match=f"a.{suffix}"):
        open_units(wrote(tmp_path, f"a.{suffix}", content))


def test_zip_files_of_other_things_are_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as opened:
        opened.writestr("activations", "hello")
    with pytest.raises(FileError, match="'activations' is no array"):
        open_units(tmp_path / "a.npz")


def test_what_is_no_file_of_units_is_told(tmp_path):
    for name in ("none.npy", "x" * 300 + ".csv", "a\0.units"):
        with pytest.raises(FileError, match="no file"):
            open_units(tmp_path / name)
    for suffix in ("pt", "bank", "txt", ""):
        with pytest.raises(FileError, match="its name must end in"):
            open_units(wrote(tmp_path, f"a.{suffix}", "x"))
    for suffix in ("units", "csv", "parquet", "npy", "npz", "safetensors"):
        (tmp_path / f"folder.{suffix}").mkdir()
        with pytest.raises(FileError):
            open_units(tmp_path / f"folder.{suffix}")
    ConceptBank.from_masks([[1]], ["a"]).save(tmp_path / "bank.units")
    with pytest.raises(FileError, match="is a bank file, not a units file"):
        open_units(tmp_path / "bank.units")


# ---- tables


def test_columns_are_units_by_value_or_by_threshold(tmp_path):
    path = wrote(tmp_path, "a.csv", "pred,n\nyes,1\nno,2\nyes,NA\n,3\n")
    units = open_units(path, missing="off")
    expected = Units.from_masks(
        [[0, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]],
        ["pred=no", "pred=yes", "n=1", "n=2", "n=3"],
    )
    assert units.content == expected.content
    path = wrote(tmp_path, "b.tsv", "u\tv\n1\t-1\n2\t5\n3\t0\n")
    columns = np.array([[1, 2, 3], [-1, 5, 0.0]])
    for threshold in ("positive", "quantile(0.4)", "value(2)"):
        expected = Units.from_activations(columns, threshold, names=["u", "v"])
        assert open_units(path, threshold).content == expected.content
        assert expected.n_on.sum() > 0


def test_parquet_columns_are_units(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = arrow.table({"u": [0.5, -1.0, 2.0], "v": [1, 0, 3]})
    parquet.write_table(table, tmp_path / "a.parquet")
    expected = Units.from_activations([[0.5, -1, 2], [1, 0, 3.0]], "value(0.6)", names=["u", "v"])
    assert open_units(tmp_path / "a.parquet", "value(0.6)").content == expected.content
    assert open_units(tmp_path / "a.parquet").names[:3] == ("u=-1.0", "u=0.5", "u=2.0")
    parquet.write_table(arrow.table({}), tmp_path / "b.parquet")
    for threshold in THRESHOLDS:
        with pytest.raises(DataError, match="has no columns"):
            open_units(tmp_path / "b.parquet", threshold)


@pytest.mark.parametrize(
    ("text", "threshold", "why"),
    [
        ("u\nx\n", "positive", "column 'u', row 1: 'x' is not a number"),
        ("u\n1\ninf\n", "positive", "unit 'u' has the activation inf at cell 1"),
        ("u\n1\n1e999\n", "value(1)", "unit 'u' has the activation inf at cell 1"),
        ("u\n-1.7e308\n1.7e308\n", "quantile(0.5)", "activations are too large"),
        ('"u\nv"\n1\n', None, "a unit's name must be printable text"),
        ('"u\nv"\n1\n', "positive", "a unit's name must be printable text"),
        ("u,u\n1,2\n", None, "names the column 'u' twice"),
        ("u,v\n1\n", None, "line 2: 1 fields where the first line has 2"),
        ("a,a=b\nb=c,c\n", None, "the unit name 'a=b=c' is given twice"),
        ("u\n1\n", "top(3)", "threshold 'top\\(3\\)' is not known"),
    ],
)
def test_tables_that_are_no_units_are_told(tmp_path, text, threshold, why):
    with pytest.raises(LogicxError, match=why):
        open_units(wrote(tmp_path, "a.csv", text), threshold)


def test_numbers_without_a_threshold_come_with_a_hint(tmp_path):
    path = wrote(tmp_path, "a.csv", "u\n" + "".join(f"{i}\n" for i in range(1001)))
    with pytest.raises(DataError, match="has 1,001 different values") as e:
        open_units(path)
    assert "set a threshold, such as positive" in e.value.hint


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.lists(st.text('1.e-ax"= \n,é\0', max_size=4), min_size=1, max_size=3), min_size=1),
    st.sampled_from(THRESHOLDS),
)
def test_any_table_is_units_or_an_error_of_ours(tmp_path, rows, threshold):
    text = "\n".join(",".join(row) for row in rows)
    try:
        units = open_units(wrote(tmp_path, "any.csv", text), threshold)
    except LogicxError:
        return
    units.save(tmp_path / "any.units")
    assert open_units(tmp_path / "any.units").content == units.content


# ---- the paper's predictions


def test_the_papers_predictions_are_units(shared, reference_units):
    path = shared / "data" / "nli" / "probe" / "predictions.csv"
    units = open_units(path)
    with path.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 10_000
    names = [f"{one}={value}" for one in rows[0] for value in sorted({row[one] for row in rows})]
    assert units.names == tuple(names)
    for name in names:
        column, value = name.split("=")
        assert units.n_on[units.number(name)] == sum(row[column] == value for row in rows)
    bank = ConceptBank.from_masks([[True] * 10_000], ["all"], universe=Universe.pairs(10_000))
    theirs = {"correct=False": "incorrect", "pred=neutral": "pred=neutral"}
    for ours, other in theirs.items():
        one, two = score("all", bank, units, ours), score("all", bank, reference_units, other)
        assert one.counts == two.counts


def test_predictions_score_on_the_reference_bank_as_the_papers_code_says(shared, reference_bank):
    units = open_units(shared / "data" / "nli" / "probe" / "predictions.csv")
    results = json.loads((shared / "reference" / "compexp_nli" / "results.json").read_text())
    known = [one for one in results["results"] if one["unit"].startswith("pred=")]
    assert len(known) >= 3
    for one in known:
        found = score(one["formula"], reference_bank, units, one["unit"])
        assert found.score == float(one["iou_repr"])


def test_errors_in_a_table_name_its_file(tmp_path):
    (tmp_path / "labels.csv").write_text("gt\nneutral\n")
    with pytest.raises(DataError, match=r"labels\.csv: column 'gt', row 1: 'neutral'") as e:
        open_units(tmp_path / "labels.csv", "positive")
    assert "leave threshold away" in e.value.hint
