from __future__ import annotations

import json
import math
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logicx.arrays import read_arrays, texts
from logicx.bank import ConceptBank
from logicx.bits import unpack
from logicx.errors import DataError, FileError, LogicxError
from logicx.recipes import compile_recipe, read_toml
from logicx.resources import resource
from logicx.universe import Universe

ROOT = Path(__file__).resolve().parents[1]
LINES = "A man sleeps .\nA man is awake .\nTwo dogs run\ndogs Run\n"
MASKS = np.array([[1, 1, 0, 0], [0, 1, 1, 0]], bool)


@pytest.fixture
def compiled(tmp_path):
    """Compile a recipe whose text and files beside it are given."""

    def compile_it(recipe, data=None, **files) -> ConceptBank:
        for name, content in files.items():
            path = tmp_path / name.replace("_", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path = tmp_path / "r.toml"
        path.write_bytes(recipe if isinstance(recipe, bytes) else recipe.encode())
        bank = compile_recipe(path, data)
        bank.save(tmp_path / "out.bank")
        assert ConceptBank.open(tmp_path / "out.bank").content == bank.content
        return bank

    return compile_it


def holds(bank: ConceptBank, name: str) -> list[int]:
    """The cells at which a concept holds."""
    row = unpack(bank.packed[bank.number(name)], bank.n_signatures)
    return np.flatnonzero(bank.cells(row)).tolist()


def pairs(extra: str = "", top: str = "", path: str = "d.tok") -> str:
    return f'kind = "pairs"\n{top}\n[source]\npath = {json.dumps(path)}\n[pairs]\n{extra}\n'


# ---- pairs


def test_pairs_of_lines(compiled):
    bank = compiled(pairs("most_common = 4\noverlap = [0, 50]", 'name = "two"'), d_tok=LINES)
    assert bank.name == "two"
    assert bank.universe == Universe.pairs(2)
    words = ["a", "man", ".", "dogs"]
    names = [f"{side}:{word}" for side in ("pre", "hyp") for word in words]
    assert bank.names == (*names, "overlap-0%", "overlap-50%")
    assert bank.categories == ("pre:word",) * 4 + ("hyp:word",) * 4 + ("overlap",) * 2
    expected = [[0], [0], [0], [1]] * 2 + [[0, 1], [1]]  # 3 of 6 words is not above 50 %
    assert [holds(bank, name) for name in bank.names] == expected
    assert bank.source["file"] == "d.tok"
    assert bank.source["recipe"]["pairs"] == {"most_common": 4, "overlap": [0, 50]}


def test_options_of_pairs_change_what_is_made(compiled):
    base = compiled(pairs(), d_tok=LINES)
    assert base.n_concepts == 2 * 9 + 4
    cased = compiled(pairs("lowercase = false"), d_tok=LINES)
    assert {"pre:A", "hyp:Run", "hyp:run"} < set(cased.names)
    assert "pre:a" not in cased
    assert holds(base, "overlap-25%") == holds(cased, "overlap-0%") == [0, 1]
    assert holds(cased, "overlap-25%") == [0]  # of Two, dogs, run and Run, one is shared
    fewer = compiled(pairs('stop_words = ["a", ".", "nothing"]\nmost_common = 2'), d_tok=LINES)
    assert fewer.names[:4] == ("pre:man", "pre:dogs", "hyp:man", "hyp:dogs")
    sides = compiled(pairs('sides = ["first", "second"]\nmost_common = 1'), d_tok=LINES)
    assert sides.names[:2] == ("first:a", "second:a")
    none = compiled(pairs("most_common = 0\noverlap = []"), d_tok=LINES)
    assert (none.n_concepts, none.n_signatures) == (0, 1)


def test_the_most_common_words_tie_in_order_of_appearance(compiled):
    bank = compiled(pairs("most_common = 3\noverlap = []"), d_tok="b c\na b\nc d\ne a\n")
    assert bank.names[:3] == ("pre:b", "pre:c", "pre:a")


@pytest.mark.parametrize(
    ("name", "text", "extra"),
    [
        ("d.csv", 'premise,x,hypothesis\n"A man, asleep",1,A man\nTwo dogs,2,dogs\n', ""),
        ("d.tsv", "premise\tx\thypothesis\nA man, asleep\t1\tA man\nTwo dogs\t2\tdogs\n", ""),
        ("d.csv", 's1,s2\n"A man, asleep",A man\nTwo dogs,dogs\n', 'premise="s1"\nhypothesis="s2"'),
        ("d.tsv", "A man, asleep\tA man\nTwo dogs\tdogs\n", "premise=1\nhypothesis=2"),
        ("d.tsv", "A man\tx\tA man, asleep\ndogs\tx\tTwo dogs\n", "premise=3\nhypothesis=1"),
    ],
)
def test_pairs_of_tables(tmp_path, name, text, extra):
    (tmp_path / name).write_text(text)
    recipe = tmp_path / "r.toml"
    recipe.write_text(pairs(f'format = "table"\n{extra}', path=name))
    bank = compile_recipe(recipe)
    assert holds(bank, "pre:man,") == [0]
    assert holds(bank, "hyp:man") == [0]
    assert holds(bank, "hyp:dogs") == holds(bank, "pre:two") == [1]
    assert "hyp:man," in bank
    assert holds(bank, "hyp:man,") == holds(bank, "hyp:two") == []


def test_spacy_splits_punctuation(compiled):
    pytest.importorskip("spacy")
    lines = "A man, asleep; isn't he?\nA  man.\n"
    bank = compiled(pairs('tokenizer = "spacy"'), d_tok=lines)
    assert {"pre:,", "pre:n't", "pre:?", "hyp:.", "hyp:man"} < set(bank.names)
    assert not any(name.endswith(":") or " " in name for name in bank.names)
    german = compiled(pairs('tokenizer = "spacy"\nlanguage = "de"'), d_tok=lines)
    assert "pre:isn't" in german
    long = compiled(pairs('tokenizer = "spacy"'), d_tok="a " * 600_000 + "\nb\n")
    assert long.n_concepts == 2 * 2 + 4


@pytest.mark.parametrize(
    "language",
    ["", "zz", "en/x", "../x", "e n", "os", "lex_attrs", "char_classes", "tokenizer_exceptions"],
)
def test_a_language_that_is_none_is_told(compiled, language):
    pytest.importorskip("spacy")
    with pytest.raises(DataError, match="spaCy has no language"):
        compiled(pairs(f'tokenizer = "spacy"\nlanguage = "{language}"'), d_tok=LINES)


@pytest.mark.parametrize(
    "text", [LINES.replace("\n", "\r\n"), LINES.replace("\n", "\r"), "\ufeff" + LINES, LINES[:-1]]
)
def test_line_ends_and_byte_order_marks_do_not_matter(compiled, text):
    base = compiled(pairs(), d_tok=LINES)
    bank = compiled(pairs(), d_tok=text)
    assert bank.names == base.names
    np.testing.assert_array_equal(bank.packed, base.packed)


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_only_line_ends_end_a_line(compiled, character):
    bank = compiled(pairs("overlap = []"), d_tok=f"a{character}b\nc{character}\n")
    assert bank.universe == Universe.pairs(1)
    assert bank.names == ("pre:a", "pre:b", "pre:c", "hyp:a", "hyp:b", "hyp:c")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no sentence pair"),
        ("a\nb\nc\n", "has 3 lines, an odd number"),
        ("a\nb\n\n", "has 3 lines, an odd number"),
        ("a\n\n", "the hypothesis of pair 1 is empty"),
        ("a\nb\n \t\nc\n", "the premise of pair 2 is empty"),
        ("a\0b\nc\n", "concept 0 has no printable name"),
        (b"caf\xe9\nc\n", r"is not UTF-8 text \(byte 3\)"),
    ],
)
def test_lines_that_are_no_pairs_are_told(compiled, text, why):
    with pytest.raises(DataError, match=why):
        compiled(pairs(), d_tok=text)


