"""The door through which operators come in: one registration holds everything about one.

Two kinds so far:

- a *connective* is a truth table, written as a plain Python function of booleans. From the table
  follow evaluation on packed bits, exact counts from co-occurrence counts, and search support;
- a *rewrite* turns itself into a formula over a bank's concepts before evaluation.

A third party registers with the `operator` decorator, in a module named by an entry point of the
group `logicx.operators`. `LOGICX_PLUGINS` restricts which entry points are loaded (names joined
by commas; empty for none).
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from itertools import permutations, product
from typing import TYPE_CHECKING, Any, Literal, Protocol

from logicx.errors import LogicxError, OperatorError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ENTRY_POINTS = "logicx.operators"
FACTS = frozenset({"associative", "commutative", "idempotent", "involution"})
FORMS = ("infix", "prefix", "call")
SYMBOL_CHARACTERS = "&|~^"
PREFIX_PRECEDENCE = 100
"""NOT and every other one-argument operator bind tighter than any infix operator."""

Truth = tuple[bool, bool, bool, bool]


class Vocabulary(Protocol):
    """What a rewrite may ask of a bank: its names, and tables that relate them."""

    name: str

    @property
    def names(self) -> Sequence[str]:
        """All concept names."""
        ...

    @property
    def relations(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Tables by name, such as `NEIGHBORS`: from a concept to related concepts."""
        ...


@dataclass(frozen=True)
class Operator:
    """One operator, as registered.

    Args:
        keyword: Its name, in capitals.
        meaning: The truth function (connective) or the rewriting function (rewrite).
        kind: `connective` or `rewrite`.
        form: `infix` (a AND b), `prefix` (NOT a) or `call` (ATLEAST(2, a, b)).
        symbol: Short form made of `& | ~ ^`.
        precedence: Of infix operators: a larger one binds tighter.
        min_args: Fewest arguments.
        max_args: Most arguments; None for any number.
        parameters: Names of whole numbers before the arguments.
        facts: Algebraic facts, of `associative commutative idempotent involution`.
        doc: What it means, in a sentence.
        example: A formula that uses it.
        owner: The module that registered it.
        proposes: Of a one-argument operator: the concepts of a bank to which a search applies it.
    """

    keyword: str
    meaning: Callable[..., Any]
    kind: Literal["connective", "rewrite"]
    form: Literal["infix", "prefix", "call"]
    symbol: str
    precedence: int
    min_args: int
    max_args: int | None
    parameters: tuple[str, ...]
    facts: frozenset[str]
    doc: str
    example: str
    owner: str
    proposes: Callable[[Vocabulary], Iterable[str]] | None = None

    def proposed(self, bank: Vocabulary) -> list[str]:
        """Names of the concepts to which a search applies it; none where it does not say."""
        return list(self.proposes(bank)) if self.proposes else []

    @property
    def takes_one(self) -> bool:
        """Whether it has exactly one argument, so that it may stand bare before it."""
        return self.form != "infix" and (self.min_args, self.max_args) == (1, 1)

    @property
    def is_symmetric(self) -> bool:
        """Whether its value depends only on how many arguments hold."""
        return "commutative" in self.facts

    @property
    def signature(self) -> str:
        """How it is written: `a AND b`, `NOT a`, `ATLEAST(k, a, ...)`."""
        if self.form == "infix":
            return f"a {self.keyword} b"
        if self.form == "prefix":
            return f"{self.keyword} a"
        letters = [chr(ord("a") + i) for i in range(self.min_args)]
        more = ["..."] if self.max_args != self.min_args else []
        return f"{self.keyword}({', '.join([*self.parameters, *letters, *more])})"

    def check_arity(self, n_args: int, parameters: Sequence[int]) -> str:
        """What is wrong with these arguments, or an empty string."""
        if len(parameters) < len(self.parameters):
            missing = self.parameters[len(parameters)]
            return f"{self.keyword} needs a whole number {missing!r} first: {self.signature}"
        if len(parameters) > len(self.parameters):
            return f"{self.keyword} takes no number {parameters[-1]!r} first: {self.signature}"
        if not all(type(one) is int and 0 <= one < 10**9 for one in parameters):
            return f"{self.keyword} takes whole numbers from 0 to 999,999,999, not {parameters}"
        most = self.max_args
        if n_args < self.min_args or (most is not None and n_args > most):
            want = f"at least {self.min_args}" if most is None else f"{self.min_args} to {most}"
            want = str(most) if most == self.min_args else want
            plural = "" if self.min_args == (most or 1) == 1 else "s"
            return f"{self.keyword} takes {want} argument{plural}, not {n_args}: {self.signature}"
        return ""

    def pair_table(self) -> Truth:
        """Truth of a two-argument connective at (F,F), (F,T), (T,F), (T,T)."""
        ff, ft, tf, tt = (self.truth((), row) for row in product((False, True), repeat=2))
        return ff, ft, tf, tt

    def truth(self, parameters: Sequence[int], args: Sequence[bool]) -> bool:
        """Value of a connective.

        Raises:
            OperatorError: Its function fails.
        """
        try:
            return bool(self.meaning(*parameters, *args))
        except Exception as error:
            raise OperatorError(
                f"the function of {self.keyword} ({self.owner}) fails: "
                f"{type(error).__name__}: {error}"
            ) from error


