"""Formulas: frozen trees of concepts and operators.

A formula knows neither data nor grammar. Trees of any depth work: nothing here recurses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from logicx.errors import FormulaError, OperatorError
from logicx.language.printing import Applied, format_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")
Span = tuple[int, int]


class Formula:
    """A node: a `Concept` or an operator applied to formulas (`Apply`).

    `&`, `|`, `^` and `~` build the same nodes as the language does:

    >>> print((Concept("water") | Concept("river")) & ~Concept("blue"))
    (water OR river) AND NOT blue
    """

    __slots__ = ()

    def __and__(self, other: Formula) -> Formula:
        """`self AND other`."""
        return Apply("AND", (self, other)) if isinstance(other, Formula) else NotImplemented

    def __or__(self, other: Formula) -> Formula:
        """`self OR other`."""
        return Apply("OR", (self, other)) if isinstance(other, Formula) else NotImplemented

    def __xor__(self, other: Formula) -> Formula:
        """`self XOR other`."""
        return Apply("XOR", (self, other)) if isinstance(other, Formula) else NotImplemented

    def __invert__(self) -> Formula:
        """`NOT self`."""
        return Apply("NOT", (self,))

    def __bool__(self) -> bool:
        """Refuse: Python's `and`, `or` and `not` would silently drop a part of the formula."""
        raise OperatorError(
            "a formula is neither true nor false by itself",
            code="truth-value",
            hint="join formulas with & (and), | (or), ^ (xor) and ~ (not); "
            "whether there is one is asked by: formula is None",
        )

    def __str__(self) -> str:
        """The formula as text that parses to an equal formula."""
        return format_formula(self)

    def __repr__(self) -> str:
        """Python text that builds it."""
        pieces: list[str] = []
        todo: list[Formula | str] = [self]
        while todo:
            one = todo.pop()
            if isinstance(one, str):
                pieces.append(one)
            elif isinstance(one, Apply):
                after = f", {one.parameters!r})" if one.parameters else ")"
                comma = "," if len(one.args) == 1 else ""
                todo += [after, f"{comma})"]
                for i, arg in enumerate(reversed(one.args)):
                    todo += [", ", arg] if i else [arg]
                todo.append(f"Apply({one.operator!r}, (")
            else:
                pieces.append(f"Concept({_checked(one).name!r})")
        return "".join(pieces)

    def __copy__(self) -> Formula:
        """Itself: a formula cannot change."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Formula:
        """Itself: a formula cannot change."""
        return self

    def postfix(self) -> Iterator[str | Applied]:
        """Its nodes as plain values, arguments before the operator; a concept is its name."""
        for node in post_order(self):
            if isinstance(node, Apply):
                yield Applied(node.operator, len(node.args), node.parameters)
            else:
                yield _checked(node).name

    @property
    def n_atoms(self) -> int:
        """Length of the formula: how many concepts and texts it names, repetitions counted."""
        return sum(not isinstance(node, Apply) or not node.args for node in post_order(self))

    @property
    def concepts(self) -> tuple[str, ...]:
        """Names of its concepts, each once, in order of appearance."""
        found = (node.name for node in post_order(self) if isinstance(node, Concept))
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, repr=False)
class Concept(Formula):
    """A named concept. The span (its place in the source text) takes no part in equality."""

    name: str
    span: Span | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse a name that could never be written."""
        if not isinstance(self.name, str) or not self.name:
            raise FormulaError(f"a concept needs a name, not {self.name!r}", code="empty-name")


