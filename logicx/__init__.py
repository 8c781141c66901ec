"""logicx: when does this neuron fire? As a formula over concepts, with a score.

>>> import logicx
>>> print(logicx.parse("water or river and not blue"))
water OR (river AND NOT blue)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logicx.bank import ConceptBank
    from logicx.canon import canonical
    from logicx.counts import Counts
    from logicx.errors import LogicxError
    from logicx.explaining import explain
    from logicx.formula import Apply, Concept, Formula
    from logicx.journaling import run_journal
    from logicx.language import format_formula, parse
    from logicx.loading import open_units
    from logicx.operators import operator
    from logicx.recipes import compile_recipe
    from logicx.results import Explanation
    from logicx.scoring import score
    from logicx.search.journal import read_journal
    from logicx.tables import Column
    from logicx.thresholds import Threshold
    from logicx.units import Units
    from logicx.universe import Universe

__version__ = "0.1.0"

_HOMES = {
    "Apply": "formula",
    "Column": "tables",
    "Concept": "formula",
    "ConceptBank": "bank",
    "Counts": "counts",
    "Explanation": "results",
    "Formula": "formula",
    "LogicxError": "errors",
    "Threshold": "thresholds",
    "Units": "units",
    "Universe": "universe",
    "canonical": "canon",
    "explain": "explaining",
    "format_formula": "language",
    "compile_recipe": "recipes",
    "open_units": "loading",
    "operator": "operators",
    "parse": "language",
    "read_journal": "search.journal",
    "run_journal": "journaling",
    "score": "scoring",
}
"""Where each public name lives; modules are imported when a name is first used."""

__all__ = [
    "Apply",
    "Column",
    "Concept",
    "ConceptBank",
    "Counts",
    "Explanation",
    "Formula",
    "LogicxError",
    "Threshold",
    "Units",
    "Universe",
    "canonical",
    "compile_recipe",
    "explain",
    "format_formula",
    "open_units",
    "operator",
    "parse",
    "read_journal",
    "run_journal",
    "score",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'logicx' has no attribute {name!r}")
    value = getattr(import_module(f"logicx.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
