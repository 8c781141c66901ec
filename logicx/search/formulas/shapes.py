"""Which formulas a proof speaks of: chains or trees over OR, AND and AND NOT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from logicx.errors import OptionError
from logicx.language.formula import Apply, Concept, Formula, post_order
from logicx.search.space import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from logicx.banks.bank import ConceptBank
    from logicx.scoring.counts import Counts
    from logicx.search.formulas.moves import Move

Shape = Literal["tree", "chain"]
SHAPES = {
    "tree": "any tree: f and g are formulas",
    "chain": "chains: f is a formula, g is one concept",
}

Connective = Literal["OR", "AND", "AND NOT"]
CONNECTIVES: tuple[Connective, ...] = ("OR", "AND", "AND NOT")

COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    "OR": lambda f, g: f | g,
    "AND": lambda f, g: f & g,
    "AND NOT": lambda f, g: f & ~g,
}
"""What each connective does to packed bits, be they integers or arrays of words."""


@dataclass(frozen=True)
class Found:
    """A formula, its score, and its exact counts."""

    formula: Formula
    score: float
    counts: Counts


@dataclass(frozen=True)
class Outcome:
    """The best formulas of a space that were found.

    Args:
        by_length: The best of at most 1, 2, ... concepts.
    """

    by_length: tuple[Found, ...]

    @property
    def best(self) -> Found:
        """The best of all."""
        return self.by_length[-1]

    @property
    def formula(self) -> Formula:
        """The best formula."""
        return self.best.formula

    @property
    def score(self) -> float:
        """Its score."""
        return self.best.score

    @property
    def counts(self) -> Counts:
        """Its exact counts."""
        return self.best.counts


def join(connective: str, f: Formula, g: Formula) -> Formula:
    """The formula `f connective g`."""
    if connective == "AND NOT":
        return Apply("AND", (f, Apply("NOT", (g,))))
    return Apply(connective, (f, g))


def parts(formula: Formula) -> tuple[str, Formula, Formula] | None:
    """The inverse of `join`; None for a formula that `join` does not make."""
    if not isinstance(formula, Apply) or formula.operator not in ("OR", "AND"):
        return None
    if len(formula.args) != 2:
        return None
    f, g = formula.args
    if formula.operator == "AND" and isinstance(g, Apply) and g.operator == "NOT":
        return "AND NOT", f, g.args[0]
    return formula.operator, f, g


def complement(formula: Formula) -> Formula:
    """The formula that holds where this one does not, of the same atoms: NOT stands before atoms.

    By De Morgan's laws; `formula` is an atom, or made by the three connectives.

    Example:
        >>> from logicx.language.parsing import parse
        >>> print(complement(parse("a OR (b AND NOT c)")))
        (NOT a) AND (c OR NOT b)
    """
    found = parts(formula)
    if is_atom(formula) or found is None:
        return Apply("NOT", (formula,))
    keyword, f, g = found
    if keyword == "AND NOT":
        return _or(complement(f), g)
    if keyword == "AND":
        return _or(complement(f), complement(g))
    return Apply("AND", (complement(f), complement(g)))


def n_nots(formula: Formula) -> int:
    """How many NOTs a formula has."""
    return sum(isinstance(one, Apply) and one.operator == "NOT" for one in post_order(formula))


def _or(f: Formula, g: Formula) -> Formula:
    """Either of two, and what begins with NOT comes last, as people would write it."""
    begins = isinstance(f, Apply) and f.operator == "NOT"
    return Apply("OR", (g, f) if begins and parts(g) is None else (f, g))


def signed(formula: Formula) -> tuple[bool, Formula] | None:
    """A formula over literals as one by the three connectives, or as the complement of such a one.

    Any tree of OR, AND and NOT either holds where no concept does, and then is the complement of
    a formula by `f OR g`, `f AND g`, `f AND NOT g` of the same atoms, or is such a formula itself.

    Returns:
        Whether it is a complement, and that formula; None for one of other operators.
    """
    if is_atom(formula):
        return False, formula
    if not isinstance(formula, Apply) or formula.operator not in ("NOT", "OR", "AND"):
        return None
    inside = [signed(one) for one in formula.args]
    if formula.operator == "NOT":
        return None if inside[0] is None else (not inside[0][0], inside[0][1])
    if len(inside) != 2 or inside[0] is None or inside[1] is None:
        return None
    (is_not_f, f), (is_not_g, g) = inside[0], inside[1]
    if formula.operator == "OR":  # a OR b is NOT (NOT a AND NOT b)
        is_not_f, is_not_g = not is_not_f, not is_not_g
    if is_not_f and is_not_g:
        is_not, joined = True, join("OR", f, g)
    elif is_not_f or is_not_g:
        is_not, joined = False, join("AND NOT", *((g, f) if is_not_f else (f, g)))
    else:
        is_not, joined = False, join("AND", f, g)
    return is_not != (formula.operator == "OR"), joined


def is_atom(formula: Formula) -> bool:
    """Whether a formula is a concept, or another operator than NOT applied to one, or to a text."""
    if isinstance(formula, Apply):
        kinds = [type(one) for one in formula.args]
        return formula.operator != "NOT" and kinds in ([Concept], [])
    return True


def is_within(formula: Formula, shape: Shape) -> bool:
    """Whether a formula is an atom, or made by the three connectives in this shape."""
    if is_atom(formula):
        return True
    found = parts(formula)
    if found is None:
        return False
    _, f, g = found
    if shape == "chain" and not is_atom(g):
        return False
    return is_within(f, shape) and is_within(g, shape)


def check_space(length: int, shape: str) -> None:
    """Refuse lengths and shapes that mean nothing.

    Raises:
        OptionError: They do not.
    """
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise OptionError(f"length must be a whole number from 1, not {length!r}")
    if length > LONGEST:
        raise OptionError(f"length may be {LONGEST:,} at most, not {length:,}")
    if shape not in SHAPES:
        raise OptionError(f"shape is one of {', '.join(SHAPES)}, not {shape!r}")


def describe_space(
    bank: ConceptBank,
    length: int,
    shape: Shape,
    min_atom_support: int = 0,
    min_support: int = 0,
    literals: bool = False,
    ways: Sequence[Move] = (),
    choice: str = "",
) -> str:
    """The space in words; atoms that are derived from concepts are told from them.

    `choice` says which concepts those are, where they are not all of the bank.
    """
    names = [str(one) for one in ways] or ["f OR g", "f AND g", "f AND NOT g"]
    is_plain = set(names) == {"f OR g", "f AND g", "f AND NOT g"}
    n_derived = len(bank.derived)
    atoms = f"{bank.n_concepts - n_derived:,} concepts"
    if n_derived:
        operators = {one.operator for one in bank.derived.values() if isinstance(one, Apply)}
        atoms += f" and {n_derived:,} atoms by {', '.join(sorted(operators))}"
    which = f" that hold at {min_atom_support:,} cells or more" if min_atom_support else ""
    which += f" ({choice})" if choice else ""
    made = f"made by {', '.join(names)}; {SHAPES[shape]}"
    if literals and not is_plain:
        made = f"each with or without NOT before it, {made}"
    elif literals and shape == "tree":
        made = "each with or without NOT before it, made by f OR g, f AND g; any tree"
    elif literals:
        made += "; and the complement of each"
    space = f"all formulas of at most {length} of {atoms}{which}, repetitions counted, {made}"
    if min_support:
        space += f"; of which those that hold at {min_support:,} cells or more"
    left_out = ["other connectives, such as XOR" if is_plain else "other connectives"]
    if shape == "chain":
        left_out.append("formulas joined with formulas")
    if not literals and is_plain:
        left_out.append("formulas that hold where no concept does, such as NOT f")
    elif not literals:
        left_out.append("atoms with NOT before them")
    return f"{space}. Left out: {'; '.join(left_out)}"
