"""Concepts of pairs, texts and tokens: families, names, the real tagger, and the text of cells."""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx.bank import ConceptBank
from logicx.bits import unpack
from logicx.celltexts import CellTexts
from logicx.errors import DataError, FileError, LogicxError
from logicx.formula import Concept
from logicx.language import format_formula, parse
from logicx.recipes import compile_recipe, read_change
from logicx.resources import resource
from logicx.universe import Universe

PAIRS = "A man sleeps .\nA man is awake .\nTwo dogs run\ndogs Run\n"
TEXTS = "Two dogs chase a cat .\nMary lives in Paris .\nThe cat sleeps .\n"
WORD_FAMILIES = ["word", "form", "pos", "prev", "next"]
TAGGED = ["tag", "lemma", "upos", "dep", "ent"]


@pytest.fixture
def made(tmp_path):
    """Compile data of a kind with some settings; what is saved is opened again."""

    def make(kind: str, text: str | bytes, /, file: str = "d.txt", **stated) -> ConceptBank:
        data = tmp_path / file
        data.write_bytes(text if isinstance(text, bytes) else text.encode())
        (tmp_path / "r.toml").write_text(f'kind = "{kind}"\n')
        changes = {f"{kind}.{key}": value for key, value in stated.items()}
        bank = compile_recipe(tmp_path / "r.toml", data, changes=changes)
        bank.save(tmp_path / "b.bank")
        opened = ConceptBank.open(tmp_path / "b.bank")
        assert opened.content == bank.content
        return opened

    return make


def held(bank: ConceptBank) -> dict[str, list[int]]:
    """The cells of every concept."""
    masks = unpack(bank.packed, bank.n_signatures)
    found = (np.flatnonzero(bank.cells(row)).tolist() for row in masks)
    return dict(zip(bank.names, found, strict=True))


# ---- families and names, without a pipeline


def test_families_of_pairs_are_chosen(made):
    bank = made("pairs", PAIRS, families=["form", "word", "overlap"], overlap=[0], most_common=3)
    words = ["form:A", "form:man", "form:.", "a", "man", "."]
    assert bank.names == (*(f"{s}:{w}" for s in ("pre", "hyp") for w in words), "overlap-0%")
    kinds = ("form",) * 3 + ("word",) * 3
    assert bank.categories == (*(f"{s}:{k}" for s in ("pre", "hyp") for k in kinds), "overlap")
    assert held(bank)["hyp:a"] == held(bank)["hyp:form:A"] == [0]
    assert made("pairs", PAIRS, families=["word"]).n_concepts == 2 * 9
    assert made("pairs", PAIRS, families=["overlap"]).n_concepts == 4
    assert made("pairs", PAIRS, families=[]).n_concepts == 0


def test_limits_are_of_single_families(made):
    bank = made("texts", TEXTS, families=["word", "form"], most_common=5, limits={"form": 2})
    assert bank.categories == ("word",) * 5 + ("form",) * 2


def test_stop_words_come_by_name_or_as_a_list(made):
    text = "The dog , a dog of .\nan A cat the\n"
    everything = made("pairs", text, families=["word"])
    assert len(everything.names) == 2 * 8
    paper = made("pairs", text, families=["word"], stop_words="compexp")
    assert paper.names == ("pre:dog", "pre:cat", "hyp:dog", "hyp:cat")
    listed = made("pairs", text, families=["word"], stop_words=["DOG", "the"], most_common=2)
    assert listed.names[:2] == ("pre:a", "pre:,")
    cased = made("texts", text, families=["form"], stop_words=["the"], lowercase=False)
    assert "form:The" in cased
    assert "form:the" not in cased


def test_spacys_stop_words_are_of_the_language(made):
    pytest.importorskip("spacy")
    english = made("texts", "the dog und die cat\n", stop_words="spacy")
    assert english.names == ("dog", "und", "die", "cat")
    german = made("texts", "the dog und die cat\n", stop_words="spacy", language="de")
    assert german.names == ("the", "dog", "cat")


def test_texts_are_cells(made):
    bank = made("texts", TEXTS)
    assert bank.universe == Universe.rows(3)
    assert set(bank.categories) == {"word"}
    assert held(bank)["cat"] == [0, 2]
    assert held(bank)["."] == [0, 1, 2]


