"""Which images a unit and a formula share: counts of each image, and the images of most note.

Source: NetDissect (Bau et al. 2017) shows a unit by the images of its highest activation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from logicx.errors import DataError, LogicxError, OptionError
from logicx.language.parsing import parse
from logicx.scoring.counts import Counts, counts_of, evaluate
from logicx.scoring.objectives import score_counts
from logicx.scoring.structure import refined
from logicx.units.upsampling import upsampled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.banks.bits import Mask
    from logicx.language.formula import Formula
    from logicx.units.units import Units

ORDERS = ("activation", "cells", "shared")
"""By the unit's highest activation, by the cells at which it fires, or by those it shares with the
formula."""


class ImageMasks(Protocol):
    """What one unit does in each image of a bank; `known` is where it is known, None for all."""

    known: Mask | None

    def mask(self, image: int) -> Mask:
        """The cells of an image at which it fires, `bool[height * width]`."""

    def peaks(self) -> NDArray[np.floating[Any]] | None:
        """Its highest activation in each image, `float[n_images]`, or None where none is known."""


@dataclass(frozen=True)
class UnitImage:
    """A unit and a formula in one image.

    Args:
        image: Its place in the bank.
        name: Its path, as the bank has it, or its place.
        peak: The unit's highest activation in it; None where none is known.
        counts: Of the valid cells of this image; where there is no formula, it is never true.
        fires: Where the unit fires, valid or not.
        holds: Where the formula is true; None where there is none.
        valid: The cells that count.

    Shape: `fires`, `holds`, `valid`: `bool[height, width]`.
    """

    image: int
    name: str
    peak: float | None
    counts: Counts
    fires: Mask
    holds: Mask | None
    valid: Mask

    @property
    def iou(self) -> float:
        """Intersection over union of formula and unit in this image alone."""
        return score_counts("iou", self.counts)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        counts = self.counts
        return {
            "image": self.image,
            "name": self.name,
            "peak": self.peak,
            "iou": None if self.holds is None else self.iou,
            "counts": {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "tn": counts.tn},
        }


def top_images(
    bank: ConceptBank,
    units: Units,
    unit: str | int,
    formula: str | Formula | None = None,
    n: int = 8,
    *,
    order: str = "activation",
    apart: int = 1,
    masks: ImageMasks | None = None,
) -> list[UnitImage]:
    """The images in which a unit fires most, with its mask and that of a formula.

    Args:
        bank: A bank of images.
        units: The units.
        unit: Name or number of the unit.
        formula: A formula or its text; by default none.
        n: At most so many images, from 1. Those in which it fires at no valid cell are left out. Of
            equals (a ReLU6 goes no higher than 6) those in which it fires at more cells come first.
        order: `activation` (highest activation; where none is known, and for units that are a range
            of activation, `cells`), `cells` at which it fires, or cells that are `shared` with the
            formula.
        apart: Images whose places in the bank differ by less are too much alike (frames of a film):
            only the first of them in the order is taken.
        masks: What the unit does in each image, where `units` do not know it.

    Raises:
        DataError: The bank is not of images, or only counts of the units are known.
        FormulaError: The text is no formula.
        UnknownUnit: There is no such unit.
        OptionError: An option means nothing.

    Cost: for `cells` and `shared` all masks of the unit, else its activations and those of the
    images that are returned.

    Example:
        >>> from logicx import ConceptBank, Units, Universe
        >>> images = Universe.pixels(2, 1, 3)
        >>> water = [[1, 1, 0, 0, 0, 0]]
        >>> bank = ConceptBank.from_masks(water, ["water"], universe=images)
        >>> units = Units.from_masks([[1, 0, 0, 0, 1, 1]], ["483"])
        >>> [(one.image, one.counts.tp, one.iou) for one in top_images(bank, units, 483, "water")]
        [(1, 0, 0.0), (0, 1, 0.5)]
    """
    if order not in ORDERS:
        raise OptionError(f"order is {', '.join(ORDERS)}, not {order!r}")
    for name, value in {"n": n, "apart": apart}.items():
        if value < 1:
            raise OptionError(f"{name} must be at least 1, not {value}")
    if order == "shared" and formula is None:
        raise OptionError("order=shared needs a formula")
    known = masks if masks is not None else masks_of(bank, units, unit)
    seen = Seen(bank, known, formula)
    if order == "activation" and seen.peaks is not None:
        values = seen.peaks.astype(np.float64)
    else:
        table = image_counts(bank, units, unit, formula, masks=known).astype(np.float64)
        values = table[:, 0] if order == "shared" else table[:, 0] + table[:, 2]
    found: list[UnitImage] = []
    for image in _in_order(values, seen):
        if len(found) == n:
            break
        if any(abs(image - one.image) < apart for one in found):
            continue
        one = seen.image(image)
        if one.counts.tp + one.counts.fn:
            found.append(one)
    return found


def _in_order(values: NDArray[np.float64], seen: Seen) -> Iterator[int]:
    """Images by falling value; of equals those in which the unit fires at more cells."""
    order = np.argsort(-values, kind="stable").tolist()
    for _, group in groupby(order, key=values.__getitem__):
        equals = list(group)
        if len(equals) > 1:
            equals.sort(key=lambda image: -seen.n_on(image))
        yield from equals


def image_counts(
    bank: ConceptBank,
    units: Units,
    unit: str | int,
    formula: str | Formula | None,
    *,
    masks: ImageMasks | None = None,
) -> NDArray[np.int64]:
    """The exact counts of a formula against a unit in every image.

    Args:
        bank: A bank of images.
        units: The units.
        unit: Name or number of the unit.
        formula: A formula or its text; None is never true.
        masks: What the unit does in each image, where `units` do not know it.

    Shape: `-> int64[n_images, 4]`: tp, fp, fn, tn. Their sums are the counts of `score`.

    Raises:
        DataError: The bank is not of images, or only counts of the units are known.

    Cost: one pass over the map from cells to signatures, an image at a time.

    Example:
        The images that a formula and a unit share: `image_counts(...)[:, 0].nonzero()[0]`.
    """
    known = masks if masks is not None else masks_of(bank, units, unit)
    seen = Seen(bank, known, formula)
    table = np.zeros((bank.universe.n_groups, 4), np.int64)
    for image in range(len(table)):
        counts = _counts(*seen.cells(image))
        table[image] = counts.tp, counts.fp, counts.fn, counts.tn
    return table


class Seen:
    """A unit and a formula, image by image.

    Args:
        bank: A bank of images.
        masks: What the unit does in each of them.
        formula: A formula or its text; None is never true.

    Raises:
        DataError: The bank is not of images.
        FormulaError: The text is no formula.
        UnknownConcept: The bank lacks concepts that it names.
    """

    def __init__(self, bank: ConceptBank, masks: ImageMasks, formula: str | Formula | None) -> None:
        """Find the signatures at which the formula holds."""
        check_images(bank)
        self._masks = masks
        self._has_formula = formula is not None
        try:
            tree = parse(formula, names=bank.names) if isinstance(formula, str) else formula
            bank = bank if tree is None else refined(bank, [tree])
            holds = np.zeros(bank.n_signatures, bool) if tree is None else evaluate(tree, bank)
        except LogicxError as error:
            if isinstance(formula, str):
                for one in (error, *error.also):
                    one.text = formula
            raise
        self._bank = bank
        self._holds = np.append(holds, False)  # the last is found at -1, for invalid cells

    @cached_property
    def peaks(self) -> NDArray[np.floating[Any]] | None:
        """The unit's highest activation in each image."""
        return self._masks.peaks()

    def cells(self, image: int) -> tuple[Mask, Mask, Mask]:
        """Where the unit fires, the formula is true, and cells count: each `bool[n_cells]`."""
        signatures = self._bank.cell_map.of_group(image)
        valid = signatures >= 0
        if self._masks.known is not None:
            valid &= self._masks.known[self._bank.universe.cells_of(image)]
        return self._masks.mask(image), self._holds[signatures] & valid, valid

    def n_on(self, image: int) -> int:
        """Valid cells of an image at which the unit fires."""
        fires, _, valid = self.cells(image)
        return int((fires & valid).sum())

    def image(self, image: int) -> UnitImage:
        """All that is known of an image."""
        fires, holds, valid = self.cells(image)
        shape = self._bank.universe.shape[1:]
        names = self._bank.source.get("images")
        return UnitImage(
            image,
            str(names[image]) if names else f"image {image}",
            None if self.peaks is None else float(self.peaks[image]),
            _counts(fires, holds, valid),
            fires.reshape(shape),
            holds.reshape(shape) if self._has_formula else None,
            valid.reshape(shape),
        )


