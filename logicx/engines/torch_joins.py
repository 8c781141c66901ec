"""Formulas joined in pairs, of many units at once, in PyTorch; see `search/formulas/joins.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from logicx.engines.layout import DEPTH, SIZE
from logicx.engines.torch_engine import popcount

if TYPE_CHECKING:
    from logicx.engines.torch_candidates import Beams
    from logicx.engines.torch_engine import TorchUnits


class Known:
    """The formulas of each unit that may be joined: those of two atoms or more, once kept.

    They are numbered by level, then place; the numbers of others are not used.

    Args:
        units: The units.
        n_places: Places of a beam.
    """

    def __init__(self, units: TorchUnits, n_places: int) -> None:
        """Know none yet."""
        self._units, self.n_places = units, n_places
        self.words = units.shared.full.new_zeros((units.n, 0, len(units.shared.full)))
        self.parts = units.shared.full.new_zeros((units.n, 0, 6))
        size = units.shared.size
        self._size_planes = _planes(size.unsqueeze(0), int(size.max()) if len(size) else 0)
        on = units.on
        self._on_planes = _planes(on, int(on.max()) if on.numel() else 0)

    def note(self, beams: Beams) -> None:
        """Take in what is new in the beams."""
        parts = beams.parts.clone()
        parts[..., DEPTH][~beams.is_new] = 0
        self.parts = torch.cat([self.parts, parts], 1)
        self.words = torch.cat([self.words, beams.words], 1)

    def places(self) -> np.ndarray:
        """Level and place of each number, `int64[n_known, 2]`."""
        return np.stack(np.divmod(np.arange(self.words.shape[1]), self.n_places), 1)

    def pairs(self, length: int) -> tuple[Tensor, Tensor, Tensor]:
        """Unit and numbers of the two, of all ordered pairs of so many atoms together."""
        depths = self.parts[..., DEPTH].cpu().numpy()
        found = []
        for unit, depth in enumerate(depths):
            numbers = np.flatnonzero((depth > 1) & (depth < length - 1))
            lengths = depth[numbers]
            first, second = np.nonzero(lengths[:, None] + lengths == length)
            is_pair = first != second
            first, second = numbers[first[is_pair]], numbers[second[is_pair]]
            found.append(np.stack([np.full(len(first), unit), first, second]))
        unit, first, second = self._units.shared.here(np.concatenate(found, 1))
        return unit, first, second

    def meet(self, unit: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Cells where both formulas hold, and where the unit fires besides, `float64[n]`."""
        n_words = max(1, self.words.shape[2])
        room = max(1, self._units.room // 4 // (64 * n_words))
        sizes, ons = [], []
        for part in torch.split(torch.arange(len(unit), device=unit.device), room):
            of = unit[part]
            both = self.words[of, first[part]] & self.words[of, second[part]]
            size = torch.zeros_like(of)
            for i, plane in enumerate(self._size_planes):
                size += popcount(both & plane) << i
            on = torch.zeros_like(of)
            for i, plane in enumerate(self._on_planes):
                on += popcount(both & plane.index_select(0, of)) << i
            sizes.append(size)
            ons.append(on)
        if not sizes:
            return unit.double(), unit.double()
        return torch.cat(sizes).double(), torch.cat(ons).double()

    def counts(self, unit: Tensor, number: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Cells where formulas hold, where the unit fires besides, and how many atoms they have."""
        size, on, depth = self.parts[unit, number, SIZE : DEPTH + 1].T
        return size.double(), on.double(), depth


def _planes(values: Tensor, most: int) -> list[Tensor]:
    """Packed binary digits of weights of signatures, lowest first, `int64[n, n_words]` each."""
    n, n_signatures = values.shape
    padded = values.new_zeros((n, -(-n_signatures // 64) * 64))
    padded[:, :n_signatures] = values
    places = torch.arange(64, device=values.device)
    digits = padded.reshape(n, -1, 64)
    return [((digits >> i & 1) << places).sum(-1) for i in range(most.bit_length())]