def test_tokens_are_cells_and_documents_their_groups(made):
    bank = made("tokens", "A dog a\ncat\nof the Dog now ! ?\n", families=WORD_FAMILIES)
    assert bank.universe == Universe.tokens([0, 3, 4, 10])
    expected = {
        **{"word:a": [0, 2], "word:dog": [1, 6], "form:Dog": [6], "form:a": [2], "word:cat": [3]},
        **{"pos:first": [0, 3, 4], "pos:second": [1, 5], "pos:third": [2, 6], "pos:4-5": [7, 8]},
        **{"pos:6-10": [9], "pos:last": [2, 3, 9]},
        **{"prev:a": [1], "prev:dog": [2, 7], "next:dog": [0, 5], "next:?": [8]},
    }
    found = held(bank)
    assert {name: found[name] for name in expected} == expected
    assert not {"pos:11-20", "pos:21+", "prev:", "prev:?", "next:of"} & {*bank.names}
    assert bank.categories == tuple(name.split(":")[0] for name in bank.names)


def test_places_far_from_the_beginning_are_binned(made):
    bank = made("tokens", "w " * 30 + "\n", families=["pos"])
    bins = {"6-10": range(5, 10), "11-20": range(10, 20), "21+": range(20, 30)}
    assert {k: held(bank)[f"pos:{k}"] for k in bins} == {k: [*v] for k, v in bins.items()}
    assert bank.names[-1] == "pos:last"
    assert held(bank)["pos:last"] == [29]


words = st.text(st.sampled_from("aAbß :'\"\u2028\u00a0(.,&"), max_size=4).filter(bool)
lists = st.lists(st.lists(words, min_size=1, max_size=12), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(lists, st.integers(0, 5), st.permutations(WORD_FAMILIES))
def test_tokens_are_as_counted_by_hand(tmp_path_factory, documents, limit, families):
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "d.jsonl").write_text("".join(json.dumps(one) + "\n" for one in documents))
    (folder / "r.toml").write_text('kind = "tokens"\n[tokens]\nformat = "tokens"\n')
    changes = {"tokens.families": families, "tokens.most_common": limit}
    try:
        bank = compile_recipe(folder / "r.toml", folder / "d.jsonl", changes=changes)
    except DataError as error:  # a line separator inside a name
        assert "printable" in error.message  # noqa: PT017
        return
    values: dict[str, list[set[str]]] = {family: [] for family in families}
    for document in documents:
        plain = [one.strip() for one in document]
        low = [one.lower() for one in plain]
        n = len(document)
        for k in range(n):
            place = ["first", "second", "third", "4-5", "4-5", *["6-10"] * 5, *["11-20"] * 2][k]
            for family, value in {
                "word": {low[k]},
                "form": {plain[k]},
                "pos": {place} | ({"last"} if k == n - 1 else set()),
                "prev": {low[k - 1] if k else ""},
                "next": {low[k + 1] if k + 1 < n else ""},
            }.items():
                values[family].append(value - {""})
    found = held(bank)
    for family, of_tokens in values.items():
        counts: dict[str, int] = {}
        for value in (one for several in of_tokens for one in several):
            counts[value] = counts.get(value, 0) + 1
        kept = sorted(counts, key=lambda one: -counts[one])
        kept = kept if family == "pos" else kept[:limit]
        mine = [name.partition(":")[2] for name in bank.names if name.startswith(f"{family}:")]
        assert sorted(mine) == sorted(kept)
        for value in kept:
            cells = [i for i, one in enumerate(of_tokens) if value in one]
            assert found[f"{family}:{value}"] == cells


def test_tokens_of_a_model_are_taken_as_they_are(made):
    lines = '["<s>", " the", " Dog", "gy", "\\n", " "]\n["the"]\n'
    bank = made("tokens", lines, file="t.jsonl", format="tokens")
    assert bank.universe == Universe.tokens([0, 6, 7])
    assert held(bank)["word:the"] == [1, 6]
    assert [bank.texts[i] for i in (1, 4, 5)] == [(" the",), ("\n",), (" ",)]
    assert not any(name.endswith(":") for name in bank.names)
    assert made("texts", lines, file="t.jsonl", format="tokens").texts[1] == ("the",)


