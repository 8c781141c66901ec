"""What an operator proposes to a search, as formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logicx.language.formula import Apply, Concept, Formula

if TYPE_CHECKING:
    from logicx.language.declaration import Operator
    from logicx.language.vocabulary import Vocabulary


def proposals(op: Operator, bank: Vocabulary) -> list[Formula]:
    """The operator on each concept, or each text, to which it says that it applies.

    Raises:
        PluginError: Its function fails, or gives something else.
    """
    proposed = op.proposed(bank)
    if op.takes_text:
        return [Apply(op.keyword, (), (text,)) for text in proposed]
    return [Apply(op.keyword, (Concept(name),)) for name in proposed]