@dataclass(frozen=True, eq=False, repr=False)
class Apply(Formula):
    """An operator, by its keyword, applied to formulas.

    Args:
        operator: The keyword, in capitals.
        args: The formulas it is applied to.
        parameters: Whole numbers before the arguments, as 2 in `ATLEAST(2, a, b, c)`; then the text
            of an operator that takes one, as in `MATCH("hyp:sit*")`, which has no arguments.
        span: Place in the source text; takes no part in equality.
    """

    operator: str
    args: tuple[Formula, ...]
    parameters: tuple[int | str, ...] = ()
    span: Span | None = None
    _hash: int = field(init=False)

    def __post_init__(self) -> None:
        """Hash now, from the arguments' stored hashes: no depth is ever walked twice."""
        object.__setattr__(self, "args", tuple(self.args))
        object.__setattr__(self, "_hash", hash((self.operator, self.parameters, self.args)))

    def __reduce__(self) -> tuple[Callable[..., Formula], tuple[list[Any]]]:
        """Pickle as a flat list, for any depth, and without hashes, which differ by process."""
        return _restored, (_flat(self),)

    def __hash__(self) -> int:
        """Hash of operator, parameters and arguments."""
        return self._hash

    def __eq__(self, other: object) -> bool:
        """Same tree, spans apart."""
        if not isinstance(other, Apply) or self._hash != other._hash:
            return False if isinstance(other, Formula) else NotImplemented
        pairs: list[tuple[Formula, Formula]] = [(self, other)]
        while pairs:
            a, b = pairs.pop()
            if a is b:
                continue
            if isinstance(a, Apply) and isinstance(b, Apply):
                same = (a._hash, a.operator, a.parameters, len(a.args)) == (
                    b._hash,
                    b.operator,
                    b.parameters,
                    len(b.args),
                )
                if not same:
                    return False
                pairs.extend(zip(a.args, b.args, strict=True))
            elif a != b:
                return False
        return True


def any_of(names: Iterable[str]) -> Formula:
    """The disjunction of some concepts, for a rewrite to give.

    Args:
        names: Their names, one or more.

    Raises:
        OperatorError: There are none: say before what was looked for.

    Example:
        >>> print(any_of(["water", "river", "sea"]))
        water OR river OR sea
    """
    formula: Formula | None = None
    for name in names:
        formula = Concept(name) if formula is None else Apply("OR", (formula, Concept(name)))
    if formula is None:
        raise OperatorError(
            "there is no concept to which it applies: any_of was given no names",
            code="not-applicable",
        )
    return formula


def post_order(formula: Formula) -> Iterator[Formula]:
    """All nodes, arguments before the operator that takes them, left to right."""
    stack: list[tuple[Formula, bool]] = [(formula, False)]
    while stack:
        node, is_done = stack.pop()
        if is_done or not isinstance(node, Apply):
            yield node
        else:
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))


def fold(
    formula: Formula, concept: Callable[[Concept], T], apply: Callable[[Apply, list[T]], T]
) -> T:
    """The value of a formula from the values of its parts, at any depth.

    Args:
        formula: The formula.
        concept: Value of a concept.
        apply: Value of an operator node from the values of its arguments.
    """
    values: list[T] = []
    for node in post_order(formula):
        if isinstance(node, Apply):
            first = len(values) - len(node.args)
            args = values[first:]
            del values[first:]
            values.append(apply(node, args))
        else:
            values.append(concept(_checked(node)))
    return values.pop()


def _checked(node: object) -> Concept:
    """A node that is no operator's, if it is a concept."""
    if not isinstance(node, Concept):
        shown = type(node).__name__ if isinstance(node, Formula) else repr(node)
        raise FormulaError(f"a formula is made of Concept and Apply, not {shown}")
    return node


def _flat(formula: Formula) -> list[Any]:
    """Every node once, arguments first, as (operator, numbers of its arguments, ...) or a name."""
    numbers: dict[int, int] = {}
    found: list[Any] = []
    stack: list[tuple[Formula, bool]] = [(formula, False)]
    while stack:
        node, is_done = stack.pop()
        if id(node) in numbers:
            continue
        if not isinstance(node, Apply):
            leaf = _checked(node)
            found.append((leaf.name, leaf.span))
        elif is_done:
            args = [numbers[id(arg)] for arg in node.args]
            found.append((node.operator, args, node.parameters, node.span))
        else:
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))
            continue
        numbers[id(node)] = len(found) - 1
    return found


def _restored(flat: Sequence[Any]) -> Formula:
    """The formula of a flat list."""
    nodes: list[Formula] = []
    for one in flat:
        if len(one) == 2:
            nodes.append(Concept(*one))
        else:
            operator, args, parameters, span = one
            nodes.append(Apply(operator, tuple(nodes[i] for i in args), parameters, span))
    return nodes[-1]
