"""Strategies as `explain` runs them: all settings of a search, and one unit after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from logicx.errors import OptionError
from logicx.objectives import Objective
from logicx.results import Explanation, Scored
from logicx.search.running import Engine
from logicx.search.shapes import CONNECTIVES, Shape, check_space, describe_space

if TYPE_CHECKING:
    from threading import Event

    import numpy as np
    from numpy.typing import NDArray

    from logicx.bank import ConceptBank
    from logicx.units import Units

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

    def explain(
        self, bank: ConceptBank, units: Units, name: str, on: NDArray[np.int64], stop: Event
    ) -> Explanation:
        """The best formula for one unit; `stop` is set where the run is broken off."""
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
    engine: Engine

    @staticmethod
    def of(
        strategy: str,
        goal: Objective,
        length: int,
        *,
        shape: str | None,
        time_limit: float | None,
        node_limit: int | None,
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
        engine = Engine("numba" if strategy == "optimal" else "numpy")
        return ProofSearch(strategy, goal, length, shape, time_limit, node_limit, engine)  # type: ignore[arg-type]

    def settings(self, bank: ConceptBank, units: Units) -> dict[str, Any]:
        """What decides the outcome."""
        return {
            "strategy": self.strategy,
            "length": self.length,
            "shape": self.shape,
            "time_limit": self.time_limit,
            "node_limit": self.node_limit,
            "steps": list(CONNECTIVES),
            "bank": bank.content,
            "units": units.content,
        }

    def explain(
        self, bank: ConceptBank, units: Units, name: str, on: NDArray[np.int64], stop: Event
    ) -> Explanation:
        """The best formula, and the bound that is proven."""
        is_interrupted = False
        if self.strategy == "optimal":
            from logicx.search.optimal import optimal

            proof = optimal(
                bank,
                on,
                objective=self.objective,
                length=self.length,
                shape=self.shape,
                time_limit=self.time_limit,
                node_limit=self.node_limit,
                stop=stop,
            )
            by_length, n_scored = proof.by_length, proof.counters.evaluations
            bound, is_proven = proof.bound, proof.is_proven
            is_interrupted = proof.is_interrupted
        else:
            from logicx.search.exhaustive import exhaustive

            tried = exhaustive(
                bank, on, objective=self.objective, length=self.length, shape=self.shape
            )
            by_length, n_scored = tried.by_length, tried.n_meanings
            bound, is_proven = tried.score, True
        found = [Scored(one.formula, one.score, one.counts) for one in by_length]
        best = found[-1]
        return Explanation(
            unit=name,
            formula=best.formula,
            score=best.score,
            counts=best.counts,
            length=best.formula.n_atoms,
            objective=self.objective.name,
            best_single=found[0],
            by_length=tuple(found),
            n_scored=n_scored,
            settings={"engine": self.engine.name, **self.settings(bank, units)},
            bound=bound,
            is_proven=is_proven,
            space=describe_space(bank.n_concepts, self.length, self.shape),
            is_interrupted=is_interrupted,
        )
