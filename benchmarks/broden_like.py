"""Images with masks like Broden's, and units that fire at hidden formulas, made up and written.

    python benchmarks/broden_like.py FOLDER [--images 22000] [--side 112] [--units 512] [--map 7]

An image is a scene, ten objects side by side, parts inside them, colours, and at times materials;
or, one in twelve, a texture and colours. All are drawn by Zipf's law, a fifth of the objects from
those that are usual in the scene. Units are low-resolution maps: a formula's share of each square,
smoothed, with other concepts and noise. The same settings give the same bytes, and what a folder
holds already is not made again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import Clock, memory

from logicx import ConceptBank, Universe
from logicx.banks.signatures import GroupCells, Incidence
from logicx.banks.storage import replacing
from logicx.language.formula import Formula
from logicx.language.parsing import parse
from logicx.scoring.counts import evaluate
from logicx.units.activations import write_activations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

KINDS = {"scene": 330, "texture": 47, "object": 480, "part": 205, "material": 32, "color": 11}
"""How many concepts there are of each category; 1,105 in all."""
SCENE, TEXTURE, OBJECT, PART, MATERIAL, COLOR = np.cumsum([0, *KINDS.values()])[:-1].tolist()
COLORS = ["black", "blue", "brown", "grey", "green", "orange", "pink", "purple", "red", "white"]
COLORS += ["yellow"]
OBJECTS = {1: "wall", 2: "sky", 3: "building", 4: "floor", 5: "tree", 6: "ceiling", 7: "road"}
OBJECTS |= {9: "window", 10: "grass", 13: "person", 21: "car", 22: "water", 27: "sea", 61: "river"}
"""Names of some objects by rank, about where they stand in ADE20K; the others are numbered."""
WITH_PARTS = 80
"""So many of the most frequent objects have parts; each part belongs to one of them."""
USUAL = 12
"""Objects that are usual in a scene."""


@dataclass(frozen=True)
class Settings:
    """What decides every byte."""

    images: int = 22_000
    side: int = 112
    units: int = 512
    map: int = 7
    seed: int = 0

    @property
    def key(self) -> str:
        """A name for what these settings, this file and the file formats make."""
        made_by = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        text = json.dumps([asdict(self), made_by], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def names_and_categories() -> tuple[list[str], list[str]]:
    """Names and categories of all concepts."""
    names, categories = [], []
    for kind, n in KINDS.items():
        known = dict(enumerate(COLORS, 1)) if kind == "color" else {}
        known = OBJECTS if kind == "object" else known
        names += [known.get(rank, f"{kind} {rank}") for rank in range(1, n + 1)]
        categories += [kind] * n
    return names, categories


# ---- images


class Images:
    """Made-up images, each by its number, so that they can be made in any order.

    Args:
        side: Height and width of the mask grid.
        seed: Where the dice start.
    """

    def __init__(self, side: int, seed: int = 0) -> None:
        self.side = side
        self._seed = seed
        self._places = np.arange(side, dtype=np.float32)
        self._below = {kind: _zipf(n) for kind, n in KINDS.items()}
        dice = np.random.default_rng(seed)
        self._usual = self._draw(dice, "object", (KINDS["scene"], USUAL))

    def group(self, number: int) -> GroupCells:
        """The cells of an image."""
        dice = np.random.default_rng([self._seed, number])
        is_texture = dice.random() < 1 / 12
        layers = self._textured(dice) if is_texture else self._scene(dice)
        shape = [len(concepts) for concepts, _ in layers]
        code = np.ravel_multi_index([cells for _, cells in layers], shape).ravel()
        found = np.flatnonzero(np.bincount(code, minlength=int(np.prod(shape))))
        number_of = np.zeros(found[-1] + 1, np.int32)
        number_of[found] = np.arange(len(found))
        places = np.unravel_index(found, shape)
        table = np.stack([one[0][at] for one, at in zip(layers, places, strict=True)], axis=1)
        holds = table >= 0
        indptr = np.append(0, np.cumsum(holds.sum(axis=1)))
        return GroupCells(Incidence(indptr, table[holds].astype(np.int32)), number_of[code])

    def _scene(self, dice: np.random.Generator) -> list[_Layer]:
        scene = self._draw(dice, "scene", 1)
        objects = self._draw(dice, "object", 10)
        is_usual = dice.random(10) < 0.2
        objects[is_usual] = self._usual[scene[0], dice.integers(0, USUAL, is_usual.sum())]
        regions, x, y = self._regions(dice, len(objects))
        layers = [
            _layer(SCENE + scene, np.zeros_like(regions)),
            _layer(OBJECT + objects, regions),
            self._parts(dice, objects, regions, x, y),
        ]
        if dice.random() < 0.25:
            materials = MATERIAL + self._draw(dice, "material", 3)
            materials[0] = -1  # a part of the image has none
            layers.append(_layer(materials, self._regions(dice, 3)[0]))
        return [*layers, self._colors(dice, 7)]

    def _textured(self, dice: np.random.Generator) -> list[_Layer]:
        texture = TEXTURE + self._draw(dice, "texture", 1)
        return [_layer(texture, np.zeros((self.side, self.side), np.int64)), self._colors(dice, 3)]

    def _colors(self, dice: np.random.Generator, n: int) -> _Layer:
        colors = (dice.random(n) ** 1.2 * KINDS["color"]).astype(np.int64)
        return _layer(COLOR + colors, self._regions(dice, n)[0])

    def _parts(
        self,
        dice: np.random.Generator,
        objects: NDArray[np.int64],
        regions: NDArray[np.int64],
        x: NDArray[np.float32],
        y: NDArray[np.float32],
    ) -> _Layer:
        """Ellipses, each within the region of an object that has parts."""
        owners = np.flatnonzero(objects < WITH_PARTS)
        n = min(7, len(owners))
        owners = dice.permutation(owners)[:n]
        rounds = dice.integers(0, 1 + (KINDS["part"] - 1 - objects[owners]) // WITH_PARTS)
        parts = np.append(-1, PART + objects[owners] + rounds * WITH_PARTS)
        cells = np.zeros_like(regions)
        radii = self.side * dice.uniform(0.04, 0.16, (2, n)).astype(np.float32)
        for i, owner in enumerate(owners.tolist()):
            across = ((self._places - x[owner]) / radii[0, i]) ** 2
            down = ((self._places - y[owner]) / radii[1, i]) ** 2
            cells[(across + down[:, None] < 1) & (regions == owner)] = i + 1
        return _layer(parts, cells)

    def _regions(
        self, dice: np.random.Generator, n: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """The grid cut into at most so many regions, a power diagram, and their centres."""
        x, y = self.side * dice.random((2, n), np.float32)
        weights = 0.12 * self.side**2 * dice.random(n, np.float32)
        across = (self._places - x[:, None]) ** 2 - weights[:, None]
        down = (self._places - y[:, None]) ** 2
        nearest = across[0] + down[0][:, None]
        regions = np.zeros(nearest.shape, np.int64)
        for i in range(1, n):
            distance = across[i] + down[i][:, None]
            np.copyto(regions, i, where=distance < nearest)
            np.minimum(nearest, distance, out=nearest)
        return regions, x, y

    def _draw(
        self, dice: np.random.Generator, kind: str, n: int | tuple[int, int]
    ) -> NDArray[np.int64]:
        return np.searchsorted(self._below[kind], dice.random(n))


_Layer = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""Distinct concepts, ascending, and which of them each cell has."""


