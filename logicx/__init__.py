"""logicx: when does this neuron fire? As a formula over concepts, with a score.

>>> import logicx
>>> print(logicx.parse("water or river and not blue"))
water OR (river AND NOT blue)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.faces import face

_HOMES = {
    "__version__": "logicx.resources",
    "Apply": "logicx.language.formula",
    "Beam": "logicx.runs.strategies.beam",
    "Column": "logicx.banks.tables",
    "Concept": "logicx.language.formula",
    "ConceptBank": "logicx.banks.bank",
    "Counts": "logicx.scoring.counts",
    "Exhaustive": "logicx.runs.strategies.exhaustive",
    "Explanation": "logicx.scoring.results",
    "Firing": "logicx.units.firing",
    "Formula": "logicx.language.formula",
    "GroupCells": "logicx.banks.signatures",
    "Incidence": "logicx.banks.signatures",
    "LogicxError": "logicx.errors",
    "Optimal": "logicx.runs.strategies.optimal",
    "Preset": "logicx.runs.presets",
    "SearchTask": "logicx.runs.strategies.roles",
    "Threshold": "logicx.units.thresholds",
    "Units": "logicx.units.units",
    "Universe": "logicx.banks.universe",
    "Vocabulary": "logicx.language.vocabulary",
    "any_of": "logicx.language.formula",
    "canonical": "logicx.language.canon",
    "compile_recipe": "logicx.sources.recipes",
    "explain": "logicx.runs.explain",
    "format_formula": "logicx.language.printing",
    "heuristic": "logicx.search.heuristics",
    "objective": "logicx.scoring.objectives",
    "open_units": "logicx.units.loading",
    "operator": "logicx.language.registration",
    "parse": "logicx.language.parsing",
    "read_journal": "logicx.runs.journal",
    "register": "logicx.runs.parts",
    "run_journal": "logicx.runs.journaling",
    "score": "logicx.scoring.score",
    "source": "logicx.sources.source",
    "strategy": "logicx.runs.strategies.registry",
    "threshold": "logicx.units.thresholds",
}
"""Where each public name lives; modules are imported when a name is first used."""

if TYPE_CHECKING:
    from logicx.banks.bank import ConceptBank
    from logicx.banks.signatures import GroupCells, Incidence
    from logicx.banks.tables import Column
    from logicx.banks.universe import Universe
    from logicx.errors import LogicxError
    from logicx.language.canon import canonical
    from logicx.language.formula import Apply, Concept, Formula, any_of
    from logicx.language.parsing import parse
    from logicx.language.printing import format_formula
    from logicx.language.registration import operator
    from logicx.language.vocabulary import Vocabulary
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
else:
    __getattr__, __dir__ = face(__name__, _HOMES)

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
    "GroupCells",
    "Incidence",
    "LogicxError",
    "Optimal",
    "Preset",
    "SearchTask",
    "Threshold",
    "Units",
    "Universe",
    "Vocabulary",
    "any_of",
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
