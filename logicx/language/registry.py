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
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal, Protocol

from logicx.errors import LogicxError, OperatorError, did_you_mean
from logicx.language.validation import PREFIX_PRECEDENCE, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ENTRY_POINTS = "logicx.operators"

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
        validate(new)
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
