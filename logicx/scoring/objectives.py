"""The objectives: the built-in ones, the door for others, and how they are found by name.

0/0 is 0 in all that are here. What an objective is: `logicx.scoring.objective`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from logicx.errors import OptionError
from logicx.language.numerals import real
from logicx.parts import Kind
from logicx.parts.written import number_text, word_and_number
from logicx.scoring.objective import (
    CountObjective,
    Directions,
    Family,
    Objective,
    Ratio,
    Sum,
    Values,
)
from logicx.scoring.objective_checks import Checked, check_part, member_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from logicx.scoring.counts import Counts

__all__ = [
    "OBJECTIVES",
    "OBJECTIVE_KIND",
    "CountObjective",
    "Directions",
    "FBeta",
    "Family",
    "IoU",
    "Objective",
    "Ratio",
    "Sum",
    "Values",
    "bounds",
    "fbeta",
    "objective",
    "objective_named",
    "score_counts",
]

F = TypeVar("F", bound="Callable[..., Any]")

OBJECTIVE_KIND: Kind[Objective | Family] = Kind(
    "objective", builtins=["logicx.scoring.objectives"], check=check_part
)
"""All objectives by name, and families of them that take a number."""


def objective(
    name: str,
    *,
    directions: Directions | None = None,
    ratio: Callable[..., Ratio] | None = None,
    number: str = "",
    examples: Sequence[float] = (),
) -> Callable[[F], F]:
    """Register the decorated function as an objective; its docstring is the documentation.

    It is a function of counts, `(tp, fp, n_on, n_cells)`: cells where formula and unit hold, cells
    where only the formula does, cells where the unit fires, and all. The first two are arrays of
    whole numbers of any shape, not to be written to; the scores are finite and of that shape, also
    where there is 0/0.

    Args:
        name: A word in lower case, such as `gmean`.
        directions: How the score changes as tp grows, and as fp does: 1 never falls, -1 never
            rises, 0 stays. Proofs need (1, -1), or a ratio.
        ratio: The same score as an exact ratio, a function of `(n_on, n_cells)`; see
            `logicx.scoring.objective.Ratio`.
        number: Of a family such as `fbeta(0.5)`: what the number is called. Function and ratio are
            given it as an argument of this name.
        examples: Of a family: some numbers that mean something.

    Raises:
        PluginError: The function is not what it says, or the name is none.
        OptionError: Another has this name.

    Example:
        >>> with OBJECTIVE_KIND.scope():
        ...     @objective("gmean", directions=(1, -1))
        ...     def gmean(tp, fp, n_on, n_cells):
        ...         "Geometric mean of precision and recall."
        ...         return tp / np.sqrt(np.maximum(1, tp + fp) * max(1, n_on))
        ...     objective_named("gmean").score(2, 6, 2, 10).item()
        0.5
    """

    def register(function: F) -> F:
        doc = " ".join((function.__doc__ or "").split())

        def of(value: float) -> CountObjective:
            stated = {number: value}
            return CountObjective(
                f"{name}({number_text(value)})",
                partial(function, **stated),
                doc,
                None if ratio is None else partial(ratio, **stated),
                directions,
            )

        part: Objective | Family = CountObjective(name, function, doc, ratio, directions)
        if number:
            part = Family(name, doc, number, of, tuple(examples), function.__module__, function)
        OBJECTIVE_KIND.register(part)
        return function

    return register


def objective_named(spec: str | Objective) -> Objective:
    """The objective that a text names: `iou`, `mcc`, `fbeta(0.5)`, ...

    Those that did not come with logicx are checked whenever they score.

    Raises:
        OptionError: There is none of that name.

    Example:
        >>> objective_named("fbeta(2)").score(2, 1, 4, 10).item()
        0.5263157894736842
    """
    if isinstance(spec, Checked):
        return spec
    if not isinstance(spec, str):
        if not (callable(getattr(spec, "score", None)) and hasattr(spec, "name")):
            raise OptionError(f"an objective is a name or has name and score, not {spec!r}")
        return _checked(spec, spec)
    word, number = word_and_number(spec)
    found = OBJECTIVE_KIND.find(word)
    part = found.part if found else None
    if part is None or (number is None) == isinstance(part, Family):
        usages = [getattr(one, "usage", name) for name, one in OBJECTIVE_KIND.table().items()]
        raise OBJECTIVE_KIND.unknown(spec, usages)
    if not isinstance(part, Family):
        return _checked(part, part)
    try:
        value = real(number or "")
    except ValueError as error:
        raise OptionError(f"no objective {spec!r}: {error}", hint=f"such as {part.usage}") from None
    owner = OBJECTIVE_KIND.owner(part)
    return part.function(value) if owner.is_builtin else member_of(part, value, owner)


def _checked(goal: Objective, part: Objective | Family) -> Objective:
    """The objective itself where it came with logicx, else in a wrapper that checks its scores."""
    owner = OBJECTIVE_KIND.owner(part)
    return goal if owner.is_builtin else Checked(goal, owner)


def _ratio(a: Values, b: Values) -> Values:
    """`a / b`, and 0 where b is 0."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    shape = np.broadcast_shapes(a.shape, b.shape)
    return np.divide(a, b, out=np.zeros(shape), where=b != 0)


