"""What tests of units share: activations of two units, and the cells where units are on."""

from __future__ import annotations

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.units.units import Units

ACTIVATIONS = np.array([[0.0, 1.0, 2.0, 3.0, -1.0], [0.5, 0.0, 0.0, 0.25, 0.0]])


def masks_of(units: Units, n_cells: int) -> np.ndarray:
    """Where each unit is on, by a bank in which every cell is a signature."""
    every = np.eye(max(n_cells, 1), n_cells, dtype=bool)
    bank = ConceptBank.from_masks(every, [str(i) for i in range(len(every))])
    rows = [units.on(bank, name)[bank.of_cell] for name in units.names]
    return np.array(rows, bool).reshape(len(units), n_cells)
