"""The optimum over a stated space: proven, or by trying every formula."""

from __future__ import annotations

from dataclasses import dataclass
from math import nextafter
from typing import TYPE_CHECKING, Any

from logicx.errors import OptionError
from logicx.runs.answers import with_best, with_near
from logicx.runs.running import Engine
from logicx.scoring.objectives import Objective
from logicx.scoring.results import Explanation, Scored
from logicx.scoring.score import best_single
from logicx.search.formulas.atoms import atoms_in
from logicx.search.formulas.ceiling import ceiling
from logicx.search.formulas.choosing import told
from logicx.search.formulas.moves import connectives_of, is_plain
from logicx.search.formulas.near import near_best
from logicx.search.formulas.shapes import CONNECTIVES, check_space, describe_space, is_atom

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from logicx.language.formula import Formula
    from logicx.runs.strategies.exhaustive import Exhaustive
    from logicx.runs.strategies.optimal import Optimal
    from logicx.runs.strategies.roles import AskedUnit, SearchTask
    from logicx.search.formulas.moves import Move
    from logicx.search.formulas.shapes import Outcome
    from logicx.search.optimal.searching import Certified


@dataclass(frozen=True)
class OptimalSearch:
    """The optimum, proven.

    Args:
        options: Shape and limits.
        task: What is searched.
    """

    options: Optimal
    task: SearchTask
    parts: Sequence[tuple[str, Any]] = ()

    @staticmethod
    def of(options: Optimal, task: SearchTask) -> OptimalSearch:
        """The search that these options ask for.

        Raises:
            OptionError: One means nothing, or there is no proof for the objective.
        """
        from logicx.search.optimal.linear import ratio_of
        from logicx.search.optimal.searching import check_options

        ways, ratio = connectives_of(options.steps, options.shape), None
        if is_plain(ways):
            ratio = ratio_of(task.objective, 1, 2)
        else:
            from logicx.search.optimal.by_tables import check_ways

            check_ways(ways, task.length, task.objective)
            if options.node_limit is not None or options.within is not None:
                option = "within" if options.node_limit is None else "node_limit"
                raise OptionError(
                    f"{option} is for proofs over OR, AND and AND NOT",
                    hint=f"leave {option} or steps away; time_limit works with all connectives",
                )
        if is_plain(ways) and ratio is None and options.within is not None:
            raise OptionError(
                f"strategy optimal tells no formulas near the best by {task.objective.name}, which "
                "is no exact ratio of counts",
                hint="use objective=iou or another ratio; or strategy=exhaustive on a small bank",
            )
        check_options(task.length, options.shape, options.time_limit, options.node_limit)
        if task.min_support:
            raise OptionError(
                "strategy optimal has no min_support: a proof does not look at how many cells a "
                "formula holds at, only at its score",
                hint="strategy=beam and exhaustive have it; min_atom_support is for all",
            )
        if options.alternatives > 1:
            raise OptionError(
                "strategy optimal proves the best formula only, not the next ones",
                hint="strategy=exhaustive proves them on small banks; strategy=beam has those that "
                "it kept",
            )
        return OptimalSearch(options, task)

    @property
    def engine(self) -> Engine:
        """What counts: compiled code, NumPy where other connectives are asked for."""
        return Engine("numba" if is_plain(self._ways) else "numpy")

    @property
    def _ways(self) -> tuple[Move, ...]:
        return connectives_of(self.options.steps, self.options.shape)

    @property
    def objective(self) -> Objective:
        """What is maximised."""
        return self.task.objective

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the outcome."""
        options = self.options
        return _settings(self.task, options, options.time_limit, options.node_limit)

    def units_at_once(self) -> int:
        """One: proofs do not share work."""
        return 1

    def explain(self, units: Sequence[AskedUnit], stop: Event) -> list[Explanation]:
        """The best formula, and the bound that is proven, for each of some units."""
        return [self.prove(one, stop) for one in units]

    def prove(self, unit: AskedUnit, stop: Event, incumbent: Formula | None = None) -> Explanation:
        """The best formula, and the bound that is proven; it may start from an incumbent."""
        if not is_plain(self._ways):
            return self._by_tables(unit, stop)
        from logicx.search.optimal.searching import optimal

        proof = optimal(
            self.task.bank,
            unit.firing,
            objective=self.objective,
            length=self.task.length,
            shape=self.options.shape,
            time_limit=self.options.time_limit,
            node_limit=self.options.node_limit,
            stop=stop,
            incumbent=incumbent,
            literals=self.options.literals,
            within=self.options.within,
        )
        return self._certified(unit, proof)

    def _by_tables(self, unit: AskedUnit, stop: Event) -> Explanation:
        from logicx.search.optimal.by_tables import best_of_triples
        from logicx.search.optimal.limits import Limits

        proof = best_of_triples(
            *(self.task.bank, unit.firing, self.objective, self._ways, self.task.length),
            self.options.shape,
            self.options.literals,
            Limits(self.options.time_limit, None, stop),
        )
        return self._certified(unit, proof)

    def _certified(self, unit: AskedUnit, proof: Certified) -> Explanation:
        found = _explained(
            *(unit, self.task, self.options, proof),
            n_scored=proof.counters.evaluations,
            bound=proof.bound,
            is_proven=proof.is_proven,
            is_interrupted=proof.is_interrupted,
        )
        return found if proof.near is None else with_near(found, proof.near)


@dataclass(frozen=True)
class ExhaustiveSearch:
    """The optimum, by trying every formula.

    Args:
        options: The shape.
        task: What is searched.
    """

    options: Exhaustive
    task: SearchTask
    engine = Engine("numpy")
    parts: Sequence[tuple[str, Any]] = ()

    @staticmethod
    def of(options: Exhaustive, task: SearchTask) -> ExhaustiveSearch:
        """The search that this option asks for.

        Raises:
            OptionError: It means nothing.
        """
        check_space(task.length, options.shape)
        if options.within is not None and not is_plain(connectives_of(options.steps)):
            raise OptionError(
                "within speaks of formulas of OR, AND and AND NOT",
                hint="leave steps away, or ask for alternatives",
            )
        return ExhaustiveSearch(options, task)

    @property
    def objective(self) -> Objective:
        """What is maximised."""
        return self.task.objective

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the outcome."""
        return _settings(self.task, self.options)

    def units_at_once(self) -> int:
        """One: units do not share work."""
        return 1

    def explain(self, units: Sequence[AskedUnit], stop: Event) -> list[Explanation]:
        """The best formula of all for each of some units."""
        from logicx.search.formulas.exhaustive import exhaustive

        found = []
        for one in units:
            tried = exhaustive(
                self.task.bank,
                one.firing,
                objective=self.objective,
                length=self.task.length,
                shape=self.options.shape,
                min_support=self.task.min_support,
                literals=self.options.literals,
                steps=self.options.steps,
                alternatives=self.options.alternatives,
            )
            explained = _explained(
                *(one, self.task, self.options, tried),
                n_scored=tried.n_meanings,
                bound=tried.score,
                is_proven=True,
            )
            asked = self.options.alternatives
            explained = with_best(explained, tried.alternatives, asked)
            found.append(self._with_near(explained, one))
        return found

    def _with_near(self, found: Explanation, unit: AskedUnit) -> Explanation:
        options, task = self.options, self.task
        if options.within is None:
            return found
        near = near_best(
            *(task.bank, unit.firing, self.objective, options.within, found.counts),
            length=task.length,
            shape=options.shape,
            literals=options.literals,
            min_support=task.min_support,
        )
        return with_near(found, near)


