"""Columns that another sign separates are no one column."""

from __future__ import annotations

import pytest

from logicx import compile_recipe, open_units
from logicx.errors import FileError


@pytest.mark.parametrize(
    ("name", "text", "signs"),
    [
        ("a.csv", "a;b\n1;0\n0;1\n", "semicolons"),
        ("a.csv", "sep=;\na;b;c\n1;0;1\n", "semicolons"),
        ("a.csv", "a\tb\n1\t0\n0\t1\n", "tabs"),
        ("a.csv", "a|b\n1|0\n", "bars"),
        ("a.tsv", "a,b\n1,0\n\n0,1\n", "commas"),
        ("a.tsv", "a;b\n1;0\n", "semicolons"),
        ("a.csv", "a;b\n1,5;0\n0;1,2\n", "semicolons"),
    ],
)
def test_other_separators_are_refused(tmp_path, name, text, signs):
    (tmp_path / name).write_text(text)
    for threshold in (None, "positive"):
        with pytest.raises(FileError, match=f"{signs} seem to separate its columns") as e:
            open_units(tmp_path / name, threshold)
        assert "save it with" in e.value.hint


@pytest.mark.parametrize(
    "text", ["text\nthe sea; the sky\n", "a;b\nc;d\ne\n", "a\n1;2\n3;4\n", '"a,b"\n"c,d"\n']
)
def test_one_column_may_hold_any_sign(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    assert len(open_units(tmp_path / "a.csv", header=True).names) > 0
    assert len(open_units(tmp_path / "a.csv").names) > 0


def test_whoever_says_that_there_is_a_header_is_believed(tmp_path):
    (tmp_path / "a.csv").write_text("a;b\nc;d\n")
    assert open_units(tmp_path / "a.csv", header=True).names == ("a;b=c;d",)
    assert open_units(tmp_path / "a.csv", header=False).names == ("1=a;b", "1=c;d")


def test_a_table_of_texts_too(tmp_path):
    (tmp_path / "a.csv").write_text("text;label\nthe sea;1\n")
    recipe = tmp_path / "r.toml"
    recipe.write_text('kind = "texts"\n[source]\npath = "a.csv"\n[texts]\nformat = "table"\n')
    with pytest.raises(FileError, match="semicolons"):
        compile_recipe(recipe)
