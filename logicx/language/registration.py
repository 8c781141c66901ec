"""The public way in for an operator: a decorator on the function that is its meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from logicx.errors import LogicxError, OperatorError
from logicx.language.declaration import Operator
from logicx.language.formula import Apply, post_order
from logicx.language.parsing import read_with
from logicx.language.registry import OPERATORS
from logicx.language.validation import PREFIX_PRECEDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from logicx.language.vocabulary import Vocabulary
    from logicx.parts import Owner


def operator(
    keyword: str,
    *,
    kind: Literal["connective", "rewrite", "structural"] = "connective",
    form: Literal["infix", "prefix", "call"] = "call",
    symbol: str | Sequence[str] = (),
    precedence: int = 0,
    associates: Literal["left", "right"] = "left",
    args: int | tuple[int, int | None] | Literal["text"] = 2,
    parameters: Sequence[str] = (),
    facts: Sequence[str] = (),
    example: str = "",
    proposes: Callable[[Vocabulary], Iterable[str]] | None = None,
    proposes_by_default: bool = True,
    bare: bool = False,
    everywhere: bool = False,
    where: str | Sequence[str] = (),
    tries: Sequence[int | Sequence[int]] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as an operator; its docstring is the documentation.

    A connective is a function of booleans (after its parameters, if it has any) that returns a
    truth value. A rewrite is a function `(bank, *arguments) -> Formula`, in which `bank` is a
    `Vocabulary`; with `args="text"` it is `(bank, text) -> Formula`.

    A structural operator is a function `(*numbers, *masks) -> mask` of NumPy arrays of booleans of
    one shape: `[n_images, height, width]` of pixels, `[n_documents, length]` of tokens. It is given
    several images of one size, or documents of one length, at a time, and works on each by itself,
    along the last axes. Cells without labels hold nothing, neither x nor NOT x. The masks are not
    to be written to.

    Args:
        keyword: Name in capitals, such as `EXCEPT`.
        kind: `connective`, `rewrite` or `structural`.
        form: `infix`, `prefix` or `call`.
        symbol: Optional short form, or several: of the characters `& | ~ ^`, a mathematical sign
            such as `→`, or a run of punctuation such as `->`.
        precedence: For infix: IFF has 2, IMPLIES 4, OR 10, XOR 20, AND 30; larger binds tighter.
        associates: For infix: whether `a OP b OP c` is read from the left or from the right.
        args: Number of arguments, or fewest and most (None for any number); or `text`, for a
            rewrite that takes a text as it is written, in quotes where it is no plain name.
        parameters: Names of whole numbers that come before the arguments.
        facts: Algebraic facts; for connectives they are checked against the truth table.
        example: A formula that uses it; it is read when the operator is registered.
        proposes: Where it applies: a function of the bank that names the concepts to which a search
            should apply it, as atoms beside the concepts (operators of one argument), or the texts
            (operators of a text).
        proposes_by_default: Whether a search with `atoms="auto"` asks for them; if not, only one
            with `atoms="KEYWORD"` does.
        bare: For calls of one argument: whether it may stand bare before it without parentheses, as
            NEIGHBORS does. The keyword is then reserved; others are operators only before `(`.
        everywhere: For infix: whether the keyword is reserved, as AND is. Others are operators only
            between two formulas, and words of names elsewhere.
        where: For structural operators: `pixels`, `tokens`, or a list of both.
        tries: For structural operators with parameters: the numbers with which a search tries them,
            such as `[1, 3]`; those of several parameters as `[(1, 2), (3, 4)]`. Without, it is not
            searched.

    Raises:
        OperatorError: The registration is wrong, contradicts itself or clashes with another.

    Example:
        >>> with OPERATORS.scope():
        ...     @operator("EXCEPT", form="infix", precedence=30, example="water EXCEPT blue")
        ...     def _except(a, b):
        ...         "The first, where the second does not hold."
        ...         return a and not b
        ...     OPERATORS.get("EXCEPT").signature
        'a EXCEPT b'
    """
    if callable(keyword):
        raise OperatorError(
            f"operator is given the function {getattr(keyword, '__name__', keyword)!r}, not a name",
            hint='write the name in capitals, and what else it needs: @operator("NAME", ...)',
        )
    fewest: Any = args
    is_structural = kind == "structural"
    most: Any = args
    if isinstance(args, (tuple, list)) and len(args) == 2:
        fewest, most = args
    elif args == "text":
        fewest = most = 0

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        module = str(getattr(function, "__module__", "") or "__main__")
        new = Operator(
            keyword=keyword,
            meaning=function,
            kind=kind,
            form=form,
            symbols=_listed((symbol,) if isinstance(symbol, str) and symbol else symbol or ()),
            precedence=PREFIX_PRECEDENCE if form != "infix" else precedence,
            associates=associates,
            min_args=fewest,
            max_args=most,
            parameters=_listed(parameters),
            facts=_listed(facts, frozenset),
            doc=" ".join((getattr(function, "__doc__", None) or "").split()),
            example=example,
            owner=module,
            proposes=proposes,
            proposes_by_default=proposes_by_default,
            is_bare=bare,
            takes_text=args == "text",
            is_everywhere=everywhere,
            places=_listed((where,) if isinstance(where, str) and where else where or ()),
            tries=_numbers(tries) if parameters or not is_structural else ((),),
        )
        OPERATORS.register(new, module=module)
        return function

    return register


def _listed(given: Any, kind: type[Any] = tuple) -> Any:
    """A list or set as a tuple or frozen set; anything else as it is, to be refused as that."""
    return kind(given) if isinstance(given, (list, tuple, set, frozenset)) else given


def _numbers(tries: Any) -> Any:
    """Numbers for each of several tries; what is no list as it is, to be refused as that."""
    if not isinstance(tries, (list, tuple)):
        return tries
    return tuple((one,) if type(one) is int else _listed(one) for one in tries)


def _fits_in(new: Operator, owner: Owner) -> None:
    """Refuse an operator whose chains or whose example are not read beside the others in force.

    The built-in ones are held against this by a test, so that importing them reads no formula.
    """
    if owner.is_builtin:
        return
    in_force = OPERATORS.in_force()
    named = f"operator {new.keyword!r} of {owner}"
    for old in in_force:
        if new.form == old.form == "infix" and new.precedence == old.precedence:
            if new.associates == old.associates:
                continue
            raise OperatorError(
                f"{named} associates to the {new.associates}, and {old.keyword} of "
                f"{OPERATORS.owner(old)} to the {old.associates}, with the same precedence",
                hint="give it another precedence: a chain of the two would have no meaning",
            )
    try:
        formula = read_with(in_force, new.example).formula
    except LogicxError as error:
        raise OperatorError(
            f"{named}: its example is not read: {error.message}",
            hint=error.hint,
            text=new.example,
            span=error.span,
        ) from error
    if not any(
        isinstance(one, Apply) and one.operator == new.keyword for one in post_order(formula)
    ):
        raise OperatorError(
            f"{named}: its example {new.example!r} does not use it",
            hint="write one formula that holds the operator",
        )


OPERATORS.also_check(_fits_in)
