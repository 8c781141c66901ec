"""Made-up sentence pairs from a small grammar, for trying the study without data.

They are no data set and say nothing about language: they only let every stage of the study run in
seconds. As in SNLI the label can often be told from the hypothesis alone (`nobody`, `sleeping`), so
a small network learns it, and its units have something to be explained by.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

PEOPLE = {"man": "person", "woman": "person", "boy": "child", "girl": "child"}
COLORS = ("red", "blue", "green", "yellow")
CLOTHES = ("shirt", "hat", "coat", "dress")
ACTIONS = ("running", "walking", "jumping", "dancing", "singing", "reading")
PLACES = ("beach", "street", "park", "field", "garden", "station")
STILL = ("sleeping", "sitting", "resting")
WHY = ("because it is late", "with friends", "for a contest", "to win a prize")
GROUPS = (tuple(PEOPLE), tuple(PEOPLE.values()), COLORS, CLOTHES, ACTIONS, PLACES, STILL)


class MadeUp(NamedTuple):
    """The files of a made-up study."""

    train: Path
    dev: Path
    vectors: Path


def write_made_up(folder: Path, n_train: int = 900, n_dev: int = 300, seed: int = 0) -> MadeUp:
    """Write training and development pairs, none in both, and word vectors; the same by seed."""
    dice = random.Random(seed)
    pairs: dict[tuple[str, str], str] = {}
    while len(pairs) < n_train + n_dev:
        premise, hypothesis, label = a_pair(dice)
        pairs.setdefault((premise, hypothesis), label)
    lines = ["\t".join((*sentences, label)) + "\n" for sentences, label in pairs.items()]
    found = MadeUp(folder / "train.tsv", folder / "dev.tsv", folder / "vectors.txt")
    folder.mkdir(parents=True, exist_ok=True)
    found.train.write_text("".join(lines[:n_train]))
    found.dev.write_text("".join(lines[n_train:]))
    found.vectors.write_text("".join(vectors(dice)))
    return found


def a_pair(dice: random.Random) -> tuple[str, str, str]:
    """A premise, a hypothesis, and their label."""
    person, action, place = dice.choice([*PEOPLE]), dice.choice(ACTIONS), dice.choice(PLACES)
    clothes = f"a {dice.choice(COLORS)} {dice.choice(CLOTHES)}"
    premise = f"A {person} in {clothes} is {action} at the {place} ."
    label = dice.choice(("entailment", "neutral", "contradiction"))
    if label == "entailment":
        who = dice.choice((person, PEOPLE[person]))
        hypothesis = dice.choice(
            (
                f"A {who} is {action} .",
                f"A {who} in {clothes} is {action} .",
                f"The {who} is there .",
            )
        )
    elif label == "neutral":
        hypothesis = f"A {PEOPLE[person]} is {action} {dice.choice(WHY)} ."
    else:
        other = dice.choice([one for one in PLACES if one != place])
        hypothesis = dice.choice(
            (
                "Nobody is there .",
                f"A {PEOPLE[person]} is {dice.choice(STILL)} .",
                f"The {person} is {action} at the {other} .",
            )
        )
    return premise, hypothesis, label


def vectors(dice: random.Random, width: int = 8) -> list[str]:
    """Lines of word vectors: words of a group lie near each other."""
    lines = []
    for group in GROUPS:
        center = [dice.gauss(0, 1) for _ in range(width)]
        for word in group:
            numbers = (f"{x + dice.gauss(0, 0.2):.4f}" for x in center)
            lines.append(" ".join((word, *numbers)) + "\n")
    return lines
