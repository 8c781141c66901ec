"""Train the entailment network on one CPU, and write it as safetensors.

    python train.py --train snli_train20k.tsv snli_test.tsv --vectors glove.bin

A tenth of the training pairs is held out; training stops when the accuracy on them has not risen
for some epochs, and the best weights are kept. `--dev FILE` measures the accuracy on pairs that
played no part in that. The same seed gives the same weights on the same machine and versions.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from data import Pair, batches, read_pairs, vocabulary
from model import LABELS, EntailmentNet, Sizes

from logicx.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = 64
HELD_OUT = 0.1


def train(
    pairs: Sequence[Pair],
    *,
    vectors: Path | None = None,
    hidden: int = 256,
    units: int = 1024,
    embedding: int = 50,
    epochs: int = 12,
    patience: int = 2,
    rate: float = 1e-3,
    seed: int = 0,
) -> tuple[EntailmentNet, list[str], float]:
    """A trained network, its words, and its accuracy on the pairs that were held out."""
    if len(pairs) < 2:
        raise DataError(f"{len(pairs)} labelled pairs are too few to train on")
    torch.manual_seed(seed)
    order = torch.randperm(len(pairs)).tolist()
    n_held_out = max(1, round(HELD_OUT * len(pairs)))
    held_out = [pairs[i] for i in order[:n_held_out]]
    learned = [pairs[i] for i in order[n_held_out:]]
    words = vocabulary(learned)
    number = {word: i for i, word in enumerate(words)}
    start = None if vectors is None else start_vectors(vectors, words)
    width = embedding if start is None else start.shape[1]
    net = EntailmentNet(Sizes(len(words), width, hidden, units))
    if start is not None:
        known = start.abs().sum(1) > 0
        net.embedding.weight.data[known] = start[known]
        print(f"{int(known.sum()):,} of {len(words):,} words have vectors", flush=True)
    optimizer = torch.optim.Adam(net.parameters(), rate)
    best, best_weights, n_worse = -1.0, net.state_dict(), 0
    for epoch in range(1, epochs + 1):
        began, total = time.process_time(), 0.0
        net.train()
        for batch in batches(_shuffled(learned), number, BATCH):
            loss = F.cross_entropy(net(batch.premise, batch.hypothesis), batch.label)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            total += float(loss.detach()) * len(batch.label)
        accuracy = accuracy_of(net, held_out, number)
        print(
            f"epoch {epoch}: loss {total / len(learned):.4f}, held out {accuracy:.4f}, "
            f"{time.process_time() - began:.0f} CPU s",
            flush=True,
        )
        if accuracy > best:
            best, best_weights, n_worse = accuracy, copy.deepcopy(net.state_dict()), 0
        else:
            n_worse += 1
            if n_worse == patience:
                break
    net.load_state_dict(best_weights)
    return net.eval(), words, best


def train_file(train_on: Sequence[Path], dev: Path | None, out: Path, **settings: Any) -> None:
    """Train on the labelled pairs of files and write the network; settings are those of `train`."""
    pairs = [pair for path in train_on for pair in read_pairs(path) if pair.label >= 0]
    dev_pairs = read_pairs(dev) if dev else []
    print(f"{len(pairs):,} training pairs of {len(LABELS)} classes", flush=True)
    net, words, best = train(pairs, **settings)
    facts = {
        "held_out_accuracy": best,
        "seed": settings["seed"],
        "train": [path.name for path in train_on],
    }
    if dev:
        number = {word: i for i, word in enumerate(words)}
        facts["dev_accuracy"] = accuracy_of(net, dev_pairs, number)
        print(f"accuracy on {dev}: {facts['dev_accuracy']:.4f}")
    unfinished = out.with_name(out.name + ".part")
    net.save(unfinished, words, **facts)
    unfinished.replace(out)
    print(f"{out}: {out.stat().st_size:,} bytes")


def start_vectors(path: Path, words: Sequence[str]) -> torch.Tensor:
    """Vectors of the words, zeros where there is none."""
    from logicx.sources.text.vectors import read_vectors

    known = read_vectors(path)
    rows = torch.zeros(len(words), known.vector_size)
    for i, word in enumerate(words):
        if word in known:
            rows[i] = torch.from_numpy(known[word].copy())
    return rows


def accuracy_of(net: EntailmentNet, pairs: Sequence[Pair], number: dict[str, int]) -> float:
    """Share of the pairs with a label that are classified rightly."""
    net.eval()
    n_right = n = 0
    with torch.no_grad():
        for batch in batches(pairs, number, 256):
            has_label = batch.label >= 0
            found = net(batch.premise, batch.hypothesis).argmax(1)
            n_right += int((found == batch.label)[has_label].sum())
            n += int(has_label.sum())
    return n_right / n if n else float("nan")


def _shuffled(pairs: Sequence[Pair]) -> list[Pair]:
    """Batches of like length, in random order: little padding, and new batches in each epoch."""
    noise = torch.rand(len(pairs)).tolist()
    longest = [
        max(len(one.premise), len(one.hypothesis)) + 4 * x
        for one, x in zip(pairs, noise, strict=True)
    ]
    order = sorted(range(len(pairs)), key=longest.__getitem__)
    blocks = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    return [pairs[i] for k in torch.randperm(len(blocks)).tolist() for i in blocks[k]]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--dev", type=Path)
    parser.add_argument("--vectors", type=Path, help="a file of word vectors that gensim reads")
    parser.add_argument("--out", type=Path, default=Path("nli.safetensors"))
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--units", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    train_file(
        chosen.train,
        chosen.dev,
        chosen.out,
        vectors=chosen.vectors,
        hidden=chosen.hidden,
        units=chosen.units,
        epochs=chosen.epochs,
        seed=chosen.seed,
    )


if __name__ == "__main__":
    main()
