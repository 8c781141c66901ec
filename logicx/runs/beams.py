"""The beam as `explain` runs it: its options checked, and one unit after the other."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from logicx.errors import OptionError
from logicx.language.printing import format_formula
from logicx.runs.answers import check_width, with_kept
from logicx.runs.planning import Plan
from logicx.runs.presets import preset_named
from logicx.runs.proofs import OptimalSearch
from logicx.runs.running import Engine, choose_engine
from logicx.runs.strategies.optimal import Optimal
from logicx.scoring.objectives import Objective
from logicx.scoring.results import Explanation, Scored, Skipped
from logicx.scoring.score import best_single
from logicx.search.formulas.atoms import atoms_in
from logicx.search.formulas.ceiling import ceiling
from logicx.search.formulas.moved import check_moves
from logicx.search.formulas.moves import ways_of
from logicx.search.formulas.shapes import CONNECTIVES
from logicx.search.formulas.support import check_reachable
from logicx.search.heuristics import NONE, heuristic_named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from logicx.banks.bank import ConceptBank
    from logicx.runs.strategies.beam import Beam
    from logicx.runs.strategies.roles import AskedUnit, SearchTask
    from logicx.scoring.objectives import Ratio
    from logicx.search.formulas.moves import Move
    from logicx.search.formulas.space import FormulaNode
    from logicx.search.formulas.steps import Step
    from logicx.search.heuristics.roles import Heuristic
    from logicx.search.space import Kept, SearchResult

SMALL = 1 << 30
"""Bytes that every machine is taken to have."""


@dataclass(frozen=True)
class BeamSearch:
    """The beam.

    Args:
        plan: What is searched and how.
        engine: What counts.
        concepts: The bank that is searched: concepts of enough cells, and other atoms.
        task: What is asked.
        proof: What bounds the outcome, or None.
        bound_time: CPU seconds of that for each unit.
    """

    plan: Plan
    engine: Engine
    concepts: ConceptBank
    task: SearchTask
    proof: OptimalSearch | None
    bound_time: float

    @staticmethod
    def of(options: Beam, task: SearchTask) -> BeamSearch:
        """The search that these options ask for.

        Raises:
            OptionError: One means nothing.
        """
        rules = preset_named(options.preset)
        beam = rules.beam(options.width, task.length, options.dedupe)
        ways, moves = ways_of(options.steps)
        check_moves(moves, task.bank.n_concepts, beam.width)
        guide = heuristic_named(options.heuristic)
        _check_guide(guide, task, ways)
        check_reachable(task.bank, task.min_support)
        _check_room(beam.width, task.bank)
        goal = rules.goal(task.objective)
        _check_lanes(options, guide, moves)
        negates = _negates(options, guide, ways)
        proof = None
        if options.bound_time != 0:
            _check_provable([str(one) for one in (*ways, *moves)], options.penalty)
            task_of_proof = replace(task, objective=goal, min_support=0)
            proof = _proof(task_of_proof, options.bound_time, negates)
        check_width(options.alternatives, beam.width)
        plan = Plan(
            *(beam, goal, rules, ways, options.penalty, task.min_support, guide),
            negates=negates,
            joins=options.grow == "pairs",
            moves=moves,
            alternatives=options.alternatives,
        )
        engine = choose_engine(options.engine, plan, task.bank, task.n_units)
        return BeamSearch(plan, engine, task.bank, task, proof, options.bound_time)

    @property
    def objective(self) -> Objective:
        """What is maximised."""
        return self.plan.goal

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the outcome; the engine and the threads do not."""
        plan = self.plan
        return {
            "strategy": "beam",
            "length": plan.beam.length,
            "beam": plan.beam.width,
            "preset": plan.rules.name,
            "dedupe": plan.beam.dedupe,
            "penalty": plan.penalty,
            "steps": [str(one) for one in (*plan.steps, *plan.moves)],
            "heuristic": plan.heuristic.name,
            "min_support": plan.min_support,
            "min_atom_support": self.task.min_atom_support,
            "atoms": atoms_in(self.concepts),
            "bound_time": self.bound_time if self.proof else 0,
            **self.task.choice,
            **({"literals": True} if plan.negates else {}),
            **({"grow": "pairs"} if plan.joins else {}),
            **({"alternatives": plan.alternatives} if plan.alternatives > 1 else {}),
        }

    @property
    def parts(self) -> Sequence[tuple[str, Any]]:
        """Heuristic and preset."""
        return (("heuristic", self.plan.heuristic), ("preset", self.plan.rules))

    def units_at_once(self) -> int:
        """How many units the engine searches together; one where a bound is proven for each."""
        if self.proof is not None:
            return 1
        return self.engine.units_at_once(self.concepts, self.plan.beam.width + self.plan.extra)

    def explain(self, units: Sequence[AskedUnit], stop: Event) -> list[Explanation | Skipped]:
        """The best formula of the beam for each of some units, and a bound if one is to be proven.

        A unit is skipped where the preset's rules leave the beam empty.
        """
        needs_mask = self.plan.heuristic.needs_mask
        masks = [one.mask() if needs_mask else None for one in units]
        results = self.engine.search(self.plan, self.concepts, [one.firing for one in units], masks)
        return [self._told(*one, stop) for one in zip(units, results, strict=True)]

    def _told(
        self, unit: AskedUnit, result: SearchResult[FormulaNode], stop: Event
    ) -> Explanation | Skipped:
        plan = self.plan
        if not result.levels[0]:
            support = f" and holds at {plan.min_support:,} cells" if plan.min_support else ""
            return Skipped(
                unit.name,
                f"no concept scores above 0{support}, and preset={plan.rules.name} begins with "
                "those that do",
            )
        best, first = result.levels[-1][0], result.levels[0][0].node
        single = _kept(result.levels[0][0])
        if first.is_negated:
            single = best_single(self.concepts, unit.firing, plan.goal)
        found = Explanation(
            unit=unit.name,
            formula=best.node.formula,
            score=best.score,
            counts=best.node.counts,
            length=best.node.length,
            objective=plan.goal.name,
            best_single=single,
            by_length=_best_by_length(result),
            n_scored=result.n_scored,
            n_estimated=result.n_estimated,
            ceiling=ceiling(self.concepts.size, unit.firing, plan.goal),
        )
        found = with_kept(found, result.levels[-1], plan.alternatives)
        found = replace(found, notes=_too_long(plan.moves, plan.beam.length))
        if self.proof is None:
            return found
        try:
            proven = self.proof.prove(unit, stop, incumbent=found.formula)
        except OptionError as error:  # numbers too large for exact arithmetic: the beam stands
            return replace(found, notes=(*found.notes, f"no bound was proven: {error.message}"))
        return _bounded(found, proven, plan.goal, plan.min_support)


