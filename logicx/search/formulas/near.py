"""Irreducible formulas near the best: of a small bank, by looking at every formula.

A formula is *irreducible* if none of its atoms can go without losing more than an amount: whichever
are taken out, one or several but not all, what remains scores less than the formula by more than
that. (If each atom alone were asked only, `f OR (a AND b)` would be irreducible wherever a AND b
hardly holds: without a or without b it is far too wide.) Single concepts are irreducible.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from logicx.errors import OptionError
from logicx.language.printing import format_formula
from logicx.scoring.counts import counts_of
from logicx.search.formulas.forms import (
    Form,
    Literal,
    by,
    negated,
    remainders,
    value,
    without_one,
    written,
)
from logicx.search.formulas.several import counted
from logicx.search.formulas.shapes import CONNECTIVES, Found, n_nots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logicx.banks.bank import ConceptBank
    from logicx.scoring.counts import Counts
    from logicx.scoring.objectives import Objective
    from logicx.search.formulas.shapes import Shape
    from logicx.units.firing import Firing

MOST_FORMS = 500_000
"""Pairs of forms that are joined at most; a hundred thousand take a few seconds."""

MOST_NEAR = 1_000
"""Most formulas that are told."""


@dataclass(frozen=True)
class Near:
    """Irreducible formulas near the best, best first, and what is known of them.

    Args:
        found: The formulas, each of another meaning.
        is_complete: Whether these are all.
        certificate: The same in words.
    """

    found: tuple[Found, ...]
    is_complete: bool
    certificate: str


def near_best(
    bank: ConceptBank,
    firing: Firing,
    goal: Objective,
    within: float,
    best: Counts,
    *,
    length: int,
    shape: Shape,
    literals: bool,
    min_support: int = 0,
) -> Near:
    """All irreducible formulas of a space that score at most so much less than its best.

    Args:
        bank: The concepts.
        firing: Where the unit fires.
        goal: The objective; where it is an exact ratio, scores are compared exactly.
        within: How much less.
        best: The counts of the best formula.
        length: Most concepts of a formula.
        shape: The shape of formulas.
        literals: Whether any concept may have NOT before it.
        min_support: Formulas must hold at so many cells; what remains of them need not.

    Raises:
        OptionError: The space is too large.
    """
    scores = Scores(bank, firing, goal)
    forms = _forms(bank, scores, length, shape)
    meanings = scores.of({one for level in forms for one in level.values()}, literals)
    everything, allowed = scores.everything, margin(within)
    size_of = scores.size
    most = scores.score(best.tp, best.fp)
    near: dict[int, tuple[Any, ...]] = {}
    for level in forms:
        for plain, meaning in level.items():
            for form, cells in ((plain, meaning), (negated(plain), everything ^ meaning)):
                if form is not plain and not literals:
                    continue
                score = meanings[cells]
                is_near = most - score <= allowed and size_of[cells] >= min_support
                if not is_near or cells in (0, everything):
                    continue
                left = [scores.meaning(one) for one in remainders(form)]
                if all(score - one > allowed for one in scores.of(left, False).values()):
                    formula = written(form, scores.atoms)
                    entry = (n_nots(formula), formula.n_atoms, format_formula(formula), formula)
                    near[cells] = min(near.get(cells, entry), entry, key=lambda one: one[:3])
    found = [(meanings[cells], *entry, scores.counts_of(cells)) for cells, entry in near.items()]
    return told(found, goal, within, len(found), "")


def told(
    found: Iterable[tuple[Any, ...]], goal: Objective, within: float, n_found: int, cut: str
) -> Near:
    """The best of what was found, with a certificate.

    Args:
        found: Exact score, NOTs, atoms, text, formula and counts of each.
        goal: The objective.
        within: How much less than the best they may score.
        n_found: How many were found in all.
        cut: Why there may be others, or nothing.
    """
    ordered = sorted(found, key=lambda one: (-one[0], *one[1:4]))[:MOST_NEAR]
    formulas = tuple(
        Found(one[4], float(goal.score(one[5].tp, one[5].fp, *_sizes(one[5]))), one[5])
        for one in ordered
    )
    what = f"irreducible formulas of the space within {within:g} of the best"
    if cut:
        certificate = f"cut off {cut}: {n_found:,} {what} were found, there may be others"
    elif n_found > len(formulas):
        certificate = f"cut off at {MOST_NEAR:,}: there are {n_found:,} {what}, the best are told"
    elif n_found:
        certificate = f"complete: these are all {n_found:,} {what}"
    else:
        certificate = f"complete: there are no {what}"
    return Near(formulas, not cut and n_found == len(formulas), certificate)


def _sizes(counts: Any) -> tuple[int, int]:
    return counts.tp + counts.fn, counts.n_cells


def margin(within: float) -> Fraction:
    """An amount as it is written: 0.01 is one hundredth."""
    return Fraction(repr(float(within)))


class Scores:
    """Scores of sets of signatures, exact where the objective is a ratio.

    Args:
        bank: The concepts.
        firing: Where the unit fires.
        goal: The objective.
    """

    def __init__(self, bank: ConceptBank, firing: Firing, goal: Objective) -> None:
        """Read the concepts."""
        self._bank, self._firing, self._goal = bank, firing, goal
        make = getattr(goal, "ratio", None)
        self._ratio = make and make(firing.n_on, bank.n_valid)
        self.everything = (1 << bank.n_signatures) - 1
        self.atoms = [bank.atom(i) for i in range(bank.n_concepts)]
        self._concepts = [
            int.from_bytes(words.astype("<u8").tobytes(), "little") for words in bank.packed
        ]
        self._known: dict[int, Any] = {}
        self._both: dict[int, int] = {}
        self.size: dict[int, int] = {}
        """Cells of each meaning that was scored."""

    def meaning(self, form: Form) -> int:
        """The signatures at which a form holds, as the bits of a number."""
        return int(value(form, self._concepts.__getitem__, self.everything))

    def of(self, meanings: Iterable[int], literals: bool) -> dict[int, Any]:
        """The scores of some meanings; with literals, of their complements too."""
        bank, firing = self._bank, self._firing
        asked = {*meanings}
        if literals:
            asked |= {self.everything ^ one for one in asked}
        for part in counted(asked - self._known.keys(), bank, firing, False):
            scores = self._goal.score(part.both, part.sizes - part.both, firing.n_on, bank.n_valid)
            rows = zip(part.meanings, part.sizes.tolist(), part.both.tolist(), scores, strict=True)
            for meaning, size, both, score in rows:
                exact = self._ratio.at(both, size - both) if self._ratio else float(score)
                self._known[meaning], self.size[meaning] = exact, size
                self._both[meaning] = both
        return {one: self._known[one] for one in asked}

    def score(self, tp: int, fp: int) -> Any:
        """The score of some counts."""
        if self._ratio:
            return self._ratio.at(tp, fp)
        return float(self._goal.score(tp, fp, self._firing.n_on, self._bank.n_valid))

    def counts_of(self, meaning: int) -> Any:
        """The counts of a meaning that was scored."""
        firing, bank = self._firing, self._bank
        return counts_of(self._both[meaning], self.size[meaning], firing.n_on, bank.n_valid)


def _forms(bank: ConceptBank, scores: Scores, length: int, shape: Shape) -> list[dict[Form, int]]:
    """All forms of each length with their meanings, without such as say what a shorter one says.

    A formula of which a part means the same without an atom means the same without that atom; and
    one of which a part holds nowhere, or everywhere, means the same without that part.
    """
    nothing = (0, scores.everything)
    atoms = {form: scores.meaning(form) for form in map(Literal, range(bank.n_concepts))}
    levels: list[dict[Form, int]] = [
        {form: meaning for form, meaning in atoms.items() if meaning not in nothing}
    ]
    n_left = MOST_FORMS
    for n_atoms in range(2, length + 1):
        new: dict[Form, int] = {}
        pairs = [(levels[i - 1], levels[j - 1]) for i, j in _splits(n_atoms, shape)]
        n_left -= sum(len(f) * len(g) * len(CONNECTIVES) for f, g in pairs)
        if n_left < 0:
            raise OptionError(
                f"the space is too large to look at every formula: {bank.n_concepts:,} concepts, "
                f"length {n_atoms}",
                hint="use strategy='optimal', a shorter length, or fewer concepts",
            )
        known = {*atoms}.union(*levels)
        for left, right in pairs:
            for f in left:
                for g in right:
                    for connective in CONNECTIVES:
                        form = by(connective, f, g)
                        if form in new or form in known:
                            continue
                        meaning = scores.meaning(form)
                        if meaning in nothing:
                            continue
                        if all(scores.meaning(one) != meaning for one in without_one(form)):
                            new[form] = meaning
        levels.append(new)
    return levels


def _splits(n_atoms: int, shape: Shape) -> list[tuple[int, int]]:
    """Lengths of left and right operand; in a chain the right one is a concept."""
    first = n_atoms - 1 if shape == "chain" else 1
    return [(i, n_atoms - i) for i in range(first, n_atoms)]