class Registry:
    """The operators in force, by keyword."""

    def __init__(self) -> None:
        """An empty registry."""
        self._by_keyword: dict[str, Operator] = {}
        self._has_plugins = False

    def add(self, new: Operator) -> None:
        """Check an operator and put it in force; a clash names both owners."""
        _validate(new)
        for old in self._by_keyword.values():
            if (old.owner, old.keyword) == (new.owner, new.keyword):
                continue  # the same module again: a notebook's cell, a reload
            for what, mine, theirs in (
                ("keyword", new.keyword, old.keyword),
                ("symbol", new.symbol, old.symbol),
            ):
                if mine and mine == theirs:
                    raise OperatorError(
                        f"{new.owner} registers the {what} {mine!r}, which {old.owner} has",
                        code="operator-clash",
                        hint="give one of them another name, or restrict LOGICX_PLUGINS",
                    )
        self._by_keyword[new.keyword] = new

    def all(self) -> tuple[Operator, ...]:
        """Every operator in force, plug-ins included; loads those on first use."""
        if not self._has_plugins:
            self._has_plugins = True
            try:
                _load_plugins()
            except BaseException:
                self._has_plugins = False  # so that the next use fails as well
                raise
        return tuple(self._by_keyword.values())

    def get(self, keyword: str) -> Operator:
        """The operator of that keyword, in any case."""
        known = {one.keyword: one for one in self.all()}
        if keyword.upper() not in known:
            raise OperatorError(
                f"no operator {keyword!r}",
                code="unknown-operator",
                hint=did_you_mean(keyword, known) or "list them: logicx operators",
            )
        return known[keyword.upper()]

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is registered inside is forgotten afterwards (for tests and notebooks)."""
        self.all()  # a plug-in registers once: loaded inside, it would be forgotten for good
        before = dict(self._by_keyword)
        try:
            yield
        finally:
            self._by_keyword = before


REGISTRY = Registry()


def operators() -> tuple[Operator, ...]:
    """All operators in force."""
    return REGISTRY.all()


def operator(
    keyword: str,
    *,
    kind: Literal["connective", "rewrite"] = "connective",
    form: Literal["infix", "prefix", "call"] = "call",
    symbol: str = "",
    precedence: int = 0,
    args: int | tuple[int, int | None] = 2,
    parameters: Sequence[str] = (),
    facts: Sequence[str] = (),
    example: str = "",
    proposes: Callable[[Vocabulary], Iterable[str]] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as an operator; its docstring is the documentation.

    A connective is a function of booleans (after its parameters, if it has any). A rewrite is a
    function `(bank, *arguments) -> Formula`.

    Args:
        keyword: Name in capitals, such as `NAND`.
        kind: `connective` or `rewrite`.
        form: `infix`, `prefix` or `call`.
        symbol: Optional short form made of the characters `& | ~ ^`.
        precedence: For infix: OR has 10, XOR 20, AND 30; larger binds tighter.
        args: Number of arguments, or fewest and most (None for any number).
        parameters: Names of whole numbers that come before the arguments.
        facts: Algebraic facts; for connectives they are checked against the truth table.
        example: A formula that uses it.
        proposes: Where it applies: a function of the bank that names the concepts to which a search
            should apply it, as atoms beside the concepts (operators of one argument).

    Raises:
        OperatorError: The registration contradicts itself or clashes with another.

    Example:
        >>> with REGISTRY.scope():
        ...     @operator("NAND", form="infix", precedence=30, facts=["commutative"],
        ...               example="water NAND blue")
        ...     def nand(a, b):
        ...         "Not both."
        ...         return not (a and b)
        ...     REGISTRY.get("nand").signature
        'a NAND b'
    """
    fewest, most = (args, args) if isinstance(args, int) else args

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        REGISTRY.add(
            Operator(
                keyword=keyword,
                meaning=function,
                kind=kind,
                form=form,
                symbol=symbol,
                precedence=PREFIX_PRECEDENCE if form != "infix" else precedence,
                min_args=fewest,
                max_args=most,
                parameters=tuple(parameters),
                facts=frozenset(facts),
                doc=" ".join((function.__doc__ or "").split()),
                example=example,
                owner=function.__module__,
                proposes=proposes,
            )
        )
        return function

    return register


