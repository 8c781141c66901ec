"""Strategies as `explain` runs them: all settings of a search, and one unit after the other."""

from __future__ import annotations

from dataclasses import dataclass
from math import nextafter
from typing import TYPE_CHECKING, Any, Protocol

from logicx.errors import OptionError
from logicx.runs.running import Engine
from logicx.scoring.objectives import Objective
from logicx.scoring.results import Explanation, Scored, Skipped
from logicx.scoring.score import best_single
from logicx.search.formulas.atoms import AUTO, atoms_in, atoms_of, with_atoms
from logicx.search.formulas.ceiling import ceiling
from logicx.search.formulas.shapes import CONNECTIVES, Shape, check_space, describe_space
from logicx.search.formulas.support import check_least, supported

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    import numpy as np
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.language.formula import Formula
    from logicx.units.units import Units

STRATEGIES = ("beam", "optimal", "exhaustive")


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

    def settings(self, bank: ConceptBank, units: Units) -> dict[str, Any]:
        """What decides the outcome."""
        ...

    def units_at_once(self, bank: ConceptBank) -> int:
        """How many units `explain` is best given, from 1."""
        ...

    def explain(
        self,
        bank: ConceptBank,
        units: Units,
        names: Sequence[str],
        on: Sequence[NDArray[np.int64]],
        stop: Event,
    ) -> Sequence[Explanation | Skipped]:
        """The best formula of each of some units, or why there is none.

        `stop` is set where the run is broken off.
        """
        ...


@dataclass(frozen=True)
class ProofSearch:
    """The optimum over a stated space: proven, or by trying every formula."""

    strategy: str
    objective: Objective
    length: int
    shape: Shape
    time_limit: float | None
    node_limit: int | None
    min_support: int
    min_atom_support: int
    concepts: ConceptBank
    engine: Engine

    @staticmethod
    def of(
        bank: ConceptBank,
        strategy: str,
        goal: Objective,
        length: int,
        *,
        shape: str | None,
        time_limit: float | None,
        node_limit: int | None,
        atoms: str | Sequence[str] = AUTO,
        min_support: int = 0,
        min_atom_support: int = 0,
    ) -> ProofSearch:
        """Check what can be checked before data are looked at.

        Raises:
            OptionError: An option means nothing to this strategy.
        """
        shape = shape or "tree"
        if strategy == "optimal":
            from logicx.search.optimal.linear import ratio_of
            from logicx.search.optimal.searching import check_options

            ratio_of(goal, 1, 2)
            check_options(length, shape, time_limit, node_limit)
        else:
            for option, value in (("time_limit", time_limit), ("node_limit", node_limit)):
                if value is not None:
                    raise OptionError(
                        f"strategy {strategy} has no {option}", hint="optimal has one"
                    )
            check_space(length, shape)
        check_least(min_support=min_support, min_atom_support=min_atom_support)
        if min_support and strategy == "optimal":
            raise OptionError(
                "strategy optimal has no min_support: a proof does not look at how many cells a "
                "formula holds at, only at its score",
                hint="strategy=beam and exhaustive have it; min_atom_support is for all",
            )
        return ProofSearch(
            *(strategy, goal, length, shape, time_limit, node_limit),  # type: ignore[arg-type]
            *(min_support, min_atom_support),
            concepts=supported(with_atoms(bank, atoms_of(bank, atoms)), min_atom_support),
            engine=Engine("numba" if strategy == "optimal" else "numpy"),
        )

    def settings(self, bank: ConceptBank, units: Units) -> dict[str, Any]:
        """What decides the outcome."""
        return {
            "strategy": self.strategy,
            "length": self.length,
            "shape": self.shape,
            "time_limit": self.time_limit,
            "node_limit": self.node_limit,
            "min_support": self.min_support,
            "min_atom_support": self.min_atom_support,
            "atoms": atoms_in(self.concepts),
            "steps": list(CONNECTIVES),
            "bank": bank.content,
            "units": units.content,
        }

    def units_at_once(self, bank: ConceptBank) -> int:
        """One: proofs do not share work."""
        return 1

    def explain(
        self,
        bank: ConceptBank,
        units: Units,
        names: Sequence[str],
        on: Sequence[NDArray[np.int64]],
        stop: Event,
    ) -> list[Explanation]:
        """The best formula, and the bound that is proven, for each of some units."""
        return [self.prove(bank, units, *one, stop) for one in zip(names, on, strict=True)]

    def prove(
        self,
        bank: ConceptBank,
        units: Units,
        name: str,
        on: NDArray[np.int64],
        stop: Event,
        incumbent: Formula | None = None,
    ) -> Explanation:
        """The best formula, and the bound that is proven; `optimal` may start from an incumbent."""
        concepts, is_interrupted = self.concepts, False
        if self.strategy == "optimal":
            from logicx.search.optimal.searching import optimal

            proof = optimal(
                concepts,
                on,
                objective=self.objective,
                length=self.length,
                shape=self.shape,
                time_limit=self.time_limit,
                node_limit=self.node_limit,
                stop=stop,
                incumbent=incumbent,
            )
            by_length, n_scored = proof.by_length, proof.counters.evaluations
            bound, is_proven = proof.bound, proof.is_proven
            is_interrupted = proof.is_interrupted
        else:
            from logicx.search.formulas.exhaustive import exhaustive

            tried = exhaustive(
                concepts,
                on,
                objective=self.objective,
                length=self.length,
                shape=self.shape,
                min_support=self.min_support,
            )
            by_length, n_scored = tried.by_length, tried.n_meanings
            bound, is_proven = tried.score, True
        top = ceiling(bank.size, on, self.objective)
        if top is not None and not is_proven:
            bound = min(bound, nextafter(top, 2))  # the next float: scores near it may round up
        found = [Scored(one.formula, one.score, one.counts) for one in by_length]
        best, single = found[-1], found[0]
        if single.formula.n_atoms > 1:  # no concept alone holds at enough cells
            single = best_single(concepts, on, self.objective)
        return Explanation(
            unit=name,
            formula=best.formula,
            score=best.score,
            counts=best.counts,
            length=best.formula.n_atoms,
            objective=self.objective.name,
            best_single=single,
            by_length=tuple(found),
            n_scored=n_scored,
            settings={"engine": self.engine.name, **self.settings(bank, units)},
            bound=bound,
            is_proven=is_proven,
            space=describe_space(
                *(concepts, self.length, self.shape),
                *(self.min_atom_support, self.min_support),
            ),
            is_interrupted=is_interrupted,
            ceiling=top,
        )
