"""A search by named operators alone: what its steps and atoms then are."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from logicx.errors import OptionError
from logicx.language.registry import OPERATORS
from logicx.search.formulas.atoms import AUTO, CONCEPTS

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT = "NOT"


def operators_of(given: str | Sequence[str]) -> tuple[str, ...]:
    """The keywords of a list, or of a text with commas between them; none of the empty text.

    Raises:
        LogicxError: One of them is no operator.
    """
    if isinstance(given, str) and not given.strip():
        return ()
    texts = given.split(",") if isinstance(given, str) else list(given)
    return tuple(dict.fromkeys(OPERATORS.get(str(one).strip().upper()).keyword for one in texts))


def limited(strategy: Any, operators: Sequence[str]) -> Any:
    """The strategy with these operators alone: its steps, and whether NOT stands before atoms.

    Every connective is a step, and AND NOT is one where AND and NOT are named.

    Raises:
        OptionError: It has no steps, or was given some; or these operators make none.

    Example:
        >>> from logicx import Beam
        >>> limited(Beam(), ["OR", "AND"]).steps
        ('OR', 'AND')
    """
    known = {one.name: one.default for one in fields(strategy)}
    if "steps" not in known:
        raise OptionError(
            f"operators means nothing to the strategy {strategy.name}, whose operators are fixed",
            hint="strategy=beam has it",
        )
    if strategy.steps != known["steps"]:
        raise OptionError(
            "operators and steps are both given", hint="give one of them: operators make the steps"
        )
    steps = [one for one in operators if OPERATORS.get(one).kind == "connective" and one != NOT]
    if not steps:
        raise OptionError(
            f"operators={','.join(operators)} names no way to extend a formula",
            hint="name connectives such as OR, AND, XOR; with NOT and AND there is AND NOT, too",
        )
    if {"AND", NOT} <= {*operators}:
        steps.append(f"AND {NOT}")
    changed: dict[str, Any] = {"steps": tuple(steps)}
    if "literals" in known and NOT not in operators:
        changed["literals"] = False
    return replace(strategy, **changed)


def atoms_by(operators: Sequence[str], atoms: str | Sequence[str]) -> str | Sequence[str]:
    """What atoms are made of: left open, of the named operators those that make some."""
    if atoms != AUTO or not operators:
        return atoms
    return [one for one in operators if OPERATORS.get(one).proposes] or CONCEPTS
