"""`unit=483` for `--unit 483`, and defaults from `logicx.toml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logicx.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from click import Command, Parameter

SETTINGS = "logicx.toml"


def as_options(arguments: Sequence[str], commands: dict[str, Command]) -> list[str]:
    """The arguments with every `key=value` whose key is an option of the command written `--key`.

    After `--`, arguments are left as they are.
    """
    done: list[str] = []
    command: Command | None = None
    for i, argument in enumerate(arguments):
        if argument == "--":
            return [*done, *arguments[i:]]
        found = re.fullmatch(r"([a-z][a-z_-]*)=(.*)", argument, flags=re.DOTALL)
        option = _option(command, found[1]) if command and found else None
        if command is None:
            command = commands.get(argument)
        if found is None or option is None:
            done.append(argument)
        elif getattr(option, "is_flag", False):
            done += [f"--{found[1]}"] if found[2].lower() in ("true", "1", "yes") else []
        else:
            done += ["--" + found[1].replace("_", "-"), found[2]]
    return done


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
    from logicx.recipes import check_keys, read_toml

    values = read_toml(path)
    check_keys(path, values, known)
    return {
        name: {
            one.name: _several(values[one.name]) if one.multiple else values[one.name]
            for one in command.params
            if one.name in values
        }
        for name, command in commands.items()
    }


def _several(value: Any) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list) else [value])]
