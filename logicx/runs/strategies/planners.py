"""The searches of the strategies that came with logicx; each is imported when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.runs.strategies.beam import Beam
from logicx.runs.strategies.exhaustive import Exhaustive
from logicx.runs.strategies.optimal import Optimal

if TYPE_CHECKING:
    from logicx.runs.strategies.roles import SearchTask, UnitSearch


def planned(strategy: Beam | Optimal | Exhaustive, task: SearchTask) -> UnitSearch:
    """The search with a strategy's options, all of them checked; no unit is searched yet.

    Raises:
        OptionError: One means nothing.
    """
    if isinstance(strategy, Beam):
        from logicx.runs.beams import BeamSearch

        return BeamSearch.of(strategy, task)
    from logicx.runs.proofs import ExhaustiveSearch, OptimalSearch

    if isinstance(strategy, Optimal):
        return OptimalSearch.of(strategy, task)
    return ExhaustiveSearch.of(strategy, task)
