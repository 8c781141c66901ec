"""What in a table is data: headers, row indices, columns without a name, labels of classes."""

from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pytest

from logicx import Units, compile_recipe, open_units
from logicx.analysis.class_weights import read_class_weights
from logicx.banks.strict_json import strict_json
from logicx.banks.tablefiles import read_lines, read_table
from logicx.cli import run
from logicx.errors import DataError, FileError, LogicxError


def wrote(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ---- headers


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("0.5,-1\n2,3\n", "positive"),
        ("5.000e-01\n2.0e+00\n", "positive"),
        ("1,2\n3,4\n", "positive"),
        ("1,0\n0,1\n", None),
        ("1\n0\n1\n", None),
        ("yes\nno\nyes\n", None),
        ("yes,0.97\nno,0.5\n", None),
        ("yes,1\nno,1\nyes,0\n", None),
        ("-1,1\n0,1\n", None),
        ("7,9\n3,1\n", "positive"),
    ],
)
def test_a_first_line_of_data_is_no_header(tmp_path, text, threshold):
    path = wrote(tmp_path, "u.csv", text)
    with pytest.raises(FileError, match="looks like data") as e:
        open_units(path, threshold)
    assert "header=false" in e.value.hint
    n_rows = text.count("\n")
    told = open_units(path, threshold, header=False)
    assert told.mask(told.names[0]).shape == (n_rows,)
    named = open_units(path, threshold, header=True)
    assert named.mask(named.names[0]).shape == (n_rows - 1,)


@pytest.mark.parametrize(
    ("text", "names", "n_notes"),
    [
        ("0,1,2\n1,2,3\n", ("0", "1", "2"), 0),
        ("0,1\n0.5,2\n", ("0", "1"), 0),
        ("0\n0.5\n", ("0",), 0),
        ("483,12\n0.5,2\n", ("483", "12"), 1),
        ("u,v\n1,2\n", ("u", "v"), 0),
        ("u,1\n1,2\n", ("u", "1"), 0),
        ("1,2,3\n7,8,9\n", ("1", "2", "3"), 0),
    ],
)
def test_names_that_are_numbers_are_names(tmp_path, text, names, n_notes):
    units = open_units(wrote(tmp_path, "u.csv", text), "positive")
    assert units.names == names
    assert len(units.notes) == n_notes


def test_the_command_line_takes_header_and_missing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrote(tmp_path, "u.csv", "yes\nno\nyes\n")
    assert run(["units", "units=u.csv"]) == 2
    assert run(["units", "units=u.csv", "header=false", "--json"]) == 0
    rows = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert [(row["name"], row["cells"]) for row in rows] == [("1=no", 1), ("1=yes", 2)]
    assert run(["units", "units=u.csv", "header=maybe"]) == 2
    assert run(["units", "units=u.csv", "header=true", "missing=some"]) == 2
    np.save("a.npy", np.eye(2))
    assert run(["units", "units=a.npy", "header=true"]) == 2
    assert "header is for tables" in capsys.readouterr().err


def test_a_recipe_says_whether_there_is_a_header(tmp_path):
    wrote(tmp_path, "t.csv", "red,1\nblue,2\nred,3\n")
    for header, columns, n in (("false", '"1"', 3), ("true", "red", 2)):
        wrote(
            tmp_path,
            "r.toml",
            f'kind = "table"\n[source]\npath = "t.csv"\nheader = {header}\n[columns]\n{columns} = "category"\n',
        )
        assert compile_recipe(tmp_path / "r.toml").universe.n_cells == n


# ---- row indices and columns without a name


def test_the_index_of_pandas_is_no_unit(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"u": [0.5, -1.0, 2.0], "v": [1.0, 0.0, 3.0]})
    plain = Units.from_activations(frame).content
    frame.to_csv(tmp_path / "a.csv")
    pd.read_csv(tmp_path / "a.csv").to_csv(tmp_path / "b.csv")
    frame.iloc[::-1].to_csv(tmp_path / "c.csv")
    frame.set_index(pd.Index(["x", "y", "z"], name="id")).to_parquet(tmp_path / "d.parquet")
    frame.set_index(pd.Index(["x", "y", "z"])).to_parquet(tmp_path / "e.parquet")
    frame.to_parquet(tmp_path / "f.parquet")
    for name in ("a.csv", "d.parquet", "e.parquet", "f.parquet"):
        units = open_units(tmp_path / name, "positive")
        assert units.content == plain
        assert ("left out" in "".join(units.notes)) == (name != "f.parquet")
    assert open_units(tmp_path / "c.csv", "positive").names == ("u", "v")
    assert read_table(tmp_path / "d.parquet")["id"] == ["x", "y", "z"]  # by name it is there


