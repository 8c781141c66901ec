"""The formula language: text to formula.

The grammar's terminals and skeleton are data (`grammar/formula.lark`); one rule per precedence
level comes from the operators that are registered. `parse(format_formula(f)) == f`, always.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from logicx.errors import FormulaError, LogicxError, OptionError, did_you_mean
from logicx.language.exact import masked, names_with_operators, notes_on, spans_of, unmasked
from logicx.language.formula import Apply, Concept, Formula, Span
from logicx.language.grammar import DIALECTS, Dialect, Mistake, grammar_text, mistakes
from logicx.language.printing import format_formula
from logicx.language.registry import OPERATORS, operators
from logicx.language.words import OPENING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lark import Lark, Token, UnexpectedInput

    from logicx.language.declaration import Operator


class Reading(NamedTuple):
    """A formula and what a person should know of how its text was read."""

    formula: Formula
    notes: tuple[str, ...]


def parse(text: str, dialect: Dialect = "standard", *, names: Sequence[str] = ()) -> Formula:
    """The formula that a text writes.

    Args:
        text: Such as `(water OR river) AND NOT blue`.
        dialect: `standard` (NOT, AND, XOR, OR bind in this order) or `chain` (all infix operators
            bind alike, left to right, as the figures of Mu and Andreas 2020 print beam results).
        names: Names of a bank, if the formula is about one: a part that is exactly a name with an
            operator's symbol in it, such as `R&B`, is read as that name.

    Raises:
        FormulaError: The text is no formula; the error shows where and why.

    Example:
        >>> parse("water | river & ~blue") == parse("water OR (river AND (NOT blue))")
        True
        >>> print(parse("water OR river AND NOT blue", dialect="chain"))
        (water OR river) AND NOT blue
        >>> parse("R&B", names=["R&B"])
        Concept('R&B')
    """
    return read(text, dialect, names=names).formula


def read(text: str, dialect: Dialect = "standard", *, names: Sequence[str] = ()) -> Reading:
    """Like `parse`, with notes where it might have been read in another way."""
    return _language(operators(), dialect).read(text, names)


def read_with(in_force: tuple[Operator, ...], text: str) -> Reading:
    """Like `read`, with these operators and no others."""
    return _language(in_force, "standard").read(text)


def grammar(dialect: Dialect = "standard") -> str:
    """The whole grammar in force, in Lark's notation."""
    return _language(operators(), dialect).grammar


@lru_cache(maxsize=8)
def _language(in_force: tuple[Operator, ...], dialect: Dialect) -> Language:
    if dialect not in DIALECTS:
        raise OptionError(f"dialect {dialect!r} is not one of {', '.join(DIALECTS)}")
    return Language(in_force, dialect)


class _Part(NamedTuple):
    """What the parser keeps of a piece of text while it builds nodes."""

    node: Formula
    span: Span
    infix: str = ""
    """Keyword, where the piece is an infix formula without parentheses around it."""
    name: str = ""
    """The name, where the piece is one without parentheses around it."""
    is_bare: bool = False
    """Whether it is a name without quotes, which may be a number."""
    mixed: str = ""
    """Two infix keywords that stand side by side somewhere inside without parentheses."""


