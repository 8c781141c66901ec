"""What a strategy is, what it is asked, and what `explain` makes of it.

Provisional: what a strategy is given may grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from logicx.scoring.counts import count
from logicx.scoring.objectives import score_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Event

    import numpy as np
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.language.formula import Formula
    from logicx.runs.running import Engine
    from logicx.scoring.counts import Counts
    from logicx.scoring.objectives import Objective
    from logicx.scoring.results import Explanation, Scored, Skipped
    from logicx.units.firing import Firing

    Answer: TypeAlias = Formula | tuple[Formula, Counts] | Scored
    """A formula; with its counts, or score and counts, if a strategy knows them."""


@dataclass(frozen=True)
class SearchTask:
    """What is asked of a strategy: the same for all units.

    Args:
        bank: What formulas are made of: its concepts, and other atoms (`bank.derived`) that count
            as one. `bank.atom(i)` is the formula of each.
        objective: What is maximised.
        length: Most atoms of a formula.
        min_support: Formulas must hold at so many valid cells.
        min_atom_support: Concepts that hold at fewer are not in the bank.
        n_units: How many units will be asked for.
        has_masks: Whether it is known at which cells units fire.
        only: Patterns of the concepts that alone are in the bank; none for all.
        exclude: Patterns of concepts that are not in it.
        operators: Keywords of the operators that formulas may use; none for all of the strategy's.
    """

    bank: ConceptBank
    objective: Objective
    length: int
    min_support: int = 0
    min_atom_support: int = 0
    n_units: int = 1
    has_masks: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()

    @property
    def choice(self) -> dict[str, list[str]]:
        """Which concepts and operators take part, as settings say it; nothing where all do."""
        chosen = {"only": self.only, "exclude": self.exclude, "operators": self.operators}
        return {key: list(names) for key, names in chosen.items() if names}

    def counts(self, formula: Formula, unit: Firing) -> Counts:
        """The exact counts of a formula over the atoms of the bank, against a unit."""
        return count(formula, self.bank, unit)

    def score(self, formula: Formula, unit: Firing) -> float:
        """What is maximised, at those counts."""
        return score_counts(self.objective, self.counts(formula, unit))


class Strategy(Protocol):
    """A way to search: a frozen dataclass whose fields, each with a default, are its options.

    Its docstring says what it does. A strategy of one's own is registered by `logicx.register`; or
    given as it is: `explain(bank, units, strategy=Greedy(tries=3))`. What it finds is counted and
    scored again. It may state `adds_derived = False`: then `atoms="auto"` means the concepts alone.
    """

    @property
    def name(self) -> str:
        """How it is written: a word in lower case, the same for all of its class."""
        ...

    def search(self, task: SearchTask, unit: Firing) -> Answer | Sequence[Answer] | None:
        """A formula for a unit, or several, of which the best of each length are told; or none.

        Units may be searched in several threads at a time.
        """
        ...


class OwnStrategy(Protocol):
    """A strategy that came with logicx: its search is made by `planners`, and explains itself."""

    @property
    def name(self) -> str:
        """How it is written."""
        ...


@dataclass(frozen=True)
class AskedUnit:
    """A unit to be explained.

    Args:
        name: What it is called.
        firing: Where it fires, by signature.
        mask: Gives the cells at which it fires, `bool[n_cells]`, or None where they are not known.
    """

    name: str
    firing: Firing
    mask: Callable[[], NDArray[np.bool_] | None]


class UnitSearch(Protocol):
    """A search with all its settings, for any number of units."""

    @property
    def objective(self) -> Objective:
        """What is maximised."""
        ...

    @property
    def engine(self) -> Engine:
        """What counts."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the outcome besides bank and units, as plain values."""
        ...

    @property
    def parts(self) -> Sequence[tuple[str, Any]]:
        """Kind and part of what people may have brought, besides operators and objective."""
        ...

    def units_at_once(self) -> int:
        """How many units `explain` is best given, from 1."""
        ...

    def explain(self, units: Sequence[AskedUnit], stop: Event) -> Sequence[Explanation | Skipped]:
        """The best formula of each of some units, or why there is none; settings are left out.

        `stop` is set where the run is broken off.
        """
        ...
