"""The grammar in force, put together from data files and the registered operators."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from logicx.resources import resource

if TYPE_CHECKING:
    from logicx.language.registry import Operator

Dialect = Literal["standard", "chain"]
DIALECTS = ("standard", "chain")


@dataclass(frozen=True)
class Mistake:
    """What people get wrong, and what to tell them."""

    code: str
    message: str
    hint: str


def grammar_text(in_force: tuple[Operator, ...], dialect: Dialect) -> str:
    """The skeleton with the rules and terminals of these operators."""
    infix = sorted((op for op in in_force if op.form == "infix"), key=lambda op: op.precedence)
    levels = (
        [list(level) for _, level in groupby(infix, key=lambda op: op.precedence)]
        if dialect == "standard"
        else [infix]
    )
    names = [f"level_{i + 1}" for i in range(len(levels))] + ["unary"]
    lines = ["", f"// ---- generated, {dialect} dialect: loosest binding first", ""]
    lines += [f"?expression: {names[0]}", ""]
    for name, tighter, level in zip(names, names[1:], levels, strict=False):
        tokens = " | ".join(f"OP_{op.keyword}" for op in level)
        lines += [f"?{name}: {tighter}", f"    | {name} ({tokens}) {tighter} -> infix", ""]
    single = [op for op in in_force if op.takes_one]
    several = [op for op in in_force if op.form == "call" and not op.takes_one]
    lines += ["?unary: atom"]
    for op in single:
        token = f"OP_{op.keyword}"
        lines += [
            f"    | {token} unary -> bare_call",
            f"    | {token} LPAR RPAR -> call",
            f"    | {token} LPAR expression (COMMA expression)+ RPAR -> call",
        ]
    tokens = " | ".join(f"OP_{op.keyword}" for op in several) or "/(?!)x/"
    lines += ["", f"call: ({tokens}) LPAR arguments RPAR", ""]
    for op in in_force:
        pattern = f"/(?a:{op.keyword})(?![^\\s()&|~^,])/i"  # ASCII: dotless i is not I
        symbol = f' | "{op.symbol}"' if op.symbol else ""
        longest_first = 2 + len(op.symbol)
        lines.append(f"OP_{op.keyword}.{longest_first}: {pattern}{symbol}")
    return resource("grammar", "formula.lark").read_text(encoding="utf-8") + "\n".join(lines) + "\n"


@lru_cache(maxsize=1)
def mistakes() -> list[tuple[Mistake, list[str]]]:
    """Typical mistakes with examples, from `grammar/mistakes.toml`."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    table = tomllib.loads(resource("grammar", "mistakes.toml").read_text(encoding="utf-8"))
    return [
        (Mistake(one["code"], one["message"], one["hint"]), one["examples"])
        for one in table["mistake"]
    ]
