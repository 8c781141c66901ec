"""Atoms of a search beyond the concepts: operators applied to single concepts, or to texts.

An operator of one argument, or of a text, that states where it applies (`proposes` of its
registration) takes part in a search as if the bank had one more concept for all that it proposes.
The truth of a rewrite follows from the concepts, so the signatures stay the same; for structural
operators the bank is refined first. Both are searched at full speed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.banks.signatures import Incidence, Signatures
from logicx.errors import LogicxError, OptionError, did_you_mean
from logicx.language.declaration import PLACES
from logicx.language.formula import Apply, Formula
from logicx.language.proposals import proposals
from logicx.language.registry import OPERATORS, operators
from logicx.scoring.counts import evaluate, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx.language.declaration import Operator

CONCEPTS, AUTO = "concepts", "auto"
MAX_APPLICATIONS = 500
"""Most applications of a structural operator that a search takes by default."""


def atoms_in(bank: ConceptBank) -> list[str]:
    """What the atoms of a bank are: concepts, and the operators that its derived ones come from."""
    operators_in = {one.operator for one in bank.derived.values() if isinstance(one, Apply)}
    return [CONCEPTS, *sorted(operators_in)]


class Atoms(NamedTuple):
    """The formulas that are atoms besides the concepts.

    Args:
        formulas: All of them.
        settings: What decided which they are, besides the names of operators; empty where all that
            were proposed are taken.
        note: What a person should know of those that are left out, or nothing.
    """

    formulas: list[Formula]
    settings: dict[str, Any]
    note: str


def atoms_of(bank: ConceptBank, asked: str | Sequence[str]) -> list[Formula]:
    """The formulas that are atoms besides the concepts, with the usual limits; see `chosen`."""
    return chosen(bank, asked).formulas


def chosen(
    bank: ConceptBank,
    asked: str | Sequence[str],
    least: int = 0,
    most: int = MAX_APPLICATIONS,
) -> Atoms:
    """The formulas that are atoms besides the concepts, and how they were chosen.

    Args:
        bank: The concepts.
        asked: `auto` for every operator that by default proposes something here, `concepts` for
            none, or keywords of operators (a list, or text with commas between them).
        least: Operators are not applied to concepts that hold at fewer cells.
        most: So many applications of each structural operator are taken, the most frequent first.

    Raises:
        OptionError: One of them is no such operator, or proposes nothing here.
    """
    known = {one.keyword: one for one in operators() if one.makes_atoms}
    names = asked.split(",") if isinstance(asked, str) else list(asked)
    names = [one.strip() for one in names]
    wanted = [one.upper() for one in names]
    if wanted in ([CONCEPTS.upper()], [AUTO.upper()]):
        is_auto = wanted == [AUTO.upper()]
        taken = [one for one in known.values() if is_auto and _is_by_default(one)]
    else:
        for name, one in zip(names, wanted, strict=True):
            if one not in known:
                raise OptionError(
                    f"{name!r} cannot make atoms of concepts{_why_not(one) or OPERATORS.missing()}",
                    hint=did_you_mean(one, known)
                    or f"use {AUTO}, {CONCEPTS}, or of: {', '.join(known)}",
                )
        taken = [known[one] for one in dict.fromkeys(wanted)]
    found: list[Formula] = []
    applied: dict[str, list[int]] = {}
    for op in taken:
        _check_place(op, bank)
        proposed, n_possible = proposals(op, bank.vocabulary, least, most)
        if not proposed and wanted != [AUTO.upper()]:
            cells = f" that holds at {least:,} cells or more" if least else ""
            raise OptionError(f"{op.keyword} applies to no concept of bank {bank.name!r}{cells}")
        for atom in proposed:
            _check(atom, bank)
        found += proposed
        if op.kind == "structural" or len(proposed) < n_possible:
            applied[op.keyword] = [len(proposed), n_possible]
    limits = {"min_argument_support": least, "max_applications": most, "applications": applied}
    left_out = [
        f"{keyword} is applied to {n:,} of {of:,} concepts or combinations"
        for keyword, (n, of) in applied.items()
        if n < of
    ]
    note = "; ".join(left_out)
    if note:
        note += f" (min_argument_support={least}, max_applications={most})"
    return Atoms(found, limits if applied or least else {}, note)


def _is_by_default(op: Operator) -> bool:
    """Whether a search that is not told its atoms asks for it; a structural one costs a walk."""
    return op.proposes_by_default and op.kind != "structural"


def _check_place(op: Operator, bank: ConceptBank) -> None:
    if op.kind == "structural" and bank.universe.kind not in op.places:
        seen = " or ".join(PLACES[one] for one in op.places)
        raise OptionError(
            f"{op.keyword} is for {seen}, but bank {bank.name!r} covers {bank.universe}",
            hint="leave it out of atoms",
        )


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
    holds = [np.flatnonzero(evaluate(one, bank)).astype(np.int32) for one in atoms]
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


def _check(atom: Formula, bank: ConceptBank) -> None:
    try:
        resolve(atom, bank)
    except LogicxError as error:
        error.message += f" (in the atom {atom}, which was proposed)"
        raise
