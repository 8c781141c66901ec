"""Strategies of others as `explain` runs them: what they find is counted, scored and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logicx.errors import LogicxError, PluginError
from logicx.language.formula import Apply, Formula, post_order
from logicx.language.registry import operators
from logicx.parts import answering
from logicx.runs.running import Engine
from logicx.scoring.counts import Counts, by_atoms, count
from logicx.scoring.objectives import score_counts
from logicx.scoring.results import Explanation, Scored, Skipped
from logicx.scoring.score import best_single
from logicx.search.formulas.atoms import atoms_in
from logicx.search.formulas.ceiling import ceiling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from logicx.parts import Owner
    from logicx.runs.strategies.roles import AskedUnit, SearchTask
    from logicx.scoring.objectives import Objective
    from logicx.units.firing import Firing


@dataclass(frozen=True)
class OthersSearch:
    """The search of a strategy that did not come with logicx.

    Args:
        strategy: The strategy.
        owner: Whose it is.
        task: What is searched.
        options: Those of the strategy, as plain values.
    """

    strategy: Any
    owner: Owner
    task: SearchTask
    options: dict[str, Any]
    engine = Engine("own")
    parts: Sequence[tuple[str, Any]] = ()

    @property
    def what(self) -> str:
        """What to call the strategy in errors."""
        return f"the strategy {self.strategy.name!r}"

    @property
    def objective(self) -> Objective:
        """What is maximised."""
        return self.task.objective

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the outcome."""
        return {
            "strategy": self.strategy.name,
            "length": self.task.length,
            **self.options,
            "min_support": self.task.min_support,
            "min_atom_support": self.task.min_atom_support,
            "atoms": atoms_in(self.task.bank),
            **self.task.choice,
            "steps": [],
        }

    def units_at_once(self) -> int:
        """One."""
        return 1

    def explain(self, units: Sequence[AskedUnit], stop: Event) -> list[Explanation | Skipped]:
        """What the strategy finds for each unit, counted and scored."""
        return [self._explain(one) for one in units]

    def _explain(self, unit: AskedUnit) -> Explanation | Skipped:
        with answering(self.what, self.owner):
            answer = self.strategy.search(self.task, unit.firing)
            answers = _several(answer)
        found = [self._checked(one, unit) for one in answers]
        if not found:
            return Skipped(unit.name, f"the strategy {self.strategy.name} found no formula")
        by_length = tuple(
            max(within, key=lambda one: one.score)
            for n in range(1, self.task.length + 1)
            if (within := [one for one in found if one.formula.n_atoms <= n])
        )
        best = by_length[-1]
        return Explanation(
            unit=unit.name,
            formula=best.formula,
            score=best.score,
            counts=best.counts,
            length=best.formula.n_atoms,
            objective=self.objective.name,
            best_single=best_single(self.task.bank, unit.firing, self.objective),
            by_length=by_length,
            n_scored=len(found),
            ceiling=ceiling(self.task.bank.size, unit.firing, self.objective),
        )

    def _checked(self, answer: Any, unit: AskedUnit) -> Scored:
        """A formula with its true counts and score.

        Raises:
            PluginError: It is none of the space, or the strategy says something untrue of it.
        """
        formula, *claims = answer if isinstance(answer, tuple) else (answer,)
        if not isinstance(formula, Formula):
            raise self._fault(
                f"gives {answer!r} for unit {unit.name!r}, which is no formula",
                "it is to give a Formula, or (Formula, Counts), or a list of these",
            )
        if formula.n_atoms > self.task.length:
            raise self._fault(
                f"gives {_shown(formula)} for unit {unit.name!r}: {formula.n_atoms} atoms, and the "
                f"length is {self.task.length}"
            )
        outside = _outside(formula, self.task)
        if outside:
            raise self._fault(f"gives {_shown(formula)} for unit {unit.name!r}: {outside}")
        counts = self._counts(formula, unit.firing)
        score = score_counts(self.objective, counts)
        if counts.tp + counts.fp < self.task.min_support:
            raise self._fault(
                f"gives {_shown(formula)} for unit {unit.name!r}, which holds at "
                f"{counts.tp + counts.fp:,} cells, fewer than "
                f"min_support={self.task.min_support:,}"
            )
        for claim in claims:
            true = counts if isinstance(claim, Counts) else score
            if claim != true:
                raise self._fault(
                    f"says {claim} of {_shown(formula)} for unit {unit.name!r}, and true is {true}"
                )
        return Scored(formula, score, counts)

    def _counts(self, formula: Formula, firing: Firing) -> Counts:
        try:
            return count(formula, self.task.bank, firing)
        except LogicxError as error:
            raise self._fault(f"gives {_shown(formula)}: {error.message}", error.hint) from error

    def _fault(self, what: str, hint: str = "") -> PluginError:
        return PluginError(f"{self.what} of {self.owner} {what}", hint=hint)


def _shown(formula: Formula) -> str:
    """A formula as text; of operators that are not there, as Python has it."""
    try:
        return str(formula)
    except LogicxError:
        return repr(formula)


def _several(answer: Any) -> list[Any]:
    """The answers that a strategy gives, one by one."""
    if answer is None:
        return []
    if isinstance(answer, (Formula, str)) or (
        isinstance(answer, tuple) and any(isinstance(one, (Counts, float)) for one in answer)
    ):
        return [answer]
    return list(answer)


def _outside(formula: Formula, task: SearchTask) -> str:
    """Why a formula is none of connectives over the atoms of the bank, or nothing."""
    known = {one.keyword: one for one in operators()}
    for node in post_order(by_atoms(formula, task.bank)):
        if isinstance(node, Apply):
            op = known.get(node.operator)
            if op is not None and op.kind != "connective":
                return f"{node} is no atom of this search (atoms={','.join(atoms_in(task.bank))})"
    return ""
