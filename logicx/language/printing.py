"""Formula to text: `parse(format_formula(f)) == f`, in both dialects.

What is printed is known here only as its nodes in post-order, as plain values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from logicx.language.registry import applied, operators
from logicx.language.words import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logicx.language.declaration import Operator


class Applied(NamedTuple):
    """An operator and to how many of the nodes before it is applied.

    Args:
        operator: The keyword.
        n_args: To how many formulas, the last that stand open.
        parameters: The whole numbers before them; then the text, if it takes one.
    """

    operator: str
    n_args: int
    parameters: tuple[int | str, ...]


class Printable(Protocol):
    """A formula, or what else can list its nodes."""

    def postfix(self) -> Iterable[str | Applied]:
        """Its nodes, arguments before the operator; a concept is its name."""
        ...


def format_formula(formula: Printable) -> str:
    """Text that parses to an equal formula in both dialects.

    Whatever could be misread is in parentheses.

    Raises:
        OperatorError: An operator is not registered, or does not take its arguments.

    Example:
        >>> from logicx.language.parsing import parse
        >>> format_formula(parse("a & b | ~c & 'big and small'"))
        '(a AND b) OR ((NOT c) AND "big and small")'
    """
    in_force = operators()
    known = {one.keyword: one for one in in_force}
    nodes: list[_Node] = []
    opened: list[int] = []
    for one in formula.postfix():
        if isinstance(one, str):
            nodes.append(_Node(one, None, (), ()))
        else:
            op = applied(one.operator, one.n_args, one.parameters, known)
            first = len(opened) - one.n_args
            nodes.append(_Node("", op, one.parameters, tuple(opened[first:])))
            del opened[first:]
        opened.append(len(nodes) - 1)
    pieces: list[str] = []
    todo: list[int | str] = [len(nodes) - 1]
    while todo:
        step = todo.pop()
        if isinstance(step, str):
            pieces.append(step)
        elif nodes[step].op is None:
            pieces.append(_quoted(nodes[step].name, in_force))
        else:
            todo += reversed(_parts(nodes[step], nodes, in_force))
    return "".join(pieces)


class _Node(NamedTuple):
    """A node whose arguments are numbers of other nodes."""

    name: str
    op: Operator | None
    parameters: tuple[int | str, ...]
    args: tuple[int, ...]

    @property
    def form(self) -> str:
        return self.op.form if self.op else ""


def _parts(node: _Node, nodes: list[_Node], in_force: tuple[Operator, ...]) -> list[int | str]:
    """The texts and arguments of a node, in the order in which they are written."""
    op, args = node.op, node.args
    assert op is not None
    if op.form == "infix":
        left, right = nodes[args[0]], nodes[args[1]]
        is_chain = left.op is op and op.associates == "left"
        is_plain_left = is_chain or left.form not in ("infix", "prefix")
        a = _in_parentheses(args[0], not is_plain_left)
        return [*a, f" {op.keyword} ", *_in_parentheses(args[1], right.form == "infix")]
    if op.form == "prefix":
        is_infix = nodes[args[0]].form == "infix"
        return [f"{op.keyword} ", *_in_parentheses(args[0], is_infix)]
    before = [_quoted(str(one), in_force) for one in node.parameters]
    inside: list[int | str] = [", ".join(before)] if before else []
    for arg in args:
        inside += [", ", arg] if inside else [arg]
    return [f"{op.keyword}(", *inside, ")"]


def _in_parentheses(arg: int, is_needed: bool) -> list[int | str]:
    return ["(", arg, ")"] if is_needed else [arg]


def _quoted(name: str, in_force: tuple[Operator, ...]) -> str:
    if is_plain(name, in_force):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
