"""Names that look alike in other characters are told of; none is taken for the other."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from logicx import ConceptBank, Units, compile_recipe, open_units, score
from logicx.cli import run
from logicx.errors import UnknownConcept, UnknownUnit
from logicx.language.lookalikes import _LIKE, look_alikes, shape
from logicx.language.spelling import tidy

ALIKE = [
    ("blue", "blu\u0435"),  # Cyrillic
    ("co", "\u0441\u043e"),  # all of it
    ("A", "\u0391"),  # Greek
    ("no", "n\u0585"),  # Armenian
    ("sea", "\uff53\uff45\uff41"),  # full width
    ("x", "\U0001d465"),  # mathematics
    ("\u00b5m", "\u03bcm"),  # micro and mu
    ("t-shirt", "t\u2011shirt"),
    ("don't", "don\u2019t"),
    ("fish", "\ufb01sh"),  # a ligature
    ("g", "\u0261"),
    ("\u00eb", "\u0451"),
]
APART = ["m2", "m²", "½", "river", "rivеr2", "rn", "m", "Blue", "ß", "川", "ж"]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_they_are_found_and_stay_two(one, other):
    assert tidy(one) != tidy(other)
    assert look_alikes(["sky", one, "sun", other]) == [(tidy(one), tidy(other))] or look_alikes(
        ["sky", one, "sun", other]
    ) == [(one, other)]
    bank = ConceptBank.from_masks([[True, False], [True, True], [False, True]], ["sky", one, other])
    assert bank.n_concepts == 3
    (note,) = bank.notes
    assert note.startswith("a pair of concepts look alike")
    assert bank.number(one) != bank.number(other)


def test_names_that_can_be_told_apart_are_none():
    assert look_alikes(APART) == []
    assert ConceptBank.from_masks(np.eye(len(APART), 3) > 0, APART).notes == ()


def test_every_character_of_the_table_is_alone_in_its_own_script():
    for one, like in _LIKE.items():
        assert unicodedata.normalize("NFC", one) == one != like
        assert shape(one) == shape(like)


def test_what_is_asked_for_in_other_letters_is_told_so():
    bank = ConceptBank.from_masks([[True, False], [False, True]], ["blue", "sea"])
    with pytest.raises(UnknownConcept) as e:
        bank.number("blu\u0435")
    assert e.value.hint == "'blue' looks the same, but what was asked for is 'blu\\u0435'"
    units = Units.from_masks([[True, False]], ["blue"])
    with pytest.raises(UnknownUnit) as f:
        score("blue", bank, units, "blu\u0435")
    assert "'blu\\u0435'" in f.value.hint


def test_units_and_labels_are_told_of_too(tmp_path):
    assert "units look alike" in Units.from_masks(np.eye(2, 3), ["a", "\u0430"]).notes[0]
    (tmp_path / "p.csv").write_text("pred\nyes\ny\u0435s\nyes\n", encoding="utf-8")
    units = open_units(tmp_path / "p.csv")
    assert [*units.n_on] == [2, 1]
    assert any("look alike" in one for one in units.notes)
    (tmp_path / "n.csv").write_text("a,\u0430\n0.5,1\n,2\n", encoding="utf-8")
    for missing in (None, "off"):
        notes = open_units(tmp_path / "n.csv", "positive", missing=missing).notes
        assert any("look alike" in one for one in notes)


@pytest.mark.parametrize("kind", ["texts", "tokens", "pairs"])
def test_words_of_texts_are_told_of(tmp_path, kind, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.txt").write_text("the c\u0430t\nthe cat sat\n", encoding="utf-8")
    (tmp_path / "r.toml").write_text(f'kind = "{kind}"\n[source]\npath = "t.txt"\n')
    bank = compile_recipe(tmp_path / "r.toml")
    assert any("'c\\u0430t'" in one for one in bank.notes) or kind != "texts"
    assert any("look alike" in one for one in bank.notes) or kind == "pairs"
    assert run(["compile", "r.toml", "out=a.bank"]) == 0
    assert ("look alike" in capsys.readouterr().err) == any("look alike" in n for n in bank.notes)
    (tmp_path / "t.txt").write_text("the dog\nthe cat sat\n", encoding="utf-8")
    assert not any("look alike" in one for one in compile_recipe(tmp_path / "r.toml").notes)


def test_a_table_and_its_square_of_masks(tmp_path):
    bank = ConceptBank.from_table({"x": ["a", "\u0430", "b"]}, {"x": "category"})
    assert len(bank.notes) == 1
    assert "look alike" in bank.notes[0]
    assert ConceptBank.from_table({"x": ["a", "c", "b"]}, {"x": "category"}).notes == ()
