"""Least support: concepts and formulas that hold at too few cells are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.banks.signatures import Incidence, Signatures
from logicx.errors import OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def check_least(**options: int) -> None:
    """Refuse numbers of cells that mean nothing.

    Raises:
        OptionError: One is no whole number from 0.
    """
    for option, value in options.items():
        if not isinstance(value, int) or value < 0:
            raise OptionError(f"{option} must be a whole number of cells from 0, not {value!r}")


def supported(bank: ConceptBank, least: int) -> ConceptBank:
    """The bank with only those concepts that hold at so many valid cells; itself where all do.

    Raises:
        OptionError: No concept does.
    """
    kept = bank.count >= least
    if not kept.any():
        raise OptionError(f"no concept holds at {least:,} cells: {_most(bank)}")
    return keeping(bank, kept)


def keeping(bank: ConceptBank, kept: NDArray[np.bool_]) -> ConceptBank:
    """The bank with only some of its concepts; itself where they are all.

    Signatures and cells stay as they are, so a unit's on-counts fit both; tables that relate
    concepts are left out.

    Args:
        bank: The concepts.
        kept: Which of them are kept, `bool[n_concepts]`, one at least.
    """
    if kept.all():
        return bank
    old = bank.concepts_of
    is_kept = kept[old.indices]
    indptr = np.concatenate([[0], np.cumsum(is_kept)])[old.indptr]
    new = np.cumsum(kept, dtype=np.int32) - 1
    concepts = Incidence(indptr, new[old.indices[is_kept]])
    which = np.flatnonzero(kept).tolist()
    small = ConceptBank(
        bank.name,
        [bank.names[i] for i in which],
        [bank.categories[i] for i in which],
        bank.universe,
        Signatures(bank.size, concepts, bank.cell_map),
    )
    small.derived = {k: bank.derived[i] for k, i in enumerate(which) if i in bank.derived}
    return small


def check_reachable(bank: ConceptBank, min_support: int) -> None:
    """Refuse a least support that no single concept has: a beam of such formulas stays empty.

    Raises:
        OptionError: None has.
    """
    if bank.count.max() < min_support:
        raise OptionError(
            f"no concept holds at min_support={min_support:,} cells, so nothing can be kept and "
            f"extended: {_most(bank)}",
            hint="strategy=exhaustive starts from smaller concepts as well",
        )


def _most(bank: ConceptBank) -> str:
    most = int(bank.count.argmax())
    return f"the most frequent, {bank.names[most]!r}, holds at {bank.count[most]:,}"
