"""Which texts a recording is of: they are compared with the bank's where batches tell them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from logicx import compile_recipe
from logicx.errors import DataError
from logicx.probe import Batch, record

TEXTS = ["A dog runs .", "Two cats sleep here .", "A dog sleeps .", "Two cats run here ."]
UNKNOWN = "which texts the batches hold is not known"


def bank_of(folder, kind):
    (folder / "t.txt").write_text("\n".join(TEXTS) + "\n")
    (folder / "r.toml").write_text(f'kind = "{kind}"\n[source]\npath = "t.txt"\n')
    return compile_recipe(folder / "r.toml")


def batches_of(texts, kind, ids=True):
    """A batch a text (or pair), with as many tokens as it has words."""
    made = []
    for one in texts:
        joined = one if isinstance(one, str) else " ".join(one)
        n = len(joined.split())
        inputs = torch.ones(1, n, 3) if kind == "tokens" else torch.ones(1, 3)
        mask = torch.ones(1, n, dtype=torch.bool) if kind == "tokens" else None
        made.append(Batch(inputs, mask, ids=[one] if ids else None))
    return made


def recorded(folder, kind, batches, name="a.units"):
    model = nn.Sequential(nn.Linear(3, 2))
    return record(model, "0", batches, folder / name, bank=bank_of(folder, kind))


PAIRS = [tuple(TEXTS[:2]), tuple(TEXTS[2:])]


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("texts", TEXTS),
        ("texts", [one.split() for one in TEXTS]),
        ("tokens", TEXTS),
        ("tokens", [one.lower().split() for one in TEXTS]),
        ("pairs", PAIRS),
        ("pairs", [" ".join(one) for one in PAIRS]),
    ],
)
def test_the_texts_of_the_bank_are_taken(tmp_path, kind, texts):
    found = recorded(tmp_path, kind, batches_of(texts, kind))
    assert not any(UNKNOWN in one for one in found.notes)


@pytest.mark.parametrize(
    ("kind", "texts", "message"),
    [
        (
            "texts",
            TEXTS[::-1],
            r"row 0 is 'Two cats run here \.', but the bank's is 'A dog runs \.'",
        ),
        ("texts", [*TEXTS[:3], "Two cats ran here ."], "row 3 is"),
        ("tokens", [TEXTS[2], TEXTS[1], TEXTS[0], TEXTS[3]], "document 0 is 'A dog sleeps"),
        ("pairs", PAIRS[::-1], "row 0 is"),
        ("pairs", [one[::-1] for one in PAIRS], "row 0 is"),
        ("texts", [*TEXTS, "More ."], "more texts than the 4"),
    ],
)
def test_other_texts_are_refused(tmp_path, kind, texts, message):
    with pytest.raises(DataError, match=message) as e:
        recorded(tmp_path, kind, batches_of(texts, kind))
    assert e.value.code == "other-texts"


@pytest.mark.parametrize("kind", ["texts", "tokens", "pairs"])
def test_what_is_not_told_is_said(tmp_path, kind):
    texts = PAIRS if kind == "pairs" else TEXTS
    untold = batches_of(texts, kind, ids=False)
    assert any(UNKNOWN in one for one in recorded(tmp_path, kind, untold).notes)
    some = [*batches_of(texts[:1], kind), *untold[1:]]
    assert any(UNKNOWN in one for one in recorded(tmp_path, kind, some, "b.units").notes)


def test_word_pieces_are_the_words(tmp_path):
    (tmp_path / "t.jsonl").write_text(
        '{"words": ["Two", "snowboarders"], "tokens": ["two", "snow", "##board", "##ers"], '
        '"word_of": [0, 1, 1, 1]}\n'
    )
    (tmp_path / "r.toml").write_text(
        'kind = "tokens"\n[source]\npath = "t.jsonl"\n[tokens]\nformat = "tokens"\n'
    )
    bank = compile_recipe(tmp_path / "r.toml")
    for k, one in enumerate(("Two snowboarders", ["two", "snow", "##board", "##ers"])):
        batch = Batch(torch.ones(1, 4, 3), torch.ones(1, 4, dtype=torch.bool), ids=[one])
        record(nn.Sequential(nn.Linear(3, 2)), "0", [batch], tmp_path / f"{k}.units", bank=bank)
