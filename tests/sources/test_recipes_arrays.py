"""Recipes of tables and of masks."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from written_recipes import (
    CSV,
    compiled,  # noqa: F401, fixtures
    holds,
)

from logicx.banks.arrays import read_arrays, texts
from logicx.banks.universe import Universe
from logicx.errors import DataError, FileError, LogicxError

MASKS = np.array([[1, 1, 0, 0], [0, 1, 1, 0]], bool)


def table(columns: str, path: str = "d.csv") -> str:
    return f'kind = "table"\n[source]\npath = "{path}"\n[columns]\n{columns}\n'


def test_a_table_becomes_a_bank(compiled):
    recipe = table('color = "category"\nage = {kind = "quantiles", bins = 2}\nold = "boolean"')
    bank = compiled(recipe, d_csv=CSV)
    assert bank.universe == Universe.rows(4)
    expected = {
        "color:blue": [1],
        "color:red": [0, 3],
        "age:q1": [0, 1],
        "age:q2": [2],
        "old": [1, 2],
    }
    assert {name: holds(bank, name) for name in bank.names} == expected
    assert bank.source["quantile_edges"] == {"age": [2.0]}
    assert bank.source["file"] == "d.csv"
    assert bank.name == "r"


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ("", "names no columns"),
        ('colr = "category"', "the table has no column 'colr'"),
        ('color = "categories"', "'categories' is not one of category"),
        ("color = 3", "[columns.color] must be a table of settings"),
        ("color = []", "[columns.color] must be a table of settings"),
        ("color = {}", "[columns.color] has no kind"),
        ("color = {bins = 3}", "[columns.color] has no kind"),
        ("color = {kind = 3}", "column kind 3 is not one of"),
        ('color = {kind = "category", bims = 1}', "unknown setting 'bims'"),
        ('age = {kind = "quantiles", bins = "x"}', "2 to 100 quantile bins, not 'x'"),
        ('age = {kind = "quantiles", bins = 2.0}', "2 to 100 quantile bins, not 2.0"),
        ('age = {kind = "quantiles", bins = 1}', "2 to 100 quantile bins, not 1"),
        ('age = {kind = "quantiles", bins = inf}', "2 to 100 quantile bins, not inf"),
        ('color = {kind = "category", bins = 2000-01-01}', "holds a date"),
        (f'color = {{kind = "category", bins = {"0x" + "f" * 4000}}}', "a number too large"),
        ('color = {kind = "category", bins = [[1]]}', "2 to 100 quantile bins, not [[1]]"),
        ('age = "boolean"', "column 'age', row 2: '2' is neither true nor false"),
        ('color = "quantiles"', "column 'color', row 1: 'red' is not a number"),
        ("color.kind.kind = 1", "is not one of category"),
    ],
)
def test_columns_that_mean_nothing_are_told(compiled, columns, why):
    with pytest.raises(LogicxError) as e:
        compiled(table(columns), d_csv=CSV)
    assert why in e.value.message


def npz(path: Path, **arrays) -> Path:
    np.savez(path, **arrays)
    return path


def masks_recipe(path: str, names: str = "") -> str:
    line = f"names = {json.dumps(names)}\n" if names else ""
    return f'kind = "masks"\n[source]\npath = "{path}"\n{line}'


def test_masks_of_an_npz(tmp_path, compiled):
    names, kinds, valid = np.array(["a", "ü b"]), np.array(["x", "y"]), [1, 1, 0, 1]
    npz(tmp_path / "m.npz", masks=MASKS, names=names, categories=kinds, valid=valid)
    bank = compiled(masks_recipe("m.npz"))
    assert bank.names == ("a", "ü b")
    assert bank.categories == ("x", "y")
    assert (holds(bank, "a"), holds(bank, "ü b"), bank.n_valid) == ([0, 1], [1], 3)
    encoded = np.char.encode(names, "utf-8")
    npz(tmp_path / "m.npz", masks=MASKS.astype(np.float32), names=encoded, valid=valid)
    assert compiled(masks_recipe("m.npz")).names == ("a", "ü b")


def test_masks_of_images(tmp_path, compiled):
    valid = np.array([[[1, 1]], [[0, 1]]])
    npz(tmp_path / "m.npz", masks=MASKS.reshape(2, 2, 1, 2), names=["a", "b"], valid=valid)
    bank = compiled(masks_recipe("m.npz"))
    assert bank.universe == Universe.pixels(2, 1, 2)
    assert (holds(bank, "a"), holds(bank, "b")) == ([0, 1], [1])
    for shape in ((0, 2, 1, 2), (2, 0, 1, 2)):
        npz(tmp_path / "m.npz", masks=np.zeros(shape), names=np.array(["a", "b"])[: shape[0]])
        assert compiled(masks_recipe("m.npz")).universe == Universe.pixels(*shape[1:])


@pytest.mark.parametrize("name", ["m.npy", "M.NPY"])
def test_masks_of_an_npy_with_a_file_of_names(tmp_path, compiled, name):
    with (tmp_path / name).open("wb") as opened:
        np.save(opened, MASKS)
    for text in ("a\nb c\n", "a\r\nb c", "\ufeffa\nb c\n"):
        bank = compiled(masks_recipe(name, "n.txt"), n_txt=text)
        assert bank.names == ("a", "b c")
        assert holds(bank, "b c") == [1, 2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "no file"),
        ("a\n\nb\n", "2 masks but 3 names"),
        ("a\n\n", "concept 1 has no printable name"),
        ("a\x0cb\nb\n", "concept 0 has no printable name"),
        ("", "2 masks but 0 names"),
        (b"\xff\nb\n", "is not UTF-8"),
    ],
)
def test_names_that_fit_no_masks_are_told(tmp_path, compiled, text, why):
    np.save(tmp_path / "m.npy", MASKS)
    files = {} if text is None else {"n_txt": text}
    with pytest.raises(DataError, match=why):
        compiled(masks_recipe("m.npy", "n.txt"), **files)


N = np.array(["a", "b"])


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({}, "holds no masks"),
        ({"names": N}, "holds no masks"),
        ({"masks": MASKS}, "holds no names"),
        ({"masks": MASKS[0], "names": N}, "masks must have 2 axes"),
        ({"masks": MASKS[None], "names": N}, "masks must have 2 axes"),
        ({"masks": np.array(1), "names": N}, "masks must have 2 axes"),
        ({"masks": MASKS * 0.5, "names": N}, "masks must hold only true and false"),
        ({"masks": MASKS * np.nan, "names": N}, "masks must hold only true and false"),
        ({"masks": MASKS.astype(str), "names": N}, "masks must hold only true and false"),
        ({"masks": np.zeros((2, 2), [("a", "f8")]), "names": N}, "masks must hold only"),
        ({"masks": MASKS.astype(object), "names": N}, "allow_pickle=False"),
        ({"masks": MASKS, "names": np.array(["a", None])}, "allow_pickle=False"),
        ({"masks": MASKS, "names": N[0]}, r"names must be a list of texts, not <U1 of shape \(\)"),
        ({"masks": MASKS, "names": N[:, None]}, "names must be a list of texts"),
        ({"masks": MASKS, "names": np.zeros(2)}, "names must be a list of texts"),
        ({"masks": MASKS, "names": np.array([b"\xff", b"b"])}, "names are not UTF-8"),
        ({"masks": MASKS, "names": N[:1]}, "2 masks but 1 names"),
        ({"masks": MASKS, "names": np.array(["a", "a"])}, "'a' is given twice"),
        ({"masks": MASKS, "names": np.array(["a", "\ud800"])}, "no printable name"),
        ({"masks": MASKS, "names": N, "categories": N[:1]}, "2 names but 1 categories"),
        ({"masks": MASKS, "names": N, "categories": N[0]}, "categories must be a list of texts"),
        ({"masks": MASKS, "names": N, "categories": np.array(["\ud800", "b"])}, "printable text"),
        ({"masks": MASKS, "names": N, "valid": [1]}, "valid has 1 cells, the masks have 4"),
        ({"masks": MASKS, "names": N, "valid": [1, 2, 0, 0]}, "valid must hold only"),
        ({"masks": MASKS, "names": N, "valid": N}, "valid must hold only"),
    ],
)
def test_arrays_that_make_no_bank_are_told(tmp_path, compiled, arrays, why):
    npz(tmp_path / "m.npz", **arrays)
    with pytest.raises(DataError, match=why):
        compiled(masks_recipe("m.npz"))


def test_a_pickle_is_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "exploded",))

    bomb = np.empty(1, object)
    bomb[0] = Bomb()
    np.save(tmp_path / "a.npy", bomb)
    np.savez(tmp_path / "a.npz", masks=bomb)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(FileError, match="holds no readable arrays"):
            read_arrays(tmp_path / name)
    assert not (tmp_path / "exploded").exists()


def test_a_zip_file_of_other_things_is_told(tmp_path):
    for name in ("a.npz", "a.npy"):
        with zipfile.ZipFile(tmp_path / name, "w") as opened:
            opened.writestr("masks", "hello")
        with pytest.raises(FileError, match="'masks' is no array"):
            read_arrays(tmp_path / name)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_damaged_npz_ends_in_arrays_or_in_a_file_error(tmp_path, compressed):
    path = tmp_path / "a.npz"
    (np.savez_compressed if compressed else np.savez)(path, masks=MASKS, names=N)
    good = path.read_bytes()
    refused = 0
    for byte in range(len(good)):
        bad = bytearray(good)
        bad[byte] ^= 1 << byte % 8
        path.write_bytes(bad)
        try:
            found = read_arrays(path)
        except FileError:
            refused += 1
        else:
            assert all(isinstance(one, np.ndarray) for one in found.values())
    assert refused > len(good) / 4
    for n in range(0, len(good), 5):
        path.write_bytes(good[:n])
        with pytest.raises(FileError):
            read_arrays(path)


def test_a_damaged_npy_ends_in_an_array_or_in_a_file_error(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, MASKS)
    good = path.read_bytes()
    refused = 0
    for bit in range(8 * (len(good) - MASKS.size)):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        try:
            read_arrays(path)
        except FileError:
            refused += 1
    assert refused > 100


def test_texts_are_decoded():
    assert texts(np.array(["a", "ü"]), "x") == ["a", "ü"]
    assert texts(np.array([b"a", "ü".encode()]), "x") == ["a", "ü"]
    assert texts(np.array([3, 4]), "x") == ["3", "4"]
    assert texts(np.array([], dtype=str), "x") == []


def test_errors_in_a_table_name_its_file_once(compiled):
    recipe = 'kind = "table"\n[source]\npath = "t.csv"\n[columns]\ncolor = "category"\n'
    for text, message in (("age\n1\n", "the table has no column"), ("a,a\n1,2\n", "twice")):
        with pytest.raises(LogicxError, match=message) as e:
            compiled(recipe, t_csv=text)
        assert e.value.message.count("t.csv") == 1
