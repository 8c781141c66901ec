"""The beam as `explain` runs it: its options checked, and one unit after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from numbers import Integral
from typing import TYPE_CHECKING, Any

from logicx.errors import OptionError
from logicx.language.printing import format_formula
from logicx.runs.running import Engine
from logicx.runs.strategies import ProofSearch
from logicx.scoring.objectives import Objective
from logicx.scoring.results import Explanation, Scored, Skipped
from logicx.search.formulas.atoms import AUTO, CONCEPTS, atoms_in, atoms_of, with_atoms
from logicx.search.formulas.ceiling import ceiling
from logicx.search.formulas.shapes import CONNECTIVES
from logicx.search.formulas.support import check_least, check_reachable, supported

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    import numpy as np
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.runs.planning import Plan
    from logicx.scoring.objectives import Ratio
    from logicx.search.beam import Dedupe
    from logicx.search.formulas.space import FormulaNode
    from logicx.search.formulas.steps import Step
    from logicx.search.heuristics.roles import Heuristic
    from logicx.search.space import Kept, SearchResult
    from logicx.units.units import Units


@dataclass(frozen=True)
class BeamSearch:
    """The beam.

    Args:
        plan: What is searched and how.
        engine: What counts.
        concepts: The bank that is searched: concepts of enough cells, and other atoms.
        min_atom_support: How many cells that is.
        proof: What bounds the outcome, or None.
    """

    plan: Plan
    engine: Engine
    concepts: ConceptBank
    min_atom_support: int
    proof: ProofSearch | None

    @staticmethod
    def of(
        bank: ConceptBank,
        goal: Objective,
        n_units: int,
        length: int,
        *,
        beam: int,
        preset: str,
        penalty: float,
        steps: str | Sequence[str],
        dedupe: Dedupe | None,
        engine: str,
        heuristic: str | Heuristic,
        has_masks: bool,
        atoms: str | Sequence[str] = AUTO,
        min_support: int = 0,
        min_atom_support: int = 0,
        bound_time: float = 0,
    ) -> BeamSearch:
        """The search that these options ask for; see `explain`.

        Raises:
            OptionError: One means nothing.
        """
        from logicx.runs.planning import Plan
        from logicx.runs.presets import preset as known_preset
        from logicx.runs.running import choose_engine
        from logicx.search.formulas.steps import Step
        from logicx.search.heuristics import heuristic_named as known_heuristic

        rules = known_preset(preset)
        strategy = rules.beam(whole(beam), whole(length), dedupe)
        texts = steps.split(",") if isinstance(steps, str) else steps
        named = dict.fromkeys(" ".join(str(one).upper().split()) for one in texts)
        if not any(named):
            raise OptionError("steps is empty: name at least one way to extend a formula")
        ways = tuple(Step.of(one) for one in named)
        guide = known_heuristic(heuristic)
        _check_guide(guide, bank, goal, ways, has_masks)
        if not 0 < penalty <= 1:
            raise OptionError(f"penalty must lie above 0 and at most at 1, not {penalty:g}")
        check_least(min_support=min_support, min_atom_support=min_atom_support)
        if atoms == AUTO and not rules.adds_derived:
            atoms = CONCEPTS
        concepts = supported(with_atoms(bank, atoms_of(bank, atoms)), min_atom_support)
        check_reachable(concepts, min_support)
        goal = rules.goal(goal)
        proof = None
        if bound_time != 0:
            _check_provable(tuple(named), penalty)
            proof = _proof(concepts, goal, strategy.length, bound_time, min_atom_support)
        plan = Plan(strategy, goal, rules, ways, penalty, min_support, guide)
        chosen = choose_engine(engine, plan, concepts, n_units)
        return BeamSearch(plan, chosen, concepts, min_atom_support, proof)

    @property
    def objective(self) -> Objective:
        """What is maximised."""
        return self.plan.goal

    def settings(self, bank: ConceptBank, units: Units) -> dict[str, Any]:
        """What decides the outcome; the engine and the threads do not."""
        plan = self.plan
        return {
            "strategy": "beam",
            "length": plan.beam.length,
            "beam": plan.beam.width,
            "preset": plan.rules.name,
            "dedupe": plan.beam.dedupe,
            "penalty": plan.penalty,
            "steps": [str(one) for one in plan.steps],
            "heuristic": plan.heuristic.name,
            "min_support": plan.min_support,
            "min_atom_support": self.min_atom_support,
            "atoms": atoms_in(self.concepts),
            "bound_time": self.proof.time_limit if self.proof else 0,
            "bank": bank.content,
            "units": units.content,
        }

    def units_at_once(self, bank: ConceptBank) -> int:
        """How many units the engine searches together; one where a bound is proven for each."""
        if self.proof is not None:
            return 1
        return self.engine.units_at_once(self.concepts, self.plan.beam.width)

    def explain(
        self,
        bank: ConceptBank,
        units: Units,
        names: Sequence[str],
        on: Sequence[NDArray[np.int64]],
        stop: Event,
    ) -> list[Explanation | Skipped]:
        """The best formula of the beam for each of some units, and a bound if one is to be proven.

        A unit is skipped where the preset's rules leave the beam empty.
        """
        needs_mask = self.plan.heuristic.needs_mask and units.has_masks
        masks = [units.mask(name, bank) if needs_mask else None for name in names]
        results = self.engine.search(self.plan, self.concepts, on, masks)
        return [self._told(bank, units, *one, stop) for one in zip(names, on, results, strict=True)]

    def _told(
        self,
        bank: ConceptBank,
        units: Units,
        name: str,
        on: NDArray[np.int64],
        result: SearchResult[FormulaNode],
        stop: Event,
    ) -> Explanation | Skipped:
        plan = self.plan
        if not result.levels[0]:
            support = f" and holds at {plan.min_support:,} cells" if plan.min_support else ""
            return Skipped(
                name,
                f"no concept scores above 0{support}, and preset={plan.rules.name} begins with "
                "those that do",
            )
        best, single = result.levels[-1][0], result.levels[0][0]
        found = Explanation(
            unit=name,
            formula=best.node.formula,
            score=best.score,
            counts=best.node.counts,
            length=best.node.length,
            objective=plan.goal.name,
            best_single=_kept(single),
            by_length=_best_by_length(result),
            n_scored=result.n_scored,
            n_estimated=result.n_estimated,
            settings={"engine": self.engine.name, **self.settings(bank, units)},
            ceiling=ceiling(bank.size, on, plan.goal),
        )
        if self.proof is None:
            return found
        try:
            proven = self.proof.prove(bank, units, name, on, stop, incumbent=found.formula)
        except OptionError as error:  # numbers too large for exact arithmetic: the beam stands
            return replace(found, notes=(f"no bound was proven: {error.message}",))
        return _bounded(found, proven, plan.goal, plan.min_support)


def _check_guide(
    guide: Heuristic, bank: ConceptBank, goal: Objective, steps: Sequence[Step], has_masks: bool
) -> None:
    """Refuse a heuristic that cannot estimate this search."""
    from logicx.search.heuristics.groups import has_groups

    guide.check(bank.universe, goal, steps)
    if guide.needs_mask and has_groups(bank.universe) and not has_masks:
        raise OptionError(
            f"the heuristic {guide.name} must know at which cells units fire, but these are "
            "kept as counts by signature",
            hint="use heuristic=bounds or diou-sum, or units from masks or activations",
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


def _proof(
    bank: ConceptBank, goal: Objective, length: int, seconds: float, min_atom_support: int
) -> ProofSearch:
    try:
        return ProofSearch.of(
            *(bank, "optimal", goal, length),
            shape="tree",
            time_limit=seconds,
            node_limit=None,
            atoms=CONCEPTS,
            min_atom_support=min_atom_support,
        )
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


def whole(number: Any) -> Any:
    """A whole number of NumPy's as Python's own; anything else as it is."""
    return int(number) if isinstance(number, Integral) else number


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
