"""The optimum over any connectives, for formulas of at most three atoms, by their truth tables.

Every formula of at most three atoms is a truth table (see `logicx.search.optimal.tables`) of at
most three concepts. Cells at which the unit fires are worth something, others cost (see
`logicx.search.optimal.linear`), so that a formula scores above a bar exactly if it is worth more
than a threshold. What a table is worth on concepts follows from what they are worth alone, in pairs
and all together.

Single concepts and pairs are all tried; for triples see `logicx.search.optimal.threes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.errors import OptionError
from logicx.scoring.counts import counts_of
from logicx.search.formulas.shapes import Found, describe_space
from logicx.search.optimal.limits import LimitReached, Limits
from logicx.search.optimal.pairs import Best, Search
from logicx.search.optimal.searching import Certified, Counters
from logicx.search.optimal.tables import LONGEST, tables_of
from logicx.search.optimal.threes import Triples

if TYPE_CHECKING:
    from logicx.banks.bank import ConceptBank
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.moves import Move
    from logicx.search.formulas.shapes import Shape
    from logicx.units.firing import Firing


def check_ways(ways: tuple[Move, ...], length: int, goal: Objective) -> None:
    """Refuse what is not proven over these connectives.

    Raises:
        OptionError: It is not.
    """
    names = ", ".join(map(str, ways))
    if length > LONGEST:
        raise OptionError(
            f"over {names} formulas of at most {LONGEST} atoms are proven, not of {length}",
            hint="OR, AND, AND NOT are proven at more; or use strategy=beam, or exhaustive",
        )
    many = [str(one) for one in ways if len(one.slots) > LONGEST]
    if many:
        raise OptionError(
            f"{', '.join(many)} has more than {LONGEST} atoms, beyond what is proven",
            hint="use strategy=beam, or exhaustive on a small bank",
        )
    if getattr(goal, "ratio", None) is None:
        raise OptionError(
            f"no proof for objective {goal.name!r} over {names}: it states no ratio of sums of tp "
            "and fp",
            hint="use strategy=exhaustive on a small bank, or strategy=beam",
        )


def best_of_triples(
    bank: ConceptBank,
    firing: Firing,
    goal: Objective,
    ways: tuple[Move, ...],
    length: int,
    shape: Shape,
    literals: bool,
    limits: Limits,
) -> Certified:
    """The optimum over all formulas of at most `length` atoms, three at most."""
    search = Search(bank, firing, goal, limits)
    tables = tables_of(ways, length, shape, literals)
    by_length: list[Best] = []
    is_proven = False
    try:
        for n_atoms in range(1, length + 1):
            these = [one for one in tables if one.n_atoms == n_atoms]
            search.small(these)
            triples = [one for one in these if one.n_variables == 3]
            if triples and bank.n_concepts > 2:
                Triples(search, triples).run()
            assert search.best is not None
            by_length.append(search.best)
        is_proven = True
    except LimitReached:
        pass
    except KeyboardInterrupt:
        if not limits.is_stopped:
            raise
    assert search.best is not None
    by_length += [search.best] * (length - len(by_length))
    found = tuple(_found(one, bank, firing, goal) for one in by_length)
    return Certified(
        found,
        found[-1].score if is_proven else float("inf"),
        is_proven,
        describe_space(bank, length, shape, literals=literals, ways=ways),
        Counters(limits.n_passes, 0, 0, search.n_scored, 0, limits.used),
        limits.is_stopped and not is_proven,
    )


def _found(one: Best, bank: ConceptBank, firing: Firing, goal: Objective) -> Found:
    formula = one.table.written([bank.atom(i) for i in one.concepts])
    score = float(goal.score(one.tp, one.fp, firing.n_on, bank.n_valid))
    return Found(formula, score, counts_of(one.tp, one.tp + one.fp, firing.n_on, bank.n_valid))
