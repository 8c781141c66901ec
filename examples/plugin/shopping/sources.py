"""The source `basket`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import logicx
from logicx.errors import FileError


@dataclass(frozen=True)
class BasketSettings:
    """What the table `[basket]` of a recipe may hold.

    Args:
        separator: What stands between items.
        at_least: Items that are in fewer baskets are left out.
    """

    separator: str = ","
    at_least: int = 1


@logicx.source("basket", settings=BasketSettings)
def basket(
    path: Path,
    settings: BasketSettings,
    *,
    name: str,
    source: dict[str, Any],
    progress: Callable[[int, int], None] | None,
) -> logicx.ConceptBank:
    """A cell for each line, which is a basket, and a concept for each item."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} is no text: {error}") from error
    rows = [{item.strip() for item in line.split(settings.separator)} - {""} for line in lines]
    n_baskets = Counter(item for row in rows for item in row)
    items = sorted(item for item, n in n_baskets.items() if n >= settings.at_least)
    if not items:
        raise FileError(f"{path} has no item that is in {settings.at_least} baskets")
    masks = [[item in row for row in rows] for item in items]
    return logicx.ConceptBank.from_masks(masks, items, name=name)