def _too_long(moves: Sequence[Move], length: int) -> tuple[str, ...]:
    """A note for each way that has no part in a search because its results are too long."""
    return tuple(
        f"{one} has no part in it: it makes formulas of {len(one.slots)} concepts or more, and "
        f"length is {length}"
        for one in moves
        if 1 < length < len(one.slots)
    )


def _check_guide(guide: Heuristic, task: SearchTask, steps: Sequence[Step]) -> None:
    """Refuse a heuristic that cannot estimate this search."""
    from logicx.search.heuristics.groups import has_groups

    guide.check(task.bank.universe, task.objective, steps)
    if guide.needs_mask and has_groups(task.bank.universe) and not task.has_masks:
        raise OptionError(
            f"the heuristic {guide.name} must know at which cells units fire, but these are "
            "kept as counts by signature",
            hint="use heuristic=bounds or diou-sum, or units from masks or activations",
        )


def _negates(options: Beam, guide: Heuristic, steps: Sequence[Step]) -> bool:
    """Whether formulas are over literals: as asked, or by default where that means something."""
    if options.literals is not None:
        return options.literals
    is_plain = preset_named(options.preset).name == "default" and guide is NONE
    return is_plain and any(one.is_negated for one in steps)


def _check_lanes(options: Beam, guide: Heuristic, moves: Sequence[Move]) -> None:
    """Refuse a second lane where there is none."""
    for name, value, off in (
        ("literals", options.literals, "off"),
        ("grow", options.grow == "pairs", "atoms"),
        ("steps", bool(moves), "OR,AND,AND NOT"),
    ):
        if value and preset_named(options.preset).name != "default":
            raise OptionError(
                f"{name} means nothing to the preset {preset_named(options.preset).name}, which "
                "searches as it was published",
                hint=f"use preset=default, or {name}={off}",
            )
        if value and guide is not NONE:
            raise OptionError(
                f"the heuristic {guide.name} has no estimates for what {name} adds",
                hint=f"use heuristic=none, or {name}={off}",
            )