class Language:
    """A parser for one set of operators and one dialect."""

    def __init__(self, in_force: tuple[Operator, ...], dialect: Dialect) -> None:
        """Build the LALR tables (about 20 ms)."""
        from lark import Lark

        self.dialect = dialect
        self.operators = {one.keyword: one for one in in_force}
        self.grammar = grammar_text(in_force, dialect)
        self._lark: Lark = Lark(
            self.grammar,
            parser="lalr",
            lexer="basic",
            maybe_placeholders=False,
            keep_all_tokens=True,
            transformer=_Builder(self.operators),
            postlex=_ByPlace(self.operators),
        )

    def read(self, text: str, names: Sequence[str] = ()) -> Reading:
        """The formula of a text, with notes.

        Args:
            text: The text.
            names: Names of the bank that it is about.
        """
        from lark import UnexpectedInput

        if not isinstance(text, str):
            raise FormulaError(f"a formula is text, not {type(text).__name__}")
        try:
            spans, notes = self._names_in(text, tuple(names))
            part: _Part = self._lark.parse(masked(text, spans))  # type: ignore[assignment]
        except UnexpectedInput as error:
            raise self._explain(error, text) from None
        except LogicxError as error:
            error.text = text
            raise
        formula = unmasked(part.node, spans) if spans else part.node
        if part.mixed and self.dialect == "standard":
            shown = format_formula(formula)
            shown = shown if len(shown) <= 200 else shown[:200] + " …"
            notes.insert(
                0,
                f"{part.mixed} without parentheses was read as: {shown}"
                "    (dialect=chain reads from left to right)",
            )
        return Reading(formula, tuple(notes))

    def _names_in(self, text: str, names: tuple[str, ...]) -> tuple[dict[Span, str], list[str]]:
        """Where parts of the text are names with symbols, and what is to be said of names."""
        if not names:
            return {}, []
        in_force = tuple(self.operators.values())
        tokens = list(self._lark.lex(text, dont_ignore=False))
        written = [one for one in names_with_operators(names, in_force) if one in text]
        spans = spans_of(tokens, text, written)
        return spans, notes_on(tokens, spans, names)

    def _explain(self, error: UnexpectedInput, text: str) -> FormulaError:
        from lark import Token, UnexpectedCharacters, UnexpectedToken

        if isinstance(error, UnexpectedCharacters):
            start = error.pos_in_stream or 0
            return FormulaError(
                "a quotation mark is not closed",
                code="unclosed-quote",
                hint="a name that begins with a quotation mark is itself written in quotes",
                text=text,
                span=(start, len(text)),
            )
        assert isinstance(error, UnexpectedToken)
        token = error.token
        is_end = token.type == "$END"
        span = (len(text), len(text) + 1) if is_end else _span(token)
        found = "the end" if is_end else repr(text[slice(*span)])
        before = error.state.value_stack[-1] if error.state.value_stack else None
        if token.type == "LPAR" and isinstance(before, Token) and before.type == "WORD":
            word = str(before)
            alike = [one for one in self.operators if one[0] == word[0].upper()]
            return FormulaError(
                f"no operator {word!r}, and no operator between it and the parenthesis"
                f"{OPERATORS.missing()}",
                code="unknown-operator",
                hint=did_you_mean(word, alike)
                or "list them: logicx operators; a concept's name that has parentheses stands in "
                f'quotes: "{word} (...)"',
                text=text,
                span=span,
            )
        mistake = self._mistake(token.type, error.state.position)
        if mistake.code == "unclosed-parenthesis":
            span = _unclosed(self._lark, text) or span
        return FormulaError(
            mistake.message.format(found=found),
            code=mistake.code,
            hint=mistake.hint,
            text=text,
            span=span,
        )

    def _mistake(self, token_type: str, state: int) -> Mistake:
        """The typical mistake made here: same parser state and token, else same state."""
        for key in ((state, token_type), (state, "")):
            if key in self._mistakes_by_state:
                return self._mistakes_by_state[key]
        return Mistake("syntax", "{found} is not expected here", "see: logicx grammar")

    @cached_property
    def _mistakes_by_state(self) -> dict[tuple[int, str], Mistake]:
        """Where the parser stands when it refuses each example of `grammar/mistakes.toml`."""
        from lark import UnexpectedToken

        table: dict[tuple[int, str], Mistake] = {}
        for mistake, examples in mistakes():
            for example in (like for one in examples for like in self._like(one)):
                try:
                    self._lark.parse(example)
                except UnexpectedToken as error:
                    state = error.state.position
                    table.setdefault((state, error.token.type), mistake)
                    table.setdefault((state, ""), mistake)
                except LogicxError:
                    continue
        return table

    def _like(self, example: str) -> list[str]:
        """The example, then the same with other operators of the form: each has its own states.

        Calls share theirs.
        """
        stand_ins = {"infix": r"\b(AND|OR)\b", "one": r"\b(NOT|NEIGHBORS)\b"}
        found = [example]
        for keyword, op in self.operators.items():
            if op.form == "call" and not op.stands_bare:
                continue
            form = "one" if op.stands_bare else op.form
            text = re.sub(stand_ins[form], keyword, example, count=1)
            is_word = op.stands_between and all(
                token.type != f"OP_{keyword}" for token in self._lark.lex(text)
            )
            if not is_word:
                found.append(text)
        return found


def _span(token: Token) -> Span:
    assert token.start_pos is not None
    assert token.end_pos is not None
    return token.start_pos, token.end_pos


def _unclosed(lark: Lark, text: str) -> Span | None:
    """The place of the last parenthesis that is opened and never closed."""
    opened: list[Span] = []
    for token in lark.lex(text, dont_ignore=False):
        if token.type == "LPAR":
            opened.append(_span(token))
        elif token.type == "RPAR" and opened:
            opened.pop()
    return opened[-1] if opened else None


