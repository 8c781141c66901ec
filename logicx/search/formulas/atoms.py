"""Atoms of a search beyond the concepts: operators applied to single concepts, or to texts.

An operator of one argument, or of a text, that states where it applies (`proposes` of its
registration) takes part in a search as if the bank had one more concept for all that it proposes.
As its truth follows from the concepts, the signatures stay the same, and it is searched at full
speed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.banks.signatures import Incidence, Signatures
from logicx.errors import LogicxError, OptionError, did_you_mean
from logicx.language.formula import Apply, Formula
from logicx.language.proposals import proposals
from logicx.language.registry import OPERATORS, operators
from logicx.scoring.counts import evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONCEPTS, AUTO = "concepts", "auto"


def atoms_in(bank: ConceptBank) -> list[str]:
    """What the atoms of a bank are: concepts, and the operators that its derived ones come from."""
    operators_in = {one.operator for one in bank.derived.values() if isinstance(one, Apply)}
    return [CONCEPTS, *sorted(operators_in)]


def atoms_of(bank: ConceptBank, asked: str | Sequence[str]) -> list[Formula]:
    """The formulas that are atoms besides the concepts.

    Args:
        bank: The concepts.
        asked: `auto` for every operator that by default proposes something here, `concepts` for
            none, or keywords of operators (a list, or text with commas between them).

    Raises:
        OptionError: One of them is no such operator, or proposes nothing here.
    """
    known = {one.keyword: one for one in operators() if one.proposes}
    names = asked.split(",") if isinstance(asked, str) else list(asked)
    names = [one.strip() for one in names]
    wanted = [one.upper() for one in names]
    if wanted in ([CONCEPTS.upper()], [AUTO.upper()]):
        is_auto = wanted == [AUTO.upper()]
        chosen = [one for one in known.values() if is_auto and one.proposes_by_default]
    else:
        for name, one in zip(names, wanted, strict=True):
            if one not in known:
                raise OptionError(
                    f"{name!r} cannot make atoms of concepts{_why_not(one) or OPERATORS.missing()}",
                    hint=did_you_mean(one, known)
                    or f"use {AUTO}, {CONCEPTS}, or of: {', '.join(known)}",
                )
        chosen = [known[one] for one in dict.fromkeys(wanted)]
    found: list[Formula] = []
    for op in chosen:
        proposed = proposals(op, bank.vocabulary)
        if not proposed and wanted != [AUTO.upper()]:
            raise OptionError(f"{op.keyword} applies to no concept of bank {bank.name!r}")
        found += proposed
    return found


def _why_not(name: str) -> str:
    """Why a word in capitals names no operator that makes atoms, where that can be told."""
    if name.lower() in (AUTO, CONCEPTS):
        return f": {name.lower()} stands alone"
    if "(" in name:
        return ": the keyword stands alone, and its operator proposes what to apply it to"
    if any(one.keyword == name for one in operators()):
        return ": it does not propose what to apply it to"
    return ""


def with_atoms(bank: ConceptBank, atoms: Sequence[Formula]) -> ConceptBank:
    """A bank that has these formulas as concepts, after its own; the bank itself if there are none.

    Cost: one evaluation per formula; memory for the signatures at which they hold.

    Example:
        >>> from logicx.language.formula import Concept
        >>> bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["water", "blue"])
        >>> more = with_atoms(bank, [Concept("water") | Concept("blue")])
        >>> more.names[-1], more.count.tolist(), more.n_signatures
        ('water OR blue', [2, 2, 3], 4)
    """
    if not atoms:
        return bank
    holds = [np.flatnonzero(_evaluated(one, bank)).astype(np.int32) for one in atoms]
    lengths = [len(one) for one in holds]
    own = bank.signatures_of
    of_concept = Incidence(
        np.concatenate([own.indptr, own.indptr[-1] + np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([own.indices, *holds]),
    )
    extended = ConceptBank(
        bank.name,
        [*bank.names, *(str(one) for one in atoms)],
        [*bank.categories, *("derived" for _ in atoms)],
        bank.universe,
        Signatures(bank.size, of_concept.transposed(bank.n_signatures), bank.cell_map),
        bank.relations,
        bank.source,
    )
    extended.derived = dict(enumerate(atoms, bank.n_concepts))
    return extended


def _evaluated(atom: Formula, bank: ConceptBank) -> NDArray[np.bool_]:
    try:
        return evaluate(atom, bank)
    except LogicxError as error:
        error.message += f" (in the atom {atom}, which was proposed)"
        raise
