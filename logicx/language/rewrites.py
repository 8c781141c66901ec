"""The built-in rewrites: operators that turn into a formula over a bank's concepts."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from logicx.errors import OperatorError, did_you_mean
from logicx.language.formula import Concept, Formula, any_of
from logicx.language.registration import operator
from logicx.language.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logicx.language.vocabulary import Vocabulary


@operator(
    "NEIGHBORS",
    kind="rewrite",
    args=1,
    bare=True,
    example="NEIGHBORS(hyp:couch)",
    proposes=lambda bank: (k for k, row in bank.relations.get("NEIGHBORS", {}).items() if row),
)
def _neighbors(bank: Vocabulary, concept: Formula) -> Formula:
    """Any of the concepts that the bank's table NEIGHBORS lists for this one."""
    if not isinstance(concept, Concept):
        raise OperatorError(f"NEIGHBORS takes a concept, not a formula: {concept}")
    table = bank.relations.get("NEIGHBORS", {})
    names = table.get(concept.name)
    if not names:
        raise OperatorError(
            f"bank {bank.name!r} lists no neighbours of {concept.name!r}",
            code="not-applicable",
            hint=did_you_mean(concept.name, table)
            if table
            else "the bank was compiled without a table of neighbours",
        )
    return any_of(names)


@operator("MATCH", kind="rewrite", args="text", example='MATCH("hyp:sit*")')
def _match(bank: Vocabulary, pattern: str) -> Formula:
    """Any of the concepts whose names are like a pattern of `*`, `?` and `[abc]`, in any case."""
    wanted = tidy(pattern).casefold()
    names = [one for one in bank.names if fnmatchcase(one.casefold(), wanted)]
    if not names:
        has_signs = any(sign in pattern for sign in "*?[")
        near = did_you_mean(pattern.strip("*?"), bank.names)
        stars = "" if has_signs else f'* stands for any characters: MATCH("*{pattern}*")'
        raise OperatorError(
            f"no concept of bank {bank.name!r} is like {pattern!r}",
            code="not-applicable",
            hint="    ".join(one for one in (stars, near) if one)
            or f"list the names: logicx concepts '{pattern[:3].rstrip('*')}*'",
        )
    return any_of(names)


def _categories(bank: Vocabulary) -> Iterator[str]:
    """Categories of two concepts or more."""
    kinds = list(bank.categories)
    return (one for one in dict.fromkeys(kinds) if one and kinds.count(one) > 1)


@operator(
    "CATEGORY",
    kind="rewrite",
    args="text",
    example="CATEGORY(color)",
    proposes=_categories,
    proposes_by_default=False,
)
def _category(bank: Vocabulary, category: str) -> Formula:
    """Any of the concepts of a category of the bank."""
    wanted = tidy(category)
    pairs = zip(bank.names, bank.categories, strict=True)
    names = [name for name, kind in pairs if kind == wanted]
    if not names:
        known = [one for one in dict.fromkeys(bank.categories) if one]
        listed = ", ".join(known[:10]) + (" …" if len(known) > 10 else "")
        raise OperatorError(
            f"bank {bank.name!r} has no category {category!r}",
            code="not-applicable",
            hint=did_you_mean(category, known)
            or (f"it has: {listed}" if known else "its concepts have no categories"),
        )
    return any_of(names)
