"""Files of texts: what is read, and what is refused."""

from __future__ import annotations

import json

import pytest
from made_texts import (
    PAIRS,
    held,
    made,  # noqa: F401, fixtures
)

from logicx.banks.universe import Universe
from logicx.errors import DataError, FileError, LogicxError

SNLI = [
    {"gold_label": "neutral", "sentence1": "A man, asleep", "sentence2": "A man", "captionID": "1"},
    {"gold_label": "-", "sentence1": "Two dogs", "sentence2": "dogs", "captionID": "2"},
    {"gold_label": "contradiction", "sentence1": 'A "cat"', "sentence2": "cats", "captionID": ""},
]


def snli(suffix: str) -> str:
    if suffix == ".jsonl":
        return "".join(json.dumps(one) + "\n" for one in SNLI)
    rows = [list(SNLI[0]), *(one.values() for one in SNLI)]
    return "".join("\t".join(row) + "\n" for row in rows)


@pytest.mark.parametrize("suffix", [".txt", ".jsonl", ".tsv"])
def test_snlis_own_files_are_read(made, suffix):
    bank = made("pairs", snli(suffix), file=f"d{suffix}", format="snli")
    assert [bank.texts[i] for i in range(3)] == [
        (one["sentence1"], one["sentence2"]) for one in SNLI
    ]
    fewer = made("pairs", snli(suffix), file=f"d{suffix}", format="snli", drop_unlabelled=True)
    assert [fewer.texts[i][1] for i in range(2)] == ["A man", "cats"]
    assert fewer.universe == Universe.pairs(2)


def test_unlabelled_rows_of_tables_are_dropped_if_asked(made):
    rows = "p\th\t-\nq\th\tneutral\nr\th\t\n"
    columns = {"premise": 1, "hypothesis": 2, "label": 3}
    assert made("pairs", rows, file="d.tsv", format="table", **columns).universe.n_cells == 3
    kept = made("pairs", rows, file="d.tsv", format="table", drop_unlabelled=True, **columns)
    assert kept.texts[0] == ("q", "h")
    assert kept.universe.n_cells == 1
    with pytest.raises(FileError, match="has no column 'label'"):
        made(
            "pairs", "premise,hypothesis\na,b\n", file="d.csv", format="table", drop_unlabelled=True
        )


@pytest.mark.parametrize(
    ("file", "text", "column"),
    [
        ("d.csv", 'id,text\n1,"A dog, here"\n2,Two\n', "text"),
        ("d.tsv", "A dog, here\t1\nTwo\t2\n", 1),
        ("d.jsonl", '{"text": "A dog, here", "id": 3}\n{"id": 4, "text": "Two"}\n', "text"),
        ("d.csv", 'body\n"A dog, here"\nTwo\n', "body"),
    ],
)
def test_texts_of_tables(made, file, text, column):
    for kind in ("texts", "tokens"):
        bank = made(kind, text, file=file, format="table", column=column)
        assert held(bank)["dog," if kind == "texts" else "word:dog,"] == [
            0 if kind == "texts" else 1
        ]


@pytest.mark.parametrize("kind", ["texts", "tokens"])
@pytest.mark.parametrize(
    ("file", "text", "stated", "why"),
    [
        ("d.txt", "", {}, "d.txt holds no text"),
        ("d.txt", "a\n\nb\n", {}, "d.txt, line 2: the text is empty"),
        ("d.txt", "a\nb\n \t\n", {}, "d.txt, line 3: the text is empty"),
        ("d.txt", b"a\nb\ncaf\xe9\n", {}, r"d.txt is not UTF-8 text \(byte 7\), see line 3"),
        ("d.csv", "a\n", {}, "d.csv is a table"),
        ("d.jsonl", "{}\n", {}, "d.jsonl is a table"),
        ("d.csv", "a\nb\n", {"format": "table"}, "d.csv has no column 'text'"),
        ("d.csv", "text\na\n\nb\n", {"format": "table"}, "d.csv, row 2: the text is empty"),
        ("d.csv", b"text\na\n\xff\n", {"format": "table"}, "not UTF-8 text .*, see line 3"),
        ("d.txt", "text\na\n", {"format": "table"}, "d.txt is no table"),
        ("d.jsonl", '{"text": "a"}\n{"txt": "b"}\n', {"format": "table"}, "line 2: no 'text'"),
        ("d.jsonl", '{"text": "a"}\n[1]\n', {"format": "table"}, "line 2: no JSON object"),
        ("d.jsonl", '{"text": "a"}\n\n', {"format": "table"}, "line 2 is no readable JSON"),
        ("d.jsonl", '{"text": 5}\n', {"format": "table"}, "line 1: 'text' is 5, which is no text"),
        ("d.jsonl", '{"text": null}\n', {"format": "table"}, "line 1: the text is empty"),
        (
            "d.jsonl",
            '{"text": "\\ud800"}\n',
            {"format": "table"},
            "line 1: the text is not Unicode",
        ),
        ("d.jsonl", '{"text": "a"}\n', {"format": "table", "column": 1}, "line 1: no 1"),
        ("d.jsonl", '["a"]\n[]\n', {"format": "tokens"}, "line 2: the text is empty"),
        ("d.jsonl", '["a"]\n["b", ""]\n', {"format": "tokens"}, "has an empty token, number 2"),
        ("d.jsonl", '["a"]\n{"a": 1}\n', {"format": "tokens"}, "line 2: no list of tokens"),
        ("d.jsonl", '["a"]\n["a", 1]\n', {"format": "tokens"}, "line 2: no list of tokens"),
        ("d.jsonl", '["a"]\nthe dog\n', {"format": "tokens"}, "line 2 is no readable JSON"),
        *(
            (
                "d.jsonl",
                '["a"]\n{"words": ' + line + "}\n",
                {"format": "tokens"},
                "line 2: .*" + told,
            )
            for line, told in (
                ('["a"], "tokens": ["b"], "word_of": [0, 0]', "must be a list of 1 numbers"),
                ('["a"], "tokens": ["b"]', "'word_of' must be a list of 1 numbers"),
                (
                    '["a"], "tokens": ["b"], "word_of": [1]',
                    "'b'\\) is said to be of word 1, but words",
                ),
                ('["a"], "tokens": ["b"], "word_of": [-1]', "is said to be of word -1"),
                ('["a"], "tokens": ["b"], "word_of": [true]', "is said to be of word True"),
                ('["a"], "tokens": ["b", ""], "word_of": [0, 0]', "token 2 is empty"),
                ('["a"], "tokens": [], "word_of": []', "words but no token"),
                ('["a"], "tokens": [3], "word_of": [0]', "'tokens' must be a list of texts"),
                ('"a", "tokens": ["b"], "word_of": [0]', "'words' must be a list of texts"),
                ('["a", ""], "tokens": ["b"], "word_of": [0]', "has an empty token, number 2"),
                ('[], "tokens": ["b"], "word_of": [null]', "the text is empty"),
                ('["a"], "tokens": ["\\udfff"], "word_of": [0]', "is not Unicode"),
                ('["a"], "tokens": ["b"], "word_of": [0], "x": 1', "unknown key 'x'"),
            )
        ),
        ("d.jsonl", "[" * 100_000, {"format": "tokens"}, "line 1 is no readable JSON"),
        ("d.jsonl", '["\\udfff"]\n', {"format": "tokens"}, "line 1: the text is not Unicode"),
    ],
)
def test_files_that_are_no_texts_are_told(made, kind, file, text, stated, why):
    with pytest.raises(DataError, match=why):
        made(kind, text, file=file, **stated)


