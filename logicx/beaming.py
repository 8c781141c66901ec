"""The beam as `explain` runs it: its options checked, and one unit after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from numbers import Integral
from typing import TYPE_CHECKING, Any

from logicx.errors import OptionError
from logicx.language import format_formula
from logicx.objectives import Objective
from logicx.results import Explanation, Scored, Skipped
from logicx.search.ceiling import ceiling
from logicx.search.running import Engine
from logicx.search.shapes import CONNECTIVES
from logicx.search.support import check_least, check_reachable, supported
from logicx.strategies import ProofSearch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from logicx.bank import ConceptBank
    from logicx.objectives import Ratio
    from logicx.search.beam import Dedupe
    from logicx.search.formulas import FormulaNode
    from logicx.search.space import Kept
    from logicx.units import Units


@dataclass(frozen=True)
class BeamSearch:
    """The beam."""

    length: int
    beam: int
    preset: str
    objective: Objective
    penalty: float
    steps: tuple[str, ...]
    engine: Engine
    dedupe: Dedupe
    min_support: int
    min_atom_support: int
    concepts: ConceptBank
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
        min_support: int = 0,
        min_atom_support: int = 0,
        bound_time: float = 0,
    ) -> BeamSearch:
        """The search that these options ask for; see `explain`.

        Raises:
            OptionError: One means nothing.
        """
        from logicx.search.formulas import Step
        from logicx.search.presets import preset as known_preset
        from logicx.search.running import choose_engine

        rules = known_preset(preset)
        goal = rules.goal(goal)
        strategy = rules.beam(whole(beam), whole(length), dedupe)
        if isinstance(steps, str):
            steps = steps.split(",")
        steps = tuple(dict.fromkeys(" ".join(str(one).upper().split()) for one in steps))
        if not any(steps):
            raise OptionError("steps is empty: name at least one way to extend a formula")
        for one in steps:
            Step.of(one)
        if not 0 < penalty <= 1:
            raise OptionError(f"penalty must lie above 0 and at most at 1, not {penalty:g}")
        check_least(min_support=min_support, min_atom_support=min_atom_support)
        concepts = supported(bank, min_atom_support)
        check_reachable(concepts, min_support)
        proof = None
        if bound_time != 0:
            _check_provable(steps, penalty)
            proof = _proof(concepts, goal, strategy.length, bound_time, min_atom_support)
        chosen = choose_engine(
            engine, concepts, strategy, goal, len(steps), n_units, rules.refuses_some
        )
        return BeamSearch(
            *(
                strategy.length,
                strategy.width,
                preset,
                goal,
                penalty,
                steps,
                chosen,
                strategy.dedupe,
            ),
            *(min_support, min_atom_support, concepts, proof),
        )

    def settings(self, bank: ConceptBank, units: Units) -> dict[str, Any]:
        """What decides the outcome; the engine and the threads do not."""
        return {
            "strategy": "beam",
            "length": self.length,
            "beam": self.beam,
            "preset": self.preset,
            "dedupe": self.dedupe,
            "penalty": self.penalty,
            "steps": list(self.steps),
            "min_support": self.min_support,
            "min_atom_support": self.min_atom_support,
            "bound_time": self.proof.time_limit if self.proof else 0,
            "bank": bank.content,
            "units": units.content,
        }

    def explain(
        self, bank: ConceptBank, units: Units, name: str, on: NDArray[np.int64]
    ) -> Explanation | Skipped:
        """The best formula of the beam, and a bound where one is to be proven.

        A unit is skipped where the preset's rules leave the beam empty.
        """
        from logicx.search.presets import preset

        rules = preset(self.preset)
        beam = rules.beam(self.beam, self.length, self.dedupe)
        result = self.engine.search(
            *(self.concepts, on, beam, self.objective, rules, self.steps, self.penalty),
            min_support=self.min_support,
        )
        if not result.levels[0]:
            support = f" and holds at {self.min_support:,} cells" if self.min_support else ""
            return Skipped(
                name,
                f"no concept scores above 0{support}, and preset={self.preset} begins with those "
                "that do",
            )
        best = result.levels[-1][0]
        single = result.levels[0][0]
        found = Explanation(
            unit=name,
            formula=best.node.formula,
            score=best.score,
            counts=best.node.counts,
            length=best.node.length,
            objective=self.objective.name,
            best_single=_kept(single),
            by_length=tuple(_kept(level[0]) for level in result.levels),
            n_scored=result.n_scored,
            settings={"engine": self.engine.name, **self.settings(bank, units)},
            ceiling=ceiling(bank.size, on, self.objective),
        )
        if self.proof is None:
            return found
        try:
            proven = self.proof.explain(bank, units, name, on, incumbent=found.formula)
        except OptionError as error:  # numbers too large for exact arithmetic: the beam stands
            return replace(found, notes=(f"no bound was proven: {error.message}",))
        return _bounded(found, proven, self.objective, self.min_support)


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
    n_on = found.counts.tp + found.counts.fn
    ratio: Ratio = goal.ratio(n_on, found.counts.n_cells)  # type: ignore[attr-defined]
    mine, best = (ratio.at(one.counts.tp, one.counts.fp) for one in (found, proven))
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


def _kept(one: Kept[FormulaNode]) -> Scored:
    return Scored(one.node.formula, one.score, one.node.counts)
