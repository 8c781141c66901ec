"""The grammar in force, put together from data files and the registered operators."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from logicx.language.words import OPENING, symbol_pattern, words_of
from logicx.resources import resource

if TYPE_CHECKING:
    from logicx.language.declaration import Operator

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
        is_right = dialect == "standard" and level[0].associates == "right"
        left, right = (tighter, name) if is_right else (name, tighter)
        lines += [f"?{name}: {tighter}", f"    | {left} ({tokens}) {right} -> infix", ""]
    lines += ["?unary: atom"]
    for op in (op for op in in_force if op.stands_bare):
        token = f"OP_{op.keyword}"
        lines += [
            f"    | {token} unary -> bare_call",
            f"    | {token} LPAR RPAR -> call",
            f"    | {token} LPAR expression (COMMA expression)+ RPAR -> call",
        ]
    calls = [op for op in in_force if op.form == "call" and not op.stands_bare]
    tokens = " | ".join(f"OP_{op.keyword}" for op in calls) or "/(?!)x/"
    lines += ["", f"_called: {tokens}", "call: _called LPAR arguments RPAR", ""]
    words = words_of(in_force)
    for op in in_force:
        end = words.end if op.is_reserved or op.stands_between else r"(?=\s*\()"
        written = [f"(?a:{op.keyword}){end}"]  # ASCII: dotless i is not I
        written += [symbol_pattern(one, words.symbols) for one in op.symbols if one != OPENING]
        pattern = "|".join(one.replace("/", r"\/") for one in written)
        lines.append(f"OP_{op.keyword}.2: /{pattern}/i")
    lines += [f"WORD: /{words.word.replace('/', chr(92) + '/')}/"]
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
