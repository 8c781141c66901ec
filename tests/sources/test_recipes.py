"""Recipes: what all kinds share, and the paper's data."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from written_recipes import (
    CSV,
    LINES,
    compiled,  # noqa: F401, fixtures
    holds,
    pairs,
)

from logicx.banks.bank import ConceptBank
from logicx.banks.universe import Universe
from logicx.errors import DataError, FileError, LogicxError
from logicx.resources import resource
from logicx.sources.recipes import compile_recipe, read_toml

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("recipe", "why", "hint"),
    [
        (
            "",
            "kind is one of pairs, texts, tokens, table, masks, broden, images, ade20k, coco, voc, cityscapes, coco_panoptic, image_parquet, ade_challenge, labelme, cvat, binary_masks, not None",
            "",
        ),
        (
            'kind = "pears"',
            "kind is one of pairs, texts, tokens, table, masks, broden, images, ade20k, coco, voc, cityscapes, coco_panoptic, image_parquet, ade_challenge, labelme, cvat, binary_masks, not 'pears'",
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
        (pairs(top='neighbors = "none.json"'), "no file ", "names a JSON file"),
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
    with pytest.raises(FileError, match=r"is no TOML|is not UTF-8"):
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
    with pytest.raises(DataError, match=r"JSON|must map concept|names no concept|UTF-8"):
        compiled(pairs(top='neighbors = "n.json"'), d_tok=LINES, n_json=text)


def test_compiling_is_the_same_in_any_process(tmp_path, compiled):
    bank = compiled(pairs(), d_tok=LINES)
    text = (
        "import sys, pathlib\nfrom logicx.sources.recipes import compile_recipe\n"
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
