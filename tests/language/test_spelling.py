"""Names and words that look the same are the same, or are refused."""

from __future__ import annotations

import json
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx import ConceptBank, Units, compile_recipe, open_units, score
from logicx.errors import DataError, did_you_mean
from logicx.language.spelling import alike, tidy

LOOKS = [
    "café",
    "cafe\u0301",
    " café",
    "café\u00a0",
    "ca\u200bfé",
    "\u2060café\u00ad",
    "caf\u202aé",
]


@settings(deadline=None)
@given(st.text())
def test_tidying_twice_changes_nothing(text):
    once = tidy(text)
    assert tidy(once) == once
    assert unicodedata.is_normalized("NFC", once)


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=126, min_codepoint=33)))
def test_ordinary_names_stay_as_they_are(text):
    assert tidy(text) == text


def test_joiners_are_kept_where_they_join():
    for kept in ("👩\u200d🚒", "می\u200cخواهم", "🏴\U000e0067\U000e007f", "❤\ufe0f"):
        assert tidy(kept) == kept
    assert tidy("wa\u200cter\u200d") == "water"
    assert alike(["a", "b", "a "]) == ("a", "a ")


@pytest.mark.parametrize("typed", LOOKS)
def test_concepts_and_units_are_found_however_they_are_typed(typed):
    bank = ConceptBank.from_masks([[1, 0]], [typed], relations={"NEIGHBORS": {typed: [typed]}})
    units = Units.from_masks([[1, 0]], [typed])
    assert bank.names == units.names == ("café",)
    for other in LOOKS:
        assert score(f'"{other}"', bank, units, other).score == 1
        assert score(f'NEIGHBORS("{other}")', bank, units, other).score == 1
    assert (
        bank.content
        == ConceptBank.from_masks(
            [[1, 0]], ["café"], relations={"NEIGHBORS": {"café": ["café"]}}
        ).content
    )


def test_two_names_that_look_alike_are_refused():
    for a in LOOKS[:4]:
        for b in LOOKS:
            if a != b:
                with pytest.raises(DataError, match=r"look the same|given twice"):
                    ConceptBank.from_masks([[1, 0], [0, 1]], [a, b])
                with pytest.raises(DataError, match=r"look the same|given twice"):
                    Units.from_masks([[1, 0], [0, 1]], [a, b])


def test_labels_of_one_look_are_one_unit(tmp_path):
    (tmp_path / "u.csv").write_text("p\ncafé\ncafe\u0301\nx\ncafé\u200b\n", encoding="utf-8")
    assert dict(
        zip(
            open_units(tmp_path / "u.csv").names,
            open_units(tmp_path / "u.csv").n_on.tolist(),
            strict=True,
        )
    ) == {"p=café": 3, "p=x": 1}
    bank = ConceptBank.from_table({"p": ["café", "cafe\u0301"]}, {"p": "category"})
    assert bank.names == ("p:café",)


def test_a_file_of_names_has_no_blanks(tmp_path):
    np.save(tmp_path / "m.npy", np.eye(2, dtype=bool))
    (tmp_path / "n.txt").write_text("water \n\u00a0river\u200b\n", encoding="utf-8")
    (tmp_path / "r.toml").write_text('kind = "masks"\n[source]\npath = "m.npy"\nnames = "n.txt"\n')
    assert compile_recipe(tmp_path / "r.toml").names == ("water", "river")


def made(folder, lines, kind="tokens", **settings):
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)
    (folder / "t.jsonl").write_text(text, encoding="utf-8")
    (folder / "r.toml").write_text(f'kind = "{kind}"\n[source]\npath = "t.jsonl"\n')
    changes = {f"{kind}.format": "tokens", f"{kind}.families": ["word"]}
    return compile_recipe(
        folder / "r.toml", changes=changes | {f"{kind}.{k}": v for k, v in settings.items()}
    )


def held(bank):
    return dict(zip(bank.names, bank.count.tolist(), strict=True))


