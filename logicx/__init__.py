"""logicx: when does this neuron fire? As a formula over concepts, with a score.

>>> import logicx
>>> print(logicx.parse("water or river and not blue"))
water OR (river AND NOT blue)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logicx.banks.bank import ConceptBank
    from logicx.banks.tables import Column
    from logicx.banks.universe import Universe
    from logicx.errors import LogicxError
    from logicx.language.canon import canonical
    from logicx.language.formula import Apply, Concept, Formula
    from logicx.language.operators import operator
    from logicx.language.parsing import format_formula, parse
    from logicx.resources import __version__ as __version__
    from logicx.runs.explain import explain
    from logicx.runs.journal import read_journal
    from logicx.runs.journaling import run_journal
    from logicx.runs.parts import register
    from logicx.runs.presets import Preset
    from logicx.runs.strategies.beam import Beam
    from logicx.runs.strategies.exhaustive import Exhaustive
    from logicx.runs.strategies.optimal import Optimal
    from logicx.runs.strategies.registry import strategy
    from logicx.runs.strategies.roles import SearchTask
    from logicx.scoring.counts import Counts
    from logicx.scoring.objectives import objective
    from logicx.scoring.results import Explanation
    from logicx.scoring.score import score
    from logicx.search.heuristics import heuristic
    from logicx.sources.recipes import compile_recipe
    from logicx.sources.source import source
    from logicx.units.firing import Firing
    from logicx.units.loading import open_units
    from logicx.units.thresholds import Threshold, threshold
    from logicx.units.units import Units

_HOMES = {
    "__version__": "resources",
    "Apply": "language.formula",
    "Beam": "runs.strategies.beam",
    "Column": "banks.tables",
    "Concept": "language.formula",
    "ConceptBank": "banks.bank",
    "Counts": "scoring.counts",
    "Exhaustive": "runs.strategies.exhaustive",
    "Explanation": "scoring.results",
    "Firing": "units.firing",
    "Formula": "language.formula",
    "LogicxError": "errors",
    "Optimal": "runs.strategies.optimal",
    "Preset": "runs.presets",
    "SearchTask": "runs.strategies.roles",
    "Threshold": "units.thresholds",
    "Units": "units.units",
    "Universe": "banks.universe",
    "canonical": "language.canon",
    "compile_recipe": "sources.recipes",
    "explain": "runs.explain",
    "format_formula": "language.parsing",
    "heuristic": "search.heuristics",
    "objective": "scoring.objectives",
    "open_units": "units.loading",
    "operator": "language.operators",
    "parse": "language.parsing",
    "read_journal": "runs.journal",
    "register": "runs.parts",
    "run_journal": "runs.journaling",
    "score": "scoring.score",
    "source": "sources.source",
    "strategy": "runs.strategies.registry",
    "threshold": "units.thresholds",
}
"""Where each public name lives; modules are imported when a name is first used."""

__all__ = [
    "Apply",
    "Beam",
    "Column",
    "Concept",
    "ConceptBank",
    "Counts",
    "Exhaustive",
    "Explanation",
    "Firing",
    "Formula",
    "LogicxError",
    "Optimal",
    "Preset",
    "SearchTask",
    "Threshold",
    "Units",
    "Universe",
    "canonical",
    "compile_recipe",
    "explain",
    "format_formula",
    "heuristic",
    "objective",
    "open_units",
    "operator",
    "parse",
    "read_journal",
    "register",
    "run_journal",
    "score",
    "source",
    "strategy",
    "threshold",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'logicx' has no attribute {name!r}")
    value = getattr(import_module(f"logicx.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