def _check_provable(steps: Sequence[str], penalty: float) -> None:
    """Refuse searches that lead out of the space of a proof."""
    beyond = [one for one in steps if one not in CONNECTIVES]
    if beyond or penalty != 1:
        raise OptionError(
            "bound_time proves bounds over OR, AND and AND NOT without a penalty, not "
            + (f"over {', '.join(beyond)}" if beyond else f"with penalty={penalty:g}"),
            hint="leave bound_time away",
        )


def _proof(task: SearchTask, seconds: float, literals: bool) -> OptimalSearch:
    """What bounds the outcome: the strategy with a proof, over the beam's own atoms."""
    try:
        return OptimalSearch.of(Optimal(time_limit=seconds, literals=literals), task)
    except OptionError as error:
        if find_spec("numba") is None:
            raise
        message = error.message.replace("time_limit", "bound_time")
        raise OptionError(message, hint="leave bound_time away") from None


def _bounded(
    found: Explanation, proven: Explanation, goal: Objective, min_support: int
) -> Explanation:
    """What the beam found, with the bound of a proof that started from it."""
    make = getattr(goal, "ratio", None)  # floats of different ratios may be equal
    ratio: Ratio | None = make and make(found.counts.tp + found.counts.fn, found.counts.n_cells)
    mine, best = (
        ratio.at(one.counts.tp, one.counts.fp) if ratio else one.score for one in (found, proven)
    )
    is_proven = bool(proven.is_proven) and best == mine
    notes = found.notes
    if best > mine and proven.counts.tp + proven.counts.fp >= min_support:
        text = format_formula(proven.formula)
        notes += (f"a proof found a better formula: {text} ({proven.score:.4f})",)
    return replace(
        found,
        bound=found.score if is_proven else proven.bound,
        is_proven=is_proven,
        space=proven.space,
        notes=notes,
        is_interrupted=proven.is_interrupted,
    )


def _check_room(width: int, bank: ConceptBank) -> None:
    """Refuse a beam whose rows of counts, two for each formula and its children, exceed memory."""
    needed = 4 * 8 * width * bank.n_concepts
    if needed > SMALL and needed > _memory():
        raise OptionError(
            f"a beam of {width:,} over {bank.n_concepts:,} concepts takes {needed >> 30:,} GiB, "
            "more than this machine has",
            hint="set a smaller beam",
        )


def _memory() -> int:
    """Bytes of memory of this machine, where that is known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return sys.maxsize


def _best_by_length(result: SearchResult[FormulaNode]) -> tuple[Scored, ...]:
    """The best of each level; where it is the last one's, the same object."""
    told: list[Scored] = []
    last = None
    for level in result.levels:
        told.append(told[-1] if level[0].node is last else _kept(level[0]))
        last = level[0].node
    return tuple(told)


def _kept(one: Kept[FormulaNode]) -> Scored:
    return Scored(one.node.formula, one.score, one.node.counts)
