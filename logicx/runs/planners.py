"""The search that a strategy makes of a task; each kind is imported when it is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from logicx.errors import PluginError
from logicx.runs.strategies.beam import Beam
from logicx.runs.strategies.exhaustive import Exhaustive
from logicx.runs.strategies.optimal import Optimal
from logicx.runs.strategies.options import options_of
from logicx.runs.strategies.others import OthersSearch
from logicx.runs.strategies.registry import STRATEGY_KIND

if TYPE_CHECKING:
    from logicx.runs.strategies.roles import SearchTask, UnitSearch


PLAIN = (str, int, float, bool, type(None))
"""What options may be, and lists of these: a journal notes them."""


def search_of(strategy: Any, task: SearchTask) -> UnitSearch:
    """The search that a strategy makes of a task; that of others checks what they find.

    Raises:
        OptionError: An option means nothing.
        PluginError: A strategy of another has options that are no plain values.
    """
    owner = STRATEGY_KIND.owner(type(strategy))
    if owner.is_builtin:
        return _own(strategy, task)
    options = {one.key: getattr(strategy, one.field) for one in options_of(strategy)}
    for key, value in options.items():
        items = value if isinstance(value, (list, tuple)) else [value]
        if not all(isinstance(one, PLAIN) for one in items):
            raise PluginError(
                f"the strategy {strategy.name!r} of {owner} has {key}={value!r}, which a journal "
                "cannot note",
                hint="options are text, numbers, True, False, None, or lists of these",
            )
    return OthersSearch(strategy, owner, task, json.loads(json.dumps(options)))


def _own(strategy: Beam | Optimal | Exhaustive, task: SearchTask) -> UnitSearch:
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