def masks_of(bank: ConceptBank, units: Units, unit: str | int) -> ImageMasks:
    """What a unit does in each image of a bank.

    Raises:
        DataError: The bank is not of images, or only counts of the units are known.
        UniverseError: The units speak of other cells than the bank.
    """
    check_images(bank)
    units.check_universe(bank)
    name = units.names[units.number(unit)]
    return _CellMasks(bank, units, name) if units.maps is None else _MapMasks(bank, units, name)


def check_images(bank: ConceptBank) -> None:
    """Raise a `DataError` unless the bank is of images."""
    if bank.universe.kind != "pixels":
        raise DataError(
            f"bank {bank.name!r} covers {bank.universe}, not images",
            hint="for texts and pairs: logicx table",
        )


class _CellMasks:
    """A unit whose cells are those of the bank.

    Args:
        bank: A bank of images.
        units: Units over its cells.
        unit: Name of the unit.
    """

    def __init__(self, bank: ConceptBank, units: Units, unit: str) -> None:
        """Cut the unit."""
        self._units = units
        self._unit = unit
        self.known = units.valid(unit)
        self._masks = units.mask(unit).reshape(bank.universe.n_groups, -1)

    def mask(self, image: int) -> Mask:
        """The cells of an image at which it fires."""
        mask: Mask = self._masks[image]
        return mask

    def peaks(self) -> NDArray[np.floating[Any]] | None:
        """Its highest activation in each image, where activations are kept."""
        return peaks_of(self._units, self._unit, len(self._masks))