def test_a_word_written_like_another_concept_is_told(made):
    with pytest.raises(DataError, match="two concepts would be called 'form:a'") as e:
        made("texts", "a form:a\n", families=["word", "form"])
    assert "stop_words" in e.value.hint
    bank = made("texts", "a form:a\n", families=["word", "form"], stop_words=["form:a"])
    assert bank.names == ("a", "form:a")


# ---- a real pipeline


@pytest.fixture(scope="module")
def nlp(pipeline):
    import spacy

    (name,) = [one for one in spacy.util.get_installed_models() if one.startswith(pipeline)][:1]
    return spacy.load(name)


def by_hand(nlp, lines: list[str]) -> list[dict[str, list[str]]]:
    """What the pipeline, with everything switched on, says of one text after the other."""
    from spacy.tokens import Doc

    found = []
    for line in lines:
        tokens = [*nlp(Doc(nlp.vocab, words=line.split()))]
        found.append(
            {
                "word": [one.text.lower() for one in tokens],
                "tag": [one.tag_ for one in tokens],
                "lemma": [one.lemma_.lower() for one in tokens],
                "upos": [one.pos_ for one in tokens],
                "dep": [one.dep_ for one in tokens],
                "ent": [one.ent_type_ for one in tokens],
                "starts": [one.is_sent_start for one in tokens],
            }
        )
    return found


def test_tags_of_pairs_have_the_papers_names(made, pipeline):
    bank = made("pairs", PAIRS, families=["word", "tag", "overlap"])
    found = held(bank)
    assert found["pre:DT"] == found["pre:NN"] == found["hyp:JJ"] == [0]
    assert found["pre:NNS"] == found["hyp:NNS"] == found["pre:CD"] == [1]
    assert found["hyp:DT"] == [0]
    assert found["pre:tag:."] == found["pre:."] == [0]
    assert dict(zip(bank.names, bank.categories, strict=True))["hyp:JJ"] == "hyp:tag"
    assert bank.source["pipeline"].startswith(pipeline)
    cased = made("pairs", PAIRS.replace("dogs", "NN"), families=["word", "tag"], lowercase=False)
    assert {"pre:NN", "pre:tag:NN", "pre:tag:."} < {*cased.names}
    assert not {"pre:DT", "hyp:JJ"} & {*cased.names}


def test_tags_of_texts_stand_alone(made, pipeline):
    bank = made("texts", TEXTS, families=["word", *TAGGED])
    found = held(bank)
    assert found["NNP"] == found["ent:GPE"] == found["paris"] == [1]
    assert found["lemma:dog"] == found["CD"] == [0]
    assert found["lemma:sleep"] == [2]
    assert found["dep:nsubj"] == found["upos:VERB"] == found["tag:."] == [0, 1, 2]


def test_every_family_is_what_the_whole_pipeline_says(made, nlp, shared):
    lines = (shared / "data/nli/probe/snli_1.0_dev.tok").read_text().split("\n")[:120]
    oracle = by_hand(nlp, lines)
    families = ["word", *TAGGED]
    texts = held(made("texts", "\n".join(lines), families=families))
    tokens = held(made("tokens", "\n".join(lines), families=families))
    everything = {(f, value) for one in oracle for f in families for value in one[f] if value}
    assert len(tokens) == len(texts) == len(everything)
    ends = np.cumsum([0, *(len(one["word"]) for one in oracle)])
    for family, value in everything:
        cells = [
            ends[i] + k
            for i, one in enumerate(oracle)
            for k, v in enumerate(one[family])
            if v == value
        ]
        assert tokens[f"{family}:{value}"] == cells
        named = (
            value
            if family == "word" or (value.isupper() and family == "tag")
            else f"{family}:{value}"
        )
        assert texts[named] == [i for i, one in enumerate(oracle) if value in one[family]]
    for alone in TAGGED:  # other components are left out, and nothing changes
        found = held(made("texts", "\n".join(lines), families=[alone]))
        assert found == {name: texts[name] for name in found}
        assert len(found) == sum(family == alone for family, _ in everything)