@pytest.mark.parametrize(
    ("text", "extra", "why"),
    [
        ("premise,hyp\na,b\n", "", "has no column 'hypothesis'"),
        ("premise,hypothesis\na,\n", "", "the hypothesis of pair 1 is empty"),
        ("premise,hypothesis\n", "", "holds no sentence pair"),
        ("a,b\n", "premise = 1\nhypothesis = 3", "has no column 3"),
        ("a,b\n", "premise = 0\nhypothesis = 1", "has no column 0"),
        ("a,b\n", "premise = -1\nhypothesis = 1", "has no column -1"),
    ],
)
def test_tables_that_are_no_pairs_are_told(tmp_path, text, extra, why):
    (tmp_path / "d.csv").write_text(text)
    (tmp_path / "r.toml").write_text(pairs(f'format = "table"\n{extra}', path="d.csv"))
    with pytest.raises(DataError, match=why):
        compile_recipe(tmp_path / "r.toml")


@pytest.mark.parametrize(
    "extra",
    [
        'most_common = "x"',
        "most_common = -1",
        "most_common = true",
        "most_common = 1.5",
        "overlap = 3",
        'overlap = ["x"]',
        "overlap = [[1]]",
        "overlap = [100]",
        "overlap = [-1]",
        "overlap = [true]",
        "overlap = [0.5]",
        "overlap = [0, 0]",
        "overlap = [nan]",
        'stop_words = "a"',
        "stop_words = [1]",
        "stop_words = [[1]]",
        "stop_words = {a = 1}",
        'sides = ["a"]',
        'sides = ["a", "a"]',
        'sides = ["a", ""]',
        "sides = [[], []]",
        "sides = [1, 2]",
        'sides = ["a", "b", "c"]',
        'sides = ["a\\n", "b"]',
        "sides = []",
        "lowercase = 1",
        'lowercase = "yes"',
        "language = 5",
        'tokenizer = "words"',
        'format = "x"',
        "format = 3",
        "premise = 1.5",
        "premise = true",
        "premise = []",
        "most_common = 2000-01-01",
        "premise = 12:00:00",
        f"most_common = {2**63}",
    ],
)
def test_settings_of_pairs_that_mean_nothing_are_told(compiled, extra):
    with pytest.raises(LogicxError):
        compiled(pairs(extra), d_tok=LINES)


