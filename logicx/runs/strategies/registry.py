"""All strategies by name, the door for others, and how one is made of what `explain` is given."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from logicx.errors import LogicxError, OptionError, PluginError, did_you_mean
from logicx.parts import Kind, Owner, answering
from logicx.parts.written import is_word
from logicx.runs.strategies.options import SHARED, options_of
from logicx.runs.strategies.own import STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logicx.runs.strategies.roles import OwnStrategy, Strategy

S = TypeVar("S", bound="type[Any]")


def check_part(part: type[Any], owner: Owner) -> None:
    """Refuse a strategy that is not what it should be.

    Raises:
        PluginError: It is no frozen dataclass with a name, a docstring and options that have
            defaults; or it cannot search.
    """
    if owner.is_builtin:
        return
    if not isinstance(part, type):
        raise PluginError(
            f"{owner} registers a strategy that is no class: {part!r}",
            hint="register the class; explain takes an instance: strategy=Greedy(tries=3)",
        )
    wrong = _wrong(part)
    if wrong:
        raise PluginError(f"the strategy {part.__name__} of {owner} {wrong}")


def _wrong(part: type[Any]) -> str:
    """What is wrong with a class that is to be a strategy, or nothing."""
    name = getattr(part, "name", None)
    if not is_word(name):
        return f"has the name {name!r}: a word in lower case is needed"
    parameters = getattr(part, "__dataclass_params__", None)
    if not is_dataclass(part) or parameters is None or not parameters.frozen:
        return "is no frozen dataclass: put @dataclass(frozen=True) before it"
    if any(one.name == "name" for one in fields(part)):
        return "has its name as an option: write it without a type, or name: ClassVar[str]"
    if not callable(getattr(part, "search", None)):
        return "has no search(task, unit)"
    if not doc_of(part):
        return "has no docstring, which is to say what it does"
    try:
        options = options_of(part)
        part()
    except Exception as error:
        return f"cannot be made without options: {type(error).__name__}: {error}"
    taken = [one.key for one in options if one.key in SHARED]
    return f"has the option {taken[0]!r}, which explain itself has" if taken else ""


def doc_of(part: Any) -> str:
    """The first line of the docstring of a strategy; a dataclass makes one where there is none."""
    doc = str(part.__doc__ or "").strip()
    return "" if doc.startswith(f"{part.__name__}(") else doc.partition("\n")[0].strip()


STRATEGY_KIND: Kind[type[Any]] = Kind(
    "strategy", builtins=["logicx.runs.strategies.registry"], check=check_part
)
"""All strategies by name; their parts are classes."""

for _one in STRATEGIES:
    STRATEGY_KIND.register(_one)


def strategy(part: S) -> S:
    """Register the decorated class as a strategy: a frozen dataclass, its options the fields.

    Raises:
        PluginError: It is not what it should be; see `logicx.runs.strategies.roles.Strategy`.
        OptionError: Another has its name.

    Example:
        >>> from dataclasses import dataclass
        >>> with STRATEGY_KIND.scope():
        ...     @strategy
        ...     @dataclass(frozen=True)
        ...     class First:
        ...         "Takes the concept of that number."
        ...         name = "first"
        ...         number: int = 0
        ...         def search(self, task, unit):
        ...             return task.bank.atom(self.number)
        ...     strategy_of("first", {"number": 2})
        First(number=2)
    """
    STRATEGY_KIND.register(part)
    return part


def strategy_of(spec: str | Strategy | OwnStrategy, options: Mapping[str, Any]) -> Any:
    """The strategy of a name with some options, or one that was given with them.

    Raises:
        OptionError: There is none, or an option means nothing to it.
    """
    if not isinstance(spec, str):
        return _given(spec, options)
    part = STRATEGY_KIND.get(spec)
    own = {one.key: one.field for one in options_of(part)}
    for key in options:
        if key not in own:
            raise no_option(part, key)
    owner = STRATEGY_KIND.owner(part)
    with answering(f"the strategy {spec!r}", owner):
        return part(**{own[key]: value for key, value in options.items()})


def _given(spec: Any, options: Mapping[str, Any]) -> Any:
    kind: Any = type(spec)
    owner = STRATEGY_KIND.owner(kind)
    if isinstance(spec, type) or not is_dataclass(spec):
        raise OptionError(
            f"a strategy is a name or an instance of a dataclass, not {spec!r}",
            hint=f"names: {', '.join(STRATEGY_KIND.table())}",
        )
    check_part(kind, owner)
    if options:
        key = next(iter(options))
        raise OptionError(
            f"{key} is given beside a strategy that has its options",
            hint=f"say strategy={kind.__name__}(...) with it, or name the strategy: "
            f"strategy={kind.name!r}",
        )
    return spec


def no_option(part: Any, key: str) -> LogicxError:
    """The error for an option that a strategy does not have."""
    having = sorted(name for name, one in STRATEGY_KIND.table().items() if key in keys(one))
    if having:
        return OptionError(
            f"{key} means nothing to the strategy {part.name}",
            hint=f"strategy={' or '.join(having)} has it",
        )
    own = keys(part)
    listed = f"it has: {', '.join(own)}" if own else "it has none"
    return OptionError(
        f"no option {key!r}, neither of explain nor of the strategy {part.name}",
        hint=did_you_mean(key, [*SHARED, *own]) or listed,
    )


def keys(part: Any) -> tuple[str, ...]:
    """How the options of a strategy are written."""
    return tuple(one.key for one in options_of(part))