class _MapMasks:
    """A unit that is a map over each image, upsampled to the bank's cells image by image.

    Args:
        bank: A bank of images.
        units: Units that are maps on as many.
        unit: Name of the unit.
    """

    def __init__(self, bank: ConceptBank, units: Units, unit: str) -> None:
        """Find where the unit is cut."""
        assert units.maps is not None
        number = units.number(unit)
        self._units = units
        self._unit = unit
        self._maps = units.maps.maps(number)
        self._grid = units.maps.grid(bank)
        self._range = units.maps.range(number, bank)
        self.known: Mask | None = None

    def mask(self, image: int) -> Mask:
        """The cells of an image at which it fires."""
        values = upsampled(self._maps[image : image + 1], self._grid)[0]
        return self._range.mask(values).reshape(-1)

    def peaks(self) -> NDArray[np.floating[Any]] | None:
        """Its highest activation in each image."""
        return peaks_of(self._units, self._unit, len(self._maps))


def peaks_of(units: Units, unit: str, n_images: int) -> NDArray[np.floating[Any]] | None:
    """A unit's highest activation in each image; None where none are kept.

    Nor for a unit that is a range of activation: it is silent where activation is highest.
    """
    if units.threshold.startswith("ranges"):
        return None
    try:
        acts = units.activations(unit)
    except DataError:
        return None
    peaks: NDArray[np.floating[Any]] = acts.reshape(n_images, -1).max(axis=1)
    return peaks


def _counts(fires: Mask, holds: Mask, valid: Mask) -> Counts:
    n_valid = int(valid.sum())
    return counts_of(
        int((fires & holds).sum()), int(holds.sum()), int((fires & valid).sum()), n_valid
    )