@pytest.mark.parametrize(
    ("file", "text", "stated", "why"),
    [
        ("d.txt", "a\nb\n\nc\n", {}, "line 3: the premise of pair 2 is empty"),
        ("d.txt", "", {"format": "snli"}, "d.txt is empty"),
        ("d.txt", "a\tb\n", {"format": "snli"}, "has no column 'sentence1'"),
        ("d.txt", "sentence1\tsentence2\na\n", {"format": "snli"}, "line 2: 1 fields"),
        (
            "d.jsonl",
            snli(".jsonl").replace('"dogs"', '""'),
            {"format": "snli"},
            "line 2: the hypothesis of pair 2",
        ),
        ("d.txt", "a\nb\n", {"drop_unlabelled": True}, "drop_unlabelled needs labels"),
    ],
)
def test_files_that_are_no_pairs_are_told(made, file, text, stated, why):
    with pytest.raises(LogicxError, match=why):
        made("pairs", text, file=file, **stated)


def test_the_line_of_a_broken_byte_is_right_in_a_long_file(made):
    text = b"text\n" + b"a word\n" * 20_000 + b"\xff\n" + b"b\n" * 10
    for stated in ({"file": "d.csv", "format": "table"}, {}):
        with pytest.raises(FileError, match=r"\(byte 140005\), see line 20,002"):
            made("texts", text, **stated)


@pytest.mark.parametrize(
    ("kind", "stated", "why"),
    [
        ("pairs", {"families": ["wrods"]}, "no family of concepts 'wrods'"),
        ("pairs", {"families": ["pos"]}, "no family of concepts 'pos'"),
        ("texts", {"families": ["overlap"]}, "no family of concepts 'overlap'"),
        ("tokens", {"families": ["overlap"]}, "no family of concepts 'overlap'"),
        ("texts", {"families": ["word", "word"]}, "given twice"),
        ("texts", {"families": "word"}, "families cannot be 'word'"),
        ("texts", {"limits": {"words": 3}}, "no family of concepts 'words'"),
        ("texts", {"limits": {"word": -1}}, "word must be 0 or more"),
        ("texts", {"limits": {"word": True}}, "limits cannot be"),
        ("texts", {"limits": 3}, "limits cannot be 3"),
        ("tokens", {"limits": {"pos": 3}}, "the family pos has none"),
        ("pairs", {"limits": {"overlap": 3}}, "the family overlap has none"),
        ("texts", {"stop_words": "english"}, "compexp or spacy, not 'english'"),
        ("texts", {"format": "snli"}, "format is one of lines, table, tokens, not 'snli'"),
        ("pairs", {"format": "tokens"}, "format is one of lines, table, snli, not 'tokens'"),
        ("texts", {"format": "tokens", "tokenizer": "spacy"}, "the file holds tokens"),
        ("tokens", {"sentences": True, "families": ["word"]}, "matters to pos, prev and next"),
        ("tokens", {"sentences": 1}, "sentences cannot be 1"),
        ("texts", {"keep_text": "no"}, "keep_text cannot be 'no'"),
        ("texts", {"sides": ["a", "b"]}, "unknown setting 'sides'"),
        ("pairs", {"column": "a"}, "unknown setting 'column'"),
        ("tokens", {"pipeline": 3}, "pipeline cannot be 3"),
    ],
)
def test_settings_of_text_that_mean_nothing_are_told(made, kind, stated, why):
    with pytest.raises(LogicxError, match=why):
        made(kind, PAIRS, **stated)