def test_a_wrong_type_names_recipe_table_and_setting(compiled, tmp_path):
    with pytest.raises(DataError) as e:
        compiled(pairs('most_common = "x"'), d_tok=LINES)
    assert e.value.message == f"{tmp_path / 'r.toml'}, [pairs]: most_common cannot be 'x'"


# ---- what all recipes share


@pytest.mark.parametrize(
    ("recipe", "why", "hint"),
    [
        (
            "",
            "kind is one of pairs, texts, tokens, table, masks, broden, images, ade20k, coco, not None",
            "",
        ),
        (
            'kind = "pears"',
            "kind is one of pairs, texts, tokens, table, masks, broden, images, ade20k, coco, not 'pears'",
            "",
        ),
        ("kind = []", "kind is one of", ""),
        ('kind = "pairs"\nneighbours = "x"', "unknown setting 'neighbours'", "mean: neighbors?"),
        ('kind = "pairs"\nzzz = 1', "unknown setting 'zzz'", "it may hold: name, kind"),
        ('kind = "pairs"\n[columns]\na = "category"', "unknown setting 'columns'", "may hold"),
        (pairs("most_commen = 1"), "[pairs]: unknown setting 'most_commen'", "most_common?"),
        ('kind = "pairs"\n[source]\npaht = "x"', "[source]: unknown setting 'paht'", "path?"),
        ('kind = "pairs"\nsource = 3', "[source] must be a table of settings", ""),
        ('kind = "pairs"\n[[source]]\npath = "x"', "[source] must be a table of settings", ""),
        ('kind = "pairs"\npairs = 1\n[source]\npath = "d.tok"', "[pairs] must be a table", ""),
        ('kind = "pairs"', "names no data file", "data=FILE"),
        ('kind = "pairs"\n[source]\npath = 3', "names no data file", "data=FILE"),
        (pairs(path=""), "names no data file", "data=FILE"),
        (pairs(path="a\0b"), "names no data file", ""),
        (pairs(path="/etc/hostname"), "'/etc/hostname' leaves the recipe's folder", "data=FILE"),
        (pairs(path="../d.tok"), "'../d.tok' leaves the recipe's folder", "data=FILE"),
        (pairs(path="a/../../d.tok"), "leaves the recipe's folder", "data=FILE"),
        (pairs(path="nowhere"), "no file", ""),
        (pairs(path="."), "cannot read", ""),
        (pairs(path="x" * 300), "cannot read", ""),
        (pairs(path="d.tok/x"), "cannot read", ""),
        (pairs(top="name = 5"), "the name of a bank must be printable text, not 5", ""),
        (pairs(top='name = "a\\u0000"'), "the name of a bank must be printable text", ""),
        (pairs(top="name = 2000-01-01"), "holds a date", ""),
        (pairs(top=f"name = {10**40}"), "a number too large", ""),
        (pairs(top="neighbors = 3"), "names no data file", ""),
        (pairs(top='neighbors = "../n.json"'), "leaves the recipe's folder", ""),
        (pairs(top='neighbors = "none.json"'), "is no readable JSON", ""),
    ],
)
def test_recipes_that_mean_nothing_are_told(compiled, recipe, why, hint):
    with pytest.raises(DataError) as e:
        compiled(recipe, d_tok=LINES)
    assert why in e.value.message
    assert hint in e.value.hint


