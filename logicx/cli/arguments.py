"""`unit=483` for `--unit 483`, and defaults from `logicx.toml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logicx.errors import DataError, OptionError, did_you_mean
from logicx.language.numerals import real, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from click import Command, Parameter

SETTINGS = "logicx.toml"
LISTS = ("unit", "steps", "operators", "atoms", "only", "exclude")
"""Settings that may be lists."""
LAYER_LAYOUT = ("probe", "layout")
"""What is said of an array of units is not said of the layer that is recorded."""


def as_options(arguments: Sequence[str], commands: dict[str, Command]) -> list[str]:
    """The arguments with every `key=value` whose key is an option of the command written `--key`.

    After `--`, arguments are left as they are.
    """
    done: list[str] = []
    command: Command | None = None
    is_value = False
    given: set[str | None] = set()
    for i, argument in enumerate(arguments):
        if argument == "--":
            return [*done, *arguments[i:]]
        if is_value:
            _check_number(_written(command, done[-1]), argument)
            done.append(argument)
            is_value = False
            continue
        is_value = _takes_value(command, argument)
        found = re.fullmatch(r"([a-z][a-z_-]*)=(.*)", argument, flags=re.DOTALL)
        option = _option(command, found[1]) if command and found else None
        stated = option or _written(command, argument)
        _refuse_twice(stated, given)
        if "=" in argument:
            _check_number(stated, argument.partition("=")[2])
        if command is None:
            command = commands.get(argument)
        if found is None or option is None:
            done.append(argument)
        elif getattr(option, "is_flag", False):
            is_on = is_yes(found[1], found[2])
            done += (option.opts if is_on else option.secondary_opts)[:1]
        else:
            done += ["--" + found[1].replace("_", "-"), found[2]]
    return done


def _written(command: Command | None, argument: str) -> Parameter | None:
    """The option of `--key` or `--key=value`."""
    if not argument.startswith("--"):
        return None
    return _option(command, argument[2:].partition("=")[0])


def _refuse_twice(option: Parameter | None, given: set[str | None]) -> None:
    """Refuse an option that takes one value and is given two: the first would not count."""
    if option is None or getattr(option, "multiple", False):
        return
    if option.name in given and not getattr(option, "is_flag", False):
        raise OptionError(f"{option.name} is given twice", hint="give it once")
    given.add(option.name)


def _check_number(option: Parameter | None, text: str) -> None:
    """Refuse a text that Python takes for a number and people do not, such as `1_0`."""
    kind: Any = getattr(getattr(option, "type_descriptor", None), "annotation", None)
    kind = kind or getattr(getattr(option, "type", None), "name", None)  # as the version of Typer
    for names, python, strict in (((int, "integer"), int, whole), ((float, "float"), float, real)):
        if kind in names:
            try:
                python(text)
            except ValueError:
                return  # Typer says so
            try:
                strict(text)
            except ValueError as error:
                name = option.name if option else ""
                raise OptionError(f"{name}: {error}") from None


def _takes_value(command: Command | None, argument: str) -> bool:
    """Whether `--key` stands alone, so that the next argument is its value."""
    if command is None or not argument.startswith("--") or "=" in argument:
        return False
    option = _option(command, argument[2:])
    return option is not None and not getattr(option, "is_flag", False)


def is_yes(key: str, text: str) -> bool:
    """Whether the text of an option means true.

    Raises:
        OptionError: It means neither true nor false.
    """
    known = {"true": True, "yes": True, "on": True, "1": True}
    known |= {"false": False, "no": False, "off": False, "0": False}
    if text.lower() not in known:
        raise OptionError(f"{key} is true or false, not {text!r}")
    return known[text.lower()]


def _option(command: Command | None, key: str) -> Parameter | None:
    name = key.replace("-", "_")
    options = (one for one in (command.params if command else ()) if one.opts[0].startswith("--"))
    return next((one for one in options if one.name == name), None)


def misspelt(arguments: Sequence[str], commands: dict[str, Command]) -> str:
    """A hint for the first `key=value` whose key is nearly an option of the command, or nothing."""
    command = next((commands[one] for one in arguments if one in commands), None)
    names = [one.name for one in command.params if one.name] if command else []
    for argument in arguments:
        key = argument.partition("=")[0]
        if key != argument and key not in names and did_you_mean(key, names):
            return did_you_mean(key, names, n=1)
    return ""


def defaults(commands: dict[str, Command], known: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Defaults of every command from the `logicx.toml` of this folder, if there is one.

    Raises:
        LogicxError: It is no TOML, or holds a setting that means nothing.
    """
    path = Path(SETTINGS)
    if not path.is_file():
        return {}
    from logicx.sources.recipes import check_keys, read_toml

    values = read_toml(path)
    check_keys(path, values, [*known, *_own_keys(values, known)])
    for key, value in values.items():
        is_list = isinstance(value, list) and key in LISTS
        if not is_list and not isinstance(value, (str, int, float)):
            raise DataError(
                f"{path}: {key} cannot be {value!r}",
                hint=f"a setting is a text, a number, true or false; lists are {', '.join(LISTS)}",
            )
        if isinstance(value, list) and key != "unit":
            values[key] = ", ".join(map(str, value))
    return {
        name: {
            **{key: value for key, value in values.items() if key not in known},
            **{
                one.name: _several(values[one.name]) if one.multiple else values[one.name]
                for one in command.params
                if one.name in values and (name, one.name) != LAYER_LAYOUT
            },
        }
        for name, command in commands.items()
        if name != "demo"  # it shows the demo, whatever this folder is about
    }


def _own_keys(values: dict[str, Any], known: Iterable[str]) -> list[str]:
    """The options of the strategy that settings name, where one of them may be such an option."""
    if "strategy" not in values or not {*values} - {*known}:
        return []
    from logicx.runs.strategies.registry import STRATEGY_KIND, keys

    found = STRATEGY_KIND.find(str(values["strategy"]))
    return [] if found is None else [*keys(found.part)]


def _several(value: Any) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list) else [value])]
