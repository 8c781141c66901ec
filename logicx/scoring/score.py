"""The score of a formula against a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.errors import DataError, FormulaError, LogicxError, OptionError
from logicx.language.formula import Concept, Formula
from logicx.language.grammar import Dialect
from logicx.language.parsing import read
from logicx.scoring.counts import count, counts_of, resolve
from logicx.scoring.objectives import Objective, score_counts
from logicx.scoring.objectives import objective_named as known_objective
from logicx.scoring.results import Explanation, Scored
from logicx.scoring.structure import check_masks, refined
from logicx.scoring.within import best_within, check_within, count_within, parts_of
from logicx.units.firing import Firing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.units.units import Units


def check_kinds(bank: object, units: object) -> None:
    """Refuse what is no bank and no units, such as the two exchanged.

    Raises:
        OptionError: One of them is not what it should be.
    """
    from logicx.banks.bank import ConceptBank
    from logicx.units.units import Units

    for name, given, kind in (("bank", bank, ConceptBank), ("units", units, Units)):
        if not isinstance(given, kind):
            raise OptionError(
                f"{name} must be a {kind.__name__}, not a {type(given).__name__}",
                hint="the bank comes first, then the units; masks become units by Units.from_masks",
            )


def score(
    formula: str | Formula,
    bank: ConceptBank,
    units: Units,
    unit: str | int,
    *,
    objective: str | Objective = "iou",
    dialect: Dialect = "standard",
    within: str = "all",
) -> Explanation:
    """The score of one formula against one unit.

    Args:
        formula: A formula, or its text.
        bank: The concepts.
        units: The units.
        unit: Name or number of the unit.
        objective: What to score; see `logicx.scoring.objectives`.
        dialect: How the text is read; see `logicx.parse`.
        within: `all` cells, or `category`: for a formula of one concept, only the images whose
            labels have its category, as NetDissect counts; see `logicx.scoring.within`.

    Raises:
        FormulaError: The text is no formula.
        UnknownConcept: The bank lacks concepts that it names.
        UnknownUnit: There is no such unit.
        DataError: The unit never fires.

    Example:
        >>> import numpy as np
        >>> from logicx import ConceptBank, Units
        >>> bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["water", "blue"])
        >>> units = Units.from_masks([[1, 0, 0, 0]], ["483"])
        >>> found = score("water AND NOT blue", bank, units, unit=483)
        >>> found.score, found.counts
        (1.0, Counts(tp=1, fp=0, fn=0, tn=3))
    """
    check_kinds(bank, units)
    goal = known_objective(objective)
    reading = read(formula, dialect, names=bank.names) if isinstance(formula, str) else None
    tree = reading.formula if reading else formula
    if not isinstance(tree, Formula):
        raise FormulaError(f"a formula is text or made of Concept and Apply, not {tree!r}")
    check_within(within, tree, bank)
    number = units.number(unit)
    name = units.names[number]
    known = units.bank_for(bank, name)
    on = _firing(known, units, number)
    parts = None
    try:
        if within == "category" and isinstance(tree, Concept):
            if known is not bank:
                raise OptionError(
                    f"within=category is for units that are known at all cells; {name!r} is not"
                )
            resolve(tree, bank)
            parts = parts_of(bank, units, number)
            counts = count_within(tree, bank, parts)
        else:
            finer = refined(bank, [tree])  # before some cells are left out: it sees them all
            if finer is not bank:
                check_masks(units)
                finer = units.bank_for(finer, name)
                counts = count(tree, finer, _firing(finer, units, number))
            else:
                counts = count(tree, known, on)
    except LogicxError as error:
        for one in (error, *error.also):
            if isinstance(formula, str):
                one.text = formula
            else:
                one.span = None
        raise
    return Explanation(
        unit=name,
        formula=tree,
        score=score_counts(goal, counts),
        counts=counts,
        length=tree.n_atoms,
        objective=goal.name,
        best_single=best_single(known, on, goal)
        if parts is None
        else best_within(bank, parts, goal),
        settings={"bank": bank.content, "units": units.content}
        | ({} if within == "all" else {"within": within}),
        notes=(*(reading.notes if reading else ()), *filter(None, [units.note_of(name)])),
    )


def best_single(bank: ConceptBank, on: Firing | NDArray[np.int64], goal: Objective) -> Scored:
    """The best single concept over all valid cells.

    NetDissect counts each concept in the images that are labelled in its category alone; so does
    `logicx.scoring.within.best_within`.
    """
    firing = Firing.of(on)
    sums = bank.concepts_of.sums(firing.signatures, firing.counts, bank.n_concepts)
    both, n_on = sums[0].astype(np.int64), firing.n_on
    scores = goal.score(both, bank.count - both, n_on, bank.n_valid)
    best = int(np.argmax(scores))
    counts = counts_of(int(both[best]), int(bank.count[best]), n_on, bank.n_valid)
    return Scored(bank.atom(best), float(scores[best]), counts)


def _firing(bank: ConceptBank, units: Units, number: int) -> Firing:
    on = units.firing(bank, units.names[number])
    if not on.n_on:
        raise DataError(
            f"unit {units.names[number]!r} never fires on a valid cell: nothing can be scored",
            hint=_ceiling(units, number, bank),
        )
    return on


def _ceiling(units: Units, number: int, bank: ConceptBank) -> str:
    """Why a unit never fires, if it is that its threshold is the most it ever gives."""
    if units.maps is None:
        return ""
    values = units.activations(number)
    top = float(values.max(initial=-np.inf))
    if not len(values) or units.maps.range(number, bank).low != top:
        return ""
    share = float(np.mean(values == top))
    return (
        f"its threshold is its largest activation, {top:g}, which {share:.1%} of its places have: "
        "a ceiling, such as ReLU6's; cut it by a threshold below it, such as "
        f"value:{0.99 * top:g}"
    )
