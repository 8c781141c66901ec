"""The paper's NLI study, from sentence pairs to explained units, by one command.

    python study.py --train snli_train.txt --dev snli_dev.txt --vectors glove.bin --out study

Stages: train a BiLSTM (or take the one that is there for the same data and settings); compile the
bank of the pairs (words, tags, overlap, NEIGHBORS where vectors are given); record the penultimate
layer on them; explain all units that fire often enough; show the table of the best. Each leaves a
file whose name holds a hash of all that it was made from, so a run that was killed goes on by the
same command, and other data or settings never meet an old file. Only training begins anew.

`--small` needs no data: it runs all of it on made-up pairs in seconds.

Source: Mu and Andreas 2020, section 3, Figures 3 and 6.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from data import Pair, batches, read_pairs, write_tokens
from made_up import write_made_up
from model import LABELS, UNITS, EntailmentNet
from train import train_file

sys.path.append(str(Path(__file__).resolve().parents[1]))
from stages import (
    Clock,
    at_length,
    explained,
    hash_of,
    key_of,
    named,
    progress,
    share_on,
    status_of,
    write_rows,
    write_summary,
)

from logicx import ConceptBank, compile_recipe, open_units, parse, read_journal
from logicx.cli import run as logicx
from logicx.errors import DataError
from logicx.probe import record
from logicx.resources import resource

LENGTHS = (1, 3, 5, 10)
SHOWN = 5
"""Length of the formulas in the table, as in the paper's Figure 6."""
BATCH = 256


@dataclass(frozen=True)
class Settings:
    """Of a study.

    Args:
        out: Folder of all files.
        train: Files of labelled pairs to train on.
        dev: Labelled pairs that play no part in training.
        probe: Pairs on which units are recorded and explained; by default those of `dev`.
        vectors: Word vectors, a file that gensim reads; without it there are no NEIGHBORS.
        recipe: `snli`, or `snli-words`, which needs no tagger.
        hidden, units, epochs, patience, rate, seed: Of the network and its training.
        lengths: Lengths of formulas.
        beam: Width of the beam.
        min_share: Units that fire at a smaller share of the pairs are skipped.
        threads: Units that are searched at a time.
    """

    out: Path
    train: tuple[Path, ...]
    dev: Path
    probe: Path
    vectors: Path | None = None
    recipe: str = "snli"
    hidden: int = 256
    units: int = 1024
    epochs: int = 12
    patience: int = 2
    rate: float = 1e-3
    seed: int = 0
    lengths: tuple[int, ...] = LENGTHS
    beam: int = 10
    min_share: float = 0.05
    threads: int = 1


def study(settings: Settings) -> dict[str, Any]:
    """Run what is not on file yet, and sum it up; the summary is also written.

    Raises:
        LogicxError: Data cannot be read or do not fit.
    """
    settings.out.mkdir(parents=True, exist_ok=True)
    pairs = read_pairs(settings.probe)  # errors in the data come before the training
    clock = Clock(settings.out / "stages.json")
    net_file = trained(settings, clock)
    bank_file = compiled(settings, pairs, clock)
    units_file = recorded(settings, net_file, bank_file, pairs, clock)
    bank, units = ConceptBank.open(bank_file), open_units(units_file)
    options = {"length": max(settings.lengths), "beam": settings.beam}
    options["min_active"] = max(1, round(settings.min_share * bank.n_valid))
    journal = explained(clock, bank, units, settings.out, settings.threads, every=20, **options)
    weights, outputs = spoken(settings, net_file, units_file, pairs)
    found = summed(settings, journal, weights)
    table = journal.with_suffix(".csv")
    options = [f"bank={bank_file}", f"units={units_file}", f"weights={weights}"]
    options += [f"outputs={outputs}", f"length={min(SHOWN, max(settings.lengths))}"]
    for more in (["cells=2"], ["limit=0", f"out={table}"]):
        arguments = ["table", str(journal), *options, *more]
        print("\n$ logicx " + " ".join(arguments), flush=True)
        if logicx(arguments):
            raise DataError("the table could not be made")
    facts = {**found, **EntailmentNet.facts(net_file)}
    files = (net_file, bank_file, units_file, journal, table)
    summary = write_summary(settings.out, facts, files, clock, ("logicx", "torch", "numpy"))
    show(summary)
    clock.show()
    return summary


# ---- stages


def trained(settings: Settings, clock: Clock) -> Path:
    """The network of these data and settings."""
    made_from = {
        "train": [hash_of(path) for path in settings.train],
        "dev": hash_of(settings.dev),
        "vectors": settings.vectors and hash_of(settings.vectors),
    }
    names = ("hidden", "units", "epochs", "patience", "rate", "seed")
    chosen = {name: getattr(settings, name) for name in names}
    path = settings.out / f"net-{key_of(made_from, chosen)}.safetensors"
    with clock.stage("train", path) as is_there:
        if not is_there:
            train_file(settings.train, settings.dev, path, vectors=settings.vectors, **chosen)
    return path


def compiled(settings: Settings, pairs: Sequence[Pair], clock: Clock) -> Path:
    """The bank of the pairs' very tokens."""
    tokens = settings.out / "pairs.tok"
    write_tokens(tokens, pairs)
    changes = {"neighbors.vectors": str(settings.vectors)} if settings.vectors else {}
    vectors = settings.vectors and hash_of(settings.vectors)
    key = key_of(hash_of(tokens), settings.recipe, vectors)
    path = settings.out / f"{settings.recipe}-{key}.bank"
    with clock.stage("compile", path) as is_there:
        if not is_there:
            recipe = resource("concepts", f"{settings.recipe}.toml")
            compile_recipe(recipe, tokens, changes=changes).save(path)
    return path