def _validate(new: Operator) -> None:
    def refuse(why: str) -> OperatorError:
        return OperatorError(f"operator {new.keyword!r} of {new.owner}: {why}")

    if not re.fullmatch(r"[A-Z][A-Z0-9_]+", new.keyword):
        raise refuse("the keyword must be two or more capitals, digits or underscores")
    if set(new.symbol) - set(SYMBOL_CHARACTERS):
        raise refuse(f"the symbol {new.symbol!r} must be made of {' '.join(SYMBOL_CHARACTERS)}")
    if len(new.symbol) > 1 and "~" in new.symbol:
        raise refuse(f"the symbol {new.symbol!r} would be read in a&~b; ~ may only stand alone")
    if new.form not in FORMS or new.kind not in ("connective", "rewrite"):
        raise refuse(f"form {new.form!r} or kind {new.kind!r} is unknown")
    if new.form == "infix" and (new.min_args, new.max_args) != (2, 2):
        raise refuse("an infix operator takes two arguments")
    if new.form == "infix" and not 0 < new.precedence < PREFIX_PRECEDENCE:
        raise refuse(f"precedence must lie between 1 and {PREFIX_PRECEDENCE - 1}")
    if new.form == "prefix" and (new.min_args, new.max_args) != (1, 1):
        raise refuse("a prefix operator takes one argument")
    if new.min_args < 1 or (new.max_args is not None and new.max_args < new.min_args):
        raise refuse("it must take at least one argument, and at most no fewer than at least")
    if new.proposes and not (new.takes_one and not new.parameters):
        raise refuse("only an operator of one argument can propose concepts")
    if new.parameters and new.form != "call":
        raise refuse("only a call can have parameters")
    if new.facts - FACTS:
        raise refuse(f"unknown facts: {', '.join(sorted(new.facts - FACTS))}")
    if "involution" in new.facts and (new.min_args, new.max_args) != (1, 1):
        raise refuse("only an operator of one argument can be an involution")
    if new.facts & {"associative", "idempotent"} and not new.min_args <= 2 <= (new.max_args or 2):
        raise refuse("only an operator of two arguments can be associative or idempotent")
    for n_args in (new.min_args, new.max_args or new.min_args + 2):
        n = (new.kind == "rewrite") + len(new.parameters) + n_args
        if not _is_callable_with(new.meaning, n):
            raise refuse(f"its function cannot be called with {n} arguments")
    if not new.doc or not new.example:
        raise refuse("it needs a docstring and an example")
    if new.kind == "connective":
        false = _false_facts(new)
        if false:
            raise refuse(f"its truth table is not {', '.join(false)}")


def _is_callable_with(function: Callable[..., Any], n_args: int) -> bool:
    try:
        signature(function).bind(*range(n_args))
    except (TypeError, ValueError) as error:
        return isinstance(error, ValueError)  # a builtin that does not say what it takes
    return True


def _false_facts(new: Operator) -> list[str]:
    """The stated facts that the truth table contradicts.

    Tables of up to two arguments more than the fewest are tried, with parameters from 0 to 4.
    """
    false = []
    for parameters in product(range(5), repeat=len(new.parameters)):
        false += _false_with(new, parameters)
    return sorted(set(false))


def _false_with(new: Operator, parameters: tuple[int, ...]) -> list[str]:
    sizes = range(new.min_args, min(new.max_args or new.min_args + 2, new.min_args + 2) + 1)
    false = []

    def truth(*args: bool) -> bool:
        return new.truth(parameters, args)

    for n in sizes:
        for row in product((False, True), repeat=n):
            if "commutative" in new.facts and any(
                truth(*row) != truth(*other) for other in permutations(row)
            ):
                false.append("commutative")
    bits = (False, True)
    if "idempotent" in new.facts and any(truth(a, a) != a for a in bits):
        false.append("idempotent")
    if "involution" in new.facts and any(truth(truth(a)) != a for a in bits):
        false.append("involution")
    if "associative" in new.facts and any(
        truth(truth(a, b), c) != truth(a, truth(b, c)) for a, b, c in product(bits, repeat=3)
    ):
        false.append("associative")
    return false


def _load_plugins() -> None:
    from importlib.metadata import entry_points

    stated = os.environ.get("LOGICX_PLUGINS")
    entries = entry_points(group=ENTRY_POINTS)
    if stated is not None:
        wanted = [one.strip() for one in stated.split(",") if one.strip()]
        missing = [one for one in wanted if one not in entries.names]
        if missing:
            raise OperatorError(
                f"LOGICX_PLUGINS names {missing[0]!r}, and no such plug-in is installed",
                code="plugin",
                hint=f"installed: {', '.join(sorted(entries.names)) or 'none'}",
            )
        entries = tuple(one for one in entries if one.name in wanted)  # type: ignore[assignment]
    for entry in entries:
        before = dict(REGISTRY._by_keyword)
        try:
            entry.load()
        except Exception as error:
            REGISTRY._by_keyword = before
            if isinstance(error, LogicxError):
                raise
            raise OperatorError(
                f"the plug-in {entry.name!r} ({entry.value}) cannot be loaded: {error}",
                code="plugin",
                hint="mend or remove it, or name the plug-ins to load in LOGICX_PLUGINS",
            ) from error
