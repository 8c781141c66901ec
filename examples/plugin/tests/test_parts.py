"""Every part against the kit of its kind."""

from __future__ import annotations

import shutil
from pathlib import Path

from logicx.testing import (
    check_heuristic,
    check_objective,
    check_operator,
    check_preset,
    check_source,
    check_strategy,
    check_threshold,
)


def test_operator() -> None:
    check_operator("EXCEPT")
    check_operator("FREQUENT")


def test_objective() -> None:
    check_objective("kappa")


def test_heuristic() -> None:
    check_heuristic("reach")


def test_strategy() -> None:
    check_strategy("greedy")


def test_threshold() -> None:
    check_threshold("otsu")


def test_source(tmp_path: Path) -> None:
    data = shutil.copy(Path(__file__).with_name("baskets.txt"), tmp_path)
    check_source("basket", data, {"at_least": 2})


def test_preset() -> None:
    check_preset("thrifty")