@pytest.mark.parametrize("text", ["x,\n1,2\n", ",x\na,2\nb,3\n", ",x\n1,2\n1,3\n", " ,x\n0.5,2\n"])
def test_a_column_without_a_name_is_told(tmp_path, text):
    with pytest.raises(FileError, match="has no name"):
        open_units(wrote(tmp_path, "u.csv", text))


def test_class_weights_have_no_class_of_row_numbers(tmp_path):
    path = wrote(tmp_path, "w.csv", ",yes,no\n0,0.5,1\n1,2,3\n")
    units = Units.from_masks(np.eye(2), ["a", "b"])
    assert read_class_weights(path, units).classes == ("yes", "no")


def test_a_path_adds_no_column(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    folder = tmp_path / "split=dev"
    folder.mkdir()
    parquet.write_table(pa.table({"p": ["a", "b"]}), folder / "x.parquet")
    assert open_units(folder / "x.parquet").names == ("p=a", "p=b")


# ---- Hugging Face


def exported(folder, names, values):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    features = {"label": {"names": names, "_type": "ClassLabel"}, "text": {"dtype": "string"}}
    table = pa.table({"text": ["t"] * len(values), "label": values})
    stated = json.dumps({"info": {"features": features}})
    parquet.write_table(
        table.replace_schema_metadata({"huggingface": stated}), folder / "h.parquet"
    )
    return folder / "h.parquet"


def test_classes_have_the_names_on_file(tmp_path):
    path = exported(tmp_path, ["entailment", "neutral"], [1, -1, 0, 1])
    units = open_units(path)
    assert units.names == ("text=t", "label=entailment", "label=neutral")
    assert units.valid("label=neutral").tolist() == [True, False, True, True]
    assert units.mask("label=neutral").tolist() == [True, False, False, True]
    assert any("have the names on file" in one for one in units.notes)
    with pytest.raises(FileError, match="holds the class 2"):
        read_table(exported(tmp_path, ["a", "b"], [0, 2]))


def test_pairs_without_a_label_are_dropped(tmp_path):
    lines = [
        {"premise": "a b", "hypothesis": "a", "label": 1},
        {"premise": "c", "hypothesis": "d", "label": -1},
        {"premise": "e", "hypothesis": "f", "label": None},
    ]
    wrote(tmp_path, "p.jsonl", "".join(json.dumps(one) + "\n" for one in lines))
    wrote(
        tmp_path,
        "r.toml",
        'kind = "pairs"\n[source]\npath = "p.jsonl"\n[pairs]\nformat = "table"\n',
    )
    changes = {"pairs.drop_unlabelled": True}
    assert compile_recipe(tmp_path / "r.toml", changes=changes).universe.n_cells == 1
    assert compile_recipe(tmp_path / "r.toml").universe.n_cells == 3


# ---- texts


def test_a_header_is_no_pair(tmp_path):
    wrote(tmp_path, "p.tsv", "sentence1\tsentence2\na b\tc\n")
    recipe = 'kind = "pairs"\n[source]\npath = "p.tsv"\n[pairs]\nformat = "table"\npremise = 1\nhypothesis = 2\n'
    wrote(tmp_path, "r.toml", recipe)
    with pytest.raises(FileError, match="looks like names of columns: sentence1, sentence2"):
        compile_recipe(tmp_path / "r.toml")
    for header, n in ((True, 1), (False, 2)):
        changes = {"pairs.header": header}
        assert compile_recipe(tmp_path / "r.toml", changes=changes).universe.n_cells == n


def test_missing_texts_of_parquet_are_no_words(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"text": [1.5, float("nan")]}), tmp_path / "t.parquet")
    wrote(
        tmp_path,
        "r.toml",
        'kind = "texts"\n[source]\npath = "t.parquet"\n[texts]\nformat = "table"\n',
    )
    with pytest.raises(DataError, match="row 2: the text is empty"):
        compile_recipe(tmp_path / "r.toml")
    parquet.write_table(pa.table({"text": [b"ab", b"c"]}), tmp_path / "t.parquet")
    assert compile_recipe(tmp_path / "r.toml").names == ("ab", "c")


def test_quotation_marks_of_a_tsv_are_told_of(tmp_path):
    path = wrote(tmp_path, "a.tsv", 'x\ty\n"He said ""hi"""\tb\n')
    assert read_table(path)["x"] == ['"He said ""hi"""']
    assert "1 fields stand in quotation marks" in read_table(path).notes[0]
    wrote(
        tmp_path,
        "r.toml",
        'kind = "texts"\n[source]\npath = "a.tsv"\n[texts]\nformat = "table"\ncolumn = "x"\n',
    )
    assert any("quotation marks" in one for one in compile_recipe(tmp_path / "r.toml").notes)


# ---- bytes


