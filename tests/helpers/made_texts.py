"""What tests of texts share: banks of a few lines."""

from __future__ import annotations

import numpy as np
import pytest

from logicx.banks.bank import ConceptBank
from logicx.banks.bits import unpack
from logicx.sources.recipes import compile_recipe

PAIRS = "A man sleeps .\nA man is awake .\nTwo dogs run\ndogs Run\n"


TEXTS = "Two dogs chase a cat .\nMary lives in Paris .\nThe cat sleeps .\n"


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


PIECED = (
    '{"words": ["Two", "snowboarders"], "tokens": ["[CLS]", "two", "snow", "##boarders", "[SEP]"],'
    ' "word_of": [null, 0, 1, 1, null]}\n'
    '["two", "dogs"]\n'
    '{"words": ["A", "\\u200b", "dog"], "tokens": ["a", "dog"], "word_of": [0, 2]}\n'
)


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


@pytest.fixture
def installed(monkeypatch):
    """Pretend that blank pipelines of some names are installed."""
    spacy = pytest.importorskip("spacy")

    def pretend(*names: str, lang: str = "en", load=None) -> None:
        monkeypatch.setattr(spacy.util, "get_installed_models", lambda: list(names))
        monkeypatch.setattr(spacy, "load", load or (lambda name, exclude: spacy.blank(lang)))

    return pretend
