"""Families of concepts of pairs, texts and tokens, without a pipeline."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_texts import (
    PAIRS,
    PIECED,
    TEXTS,
    held,
    made,  # noqa: F401, fixtures
)

from logicx.banks.universe import Universe
from logicx.errors import DataError
from logicx.sources.recipes import compile_recipe

WORD_FAMILIES = ["word", "form", "pos", "prev", "next"]


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


def spelled(token: str) -> str:
    plain = re.sub("[ \u00a0]+", " ", token.strip())
    return plain or ("<newline>" if "\u2028" in token else "<blank>")


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
        plain = [spelled(one) for one in document]
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


def test_pieces_have_what_their_word_has(made):
    families = [*WORD_FAMILIES, "piece"]
    bank = made("tokens", PIECED, file="t.jsonl", format="tokens", families=families)
    assert bank.universe == Universe.tokens([0, 5, 7, 9])
    shown = [one for (one,) in (bank.texts[i] for i in range(9))]
    assert shown == ["[CLS]", "two", "snow", "##boarders", "[SEP]", "two", "dogs", "a", "dog"]
    expected = {
        **{"word:two": [1, 5], "word:snowboarders": [2, 3], "form:Two": [1], "form:two": [5]},
        **{"piece:two": [1, 5], "piece:##boarders": [3], "piece:[CLS]": [0], "piece:dog": [8]},
        **{"prev:two": [2, 3, 6], "next:snowboarders": [1], "prev:<blank>": [8]},
        **{"pos:first": [1, 5, 7], "pos:second": [2, 3, 6], "pos:third": [8]},
        "pos:last": [2, 3, 6, 8],
    }
    found = held(bank)
    assert {name: found.get(name) for name in expected} == expected
    assert "piece:<blank>" not in bank  # a word of which no token is left is context alone


def test_stop_words_are_left_out_of_pieces(made):
    stated = {"file": "t.jsonl", "format": "tokens", "families": ["piece"]}
    bank = made("tokens", PIECED, **stated, stop_words=["[cls]", "[SEP]"], most_common=2)
    assert bank.names == ("piece:two", "piece:snow")


def test_texts_of_pieces_are_their_words(made):
    bank = made("texts", PIECED, file="t.jsonl", format="tokens")
    assert bank.texts[0] == ("Two snowboarders",)
    assert held(bank)["snowboarders"] == [0]


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_pieces_are_spread_as_counted_by_hand(tmp_path_factory, data):
    """Against the bank of the words, token by token."""
    folder = tmp_path_factory.mktemp("pieces")
    plain = st.text(st.sampled_from("aAb:#"), min_size=1, max_size=3)
    documents = data.draw(st.lists(st.lists(plain, min_size=1, max_size=8), min_size=1, max_size=5))
    pieced = []
    for document in documents:
        numbers = st.none() | st.integers(0, len(document) - 1)
        word_of = data.draw(st.lists(numbers, min_size=1, max_size=12))
        tokens = [data.draw(plain) for _ in word_of]
        pieced.append({"words": document, "tokens": tokens, "word_of": word_of})
    (folder / "w.jsonl").write_text("".join(json.dumps(one) + "\n" for one in documents))
    (folder / "p.jsonl").write_text("".join(json.dumps(one) + "\n" for one in pieced))
    (folder / "r.toml").write_text('kind = "tokens"\n[tokens]\nformat = "tokens"\n')
    changes = {"tokens.families": [*WORD_FAMILIES, "piece"]}
    of_words, of_pieces = (
        held(compile_recipe(folder / "r.toml", folder / file, changes=changes))
        for file in ("w.jsonl", "p.jsonl")
    )
    first = np.cumsum([0, *map(len, documents)]).tolist()
    cells = [
        (None if k is None else start + k, token)
        for start, one in zip(first, pieced, strict=False)
        for k, token in zip(one["word_of"], one["tokens"], strict=True)
    ]
    by_hand = {
        name: [i for i, (word, _) in enumerate(cells) if word in {*holds}]
        for name, holds in of_words.items()
        if not name.startswith("piece:")
    }
    for i, (_, token) in enumerate(cells):
        by_hand.setdefault(f"piece:{token}", []).append(i)
    kept = {name: holds for name, holds in by_hand.items() if holds or name == "pos:last"}
    assert of_pieces == kept


def test_a_word_written_like_another_concept_is_told(made):
    with pytest.raises(DataError, match="two concepts would be called 'form:a'") as e:
        made("texts", "a form:a\n", families=["word", "form"])
    assert "stop_words" in e.value.hint
    bank = made("texts", "a form:a\n", families=["word", "form"], stop_words=["form:a"])
    assert bank.names == ("a", "form:a")
