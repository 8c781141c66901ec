"""The strategies that come with logicx."""

from __future__ import annotations

from typing import Any

from logicx.runs.strategies.beam import Beam
from logicx.runs.strategies.exhaustive import Exhaustive
from logicx.runs.strategies.optimal import Optimal

STRATEGIES: tuple[type[Any], ...] = (Beam, Optimal, Exhaustive)
"""A command line makes its options of them, so they import little."""