def test_sentences_divide_places_and_neighbours(made, nlp):
    line = "The man went home . He slept well . Then he ate ."
    starts = [k for k, one in enumerate(by_hand(nlp, [line])[0]["starts"]) if one]
    assert starts == [0, 5, 9]
    whole = held(made("tokens", line, families=["word", "pos", "prev", "next"]))
    parts = held(made("tokens", line, families=["word", "pos", "prev", "next"], sentences=True))
    assert (whole["pos:first"], parts["pos:first"]) == ([0], starts)
    assert (whole["pos:last"], parts["pos:last"]) == ([12], [4, 8, 12])
    assert (whole["prev:."], parts["next:."]) == ([5, 9], whole["next:."])
    assert "prev:." not in parts
    assert parts["word:he"] == whole["word:he"]


def test_the_tokenizer_and_the_pipeline_work_together(made, pipeline):
    text = "Mary's dog isn't here.\n"
    rules = held(made("tokens", text, families=["word", "tag"], tokenizer="spacy"))
    assert rules["tag:POS"] == rules["word:'s"] == [1]
    assert rules["word:n't"] == [4]
    plain = made("tokens", text, families=["word", "tag"])
    assert {"word:mary's", "word:here."} < {*plain.names}
    with pytest.raises(DataError, match="of language 'en', the tokenizer of 'de'") as e:
        made("tokens", text, families=["tag"], tokenizer="spacy", language="de")
    assert "language = 'en'" in e.value.hint


def test_compiling_with_tags_is_the_same_again(made, pipeline, shared):
    text = (shared / "data/nli/probe/snli_1.0_dev.tok").read_text().split("\n")[:1200]
    first = made("pairs", "\n".join(text), families=["word", "tag", "lemma"])
    again = made("pairs", "\n".join(text), families=["word", "tag", "lemma"])
    assert first.content == again.content
    for name in first.names:  # what is printed can be typed
        assert parse(format_formula(Concept(name))) == Concept(name)


def test_the_shipped_recipes_compile(tmp_path, pipeline):
    (tmp_path / "d.txt").write_text(TEXTS + TEXTS[: TEXTS.index("\n") + 1])
    for name, concept in (("texts", "lemma:cat"), ("tokens", "ent:GPE"), ("snli", "pre:NNS")):
        assert concept in compile_recipe(resource("concepts", f"{name}.toml"), tmp_path / "d.txt")
    bank = compile_recipe(resource("concepts", "snli-words.toml"), tmp_path / "d.txt")
    assert "pre:NNS" not in bank


# ---- a pipeline that is not there


def test_a_missing_pipeline_is_told_with_the_way_out(made):
    pytest.importorskip("spacy")
    with pytest.raises(DataError) as e:
        made("pairs", PAIRS, families=["word", "tag"], pipeline="xx_none")
    assert "'xx_none', which would give tag, is not installed" in e.value.message
    assert "python -m spacy download xx_none" in e.value.hint
    assert """set='pairs.families=["word"]'""" in e.value.hint
    for name in ("", "numpy", "../x", "/tmp", "en core"):
        with pytest.raises(DataError, match="is not installed"):
            made("pairs", PAIRS, families=["tag"], pipeline=name)