def test_marks_of_byte_level_bpe_are_white_space(tmp_path):
    tokens = ["The", "Ġcaf", "Ã©", "Ġ", "Ċ", "Ġthe", "ĠĠ", "ÃŃ"]
    bank = made(tmp_path, [tokens])
    assert held(bank) == {
        "word:the": 2, "word:caf": 1, "word:é": 1, "word:<blank>": 2, "word:<newline>": 1, "word:í": 1
    }  # fmt: skip
    assert bank.texts[1] == (" caf",)
    assert "7 of 8 tokens bear a tokenizer's marks (Ġ)" in bank.notes[0]
    kept = made(tmp_path, [tokens], marks="keep")
    assert "word:ġcaf" in kept
    assert kept.notes == ()
    assert made(tmp_path, [tokens], marks="bpe").content != kept.content


def test_marks_of_sentencepiece_are_white_space(tmp_path):
    bank = made(tmp_path, [["▁The", "▁cat", "s", "▁", "the"]])
    assert held(bank) == {"word:the": 2, "word:cat": 1, "word:s": 1, "word:<blank>": 1}
    assert "▁" in bank.notes[0]
    assert held(made(tmp_path, [["▁a", "b"]], marks="bpe")) == {"word:▁a": 1, "word:b": 1}


def test_maltese_keeps_its_letter(tmp_path):
    words = ["Ġesù", "kien", "ta'", "Nazaret", "u", "ġie", "imsallab"]
    bank = made(tmp_path, [words])
    assert "word:ġesù" in bank
    assert "taken as a letter" in bank.notes[0]


def test_pieces_of_words_are_told_of(tmp_path):
    assert "begin with ##" in made(tmp_path, [["snow", "##board"]]).notes[0]
    stated = {"words": ["café x"], "tokens": ["Ġcaf", "Ã©", "Ġx"], "word_of": [0, 0, 0]}
    bank = made(tmp_path, [stated], families=["word", "piece"])
    assert held(bank) == {"word:café x": 3, "piece:caf": 1, "piece:é": 1, "piece:x": 1}


def test_blank_tokens_have_names_and_neighbours(tmp_path):
    bank = made(tmp_path, [["a", "\n", "b", " ", "\t"]], families=["word", "prev"])
    assert held(bank) == {
        **dict.fromkeys(["word:a", "word:<newline>", "word:b", "word:<blank>", "word:<tab>"], 1),
        **dict.fromkeys(["prev:a", "prev:<newline>", "prev:b", "prev:<blank>"], 1),
    }


def test_the_commonest_words_are_counted_as_words_not_as_pieces(tmp_path):
    many = {
        "words": ["rare", "the"],
        "tokens": ["r", "##a", "##re", "the"],
        "word_of": [0, 0, 0, 1],
    }
    few = {"words": ["the"], "tokens": ["the"], "word_of": [0]}
    assert held(made(tmp_path, [many, few], most_common=1)) == {"word:the": 2}
    context = {"words": ["x", "x", "x", "the"], "tokens": ["the"], "word_of": [3]}
    assert held(made(tmp_path, [context], most_common=1)) == {"word:the": 1}


def test_signs_that_stick_to_words_are_told_of(tmp_path):
    (tmp_path / "t.txt").write_text("no time.\nin time, we hope\nhope\n")
    (tmp_path / "r.toml").write_text('kind = "texts"\n[source]\npath = "t.txt"\n')
    bank = compile_recipe(tmp_path / "r.toml")
    assert bank.notes == ()  # `time` alone is not there
    (tmp_path / "t.txt").write_text("no time.\nin time\n")
    assert "'time.' beside 'time'" in compile_recipe(tmp_path / "r.toml").notes[0]
    simple = compile_recipe(tmp_path / "r.toml", changes={"texts.tokenizer": "simple"})
    assert held(simple) == {"no": 1, "time": 2, ".": 1, "in": 1}
    assert simple.notes == ()


def test_suggestions_name_all_of_one_folded_form():
    assert did_you_mean("river", ["River", "RIVER", "boat"]) == "did you mean: River, RIVER?"
    assert did_you_mean("x" * 100_000, ["river"]) == ""
    many = [f"{i:05}" for i in range(80_000)]
    assert did_you_mean("rivr", [*many, "river"]) == "did you mean: river?"
