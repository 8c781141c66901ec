"""Settings in place of the recipe's, and the text of cells."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_texts import PAIRS, TEXTS, held, installed, made  # noqa: F401, fixtures

from logicx.banks.bank import ConceptBank
from logicx.banks.celltexts import CellTexts
from logicx.cli import run
from logicx.errors import DataError, FileError
from logicx.resources import resource
from logicx.sources.recipes import compile_recipe, read_change


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


def test_a_table_of_neighbours_that_is_set_lies_anywhere(tmp_path, monkeypatch, capsys):
    """A recipe's own lies beside it; one that is missing is told before the work."""
    monkeypatch.chdir(tmp_path)
    Path("d.tok").write_text("a man sleeps\na boy is awake\n" * 3)
    Path("near.json").write_text('{"hyp:awake": ["hyp:is"]}')
    command = ["compile", "snli-words", "data=d.tok", "out=a.bank"]
    assert run([*command, "set=neighbors=near.json"]) == 0
    assert "hyp:awake" in ConceptBank.open("a.bank").relations["NEIGHBORS"]
    capsys.readouterr()
    assert run([*command, "set=neighbors=none.json"]) == 2
    assert "no file none.json" in capsys.readouterr().err


def test_tokens_in_a_file_need_no_tokenizer_and_the_error_says_how(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.jsonl").write_text('["a", "man"]\n')
    command = ["compile", "tokens", "data=t.jsonl", "out=a.bank", "set=tokens.format=tokens"]
    assert run(command) == 2
    assert "set=tokens.tokenizer=whitespace" in capsys.readouterr().err
