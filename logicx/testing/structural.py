"""What the kit for operators needs for structural ones: groups one by one, and odd universes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.banks.universe import Universe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logicx.language.declaration import Operator
    from logicx.testing.worlds import Masks

ODD = {
    "pixels": (Universe.pixels(6, 1, 1), Universe.pixels(3, 1, 5), Universe.pixels(3, 5, 1)),
    "tokens": (Universe.tokens([0, 0, 1, 2, 2, 7, 12, 17, 17]),),
}
"""Images of one cell, row and column; documents of no token, of one, and of one length."""


def odd_banks(places: Sequence[str]) -> Iterator[ConceptBank]:
    """Banks over odd universes of these kinds, some of their cells without labels."""
    dice = np.random.default_rng(0)
    for universe in (one for place in places for one in ODD.get(place, ())):
        masks = dice.random((5, universe.n_cells)) < 0.5
        valid = dice.random(universe.n_cells) < 0.8
        valid[:2] = True
        names = [f"c{i}" for i in range(5)]
        yield ConceptBank.from_masks(masks, names, valid=valid, universe=universe)


def by_groups(
    op: Operator, parameters: Sequence[int | str], args: Sequence[Masks], bank: ConceptBank
) -> Masks:
    """Where a structural operator holds, by its function for one image or document at a time.

    Raises:
        AssertionError: It gives something else when it is asked again.
    """
    universe = bank.universe
    valid = bank.cells(np.ones(bank.n_signatures, bool))
    found = np.zeros(universe.n_cells, bool)
    for group in range(universe.n_groups):
        cells = universe.cells_of(group)
        shape = universe.shape[1:] if universe.kind == "pixels" else (cells.stop - cells.start,)
        if not np.prod(shape):
            continue
        given = [(one & valid)[cells].reshape(1, *shape) for one in args]
        first, second = (op.meaning(*parameters, *(one.copy() for one in given)) for _ in range(2))
        assert np.array_equal(first, second), f"operator {op.keyword} gives others when asked again"
        found[cells] = first.reshape(-1)
    return found & valid
