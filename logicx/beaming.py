"""The beam as `explain` runs it: its options checked, and one unit after the other."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

from logicx.errors import OptionError
from logicx.objectives import Objective
from logicx.results import Explanation, Scored
from logicx.search.running import Engine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    import numpy as np
    from numpy.typing import NDArray

    from logicx.bank import ConceptBank
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
    ) -> BeamSearch:
        """The search that these options ask for; see `explain`.

        Raises:
            OptionError: One means nothing.
        """
        from logicx.search.beam import Beam
        from logicx.search.formulas import Step
        from logicx.search.presets import preset as known_preset
        from logicx.search.running import choose_engine

        rules = known_preset(preset)
        kept_once = rules.dedupe if dedupe is None else dedupe
        strategy = Beam(whole(beam), whole(length), kept_once)
        if isinstance(steps, str):
            steps = steps.split(",")
        steps = tuple(dict.fromkeys(" ".join(str(one).upper().split()) for one in steps))
        if not any(steps):
            raise OptionError("steps is empty: name at least one way to extend a formula")
        for one in steps:
            Step.of(one)
        if not 0 < penalty <= 1:
            raise OptionError(f"penalty must lie above 0 and at most at 1, not {penalty:g}")
        chosen = choose_engine(engine, bank, strategy, goal, len(steps), n_units)
        return BeamSearch(
            strategy.length, strategy.width, preset, goal, penalty, steps, chosen, kept_once
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
            "bank": bank.content,
            "units": units.content,
        }

    def explain(
        self, bank: ConceptBank, units: Units, name: str, on: NDArray[np.int64], stop: Event
    ) -> Explanation:
        """The best formula of the beam; a unit takes little, so it is searched to its end."""
        from logicx.search.beam import Beam
        from logicx.search.presets import preset

        rules = preset(self.preset)
        beam = Beam(self.beam, self.length, self.dedupe)
        result = self.engine.search(bank, on, beam, self.objective, rules, self.steps, self.penalty)
        best = result.levels[-1][0]
        single = result.levels[0][0]
        return Explanation(
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
        )


def whole(number: Any) -> Any:
    """A whole number of NumPy's as Python's own; anything else as it is."""
    return int(number) if isinstance(number, Integral) else number


def _kept(one: Kept[FormulaNode]) -> Scored:
    return Scored(one.node.formula, one.score, one.node.counts)