@dataclass(frozen=True)
class IoU:
    """The formula of intersection over union.

    Args:
        epsilon: What is added to the union; some published tools do.
        is_single: Whether it is computed in float32, as some published tools do. Then different
            ratios may come out equal.
    """

    epsilon: float = 0.0
    is_single: bool = False

    def __call__(self, tp: Values, fp: Values, n_on: int, _: int) -> Values:
        """Its value at some counts."""
        union = fp + n_on
        if self.is_single:
            tp, union = np.asarray(tp, np.float32), np.asarray(union, np.float32)
        if self.epsilon:
            union = union + self.epsilon
        return np.divide(tp, union) if n_on else _ratio(tp, union)


def _mcc(tp: Values, fp: Values, n_on: int, n_cells: int) -> Values:
    fn, n_formula = n_on - tp, tp + fp
    tn = n_cells - n_formula - fn
    product = np.asarray(tp, np.float64) * tn - np.asarray(fp, np.float64) * fn
    sides = np.sqrt(np.asarray(n_formula, np.float64)) * np.sqrt(n_cells - n_formula)
    return _ratio(product, sides * np.sqrt(float(n_on)) * np.sqrt(float(n_cells - n_on)))


@dataclass(frozen=True)
class FBeta:
    """The formula of F-beta.

    Args:
        beta_squared: The square of beta.
    """

    beta_squared: float

    def __call__(self, tp: Values, fp: Values, n_on: int, _: int) -> Values:
        """Its value at some counts."""
        b = self.beta_squared
        return _ratio((1 + b) * tp, tp + fp + b * n_on)


def fbeta(beta: float) -> CountObjective:
    """The F-measure that weighs recall `beta` times as much as precision."""
    b = beta * beta
    if not (beta > 0 and 0 < b < np.inf):
        raise OptionError(f"beta must be a positive number of moderate size, not {beta:g}")
    exact = Fraction(str(float(beta))) ** 2
    return CountObjective(
        f"fbeta({number_text(beta)})",
        FBeta(b),
        f"harmonic mean of precision and recall, recall weighed {beta:g} times",
        lambda n_on, _: Ratio(Sum.of(1 + exact, 0, 0), Sum.of(1, 1, exact * n_on)),
        (1, -1),
    )


