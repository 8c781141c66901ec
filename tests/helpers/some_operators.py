"""What tests of operators share."""

from __future__ import annotations

from itertools import product

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.language.registration import operator
from logicx.language.registry import operators
from logicx.scoring.counts import evaluate

BITS = (False, True)


NAMES = list("abcdefgh")


def bank_of_rows(rows, relations=None) -> ConceptBank:
    """A bank with one cell per row of truth values of the concepts a, b, ..."""
    masks = np.array(list(rows), dtype=bool).T
    return ConceptBank.from_masks(masks, NAMES[: len(masks)], relations=relations)


def every_row(n: int) -> ConceptBank:
    return bank_of_rows(product(BITS, repeat=n))


def holds(formula, bank) -> list[bool]:
    """Where a formula holds, cell by cell."""
    return bank.cells(evaluate(formula, bank)).tolist()


def register(keyword="MINE", meaning=None, n_args=2, **options):
    """Register a connective that is a plain function."""

    def function(*args):
        """Made for a test."""
        return meaning(*args)

    fewest = n_args if isinstance(n_args, int) else n_args[0]
    called = f"{keyword}({', '.join('abcdefgh'[:fewest])})"
    example = f"a {keyword} b" if options.get("form") == "infix" else called
    return operator(keyword, **{"args": n_args, "example": example, **options})(function)


def is_registered(keyword) -> bool:
    return keyword in [one.keyword for one in operators()]
