"""Recipes of sentence pairs."""

from __future__ import annotations

import numpy as np
import pytest
from written_recipes import (
    LINES,
    compiled,  # noqa: F401, fixtures
    holds,
    pairs,
)

from logicx.banks.universe import Universe
from logicx.errors import DataError, LogicxError
from logicx.sources.recipes import compile_recipe


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
