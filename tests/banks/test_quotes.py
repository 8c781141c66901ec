"""Quotation marks in tables: text, or signs around fields, as it is said."""

from __future__ import annotations

import json

import pytest

from logicx import compile_recipe, open_units
from logicx.banks.tablefiles import read_table
from logicx.cli import run
from logicx.errors import DataError, FileError

TSV = 'x\ty\n"a ""b"""\t1\n"c\td"\t2\n'


def wrote(folder, name, content):
    path = folder / name
    path.write_text(content)
    return path


def test_a_tsv_is_read_with_quotes_where_it_is_said(tmp_path):
    path = wrote(tmp_path, "a.tsv", TSV)
    assert read_table(path, quotes=True) == {"x": ['a "b"', "c\td"], "y": ["1", "2"]}
    assert read_table(path, quotes=True).notes == []
    with pytest.raises(FileError, match="line 3: 3 fields") as e:
        read_table(path)
    assert "quotes=true" in e.value.hint


def test_a_csv_is_read_without_quotes_where_it_is_said(tmp_path):
    path = wrote(tmp_path, "a.csv", 'x,y\n5" disk,"1\n6" disk,2"\n')
    with pytest.raises(FileError):
        read_table(path)
    assert read_table(path, quotes=False) == {"x": ['5" disk', '6" disk'], "y": ['"1', '2"']}


def test_a_tsv_that_is_said_to_have_none_is_not_told_of(tmp_path):
    path = wrote(tmp_path, "a.tsv", 'x\n"a"\n')
    assert "where they should not: quotes=true" in read_table(path).notes[0]
    assert read_table(path, quotes=False).notes == []
    assert read_table(wrote(tmp_path, "b.tsv", '"x"\na\n')).notes  # a name of a column, too


def test_units_of_a_tsv(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = wrote(tmp_path, "a.tsv", '"x"\n"yes"\n"no"\n')
    assert open_units(path, quotes=True).names == ("x=no", "x=yes")
    assert open_units(path).names == ('"x"="no"', '"x"="yes"')
    assert run(["units", "units=a.tsv", "quotes=true", "--json"]) == 0
    rows = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == ["x=no", "x=yes"]
    assert run(["units", "units=a.tsv", "quotes=some"]) == 2
    (tmp_path / "logicx.toml").write_text("quotes = true\n")
    assert run(["units", "units=a.tsv", "--json"]) == 0
    assert '"x=no"' in capsys.readouterr().out


@pytest.mark.parametrize("name", ["a.parquet", "a.npy"])
def test_quotes_are_for_text(tmp_path, name):
    if name == "a.parquet":
        pa = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pa.table({"x": ["a"]}), tmp_path / name)
    else:
        import numpy as np

        np.save(tmp_path / name, np.ones((2, 3)))
    with pytest.raises(DataError, match="quotes is for"):
        open_units(tmp_path / name, quotes=True)


@pytest.mark.parametrize(
    ("recipe", "names"),
    [
        (
            'kind = "table"\n[source]\npath = "a.tsv"\nquotes = true\n[columns]\nx = "category"\n',
            ("x:the cat", "x:the sea"),
        ),
        (
            'kind = "texts"\n[source]\npath = "a.tsv"\n[texts]\nformat = "table"\ncolumn = "x"\n'
            "quotes = true\n",
            ("the", "cat", "sea"),
        ),
        (
            'kind = "pairs"\n[source]\npath = "a.tsv"\n[pairs]\nformat = "table"\npremise = "x"\n'
            'hypothesis = "y"\nquotes = true\nfamilies = ["word"]\n',
            ("pre:the", "pre:cat", "pre:sea", "hyp:the", "hyp:cat", "hyp:sea"),
        ),
    ],
)
def test_recipes_say_what_quotation_marks_are(tmp_path, recipe, names):
    wrote(tmp_path, "a.tsv", 'x\ty\n"the cat"\t"the cat"\n"the sea"\t"the sea"\n')
    bank = compile_recipe(wrote(tmp_path, "r.toml", recipe))
    assert set(bank.names) == set(names)
    assert not bank.notes
    bank = compile_recipe(wrote(tmp_path, "r.toml", recipe.replace("quotes = true\n", "")))
    assert not set(bank.names) & set(names) - {"cat", "sea", "the"}
    assert any("quotation marks" in one for one in bank.notes)
    with pytest.raises(DataError):
        compile_recipe(wrote(tmp_path, "r.toml", recipe.replace("= true", '= "yes"')))


def test_a_quoted_table_of_names_of_masks_is_told_of(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for folder, mode in (("images", "RGB"), ("masks", "L")):
        (tmp_path / folder).mkdir()
        image.new(mode, (4, 4), 1 if mode == "L" else (9, 9, 9)).save(tmp_path / folder / "a.png")
    wrote(tmp_path, "labels.tsv", 'index\tname\n1\t"sea"\n')
    wrote(tmp_path, "r.toml", 'kind = "images"\n[images]\ngrid = [2, 2]\ncolors = "none"\n')
    bank = compile_recipe(tmp_path / "r.toml", tmp_path)
    assert bank.names == ('"sea"',)
    assert any("quotation marks" in one for one in bank.source["notes"])
