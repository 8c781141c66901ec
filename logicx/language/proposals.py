"""What an operator proposes to a search, as formulas."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from logicx.language.formula import Apply, Concept, Formula

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logicx.language.declaration import Operator
    from logicx.language.vocabulary import Vocabulary


class Proposals(NamedTuple):
    """Formulas that an operator proposes.

    Args:
        formulas: Those that are taken.
        n_possible: How many there are, with those that are left out.
    """

    formulas: list[Formula]
    n_possible: int


def proposals(op: Operator, bank: Vocabulary, least: int = 0, most: int | None = None) -> Proposals:
    """The operator on each concept, or each text, to which it says that it applies.

    Structural operators are applied to concepts that hold somewhere, the most frequent first, with
    each of the numbers that they say; those of several arguments to all such concepts in each
    place.

    Args:
        op: The operator.
        bank: The concepts.
        least: Concepts that hold at fewer cells are left out.
        most: So many formulas of a structural operator are taken; by default all.

    Raises:
        PluginError: Its function fails, or gives something else.
    """
    proposed = op.proposed(bank)
    if op.takes_text:
        return Proposals([Apply(op.keyword, (), (text,)) for text in proposed], len(proposed))
    is_structural = op.kind == "structural"
    least = max(least, int(is_structural))
    count_of = dict(zip(bank.names, bank.counts, strict=True)) if least else {}
    frequent = [name for name in proposed if not least or count_of[name] >= least]
    if not is_structural:
        return Proposals([Apply(op.keyword, (Concept(one),)) for one in frequent], len(proposed))
    frequent.sort(key=lambda one: -count_of[one])
    formulas: Iterator[Formula] = (
        Apply(op.keyword, tuple(map(Concept, names)), numbers)
        for names in _by_rank(frequent, op.min_args)
        for numbers in op.tries
    )
    return Proposals(list(islice(formulas, most)), len(proposed) ** op.min_args * len(op.tries))


def _by_rank(names: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    """Names for each of n places, by the sum of their ranks, so that the first ones come first."""
    for total in range(n * (len(names) - 1) + 1):
        for ranks in _ranks(total, n, len(names)):
            yield tuple(names[rank] for rank in ranks)


def _ranks(total: int, n: int, n_names: int) -> Iterator[tuple[int, ...]]:
    """Ranks for n places that sum up to a number."""
    if n == 1:
        yield from [(total,)] if total < n_names else []
        return
    for first in range(min(total, n_names - 1) + 1):
        for others in _ranks(total - first, n - 1, n_names):
            yield (first, *others)
