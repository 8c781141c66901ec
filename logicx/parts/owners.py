"""Whose a part is, and by what a journal knows it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from logicx.errors import LogicxError, PluginError, PluginWarning

if TYPE_CHECKING:
    from collections.abc import Iterator


P = TypeVar("P")


class Owner(NamedTuple):
    """Whose a part is.

    Args:
        module: The module that registered it.
        distribution: The installed package that brought it, or nothing where none is known.
        version: That package's version.
    """

    module: str
    distribution: str = ""
    version: str = ""

    @property
    def is_builtin(self) -> bool:
        """Whether it came with logicx."""
        return self.module.partition(".")[0] == "logicx" and not self.distribution

    def __str__(self) -> str:
        """Such as `nandpack 1.0 (nandpack.operators)`, or the module alone."""
        if not self.distribution:
            return self.module
        return f"{self.distribution} {self.version} ({self.module})"


@dataclass(frozen=True)
class Owned(Generic[P]):
    """A part that is not our own; what it gives is checked by classes made of this one.

    Args:
        part: The part.
        owner: Whose it is.
    """

    part: P
    owner: Owner

    @property
    def name(self) -> str:
        """How it is written."""
        return str(getattr(self.part, "name", ""))

    @property
    def doc(self) -> str:
        """What it says of itself."""
        return str(getattr(self.part, "doc", ""))

    @property
    def written_in(self) -> str:
        """The module in which it was written."""
        return self.owner.module


@contextmanager
def answering(what: str, owner: object) -> Iterator[None]:
    """Around calls of code that is not ours: its exceptions come out with its owner's name.

    Args:
        what: Such as `objective 'gain'`.
        owner: Whose it is.

    Raises:
        PluginError: The code raised something else than a `LogicxError`.
    """
    try:
        yield
    except (LogicxError, PluginWarning):
        raise
    except Exception as error:
        raise PluginError(
            f"{what} of {owner} fails: {type(error).__name__}: {error}",
            hint="this is a fault of that part, not of the data",
        ) from error


_LOADING: list[tuple[str, str]] = []
"""Distribution and version of the plug-ins that are being loaded, the innermost last."""


@contextmanager
def loading(distribution: str, version: str) -> Iterator[None]:
    """Around the loading of a plug-in: what is registered meanwhile is that package's."""
    _LOADING.append((distribution, version))
    try:
        yield
    finally:
        _LOADING.pop()


def module_of(part: Any) -> str:
    """The module in which a part was written; one made by a class of ours says so itself."""
    stated = getattr(part, "written_in", "")
    if isinstance(stated, str) and stated:
        return stated
    maker = part if hasattr(part, "__module__") and callable(part) else type(part)
    return str(getattr(maker, "__module__", "") or "__main__")


def owner_of(module: str, is_loading: bool = True) -> Owner:
    """The owner of what a module registers, with the package that is being loaded if one is."""
    owner = Owner(module)  # built-in parts may be imported while a plug-in is loaded
    is_theirs = is_loading and _LOADING and not owner.is_builtin
    return Owner(module, *_LOADING[-1]) if is_theirs else owner


@cache
def installed(module: str) -> Owner:
    """The owner of a module, with the package that it was installed by."""
    from importlib.metadata import packages_distributions, version

    names = packages_distributions().get(module.partition(".")[0], ())
    return Owner(module, names[0], version(names[0])) if names else Owner(module)


def source_hash(module: str, part: Any) -> str:
    """Hash of the file in which a part was written, else of its own source, else nothing."""
    import inspect
    from hashlib import sha256

    written = part if callable(part) else type(part)
    try:
        text = inspect.getsource(sys.modules[module])
    except (OSError, TypeError, KeyError):
        if written.__module__ != module:  # made by a class of ours, of a function that is not known
            return ""
        try:
            text = inspect.getsource(written)
        except (OSError, TypeError):
            return ""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