@pytest.mark.parametrize(
    "recipe",
    [
        "\x00",
        'kind = "pairs',
        "kind = = 1",
        b"\xff",
        "a = " + "[" * 100000,
        "a = 2000-13-45",
        "name = " + "9" * 5000,
        'name = "\\ud800"',
        "a = 1\na = 2",
        "x",
        "[a",
    ],
)
def test_what_is_no_toml_is_told(compiled, recipe):
    with pytest.raises(FileError, match="is no TOML"):
        compiled(recipe, d_tok=LINES)


def test_a_link_out_of_the_folder_is_refused(tmp_path, compiled):
    outside = tmp_path / "outside.tok"
    outside.write_text(LINES)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "r.toml").write_text(pairs(path="link"))
    with pytest.raises(DataError, match="leaves the recipe's folder"):
        compile_recipe(inside / "r.toml")
    given = compile_recipe(inside / "r.toml", outside)  # on the command line it may be anywhere
    assert given.universe == Universe.pairs(2)


def test_a_recipe_that_is_not_there_is_told(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path, Path("a\0b"), tmp_path / ("x" * 300)):
        with pytest.raises(FileError):
            compile_recipe(path)
    (tmp_path / "r.toml").write_text(pairs())
    for data in (tmp_path / "none", tmp_path, Path("a\0b")):
        with pytest.raises(FileError):
            compile_recipe(tmp_path / "r.toml", data)


def test_a_byte_order_mark_before_a_recipe_is_left_out(compiled):
    assert compiled("\ufeff" + pairs(), d_tok=LINES).content == compiled(pairs()).content


def test_the_recipe_names_the_bank_unless_it_says_otherwise(compiled):
    assert compiled(pairs(), d_tok=LINES).name == "r"
    assert compiled(pairs(top='name = "mine"')).name == "mine"


NEIGHBORS = {"pre:man": ["hyp:man", "pre:a"], "pre:a": []}


def test_neighbours_become_a_table_of_the_bank(compiled):
    recipe = pairs(top='neighbors = "n.json"')
    bank = compiled(recipe, d_tok=LINES, n_json=json.dumps(NEIGHBORS))
    assert bank.relations == {"NEIGHBORS": NEIGHBORS}
    again = compiled(recipe, d_tok=LINES, n_json="\ufeff" + json.dumps(NEIGHBORS, indent=2))
    assert again.content == bank.content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1",
        "null",
        '{"pre:man": "pre:a"}',
        '{"pre:man": [1]}',
        '{"pre:man": ["zz"]}',
        '{"zz": []}',
        '{"pre:man": ["\\ud800"]}',
        "[" * 100000,
        '{"a":' * 100000,
        b"\xff",
        "9" * 5000,
        "NaN",
        "\x00",
    ],
)
def test_tables_of_neighbours_that_are_none_are_told(compiled, text):
    with pytest.raises(DataError, match=r"JSON|must map concept names|names no concept"):
        compiled(pairs(top='neighbors = "n.json"'), d_tok=LINES, n_json=text)


def test_compiling_is_the_same_in_any_process(tmp_path, compiled):
    bank = compiled(pairs(), d_tok=LINES)
    text = (
        "import sys, pathlib\nfrom logicx.recipes import compile_recipe\n"
        "print(compile_recipe(pathlib.Path(sys.argv[1])).content)"
    )
    for seed in ("1", "2"):  # Python's sets of words are ordered by it
        command = [sys.executable, "-c", text, str(tmp_path / "r.toml")]
        environment = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        found = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert found.stdout.strip() == bank.content


def test_other_data_of_the_same_name_is_another_bank(compiled):
    first = compiled(pairs("most_common = 0"), d_tok=LINES).content
    assert compiled(pairs("most_common = 0"), d_tok=LINES.replace("Two", "Six")).content != first


# ---- tables

CSV = "color,age,old\nred,1,no\nblue,2,yes\n,3,yes\nred,NA,\n"


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


# ---- masks


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


# ---- anything at all

scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**64), 2**64),
    st.floats(),
    st.sampled_from(["", "pairs", "lines", "table", "spacy", "a", "..", "/", "d.tok", "x\0", "é"]),
    st.just(...),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abk"), inner),
    max_leaves=4,
)
PAIR_KEYS = ["format", "premise", "hypothesis", "tokenizer", "language", "lowercase"]
PAIR_KEYS += ["most_common", "stop_words", "sides", "overlap", "families", "limits", "typo"]
PAIR_KEYS += ["label", "drop_unlabelled", "keep_text", "column", "sentences"]


def as_toml(value: object) -> str:
    """A value as TOML; `...` stands for a date."""
    if value is ...:
        return "1979-05-27T07:32:00Z"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_toml(one) for one in value) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "")


tables_of = st.dictionaries(st.sampled_from(PAIR_KEYS), anything, max_size=3) | anything
recipes = st.fixed_dictionaries(
    {"kind": st.sampled_from(["pairs", "texts", "tokens", "table", "masks"])},
    optional={
        "name": anything,
        "neighbors": anything,
        "source": st.just({"path": "d.tok"}) | anything,
        **dict.fromkeys(("pairs", "texts", "tokens"), tables_of),
        "columns": st.dictionaries(st.sampled_from("abk"), anything) | anything,
    },
)


@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(recipes)
def test_any_recipe_ends_in_a_bank_or_in_an_error_of_ours(tmp_path, recipe):
    for name, text in (("d.tok", LINES), ("a", ""), ("d.csv", CSV)):
        (tmp_path / name).write_text(text)
    lines = [f"{key} = {as_toml(value)}" for key, value in recipe.items()]
    (tmp_path / "r.toml").write_text("\n".join(lines), encoding="utf-8")
    read_toml_ends_well(tmp_path / "r.toml")
    for data in (None, tmp_path / "d.csv"):
        try:
            bank = compile_recipe(tmp_path / "r.toml", data)
            bank.save(tmp_path / "o.bank")
        except LogicxError:
            continue
        assert ConceptBank.open(tmp_path / "o.bank").content == bank.content


def read_toml_ends_well(path: Path) -> None:
    try:
        assert isinstance(read_toml(path), dict)
    except DataError as error:
        assert "holds a date" in error.message  # noqa: PT017


# ---- the paper's data


@pytest.fixture(scope="module")
def snli_file(shared) -> Path:
    return shared / "data" / "nli" / "probe" / "snli_1.0_dev.tok"


@pytest.fixture(scope="module")
def snli(snli_file) -> ConceptBank:
    return compile_recipe(resource("concepts", "snli-words.toml"), snli_file)


def test_the_shipped_recipe_compiles_the_papers_pairs(snli, snli_file):
    assert snli.name == "snli-words"
    assert snli.universe == Universe.pairs(10_000)
    assert snli.n_concepts == 4004
    assert (
        compile_recipe(resource("concepts", "snli-words.toml"), snli_file).content == snli.content
    )


def test_words_and_overlap_of_the_papers_pairs_are_as_counted_by_hand(snli, snli_file):
    lines = [line.lower().split(" ") for line in snli_file.read_text().rstrip("\n").split("\n")]
    sides = {"pre": lines[0::2], "hyp": lines[1::2]}
    common = [
        word for word, _ in Counter(word for line in lines for word in line).most_common(2000)
    ]
    assert snli.names[:2000] == tuple(f"pre:{word}" for word in common)
    for word in [*common[:20], *common[1000:1010], *common[-10:]]:
        for side, sentences in sides.items():
            expected = [i for i, one in enumerate(sentences) if word in one]
            assert holds(snli, f"{side}:{word}") == expected
    shares = [
        len(set(a) & set(b)) / len(set(a) | set(b))
        for a, b in zip(sides["pre"], sides["hyp"], strict=True)
    ]
    for percent in (0, 25, 50, 75):
        expected = [i for i, share in enumerate(shares) if share > percent / 100]
        assert holds(snli, f"overlap-{percent}%") == expected


def test_the_papers_pairs_agree_with_the_papers_own_bank(snli, reference_bank):
    ours = {name: i for i, name in enumerate(snli.names)}
    theirs = {name.replace(":tok:", ":"): i for i, name in enumerate(reference_bank.names)}
    shared_names = sorted(set(ours) & set(theirs))
    assert len(shared_names) > 3900
    for name in shared_names[::10]:
        assert snli.count[ours[name]] == reference_bank.count[theirs[name]], name