def _layer(concepts: NDArray[np.int64], regions: NDArray[np.int64]) -> _Layer:
    distinct, place = np.unique(concepts, return_inverse=True)
    return distinct, place[regions]


def _zipf(n: int) -> NDArray[np.float64]:
    """What a number from 0 to 1 is searched in, to draw from n things by Zipf's law."""
    share = 1 / np.arange(1, n + 1)
    return np.cumsum(share / share.sum())[:-1]


# ---- units


class HiddenUnits:
    """Units that fire, more or less, at a formula.

    Args:
        bank: The images.
        settings: How many units, and of what size.
    """

    def __init__(self, bank: ConceptBank, settings: Settings) -> None:
        self.bank = bank
        self._settings = settings
        self._dice = np.random.default_rng([settings.seed, 1])
        self.formulas = [self._formula() for _ in range(settings.units)]

    def _formula(self) -> Formula:
        """Such as `(a OR b) AND NOT c`, of concepts that hold at about 1 % of the cells."""
        dice, bank = self._dice, self.bank
        near = np.abs(np.log((bank.count + 1) / (0.01 * bank.n_valid)))
        near[:OBJECT] = near[COLOR:] = np.inf
        rare = np.argsort(near, kind="stable")[:120]
        often = np.argsort(-bank.count, kind="stable")[:30]
        a, b = (f'"{bank.names[i]}"' for i in dice.choice(rare, 2, replace=False))
        c = f'"{bank.names[dice.choice(often)]}"'
        shapes = [f"({a} OR {b}) AND NOT {c}", f"({a} OR {b}) AND {c}", f"{a} AND NOT {c}", a]
        return parse(shapes[dice.choice(4, p=[0.4, 0.2, 0.2, 0.2])])

    @cached_property
    def _worth(self) -> NDArray[np.float16]:
        """What each signature adds to each unit, `float16[n_signatures, n_units]`."""
        bank, dice = self.bank, self._dice
        worth = np.empty((bank.n_signatures, len(self.formulas)), np.float16)
        holder = np.repeat(np.arange(bank.n_signatures), np.diff(bank.concepts_of.indptr))
        for i, formula in enumerate(self.formulas):
            weights = np.zeros(bank.n_concepts, np.float32)
            others = dice.choice(bank.n_concepts, 40, replace=False)
            weights[others] = 0.3 * dice.standard_normal(40)
            sums = np.bincount(holder, weights[bank.concepts_of.indices], bank.n_signatures)
            worth[:, i] = sums + 2 * evaluate(formula, bank)
        return worth

    def rows(self) -> Iterator[NDArray[np.float16]]:
        """The maps of each image, `float16[map * map, n_units]`."""
        side, size = self._settings.side, self._settings.map
        square = np.arange(side) * size // side
        square = (square[:, None] * size + square).ravel()
        cells_of = np.bincount(square, minlength=size * size)
        smooth = _smoothing(size)
        for image in range(self._settings.images):
            table, numbers = self.bank.cell_map.table_of(image)
            at = square * len(table) + numbers
            share = np.bincount(at, minlength=size * size * len(table)).reshape(-1, len(table))
            share = (share / cells_of[:, None]).astype(np.float32)
            pooled = share @ self._worth[table].astype(np.float32)
            dice = np.random.default_rng([self._settings.seed, 2, image])
            noise = 0.6 * dice.standard_normal(pooled.shape, np.float32)
            yield np.maximum(0, smooth @ (pooled + noise)).astype(np.float16)


