"""Which concepts take part in a search: by patterns of their names, or by category."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from logicx.banks.naming import one_spelling
from logicx.errors import OptionError, did_you_mean
from logicx.search.formulas.support import keeping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank

CATEGORY = "category:"
"""What a pattern begins with that names a category."""


def patterns_of(option: str, given: str | Sequence[str]) -> tuple[str, ...]:
    """The patterns of a list, or of a text with commas between them; none of the empty text.

    Raises:
        OptionError: One of them is empty, or no text.
    """
    if isinstance(given, str) and not given.strip():
        return ()
    found = given.split(",") if isinstance(given, str) else list(given)
    if not all(isinstance(one, str) and one.strip() for one in found):
        raise OptionError(
            f"{option} has an empty pattern: {given!r}",
            hint=f"name concepts or patterns of them: {option}='hyp:*', {CATEGORY}NAME",
        )
    return tuple(dict.fromkeys(one_spelling(one.strip()) for one in found))


def chosen(bank: ConceptBank, only: Sequence[str], exclude: Sequence[str]) -> ConceptBank:
    """The bank with those concepts alone that `only` names and `exclude` does not.

    Atoms that are derived from concepts take part where the concepts do that they are written with.

    Args:
        bank: The concepts.
        only: Patterns of names, as shells have them (`*`, `?`, `[ab]`), or `category:NAME` whose
            name may be a pattern too; where there is none, all concepts are named.
        exclude: The same.

    Raises:
        OptionError: A pattern matches nothing, or nothing is left.

    Example:
        >>> from logicx import ConceptBank
        >>> masks, names = [[1, 0], [0, 1], [1, 1]], ["sea", "sand", "red"]
        >>> bank = ConceptBank.from_masks(masks, names, categories=["", "", "color"])
        >>> chosen(bank, ["s*", "category:color"], ["sand"]).names
        ('sea', 'red')
    """
    if not only and not exclude:
        return bank
    kept = _named(bank, "only", only) if only else np.ones(bank.n_concepts, bool)
    if exclude:
        kept &= ~_named(bank, "exclude", exclude)
    number = {name: i for i, name in enumerate(bank.names)}
    for i, formula in bank.derived.items():
        kept[i] = all(kept[number[name]] for name in formula.concepts)
    if not kept.any():
        raise OptionError(f"{told(only, exclude)}: no concept of bank {bank.name!r} is left")
    return keeping(bank, kept)


def told(only: Sequence[str], exclude: Sequence[str]) -> str:
    """The choice in words, for errors and for the space of a proof; nothing where there is none."""
    words = [f"only {', '.join(only)}"] if only else []
    words += [f"without {', '.join(exclude)}"] if exclude else []
    return " ".join(words)


def _named(bank: ConceptBank, option: str, patterns: Sequence[str]) -> NDArray[np.bool_]:
    found = np.zeros(bank.n_concepts, bool)
    for pattern in patterns:
        if pattern.startswith(CATEGORY):
            what, texts, pattern_of = "category", bank.categories, pattern[len(CATEGORY) :]
        else:
            what, texts, pattern_of = "concept", bank.names, pattern
        matches = [
            i not in bank.derived and (one == pattern_of or fnmatchcase(one, pattern_of))
            for i, one in enumerate(texts)
        ]
        if not any(matches):
            raise OptionError(
                f"{option}={pattern!r} matches no {what} of bank {bank.name!r}",
                hint=did_you_mean(pattern_of, sorted({*texts} - {""}))
                or "list them: logicx concepts",
            )
        found |= np.array(matches)
    return found