OBJECTIVES: dict[str, CountObjective] = {
    one.name: one
    for one in (
        CountObjective(
            "iou",
            IoU(),
            "intersection over union: tp / (tp + fp + fn)",
            lambda n_on, _: Ratio(Sum.of(1, 0, 0), Sum.of(0, 1, n_on)),
            (1, -1),
        ),
        CountObjective(
            "precision",
            lambda tp, fp, n_on, _: _ratio(tp, tp + fp),
            "tp / (tp + fp)",
            lambda n_on, _: Ratio(Sum.of(1, 0, 0), Sum.of(1, 1, 0)),
            (1, -1),
        ),
        CountObjective(
            "recall",
            lambda tp, fp, n_on, _: _ratio(tp, n_on),
            "tp / (tp + fn)",
            lambda n_on, _: Ratio(Sum.of(1, 0, 0), Sum.of(0, 0, n_on)),
            (1, 0),
        ),
        CountObjective(
            "dice",
            lambda tp, fp, n_on, _: _ratio(2 * tp, tp + fp + n_on),
            "2 tp / (2 tp + fp + fn), the same as fbeta(1)",
            lambda n_on, _: Ratio(Sum.of(2, 0, 0), Sum.of(1, 1, n_on)),
            (1, -1),
        ),
        CountObjective("mcc", _mcc, "Matthews correlation coefficient", directions=(1, -1)),
        CountObjective(
            "accuracy",
            lambda tp, fp, n_on, n: _ratio(n - fp - (n_on - tp), n),
            "(tp + tn) / all cells",
            lambda n_on, n: Ratio(Sum.of(1, -1, n - n_on), Sum.of(0, 0, n)),
            (1, -1),
        ),
    )
}

for _one in OBJECTIVES.values():
    OBJECTIVE_KIND.register(_one)
OBJECTIVE_KIND.register(
    Family(
        "fbeta",
        "harmonic mean of precision and recall, recall weighed beta times",
        "beta",
        fbeta,
        (0.5, 1.0, 2.0),
        __name__,
    )
)


def score_counts(spec: str | Objective, counts: Counts) -> float:
    """The score of one formula's counts."""
    n_on = counts.tp + counts.fn
    return float(objective_named(spec).score(counts.tp, counts.fp, n_on, counts.n_cells))


def bounds(
    goal: Objective,
    tp_low: Values,
    tp_high: Values,
    fp_low: Values,
    fp_high: Values,
    n_on: int,
    n_cells: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the largest score of formulas whose counts lie within limits.

    Both are scores at corners of the box, which the objective's `directions` name. `fbeta(b)` and
    `mcc` round, so that scores within the box may pass them in the last digits; the others do not.

    Args:
        goal: An objective that states its directions.
        tp_low: Least cells where formula and unit both hold.
        tp_high: Most of them, up to `n_on`.
        fp_low: Least cells where only the formula holds.
        fp_high: Most of them, up to `n_cells - n_on`.
        n_on: Cells where the unit fires.
        n_cells: All valid cells.

    Shape: the limits broadcast: `int64[...] -> float64[...], float64[...]`.

    Raises:
        OptionError: The objective states no directions.

    Example:
        >>> low, high = bounds(objective_named("iou"), 1, [2, 3], 0, 1, 4, 10)
        >>> low.tolist(), high.tolist()
        ([0.2, 0.2], [0.5, 0.75])
    """
    directions: Directions | None = getattr(goal, "directions", None)
    if directions is None:
        raise OptionError(
            f"objective {goal.name!r} states no directions, so nothing bounds it",
            hint="give it directions=(1, -1) if it never falls with tp and never rises with fp",
        )
    tp_low, tp_high, fp_low, fp_high = np.broadcast_arrays(tp_low, tp_high, fp_low, fp_high)
    tp = (tp_low, tp_high) if directions[0] >= 0 else (tp_high, tp_low)
    fp = (fp_low, fp_high) if directions[1] >= 0 else (fp_high, fp_low)
    low, high = (goal.score(tp[i], fp[i], n_on, n_cells) for i in (0, 1))
    return low, high
