from __future__ import annotations

import csv
import datetime
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx.banks.bank import ConceptBank
from logicx.banks.tables import Column, categories_of, concepts_of_columns, numbers, read_table
from logicx.errors import DataError, FileError, LogicxError, OptionError


def wrote(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# ---- reading


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.csv", "x,y\n1,2\n3,4\n", {"x": ["1", "3"], "y": ["2", "4"]}),
        ("a.csv", "x,y\r\n1,2\r\n", {"x": ["1"], "y": ["2"]}),
        ("a.csv", "x,y\r1,2\r", {"x": ["1"], "y": ["2"]}),
        ("a.csv", "x,y\n1,2", {"x": ["1"], "y": ["2"]}),
        ("a.csv", "\ufeffx,y\n1,2\n", {"x": ["1"], "y": ["2"]}),
        ("a.csv", "x\n" + "a" * 200_000 + "\n", {"x": ["a" * 200_000]}),
        ("a.csv", "x,y\n\n1,2\n\n\n", {"x": ["1"], "y": ["2"]}),
        ("a.csv", 'x,y\n"1,5","a ""b"""\n', {"x": ["1,5"], "y": ['a "b"']}),
        ("a.csv", '"x\ny",z\n"a\nb",2\n', {"x\ny": ["a\nb"], "z": ["2"]}),
        ("a.csv", "x,y\n,\n", {"x": [""], "y": [""]}),
        ("a.csv", "x,\n1,2\n", {"x": ["1"], "": ["2"]}),
        ("a.csv", "naïve,日本\nü,é\n", {"naïve": ["ü"], "日本": ["é"]}),
        ("a.csv", "x,y\n", {"x": [], "y": []}),
        ("A.CSV", "x\n1\n", {"x": ["1"]}),
        ("a.tsv", "x\ty\n1\t2\n", {"x": ["1"], "y": ["2"]}),
        ("a.tsv", 'x\ty\n"a\tb"\n', {"x": ['"a'], "y": ['b"']}),
        ("a.tsv", 'x,y\tz\nsay "hi"\t\n', {"x,y": ['say "hi"'], "z": [""]}),
    ],
)
def test_text_tables_are_read(tmp_path, name, text, expected):
    assert read_table(wrote(tmp_path, name, text)) == expected


def test_without_a_header_columns_are_numbered(tmp_path):
    path = wrote(tmp_path, "a.tsv", "a\tb\na\tc\n")
    assert read_table(path, has_header=False) == {"1": ["a", "a"], "2": ["b", "c"]}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "\n\n", "is empty"),
        ("a.csv", "\ufeff", "is empty"),
        ("a.csv", "x,y\n1,2\n1\n1,2,3\n", r"line 3: 1 fields .* has 2 \(and 1 more such lines\)"),
        ("a.csv", "x,y\n1,2\n1,2,3\n", "line 3: 3 fields where the first line has 2\n"),
        ("a.csv", 'x,y\n"a\nb",2\n\n1\n', "line 5: 1 fields"),
        ("a.csv", "x,y,x\n1,2,3\n", "names the column 'x' twice"),
        ("a.csv", "x,,\n1,2,3\n", "names the column '' twice"),
        ("a.csv", b"x\ncaf\xe9\n", r"is not UTF-8 text \(byte 5\)"),
        ("a.csv", "x\na\n".encode("utf-16"), "is not UTF-8 text"),
        ("a.csv", 'x,y\n"a,b\n', "line 2: unexpected end of data"),
        ("a.csv", 'x,y\n"a"b,2\n', "line 2: ',' expected after"),
        ("a.tsv", "x\ty\n1\t2\t3\n", "line 2: 3 fields"),
        ("a.txt", "x\n", "must end in .csv, .tsv or .parquet"),
        ("a", "x\n", "must end in .csv, .tsv or .parquet"),
        ("a.parquet", "", "is no readable Parquet file"),
        ("a.parquet", "PAR1 hello PAR1", "is no readable Parquet file"),
    ],
)
def test_what_is_no_table_is_told(tmp_path, name, content, why):
    with pytest.raises(FileError, match=why) as e:
        read_table(wrote(tmp_path, name, content))
    assert str(tmp_path / name) in str(e.value)