def test_without_spacy_words_go_on_and_tags_are_told(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    assert made("pairs", PAIRS).n_concepts == 22
    for stated, way in (
        ({"families": ["word", "tag"]}, "set='texts.families=[\"word\"]'"),
        ({"tokenizer": "spacy"}, "tokenizer = 'whitespace'"),
        ({"stop_words": "spacy"}, "stop_words = ['a', 'the']"),
    ):
        with pytest.raises(
            DataError, match=r"needs spaCy|spaCy, which would give tag, is missing"
        ) as e:
            made("texts", TEXTS, **stated)
        assert 'pip install "logicx[text]"' in e.value.hint
        assert way in e.value.hint
    with pytest.raises(DataError, match="spaCy, which would give sentences") as e:
        made("tokens", TEXTS, families=["word", "pos"], sentences=True)
    assert "set=tokens.sentences=false" in e.value.hint


@pytest.fixture
def installed(monkeypatch):
    """Pretend that blank pipelines of some names are installed."""
    spacy = pytest.importorskip("spacy")

    def pretend(*names: str, lang: str = "en", load=None) -> None:
        monkeypatch.setattr(spacy.util, "get_installed_models", lambda: list(names))
        monkeypatch.setattr(spacy, "load", load or (lambda name, exclude: spacy.blank(lang)))

    return pretend


def test_one_name_that_goes_on_is_taken_and_noted(made, installed, monkeypatch):
    import spacy

    def tagger(name, exclude):
        nlp = spacy.blank("en")
        nlp.add_pipe("attribute_ruler").add([[{}]], {"TAG": "NN"})
        nlp.meta["version"] = "1.2"
        return nlp

    installed("en_small", "en_small_copy", load=tagger)
    named = made("texts", TEXTS, families=["tag"], pipeline="en_small")
    assert (named.names, "notes" in named.source) == (("NN",), False)
    installed("en_small_copy", "de_small", load=tagger)
    copied = made("texts", TEXTS, families=["tag"], pipeline="en_small")
    assert copied.source["notes"] == [
        "no pipeline en_small is installed: en_small_copy 1.2 was used"
    ]
    assert copied.source["pipeline"] == "en_small_copy 1.2"
    for names in (("en_small_a", "en_small_b"), ("en_smallish",), ()):
        installed(*names, load=tagger)
        with pytest.raises(DataError, match="is not installed") as e:
            made("texts", TEXTS, families=["tag"], pipeline="en_small")
        assert all(name in e.value.hint for name in names)


@pytest.mark.parametrize("family", TAGGED)
def test_a_pipeline_that_lacks_a_component_is_told(made, installed, family):
    installed("en_x")
    with pytest.raises(DataError, match=f"the pipeline en_x gives no {family}"):
        made("texts", TEXTS, families=[family], pipeline="en_x")
    with pytest.raises(DataError, match="the pipeline en_x gives no sentence"):
        made("tokens", TEXTS, families=["pos"], sentences=True, pipeline="en_x")


def test_a_pipeline_that_breaks_is_told(made, installed):
    def broken(name, exclude):
        raise KeyError("no weights")

    installed("en_x", load=broken)
    with pytest.raises(DataError, match="the spaCy pipeline en_x cannot be loaded: 'no weights'"):
        made("texts", TEXTS, families=["tag"], pipeline="en_x")


def test_a_document_too_long_for_a_pipeline_is_told(made, installed):
    installed("en_x")
    with pytest.raises(DataError, match=r"d.txt, line 2: the text has more than 1,000,000 char"):
        made("texts", "a\n" + "word " * 200_001, families=["tag"], pipeline="en_x")
    assert made("texts", "a\n" + "word " * 200_001).n_concepts == 2


# ---- files

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
        ("d.jsonl", '{"text": "a"}\n\n', {"format": "table"}, "line 2: no JSON"),
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
        ("d.jsonl", '["a"]\nthe dog\n', {"format": "tokens"}, "line 2: no JSON"),
        ("d.jsonl", "[" * 100_000, {"format": "tokens"}, "line 1: no JSON"),
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


# ---- settings in place of the recipe's


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b=500", 500),
        ("a.b = true", True),
        ("a.b=en_core_web_md", "en_core_web_md"),
        ('a.b="5"', "5"),
        ('a.b=["word", "tag"]', ["word", "tag"]),
        ("a.b={lemma = 3}", {"lemma": 3}),
        ("a.b=", ""),
        ("a.b=x=y", "x=y"),
        ("a.b=1\nz = 2", "1\nz = 2"),
        ("a.b=" + "[" * 5000, "[" * 5000),
    ],
)
def test_a_change_is_read_as_toml_or_as_text(text, value):
    assert read_change(text) == ("a.b", value)


@pytest.mark.parametrize("text", ["", "a.b", "=5", "a=1979-05-27", f"a={2**64}"])
def test_a_change_that_is_none_is_told(text):
    with pytest.raises(DataError):
        read_change(text)


