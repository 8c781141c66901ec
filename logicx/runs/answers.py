"""More answers than one: the next best formulas of other meanings, and what is known of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from logicx.errors import OptionError
from logicx.scoring.results import Explanation, Scored
from logicx.search.beam import Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logicx.search.formulas.near import Near
    from logicx.search.formulas.shapes import Found
    from logicx.search.formulas.space import FormulaNode
    from logicx.search.space import Kept


def check_width(alternatives: int, width: int) -> None:
    """Refuse more formulas than a beam keeps.

    Raises:
        OptionError: It keeps fewer.
    """
    if alternatives > width:
        raise OptionError(
            f"a beam of {width:,} does not keep {alternatives:,} formulas",
            hint=f"set beam={alternatives} or more, or fewer alternatives",
        )


def with_kept(
    found: Explanation, beam: Sequence[Kept[FormulaNode]], alternatives: int
) -> Explanation:
    """What a beam found, with the best formulas of other meanings that it kept to the end."""
    if alternatives == 1:
        return found
    seen = Seen["FormulaNode"]("meaning")
    best = [one for one in beam if seen.is_new(one.node)][:alternatives]
    told = tuple(Scored(one.node.formula, one.score, one.node.counts) for one in best)
    few = "" if len(told) == alternatives else f"; it kept no more than {len(told):,}"
    certificate = (
        f"the best {len(told):,} of different meaning that the beam kept{few}: "
        "others that it did not keep may be as good"
    )
    return replace(found, alternatives=told, certificate=certificate)


def with_best(found: Explanation, best: Sequence[Found], alternatives: int) -> Explanation:
    """What is proven to be the best, with the next best formulas of other meanings, proven too."""
    if alternatives == 1:
        return found
    told = tuple(Scored(one.formula, one.score, one.counts) for one in best)
    few = "" if len(told) == alternatives else "; the space has no more"
    certificate = f"proven: the best {len(told):,} of different meaning{few}"
    return replace(found, alternatives=told, is_complete=True, certificate=certificate)


def with_near(found: Explanation, near: Near) -> Explanation:
    """The best formula, with the irreducible ones near it."""
    told = tuple(Scored(one.formula, one.score, one.counts) for one in near.found)
    return replace(
        found, alternatives=told, is_complete=near.is_complete, certificate=near.certificate
    )
