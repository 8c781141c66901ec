"""Structural operators: evaluated once at the cells, then known by signature like any concept.

A signature says which concepts hold at a cell, not where the cell lies. So images or documents are
walked, block by block; formulas are evaluated at the cells of each, and cells of one signature at
which the formulas differ become two signatures of a finer bank.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.banks.bits import set_bits
from logicx.banks.building import GroupBuilder
from logicx.banks.packing import starts_of
from logicx.banks.signatures import GroupCells, Incidence, Signatures
from logicx.errors import DataError
from logicx.language.formula import Apply, Formula, post_order
from logicx.language.registry import operators
from logicx.scoring.counts import resolve
from logicx.scoring.walking import Walk, blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from logicx.language.declaration import Operator
    from logicx.scoring.walking import Block, Value
    from logicx.units.units import Units

KEPT = 4
"""Finer banks that a bank keeps: the latest."""

LARGEST_CODE = 1 << 62
"""Numbers that tell cells apart stay below it."""

_LOCK = Lock()


def refined(bank: ConceptBank, formulas: Iterable[Formula]) -> ConceptBank:
    """The bank with signatures that say where these formulas hold; itself where they do already.

    Concepts, cells and what holds where are the same; only signatures are more. The latest are kept
    with the bank, by the formulas and the operators in force.

    Raises:
        UnknownConcept: Names that the bank does not have.
        OperatorError: An operator does not apply here.

    Cost: one pass over the cells for all formulas together, images or some documents at a time;
    what the finer bank takes.

    Example:
        >>> from logicx.banks.universe import Universe
        >>> from logicx.language.parsing import parse
        >>> from logicx.scoring.counts import evaluate
        >>> texts = Universe.tokens([0, 3, 4])
        >>> bank = ConceptBank.from_masks([[1, 0, 0, 0]], ["never"], universe=texts)
        >>> formula = parse("AFTER(never)")
        >>> finer = refined(bank, [formula])
        >>> bank.n_signatures, finer.n_signatures
        (2, 3)
        >>> finer.cells(evaluate(formula, finer)).tolist()
        [False, True, True, False]
    """
    known = {one.keyword: one for one in operators()}
    found: dict[Formula, None] = {}
    used: dict[Operator, None] = {}
    for formula in formulas:
        resolved = resolve(formula, bank)
        nodes = [one for one in post_order(resolved) if isinstance(one, Apply)]
        used.update(dict.fromkeys(known[one.operator] for one in nodes))
        found.update(dict.fromkeys(_outermost(resolved, known)))
    new = [one for one in found if one not in bank.marks]
    if not new:
        return bank
    key = tuple(new), tuple(used)
    with _LOCK:
        kept: OrderedDict[object, ConceptBank] = bank.__dict__.setdefault("_refined", OrderedDict())
        if key not in kept:
            kept[key] = _refined(bank, new, known)
            while len(kept) > KEPT:
                kept.popitem(last=False)
        kept.move_to_end(key)
        return kept[key]


def check_masks(units: Units) -> None:
    """Refuse units of which it is not known at which cells they fire.

    Raises:
        DataError: They are kept as counts of one bank's signatures.
    """
    if not units.has_masks:
        raise DataError(
            "operators such as ABOVE and AFTER need the cells at which a unit fires, and these "
            "units are kept as counts by signature",
            hint="use the file from which they were counted, or Units.from_masks",
        )


def _outermost(formula: Formula, known: dict[str, Operator]) -> list[Formula]:
    """The structural nodes of a formula that lie in no other."""
    found: list[Formula] = []
    todo = [formula]
    while todo:
        one = todo.pop()
        if isinstance(one, Apply):
            is_structural = known[one.operator].kind == "structural"
            found += [one] if is_structural else []
            todo += [] if is_structural else reversed(one.args)
    return found


def _refined(
    bank: ConceptBank, formulas: Sequence[Formula], known: dict[str, Operator]
) -> ConceptBank:
    walk = Walk(bank, formulas, known)
    n = bank.n_signatures
    universe = bank.universe if bank.universe.kind == "pixels" else None
    builder = GroupBuilder(n + len(formulas), universe)
    for block in blocks_of(bank, len(formulas)):
        values = walk.values(block)
        for part in block.parts:
            builder.add_group(_told_apart(block, part, values, n))
    made = builder.finish()
    old, marks = _taken_apart(made.concepts, n)
    finer = ConceptBank(
        bank.name,
        bank.names,
        bank.categories,
        bank.universe,
        Signatures(made.size, bank.concepts_of.rows(old), made.cells),
        bank.relations,
        bank.source,
        bank.texts,
    )
    finer.derived = bank.derived
    for formula, words in bank.marks.items():
        holds = np.unpackbits(words.view(np.uint8), count=n, bitorder="little").view(bool)
        finer.marks[formula] = set_bits(np.flatnonzero(holds[old]), len(old))
    where = marks.transposed(len(formulas))
    for k, formula in enumerate(formulas):
        signatures = where.indices[where.indptr[k] : where.indptr[k + 1]]
        finer.marks[formula] = set_bits(signatures, len(old))
    texts = "\n".join(map(str, finer.marks))
    finer.__dict__["content"] = sha256(f"{bank.content} refined {texts}".encode()).hexdigest()
    return finer


def _told_apart(
    block: Block, part: slice, values: Sequence[Value | None], n_signatures: int
) -> GroupCells:
    """Cells of a part of a block by old signature, and by which formulas hold.

    A set is the number of the old signature, and `n_signatures + k` for the k-th formula.
    """
    some = [(k, one[part]) for k, one in enumerate(values) if one is not None]
    signature = block.signature[part]
    codes = signature.astype(np.int64) + 1
    top = n_signatures + 1
    for _, mask in some:
        if 2 * top > LARGEST_CODE:
            distinct, codes = np.unique(codes, return_inverse=True)
            top = len(distinct)
        codes, top = 2 * codes + mask, 2 * top
    _, first, numbers = np.unique(codes, return_index=True, return_inverse=True)
    old = signature[first]
    holds = np.stack([old >= 0, *(mask[first] for _, mask in some)], axis=1)
    rows, columns = np.nonzero(holds)
    number_of = np.array([0, *(n_signatures + k for k, _ in some)], np.int64)
    entries = np.where(columns == 0, old[rows], number_of[columns]).astype(np.int32)
    sets = Incidence(starts_of(holds.sum(axis=1)), entries)
    return GroupCells(sets, numbers.reshape(-1), signature >= 0)


def _taken_apart(sets: Incidence, n_signatures: int) -> tuple[NDArray[np.int32], Incidence]:
    """Of each set the old signature, and the numbers of the formulas."""
    old = sets.indices[sets.indptr[:-1]]
    is_mark = np.ones(len(sets.indices), bool)
    is_mark[sets.indptr[:-1]] = False
    starts = sets.indptr - np.arange(sets.n_rows + 1)
    return old, Incidence(starts, sets.indices[is_mark] - np.int32(n_signatures))