def test_changes_reach_any_setting_and_are_recorded(tmp_path):
    (tmp_path / "d.tok").write_text(PAIRS)
    recipe = resource("concepts", "snli-words.toml")
    changes = {"pairs.most_common": 1, "name": "mine", "pairs.overlap": [50]}
    bank = compile_recipe(recipe, tmp_path / "d.tok", changes=changes)
    assert (bank.name, bank.names) == ("mine", ("pre:a", "hyp:a", "overlap-50%"))
    assert bank.source["recipe"]["pairs"]["most_common"] == 1
    for key, why in (
        ("pairs.most", "unknown setting"),
        ("name.x", "name is no table"),
        ("x", "unknown"),
    ):
        with pytest.raises(DataError, match=why):
            compile_recipe(recipe, tmp_path / "d.tok", changes={key: 1})


def test_the_command_takes_settings_and_prints_notes(tmp_path, monkeypatch, capsys, installed):
    import spacy

    from logicx.cli import run

    def tagger(name, exclude):
        nlp = spacy.blank("en")
        nlp.add_pipe("attribute_ruler").add([[{}]], {"TAG": "NN"})
        return nlp

    monkeypatch.chdir(tmp_path)
    Path("d.tok").write_text(PAIRS)
    installed("en_core_web_sm_copy", load=tagger)
    command = ["compile", "snli", "data=d.tok", "set=pairs.most_common=2"]
    assert run([*command, 'set=pairs.families=["word","tag"]', "--json"]) == 0
    printed = capsys.readouterr()
    families = {"pre:word": 2, "pre:tag": 1, "hyp:word": 2, "hyp:tag": 1}
    assert json.loads(printed.out)["families"] == families
    assert "en_core_web_sm_copy" in printed.err
    assert run([*command, "set=pairs.pipeline=other"]) == 2
    assert "python -m spacy download other" in capsys.readouterr().err
    assert run([*command, "set=pairs.pipelin=other"]) == 2
    assert "did you mean: pipeline?" in capsys.readouterr().err


# ---- the text of cells

strings = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=12)


@given(strings, st.integers(1, 3))
def test_texts_come_back(texts, per_cell):
    texts = texts[: len(texts) // per_cell * per_cell]
    kept = CellTexts.of(texts, per_cell)
    assert len(kept) == len(texts) // per_cell
    found = [kept[i] for i in range(len(kept))]
    assert [one for several in found for one in several] == texts
    assert [kept[i - len(kept)] for i in range(len(kept))] == found
    for i, sign in product((0, 3), (1, -1)):
        with pytest.raises(IndexError, match="no cell"):
            kept[sign * (len(kept) + i) - (sign < 0)]


def test_a_bank_keeps_the_text_of_its_cells_if_it_is_to(made):
    bank = made("pairs", PAIRS)
    assert [bank.texts[i] for i in (0, 1)] == [
        ("A man sleeps .", "A man is awake ."),
        ("Two dogs run", "dogs Run"),
    ]
    tokens = made("tokens", TEXTS)
    first, end = tokens.universe.offsets[1:3]
    assert [tokens.texts[i] for i in range(first, end)] == [
        (w,) for w in ["Mary", "lives", "in", "Paris", "."]
    ]
    without = made("pairs", PAIRS, keep_text=False)
    assert without.texts is None
    assert without.content != bank.content
    spaced = made("pairs", PAIRS.replace("A man sleeps", "A  man sleeps"))
    assert held(spaced) == held(bank)
    assert spaced.content != bank.content


def test_texts_that_do_not_fit_the_cells_are_told(made):
    bank = made("texts", TEXTS)
    with pytest.raises(DataError, match="2 cells were given for a universe of 3 rows"):
        ConceptBank(
            "b", bank.names, bank.categories, bank.universe,
            ConceptBank.from_masks(np.ones((len(bank.names), 3), bool), bank.names)._signatures,
            texts=CellTexts.of(["a", "b"]),
        )  # fmt: skip


def test_an_altered_text_is_refused(made, tmp_path):
    made("texts", TEXTS)
    path = tmp_path / "b.bank"
    path.write_bytes(path.read_bytes().replace(b"Mary lives", b"Mary likes"))
    opened = ConceptBank.open(path)
    with pytest.raises(FileError, match="'text' does not match its hash"):
        _ = opened.texts