def recorded(
    settings: Settings, net_file: Path, bank_file: Path, pairs: Sequence[Pair], clock: Clock
) -> Path:
    """The activations of the penultimate layer at every pair."""
    key = key_of(hash_of(net_file), hash_of(settings.out / "pairs.tok"))
    path = settings.out / f"acts-{key}.units"
    with clock.stage("probe", path) as is_there:
        if not is_there:
            net, number = EntailmentNet.load(net_file)
            inputs = [(one.premise, one.hypothesis) for one in batches(pairs, number, BATCH)]
            universe = ConceptBank.open(bank_file).universe
            told = progress("recording", every=10)
            record(net, UNITS, inputs, path, universe=universe, resume=True, progress=told)
    return path


def spoken(
    settings: Settings, net_file: Path, units_file: Path, pairs: Sequence[Pair]
) -> tuple[Path, Path]:
    """Files of each unit's weights for the classes, and of labels and predictions of each pair."""
    net, number = EntailmentNet.load(net_file)
    found: list[int] = []
    with torch.no_grad():
        for one in batches(pairs, number, BATCH):
            found += net(one.premise, one.hypothesis).argmax(1).tolist()
    weights = settings.out / f"weights-{units_file.stem}.csv"
    names = open_units(units_file).names
    rows = net.output.weight.T.tolist()
    write_rows(
        weights, ("unit", *LABELS), [[name, *row] for name, row in zip(names, rows, strict=True)]
    )
    outputs = settings.out / f"outputs-{units_file.stem}.csv"
    told = [LABELS[one.label] if one.label >= 0 else "-" for one in pairs]
    write_rows(outputs, ("true", "pred"), zip(told, (LABELS[i] for i in found), strict=True))
    return weights, outputs


# ---- summing up


def summed(settings: Settings, journal: Path, weights_file: Path) -> dict[str, Any]:
    """Units explained and skipped, mean IoU at each length, and what the formulas name."""
    with weights_file.open(newline="") as file:
        weights = {row["unit"]: row for row in csv.DictReader(file)}
    rows = list(read_journal(journal))
    live = [row for row in rows if "skipped" not in row]
    if not live:
        raise DataError(
            f"none of the {len(rows):,} units fires at {settings.min_share:.0%} of the pairs",
            hint="lower --min-share, or train longer",
        )
    mean = {
        n: float(np.mean([at_length(row, n)["score"] for row in live])) for n in settings.lengths
    }
    length = min(SHOWN, max(settings.lengths))
    naming: dict[str, list[str]] = {}
    for row in live:
        for name in dict.fromkeys(named(parse(at_length(row, length)["formula"]))):
            naming.setdefault(name, []).append(row["unit"])
    often = sorted(naming, key=lambda name: (-len(naming[name]), name))[:20]
    return {
        "n_units": len(rows),
        "n_explained": len(live),
        "n_skipped": len(rows) - len(live),
        "n_never_fire": sum(row.get("skipped", "").startswith("it never") for row in rows),
        "mean_share_on": float(np.mean([share_on(row["counts"]) for row in live])),
        "mean_iou": mean,
        f"most_named_at_length_{length}": [
            {
                "atom": name,
                "n_units": len(naming[name]),
                **{
                    label: float(np.mean([float(weights[unit][label]) for unit in naming[name]]))
                    for label in LABELS
                },
            }
            for name in often
        ],
    }


def show(summary: dict[str, Any]) -> None:
    """The summary in a few lines."""
    print()
    for name in ("held_out_accuracy", "dev_accuracy"):
        print(f"{name.replace('_', ' ')}: {summary[name]:.4f}")
    print(
        f"units: {summary['n_explained']:,} explained, {summary['n_skipped']:,} skipped, of which "
        f"{summary['n_never_fire']:,} never fire"
    )
    print(f"mean share of pairs at which they fire: {summary['mean_share_on']:.4f}")
    for length, score in summary["mean_iou"].items():
        print(f"mean IoU at length {length}: {score:.4f}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 where all is done, 2 where the input is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--small", action="store_true", help="made-up pairs and a tiny network")
    parser.add_argument("--train", type=Path, nargs="+", help=".tsv, .txt, .jsonl of pairs")
    parser.add_argument("--dev", type=Path, help="labelled pairs that play no part in training")
    parser.add_argument("--probe", type=Path, help="pairs to explain units on; default: --dev")
    parser.add_argument("--vectors", type=Path, help="word vectors that gensim reads")
    parser.add_argument("--out", type=Path, default=Path("study"), help="folder of all files")
    parser.add_argument("--recipe", choices=("snli", "snli-words"), default="snli")
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--units", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--patience", type=int, default=2, help="epochs without a better accuracy")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--beam", type=int, default=10)
    parser.add_argument("--min-share", type=float, default=0.05)
    parser.add_argument("--threads", type=int, default=1)
    chosen = vars(parser.parse_args(arguments))
    torch.set_num_threads(1)
    if chosen.pop("small"):
        files = write_made_up(chosen["out"] / "made-up")
        chosen |= {"train": [files.train], "dev": files.dev, "vectors": files.vectors}
        chosen |= {"hidden": 16, "units": 48, "epochs": 8, "patience": 4, "rate": 5e-3}
    elif not chosen["train"] or not chosen["dev"]:
        parser.error("give --train and --dev, or --small")
    chosen["probe"] = chosen["probe"] or chosen["dev"]
    return status_of(lambda: study(Settings(**{**chosen, "train": tuple(chosen["train"])})))


if __name__ == "__main__":
    sys.exit(main())
