"""The search layer: program synthesis over spaces that need not be made of bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.faces import face

_HOMES = {
    "Beam": "logicx.search.beam",
    "Candidates": "logicx.search.space",
    "Estimated": "logicx.search.space",
    "Expansions": "logicx.search.space",
    "Expected": "logicx.search.listed",
    "Guided": "logicx.search.guided",
    "GuidedSpace": "logicx.search.space",
    "Kept": "logicx.search.space",
    "Listed": "logicx.search.listed",
    "Node": "logicx.search.space",
    "SearchResult": "logicx.search.space",
    "Space": "logicx.search.space",
}
"""Where each public name lives; modules are imported when a name is first used."""

if TYPE_CHECKING:
    from logicx.search.beam import Beam
    from logicx.search.guided import Guided
    from logicx.search.listed import Expected, Listed
    from logicx.search.space import (
        Candidates,
        Estimated,
        Expansions,
        GuidedSpace,
        Kept,
        Node,
        SearchResult,
        Space,
    )
else:
    __getattr__, __dir__ = face(__name__, _HOMES)

__all__ = [
    "Beam",
    "Candidates",
    "Estimated",
    "Expansions",
    "Expected",
    "Guided",
    "GuidedSpace",
    "Kept",
    "Listed",
    "Node",
    "SearchResult",
    "Space",
]