def _settings(
    task: SearchTask,
    options: Optimal | Exhaustive,
    time_limit: float | None = None,
    node_limit: int | None = None,
) -> dict[str, Any]:
    return {
        "strategy": options.name,
        "length": task.length,
        "shape": options.shape,
        "time_limit": time_limit,
        "node_limit": node_limit,
        "min_support": task.min_support,
        "min_atom_support": task.min_atom_support,
        "atoms": atoms_in(task.bank),
        "steps": _steps(options),
        **task.choice,
        **({"literals": True} if options.literals else {}),
        **({"alternatives": options.alternatives} if options.alternatives > 1 else {}),
        **({} if options.within is None else {"within": options.within}),
    }


def _steps(options: Optimal | Exhaustive) -> list[str]:
    """The connectives as a journal notes them."""
    ways = connectives_of(options.steps, options.shape)
    return list(CONNECTIVES) if is_plain(ways) else [str(one) for one in ways]


def _explained(
    unit: AskedUnit,
    task: SearchTask,
    options: Optimal | Exhaustive,
    outcome: Outcome,
    *,
    n_scored: int,
    bound: float,
    is_proven: bool,
    is_interrupted: bool = False,
) -> Explanation:
    """What was found over a space, and the bound on it."""
    bank, goal = task.bank, task.objective
    top = ceiling(bank.size, unit.firing, goal)
    if top is not None and not is_proven:
        bound = min(bound, nextafter(top, 2))  # the next float: scores near it may round up
    found = [Scored(one.formula, one.score, one.counts) for one in outcome.by_length]
    best, single = found[-1], found[0]
    if not is_atom(single.formula):  # no concept alone holds at enough cells, or NOT stands before
        single = best_single(bank, unit.firing, goal)
    return Explanation(
        unit=unit.name,
        formula=best.formula,
        score=best.score,
        counts=best.counts,
        length=best.formula.n_atoms,
        objective=goal.name,
        best_single=single,
        by_length=tuple(found),
        n_scored=n_scored,
        bound=bound,
        is_proven=is_proven,
        space=describe_space(
            *(bank, task.length, options.shape, task.min_atom_support, task.min_support),
            literals=options.literals,
            ways=connectives_of(options.steps, options.shape),
            choice=told(task.only, task.exclude),
        ),
        is_interrupted=is_interrupted,
        ceiling=top,
    )
