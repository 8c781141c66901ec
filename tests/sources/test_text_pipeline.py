"""Tags, lemmas and the rest by a real pipeline, and what is said where there is none."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from made_texts import PAIRS, PIECED, TEXTS, by_hand, held, installed, made, nlp  # noqa: F401, fixtures

from logicx.errors import DataError
from logicx.language.formula import Concept
from logicx.language.parsing import parse
from logicx.language.printing import format_formula
from logicx.resources import resource
from logicx.sources.recipes import compile_recipe

TAGGED = ["tag", "lemma", "upos", "dep", "ent"]


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


def test_the_pipeline_tags_words_not_their_pieces(made, pipeline):
    stated = {"file": "t.jsonl", "format": "tokens", "families": ["tag", "lemma", "dep"]}
    found = held(made("tokens", PIECED, **stated))
    assert found["lemma:snowboarder"] == [2, 3]
    assert found["tag:CD"] == [1, 5]
    assert {2, 3, 6} <= {*found["tag:NNS"]}
    assert not any({0, 4} & {*cells} for cells in found.values())


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
