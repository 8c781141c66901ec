"""What an operator is: one registration holds everything about it.

Three kinds:

- a *connective* is a truth table, written as a plain Python function of booleans. From the table
  follow evaluation on packed bits, exact counts from co-occurrence counts, and search support;
- a *rewrite* turns itself into a formula over a bank's concepts before evaluation;
- a *structural* operator sees where cells lie: it maps masks of the cells of an image or document
  to a mask of the same cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from logicx.errors import PluginError
from logicx.parts import answering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logicx.language.vocabulary import Vocabulary

Truth = tuple[bool, bool, bool, bool]

PLACES = {"pixels": "pixels of images", "tokens": "tokens of documents"}
"""Kinds of universes in which structural operators apply, and how they are called."""


@dataclass(frozen=True)
class Operator:
    """One operator, as registered.

    Args:
        keyword: Its name, in capitals.
        meaning: The truth function (connective), the rewriting function (rewrite), or the function
            of masks (structural).
        kind: `connective`, `rewrite` or `structural`.
        form: `infix` (a AND b), `prefix` (NOT a) or `call` (ATLEAST(2, a, b)).
        symbols: Short forms, such as `&` and `∧`.
        precedence: Of infix operators: a larger one binds tighter.
        associates: Of infix operators: whether a chain without parentheses is read from the left or
            from the right.
        min_args: Fewest arguments.
        max_args: Most arguments; None for any number.
        parameters: Names of whole numbers before the arguments.
        takes_text: Whether it takes a text, and no formulas.
        facts: Algebraic facts, of `associative commutative idempotent involution`.
        doc: What it means, in a sentence.
        example: A formula that uses it.
        owner: The module that registered it.
        proposes: Of an operator of one argument, or of a text: the concepts of a bank, or the
            texts, to which a search applies it.
        proposes_by_default: Whether a search that is not told its atoms asks for them.
        is_bare: Of a call of one argument: whether it may stand bare before it.
        is_everywhere: Of an infix operator: whether its keyword is one wherever it stands, and not
            only between two formulas.
        places: Of a structural operator: the kinds of universes in which it applies.
        tries: Of a structural operator with parameters: the numbers with which a search tries it.
    """

    keyword: str
    meaning: Callable[..., Any]
    kind: Literal["connective", "rewrite", "structural"]
    form: Literal["infix", "prefix", "call"]
    symbols: tuple[str, ...]
    precedence: int
    associates: Literal["left", "right"]
    min_args: int
    max_args: int | None
    parameters: tuple[str, ...]
    facts: frozenset[str]
    doc: str
    example: str
    owner: str
    proposes: Callable[[Vocabulary], Iterable[str]] | None = None
    is_bare: bool = False
    takes_text: bool = False
    is_everywhere: bool = False
    proposes_by_default: bool = True
    places: tuple[str, ...] = ()
    tries: tuple[tuple[int, ...], ...] = ()

    @property
    def symbol(self) -> str:
        """Its first short form, or nothing."""
        return self.symbols[0] if self.symbols else ""

    @property
    def makes_atoms(self) -> bool:
        """Whether a search can be asked to apply it to single concepts, or texts."""
        if self.kind == "structural":
            return bool(self.tries)
        return self.proposes is not None

    def proposed(self, bank: Vocabulary) -> list[str]:
        """Names of concepts, or texts, to which a search applies it; none where it does not say.

        A structural operator that does not say is applied to all concepts.

        Raises:
            PluginError: Its function fails, or gives something else.
        """
        if self.proposes is None:
            return list(bank.names) if self.tries else []
        found: list[object] = []
        with answering(f"proposes of operator {self.keyword}", self.owner):
            given = self.proposes(bank)
            is_list = isinstance(given, Iterable) and not isinstance(given, (str, bytes))
            found = list(given) if is_list else []
        known = frozenset(bank.names)
        names = [
            one
            for one in found
            if isinstance(one, str) and (bool(one) if self.takes_text else one in known)
        ]
        if not is_list or len(names) < len(found):
            wrong = next((one for one in found if one not in names), given)
            what = "no text" if self.takes_text else f"no concept of bank {bank.name!r}"
            what = "an empty text" if wrong == "" else what if is_list else "no list"
            kind = "texts" if self.takes_text else "names of its concepts"
            raise PluginError(
                f"proposes of operator {self.keyword} of {self.owner} gave {wrong!r}, "
                f"which is {what}",
                hint=f"it is a function of the bank that gives a list of {kind}",
            )
        return list(dict.fromkeys(names))

    @property
    def takes_one(self) -> bool:
        """Whether it has exactly one argument."""
        return self.form != "infix" and (self.min_args, self.max_args) == (1, 1)

    @property
    def stands_bare(self) -> bool:
        """Whether it may stand before its one argument without parentheses."""
        return self.takes_one and (self.form == "prefix" or self.is_bare)

    @property
    def is_reserved(self) -> bool:
        """Whether its keyword is an operator wherever it stands, and so no word of a name."""
        return self.form == "prefix" or self.is_bare or self.is_everywhere

    @property
    def stands_between(self) -> bool:
        """Whether its keyword is an operator between two formulas, and a word elsewhere."""
        return self.form == "infix" and not self.is_everywhere

    @property
    def is_symmetric(self) -> bool:
        """Whether its value depends only on how many arguments hold."""
        return "commutative" in self.facts

    @property
    def signature(self) -> str:
        """How it is written: `a AND b`, `NOT a`, `ATLEAST(k, a, ...)`, `MATCH("text")`."""
        if self.form == "infix":
            return f"a {self.keyword} b"
        if self.form == "prefix":
            return f"{self.keyword} a"
        letters = [chr(ord("a") + i) for i in range(self.min_args)]
        letters += ['"text"'] * self.takes_text
        more = ["..."] if self.max_args != self.min_args else []
        return f"{self.keyword}({', '.join([*self.parameters, *letters, *more])})"

    def check_arity(self, n_args: int, parameters: Sequence[int | str]) -> str:
        """What is wrong with these arguments, or an empty string."""
        if self.takes_text:
            *parameters, text = parameters or ("",)
            if n_args or not isinstance(text, str) or not text:
                return f"{self.keyword} takes a text, and no formulas: {self.signature}"
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

    def truth(self, parameters: Sequence[int | str], args: Sequence[bool]) -> bool:
        """Value of a connective.

        Raises:
            PluginError: Its function fails, or gives something else than a truth value.
        """
        with answering(f"the function of operator {self.keyword}", self.owner):
            value = self.meaning(*parameters, *args)
            is_truth = type(value) is bool or _is_truth(value)
        if not is_truth:
            raise PluginError(
                f"the function of operator {self.keyword} of {self.owner} gave {value!r} "
                f"for {(*parameters, *args)}, which is no truth value",
                hint="it returns True or False for every row (1 and 0 will do)",
            )
        return bool(value)


def _is_truth(value: object) -> bool:
    """Whether a value other than Python's own True and False is one: NumPy's, or 0 or 1."""
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        value = value.item()  # type: ignore[attr-defined]
    return isinstance(value, int) and value in (0, 1)
