"""What the fast searches read and write: plain arrays, named. Importing this needs no Numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from logicx.scoring.objectives import OBJECTIVES, CountObjective, FBeta, IoU

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from logicx.scoring.objectives import Objective

PARENT, STEP, CONCEPT, SIZE, ON, DEPTH = range(6)
"""What is noted of a formula in a beam: its place in the beam before, the step that made it (or
CARRIED), the concept added, its two sizes, and its length as the penalty counts it. Of a formula
that two were joined into: the number of the first in `Levels.known`, and -1 less that of the
second."""
N_NOTED = 6

CARRIED = -1
FIRST, SECOND = 0, 1
"""The lanes of a beam; the places of the second come after those of the first."""
BLOCK = 256
"""Concepts that are looked at together."""
LINES_AT_ONCE = 3
"""Steps that are looked at together."""
N_SCRATCH = 5
"""Sets of signatures that the functions of a search work on at a time."""
IOU, PRECISION, RECALL, DICE, FBETA, ACCURACY, MCC = range(7)
"""Objectives that are compiled."""


class Bank(NamedTuple):
    """A concept bank as the kernels read it; `Weight` is int32 where all counts fit.

    Shape:
        listed_indptr, listed: signatures of each concept, `int64`, `uint32`.
        words: `uint64[n_kept, n_words]`, the same as packed bits, of concepts that hold at many.
        row_of: `int64[n_concepts]`, which of these rows a concept has, or -1.
        full: `uint64[n_words]`, all signatures.
        size: `Weight[n_signatures]`, cells of each signature.
        size_planes: `uint64[n_planes, n_words]`, the binary digits of the sizes.
        counts: `int64[n_concepts]`, cells of each concept.
        weights, float_counts: `Weight[n_concepts]`, `float32[n_concepts]`, the same (rounded).
        indptr, indices: concepts of each signature, `int64`, `uint32`.
        rare_indptr, rare_indices: the same without the frequent ones.
        frequent: `int64[n_kept]`, the concepts that have packed bits; none where that is no faster.
        word_price: What it costs to count one packed word, in concepts of a signature.
    """

    listed_indptr: NDArray[np.int64]
    listed: NDArray[np.uint32]
    words: NDArray[np.uint64]
    row_of: NDArray[np.int64]
    full: NDArray[np.uint64]
    size: NDArray[Any]
    size_planes: NDArray[np.uint64]
    counts: NDArray[np.int64]
    weights: NDArray[Any]
    float_counts: NDArray[np.float32]
    indptr: NDArray[np.int64]
    indices: NDArray[np.uint32]
    rare_indptr: NDArray[np.int64]
    rare_indices: NDArray[np.uint32]
    frequent: NDArray[np.int64]
    word_price: float


class Unit(NamedTuple):
    """A unit as the kernels read it.

    Shape: `on: Weight[n_signatures]`, `fires: uint64[n_words]` (where `on` is not 0),
    `on_planes: uint64[n_planes, n_words]`, `on_count: int64[n_concepts]`,
    `float_on_count: float32[n_concepts]` (the same, rounded).
    """

    on: NDArray[Any]
    fires: NDArray[np.uint64]
    on_planes: NDArray[np.uint64]
    on_count: NDArray[np.int64]
    float_on_count: NDArray[np.float32]
    n_on: int
    n_cells: int


class Rules(NamedTuple):
    """What is searched and how.

    Args:
        kind: The objective.
        parameter: The squared beta of F-beta, the epsilon of IoU.
        steps: Coefficients (all, f, c, both) of each step, `int64[n_steps, 4]`.
        tables: Its truth at (not f, not c), (not f, c), (f, not c), (f, c) as full or empty words;
            the last rows are those of the concept alone and of its complement,
            `uint64[n_steps + 2, 4]`.
        one_sided: Whether a child as large as its parent is its parent, `bool[n_steps]`.
        added: What the step adds to the length that the penalty counts, `int64[n_steps]`.
        factors: Factor of the score by that length, less one, `float64`.
        may_add: Whether a concept is an operand, `bool[n_concepts]`.
        min_support: Formulas that hold at fewer cells are not kept.
        start_floor: Single concepts must score above this to be in the first beam.
        drops_equals: Whether formulas of equal meaning are kept once.
        expands_once: Whether a kept formula need not be expanded again. So it is where equals are
            dropped and equals score the same: what its expansion gave is in the beam, or equals
            a formula of the beam, or scores no higher than the worst of it, or holds at too few
            cells.
        width: Places of the first lane of a beam.
        n_first: So many steps are those of the first lane; the second one has all.
        negates: Whether the second lane has literals.
        joins: Whether it has formulas joined from two that were kept; then the penalty counts atoms
            only.
    """

    kind: int
    parameter: float
    steps: NDArray[np.int64]
    tables: NDArray[np.uint64]
    one_sided: NDArray[np.bool_]
    added: NDArray[np.int64]
    factors: NDArray[np.float64]
    may_add: NDArray[np.bool_]
    min_support: int
    start_floor: float
    drops_equals: bool
    expands_once: bool
    width: int
    n_first: int
    negates: bool
    joins: bool


class Levels(NamedTuple):
    """The beam of each length, each lane best first.

    Shape: `scores: float64[length, n_places]`, `parts: int64[length, n_places, N_NOTED]`,
    `n_kept: int64[length, 2]`, by lane; `known: int64[n_known, 2]`, level and slot of the formulas
    that may be joined, in the order in which they were kept.
    """

    scores: NDArray[np.float64]
    parts: NDArray[np.int64]
    n_kept: NDArray[np.int64]
    known: NDArray[np.int64]


class Found(NamedTuple):
    """The beams of a search; levels from `n_filled` on repeat the last."""

    levels: Levels
    n_filled: int
    n_scored: int


class Store(NamedTuple):
    """Words and rows of the formulas of two beams, and where those of each formula lie.

    Shape:
        words: `uint64[2 * n_places + 1, n_words]`, the last all zero.
        all, on: `Weight[2 * n_places, n_concepts]`.
        place: `int64[length, n_places]`.
        is_taken: `bool[2 * n_places]`.
        scratch: `uint64[N_SCRATCH, n_words]`, for one function at a time.
        lines: `float32[a multiple of LINES_AT_ONCE, 3]`, what one expansion is held against.
        marks: `int32[BLOCK]`, steps that are worth a look, as bits, of some concepts.
        new: `int64[N_NOTED]`, a candidate.
        known: `uint64[n_known, n_words]`, words of the formulas that may be joined.
    """

    words: NDArray[np.uint64]
    all: NDArray[Any]
    on: NDArray[Any]
    place: NDArray[np.int64]
    is_taken: NDArray[np.bool_]
    scratch: NDArray[np.uint64]
    lines: NDArray[np.float32]
    marks: NDArray[np.int32]
    new: NDArray[np.int64]
    known: NDArray[np.uint64]


KINDS = {
    OBJECTIVES[name].formula: kind
    for name, kind in (
        ("precision", PRECISION),
        ("recall", RECALL),
        ("dice", DICE),
        ("accuracy", ACCURACY),
        ("mcc", MCC),
    )
}


def compiled_kind(goal: Objective) -> tuple[int, float] | None:
    """The number of an objective and its parameter, or None if it is not compiled."""
    if not isinstance(goal, CountObjective):
        return None
    if isinstance(goal.formula, IoU):
        return None if goal.formula.is_single else (IOU, goal.formula.epsilon)
    if isinstance(goal.formula, FBeta):
        return FBETA, goal.formula.beta_squared
    kind = KINDS.get(goal.formula)
    return None if kind is None else (kind, 0.0)