def test_a_table_that_is_not_there_is_told(tmp_path):
    for path in (tmp_path / "a.csv", tmp_path / ("x" * 300 + ".csv"), tmp_path / "a\0.csv"):
        with pytest.raises(FileError, match="no file"):
            read_table(path)
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(FileError, match="no file"):
        read_table(tmp_path / "b.csv")


@settings(deadline=None, max_examples=300)
@given(st.text('ab,"\n\r\t\0\ufeff é', max_size=30) | st.binary(max_size=20))
def test_any_text_is_a_table_or_a_file_error(tmp_path_factory, content):
    for suffix in ("csv", "tsv"):
        path = wrote(tmp_path_factory.getbasetemp(), f"any.{suffix}", content)
        try:
            table = read_table(path)
        except FileError:
            continue
        assert len({len(column) for column in table.values()}) == 1


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.text(), st.text(), st.sampled_from(["x", ""])), min_size=1).filter(
        lambda rows: not any("\0" in one or _is_lone(one) for row in rows for one in row)
    )
)
def test_what_the_csv_module_writes_is_read_as_it_was(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("a", "b", "c"), *rows])
    assert list(zip(*read_table(path).values(), strict=True)) == rows


def _is_lone(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


# ---- Parquet


@pytest.fixture
def arrow():
    return pytest.importorskip("pyarrow")


def parquet(folder, table):
    from pyarrow import parquet

    parquet.write_table(table, folder / "a.parquet")
    return folder / "a.parquet"


def test_parquet_is_read_with_its_types(tmp_path, arrow):
    columns = {
        "color": ["red", None, "blue"],
        "age": [1, 2, None],
        "size": [0.5, float("nan"), 2.0],
        "old": [True, False, None],
        "day": [datetime.date(2020, 1, 2)] * 3,
    }
    path = parquet(tmp_path, arrow.table(columns))
    found = read_table(path)
    assert found.keys() == columns.keys()
    assert found["color"] == columns["color"]
    assert found["old"] == columns["old"]
    kinds = {"color": "category", "age": Column("quantiles", 2), "old": "boolean"}
    kinds |= {"day": "category", "size": Column("quantiles", 2)}
    bank = ConceptBank.from_table(found, kinds)
    assert bank.names[:5] == ("color:blue", "color:red", "age:q1", "age:q2", "old")
    assert bank.names[5:] == ("day:2020-01-02", "size:q1", "size:q2")
    assert bank.count.tolist() == [1, 1, 1, 1, 1, 3, 1, 1]


def test_a_dictionary_column_is_a_category(tmp_path, arrow):
    path = parquet(tmp_path, arrow.table({"c": arrow.array(["b", "a", "b"]).dictionary_encode()}))
    assert read_table(path) == {"c": ["b", "a", "b"]}


def bad_columns(arrow):
    text = arrow.py_buffer(np.array([0, 1], np.int32)), arrow.py_buffer(b"\xff")
    yield arrow.array([1], arrow.timestamp("ns"))
    yield arrow.array([2**62], arrow.timestamp("us"))
    yield arrow.array([2**30], arrow.int32()).cast(arrow.date32())
    yield arrow.array([2**62], arrow.duration("s"))
    yield arrow.Array.from_buffers(arrow.string(), 1, [None, *text])


def test_values_that_python_cannot_hold_are_told(tmp_path, arrow):
    refused = 0
    for column in bad_columns(arrow):
        path = parquet(tmp_path, arrow.table({"c": column}))
        try:
            read_table(path)
        except FileError:
            refused += 1
    assert refused >= 4  # pandas, where it is installed, holds nanoseconds


def test_a_parquet_file_with_a_name_twice_is_told(tmp_path, arrow):
    table = arrow.table([arrow.array([1]), arrow.array([2])], names=["c", "c"])
    with pytest.raises(FileError, match="is no readable Parquet file"):
        read_table(parquet(tmp_path, table))


def test_a_damaged_parquet_file_ends_in_values_or_in_a_file_error(tmp_path, arrow):
    good = parquet(tmp_path, arrow.table({"c": list(range(300)), "s": ["x"] * 300})).read_bytes()
    rng = random.Random(4)
    refused = 0
    for _ in range(200):
        bad = bytearray(good)
        bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        try:
            read_table(wrote(tmp_path, "bad.parquet", bytes(bad)))
        except FileError:
            refused += 1
    assert refused > 20
    for n in range(0, len(good), 97):
        with pytest.raises(FileError):
            read_table(wrote(tmp_path, "bad.parquet", good[:n]))


# ---- columns to concepts

MISSING = ["", None, "NA", "nan", float("nan"), "null", "None", " "]
values = st.sampled_from(["red", "blue", " red ", "dark  red", "Red", 1, 2.5, True, *MISSING])


def plain(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return "" if text.lower() in ("", "na", "nan", "null", "none") else text


@given(st.lists(values, max_size=30))
def test_categories_are_the_values_in_order(column):
    names, categories, masks, edges, _ = concepts_of_columns(
        {"c": column}, {"c": Column("category")}
    )
    texts = [plain(one) for one in column]
    assert names == [f"c:{one}" for one in sorted(set(texts) - {""})]
    assert categories == ["c"] * len(names)
    assert masks.shape == (len(names), len(column))
    for name, mask in zip(names, masks, strict=True):
        assert mask.tolist() == [f"c:{one}" == name for one in texts]
    assert edges == {}


TRUTHS = {"true": True, "YES": True, " t": True, "y": True, "1": True, 1: True}
TRUTHS |= {"False": False, "no": False, "f": False, "N": False, "0": False, 0: False, "NA": False}


@given(st.lists(st.sampled_from([*TRUTHS, None]), max_size=20))
def test_booleans_are_read_in_many_spellings(column):
    names, _, masks, _, _ = concepts_of_columns({"old": column}, {"old": Column("boolean")})
    assert names == ["old"]
    assert masks.tolist() == [[TRUTHS.get(one, False) for one in column]]


@settings(deadline=None)
@given(
    st.lists(st.floats(-1e9, 1e9) | st.integers(-3, 3) | st.none(), min_size=1, max_size=40),
    st.integers(2, 6),
)
def test_quantile_bins_are_cut_at_numpys_quantiles(column, bins):
    present = [one for one in column if one is not None]
    if not present:
        with pytest.raises(DataError, match="column 'age' holds no number"):
            concepts_of_columns({"age": column}, {"age": Column("quantiles", bins)})
        return
    names, _, masks, edges, _ = concepts_of_columns(
        {"age": column}, {"age": Column("quantiles", bins)}
    )
    cuts = [float(np.quantile(present, i / bins)) for i in range(1, bins)]
    assert edges == {"age": cuts}
    assert names == [f"age:q{i + 1}" for i in range(bins)]
    for row, one in enumerate(column):
        expected = None if one is None else sum(cut < one for cut in cuts)
        assert masks[:, row].tolist() == [i == expected for i in range(bins)]


def test_a_column_of_missing_values_keeps_its_rows():
    for column in (["", None, "NA"], []):
        bank = ConceptBank.from_table({"c": column}, {"c": "category"})
        assert bank.n_concepts == 0
        assert bank.universe.n_cells == len(column)


def test_columns_may_have_names_that_are_no_text():
    bank = ConceptBank.from_table({0: ["a", "b"], 1: [1, 2]}, {"0": "category"})
    assert bank.names == ("0:a", "0:b")


@pytest.mark.parametrize(
    ("table", "columns", "why"),
    [
        ({"a": [1]}, {}, "no column of the table was chosen"),
        ({"color": [1]}, {"colr": "category"}, "the table has no column 'colr'"),
        ({0: [1]}, {0: "category"}, "the table has no column 0"),
        (
            {"a": [1, 2], "b": [1]},
            {"a": "category", "b": "category"},
            "column 'b' has 1 of .* 2 rows",
        ),
        ({"a": [1, 2], "b": [1]}, {"b": "category"}, "column 'b' has 1 of the table's 2 rows"),
        (
            {"a": ["x", "true"]},
            {"a": "boolean"},
            "column 'a', row 1: 'x' is neither true nor false",
        ),
        ({"a": [1, "x"]}, {"a": "quantiles"}, "column 'a', row 2: 'x' is not a number"),
        ({"a": ["0x1F"]}, {"a": "quantiles"}, "column 'a', row 1: '0x1F' is not a number"),
        ({"a": [None, "NA"]}, {"a": "quantiles"}, "column 'a' holds no number"),
        ({"a": []}, {"a": "quantiles"}, "column 'a' holds no number"),
        ({"a": [1, "inf"]}, {"a": "quantiles"}, "column 'a' holds infinity"),
        ({"a": [1, float("-inf")]}, {"a": "quantiles"}, "column 'a' holds infinity"),
        ({"a": ["1e999"]}, {"a": "quantiles"}, "column 'a' holds infinity"),
        ({"a": [1e308, -1.7e308]}, {"a": "quantiles"}, "column 'a' holds infinity or a number too"),
        (
            {"a": list(range(1001))},
            {"a": "category"},
            "has 1,001 different values, more than 1,000",
        ),
        ({"a": ["x\0"]}, {"a": "category"}, "concept 0 has no printable name"),
        ({"a\n": ["x"]}, {"a\n": "boolean"}, "neither true nor false"),
        ({"a\n": [1]}, {"a\n": "boolean"}, "a category must be printable text"),
        ({"a": ["b"], "a:b": [1]}, {"a": "category", "a:b": "boolean"}, "'a:b' is given twice"),
    ],
)
def test_columns_that_make_no_concepts_are_told(table, columns, why):
    with pytest.raises(DataError, match=why):
        ConceptBank.from_table(table, columns)


def test_near_columns_are_offered():
    with pytest.raises(DataError) as e:
        ConceptBank.from_table({"color": [1]}, {"colr": "category"})
    assert e.value.hint == "did you mean: color?"
    with pytest.raises(DataError) as e:
        ConceptBank.from_table({"color": [1]}, {"zzz": "category"})
    assert e.value.hint == "it has: color"


@pytest.mark.parametrize("kind", ["", "Category", "number", 3, None, ["category"]])
def test_a_kind_of_column_that_is_none_is_told(kind):
    with pytest.raises(OptionError, match="is not one of category, boolean, quantiles"):
        ConceptBank.from_table({"a": [1]}, {"a": kind})


@pytest.mark.parametrize("bins", [1, 0, -1, 101, 2.5, 4.0, "4", None, True, float("nan"), [3]])
def test_a_number_of_bins_that_is_none_is_told(bins):
    with pytest.raises(OptionError, match="a column is cut into 2 to 100 quantile bins, not"):
        Column("quantiles", bins)


@settings(deadline=None)
@given(
    st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()),
    st.sampled_from(["category", "boolean", "quantiles"]),
)
def test_any_column_is_a_bank_or_an_error_of_ours(column, kind):
    try:
        bank = ConceptBank.from_table({"c": column}, {"c": kind})
    except LogicxError:
        return
    assert bank.universe.n_cells == len(column)
    assert len(bank.content) == 64


def test_the_parts_stand_alone():
    assert categories_of("p", ["x", "y", "x"], "=")["p=x"].tolist() == [True, False, True]
    found = numbers("a", ["1", " 2.5 ", None, "NA", "-1e3", 7])
    np.testing.assert_array_equal(found, [1, 2.5, np.nan, np.nan, -1000, 7])


def test_blank_lines_are_rows_of_one_column_and_nothing_else(tmp_path):
    (tmp_path / "one.csv").write_text("\na\nx\n\ny\n\n\n")
    assert read_table(tmp_path / "one.csv") == {"a": ["x", "", "y"]}
    (tmp_path / "two.csv").write_text("a,b\nx,1\n\ny,2\n\n")
    assert read_table(tmp_path / "two.csv") == {"a": ["x", "y"], "b": ["1", "2"]}
