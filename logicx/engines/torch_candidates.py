"""What the search in PyTorch keeps and looks at: beams of many units, and candidates for them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Beams(NamedTuple):
    """The beam of each unit, each lane best first; empty places score minus infinity.

    Shape: `scores: float64[n_units, n_places]`; `parts: int64[n_units, n_places, 6]`;
    `words: int64[n_units, n_places, n_words]`; `rows: int64[n_parts, n_units, n_places,
    n_concepts]`; `expands: bool[n_units, n_places]`, whose expansions are to be scored; `is_new`,
    of the same shape, which were not there before.
    """

    scores: Tensor
    parts: Tensor
    words: Tensor
    rows: Tensor
    expands: Tensor
    is_new: Tensor


class Candidates(NamedTuple):
    """Some expansions, by unit, then best first, `int64[n]` but for `score: float64[n]`.

    Of a formula that two are joined into, `slot` is the number of the first among those that may be
    joined, and `concept` is -1 less that of the second.
    """

    unit: Tensor
    slot: Tensor
    step: Tensor
    concept: Tensor
    score: Tensor

    def where(self, which: Tensor) -> Candidates:
        """Some of them."""
        return Candidates(*(one[which] for one in self))

    @staticmethod
    def joined(parts: list[Candidates]) -> Candidates:
        """Several lists as one."""
        return Candidates(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


class Way(NamedTuple):
    """How some formulas are expanded.

    Args:
        slots: Places of those that may be.
        expands: Which of these are, `bool[n_units, n_slots]`.
        steps: Number, coefficients, whether a child of its parent's size is it, and added length.
        is_free: Whether every concept may be added, also what is no operand.
    """

    slots: slice
    expands: Tensor
    steps: list[tuple[int, list[int], bool, int]]
    is_free: bool = False


def rank(unit: Tensor, n_of_unit: Tensor) -> Tensor:
    """Places of sorted candidates within their units."""
    return torch.arange(len(unit), device=unit.device) - (n_of_unit.cumsum(0) - n_of_unit)[unit]


def first_of_equals(unit: Tensor, words: Tensor, keys: Tensor) -> Tensor:
    """Whether a formula equals none of its unit before it, `bool[n]`.

    Formulas are compared bit by bit, each with the first of its group: those of equal keys, which
    decide nothing, as what differs is grouped anew.
    """
    is_first = torch.ones(len(unit), dtype=torch.bool, device=unit.device)
    left = torch.arange(len(unit), device=unit.device)
    while len(left) > 1:
        sorted_keys, order = keys[left].sort(stable=True)
        here = left[order]
        starts = torch.ones_like(sorted_keys, dtype=torch.bool)
        starts[1:] = sorted_keys[1:] != sorted_keys[:-1]
        places = torch.arange(len(here), device=here.device)
        first = here[(places * starts).cummax(0).values]
        is_same = (words.index_select(0, here) == words.index_select(0, first)).all(1)
        is_same &= unit[here] == unit[first]
        is_first[here[is_same & ~starts]] = False
        left = here[~is_same].sort().values
    return is_first