class _ByPlace:
    """Tells operators from words of names where only their place can.

    `!` is an operator where a part of a formula begins. The keyword of an infix operator that is
    not reserved is one between two formulas: where one has ended before it and another can begin
    after it.
    """

    always_accept = ("OPENING",)

    def __init__(self, known: dict[str, Operator]) -> None:
        keyword = next((keyword for keyword, op in known.items() if OPENING in op.symbols), "")
        self._opening = f"OP_{keyword}" if keyword else "WORD"
        self._between = {f"OP_{one.keyword}" for one in known.values() if one.stands_between}
        infix = {f"OP_{one.keyword}" for one in known.values() if one.form == "infix"}
        self._endings = {"RPAR", "COMMA", *infix}

    def process(self, tokens: Iterator[Token]) -> Iterator[Token]:
        begins = True
        token = next(tokens, None)
        while token is not None:
            after = next(tokens, None)
            if token.type == "OPENING":
                token.type = self._opening if begins else "WORD"
            elif self._may_be_word(token) and (begins or not self._begins_with(after)):
                token.type = "WORD"
            yield token
            begins = token.type in ("LPAR", "COMMA") or token.type.startswith("OP_")
            token = after

    def _may_be_word(self, token: Token) -> bool:
        """Whether it is such a keyword, and not a symbol."""
        return token.type in self._between and token.upper() == token.type.removeprefix("OP_")

    def _begins_with(self, token: Token | None) -> bool:
        """Whether a part of a formula can begin with a token."""
        return token is not None and (token.type not in self._endings or self._may_be_word(token))


class _Builder:
    """Nodes from grammar rules, built during the parse, so that no depth recurses."""

    def __init__(self, known: dict[str, Operator]) -> None:
        self._known = known

    def _is_right(self, keyword: str) -> bool:
        """Whether a chain of it means something else when it is read from the left."""
        op = self._known[keyword]
        return op.associates == "right" and "associative" not in op.facts

    def start(self, children: list[_Part]) -> _Part:
        return children[0]

    def group(self, children: list[Any]) -> _Part:
        left, right = children[0], children[-1]
        inside: _Part = children[1]
        return inside._replace(
            span=(_span(left)[0], _span(right)[1]), infix="", name="", is_bare=False
        )

    def bare_name(self, words: list[Token]) -> _Part:
        span = (_span(words[0])[0], _span(words[-1])[1])
        name = str(words[0])
        for one, before in zip(words[1:], words, strict=False):
            name += one if one.start_pos == before.end_pos else f" {one}"
        return _Part(Concept(name, span), span, name=name, is_bare=True)

    def quoted_name(self, children: list[Token]) -> _Part:
        span = _span(children[0])
        name = re.sub(r"\\(.)", r"\1", children[0][1:-1], flags=re.DOTALL)
        if not name:
            raise FormulaError("the name in quotes is empty", code="empty-name", span=span)
        return _Part(Concept(name, span), span, name=name)

    def infix(self, children: list[Any]) -> _Part:
        left, token, right = children
        keyword = token.type.removeprefix("OP_")
        mixed = left.mixed or right.mixed
        for side in (left.infix, right.infix):
            if side and (side != keyword or self._is_right(keyword)):
                mixed = f"{side} beside {keyword}"
        span = (left.span[0], right.span[1])
        return _Part(Apply(keyword, (left.node, right.node), (), span), span, keyword, mixed=mixed)

    def bare_call(self, children: list[Any]) -> _Part:
        token, part = children
        return self._apply(token, [part], part.span[1])

    def arguments(self, children: list[Any]) -> list[_Part]:
        return [child for child in children if isinstance(child, _Part)]

    def call(self, children: list[Any]) -> _Part:
        parts: list[_Part] = []
        for child in children[2:-1]:
            if isinstance(child, _Part):
                parts.append(child)
            elif isinstance(child, list):
                parts += child
        return self._apply(children[0], parts, _span(children[-1])[1])

    def _apply(self, token: Token, parts: list[_Part], end: int) -> _Part:
        op = self._known[token.type.removeprefix("OP_")]
        span = (_span(token)[0], end)
        parameters: list[int | str] = []
        for part, _ in zip(parts, op.parameters, strict=False):
            if not part.is_bare or not re.fullmatch(r"[0-9]{1,9}", part.name):
                break
            parameters.append(int(part.name))
        parts = parts[len(parameters) :]
        if op.takes_text:
            parameters.append(_text(op, parts, span))
            parts = []
        wrong = op.check_arity(len(parts), parameters)
        if wrong:
            raise FormulaError(wrong, code="arity", span=span)
        mixed = next((part.mixed for part in parts if part.mixed), "")
        node = Apply(op.keyword, tuple(part.node for part in parts), tuple(parameters), span)
        return _Part(node, span, mixed=mixed)


def _text(op: Operator, parts: list[_Part], span: Span) -> str:
    """The text that an operator is given."""
    if len(parts) != 1:
        what = f"one text, not {len(parts)}" if parts else "a text"
        hint = "a text that holds a comma is written in quotes" if parts else ""
        wrong = f"{op.keyword} takes {what}: {op.signature}"
        raise FormulaError(wrong, code="arity", span=span, hint=hint)
    if not parts[0].name:
        raise FormulaError(
            f"{op.keyword} takes a text, and no formula: {op.signature}",
            code="arity",
            span=parts[0].span,
            hint="a text that is no plain name is written in quotes",
        )
    return parts[0].name
