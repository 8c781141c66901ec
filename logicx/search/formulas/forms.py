"""Formulas of OR, AND and NOT by their form: what remains of one where atoms are taken out.

A form is a literal, or OR or AND of several forms: NOT stands before atoms (De Morgan), chains of
one operator are flat, and order does not count. Where an atom is taken out, its sibling stands in
the place of the two; so what remains of a form does not depend on how it was written.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from logicx.language.formula import Apply, Formula
from logicx.search.formulas.shapes import complement, join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class Literal(NamedTuple):
    """A concept, with NOT before it or without."""

    concept: int
    is_negated: bool = False


class Joined(NamedTuple):
    """OR or AND of two forms or more, none of which is one of the same operator."""

    is_or: bool
    parts: frozenset[Form]


Form = Literal | Joined
"""What a formula says, by its operators."""


def joined(is_or: bool, forms: Iterable[Form]) -> Form:
    """OR or AND of some forms; one alone is itself."""
    parts: set[Form] = set()
    for one in forms:
        parts |= one.parts if isinstance(one, Joined) and one.is_or == is_or else {one}
    return parts.pop() if len(parts) == 1 else Joined(is_or, frozenset(parts))


@lru_cache(maxsize=1 << 16)
def negated(form: Form) -> Form:
    """The form of the complement."""
    if isinstance(form, Literal):
        return Literal(form.concept, not form.is_negated)
    return Joined(not form.is_or, frozenset(map(negated, form.parts)))


def by(connective: str, f: Form, g: Form) -> Form:
    """The form of `f connective g`, of OR, AND and AND NOT."""
    if connective == "AND NOT":
        return joined(False, (f, negated(g)))
    return joined(connective == "OR", (f, g))


def n_atoms(form: Form) -> int:
    """How many atoms it has."""
    return 1 if isinstance(form, Literal) else sum(map(n_atoms, form.parts))


def form_of(formula: Formula, number: Mapping[Formula, int]) -> Form:
    """The form of a formula over OR, AND and NOT, of the numbers of its atoms."""
    if formula in number:
        return Literal(number[formula], False)
    assert isinstance(formula, Apply)
    parts = [form_of(one, number) for one in formula.args]
    if formula.operator == "NOT":
        return negated(parts[0])
    return joined(formula.operator == "OR", parts)


def without_one(form: Form) -> set[Form]:
    """What remains of a form where one of its atoms is taken out; nothing of a single one."""
    if isinstance(form, Literal):
        return set()
    found: set[Form] = set()
    for part in form.parts:
        others = form.parts - {part}
        if isinstance(part, Literal):
            found.add(joined(form.is_or, others))
        else:
            found |= {joined(form.is_or, (*others, one)) for one in without_one(part)}
    return found


@lru_cache(maxsize=1 << 14)
def remainders(form: Form) -> frozenset[Form]:
    """What remains of a form where one or more of its atoms are taken out, but not all."""
    return frozenset(one for one in _kept(form) if one is not None and one != form)


@lru_cache(maxsize=1 << 16)
def _kept(form: Form) -> frozenset[Form | None]:
    """What remains where any atoms are taken out, none and all included."""
    if isinstance(form, Literal):
        return frozenset({form, None})
    found: set[Form | None] = set()
    for choice in product(*map(_kept, form.parts)):
        left = [one for one in choice if one is not None]
        found.add(joined(form.is_or, left) if left else None)
    return frozenset(found)


def value(form: Form, concept: Callable[[int], Any], everything: Any) -> Any:
    """What it denotes: sets of bits, be they integers or arrays of words."""
    if isinstance(form, Literal):
        found = concept(form.concept)
        return everything & ~found if form.is_negated else found
    parts = [value(one, concept, everything) for one in form.parts]
    whole = parts[0]
    for one in parts[1:]:
        whole = whole | one if form.is_or else whole & one
    return whole


def holds_nowhere_else(form: Form) -> bool:
    """Whether it holds where no concept does: then it is the complement of one that does not."""
    if isinstance(form, Literal):
        return form.is_negated
    return (any if form.is_or else all)(map(holds_nowhere_else, form.parts))


def written(form: Form, atoms: Sequence[Formula]) -> Formula:
    """The formula as people would write it: longer parts first, what begins with NOT last.

    Forms that do not hold where no concept does are written by `f OR g`, `f AND g`, `f AND NOT g`,
    the others as complements of such.
    """
    if holds_nowhere_else(form):
        return complement(written(negated(form), atoms))
    if isinstance(form, Literal):
        return atoms[form.concept]
    is_taken = {one: holds_nowhere_else(one) for one in form.parts}
    parts = {one: written(negated(one) if is_taken[one] else one, atoms) for one in form.parts}
    order = sorted(
        form.parts,
        key=lambda one: (
            is_taken[one],
            -parts[one].n_atoms,
            one.concept if isinstance(one, Literal) else -1,
            str(parts[one]),
        ),
    )
    whole = parts[order[0]]
    for one in order[1:]:
        connective = "OR" if form.is_or else "AND NOT" if is_taken[one] else "AND"
        whole = join(connective, whole, parts[one])
    return whole