def _smoothing(size: int) -> NDArray[np.float32]:
    """A matrix that smooths maps: a square counts half, its four neighbours share the rest."""
    one = np.eye(size) * 0.7 + (np.eye(size, k=1) + np.eye(size, k=-1)) * 0.15
    return np.kron(one, one).astype(np.float32)


# ---- files


def folder_of(folder: Path, settings: Settings) -> Path:
    """Where the files of these settings stand."""
    kept = folder / f"broden-like-{settings.key}"
    kept.mkdir(parents=True, exist_ok=True)
    return kept


def made(what: str, folder: Path, settings: Settings) -> dict[str, float]:
    """Make the `images` or the `maps`, unless they are there, and tell what it took."""
    kept = folder_of(folder, settings)
    told = kept / f"{what}.json"
    if not told.exists():
        figures = {"images": make_images, "maps": make_maps}[what](kept, settings)
        with replacing(told) as temporary:
            temporary.write_text(json.dumps(figures))
    figures = json.loads(told.read_text())
    return figures


def make_images(kept: Path, settings: Settings) -> dict[str, float]:
    """Compile the images to `images.bank` as they are made."""
    images = Images(settings.side, settings.seed)
    names, categories = names_and_categories()
    making = Clock()
    started = time.process_time()
    bank = ConceptBank.from_groups(
        making.running(map(images.group, range(settings.images))),
        names,
        universe=Universe.pixels(settings.images, settings.side, settings.side),
        categories=categories,
        name="broden-like",
        source={
            "images": [f"{i:06}.png" for i in range(settings.images)],
            "settings": asdict(settings),
        },
    )
    built = time.process_time()
    bank.save(kept / "images.bank")
    return {
        "making": making.seconds,
        "compile": built - started - making.seconds,
        "write": time.process_time() - built,
        **memory(),
    }


def make_maps(kept: Path, settings: Settings) -> dict[str, float]:
    """Record units on those images in `maps.units`."""
    started = time.process_time()
    n, size = settings.images, settings.map
    hidden = HiddenUnits(ConceptBank.open(kept / "images.bank"), settings)
    with replacing(kept / "maps.units") as temporary:
        write_activations(
            temporary,
            [str(i) for i in range(settings.units)],
            n * size * size,
            "float16",
            hidden.rows(),
            universe=Universe.pixels(n, size, size),
            source={"formulas": [str(one) for one in hidden.formulas]},
        )
    return {"making": time.process_time() - started, **memory()}


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Options for these settings."""
    for name, value in asdict(Settings()).items():
        parser.add_argument(f"--{name}", type=int, default=value)


def chosen_settings(chosen: argparse.Namespace) -> Settings:
    """The settings that were chosen."""
    return Settings(**{name: getattr(chosen, name) for name in asdict(Settings())})


def main() -> None:
    """Write the files and say where."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    add_settings(parser)
    chosen = parser.parse_args()
    settings = chosen_settings(chosen)
    for what, name in (("images", "images.bank"), ("maps", "maps.units")):
        figures = made(what, chosen.folder, settings)
        path = folder_of(chosen.folder, settings) / name
        print(f"{path}: {path.stat().st_size / 1e6:,.0f} MB, made in {figures['making']:.0f} CPU s")


if __name__ == "__main__":
    main()
