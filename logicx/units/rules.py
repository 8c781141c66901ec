"""What rules of other people by which units are cut are held to.

The built-in ones are held to the same in the tests, not when they are imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.errors import OptionError, PluginError
from logicx.parts import answering
from logicx.parts.written import check_named, number_text
from logicx.units.cuts import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from logicx.parts import Owner


@dataclass(frozen=True)
class Rule:
    """A rule by which the units are cut; `logicx.threshold` says what each argument means.

    Args:
        name: Its name.
        doc: When a unit is on.
        function: Ranges from activations, and the number if there is one.
        number: What the number is called, or nothing.
        example: A number that means something.
        ranges: How many ranges each unit has, or the name of the number.
        check: Raises an `OptionError` for a number that means nothing.
    """

    name: str
    doc: str
    function: Callable[..., Any]
    number: str = ""
    example: float | None = None
    ranges: int | str = 1
    check: Callable[[float], None] | None = None

    @property
    def written_in(self) -> str:
        """The module of its function, by which it is known whose it is."""
        return str(getattr(self.function, "__module__", ""))

    @property
    def usage(self) -> str:
        """How it is written, such as `quantile(0.005)`."""
        return f"{self.name}({number_text(self.example or 0)})" if self.number else self.name

    def n_ranges(self, number: float) -> int:
        """How many ranges each unit has, where the number is this."""
        return int(number) if isinstance(self.ranges, str) else self.ranges

    def check_number(self, number: float, owner: Owner) -> None:
        """Refuse a number that means nothing.

        Raises:
            OptionError: It means nothing.
        """
        if not self.number and number:
            raise OptionError(f"the threshold {self.name} takes no number, not {number:g}")
        if isinstance(self.ranges, str) and (number != int(number) or number < 1):
            raise OptionError(f"{self.name} takes a whole number from 1, not {number:g}")
        if self.check is not None:
            with answering(f"threshold {self.name!r}", owner):
                self.check(number)


def ranges_by(
    rule: Rule, number: float, activations: NDArray[np.number[Any]], owner: Owner
) -> list[Range]:
    """The ranges of one unit's activations by somebody's own rule; never on without a cell.

    Raises:
        PluginError: It fails, or gives no ranges, or too few or too many.
    """
    what = f"threshold {rule.name!r}"
    n = rule.n_ranges(number)
    if not len(activations):
        return [Range(np.inf)] * n
    shown = np.array(activations, np.float64)
    shown.flags.writeable = False
    with answering(what, owner), np.errstate(all="ignore"):
        found = rule.function(shown, number) if rule.number else rule.function(shown)
    several = isinstance(found, (list, tuple)) and not _is_pair(found)
    ranges = [_range(one) for one in (found if several else [found])]
    if any(one is None for one in ranges):
        shape = f" of shape {found.shape}" if isinstance(found, np.ndarray) else ""
        given = f"{type(found).__name__}{shape}" if shape else repr(found)[:60]
        raise PluginError(
            f"{what} of {owner} gives {given}, which is no range, nor a list of them",
            hint="a range is (low, high), two numbers, none NaN, low <= high: on where low < "
            "activation <= high; (low, inf) for all above",
        )
    if len(ranges) != n:
        raise PluginError(
            f"{what} of {owner} gives {len(ranges):,} ranges, not {n:,}",
            hint="say how many by ranges=; (inf, inf) is a range in which a unit is never on",
        )
    return [one for one in ranges if one is not None]


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _is_pair(found: object) -> bool:
    return isinstance(found, tuple) and len(found) == 2 and all(map(_is_number, found))


def _range(found: Any) -> Range | None:
    """A range from one, or from a pair of numbers; None where it is none."""
    pair = (found.low, found.high) if isinstance(found, Range) else found
    if not _is_pair(pair):
        return None
    low, high = (float(one) for one in pair)
    return Range(low, high) if low <= high else None  # NaN is never less


def check_part(rule: Rule, owner: Owner) -> None:
    """Refuse a rule that is not what it says, on some made-up units.

    Raises:
        PluginError: Its name is none, it has no doc, or gives no ranges.
    """
    if owner.is_builtin:
        return
    if not isinstance(rule, Rule):
        raise PluginError(
            f"{owner} registers a threshold that is none: {rule!r}",
            hint="decorate a function with logicx.threshold",
        )
    doc_hint = "say in its docstring when a unit is on"
    what = check_named(rule, owner, "threshold", such_as="above-mean", doc_hint=doc_hint)
    if bool(rule.number) != (rule.example is not None):
        raise PluginError(
            f"{what} takes {'a number, but has no example' if rule.number else 'no number'}",
            hint='such as number="times", example=2',
        )
    is_stated = rule.ranges == rule.number if isinstance(rule.ranges, str) else rule.ranges >= 1
    if not is_stated or isinstance(rule.ranges, bool):
        raise PluginError(
            f"{what} has ranges={rule.ranges!r}",
            hint="how many ranges each unit has, from 1, or the name of its number",
        )
    number = float(rule.example or 0)
    try:
        rule.check_number(number, owner)
    except OptionError as error:
        raise PluginError(f"{what} refuses its own example: {error.message}") from error
    for activations in some_units():
        first, again = (ranges_by(rule, number, activations, owner) for _ in range(2))
        if first != again:
            raise PluginError(
                f"{what} cuts the same activations in two ways: {first[0]} and {again[0]}",
                hint="units are cut when they are used: draw nothing by chance, keep nothing",
            )


def some_units() -> Iterator[NDArray[np.float64]]:
    """Made-up activations: of any sign, after a ReLU, dead, constant, of one cell, very large."""
    dice = np.random.default_rng(0)
    any_sign = dice.normal(size=200)
    yield any_sign
    yield np.maximum(any_sign - 1, 0)
    yield -np.abs(any_sign)
    yield np.round(any_sign)
    yield any_sign * 1e30
    yield np.zeros(50)
    yield np.full(7, 2.5)
    yield np.array([1.0])
    yield np.array([-3.0, 4.0])
