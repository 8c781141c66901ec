"""Options of strategies on the command line, made of the fields of their dataclasses."""

from __future__ import annotations

from functools import cache, wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from logicx.errors import LogicxError
from logicx.runs.strategies.options import options_of, read_text
from logicx.runs.strategies.own import STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logicx.runs.strategies.options import Option


@cache
def _having() -> dict[str, tuple[Option, list[str]]]:
    """Each option of the built-in strategies by its key, and the strategies that have it."""
    found: dict[str, tuple[Option, list[str]]] = {}
    for one in STRATEGIES:
        for option in options_of(one):
            found.setdefault(option.key, (option, []))[1].append(one.name)
    return found


KEYS = tuple(_having())
"""Options of the built-in strategies, as they are written."""


def with_strategies(command: Callable[..., int]) -> Callable[..., int]:
    """The command with the options of the built-in strategies in place of its `**options`.

    They come to it only where they are given.
    """

    @wraps(command)
    def called(**given: Any) -> int:
        options = {key: given.pop(key) for key in KEYS}
        return command(**given, **{k: v for k, v in options.items() if v is not None})

    whole = signature(command, eval_str=True)
    shared = [one for one in whole.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    of_strategies = [
        Parameter(key, Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(option, names))
        for key, (option, names) in _having().items()
    ]
    own = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in shared]
    called.__signature__ = whole.replace(parameters=[*own, *of_strategies])  # type: ignore[attr-defined]
    return called


def _annotation(option: Option, names: Sequence[str]) -> Any:
    default = option.default
    shown = ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)
    text = option.help if default in (None, "") else f"{option.help}  [default: {shown}]"
    panel = f"Options of the strategy {' and '.join(names)}"
    return Annotated[option.kind | None, typer.Option(help=text, rich_help_panel=panel)]


class PanelCommand(TyperCommand):
    """A command whose help lists options in sections, by their panels, without Rich."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections, that of options without a panel first."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for one in self.get_params(ctx):
            record = one.get_help_record(ctx)
            if record is not None:
                panel = getattr(one, "rich_help_panel", None) or "Options"
                sections.setdefault(panel, []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)


def own_options(
    strategy: str, arguments: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The options of a strategy that did not come with logicx, from what is left of a command line.

    Args:
        strategy: Its name.
        arguments: What is left, such as `tries=3`.
        settings: Those of a `logicx.toml`; what means nothing to this strategy is for others.

    Raises:
        LogicxError: An argument is no option of it, or has no meaning.
    """
    if strategy in [one.name for one in STRATEGIES]:
        if arguments:
            raise _unexpected(arguments[0])
        return {}
    from logicx.runs.strategies.registry import STRATEGY_KIND, no_option

    part = STRATEGY_KIND.get(strategy)
    own = {one.key: one for one in options_of(part)}
    found = {
        key: read_text(own[key], value) if isinstance(value, str) else value
        for key, value in settings.items()
        if key in own and key not in KEYS
    }
    for argument in arguments:
        key, sign, text = argument.partition("=")
        if not sign:
            raise _unexpected(argument)
        if key not in own:
            raise no_option(part, key)
        found[key] = read_text(own[key], text)
    return found


def _unexpected(argument: str) -> LogicxError:
    return LogicxError(f"got unexpected extra argument ({argument})", code="usage")