@pytest.mark.parametrize("name", ["a.csv.gz", "a.CSV.GZ", "a.csv", "a.tsv.gz"])
def test_tables_and_texts_may_be_packed(tmp_path, name):
    comma = "\t" if ".tsv" in name else ","
    path = wrote(tmp_path, name, gzip.compress(f"x{comma}y\n1{comma}b\n".encode()))
    assert read_table(path) == {"x": ["1"], "y": ["b"]}
    assert open_units(path).names == ("x=1", "y=b")
    path = wrote(tmp_path, "t.txt.gz", gzip.compress(b"a b\r\nc\r"))
    assert read_lines(path) == ["a b", "c"]
    wrote(tmp_path, "r.toml", 'kind = "texts"\n[source]\npath = "t.txt.gz"\n')
    assert compile_recipe(tmp_path / "r.toml").names == ("a", "b", "c")


def test_damaged_packed_files_are_told(tmp_path):
    whole = gzip.compress(b"x,y\n1,2\n" * 100)
    for bad in (whole[:-9], whole[:12], whole[:20] + b"\xff\xff" + whole[22:], whole[:-1] + b"\0"):
        with pytest.raises(FileError):
            read_table(wrote(tmp_path, "a.csv.gz", bad))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "latin-1"])
def test_other_encodings_come_with_the_way_out(tmp_path, encoding):
    text = "\ufeffx\né\n" if encoding == "utf-16-be" else "x\né\n"
    with pytest.raises(FileError, match="is not UTF-8") as e:
        read_table(wrote(tmp_path, "a.csv", text.encode(encoding)))
    assert f"iconv -f {ENCODINGS[encoding]}" in e.value.hint


ENCODINGS = {"utf-16": "UTF-16", "utf-16-be": "UTF-16", "utf-32": "UTF-32", "latin-1": "LATIN1"}


def test_the_limit_of_fields_is_left_as_it_was(tmp_path):
    before = csv.field_size_limit()
    assert read_table(wrote(tmp_path, "a.csv", "x\n" + "a" * 300_000 + "\n"))["x"] == [
        "a" * 300_000
    ]
    with pytest.raises(FileError):
        read_table(wrote(tmp_path, "a.csv", 'x\n"a'))
    assert csv.field_size_limit() == before


# ---- a key is there once


def test_a_key_of_json_is_there_once(tmp_path):
    assert strict_json('{"a": {"b": 1}, "c": [1.5, null]}', "x") == {
        "a": {"b": 1},
        "c": [1.5, None],
    }
    for text in ('{"a": 1, "a": 1}', '[{"b": {"c": 1, "c": 2}}]'):
        with pytest.raises(FileError, match="is given twice: "):
            strict_json(text, "x")
    for text in ("NaN", '{"a": Infinity}', "[" * 100_000, "", "{"):
        with pytest.raises(FileError, match="no readable JSON"):
            strict_json(text, "x")
    wrote(tmp_path, "t.jsonl", '{"text": "a", "text": "b"}\n')
    wrote(
        tmp_path,
        "r.toml",
        'kind = "texts"\n[source]\npath = "t.jsonl"\n[texts]\nformat = "table"\n',
    )
    with pytest.raises(FileError, match="line 1: the key 'text' is given twice"):
        compile_recipe(tmp_path / "r.toml")
    wrote(tmp_path, "m.jsonl", '["a"]\n')
    wrote(tmp_path, "n.json", '{"a": ["a"], "a": []}')
    wrote(
        tmp_path,
        "r.toml",
        'kind = "texts"\nneighbors = "n.json"\n[source]\npath = "m.jsonl"\n[texts]\nformat = "tokens"\n',
    )
    with pytest.raises(FileError, match="the key 'a' is given twice"):
        compile_recipe(tmp_path / "r.toml")


def test_units_of_two_columns_are_not_one(tmp_path):
    with pytest.raises(LogicxError, match="'a=b=c' is given twice"):
        open_units(wrote(tmp_path, "u.csv", "a,a=b\nb=c,c\n"))


def test_an_array_is_there_once_in_an_npz(tmp_path):
    import zipfile

    np.save(tmp_path / "x.npy", np.eye(2))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.write(tmp_path / "x.npy", "activations.npy")
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.write(tmp_path / "x.npy", "activations.npy")
    with pytest.raises(FileError, match="'activations' is there twice"):
        open_units(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "text",
    [
        ".".join(["a"] * 50_000) + " = 1",
        "[" + " . ".join(["a"] * 50_000) + "]",
        'x = {"a".' + "a." * 50_000 + "a = 1}",
    ],
)
def test_keys_of_very_many_parts_are_refused(tmp_path, text):
    with pytest.raises(FileError, match="a key of more than 50 parts"):
        compile_recipe(wrote(tmp_path, "r.toml", text))
